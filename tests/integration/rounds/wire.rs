//! The wire between macaque and the sandbox: passes every request on and remembers it, unless a rule does
//! something to it on the way.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request on the wire.
pub(crate) enum Fault {
    /// This is answered in the server's stead, which never hears of the request.
    Instead(String),
    /// The server acts, and this is answered in its stead.
    Acted(String),
    /// The connection breaks before the server hears of the request.
    CutBefore,
    /// The server acts, and the connection breaks before its answer.
    CutAfter,
    /// The server acts, and half of its answer arrives.
    Truncated,
    /// The answer is passed on with this header more.
    Header(&'static str),
    /// Something happens elsewhere just before the server hears of the request.
    Meanwhile(Box<dyn Fn()>),
}

/// A fault, and the requests that it befalls: those whose first line holds `part`, but not the first `skip` of
/// them, and `times` at most.
struct Rule {
    part: &'static str,
    skip: usize,
    times: usize,
    fault: Rc<Fault>,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// `POST /path?query`.
    pub(crate) line: String,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct State {
    server: String,
    rules: Vec<Rule>,
    sent: Vec<Sent>,
}

/// A wire to one server. Every connection carries one request.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) address: String,
    state: Rc<RefCell<State>>,
}

impl Wire {
    /// A wire that leads to `server`, an address with a port.
    pub(crate) fn to(server: &str) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let state = Rc::new(RefCell::new(State {
            server: server.to_owned(),
            ..State::default()
        }));
        let wire = Self {
            address: listener.local_addr().unwrap().to_string(),
            state,
        };
        let ear = wire.clone();
        actix_rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ear = ear.clone();
                actix_rt::spawn(async move { ear.carry(stream).await });
            }
        });
        wire
    }

    /// The requests whose first line holds `part`, but not the first `skip` of them, suffer `fault`, and `times`
    /// at most.
    pub(crate) fn befall(&self, part: &'static str, skip: usize, times: usize, fault: Fault) {
        let fault = Rc::new(fault);
        self.state.borrow_mut().rules.push(Rule {
            part,
            skip,
            times,
            fault,
        });
    }

    /// The requests so far, whether they reached the server or not.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.state.borrow().sent.clone()
    }

    /// Carries one request; `None` is a connection that broke.
    async fn carry(&self, mut client: TcpStream) -> Option<()> {
        let request = read_request(&mut client).await?;
        let (head, body) = request.split_once("\r\n\r\n")?;
        let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
        let body = body.to_owned();
        let fault = self.fault_for(&line);
        self.state.borrow_mut().sent.push(Sent { line, body });
        let answer = match fault {
            Some(fault) => self.suffer(&fault, &request).await?,
            None => self.ask(&request).await?,
        };
        client.write_all(answer.as_bytes()).await.ok()
    }

    fn fault_for(&self, line: &str) -> Option<Rc<Fault>> {
        let mut state = self.state.borrow_mut();
        for rule in state.rules.iter_mut().filter(|rule| line.contains(rule.part)) {
            match (rule.skip, rule.times) {
                (1.., _) => rule.skip -= 1,
                (0, 0) => {}
                (0, 1..) => {
                    rule.times -= 1;
                    return Some(Rc::clone(&rule.fault));
                }
            }
        }
        None
    }

    async fn suffer(&self, fault: &Fault, request: &str) -> Option<String> {
        match fault {
            Fault::Instead(answer) => Some(answer.clone()),
            Fault::CutBefore => None,
            Fault::Acted(answer) => self.ask(request).await.map(|_| answer.clone()),
            Fault::CutAfter => self.ask(request).await.and(None),
            Fault::Truncated => {
                let answer = self.ask(request).await?;
                let body = answer.find("\r\n\r\n")? + 4;
                Some(answer[..(body + answer.len()) / 2].to_owned())
            }
            Fault::Header(more) => {
                let answer = self.ask(request).await?;
                Some(answer.replacen("\r\n", &format!("\r\n{more}\r\n"), 1))
            }
            Fault::Meanwhile(happening) => {
                happening();
                self.ask(request).await
            }
        }
    }

    /// What the server answers, head and body.
    pub(crate) async fn ask(&self, request: &str) -> Option<String> {
        let server = self.state.borrow().server.clone();
        let mut stream = TcpStream::connect(server).await.ok()?;
        let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
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
pub(crate) fn answer(code: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {code} Words\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// A Status with this code and message, and whatever else `more` holds.
pub(crate) fn status(code: u16, message: &str, more: Value) -> String {
    let mut status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": code,
    });
    if let (Some(status), Value::Object(more)) = (status.as_object_mut(), more) {
        status.extend(more);
    }
    answer(code, "Content-Type: application/json\r\n", &status.to_string())
}
