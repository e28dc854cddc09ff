//! A service on loopback that a gate asks: it answers as the test last said, on a thread of its own, and remembers what
//! it was asked. It serves as long as the process.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

use crate::server_answer::{ServerAnswer, give, read_request, reply};

/// A running service.
#[derive(Debug, Clone)]
pub struct FakeGate {
    address: SocketAddr,
    state: Arc<Mutex<GateState>>,
}

#[derive(Debug)]
struct GateState {
    /// The answer to every request but those below.
    answer: ServerAnswer,
    /// The answers to requests that hold a text.
    special: Vec<(String, ServerAnswer)>,
    requests: Vec<String>,
}

impl FakeGate {
    /// Starts a service that gives `answer` to every request.
    pub fn start(answer: ServerAnswer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(GateState {
                answer,
                special: Vec::new(),
                requests: Vec::new(),
            })),
        };

        let state = Arc::clone(&gate.state);
        thread::spawn(move || serve(listener, &state));
        gate
    }

    /// Gives `answer` to every request from now on.
    pub fn set(&self, answer: ServerAnswer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// Gives `answer` to requests whose head or body holds `text`, whatever the others are given.
    pub fn set_for(&self, text: &str, answer: ServerAnswer) {
        let mut state = self.state.lock().unwrap();
        state.special.retain(|(known, _)| known != text);
        state.special.push((text.to_owned(), answer));
    }

    /// The host and the port.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, head and body as they came.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

impl GateState {
    /// Notes `request`; the result is its answer.
    fn take(&mut self, request: String) -> ServerAnswer {
        let special = self.special.iter().find(|(text, _)| request.contains(text));
        let answer = special.map_or(&self.answer, |(_, answer)| answer).clone();
        self.requests.push(request);
        answer
    }
}

/// The answer of Prometheus to a query whose result is a vector with these alerts; none is an empty result.
pub fn firing(alerts: &[&str]) -> ServerAnswer {
    let series = alerts
        .iter()
        .map(|name| json!({"metric": {"__name__": "ALERTS", "alertname": name}, "value": [0, "1"]}));
    query_result("vector", series.collect())
}

/// The answer of Prometheus to a query with a result of this type.
pub fn query_result(kind: &str, result: Value) -> ServerAnswer {
    let body = json!({"status": "success", "data": {"resultType": kind, "result": result}});
    reply(200, &body.to_string())
}

/// The answer of Alertmanager with these active alerts.
pub fn active(alerts: &[&str]) -> ServerAnswer {
    let alerts = alerts
        .iter()
        .map(|name| json!({"labels": {"alertname": name}, "status": {"state": "active"}}));
    reply(200, &Value::from_iter(alerts).to_string())
}

fn serve(listener: TcpListener, state: &Arc<Mutex<GateState>>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(answer(client, Arc::clone(state)));
        }
    });
}

async fn answer(mut client: TcpStream, state: Arc<Mutex<GateState>>) {
    if let Some(request) = read_request(&mut client).await {
        let answer = state.lock().unwrap().take(request);
        give(answer, client).await;
    }
}
