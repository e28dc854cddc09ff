//! What docs/history.md shows of reports is what they print.

use macaque_testkit::history_log::shop_log;

use super::report;

#[test]
fn the_document_shows_what_a_report_prints_in_each_format() {
    let page = include_str!("../../../../docs/history.md");
    let start = "$ macaque report --from macaque.log ";
    let mut formats = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let (block, _) = block.split_once("\n```").unwrap();
        let Some((command, shown)) = block
            .split_once('\n')
            .filter(|(first, _)| first.starts_with(start))
        else {
            continue;
        };
        let args = command.strip_prefix(start).unwrap();
        let printed = report(&shop_log(), args).run().out;
        let printed = printed
            .trim_end()
            .lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n");
        assert_eq!(printed, shown, "docs/history.md: {command} prints:\n{printed}");
        formats.push(args.to_owned());
    }
    assert_eq!(formats.len(), 4, "{formats:?}");
}
