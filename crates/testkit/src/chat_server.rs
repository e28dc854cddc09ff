//! A chat service on loopback that answers as a test wants, well or badly, and remembers what it was sent.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the service does with one connection.
#[derive(Debug, Clone)]
pub enum ChatAnswer {
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
pub fn reply(status: u16, body: &str) -> ChatAnswer {
    let length = body.len();
    ChatAnswer::Bytes(format!(
        "HTTP/1.1 {status} Words\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

/// An answer with one more header.
pub fn reply_with(status: u16, header: &str) -> ChatAnswer {
    ChatAnswer::Bytes(format!(
        "HTTP/1.1 {status} Words\r\n{header}\r\nContent-Length: 0\r\n\r\n"
    ))
}

/// The head of an answer whose body does not come as promised.
pub fn head(status: u16) -> String {
    format!("HTTP/1.1 {status} Words\r\nContent-Length: 100000000\r\n\r\n")
}

/// A running service.
#[derive(Debug)]
pub struct ChatServer {
    /// The address, with a port.
    pub address: String,
    requests: Rc<RefCell<Vec<String>>>,
}

impl ChatServer {
    /// Answers the n-th connection with the n-th of `answers`, and any further one with the last.
    pub async fn answering(answers: impl Into<Vec<ChatAnswer>>) -> Self {
        let answers = answers.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&requests);
        tokio::task::spawn_local(async move {
            for turn in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answers[turn.min(answers.len() - 1)].clone();
                tokio::task::spawn_local(serve(stream, answer, Rc::clone(&seen)));
            }
        });

        Self { address, requests }
    }

    /// The requests so far, head and body as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.borrow().clone()
    }

    /// The only request, as its head in lower case and its body.
    pub fn request(&self) -> (String, serde_json::Value) {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap())
    }
}

async fn serve(mut stream: TcpStream, answer: ChatAnswer, seen: Rc<RefCell<Vec<String>>>) {
    if matches!(answer, ChatAnswer::Reset) {
        // What was not read makes the close a reset.
        let _ = stream.read_u8().await;
        return;
    }

    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    seen.borrow_mut().push(request);
    let (bytes, more, pause) = match answer {
        ChatAnswer::Bytes(bytes) => {
            let _ = stream.write_all(bytes.as_bytes()).await;
            return;
        }
        ChatAnswer::Stall(bytes) => (bytes, "", Duration::ZERO),
        ChatAnswer::Drip(bytes) => (bytes, " ", Duration::from_millis(20)),
        ChatAnswer::Flood(bytes) => (bytes, &*"x".repeat(65_536), Duration::ZERO),
        ChatAnswer::Reset => return,
    };
    let _ = stream.write_all(bytes.as_bytes()).await;
    if more.is_empty() {
        let _ = stream.read(&mut [0]).await; // until the client leaves
    }

    while !more.is_empty() && stream.write_all(more.as_bytes()).await.is_ok() {
        tokio::time::sleep(pause).await;
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
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
