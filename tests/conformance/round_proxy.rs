//! The proxy between macaque's round and the server: the shared fault proxy, whose requests and changes the scenario's
//! own thread carries out.

use std::rc::Rc;

use http::Request;
use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, USER_AGENT};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use macaque_testkit::fault_proxy::{Exchange, Fault, FaultProxy, ProxyRequest, ProxyResponse, RequestMatch};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_local};

use crate::test_namespace::{NamespaceChange, TestNamespace};

/// A fault of a scenario.
#[derive(Clone)]
pub(crate) enum ScenarioFault {
    /// A fault of the proxy.
    Proxy(Fault),
    /// The namespace changes just before the server gets the request.
    Meanwhile(NamespaceChange),
}

/// What the proxy's thread asks the scenario's for, which owns client and namespace.
enum ProxyJob {
    Send(ProxyRequest, oneshot::Sender<ProxyResponse>),
    Change(NamespaceChange, std::sync::mpsc::Sender<()>),
}

/// The proxy of one scenario.
pub(crate) struct RoundProxy {
    proxy: FaultProxy,
    jobs: mpsc::UnboundedSender<ProxyJob>,
    worker: JoinHandle<()>,
}

impl RoundProxy {
    /// A proxy that passes requests on by `server`; needs a `LocalSet`.
    pub(crate) fn start(server: Client, namespace: Rc<TestNamespace>) -> Self {
        let (jobs, mut queue) = mpsc::unbounded_channel();
        let worker = spawn_local(async move {
            while let Some(job) = queue.recv().await {
                spawn_local(perform(job, server.clone(), Rc::clone(&namespace)));
            }
        });

        let upstream = jobs.clone();
        let proxy = FaultProxy::with_upstream(move |request| {
            let upstream = upstream.clone();
            Box::pin(async move {
                let (answered, answer) = oneshot::channel();
                upstream.send(ProxyJob::Send(request, answered)).ok()?;
                answer.await.ok()
            })
        });

        Self { proxy, jobs, worker }
    }

    /// The URL that leads to the proxy.
    pub(crate) fn url(&self) -> String {
        self.proxy.url()
    }

    /// Injects `fault` into the requests that match, from now on.
    pub(crate) fn inject(&self, matching: RequestMatch, fault: ScenarioFault) {
        let fault = match fault {
            ScenarioFault::Proxy(fault) => fault,
            ScenarioFault::Meanwhile(change) => {
                let jobs = self.jobs.clone();
                Fault::meanwhile(move || {
                    let (done, is_done) = std::sync::mpsc::channel();
                    let _ = jobs.send(ProxyJob::Change(change, done));
                    let _ = is_done.recv();
                })
            }
        };
        self.proxy.inject(matching, fault);
    }

    /// The exchanges since the last call.
    pub(crate) fn take_exchanges(&self) -> Vec<Exchange> {
        self.proxy.take_exchanges()
    }
}

impl Drop for RoundProxy {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

/// An answer of this content type.
pub(crate) fn response(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> ProxyResponse {
    ProxyResponse::new(status, body).with_content_type(kind)
}

/// The answer of a server, without the headers of its connection.
pub(crate) async fn read(response: http::Response<Body>) -> ProxyResponse {
    let (head, body) = response.into_parts();
    let mut headers = head.headers;

    for name in [TRANSFER_ENCODING, CONTENT_LENGTH, CONNECTION] {
        headers.remove(name);
    }

    ProxyResponse {
        status: head.status.as_u16(),
        headers,
        body: body.collect().await.unwrap().to_bytes().into(),
    }
}

async fn perform(job: ProxyJob, server: Client, namespace: Rc<TestNamespace>) {
    match job {
        ProxyJob::Send(request, answered) => {
            let answer = send(&server, request).await;
            // A proxy that was dropped needs no answer.
            let _ = answered.send(answer);
        }
        ProxyJob::Change(change, done) => {
            change(&namespace).await;
            let _ = done.send(());
        }
    }
}

async fn send(server: &Client, request: ProxyRequest) -> ProxyResponse {
    let mut passed = Request::builder()
        .method(request.method.as_str())
        .uri(request.target);
    for name in [ACCEPT, CONTENT_TYPE, USER_AGENT] {
        if let Some(value) = request.headers.get(&name) {
            passed = passed.header(name, value);
        }
    }

    let passed = passed.body(Body::from(request.body)).unwrap();
    read(server.send(passed).await.unwrap()).await
}
