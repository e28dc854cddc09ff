//! What docs/configuration.md says of reloads: which keys they apply.

use macaque::settings::{ApplyBy, TableKind, keys};

use crate::table;

#[test]
fn the_configuration_page_says_of_every_key_whether_a_reload_applies_it() {
    let keys = keys().iter().map(|key| key.path);
    let names = keys.chain(TableKind::ALL.map(TableKind::section));
    let mut rows: Vec<String> = Vec::new();
    for name in names {
        let shown = match name.split_once('.') {
            Some((section, _)) => format!("[{section}]"),
            None => name.to_owned(),
        };
        let applied = ApplyBy::of(name).unwrap().as_str();
        let row = format!("| `{shown}` | {applied} |\n");
        if !rows.contains(&row) {
            rows.push(row);
        }
    }

    let expected = format!("| keys | applied by |\n|---|---|\n{}", rows.concat());
    assert_eq!(
        table("docs/configuration.md", "reload"),
        expected,
        "the table that belongs below <!-- reload --> is:\n{expected}"
    );
}
