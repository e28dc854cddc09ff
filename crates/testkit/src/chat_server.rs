//! A chat service on loopback that answers as a test wants, and remembers what it was sent.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::server_answer::{ServerAnswer, give, read_request};

/// A running service.
#[derive(Debug)]
pub struct ChatServer {
    /// The address, with a port.
    pub address: String,
    requests: Rc<RefCell<Vec<String>>>,
}

impl ChatServer {
    /// Answers the n-th connection with the n-th of `answers`, and any further one with the last.
    pub async fn answering(answers: impl Into<Vec<ServerAnswer>>) -> Self {
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

async fn serve(mut stream: TcpStream, answer: ServerAnswer, seen: Rc<RefCell<Vec<String>>>) {
    if matches!(answer, ServerAnswer::Reset) {
        // What was not read makes the close a reset.
        let _ = stream.read_u8().await;
        return;
    }

    if let Some(request) = read_request(&mut stream).await {
        seen.borrow_mut().push(request);
        give(answer, stream).await;
    }
}
