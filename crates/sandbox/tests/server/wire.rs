//! A plain HTTP client over a sandbox, and the words in which the tests tell their stories.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use serde_json::{Value, json};

/// Nothing here takes longer than moments; a machine under load gets half a minute.
const PATIENCE: Duration = Duration::from_secs(30);

/// A sandbox and a client that speaks to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
}

/// An answer, head and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
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

impl World {
    /// Objects in a world where nothing happens but what a test asks for.
    pub(crate) fn still(objects: &[Value]) -> Self {
        let world = Self {
            sandbox: Sandbox::start(SandboxOptions::default()).unwrap(),
        };
        world.sandbox.pause();
        world.sandbox.apply(objects).unwrap();
        world
    }

    /// A scene whose controllers run, with pods that are quickly ready and quickly gone.
    pub(crate) fn alive(scene: Vec<Value>) -> Self {
        Self::with(SandboxOptions {
            objects: scene,
            ready_after: Duration::from_millis(20),
            linger: Duration::from_millis(100),
            ..SandboxOptions::default()
        })
    }

    pub(crate) fn with(options: SandboxOptions) -> Self {
        Self {
            sandbox: Sandbox::start(options).unwrap(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.send("GET", path, &[("Accept", accept)], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("Content-Type", "application/json")],
            &body.to_string(),
        )
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "PUT",
            path,
            &[("Content-Type", "application/json")],
            &body.to_string(),
        )
    }

    pub(crate) fn merge(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "PATCH",
            path,
            &[("Content-Type", "application/merge-patch+json")],
            &body.to_string(),
        )
    }

    pub(crate) fn delete(&self, path: &str, options: Option<Value>) -> Answer {
        let body = options.map(|options| options.to_string()).unwrap_or_default();
        self.send("DELETE", path, &[("Content-Type", "application/json")], &body)
    }

    /// Evicts a pod of the namespace `shop` with the given deleteOptions.
    pub(crate) fn evict(&self, pod: &str, options: Value) -> Answer {
        self.post(&eviction_path(pod), &eviction(pod, options))
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

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (mut reader, code, headers) = self.open(method, path, headers, body);
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .map(|(_, value)| value.parse());
        let mut text = vec![0; length.expect("an answer with a length").unwrap()];
        reader.read_exact(&mut text).unwrap();
        Answer {
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
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
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
        let code = status
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("{status:?}"))
            .parse()
            .unwrap();
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

pub(crate) fn eviction(pod: &str, options: Value) -> Value {
    json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": { "name": pod, "namespace": "shop" }, "deleteOptions": options,
    })
}

/// A running and ready pod of the shop.
pub(crate) fn ready(name: &str, app: &str) -> Value {
    let mut pod = scenario::pod("shop", name, app);
    pod["metadata"]["uid"] = json!(format!("uid-of-{name}"));
    pod
}

/// A pod of the shop that runs and is not ready.
pub(crate) fn unready(name: &str, app: &str) -> Value {
    let mut pod = ready(name, app);
    pod["status"]["conditions"][0]["status"] = json!("False");
    pod
}

/// A pod of the shop in a phase.
pub(crate) fn in_phase(name: &str, app: &str, phase: &str) -> Value {
    let mut pod = unready(name, app);
    pod["status"]["phase"] = json!(phase);
    pod
}

/// A budget over an app, up to date, with the given numbers in its status.
pub(crate) fn budget(app: &str, allowed: i64, healthy: i64, desired: i64) -> Value {
    let mut budget = scenario::budget("shop", app, json!({ "minAvailable": desired }));
    budget["metadata"]["generation"] = json!(1);
    budget["status"] = json!({
        "observedGeneration": 1, "disruptionsAllowed": allowed, "currentHealthy": healthy,
        "desiredHealthy": desired, "expectedPods": healthy,
    });
    budget
}

/// Waits until something is so; what it is waiting for is told when it never comes.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
