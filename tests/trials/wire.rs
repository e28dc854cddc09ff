//! The wire between the replicas and the API server: passes requests on, and does to some of them what a trial wants.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fault;

/// A wire to one server; every connection carries one request.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    server: SocketAddr,
    fault: Option<fault::Wire>,
    calm: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
}

impl Wire {
    /// A wire to `server`; needs a runtime.
    pub(crate) async fn to(server: SocketAddr, fault: Option<fault::Wire>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self {
            address: listener.local_addr().unwrap(),
            server,
            fault,
            calm: Arc::default(),
            count: Arc::default(),
        };
        let ear = wire.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ear = ear.clone();
                tokio::spawn(async move { ear.carry(stream).await });
            }
        });
        wire
    }

    /// From now on every request passes as it is.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// Carries one request; `None` is a connection that broke.
    async fn carry(&self, mut client: TcpStream) -> Option<()> {
        let request = read_request(&mut client).await?;
        let fault = self.fault.filter(|_| !self.calm.load(Ordering::SeqCst));
        let answer = match fault.and_then(|fault| befalling(fault, &request)) {
            None => self.ask(&request).await?,
            Some(fault::Wire::Trickle) => return self.trickle(&mut client, &request).await,
            Some(fault) => self.suffer(fault, &request).await?,
        };
        client.write_all(&answer).await.ok()
    }

    async fn suffer(&self, fault: fault::Wire, request: &str) -> Option<Vec<u8>> {
        use fault::Wire::*;
        match fault {
            ResetBefore => None,
            ResetAfter => self.ask(request).await.and(None),
            Stall => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                None
            }
            Truncated => {
                let answer = self.ask(request).await?;
                let body = answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
                Some(answer[..(body + answer.len()) / 2].to_owned())
            }
            Garbage => Some(answer(200, "", "\u{1}{]garbage")),
            Html => Some(answer(
                200,
                "Content-Type: text/html\r\n",
                "<html><body>Welcome</body></html>",
            )),
            Unauthorized => Some(status(401, "Unauthorized", "", "Unauthorized")),
            Throttled => Some(status(
                429,
                "TooManyRequests",
                "Retry-After: 1\r\n",
                "too many requests",
            )),
            Error500 => Some(status(500, "InternalError", "", "etcdserver: leader changed")),
            Error500After => self.ask(request).await.and(Some(status(
                500,
                "InternalError",
                "",
                "etcdserver: leader changed",
            ))),
            Error503 => Some(status(503, "ServiceUnavailable", "", "apiserver not ready")),
            Error504 => Some(status(504, "Timeout", "", "request did not complete")),
            Error504After => {
                let late = status(504, "Timeout", "", "request did not complete");
                self.ask(request).await.and(Some(late))
            }
            LandsLate => {
                let (wire, request) = (self.clone(), request.to_owned());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    wire.ask(&request).await
                });
                None
            }
            EndlessList => self.ask_for_ever(request).await,
            ListExpires if request.contains("continue=") => Some(status(
                410,
                "Expired",
                "",
                "The provided continue parameter is too old",
            )),
            ListExpires => self.ask(&request.replacen("limit=500", "limit=3", 1)).await,
            HugeList => {
                let full = self.ask(request).await?;
                let text = String::from_utf8(full).ok()?;
                let (_, body) = text.split_once("\r\n\r\n")?;
                let padded = format!("{}{body}", " ".repeat(3 << 20));
                Some(answer(200, "Content-Type: application/json\r\n", &padded))
            }
            Trickle | Mixed => None,
        }
    }

    /// The list again and again, each time with another token.
    async fn ask_for_ever(&self, request: &str) -> Option<Vec<u8>> {
        let (line, rest) = request.split_once("\r\n")?;
        let line = match line.split_once("&continue=") {
            Some((before, after)) => format!("{before} {}", after.split_once(' ')?.1),
            None => line.to_owned(),
        };
        let full = String::from_utf8(self.ask(&format!("{line}\r\n{rest}")).await?).ok()?;
        let mut list: Value = serde_json::from_str(full.split_once("\r\n\r\n")?.1).ok()?;
        let turn = self.count.fetch_add(1, Ordering::SeqCst);
        list["metadata"]["continue"] = json!(format!("again-{turn}"));
        Some(answer(
            200,
            "Content-Type: application/json\r\n",
            &list.to_string(),
        ))
    }

    async fn trickle(&self, client: &mut TcpStream, request: &str) -> Option<()> {
        for byte in self.ask(request).await? {
            client.write_all(&[byte]).await.ok()?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Some(())
    }

    /// What the server answers, head and body.
    async fn ask(&self, request: &str) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(self.server).await.ok()?;
        let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        Some(answer)
    }
}

/// The fault that befalls this request, by the throw of a die.
fn befalling(fault: fault::Wire, request: &str) -> Option<fault::Wire> {
    let is_list = request.contains("/pods?limit=");
    let fault = match fault {
        fault::Wire::Mixed => fault::Wire::ALL[rand::random_range(0..fault::Wire::ALL.len())],
        fault => fault,
    };
    let only_lists = matches!(
        fault,
        fault::Wire::EndlessList | fault::Wire::ListExpires | fault::Wire::HugeList
    );
    let falls = if only_lists {
        is_list
    } else {
        rand::random_bool(0.5)
    };
    falls.then_some(fault)
}

/// Reads one HTTP request, head and body.
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
        let length = head.to_ascii_lowercase().lines().find_map(|line| {
            let length = line.strip_prefix("content-length: ")?;
            length.parse::<usize>().ok()
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}

/// An answer of this status and body, with more header lines.
pub(crate) fn answer(code: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {code} Words\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into()
}

fn status(code: u16, reason: &str, headers: &str, message: &str) -> Vec<u8> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": code,
    });
    answer(
        code,
        &format!("{headers}Content-Type: application/json\r\n"),
        &status.to_string(),
    )
}
