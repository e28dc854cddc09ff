//! The answers of the services on loopback that tests set up: well or badly, as bytes on the wire.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a service does with one connection.
#[derive(Debug, Clone)]
pub enum ServerAnswer {
    /// Sends these bytes and closes.
    Bytes(String),
    /// Sends these bytes, which may be none, and then nothing for ever.
    Stall(String),
    /// Sends the head and then one more byte every 20 ms, for ever.
    Drip(String),
    /// Sends the head and then bytes as fast as it can, for ever.
    Flood(String),
    /// Breaks the connection amid the request.
    Reset,
}

/// An answer of this status and body.
pub fn reply(status: u16, body: &str) -> ServerAnswer {
    let length = body.len();
    ServerAnswer::Bytes(format!(
        "HTTP/1.1 {status} Words\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

/// An answer with one more header.
pub fn reply_with(status: u16, header: &str) -> ServerAnswer {
    ServerAnswer::Bytes(format!(
        "HTTP/1.1 {status} Words\r\n{header}\r\nContent-Length: 0\r\n\r\n"
    ))
}

/// The head of an answer whose body does not come as promised.
pub fn head(status: u16) -> String {
    format!("HTTP/1.1 {status} Words\r\nContent-Length: 100000000\r\n\r\n")
}

/// Gives `answer` to a request that was read.
pub(crate) async fn give(answer: ServerAnswer, mut stream: TcpStream) {
    let (bytes, more, pause) = match answer {
        ServerAnswer::Bytes(bytes) => {
            let _ = stream.write_all(bytes.as_bytes()).await;
            return;
        }
        ServerAnswer::Stall(bytes) => (bytes, "", Duration::ZERO),
        ServerAnswer::Drip(bytes) => (bytes, " ", Duration::from_millis(20)),
        ServerAnswer::Flood(bytes) => (bytes, &*"x".repeat(65_536), Duration::ZERO),
        ServerAnswer::Reset => return,
    };

    let _ = stream.write_all(bytes.as_bytes()).await;
    if more.is_empty() {
        let _ = stream.read(&mut [0]).await; // until the client leaves
    }
    while !more.is_empty() && stream.write_all(more.as_bytes()).await.is_ok() {
        tokio::time::sleep(pause).await;
    }
}

/// Reads one request, head and body as they come; `None` if the client leaves before its end.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if body.len() >= length.unwrap_or(0usize) {
            return Some(text);
        }
    }
}
