//! Promises of the HTTP server as its clients see it: polite ones, old ones, broken ones and hostile ones.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use macaque::health::HealthState;
use macaque::http_server::{self, HttpEndpoint, MAX_CONNECTIONS};
use macaque::metrics::{Metrics, MetricsConfig};
use macaque::platform::Platform;
use macaque_testkit::TestCluster;
use tokio::net::TcpSocket;

/// Longer than anything here takes on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(60);

/// A server of the probes and of many metrics.
fn server() -> SocketAddr {
    let platform = Platform::system();
    let config = MetricsConfig {
        namespaces: (0..200).map(|number| format!("namespace-{number}")).collect(),
        ..MetricsConfig::default()
    };
    let endpoint = HttpEndpoint {
        key: "health.listen",
        address: ([127, 0, 0, 1], 0).into(),
        probes: Ok(Arc::new(HealthState::new([], &platform))),
        metrics: Ok(Arc::new(Metrics::new(&config, &platform))),
        status: Err(String::new()),
    };
    http_server::serve(vec![endpoint], &platform).unwrap()[0]
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIME_OUT)).unwrap();
    stream
}

/// What comes until the server closes the connection, also if it does so before everything was read by it.
fn read(mut stream: &TcpStream) -> String {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The answer to these bytes, which need not be taken.
fn answer(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = connect(address);
    let _ = stream.write_all(sent);
    read(&stream)
}

fn probe(address: SocketAddr) {
    let probed = answer(address, b"GET /readyz HTTP/1.1\r\nHost: probe\r\n\r\n");
    assert!(probed.starts_with("HTTP/1.1 200 OK\r\n"), "{probed}");
    assert!(probed.ends_with("\r\n\r\nok\n"), "{probed}");
}

/// Whether a program is there and ready.
fn is_ready(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
        && answer(address, b"GET /readyz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200")
}

/// The length of the body that the head announces, and that of the body that came.
fn lengths(answer: &str) -> (usize, usize) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let announced = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    (announced.unwrap().parse().unwrap(), body.len())
}

#[test]
fn every_form_of_http_1_is_answered_once_and_what_is_none_is_refused() {
    let address = server();
    let header = |length: usize| format!("GET /livez HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(length));
    let headers = |count: usize| format!("GET /livez HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(count));
    let path = |length: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(length));
    let table = [
        (
            "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK",
        ),
        ("GET /livez HTTP/1.0\r\n\r\n".to_owned(), "HTTP/1.0 200 OK"),
        (
            "GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_owned(),
            "HTTP/1.0 200 OK",
        ),
        (
            "GET http://any/livez HTTP/1.1\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK",
        ),
        (
            "GET /livez HTTP/1.1\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK",
        ),
        (
            "GET /livez HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
            "HTTP/1.1 200 OK",
        ),
        (
            "POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello".to_owned(),
            "HTTP/1.1 405 Method Not Allowed",
        ),
        (
            "BREW /pot HTTP/1.1\r\n\r\n".to_owned(),
            "HTTP/1.1 405 Method Not Allowed",
        ),
        (
            "GET /nothing HTTP/1.1\r\n\r\n".to_owned(),
            "HTTP/1.1 404 Not Found",
        ),
        (header(4 << 10), "HTTP/1.1 200 OK"),
        (header(1 << 20), "HTTP/1.1 431 Request Header Fields Too Large"),
        (headers(1000), "HTTP/1.1 431 Request Header Fields Too Large"),
        (path(8 << 10), "HTTP/1.1 404 Not Found"),
        (path(1 << 20), "HTTP/1.1 431 Request Header Fields Too Large"),
        (
            "\u{16}\u{3}\u{1}hello\r\n\r\n".to_owned(),
            "HTTP/1.1 400 Bad Request",
        ),
        ("GET /livez HTTP/7\r\n\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
    ];
    for (sent, expected) in table {
        let answer = answer(address, sent.as_bytes());
        let shown = &sent[..sent.len().min(60)];
        assert_eq!(answer.lines().next(), Some(expected), "{shown:?}");
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{shown:?}: {answer}");
    }
    probe(address);
}

#[test]
fn a_head_alone_is_answered_with_the_length_and_a_client_that_has_said_everything_is_answered_too() {
    let address = server();
    let head = answer(address, b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    let (announced, came) = lengths(&head);
    assert!(announced > 0 && came == 0, "{head}");

    for path in ["/livez", "/metrics"] {
        let mut stream = connect(address);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let (announced, came) = lengths(&read(&stream));
        assert_eq!(announced, came, "{path}");
    }
}

#[test]
fn probes_and_scrapes_are_answered_however_many_connections_say_nothing() {
    let address = server();
    let openings: [&[u8]; 4] = [
        b"",
        b"GET",
        b"GET /metrics HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nX: ",
    ];
    let silent = openings.iter().cycle().take(4 * MAX_CONNECTIONS);
    let silent: Vec<_> = silent
        .map(|opening| {
            let mut stream = connect(address);
            stream.write_all(opening).unwrap();
            stream
        })
        .collect();

    for _ in 0..10 {
        probe(address);
    }
    let scraped = answer(address, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    let (announced, came) = lengths(&scraped);
    assert_eq!(announced, came);

    // The oldest made room: the server closed their connections.
    for stream in &silent[..2 * MAX_CONNECTIONS] {
        assert_eq!(read(stream), "");
    }
}

#[tokio::test]
async fn a_scrape_is_answered_whole_however_many_others_do_not_read_their_answers() {
    let address = server();
    let mut slow = Vec::new();
    for _ in 0..MAX_CONNECTIONS {
        let socket = TcpSocket::new_v4().unwrap();
        // What does not fit into the buffers of both sides waits in the server.
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(TIME_OUT)).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        slow.push(stream);
    }

    let scraped = answer(address, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    let (announced, came) = lengths(&scraped);
    assert_eq!(announced, came);
    assert!(announced > 200 << 10, "{announced} bytes fit into the buffers");
    probe(address);

    let cut = slow.iter().filter(|stream| {
        let answer = read(stream);
        let (announced, came) = lengths(&answer);
        came < announced
    });
    assert!(cut.count() >= MAX_CONNECTIONS / 2, "the oldest made room");
}

#[test]
fn a_client_that_takes_for_ever_to_ask_is_not_waited_for() {
    let address = server();
    let silent = connect(address);
    let slow = connect(address);
    let mut sender = slow.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let request = b"GET /livez HTTP/1.1\r\nX: "
            .iter()
            .chain(std::iter::repeat(&b'x'));
        for byte in request {
            if sender.write_all(&[*byte]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });

    assert_eq!(read(&silent), "");
    assert_eq!(read(&slow), "");
    sending.join().unwrap();
}

#[test]
fn the_files_and_the_memory_of_the_program_stay_bounded_whatever_its_clients_send_or_leave_unread() {
    let cluster = TestCluster::with(Vec::new());
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = crate::macaque("run")
        .env("MACAQUE_HEALTH__LISTEN", &address.to_string())
        .env("MACAQUE_CRONTAB", "@yearly")
        .env("MACAQUE_NAMESPACE", "shop")
        .on(&cluster)
        .start();
    let deadline = Instant::now() + TIME_OUT;
    while !is_ready(address) {
        assert!(Instant::now() < deadline, "it never gets ready");
        std::thread::sleep(Duration::from_millis(10));
    }
    let files_before = program.open_files();
    let peak_before = program.peak_kib();

    let endless = format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(100_000));
    let requests: [&[u8]; 3] = [b"", b"GET /metrics HTTP/1.1\r\n\r\n", endless.as_bytes()];
    let clients = requests.iter().cycle().take(6 * MAX_CONNECTIONS).map(|request| {
        let mut stream = connect(address);
        stream.set_nonblocking(true).unwrap();
        // As much as the buffers take, and more than the server does.
        let _ = stream.write_all(request);
        stream
    });
    let clients: Vec<_> = clients.collect();
    probe(address);

    let files = program.open_files() - files_before;
    assert!(
        files <= MAX_CONNECTIONS + 8,
        "{files} files for {} clients",
        clients.len()
    );
    let grown = program.peak_kib() - peak_before;
    assert!(grown < 16 << 10, "{grown} KiB more for {} clients", clients.len());
    assert_eq!(program.terminate().code, 0);
}

#[test]
fn an_address_that_is_taken_is_an_error_that_names_the_key() {
    let taken = server();
    let platform = Platform::system();
    let endpoint = HttpEndpoint {
        key: "metrics.listen",
        address: taken,
        probes: Err(String::new()),
        metrics: Err(String::new()),
        status: Err(String::new()),
    };
    let error = http_server::serve(vec![endpoint], &platform).unwrap_err();
    let expected = format!("metrics.listen: cannot listen on {taken}: Address already in use");
    assert!(error.to_string().starts_with(&expected), "{error}");
}
