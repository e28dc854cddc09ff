//! Watches the pods of a namespace over a connection and on a thread of its own, and notes when each event arrived.
//!
//! Nothing of macaque's own watch is used here, so that a mistake there cannot be made twice.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::access::connect;
use crate::test_namespace::TestNamespace;

/// A watch that goes on until this is dropped.
pub(crate) struct PodObserver {
    events: Arc<Mutex<Vec<PodEvent>>>,
    _stop: oneshot::Sender<()>,
}

/// What happened to a pod, and when that was seen.
#[derive(Debug, Clone)]
pub(crate) struct PodEvent {
    pub(crate) at: Instant,
    /// `LISTED` for a pod that was there before, else as the API server says.
    pub(crate) kind: String,
    pub(crate) pod: Value,
}

impl PodObserver {
    /// Begins to watch the pods of `namespace`; returns once it does.
    pub(crate) async fn begin(namespace: &TestNamespace) -> Self {
        let path = namespace.path("Pod");
        let events = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&events);
        let (begun, has_begun) = oneshot::channel();
        let (_stop, stopped) = oneshot::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                tokio::select! {
                    () = watch(&path, &noted, begun) => {}
                    // It is dropped, never sent.
                    _ = stopped => {}
                }
            });
        });
        has_begun.await.expect("the watch began");

        Self { events, _stop }
    }

    /// What was seen so far.
    pub(crate) fn events(&self) -> Vec<PodEvent> {
        self.events.lock().unwrap().clone()
    }
}

/// Lists the pods at `path`, and notes every event after that.
async fn watch(path: &str, events: &Mutex<Vec<PodEvent>>, begun: oneshot::Sender<()>) {
    let client = connect().await;
    let version = list(&client, path, events).await;
    let query = format!("{path}?watch=true&resourceVersion={version}&timeoutSeconds=600");
    let mut body = client.send(get(&query)).await.unwrap().into_body();
    let _ = begun.send(());

    let mut unread = Vec::new();
    while let Some(frame) = body.frame().await {
        let at = Instant::now();
        let Ok(chunk) = frame.unwrap().into_data() else {
            continue;
        };
        unread.extend_from_slice(&chunk);
        while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            note(events, at, serde_json::from_slice(&line).unwrap());
        }
    }
}

async fn list(client: &Client, path: &str, events: &Mutex<Vec<PodEvent>>) -> String {
    let body = client.send(get(path)).await.unwrap().into_body();
    let list = body.collect().await.unwrap().to_bytes();
    let list: Value = serde_json::from_slice(&list).unwrap();
    let at = Instant::now();
    let listed = list["items"].as_array().unwrap().iter().map(|pod| PodEvent {
        at,
        kind: "LISTED".to_owned(),
        pod: pod.clone(),
    });
    events.lock().unwrap().extend(listed);

    list["metadata"]["resourceVersion"].as_str().unwrap().to_owned()
}

fn note(events: &Mutex<Vec<PodEvent>>, at: Instant, mut event: Value) {
    let kind = event["type"].as_str().unwrap().to_owned();
    assert_ne!(kind, "ERROR", "{event:#}");
    let pod = event["object"].take();
    events.lock().unwrap().push(PodEvent { at, kind, pod });
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}
