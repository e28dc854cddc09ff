//! A real Prometheus and a real Alertmanager on loopback, with an alert that fires for one namespace.
//!
//! The programs are Debian's, from the PATH: `.ci/prometheus` fetches them.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::test_namespace::until;

/// A program that listens on a port of its own; it is killed when it is dropped.
struct LoopbackServer {
    child: Child,
    address: String,
    directory: TempDir,
}

/// A Prometheus whose rules fire the alert `Broken`, critical, for one namespace.
pub(crate) struct Prometheus(LoopbackServer);

/// An Alertmanager without receivers.
pub(crate) struct Alertmanager(LoopbackServer);

impl Prometheus {
    /// Starts one whose alert fires for `namespace`, and goes to `alertmanager`; returns once it fires.
    pub(crate) async fn alerting(namespace: &str, alertmanager: Option<&Alertmanager>) -> Self {
        let directory = TempDir::new().unwrap();
        write(directory.path(), "rules.yaml", &rules(namespace, true));
        let mut config = "global: {evaluation_interval: 1s}\nrule_files: [rules.yaml]\n".to_owned();
        if let Some(Alertmanager(server)) = alertmanager {
            let targets = format!("static_configs: [{{targets: ['{}']}}]", server.address);
            config.push_str(&format!("alerting: {{alertmanagers: [{{{targets}}}]}}\n"));
        }
        write(directory.path(), "prometheus.yaml", &config);

        let server = LoopbackServer::start("prometheus", directory, |address| {
            let own = [
                "--config.file=prometheus.yaml",
                "--storage.tsdb.path=data",
                "--web.enable-lifecycle",
                // An alert that fires before Alertmanager is known is sent again.
                "--rules.alert.resend-delay=1s",
            ];
            let mut arguments = own.map(str::to_owned).to_vec();
            arguments.push(format!("--web.listen-address={address}"));
            arguments
        });
        let prometheus = Self(server.ready().await);
        prometheus.until_alerting(true).await;
        prometheus
    }

    /// The address as a setting has it.
    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// Ends the alert, and waits until no query finds it.
    pub(crate) async fn end_alert(&self, namespace: &str) {
        write(self.0.directory.path(), "rules.yaml", &rules(namespace, false));
        let answer = self.0.ask("POST", "/-/reload").unwrap();
        assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
        self.until_alerting(false).await;
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    async fn until_alerting(&self, fires: bool) {
        until(&format!("the alert fires: {fires}"), async || {
            let answer = self
                .0
                .json("/api/v1/query?query=ALERTS%7Balertstate=%22firing%22%7D")?;
            let found = answer["data"]["result"].as_array()?;
            (found.is_empty() != fires).then_some(())
        })
        .await;
    }
}

impl Alertmanager {
    /// Starts one without alerts.
    pub(crate) async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let config = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
        write(directory.path(), "alertmanager.yaml", config);
        let server = LoopbackServer::start("prometheus-alertmanager", directory, |address| {
            let own = [
                "--config.file=alertmanager.yaml",
                "--storage.path=data",
                "--cluster.listen-address=",
            ];
            let mut arguments = own.map(str::to_owned).to_vec();
            arguments.push(format!("--web.listen-address={address}"));
            arguments
        });
        Self(server.ready().await)
    }

    /// The address as a setting has it.
    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// Waits until it has an active alert.
    pub(crate) async fn until_alerted(&self) {
        until("the alert is active in Alertmanager", async || {
            let alerts = self
                .0
                .json("/api/v2/alerts?active=true&silenced=false&inhibited=false")?;
            (!alerts.as_array()?.is_empty()).then_some(())
        })
        .await;
    }

    /// Silences every critical alert for an hour, as people do.
    pub(crate) fn silence(&self) {
        let mut amtool = Command::new("amtool");
        amtool.arg(format!("--alertmanager.url={}", self.url()));
        amtool.args([
            "silence",
            "add",
            "--author=e2e",
            "--comment=known",
            "--duration=1h",
            "severity=critical",
        ]);
        let output = amtool.env("HOME", self.0.directory.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

impl LoopbackServer {
    /// Starts `program` in `directory` with the arguments for an address that is free now.
    fn start(program: &str, directory: TempDir, arguments: impl Fn(&str) -> Vec<String>) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let log = fs::File::create(directory.path().join("log")).unwrap();

        let mut command = Command::new(program);
        command.args(arguments(&address)).current_dir(&directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| unreachable!("{program}: {error}: see .ci/prometheus"));
        Self {
            child,
            address,
            directory,
        }
    }

    async fn ready(mut self) -> Self {
        until("the server is ready", async || {
            if let Some(status) = self.child.try_wait().unwrap() {
                let log = fs::read_to_string(self.directory.path().join("log")).unwrap();
                unreachable!("it ended with {status}: {log}");
            }
            let answer = self.ask("GET", "/-/ready")?;
            answer.starts_with("HTTP/1.0 200 ").then_some(())
        })
        .await;
        self
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The answer to a request without a body, in full; `None` if none came.
    fn ask(&self, method: &str, target: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        // Answers to HTTP/1.0 are never chunked.
        write!(stream, "{method} {target} HTTP/1.0\r\nContent-Length: 0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn json(&self, target: &str) -> Option<Value> {
        let answer = self.ask("GET", target)?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for LoopbackServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A rule whose alert fires for `namespace`, always or never.
fn rules(namespace: &str, fires: bool) -> String {
    let value = u8::from(fires);
    format!(
        "groups:\n- name: e2e\n  rules:\n  - alert: Broken\n    expr: vector({value}) > 0\n    \
         labels: {{severity: critical, namespace: {namespace}}}\n"
    )
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).unwrap();
}
