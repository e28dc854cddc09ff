//! Whom the server answers about the status, and with which headers.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use macaque::health::HealthState;
use macaque::http_server::{self, HttpEndpoint};
use macaque::metrics::{Metrics, MetricsConfig};
use macaque::platform::Platform;
use macaque::status::StatusBoard;

use super::config;

/// What a server answered.
#[derive(Debug)]
pub(super) struct ServedAnswer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

/// A server of the probes, the metrics and the status.
fn server() -> SocketAddr {
    let platform = Platform::system();
    let endpoint = HttpEndpoint {
        key: "health.listen",
        address: ([127, 0, 0, 1], 0).into(),
        probes: Ok(Arc::new(HealthState::new([], &platform))),
        metrics: Ok(Arc::new(Metrics::new(&MetricsConfig::default(), &platform))),
        status: Ok(Arc::new(StatusBoard::new(config(), &platform))),
    };
    http_server::serve(vec![endpoint], &platform).unwrap()[0]
}

/// The answer to a request with these headers, each with its line break.
pub(super) fn ask(address: SocketAddr, line: &str, headers: &str) -> ServedAnswer {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{line} HTTP/1.1\r\nHost: a\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    ServedAnswer {
        status,
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}

/// The paths of the status page.
const PATHS: [&str; 4] = [
    "/",
    "/api/v1/status",
    "/api/v1/blame?at=2026-01-01T00:00:00Z",
    "/calendar.ics",
];

#[test]
fn every_path_has_its_type_and_the_headers_that_keep_browsers_from_doing_more_than_showing_it() {
    let address = server();
    let types = [
        "text/html; charset=utf-8",
        "application/json",
        "application/json",
        "text/calendar; charset=utf-8",
    ];
    for (path, content_type) in PATHS.iter().zip(types) {
        let answer = ask(address, &format!("GET {path}"), "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        for (name, value) in [
            ("content-type", content_type),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}: {name}");
        }
        let policy = &answer.headers["content-security-policy"];
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains("script"),
            "{policy}"
        );
        for name in ["set-cookie", "access-control-allow-origin"] {
            assert!(!answer.headers.contains_key(name), "{path}: {name}");
        }
    }
    let page = ask(address, "GET /", "").body;
    assert!(
        !page.contains("<script") && !page.contains("<form") && !page.contains("style="),
        "{page}"
    );
}

#[test]
fn nothing_but_get_and_head_is_answered_and_head_is_get_without_a_body() {
    let address = server();
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        for path in PATHS {
            let answer = ask(address, &format!("{method} {path}"), "Content-Length: 0\r\n");
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.headers["allow"], "GET, HEAD");
        }
    }
    // The page says how old its parts are, so of the same second only the length of the others is the same.
    let get = ask(address, "GET /calendar.ics", "");
    let head = ask(address, "HEAD /calendar.ics", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.headers["content-length"], get.body.len().to_string());
    assert_eq!(head.headers["content-type"], get.headers["content-type"]);
}

#[test]
fn the_web_sites_of_others_are_refused_and_probes_and_metrics_are_as_ever() {
    let address = server();
    for origin in ["https://evil.example", "null", ""] {
        for path in PATHS {
            let answer = ask(address, &format!("GET {path}"), &format!("Origin: {origin}\r\n"));
            assert_eq!(answer.status, 403, "{path} {origin}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"));
        }
        let metrics = ask(address, "GET /metrics", &format!("Origin: {origin}\r\n"));
        assert_eq!(metrics.status, 200);
        assert!(!metrics.headers.contains_key("content-security-policy"));
    }
    assert_eq!(ask(address, "GET /livez", "").body, "ok\n");
}

#[test]
fn a_path_that_is_none_is_not_found_however_it_is_written() {
    let address = server();
    for path in [
        "/../",
        "/..",
        "/api/v1/../v1/status",
        "/api/v1/status/",
        "/api/v1/",
        "//",
        "/%2e%2e/etc/passwd",
        "/index.html",
        "/calendar.ics/..",
        "/api/v1/status%00",
        "/favicon.ico",
    ] {
        let answer = ask(address, &format!("GET {path}"), "");
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer.body.starts_with("not found; there is:\n\n/ "),
            "{path}: {}",
            answer.body
        );
        assert!(!answer.body.contains("passwd"));
    }
}

#[test]
fn a_huge_header_is_cut_off() {
    let address = server();
    let answer = ask(address, "GET /", &format!("X-Huge: {}\r\n", "x".repeat(15 << 10)));
    assert_eq!(answer.status, 200);

    let mut stream = TcpStream::connect(address).unwrap();
    let _ = write!(
        stream,
        "GET / HTTP/1.1\r\nX-Huge: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{answer:?}"
    );
}

#[test]
fn where_the_status_is_off_its_paths_say_what_to_do_and_the_list_is_as_ever() {
    let platform = Platform::system();
    let endpoint = HttpEndpoint {
        key: "health.listen",
        address: ([127, 0, 0, 1], 0).into(),
        probes: Ok(Arc::new(HealthState::new([], &platform))),
        metrics: Err("off".to_owned()),
        status: Err("the status page is off: set status.listen".to_owned()),
    };
    let address = http_server::serve(vec![endpoint], &platform).unwrap()[0];
    for path in &PATHS[1..] {
        let answer = ask(
            address,
            &format!("GET {path}"),
            "Origin: https://evil.example\r\n",
        );
        let expected = (404, "the status page is off: set status.listen\n");
        assert_eq!((answer.status, answer.body.as_str()), expected, "{path}");
    }
    let list = ask(address, "GET /", "");
    assert_eq!(list.status, 200);
    assert!(list.body.starts_with("/livez "), "{}", list.body);
    assert!(!list.body.contains("status"));
}

#[test]
fn probes_are_answered_whoever_does_not_read_the_page() {
    let address = server();
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            stream
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(60);
    assert_eq!(ask(address, "GET /livez", "").body, "ok\n");
    assert_eq!(ask(address, "GET /metrics", "").status, 200);
    assert!(Instant::now() < deadline);
    drop(readers);
}
