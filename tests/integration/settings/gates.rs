//! The gates, which the file alone sets: what they hold, and in which words a mistake in one is refused.

use std::path::PathBuf;
use std::time::Duration;

use macaque::gates::{GateConfig, GateKind, GateScope, HttpExpectation, HttpMethod, QueryExpectation};
use macaque::settings;

use super::{SettingsFixture, fixture};

/// The start of a gate of each kind, with all that it needs.
const PROMETHEUS: &str = "[[guards.prometheus]]\nname = \"p\"\nurl = \"https://p\"\nquery = 'up'\n";
const ALERTMANAGER: &str = "[[guards.alertmanager]]\nname = \"a\"\nurl = \"https://a\"\n";
const HTTP: &str = "[[guards.http]]\nname = \"h\"\nurl = \"https://h\"\n";

/// The only gate of a file.
fn gate(text: &str) -> GateConfig {
    let mut gates = fixture().file(text).load().gates;
    assert_eq!(gates.len(), 1, "{gates:?}");
    gates.remove(0)
}

/// A certificate, as a file of CA certificates holds it.
fn certificate() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key);
    certificate.unwrap().pem()
}

#[test]
fn a_gate_of_prometheus_has_every_field_that_is_set() {
    let fixture = fixture();
    let ca_file = fixture.secret("ca.pem", &certificate());
    let token_file = fixture.secret("token", "abc\n");
    let text = format!(
        "[[guards.prometheus]]
name = \"no-page\"
url = \"https://prometheus.monitoring:9090/base/\"
query = 'ALERTS{{namespace=\"{{{{namespace}}}}\"}}'
expect = \"nonempty\"
canary = 'up{{job=\"x\"}}'
timeout = \"2s\"
ca_file = {ca_file:?}
token_file = {token_file:?}
headers = {{ X-Scope-OrgID = \"team\", X-B = \"1\" }}
"
    );

    let gates = fixture.file(&text).load().gates;
    let expected = GateConfig {
        name: "no-page".into(),
        url: "https://prometheus.monitoring:9090/base".into(),
        timeout: Duration::from_secs(2),
        ca_file: Some(PathBuf::from(ca_file)),
        token_file: Some(PathBuf::from(token_file)),
        headers: vec![
            ("X-B".into(), "1".into()),
            ("X-Scope-OrgID".into(), "team".into()),
        ],
        kind: GateKind::Prometheus {
            query: "ALERTS{namespace=\"{{namespace}}\"}".into(),
            expect: QueryExpectation::Nonempty,
            canary: Some("up{job=\"x\"}".into()),
        },
    };
    assert_eq!(gates, [expected]);
    assert_eq!(gates[0].scope(), GateScope::Victim);
}

#[test]
fn the_fields_that_are_not_set_have_their_defaults() {
    let prometheus = gate(PROMETHEUS);
    let query = "up".to_owned();
    let kind = GateKind::Prometheus {
        query,
        expect: QueryExpectation::Empty,
        canary: None,
    };
    assert_eq!(prometheus.kind, kind);
    assert_eq!(prometheus.timeout, Duration::from_secs(5));
    assert_eq!((prometheus.ca_file, prometheus.token_file), (None, None));
    assert!(prometheus.headers.is_empty());

    let matchers = Vec::new();
    assert_eq!(gate(ALERTMANAGER).kind, GateKind::Alertmanager { matchers });
    let kind = GateKind::Http {
        method: HttpMethod::Get,
        expect_status: 200,
        expect: None,
    };
    assert_eq!(gate(HTTP).kind, kind);
}

#[test]
fn a_gate_over_http_expects_a_body_or_a_value_in_it() {
    let expect = |rest: &str| match gate(&format!("{HTTP}{rest}")).kind {
        GateKind::Http { expect, .. } => expect.unwrap(),
        kind => panic!("{kind:?}"),
    };
    assert_eq!(
        expect("expect_body = \"True\""),
        HttpExpectation::Body("True".into())
    );
    for (toml, json) in [
        ("true", serde_json::json!(true)),
        ("\"go\"", serde_json::json!("go")),
        ("0", serde_json::json!(0)),
        ("0.5", serde_json::json!(0.5)),
    ] {
        let equals = expect(&format!("expect_json = \"/go\"\nequals = {toml}"));
        let pointer = "/go".to_owned();
        assert_eq!(
            equals,
            HttpExpectation::Json {
                pointer,
                equals: json
            },
            "{toml}"
        );
    }

    let post = gate(&format!("{HTTP}method = \"post\"\nexpect_status = 204"));
    assert!(matches!(
        post.kind,
        GateKind::Http {
            method: HttpMethod::Post,
            expect_status: 204,
            ..
        }
    ));
    assert_eq!(post.scope(), GateScope::Victim);
}

#[test]
fn gates_are_asked_in_the_order_of_the_file_within_each_kind() {
    let second = PROMETHEUS.replace("\"p\"", "\"b\"").replace("'up'", "'up == 0'");
    let text = format!("{HTTP}{ALERTMANAGER}{PROMETHEUS}{second}");
    let names: Vec<_> = fixture().file(&text).load().gates;
    let names: Vec<_> = names.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["p", "b", "a", "h"]);
}

#[test]
fn a_table_between_single_brackets_or_a_value_is_no_list_of_gates() {
    for (text, what) in [
        ("[guards.http]\nname = \"x\"", "is a table"),
        ("guards.http = \"http://x\"", "is text"),
        ("guards.http = [\"http://x\"]", "is a list"),
        ("guards.http = true", "is a boolean"),
    ] {
        let mistake = fixture().file(text).mistake();
        let expected = format!(
            "guards.http: {what}, but gates are a list of tables: write [[guards.http]], and the fields of the gate \
             below (macaque.toml line 1)"
        );
        assert_eq!(mistake, expected);
    }
    let inline = "guards.http = [{ name = \"x\", url = \"http://x\" }]";
    assert_eq!(gate(inline).name, "x");
}

#[test]
fn a_gate_is_not_set_by_a_variable() {
    for (variable, section) in [
        ("MACAQUE_GUARDS__PROMETHEUS", "guards.prometheus"),
        ("MACAQUE_GUARDS__ALERTMANAGER", "guards.alertmanager"),
        ("MACAQUE_GUARDS__HTTP__URL", "guards.http"),
    ] {
        let mistake = fixture().env(variable, "http://x").mistake();
        let expected = format!(
            "{variable}: gates are set in the configuration file only: write [[{section}]] there, and its fields below \
             (environment)"
        );
        assert_eq!(mistake, expected);
    }
}

#[test]
fn every_mistake_of_every_gate_is_reported_at_once_with_its_line() {
    let text = "[[guards.prometheus]]
name = \"whole\"
url = \"ftp://x\"
qurey = \"up\"

[[guards.prometheus]]
url = \"http://x/api/v1/query\"
query = 'up{job={{owner}}}'
expect = \"full\"
timeout = \"50ms\"

[[guards.http]]
name = \"h\"
url = \"http://h\"
method = \"PUT\"
expect_status = 99
expect_body = \"yes\"
expect_json = \"go\"
equals = [1]
matchers = []
";
    let mistakes = fixture().file(text).mistakes();
    let expected = [
        "guards.prometheus[1].qurey: no field of this gate has this name: did you mean query? (macaque.toml line 4)",
        "guards.http[1].matchers: no field of this gate has this name: only [[guards.alertmanager]] has it \
         (macaque.toml line 20)",
        "guards.prometheus[1].name: \"whole\" is the name of a built-in guard: use another name \
         (macaque.toml line 2)",
        "guards.prometheus[1].url: the URL is neither http:// nor https://: use http://HOST or https://HOST \
         (macaque.toml line 3)",
        "guards.prometheus[2].name: is not set: set it to the name that messages show, such as name = \"no-page\" \
         (macaque.toml line 6)",
        "guards.prometheus[2].url: the URL ends with /api/v1/query, which macaque adds itself: leave out /api/v1/query \
         (macaque.toml line 7)",
        "guards.prometheus[2].timeout: is less than 100ms: use \"100ms\" to \"30s\" (macaque.toml line 10)",
        "guards.prometheus[2].query: {{owner}} is not within double quotes: write owner=\"{{owner}}\" \
         (macaque.toml line 8)",
        "guards.prometheus[2].expect: \"full\" is not a result of a query: use \"empty\", \"nonempty\" or \"true\" \
         (macaque.toml line 9)",
        "guards.http[1].method: \"PUT\" is not a method that a gate is asked with: use \"GET\" or \"POST\" \
         (macaque.toml line 15)",
        "guards.http[1].expect_status: 99 is not a status: use 200 to 599, without quotes (macaque.toml line 16)",
        "guards.http[1].expect_json: \"go\" is not a JSON pointer: use a path such as \"/go\" or \"/status/allowed\" \
         (macaque.toml line 18)",
        "guards.http[1].equals: a list is not text, a number, true or false: use one of these, with text in quotes \
         (macaque.toml line 19)",
    ];
    assert_eq!(mistakes, expected, "{mistakes:#?}");
}

#[test]
fn a_field_that_cannot_be_meant_is_refused_with_what_would_be_right() {
    for (start, line, words) in [
        (
            PROMETHEUS,
            "timeout = \"31s\"",
            "is longer than 30s, which all guards share",
        ),
        (
            PROMETHEUS,
            "timeout = 5",
            "5 is not a duration with its unit: use a number with its unit, in quotes",
        ),
        (
            PROMETHEUS,
            "timeout = \"5\"",
            "\"5\" has no unit: use a number with its unit, in quotes",
        ),
        (
            PROMETHEUS,
            "canary = \"\"",
            "canary: is empty: fill it in, or leave it out",
        ),
        (
            PROMETHEUS,
            "canary = 'up{a=\"{{pod}}\"}'",
            "\"{{pod}}\" is not a placeholder: use {{namespace}} or {{owner}}",
        ),
        (PROMETHEUS, "expect = false", "false is not a result of a query"),
        (PROMETHEUS, "cannary = 'up'", "did you mean canary?"),
        (
            PROMETHEUS,
            "colour = 1",
            "use name, url, timeout, ca_file, token_file, headers, query, expect or canary",
        ),
        (PROMETHEUS, "ca_file = 5", "5 is not text: use text in quotes"),
        (
            PROMETHEUS,
            "canary = 2026-12-24",
            "2026-12-24 without quotes is a TOML date",
        ),
        (
            PROMETHEUS,
            "headers = \"X-A: 1\"",
            "is not a table of headers: use a table of texts",
        ),
        (
            PROMETHEUS,
            "headers = { Authorization = \"x\" }",
            "write the token to a file, and set token_file",
        ),
        (
            PROMETHEUS,
            "headers = { X-A = \"1\", x-a = \"2\" }",
            "x-a is set twice: keep one of the two",
        ),
        (
            PROMETHEUS,
            "headers = { X-A = 1 }",
            "the value of \"X-A\" is not text",
        ),
        (
            ALERTMANAGER,
            "matchers = 'severity=\"critical\"'",
            "is not a list of texts: use a list of texts in quotes",
        ),
        (
            ALERTMANAGER,
            "matchers = [\n'a=\"b\"', 'severity=critical']",
            "\"severity=critical\" is not a matcher",
        ),
        (ALERTMANAGER, "query = 'up'", "only [[guards.prometheus]] has it"),
        (HTTP, "expect_status = \"200\"", "\"200\" is not a status"),
        (
            HTTP,
            "expect_json = \"/go\"",
            "equals: is not set, but expect_json is: set it to the value that means go",
        ),
        (HTTP, "equals = true", "expect_json: is not set, but equals is"),
        (
            HTTP,
            "equals = nan\nexpect_json = \"/go\"",
            "is not text, a number, true or false",
        ),
        (
            HTTP,
            "expect_body = \"a\"\nexpect_json = \"/go\"\nequals = 1",
            "is set, and so is expect_json",
        ),
    ] {
        let mistake = fixture().file(&format!("{start}{line}")).mistake();
        assert!(mistake.contains(words), "{line}: {mistake}");
        assert!(mistake.contains("(macaque.toml line "), "{line}: {mistake}");
    }
}

#[test]
fn no_two_gates_share_a_name_whatever_their_kind() {
    let other = HTTP.replace("\"h\"", "\"p\"");
    let mistake = fixture().file(&format!("{PROMETHEUS}{other}")).mistake();
    assert_eq!(
        mistake,
        "guards.http[1].name: \"p\" is also the name of guards.prometheus[1] (macaque.toml line 1): give each gate a \
         name of its own (macaque.toml line 6)"
    );
}

#[test]
fn a_token_leaves_over_tls_or_to_this_host_only() {
    let with_token = |fixture: SettingsFixture, url: &str| {
        let token = fixture.secret("token", "abc");
        let text = format!("[[guards.http]]\nname = \"h\"\nurl = {url:?}\ntoken_file = {token:?}");
        fixture.file(&text)
    };
    for url in ["https://gate.example", "http://127.0.0.1:1", "http://localhost"] {
        assert!(
            with_token(fixture(), url).load().gates[0].token_file.is_some(),
            "{url}"
        );
    }
    assert_eq!(
        with_token(fixture(), "http://gate.example").mistake(),
        "guards.http[1].token_file: is set, but the url begins with http://, so the token would be sent unencrypted: use \
         https:// (http:// only for a loopback address) (macaque.toml line 4)"
    );
}

#[test]
fn the_files_of_a_gate_must_be_readable_where_rounds_run() {
    let file = |name: &str, path: &str| fixture().file(&format!("{HTTP}{name} = {path:?}"));
    for name in ["ca_file", "token_file"] {
        let absent = file(name, "/absent");
        let mistake = absent.mistake();
        assert!(
            mistake.starts_with(&format!(
                "guards.http[1].{name}: cannot read \"/absent\": No such file"
            )),
            "{mistake}"
        );
        assert!(
            settings::load_settings(&absent.sources).is_ok(),
            "a command that only looks at a cluster does not need {name}"
        );
    }

    let fixture = fixture();
    for (name, content, words) in [
        (
            "ca_file",
            "canary",
            "holds no certificate: use a PEM file of CA certificates",
        ),
        (
            "ca_file",
            "-----BEGIN CERTIFICATE-----\ncanary",
            "holds no certificate: use a PEM file of CA certificates",
        ),
        ("token_file", " \n", "is empty, or holds a space"),
        ("token_file", "canary two", "is empty, or holds a space"),
    ] {
        let path = fixture.secret("file", content);
        let mistake = file(name, &path).mistake();
        assert!(
            mistake.contains(words) && !mistake.contains("canary"),
            "{mistake}"
        );
    }

    let plain = HTTP.replace("https:", "http:");
    let path = fixture.secret("ca.pem", &certificate());
    let mistake = fixture.file(&format!("{plain}ca_file = {path:?}")).mistake();
    assert!(
        mistake.contains("use https://, or leave out ca_file"),
        "{mistake}"
    );
}

#[test]
fn what_a_header_holds_is_shown_nowhere() {
    let headers = "headers = { X-Key = \"canary\" }";
    let setup = fixture().file(&format!("{HTTP}{headers}")).load();
    assert_eq!(setup.gates[0].headers[0].1, "canary");
    let shown = format!("{setup:?}");
    assert!(shown.contains("X-Key") && !shown.contains("canary"), "{shown}");

    for headers in [
        "headers = { X-Key = \"canary\\n\" , Authorization = \"canary\" }",
        "headers = { X-Key = \"can\\u0000ary\", Host = \"canary\" }",
        "headers = { \"X Key\" = \"canary\" }",
        "headers = { X-Key = [\"canary\"] }",
        "headers = { X-Key = { canary = \"canary\" } }",
        "headers = [\"X-Key: canary\"]",
        "headers = \"X-Key: canary\"",
    ] {
        for mistake in fixture().file(&format!("{HTTP}{headers}")).mistakes() {
            assert!(!mistake.contains("canary"), "{mistake}");
        }
    }
    let date = fixture().file(&format!("{HTTP}headers = {{ X-Key = 2026-12-24 }}"));
    assert!(!date.mistake().contains("2026"));
    let password = HTTP.replace("https://h", "https://user:canary@h");
    assert!(!fixture().file(&password).mistake().contains("canary"));
}
