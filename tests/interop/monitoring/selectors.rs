//! The selectors of series in a query.

/// Every selector of one of macaque's series in a query: the name, and what is in braces behind it.
pub(super) fn selectors(query: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut selectors = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(is_part) {
        let from = &rest[start..];
        let name = &from[..from.find(|c| !is_part(c)).unwrap_or(from.len())];
        rest = &from[name.len()..];
        if !name.starts_with("macaque_") && !name.starts_with("process_") {
            continue;
        }

        let matchers = match rest.strip_prefix('{') {
            Some(inner) => &rest[..inner.find('}').unwrap() + 2],
            None => "",
        };
        rest = &rest[matchers.len()..];
        selectors.push(format!("{name}{matchers}"));
    }
    selectors
}

#[test]
fn the_selectors_of_a_query_are_its_series_with_their_matchers() {
    let query =
        "sum by (le) (rate(macaque_a_bucket{x=~\".*\", y=\"1\"}[5m] offset 7d)) > 2 * macaque_b unless up";
    assert_eq!(
        selectors(query),
        ["macaque_a_bucket{x=~\".*\", y=\"1\"}", "macaque_b"]
    );
}
