//! What a name, a URL, a query, a matcher and a pointer may be.

use super::*;

/// The words of what is wrong.
fn wrong<T: std::fmt::Debug>(checked: Result<T, Fault>) -> String {
    checked.expect_err("this is wrong").0
}

#[test]
fn a_name_is_short_plain_and_no_guards_own() {
    for good in ["no-page", "a", "Slo_1.burn", "0", &"a".repeat(63)] {
        assert_eq!(check_name(good), Ok(()), "{good}");
    }
    for bad in ["", "no page", "-a", ".a", "é", "a\nb", "a/b", "{{owner}}"] {
        assert!(wrong(check_name(bad)).contains("is not a valid name"), "{bad}");
    }
    assert!(wrong(check_name(&"a".repeat(64))).contains("longer than 63"));
    for own in BUILT_IN {
        assert!(wrong(check_name(own)).contains("a built-in guard"), "{own}");
    }
    assert!(check_name("Whole").is_err(), "in any letter case");
}

#[test]
fn a_url_is_http_or_https_and_says_how_it_is_reached() {
    let public = Transport {
        is_tls: false,
        is_private: false,
    };
    let loopback = Transport {
        is_private: true,
        ..public
    };
    let tls = Transport {
        is_tls: true,
        is_private: true,
    };
    for (url, transport) in [
        ("http://prometheus.monitoring:9090", public),
        ("http://prometheus.monitoring/prometheus/", public),
        ("https://prometheus.example", tls),
        ("HTTPS://prometheus.example", tls),
        ("http://localhost:9090", loopback),
        ("http://127.0.0.1", loopback),
        ("http://[::1]:9090", loopback),
        ("http://localhost.example", public),
        ("http://127.0.0.1.example", public),
        (
            "https://k8s/api/v1/namespaces/monitoring/services/prometheus:9090/proxy",
            tls,
        ),
    ] {
        assert_eq!(check_url(TableKind::Prometheus, url), Ok(transport), "{url}");
    }
    let query = "https://gate.example/go?team=shop";
    assert_eq!(check_url(TableKind::HttpGate, query), Ok(tls));
}

#[test]
fn a_url_that_cannot_be_asked_is_refused_without_repeating_it() {
    for (url, fault) in [
        ("", "is not complete"),
        ("prometheus", "is neither http:// nor https://"),
        ("/api", "is not complete"),
        ("prometheus:9090", "is neither http:// nor https://"),
        ("https://", "is not complete"),
        ("http://a b/", "is not complete"),
        ("ftp://canary/x", "is neither http:// nor https://"),
        ("https://user:canary@prometheus", "contains a user name"),
        ("https://canary#x", "has a part after #"),
        ("https://canary/?a=b", "has a part after ?"),
        ("https://canary/{{namespace}}", "has a placeholder"),
        ("http://canary/api/v1/query", "ends with /api/v1/query"),
        ("http://canary/prometheus/api/v1/", "ends with /api/v1,"),
    ] {
        let fault_of = check_url(TableKind::Prometheus, url).unwrap_err();
        assert!(fault_of.0.contains(fault), "{url}: {}", fault_of.0);
        assert!(!format!("{fault_of:?}").contains("canary"), "{url}: {fault_of:?}");
    }
}

#[test]
fn placeholders_stand_within_double_quotes() {
    for good in [
        "up",
        r#"ALERTS{namespace="{{namespace}}",owner="{{owner}}"} > 0"#,
        r#"a{b="\"{{owner}}"}"#,
        r#"a{b='"', c="{{owner}}"}"#,
        "a{b=`\\`, c=\"{{owner}}\"}",
        "a # don't count # this\n or b{c=\"{{namespace}}\"} # \"",
        r#"{__name__=~"a|b"}"#,
        r#"a{b="é#{{owner}}"}"#,
    ] {
        assert_eq!(check_query(good), Ok(()), "{good}");
    }
    for bad in [
        "a{b={{owner}}}",
        "a # {{owner}}",
        "a{b='{{owner}}'}",
        "a{b=`{{owner}}`}",
        r#"a{b="x"} or {{owner}}"#,
        r#"a{b="\\"} or {{owner}} or a{b=""}"#,
    ] {
        assert!(
            wrong(check_query(bad)).contains("{{owner}} is not within double"),
            "{bad}"
        );
    }
    for unknown in [
        r#"a{b="{{pod}}"}"#,
        r#"a{b="{{ owner }}"}"#,
        r#"a{b="{{owner"}"#,
        r#"a{b="{{Owner}}"}"#,
    ] {
        assert!(
            wrong(check_query(unknown)).contains("is not a placeholder"),
            "{unknown}"
        );
    }
    assert!(wrong(check_query(r#"a{b="c}"#)).contains("a quote is not closed"));
}

#[test]
fn a_matcher_has_a_name_an_operator_and_a_quoted_value() {
    for good in [
        r#"severity="critical""#,
        r#"severity != "info""#,
        r#"team=~"a|b""#,
        r#"team!~"a.*""#,
        r#"_x1="""#,
        r#"a="say \"hi\" \\""#,
    ] {
        assert_eq!(check_matcher(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "severity",
        "severity=critical",
        "severity='critical'",
        r#"severity=="critical""#,
        r#"="critical""#,
        r#"1a="b""#,
        r#"a b="c""#,
        r#"a="b",c="d""#,
        r#"a="b"#,
        r#"a=""#,
        r#"a="b\""#,
        r#"{a="b"}"#,
        "a=\"b\nc\"",
    ] {
        assert!(wrong(check_matcher(bad)).contains("is not a matcher"), "{bad}");
    }
    let placeholder = check_matcher(r#"namespace="{{namespace}}""#);
    assert!(wrong(placeholder).contains("has a placeholder"));
}

#[test]
fn a_json_pointer_begins_with_a_slash() {
    for good in ["/go", "/a/0/b", "/a~1b/~0", "/"] {
        assert_eq!(check_pointer(good), Ok(()), "{good}");
    }
    for bad in ["go", "$.go", ".go", "/a~2", "/a~", ""] {
        assert!(
            wrong(check_pointer(bad)).contains("is not a JSON pointer"),
            "{bad}"
        );
    }
}
