//! What a template may render, and what is said of one that may not.

use serde_json::json;

use super::*;

const SECRET: &str = "s3cr3t-canary";

fn secrets() -> Vec<(String, SecretString)> {
    vec![("key".to_owned(), SECRET.into())]
}

fn data() -> Json {
    json!({
        "headline": "a \"b\" \\ </script> é🐒 &=%",
        "lines": ["one", "two"],
        "cluster": null,
        "number": -3,
        "large": u64::MAX,
        "part": 4.5,
        "flag": true,
        "round": {"pod": "web-1"},
    })
}

fn render(source: &str, format: BodyFormat) -> Result<String, TemplateFault> {
    BodyTemplate::compile(source, format)?.render(&data(), &secrets())
}

fn json(source: &str) -> Json {
    serde_json::from_str(&render(source, BodyFormat::Json).unwrap()).unwrap()
}

#[test]
fn a_value_in_json_is_json_and_keeps_its_type() {
    assert_eq!(json("{{ headline }}"), data()["headline"]);
    assert_eq!(json("{{ lines }}"), data()["lines"]);
    assert_eq!(json("{{ round }}"), data()["round"]);
    for name in ["cluster", "number", "large", "part", "flag"] {
        assert_eq!(json(&format!("[{{{{ {name} }}}}]"))[0], data()[name], "{name}");
    }
    assert_eq!(json(r#"{{ lines|join("\n") }}"#), "one\ntwo");
    assert_eq!(json("{{ secrets.key }}"), SECRET);
    assert_eq!(
        json("{{ 'x ' ~ headline }}"),
        format!("x {}", data()["headline"].as_str().unwrap())
    );
}

#[test]
fn a_value_is_escaped_as_the_format_needs_it() {
    let form = render("a={{ headline }}&b={{ lines|join('+') }}", BodyFormat::Form).unwrap();
    let pairs: Vec<_> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let headline = data()["headline"].as_str().unwrap().to_owned();
    let expected = [
        ("a".to_owned(), headline.clone()),
        ("b".to_owned(), "one+two".to_owned()),
    ];
    assert_eq!(pairs, expected);

    let markup = render("<p>{{ headline }}</p>", BodyFormat::Markup).unwrap();
    assert!(markup.starts_with("<p>a &quot;b&quot; \\ &lt;"), "{markup}");
    assert_eq!(render("{{ headline }}", BodyFormat::Text).unwrap(), headline);
}

#[test]
fn a_limit_shortens_a_text_and_counts_the_items_that_it_leaves_out() {
    assert_eq!(json("{{ 'abcdef'|limit(4) }}"), "abc…");
    assert_eq!(json("{{ 'äöüß'|limit_bytes(7) }}"), "äö…");
    assert_eq!(json("{{ lines|limit(100) }}"), "one\ntwo");
    assert_eq!(
        json("{{ (lines + ['three', 'x' * 60])|limit(40) }}"),
        "one\ntwo\nthree\n… and 1 more"
    );
    assert_eq!(json("{{ lines|plain|limit(3) }}"), "… …");
    assert_eq!(json("{{ cluster|plain }}"), "");
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_would_be_right() {
    let cases = [
        ("{{ headlin }}", Some(1), "headlin is not defined"),
        ("\n\n{{ round.nod }}", Some(3), "round.nod is not defined"),
        ("{{ secrets.other }}", Some(1), "secrets.other is not defined"),
        ("{{ headline|upcase }}", Some(1), "upcase is not a filter"),
        (
            "{\n{{ headline",
            Some(2),
            "syntax error: unexpected end of input, expected end of variable block",
        ),
        ("{% if flag %}", Some(1), "syntax error: unexpected end of input"),
        (
            "{% include 'x' %}",
            Some(1),
            "syntax error: unknown statement include",
        ),
        (
            "{% import 'x' as y %}",
            Some(1),
            "syntax error: unknown statement import",
        ),
        (
            "{% macro x() %}{% endmacro %}",
            Some(1),
            "syntax error: unknown statement macro",
        ),
        ("{{ debug() }}", Some(1), "unknown function: debug is unknown"),
        (
            "{{ headline is oddly }}",
            Some(1),
            "unknown test: test oddly is unknown",
        ),
        (
            "{{ lines|limit(0) }}",
            Some(1),
            "invalid operation: the limit is 0",
        ),
        (
            "\"{{ headline }}\"",
            None,
            "it renders text that is not JSON: look at line 1, column 3 of what it renders",
        ),
        (
            "{}{}",
            None,
            "it renders text that is not JSON: look at line 1, column 3 of what it renders",
        ),
        (" ", None, "it renders nothing"),
    ];
    for (source, line, wrong) in cases {
        let fault = render(source, BodyFormat::Json).unwrap_err();
        assert!(fault.wrong.starts_with(wrong), "{source}: {fault:?}");
        assert_eq!(fault.line, line, "{source}: {fault:?}");
        assert!(!fault.right.is_empty(), "{source}");
    }
}

#[test]
fn a_template_that_loops_or_is_huge_ends_soon_with_an_error() {
    for source in [
        "{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% for x in range(9000) %}{{ lines|join(headline * 100) }}{% endfor %}",
        "{{ range(99999)|list|limit(9999999) * 100 }}",
    ] {
        let fault = render(source, BodyFormat::Text).unwrap_err();
        assert!(fault.wrong.starts_with("it does too much"), "{source}: {fault:?}");
    }
    let huge = render("{{ 'x' * 300000 }}", BodyFormat::Text).unwrap_err();
    assert_eq!(huge.wrong, "it renders more than 256 KiB");
    let long = BodyTemplate::compile(&"x".repeat(70_000), BodyFormat::Text).unwrap_err();
    assert_eq!(long.wrong, "the template is longer than 64 KiB");
    let deep = format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000));
    BodyTemplate::compile(&format!("{{{{ {deep} }}}}"), BodyFormat::Text).unwrap_err();
}

#[test]
fn no_error_shows_a_secret_or_a_text_of_the_template() {
    let literal = "sk-live-literal";
    for source in [
        "{{ secrets.key|int }}",
        "{{ secrets.key + 1 }}",
        "{{ secrets.key.x.y }}",
        "{{ secrets.key() }}",
        "{{ secrets[secrets.key] }}",
        "{{ secrets[secrets.key].x }}",
        "{{ lines|map(secrets.key) }}",
        "{{ '%d'|format(secrets.key) }}",
        "{{ secrets.key }",
        "{{ secrets.key }}",
        "{{ range(secrets.key) }}",
        "{{ secrets.key|round }}",
        "{{ lines|sort(attribute=secrets.key)|first|int }}",
        "{{ headline|replace(secrets.key) }}",
        "{{ headline['sk-live-literal'] }}",
        "{{ round['sk-live-literal'].x }}",
        "{{ 'sk-live-literal'|int }}",
        "{{ 'sk-live-literal' 3 }}",
        "sk-live-literal {{ headlin }}",
        "{\"a\": \"sk-live-literal {{ headline }}",
        "{% sk-live-literal %}",
    ] {
        let Err(fault) = render(source, BodyFormat::Json) else {
            assert_eq!(source, "{{ secrets.key }}", "only this renders JSON");
            continue;
        };
        let shown = format!("{fault} {fault:?}");
        assert!(!shown.contains(SECRET), "{source}: {shown}");
        assert!(!shown.contains(literal), "{source}: {shown}");
    }

    let template = BodyTemplate::compile(literal, BodyFormat::Text).unwrap();
    assert!(!format!("{template:?}").contains(literal));
}
