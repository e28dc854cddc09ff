//! A proxy before the API server that loses requests, or acts between a request and its answer.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use kube::client::Body;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyRequest, ProxyResponse};

use crate::access::connect;
use crate::test_namespace::TestNamespace;

/// The proxy, which acts as the administrator.
pub(super) struct ServerProxy {
    proxy: FaultProxy,
    kubeconfig: String,
}

impl ServerProxy {
    /// A proxy for a macaque of this namespace.
    pub(super) async fn start(namespace: &TestNamespace) -> Self {
        let proxy = FaultProxy::with_upstream(|request| Box::pin(pass_on(request)));
        let path = namespace.scratch.path().join("through-faults");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: faults\nclusters:\n- name: faults\n  cluster: {{server: \"{}\"}}\n\
             contexts:\n- name: faults\n  context: {{cluster: faults, user: none}}\nusers:\n- name: none\n  user: {{}}\n",
            proxy.url()
        );
        std::fs::write(&path, text).unwrap();
        Self {
            proxy,
            kubeconfig: path.to_str().unwrap().to_owned(),
        }
    }

    /// Where requests are lost.
    pub(super) fn faults(&self) -> &FaultProxy {
        &self.proxy
    }

    /// The kubeconfig that leads through it.
    pub(super) fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }

    /// Each eviction is lost, and its pod is deleted before anybody can look.
    pub(super) fn loses_evictions_and_deletes_the_pod(&self) {
        self.proxy.inject_by(|request| {
            let pod = request.target.split("/eviction").next()?;
            if request.method != "POST" || pod.len() == request.target.len() {
                return None;
            }
            let path = pod.to_owned();
            let deleted = thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    let request = Request::delete(path).body(Body::empty()).unwrap();
                    connect().await.send(request).await.unwrap();
                });
            });
            deleted.join().unwrap();
            Some(Fault::DropBefore)
        });
    }
}

/// Kills the process as soon as its number is known.
pub(super) fn kill(pid: &AtomicU32) {
    while pid.load(Ordering::SeqCst) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    let kill = format!("kill -KILL {}", pid.load(Ordering::SeqCst));
    let sent = Command::new("sh").arg("-c").arg(kill).status();
    assert!(sent.unwrap().success());
}

async fn pass_on(request: ProxyRequest) -> Option<ProxyResponse> {
    let mut passed = Request::builder().method(&*request.method).uri(&request.target);
    for name in [ACCEPT, CONTENT_TYPE, USER_AGENT] {
        if let Some(value) = request.headers.get(&name) {
            passed = passed.header(name, value);
        }
    }
    let passed = passed.body(Body::from(request.body)).ok()?;
    let (head, body) = connect().await.send(passed).await.ok()?.into_parts();

    let mut headers: HeaderMap = head.headers;
    for name in [TRANSFER_ENCODING, CONTENT_LENGTH, CONNECTION] {
        headers.remove(name);
    }
    Some(ProxyResponse {
        status: head.status.as_u16(),
        headers,
        body: body.collect().await.ok()?.to_bytes().into(),
    })
}
