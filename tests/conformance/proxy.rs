//! The wire between macaque and a server: passes every request on as it is and remembers it with its answer, unless
//! a rule does something to it on the way.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::Client;
use kube::client::Body;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_local};

use crate::scene::{Deed, Scene};

/// What happens to a request on the wire.
pub(crate) enum Fault {
    /// This is answered in the server's stead, which never hears of the request.
    Instead(Answer),
    /// The server acts, and this is answered in its stead.
    Acted(Answer),
    /// The connection breaks before the server hears of the request.
    CutBefore,
    /// The server acts, and the connection breaks before its answer.
    CutAfter,
    /// The server is asked for a page of this many, whatever macaque asks for.
    PagesOf(usize),
    /// The answer is passed on with this header more.
    Header(&'static str, &'static str),
    /// Something happens elsewhere just before the server hears of the request.
    Meanwhile(Deed),
}

/// A fault, and the requests that it befalls: the first so many whose first line holds `part`.
pub(crate) struct Rule {
    pub(crate) part: &'static str,
    pub(crate) times: usize,
    pub(crate) fault: Fault,
}

/// An answer, to the byte.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A request with what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// `POST /path?query`.
    pub(crate) line: String,
    pub(crate) body: Bytes,
    /// Whether the answer, or the want of one, is the proxy's doing.
    pub(crate) injected: bool,
    /// Nothing, where the connection broke.
    pub(crate) answer: Option<Answer>,
}

/// A proxy of one scenario.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    wire: Rc<Wire>,
    ear: JoinHandle<()>,
}

struct Wire {
    server: Client,
    scene: Rc<Scene>,
    rules: RefCell<Vec<(Rc<Fault>, &'static str, usize)>>,
    exchanges: RefCell<Vec<Exchange>>,
}

impl Proxy {
    /// A proxy that passes requests on by `server`; needs a `LocalSet`.
    pub(crate) async fn to(server: Client, scene: Rc<Scene>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Rc::new(Wire {
            server,
            scene,
            rules: RefCell::default(),
            exchanges: RefCell::default(),
        });
        let carried = Rc::clone(&wire);
        let ear = spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let wire = Rc::clone(&carried);
                let service = service_fn(move |request| Rc::clone(&wire).carry(request));
                // A connection that breaks is what some scenarios are about.
                spawn_local(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, wire, ear }
    }

    /// From now on these faults befall the requests.
    pub(crate) fn befall(&self, rules: Vec<Rule>) {
        let rules = rules
            .into_iter()
            .map(|rule| (Rc::new(rule.fault), rule.part, rule.times));
        self.wire.rules.borrow_mut().extend(rules);
    }

    /// The exchanges since the last call.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        self.wire.exchanges.take()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ear.abort();
    }
}

impl Wire {
    async fn carry(self: Rc<Self>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let line = format!("{} {}", head.method, head.uri);
        let fault = self.fault_for(&line);
        let place = self.exchanges.borrow().len();
        self.exchanges.borrow_mut().push(Exchange {
            line,
            body: body.clone(),
            injected: !matches!(
                fault.as_deref(),
                None | Some(Fault::PagesOf(_) | Fault::Meanwhile(_))
            ),
            answer: None,
        });
        let uri = match fault.as_deref() {
            Some(Fault::PagesOf(pods)) => with_limit(&head.uri, *pods),
            _ => head.uri.clone(),
        };
        let pass = async || self.pass(&head, &uri, &body).await;
        let answer = match fault.as_deref() {
            None | Some(Fault::PagesOf(_)) => Some(pass().await),
            Some(Fault::Instead(answer)) => Some(answer.clone()),
            Some(Fault::Acted(answer)) => {
                pass().await;
                Some(answer.clone())
            }
            Some(Fault::CutBefore) => None,
            Some(Fault::CutAfter) => {
                pass().await;
                None
            }
            Some(Fault::Header(name, value)) => {
                let mut answer = pass().await;
                answer.headers.append(*name, value.parse().unwrap());
                Some(answer)
            }
            Some(Fault::Meanwhile(deed)) => {
                deed(&self.scene).await;
                Some(pass().await)
            }
        };
        if let Some(exchange) = self.exchanges.borrow_mut().get_mut(place) {
            exchange.answer.clone_from(&answer);
        }
        let answer = answer.ok_or_else(|| io::Error::other("cut"))?;
        let mut response = Response::new(Full::new(answer.body));
        *response.status_mut() = StatusCode::from_u16(answer.code).unwrap();
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    fn fault_for(&self, line: &str) -> Option<Rc<Fault>> {
        let mut rules = self.rules.borrow_mut();
        let fits = |(_, part, times): &&mut (_, &'static str, usize)| *times > 0 && line.contains(*part);
        let (fault, _, times) = rules.iter_mut().find(fits)?;
        *times -= 1;
        Some(Rc::clone(fault))
    }

    async fn pass(&self, head: &http::request::Parts, uri: &Uri, body: &Bytes) -> Answer {
        let mut request = Request::builder().method(&head.method).uri(uri);
        for name in [
            http::header::ACCEPT,
            http::header::CONTENT_TYPE,
            http::header::USER_AGENT,
        ] {
            if let Some(value) = head.headers.get(&name) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        Answer::read(self.server.send(request).await.unwrap()).await
    }
}

fn with_limit(uri: &Uri, pods: usize) -> Uri {
    uri.to_string()
        .replace("limit=500", &format!("limit={pods}"))
        .parse()
        .unwrap()
}

impl Answer {
    /// What a server answers.
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let mut headers = head.headers;
        // These belong to the connection, and ours is another.
        for name in [
            http::header::TRANSFER_ENCODING,
            http::header::CONTENT_LENGTH,
            http::header::CONNECTION,
        ] {
            headers.remove(name);
        }
        Self {
            code: head.status.as_u16(),
            headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// An answer of this content type.
    pub(crate) fn new(code: u16, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, kind.parse().unwrap());
        Self {
            code,
            headers,
            body: body.into(),
        }
    }

    /// The same, asking to come back after some seconds.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.headers.insert(http::header::RETRY_AFTER, seconds.into());
        self
    }
}
