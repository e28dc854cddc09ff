//! A real control plane: its API server asked directly, its etcd suspended, and a second API server on the same etcd
//! that can be killed and started again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use http::{Method, Request, header};
use http_body_util::BodyExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;

/// The control plane that `CONTROLPLANE_KUBECONFIG` names.
pub(crate) struct ControlPlane {
    kubeconfig: PathBuf,
    client: Client,
    etcd: u32,
    /// The second API server: its command line, its port, and its process.
    second: Vec<String>,
    port: u16,
    running: Option<Child>,
}

impl ControlPlane {
    /// Finds the control plane, and starts a second API server beside its own.
    pub(crate) async fn find() -> Self {
        let kubeconfig = std::env::var_os("CONTROLPLANE_KUBECONFIG").map(PathBuf::from);
        let kubeconfig = kubeconfig.expect("run this by `just e2e`");
        let text = fs::read_to_string(&kubeconfig).unwrap();
        let (_, port) = text.split_once("https://127.0.0.1:").unwrap();
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        let server = component(|line| line[1] == "kube-apiserver" && line.contains(&port));
        let mut line = server.line;
        let own = line.iter().position(|word| *word == port).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        line[own] = free.to_string();
        let data = format!("{}/etcd", kubeconfig.parent().unwrap().display());

        // Not the words before the flags: "etcd" ends every such path.
        let etcd =
            component(|line| line[1] == "etcd" && line[2..].iter().any(|word| data.ends_with(word.as_str())));
        let mut found = Self {
            client: connect(&kubeconfig).await,
            kubeconfig,
            etcd: etcd.pid,
            second: line,
            port: free,
            running: None,
        };
        found.start_api_server();

        found
    }

    /// A kubeconfig that leads to the second API server.
    pub(crate) fn kubeconfig(&self) -> String {
        let text = fs::read_to_string(&self.kubeconfig).unwrap();
        let (before, rest) = text.split_once("https://127.0.0.1:").unwrap();
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}https://127.0.0.1:{}{rest}", self.port)
    }

    pub(crate) fn start_api_server(&mut self) {
        let mut command = Command::new(&self.second[0]);
        command
            .args(&self.second[1..])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It ends when its standard input is closed.
        self.running = Some(command.stdin(Stdio::piped()).spawn().unwrap());
    }

    pub(crate) fn kill_api_server(&mut self) {
        if let Some(mut server) = self.running.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// `STOP` or `CONT` to etcd.
    pub(crate) fn signal_etcd(&self, name: &str) {
        let pid = self.etcd.to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends JSON; `None` where no answer of success comes soon.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Option<Value> {
        serde_json::from_slice(&self.send_for_bytes(method, path, body).await?).ok()
    }

    /// Every version of the object `name` of a list since `version`, by a watch that ends after a second.
    pub(crate) async fn versions_since(&self, list: &str, name: &str, version: &str) -> Option<Vec<Value>> {
        let watch = format!(
            "{list}?watch=true&timeoutSeconds=1&resourceVersion={version}&fieldSelector=metadata.name%3D{name}"
        );
        let events = self.send_for_bytes(Method::GET, &watch, &Value::Null).await?;
        let events = serde_json::Deserializer::from_slice(&events).into_iter::<Value>();
        events.map(|event| Some(event.ok()?["object"].take())).collect()
    }

    async fn send_for_bytes(&self, method: Method, path: &str, body: &Value) -> Option<Vec<u8>> {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into()
        };
        let kind = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header(header::CONTENT_TYPE, kind)
            .body(kube::client::Body::from(body));
        let answer = async {
            let answer = self.client.send(request.unwrap()).await.ok()?;
            let good = answer.status().is_success();
            let body = answer.into_body().collect().await.ok()?.to_bytes();
            good.then(|| body.to_vec())
        };

        tokio::time::timeout(Duration::from_secs(2), answer).await.ok()?
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.signal_etcd("CONT");
        self.kill_api_server();
    }
}

struct PlaneComponent {
    pid: u32,
    line: Vec<String>,
}

/// The process whose command line fits.
fn component(fits: impl Fn(&[String]) -> bool) -> PlaneComponent {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let found = processes.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let line = fs::read_to_string(process.path().join("cmdline")).ok()?;
        let line: Vec<_> = line.split_terminator('\0').map(str::to_owned).collect();
        (line.len() > 2 && fits(&line)).then_some(PlaneComponent { pid, line })
    });
    found
        .into_iter()
        .next()
        .expect("the control plane's component runs")
}

async fn connect(kubeconfig: &Path) -> Client {
    let file = Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .unwrap();
    config.default_retry = false;
    Client::try_from(config).unwrap()
}
