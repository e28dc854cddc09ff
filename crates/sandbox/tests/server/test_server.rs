//! A sandbox with a plain HTTP client, and the objects that the tests use.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use serde_json::{Value, json};

/// Nothing here takes longer than moments, but a machine may be under load.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A sandbox and an HTTP client for it.
pub(crate) struct TestServer {
    pub(crate) sandbox: Sandbox,
}

/// A response, head and body.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl TestResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The message of a Status.
    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    /// The names of a list's items.
    pub(crate) fn names(&self) -> Vec<String> {
        let list = self.json();
        let items = list["items"]
            .as_array()
            .unwrap_or_else(|| panic!("no list: {list}"));
        items
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl TestServer {
    /// A server whose controllers are stopped, so that nothing happens but what a test asks for.
    pub(crate) fn paused(objects: &[Value]) -> Self {
        let server = Self {
            sandbox: Sandbox::start(SandboxOptions::default()).unwrap(),
        };
        server.sandbox.pause();
        server.sandbox.apply(objects).unwrap();
        server
    }

    /// A server whose controllers run, with pods that are quickly ready and quickly gone.
    pub(crate) fn running(objects: Vec<Value>) -> Self {
        Self::with_options(SandboxOptions {
            objects,
            ready_after: Duration::from_millis(20),
            linger: Duration::from_millis(100),
            ..SandboxOptions::default()
        })
    }

    pub(crate) fn with_options(options: SandboxOptions) -> Self {
        Self {
            sandbox: Sandbox::start(options).unwrap(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> TestResponse {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn get_accepting(&self, path: &str, accept: &str) -> TestResponse {
        self.send("GET", path, &[("Accept", accept)], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> TestResponse {
        self.send(
            "POST",
            path,
            &[("Content-Type", "application/json")],
            &body.to_string(),
        )
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> TestResponse {
        self.send(
            "PUT",
            path,
            &[("Content-Type", "application/json")],
            &body.to_string(),
        )
    }

    pub(crate) fn merge_patch(&self, path: &str, body: &Value) -> TestResponse {
        self.send(
            "PATCH",
            path,
            &[("Content-Type", "application/merge-patch+json")],
            &body.to_string(),
        )
    }

    pub(crate) fn delete(&self, path: &str, options: Option<Value>) -> TestResponse {
        let body = options.map(|options| options.to_string()).unwrap_or_default();
        self.send("DELETE", path, &[("Content-Type", "application/json")], &body)
    }

    /// Evicts a pod of the namespace `shop` with the given deleteOptions.
    pub(crate) fn evict(&self, pod: &str, options: Value) -> TestResponse {
        self.post(&eviction_path(pod), &eviction_body(pod, options))
    }

    pub(crate) fn pod(&self, name: &str) -> Value {
        self.get(&format!("/api/v1/namespaces/shop/pods/{name}")).json()
    }

    pub(crate) fn budget(&self, name: &str) -> Value {
        self.get(&format!(
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/{name}"
        ))
        .json()
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> TestResponse {
        let (mut reader, code, headers) = self.open(method, path, headers, body);
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .map(|(_, value)| value.parse());
        let mut text = vec![0; length.expect("an answer with a length").unwrap()];
        reader.read_exact(&mut text).unwrap();

        TestResponse {
            code,
            headers,
            text: String::from_utf8(text).unwrap(),
        }
    }

    /// The events of a watch, as they come.
    pub(crate) fn watch(&self, path: &str) -> impl Iterator<Item = Value> + use<> {
        let (reader, code, _) = self.open("GET", path, &[], "");
        assert_eq!(code, 200, "{path}");
        // Chunk sizes and blank lines stand between the events, which are objects.
        let lines = reader
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with('{'));
        lines.map(|line| serde_json::from_str(&line).unwrap())
    }

    fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (BufReader<TcpStream>, u16, Vec<(String, String)>) {
        let url = self.sandbox.url();
        let address = url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();

        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();

        let mut reader = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let status = line();
        let code = status.split(' ').nth(1);
        let code = code.unwrap_or_else(|| panic!("{status:?}")).parse().unwrap();

        let head: Vec<String> = std::iter::from_fn(|| Some(line()).filter(|line| !line.is_empty())).collect();
        let pairs = head.iter().filter_map(|line| line.split_once(": "));
        let pairs = pairs
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        (reader, code, pairs)
    }
}

pub(crate) fn eviction_path(pod: &str) -> String {
    format!("/api/v1/namespaces/shop/pods/{pod}/eviction")
}

pub(crate) fn eviction_body(pod: &str, options: Value) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": { "name": pod, "namespace": "shop" }, "deleteOptions": options,
    })
}

/// A running and ready pod of the shop.
pub(crate) fn ready_pod(name: &str, app: &str) -> Value {
    let mut pod = scenario::pod("shop", name, app);
    pod["metadata"]["uid"] = json!(format!("uid-of-{name}"));
    pod
}

/// A pod of the shop that runs and is not ready.
pub(crate) fn unready_pod(name: &str, app: &str) -> Value {
    let mut pod = ready_pod(name, app);
    pod["status"]["conditions"][0]["status"] = json!("False");
    pod
}

/// A pod of the shop in a phase.
pub(crate) fn pod_in_phase(name: &str, app: &str, phase: &str) -> Value {
    let mut pod = unready_pod(name, app);
    pod["status"]["phase"] = json!(phase);
    pod
}

/// A budget over an app, up to date, with the given numbers in its status.
pub(crate) fn budget_with_status(app: &str, allowed: i64, healthy: i64, desired: i64) -> Value {
    let mut budget = scenario::budget("shop", app, json!({ "minAvailable": desired }));
    budget["metadata"]["generation"] = json!(1);
    budget["status"] = json!({
        "observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": healthy,
        "desiredHealthy": desired, "expectedPods": healthy,
    });
    budget
}

/// Waits until `look` finds something; `what` says in the failure what never came.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
