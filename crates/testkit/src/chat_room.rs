//! A room of a chat service on loopback, which understands Slack's bots and webhooks, Webex's bots and signed webhooks:
//! it keeps the messages, their threads and their edits, and fails when a test wants it to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::server_answer::{ServerAnswer, give, read_request, reply};

/// The ID of the room at Slack, whatever it is called in requests.
pub const ROOM: &str = "C7";

/// A running room.
#[derive(Debug)]
pub struct ChatRoom {
    /// The address, with a port.
    pub address: String,
    state: Rc<RoomState>,
}

/// One message in the room.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatPost {
    /// The name that the service gave to it.
    pub name: String,
    /// The name of the message that it replies to.
    pub parent: Option<String>,
    /// What people see first.
    pub text: String,
    /// The whole body of the latest request about it.
    pub body: Value,
    /// How often it was edited.
    pub edits: usize,
}

/// What the room does with one request instead of what it should.
#[derive(Debug, Clone)]
pub enum RoomFault {
    /// The room answers so and does nothing.
    Refuse(ServerAnswer),
    /// The room does what it should, and answers so.
    Answer(ServerAnswer),
}

#[derive(Debug, Default)]
struct RoomState {
    posts: RefCell<Vec<ChatPost>>,
    /// The paths of all requests, in order.
    paths: RefCell<Vec<String>>,
    /// What happens to the next requests whose path contains the text.
    faults: RefCell<VecDeque<(&'static str, RoomFault)>>,
    changed: Notify,
}

impl ChatRoom {
    /// Opens an empty room.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Rc::new(RoomState::default());
        let served = Rc::clone(&state);
        tokio::task::spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::task::spawn_local(serve(stream, Rc::clone(&served)));
            }
        });

        Self { address, state }
    }

    /// The messages in the room, in order.
    pub fn posts(&self) -> Vec<ChatPost> {
        self.state.posts.borrow().clone()
    }

    /// How many requests had a path that contains `part`.
    pub fn requests(&self, part: &str) -> usize {
        let paths = self.state.paths.borrow();
        paths.iter().filter(|path| path.contains(part)).count()
    }

    /// Does this to the next request whose path contains `part`.
    pub fn fail_next(&self, part: &'static str, fault: RoomFault) {
        self.state.faults.borrow_mut().push_back((part, fault));
    }

    /// Does everything well from now on.
    pub fn forgive(&self) {
        self.state.faults.borrow_mut().clear();
    }

    /// Deletes the message of this name.
    pub fn delete(&self, name: &str) {
        self.state.posts.borrow_mut().retain(|post| post.name != name);
    }

    /// Waits until the room has received requests of which `holds`.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            self.state.changed.notified().await;
        }
    }
}

async fn serve(mut stream: TcpStream, state: Rc<RoomState>) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut words = head.split_ascii_whitespace();
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let body: Value = serde_json::from_str(body).unwrap();

    let fault = state.fault(path);
    let answer = match fault {
        Some(RoomFault::Refuse(answer)) => answer,
        Some(RoomFault::Answer(answer)) => {
            state.act(method, path, body);
            answer
        }
        None => state.act(method, path, body),
    };
    state.paths.borrow_mut().push(path.to_owned());
    give(answer, stream).await;
    state.changed.notify_one();
}

impl RoomState {
    fn fault(&self, path: &str) -> Option<RoomFault> {
        let mut faults = self.faults.borrow_mut();
        let index = faults.iter().position(|(part, _)| path.contains(part))?;
        faults.remove(index).map(|(_, fault)| fault)
    }

    fn act(&self, method: &str, path: &str, body: Value) -> ServerAnswer {
        match (method, path) {
            ("POST", "/api/chat.postMessage") => self.post_to_slack(body),
            ("POST", "/api/chat.update") => {
                let ts = body["ts"].as_str().unwrap().to_owned();
                if body["channel"] != ROOM {
                    return slack_error("channel_not_found");
                }
                if !self.edit(&ts, &body["text"].clone(), body) {
                    return slack_error("message_not_found");
                }
                slack_success(&ts)
            }
            ("POST", "/v1/messages") => self.post_to_webex(body),
            ("PUT", path) if path.starts_with("/v1/messages/") => {
                let id = path.trim_start_matches("/v1/messages/");
                if !self.edit(id, &body["markdown"].clone(), body) {
                    return reply(404, r#"{"message":"Unable to locate the message."}"#);
                }
                reply(200, &json!({"id": id}).to_string())
            }
            ("POST", path) if path.starts_with("/events/") => {
                self.add(None, &body["type"].clone(), body);
                reply(204, "")
            }
            ("POST", path) if path.starts_with("/services/") => {
                self.add(None, &body["text"].clone(), body);
                reply(200, "ok")
            }
            _ => reply(405, "{}"),
        }
    }

    fn post_to_slack(&self, body: Value) -> ServerAnswer {
        let parent = body["thread_ts"].as_str().map(str::to_owned);
        if parent.as_ref().is_some_and(|parent| !self.has(parent)) {
            return slack_error("thread_not_found");
        }
        slack_success(&self.add(parent, &body["text"].clone(), body))
    }

    fn post_to_webex(&self, body: Value) -> ServerAnswer {
        let parent = body["parentId"].as_str().map(str::to_owned);
        if parent.as_ref().is_some_and(|parent| !self.has(parent)) {
            return reply(404, r#"{"message":"Unable to locate the parent."}"#);
        }
        let id = self.add(parent, &body["markdown"].clone(), body);
        reply(200, &json!({"id": id}).to_string())
    }

    fn has(&self, name: &str) -> bool {
        self.posts.borrow().iter().any(|post| post.name == name)
    }

    /// Adds a message and names it, as a timestamp for Slack and for Webex by a word.
    fn add(&self, parent: Option<String>, text: &Value, body: Value) -> String {
        let mut posts = self.posts.borrow_mut();
        let number = posts.len() + 1;
        let name = if body["roomId"].is_null() {
            format!("1700000000.{number:06}")
        } else {
            format!("Y2lzY29z-{number}")
        };
        posts.push(ChatPost {
            name: name.clone(),
            parent,
            text: text.as_str().unwrap().to_owned(),
            body,
            edits: 0,
        });
        name
    }

    fn edit(&self, name: &str, text: &Value, body: Value) -> bool {
        let mut posts = self.posts.borrow_mut();
        let Some(post) = posts.iter_mut().find(|post| post.name == name) else {
            return false;
        };
        text.as_str().unwrap().clone_into(&mut post.text);
        post.body = body;
        post.edits += 1;
        true
    }
}

fn slack_success(ts: &str) -> ServerAnswer {
    reply(200, &json!({"ok": true, "channel": ROOM, "ts": ts}).to_string())
}

fn slack_error(code: &str) -> ServerAnswer {
    reply(200, &json!({"ok": false, "error": code}).to_string())
}
