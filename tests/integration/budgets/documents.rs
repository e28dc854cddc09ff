//! What the documents show of these commands is what they print.

use kube_sandbox::scenario;
use macaque_testkit::TestCluster;

use super::run_on;

/// The commands of docs/cli.md that begin with `macaque NAME`, each with the text that follows it.
fn shown(name: &str) -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");
    let page = std::fs::read_to_string(path).unwrap();
    let start = format!("$ macaque {name}");
    let mut shown = Vec::new();

    for block in page.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        if let Some((command, text)) = block
            .split_once('\n')
            .filter(|(first, _)| first.starts_with(&start))
        {
            shown.push((
                command.trim_start_matches("$ macaque ").to_owned(),
                text.to_owned(),
            ));
        }
    }

    assert!(!shown.is_empty(), "{name} in docs/cli.md");
    shown
}

#[test]
fn the_documents_show_what_budgets_and_rbac_print_over_the_shop() {
    let cluster = TestCluster::with(scenario::shop());
    for name in ["budgets", "rbac"] {
        for (command, text) in shown(name) {
            let words: Vec<_> = command.split_whitespace().collect();
            let said = run_on(&cluster, &words);
            assert_eq!(text, said.out, "macaque {command} prints:\n{}", said.out);
        }
    }
}
