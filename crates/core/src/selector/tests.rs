//! Which selectors are accepted, how they print, what they select, and that a second implementation agrees.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::Selector;

fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
    let labels: BTreeMap<_, _> = labels
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    selector.parse::<Selector>().unwrap().matches(&labels)
}

fn complaint(selector: &str) -> String {
    selector.parse::<Selector>().unwrap_err().to_string()
}

#[test]
fn the_default_selects_everything() {
    for nothing in ["", "  "] {
        let selector: Selector = nothing.parse().unwrap();
        assert!(selector.is_empty() && selector.matches(&BTreeMap::new()));
        assert_eq!(selector, Selector::default());
        assert_eq!(selector.to_string(), "");
    }
}

#[test]
fn each_operator_selects_as_documented() {
    let web = [("app", "web"), ("tier", "7")];

    for selector in [
        "app=web",
        "app==web",
        "app = web",
        "app!=shop",
        "missing!=web",
        "app in (web,shop)",
        "app in(web)",
        "app notin (shop)",
        "missing notin (web)",
        "app",
        "!missing",
        "! missing",
        "tier>6",
        "tier<8",
        "app=web,tier",
        "app,tier in ( 7 , 8 )",
    ] {
        assert!(selects(selector, &web), "{selector}");
    }
    for selector in [
        "app=shop",
        "app!=web",
        "missing=web",
        "missing in (web)",
        "app notin (web,shop)",
        "missing",
        "!app",
        "tier>7",
        "tier<7",
        "app>1",
        "missing<1",
        "app=web,!tier",
        "app=",
    ] {
        assert!(!selects(selector, &web), "{selector}");
    }
}

#[test]
fn an_empty_value_is_a_value() {
    let empty = [("app", "")];
    for selector in ["app=", "app in ()", "app in (,web)", "app in (web,)", "app=,app"] {
        assert!(selects(selector, &empty), "{selector}");
    }
    assert!(!selects("app!=", &empty) && selects("app!=", &[]));
}

#[test]
fn a_selector_prints_sorted_and_short() {
    for (written, printed) in [
        ("tier != database , app==web", "app=web,tier!=database"),
        ("a in (y,x,y)", "a in (x,y)"),
        ("a in (x)", "a=x"),
        ("a notin (x)", "a!=x"),
        ("a in ()", "a="),
        ("a in (,x)", "a in (,x)"),
        ("b,!a,b", "!a,b"),
        ("in in (in,notin)", "in in (in,notin)"),
        ("example.com/a>007", "example.com/a>7"),
    ] {
        assert_eq!(written.parse::<Selector>().unwrap().to_string(), printed);
    }
}

#[test]
fn a_complaint_names_the_requirement_and_the_rule() {
    let long = "x".repeat(64);
    // More than 63 bytes, but not characters.
    let accented = "é".repeat(40);

    for (selector, requirement, rule) in [
        ("app=web,", "", "remove the extra comma"),
        (",app", "", "remove the extra comma"),
        ("app=web,,tier", "", "remove the extra comma"),
        (
            "a=b,app=we b",
            "app=we b",
            "`we b` cannot be a label value: use only the letters",
        ),
        ("app===web", "app===web", "`=web` cannot be a label value"),
        (
            "app=-web",
            "app=-web",
            "must start and end with a letter or a digit",
        ),
        ("app in web", "app in web", "in parentheses: in (a,b)"),
        ("app in (web", "app in (web", "in parentheses"),
        ("app in (web) x", "app in (web) x", "in parentheses"),
        ("app in (a b)", "app in (a b)", "`a b` cannot be a label value"),
        ("app IN (web)", "app IN (web)", "is not an operator and a value"),
        ("app web", "app web", "is not an operator and a value"),
        ("app)", "app)", "is not an operator and a value"),
        ("=web", "=web", "a label key is missing"),
        ("!", "!", "a label key is missing"),
        ("!app=web", "!app=web", "`app=web` cannot be a label key"),
        (
            "_app",
            "_app",
            "`_app` cannot be a label key: it must start and end",
        ),
        (
            "Example.com/app",
            "Example.com/app",
            "`Example.com` is not a valid label key prefix",
        ),
        (
            "/app",
            "/app",
            "the label key `/app` has no prefix before its slash",
        ),
        ("a.b/", "a.b/", "has no name after its prefix"),
        ("a/b/c", "a/b/c", "more than one slash"),
        ("app>web", "app>web", "`web` is not a whole number"),
        ("app<", "app<", "a number is missing after > or <"),
        (
            "app>-1",
            "app>-1",
            "`-1` is not a whole number from 0 to 9223372036854775807",
        ),
        (
            "app<9223372036854775808",
            "app<9223372036854775808",
            "`9223372036854775808` is not a whole number from 0 to 9223372036854775807",
        ),
        (&accented, &accented, "use only the letters a to z"),
        (&long, &long, "it has 64 characters, 63 are allowed"),
    ] {
        let words = complaint(selector);
        assert!(
            words.starts_with(&format!("selector requirement `{requirement}`: ")),
            "{words}"
        );
        assert!(words.contains(rule), "{words}");
    }

    assert!(complaint(&format!("a={long}")).contains("63 are allowed"));
    assert!(complaint(&format!("{}/a", "x".repeat(254))).contains("253"));
    assert!(selects(&format!("!{}/{}", "x".repeat(253), "x".repeat(63)), &[]));
}

/// Whether a label's value, or its absence, passes the values of a requirement.
type Judge = fn(Option<&str>, &[String]) -> bool;

/// One requirement as written, and a second implementation of it: judge, key and values.
type JudgedRequirement = (String, Judge, String, Vec<String>);

fn requirements() -> impl Strategy<Value = Vec<JudgedRequirement>> {
    let key = prop::sample::select(vec!["app", "tier", "example.com/a", "in"]);
    let value = prop::sample::select(vec!["", "web", "Shop_1", "7", "42", "notin"]);
    let one = (key, prop::collection::vec(value, 1..4), 0..8u8).prop_map(|(key, values, form)| {
        let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
        let first = &values[0];
        let list = values.join(" , ");
        let number = first.parse::<i64>().unwrap_or(9);
        let numbers = vec![number.to_string()];
        let firsts = vec![first.clone()];
        let (text, judge, values): (String, Judge, _) = match form {
            0 => (
                format!("{key}={first}"),
                |label, with| label == Some(&*with[0]),
                firsts,
            ),
            1 => (
                format!("{key} != {first}"),
                |label, with| label != Some(&*with[0]),
                firsts,
            ),
            2 => (
                format!("{key} in ({list})"),
                |label, with| with.iter().any(|v| label == Some(v)),
                values,
            ),
            3 => (
                format!("{key} notin({list})"),
                |label, with| with.iter().all(|v| label != Some(v)),
                values,
            ),
            4 => (key.to_owned(), |label, _| label.is_some(), vec![]),
            5 => (format!("!{key}"), |label, _| label.is_none(), vec![]),
            6 => (
                format!("{key}>{number}"),
                |label, with| ordered(&with[0], label),
                numbers,
            ),
            _ => (
                format!("{key}<{number}"),
                |label, with| label.is_some_and(|l| ordered(l, Some(&with[0]))),
                numbers,
            ),
        };
        (text, judge, key.to_owned(), values)
    });

    prop::collection::vec(one, 0..5)
}

fn ordered(less: &str, more: Option<&str>) -> bool {
    match (less.parse::<u32>(), more.map(str::parse::<u32>)) {
        (Ok(less), Some(Ok(more))) => less < more,
        _ => false,
    }
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop::sample::select(vec!["app", "tier", "example.com/a", "in", "other"]);
    let value = prop::sample::select(vec!["", "web", "Shop_1", "7", "42", "100", "notin"]);
    prop::collection::btree_map(key.prop_map(str::to_owned), value.prop_map(str::to_owned), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn a_selector_agrees_with_a_second_implementation(requirements in requirements(), labels in labels()) {
        let text = requirements.iter().map(|(text, ..)| text.as_str()).collect::<Vec<_>>().join(",");
        let expected = requirements
            .iter()
            .all(|(_, judge, key, values)| judge(labels.get(key).map(String::as_str), values));
        let selector: Selector = text.parse().unwrap();
        prop_assert_eq!(selector.matches(&labels), expected, "{}", text);
    }

    #[test]
    fn a_selector_prints_what_reads_as_itself(requirements in requirements()) {
        let text = requirements.iter().map(|(text, ..)| text.as_str()).collect::<Vec<_>>().join(",");
        let selector: Selector = text.parse().unwrap();
        let printed = selector.to_string();
        prop_assert_eq!(&printed.parse::<Selector>().unwrap(), &selector);
        prop_assert_eq!(printed.parse::<Selector>().unwrap().to_string(), printed);
    }

    #[test]
    fn no_text_whatever_panics(text in "[ab/.=!<>(), é0-9in-]{0,24}") {
        if let Ok(selector) = text.parse::<Selector>() {
            prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
        }
    }
}
