//! The formats say the same.

use macaque_testkit::history_log::shop_log;

use super::{printed, report_json};

#[test]
fn the_table_has_a_row_for_each_owner_and_the_wide_one_says_by_whom() {
    let table = printed(&shop_log(), "--since 60d");
    let search = table.line("statefulset/search");
    assert!(
        search.ends_with("1 of 6 recovered later than expected"),
        "{search}"
    );
    let cart = table.line("deployment/cart");
    assert!(
        cart.contains("4.1 s?") && cart.ends_with("recovered in time"),
        "{cart}"
    );
    assert!(table.out.contains("? fewer than 5 recoveries"));

    let wide = printed(&shop_log(), "--since 60d -o wide");
    assert!(wide.line("deployment/cart").contains("checkout"), "{wide:?}");
    assert!(
        wide.line("statefulset/db").contains("budget shop/db (2)"),
        "{wide:?}"
    );
    assert!(wide.line("deployment/mail").contains("min_ready (1)"), "{wide:?}");
}

#[test]
fn yaml_says_what_json_says() {
    let json = report_json(&shop_log(), "--since 60d");
    let yaml = printed(&shop_log(), "--since 60d -o yaml");
    let yaml: serde_json::Value = serde_saphyr::from_str(&yaml.out).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn junit_fails_who_recovered_late_and_skips_with_the_reason_who_had_no_turn() {
    let junit = printed(&shop_log(), "--since 60d -o junit").out;
    for part in [
        r#"<testsuites name="macaque" tests="6" failures="2" errors="1" skipped="2">"#,
        r#"<testsuite name="bank" tests="1" failures="0" errors="1" skipped="0""#,
        r#"<testcase classname="shop" name="deployment/cart recovers" time="5.300"/>"#,
        r#"<failure message="1 of 1 not recovered in time: CrashLoopBackOff" type="unrecovered"/>"#,
        r#"<skipped message="no turn: refused by budget shop/db"/>"#,
        r#"<error message="outcome unknown once" type="unknown"/>"#,
        r#"<property name="rounds" value="31"/>"#,
    ] {
        assert!(junit.contains(part), "{part}\n{junit}");
    }
}

#[test]
fn the_page_needs_nothing_but_itself_and_runs_nothing() {
    let page = printed(&shop_log(), "--since 60d -o html").out;
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    for part in [
        "statefulset/search",
        "1 of 6 recovered later than expected",
        "budget shop/db (2)",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    for word in [
        "<script",
        "javascript:",
        "src=\"http",
        "href=\"http",
        "@import",
        "url(http",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}
