//! The proxy in front of a server of its own, which is another proxy that answers everything itself.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Fault, FaultProxy, ProxyRequest, ProxyResponse, RequestMatch, Rewrite};

/// A server that answers its number of requests so far, and a proxy in front of it.
fn counting_server() -> (FaultProxy, FaultProxy) {
    let server = FaultProxy::start("127.0.0.1:1");
    let count = AtomicUsize::new(0);
    server.inject_by(move |request| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let body = json!({ "number": number, "line": request.line(), "sent": request.text() });
        Some(Fault::Answer(ProxyResponse::json(200, &body)))
    });
    let proxy = FaultProxy::start(&server.url());

    (server, proxy)
}

/// What a client reads that posts `body`: everything until the connection ends.
fn post(proxy: &FaultProxy, target: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {target} HTTP/1.1\r\nHost: it\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();

    // A connection that is reset is one that ended.
    let _ = stream.read_to_string(&mut answer);
    let _ = stream.shutdown(Shutdown::Both);

    answer
}

#[test]
fn a_request_passes_as_it_is_and_is_recorded_with_its_answer() {
    let (_server, proxy) = counting_server();

    let answer = post(&proxy, "/pods?limit=5", "hello");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let exchanges = proxy.take_exchanges();
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].request.line(), "POST /pods?limit=5");
    assert_eq!(exchanges[0].request.text(), "hello");
    let response = exchanges[0].response.as_ref().unwrap();
    assert_eq!(response.headers["content-type"], "application/json");
    assert!(answer.ends_with(std::str::from_utf8(&response.body).unwrap()));
    assert!(!exchanges[0].injected);
    assert_eq!(proxy.take_exchanges(), []);
}

#[test]
fn a_connection_breaks_before_or_after_the_server_acted() {
    for (fault, acted) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        let (server, proxy) = counting_server();
        proxy.inject("/evict", fault);

        assert_eq!(post(&proxy, "/evict", ""), "");

        assert_eq!(server.requests().len(), acted);
        let exchanges = proxy.take_exchanges();
        assert!(exchanges[0].injected && exchanges[0].response.is_none());
    }
}

#[test]
fn a_request_lands_late_and_its_sender_hears_nothing() {
    let (server, proxy) = counting_server();
    proxy.inject("", Fault::ActLate(Duration::from_millis(1)));

    assert_eq!(post(&proxy, "/evict", ""), "");

    let begun = Instant::now();
    while server.requests().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never landed");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_answer_is_given_in_place_of_the_server_or_of_its_answer() {
    let refusal = || {
        ProxyResponse::failure(429, "too many requests", json!({ "reason": "TooManyRequests" }))
            .retry_after(7)
    };
    for (fault, acted) in [(Fault::Answer(refusal()), 0), (Fault::AnswerAfter(refusal()), 1)] {
        let (server, proxy) = counting_server();
        proxy.inject("", fault);

        let answer = post(&proxy, "/evict", "");
        assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
        assert!(answer.contains("retry-after: 7\r\n") && answer.contains(r#""reason":"TooManyRequests""#));
        assert_eq!(server.requests().len(), acted);
    }
}

#[test]
fn half_of_an_answer_arrives() {
    let (_server, proxy) = counting_server();
    let whole = post(&proxy, "/pods", "");
    proxy.inject("", Fault::Truncate);

    let half = post(&proxy, "/pods", "");

    let (head, body) = half.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: ") && body.len() < whole.split_once("\r\n\r\n").unwrap().1.len());
    assert!(!body.is_empty());
}

#[test]
fn an_answer_that_is_throttled_or_delayed_or_stalled_takes_its_time() {
    let pause = Duration::from_millis(1);
    for (fault, takes) in [
        (Fault::Throttle(pause), pause * 50),
        (Fault::Delay(pause * 50), pause * 50),
        (Fault::Stall(pause * 50), pause * 50),
    ] {
        let (_server, proxy) = counting_server();
        let is_stall = matches!(fault, Fault::Stall(_));
        proxy.inject("", fault);

        let begun = Instant::now();
        let answer = post(&proxy, "/pods", "");

        assert!(begun.elapsed() >= takes);
        assert_eq!(answer.is_empty(), is_stall, "{answer}");
    }
}

#[test]
fn request_and_answer_are_rewritten() {
    let (server, proxy) = counting_server();
    let rewrite = Rewrite::default()
        .request(|request| request.target = "/other".to_owned())
        .response(|response| response.body = b"rewritten".to_vec());
    proxy.inject(RequestMatch::containing("").once(), Fault::Rewrite(rewrite));
    proxy.inject("", Fault::header("warning", "299 - \"mind the gap\""));

    assert!(post(&proxy, "/pods", "").ends_with("\r\n\r\nrewritten"));
    assert!(post(&proxy, "/pods", "").contains("warning: 299 - \"mind the gap\"\r\n"));

    let asked: Vec<_> = server.requests().iter().map(ProxyRequest::line).collect();
    assert_eq!(asked, ["POST /other", "POST /pods"]);
}

#[test]
fn a_hook_runs_before_the_server_gets_the_request() {
    let (server, proxy) = counting_server();
    let server = Arc::new(server);
    let seen = Arc::new(AtomicUsize::new(usize::MAX));
    let hook = {
        let server = Arc::clone(&server);
        let seen = Arc::clone(&seen);
        move || seen.store(server.requests().len(), Ordering::SeqCst)
    };
    proxy.inject("/evict", Fault::meanwhile(hook));

    post(&proxy, "/evict", "");

    assert_eq!(seen.load(Ordering::SeqCst), 0);
    assert_eq!(server.requests().len(), 1);
    assert!(
        !proxy.take_exchanges()[0].injected,
        "the answer is the server's own"
    );
}

#[test]
fn a_fault_applies_to_the_requests_that_match_and_as_often_as_it_says() {
    let (_server, proxy) = counting_server();
    let matching = RequestMatch::containing("/evict").skipping(1).times(2);
    proxy.inject(matching, Fault::Answer(ProxyResponse::new(500, "")));
    proxy.inject("/evict", Fault::Answer(ProxyResponse::new(503, "")));

    let codes: Vec<_> = ["/evict", "/pods", "/evict", "/evict", "/evict"]
        .map(|target| post(&proxy, target, "")[9..12].to_owned())
        .into();
    assert_eq!(codes, ["503", "200", "500", "500", "503"]);

    proxy.clear();
    assert!(post(&proxy, "/evict", "").starts_with("HTTP/1.1 200 "));
}

#[test]
fn nothing_listens_once_the_proxy_is_dropped() {
    let (_server, proxy) = counting_server();
    let address = proxy.address();
    drop(proxy);

    let begun = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it still listens");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_answer_in_chunks_is_passed_on_as_one_body() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(&listener.local_addr().unwrap().to_string());
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = client.read(&mut request).unwrap();
        let chunks = "5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\n\r\n";
        write!(
            client,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        )
        .unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });

    let answer = post(&proxy, "/", "");

    assert!(
        answer.ends_with("content-length: 12\r\nconnection: close\r\n\r\nhello, world"),
        "{answer}"
    );
    assert!(
        server
            .join()
            .unwrap()
            .starts_with("POST / HTTP/1.1\r\nhost: it\r\n")
    );
}

#[test]
fn a_proxy_that_stopped_recording_still_injects() {
    let (server, proxy) = counting_server();
    proxy.stop_recording();
    proxy.inject_by(|request| (request.method == "POST").then_some(Fault::DropBefore));

    assert_eq!(post(&proxy, "/evict", ""), "");

    assert_eq!(proxy.take_exchanges(), []);
    assert_eq!(server.requests(), []);
}

/// A server that answers with `first` at once and with `second` when `more` says so, and never ends the answer.
fn streaming_server(first: &'static str, second: &'static str) -> (FaultProxy, std::sync::mpsc::Sender<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(&listener.local_addr().unwrap().to_string());
    let (more, wanted) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let _ = client.read(&mut [0; 1024]);
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
        write!(client, "{head}{first}").unwrap();
        if wanted.recv().is_ok() {
            let _ = write!(client, "{second}");
        }
        let _ = client.read(&mut [0; 1]);
    });
    (proxy, more)
}

/// Opens a watch, and reads until `end` was received.
fn watch_until(proxy: &FaultProxy, end: &str) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    write!(stream, "GET /pods?watch=true HTTP/1.1\r\nHost: it\r\n\r\n").unwrap();
    read_until(&mut stream, end);
    stream
}

fn read_until(stream: &mut TcpStream, end: &str) {
    let mut received = String::new();
    while !received.ends_with(end) {
        let mut byte = [0; 1];
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{received}");
        received.push(char::from(byte[0]));
    }
}

#[test]
fn a_watch_is_passed_on_as_it_comes() {
    let (proxy, more) = streaming_server("one\n", "two\n");
    let mut watch = watch_until(&proxy, "one\n");
    more.send(()).unwrap();
    read_until(&mut watch, "two\n");
}

#[test]
fn a_watch_is_cut_or_falls_silent_after_its_time() {
    let (proxy, _more) = streaming_server("one\n", "");
    proxy.inject("watch", Fault::CutStream(Duration::from_millis(200)));
    let mut cut = watch_until(&proxy, "one\n");
    assert_eq!(cut.read(&mut [0; 1]).unwrap_or_default(), 0);

    let (proxy, more) = streaming_server("one\n", "two\n");
    let silent_after = Duration::from_millis(300);
    proxy.inject("watch", Fault::MuteStream(silent_after));
    let mut mute = watch_until(&proxy, "one\n");
    std::thread::sleep(silent_after);
    more.send(()).unwrap();
    mute.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let silence = mute.read(&mut [0; 1]).unwrap_err().kind();
    let late = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
    assert!(late.contains(&silence), "{silence}");
}
