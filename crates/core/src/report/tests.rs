//! Tests of what a report says of the namespaces that are left out.

use super::*;

fn skipped(namespace: &str, why: &str) -> SkippedNamespace {
    SkippedNamespace {
        namespace: namespace.to_owned(),
        why: why.to_owned(),
    }
}

#[test]
fn namespaces_that_are_skipped_for_one_reason_share_a_line() {
    let all = [
        skipped("pay", "no Role"),
        skipped("old", "it is being deleted"),
        skipped("search", "no Role"),
    ];
    assert_eq!(
        SkippedNamespace::texts(&all),
        [
            "skipped: pay, search (no Role)",
            "skipped: old (it is being deleted)"
        ]
    );
    assert_eq!(SkippedNamespace::texts(&[]), [""; 0]);
}

#[test]
fn of_many_skipped_namespaces_the_first_are_named_and_the_others_counted() {
    let many: Vec<_> = (10..35)
        .map(|number| skipped(&format!("ns{number}"), "no Role"))
        .collect();
    let [text] = &SkippedNamespace::texts(&many)[..] else {
        unreachable!("one reason")
    };
    assert!(
        text.starts_with("skipped: ns10, ") && text.ends_with("ns29 and 5 more (no Role)"),
        "{text}"
    );
}

#[test]
fn a_namespace_is_skipped_once_for_the_first_reason() {
    let mut all = Vec::new();
    SkippedNamespace::note(&mut all, "pay", "no Role".to_owned());
    SkippedNamespace::note(&mut all, "pay", "another".to_owned());
    assert_eq!(all, [skipped("pay", "no Role")]);
}
