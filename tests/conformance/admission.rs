//! AdmissionSetup in the scenario's namespace: webhooks behind TLS and policies, registered as an administrator does it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use k8s_openapi::ByteString;
use rustls::ServerConfig;
use rustls::crypto::ring;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::spawn_local;
use tokio_rustls::TlsAcceptor;

use crate::test_namespace::TestNamespace;

const GROUP: &str = "admissionregistration.k8s.io/v1";

/// What is asked about evictions, or about deletions.
#[derive(Clone, Copy)]
pub(crate) struct AdmissionSetup {
    pub(crate) deletions: bool,
    pub(crate) control: AdmissionControl,
}

#[derive(Clone, Copy)]
pub(crate) enum AdmissionControl {
    /// A validating webhook denies with this HTTP status and these words; 0 and "" are left out.
    Denial(u16, &'static str),
    /// A mutating webhook turns the eviction into a dry run.
    DryRun,
    /// A webhook does not answer in time, under this failure policy.
    Timeout(&'static str),
    /// A ValidatingAdmissionPolicy denies, for this reason if for any.
    Policy(Option<&'static str>),
}

impl AdmissionControl {
    /// On evictions.
    pub(crate) fn evictions(self) -> AdmissionSetup {
        AdmissionSetup {
            deletions: false,
            control: self,
        }
    }

    /// On deletions.
    pub(crate) fn deletions(self) -> AdmissionSetup {
        AdmissionSetup {
            deletions: true,
            control: self,
        }
    }

    /// Whether the server acts although this was asked.
    pub(crate) fn lets_pass(self) -> bool {
        matches!(self, Self::Timeout("Ignore"))
    }

    /// What a webhook answers, beside the UID of what it was asked; `None` is silence.
    fn response(self) -> Option<Value> {
        match self {
            Self::Denial(code, words) => {
                let mut response = json!({"allowed": false});
                if code > 0 {
                    response["status"]["code"] = json!(code);
                }
                if !words.is_empty() {
                    response["status"]["message"] = json!(words);
                }
                Some(response)
            }
            Self::DryRun => {
                let patch = json!([{"op": "add", "path": "/deleteOptions/dryRun", "value": ["All"]}]);
                let patch = ByteString(patch.to_string().into_bytes());
                Some(json!({"allowed": true, "patchType": "JSONPatch", "patch": patch}))
            }
            Self::Timeout(_) | Self::Policy(_) => None,
        }
    }
}

impl TestNamespace {
    /// Registers `admission` for this namespace and waits until it is in force for `pod`.
    pub(crate) async fn admit_by(&self, admission: AdmissionSetup, pod: &str) {
        let calls = match admission.control {
            AdmissionControl::Policy(reason) => {
                self.enact(admission, reason).await;
                None
            }
            AdmissionControl::Denial(..) | AdmissionControl::DryRun | AdmissionControl::Timeout(_) => {
                Some(self.call(admission).await)
            }
        };
        self.until("the admission is in force", async || {
            let code = self.rehearse(admission.deletions, pod).await;
            calls.as_ref().map_or(code >= 400, |calls| calls.get() > 0)
        })
        .await;
    }

    /// Asks for the disruption of `pod`, without effect; returns the code of the answer.
    async fn rehearse(&self, deletion: bool, pod: &str) -> u16 {
        let (path, dry) = (self.path_of("Pod", pod), json!({"dryRun": ["All"]}));
        if deletion {
            return self.send(Method::DELETE, &path, &dry).await.0;
        }

        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "deleteOptions": dry,
            "metadata": {"name": pod, "namespace": self.name()},
        });
        self.send(Method::POST, &format!("{path}/eviction?dryRun=All"), &eviction)
            .await
            .0
    }

    fn matched(&self, deletions: bool) -> (Value, Value) {
        let (operation, resource) = if deletions {
            ("DELETE", "pods")
        } else {
            ("CREATE", "pods/eviction")
        };
        let rule = json!({
            "apiGroups": [""], "apiVersions": ["v1"], "operations": [operation], "resources": [resource],
        });
        let here = json!({"matchLabels": {"kubernetes.io/metadata.name": self.name()}});

        (rule, here)
    }

    async fn enact(&self, admission: AdmissionSetup, reason: Option<&str>) {
        let (rule, here) = self.matched(admission.deletions);
        let name = format!("{}-policy", self.name());
        let mut validation = json!({"expression": "false", "message": "not here"});

        if let Some(reason) = reason {
            validation["reason"] = json!(reason);
        }

        let policy = json!({
            "apiVersion": GROUP, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
            "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [validation]},
        });
        let path = |plural: &str| format!("/apis/{GROUP}/{plural}");
        self.create_at(&path("validatingadmissionpolicies"), &name, &policy)
            .await;
        let bound = format!("{name}-binding");
        let binding = json!({
            "apiVersion": GROUP, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": bound},
            "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": here}},
        });
        self.create_at(&path("validatingadmissionpolicybindings"), &bound, &binding)
            .await;
    }

    /// Registers a webhook; returns how often it was called.
    async fn call(&self, admission: AdmissionSetup) -> Rc<Cell<usize>> {
        let (rule, here) = self.matched(admission.deletions);
        let (authority, port, calls) = serve(admission.control).await;
        let (kind, plural) = match admission.control {
            AdmissionControl::DryRun => ("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
            _ => (
                "ValidatingWebhookConfiguration",
                "validatingwebhookconfigurations",
            ),
        };
        let failure = if let AdmissionControl::Timeout(policy) = admission.control {
            policy
        } else {
            "Fail"
        };
        let name = format!("{}.guard.test", self.name());
        let configuration = json!({
            "apiVersion": GROUP, "kind": kind, "metadata": {"name": name},
            "webhooks": [{
                "name": name, "rules": [rule], "namespaceSelector": here, "failurePolicy": failure,
                "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 1,
                "clientConfig": {"url": format!("https://127.0.0.1:{port}/"), "caBundle": authority},
            }],
        });
        self.create_at(&format!("/apis/{GROUP}/{plural}"), &name, &configuration)
            .await;

        calls
    }
}

/// Serves a webhook until the suite ends: its certificate, its port and how often it was called.
async fn serve(by: AdmissionControl) -> (ByteString, u16, Rc<Cell<usize>>) {
    let identity = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = identity.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(identity.signing_key.serialize_der().into());
    let encoded = serde_json::to_value(ByteString(certificate.to_vec())).unwrap();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        encoded.as_str().unwrap()
    );
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&calls);
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, counted) = (acceptor.clone(), Rc::clone(&counted));
            let service = service_fn(move |request| {
                counted.set(counted.get() + 1);
                review(by, request)
            });
            spawn_local(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                // A caller that hangs up has heard enough.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });

    (ByteString(pem.into_bytes()), port, calls)
}

async fn review(
    by: AdmissionControl,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(mut response) = by.response() else {
        return std::future::pending().await;
    };
    response["uid"] = asked["request"]["uid"].clone();
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    let mut answer = Response::new(Full::new(Bytes::from(review.to_string())));
    answer.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );

    Ok(answer)
}
