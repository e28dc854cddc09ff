//! What fuzzing reaches of this crate: a cluster that answers without a socket, and the readers behind it.

use serde_json::Value;

use crate::api::{self, ApiAnswer};
use crate::controllers::Controllers;
use crate::options::SandboxOptions;
use crate::selectors::labels::LabelSelector;
use crate::setup;
use crate::store::state::ClusterState;
use crate::wire::protobuf;
use crate::wire::reply::ReplyBody;
use crate::wire::request::{ApiRequest, QueryParameters};

/// A request as a client sends it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, and the query if there is one.
    pub path_and_query: &'a str,
    /// The header `Content-Type`.
    pub content_type: &'a str,
    /// The header `Accept`.
    pub accept: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A cluster that answers requests without a socket.
pub struct LocalCluster {
    state: ClusterState,
    controllers: Controllers,
}

impl LocalCluster {
    /// A cluster with these objects.
    ///
    /// # Errors
    /// An object cannot be stored.
    pub fn new(objects: Vec<Value>) -> Result<Self, String> {
        let options = SandboxOptions {
            objects,
            ..SandboxOptions::default()
        };
        let (state, controllers) = setup::new_cluster(options)?;
        Ok(Self { state, controllers })
    }

    /// The code and the body of the answer to a request; `None` for a watch, which has begun.
    pub fn answer(&mut self, request: &RawRequest<'_>) -> Option<(u16, Value)> {
        let request = ApiRequest {
            accept: request.accept.to_owned(),
            content_type: request.content_type.to_owned(),
            body: request.body.to_vec(),
            ..ApiRequest::new(request.method, request.path_and_query)
        };
        match api::answer(&mut self.state, &request) {
            ApiAnswer::Reply(reply) => Some(match reply.body {
                ReplyBody::Json(body) => (reply.code, body),
                ReplyBody::Text(text) => (reply.code, text.into()),
            }),
            ApiAnswer::Watch(_) => None,
        }
    }

    /// Runs the controllers once.
    pub fn control(&mut self) {
        self.controllers.settle(&mut self.state);
    }
}

/// The object of a body in protobuf, or the message of the refusal.
pub fn decode_protobuf(body: &[u8]) -> Result<Value, String> {
    protobuf::decode(body).map_err(|error| error.message)
}

/// The values of the parameter `key` of a query.
pub fn query_values(query: &str, key: &str) -> Vec<String> {
    QueryParameters::parse(query).all(key)
}

/// The decoded segments of a path.
pub fn path_segments(path: &str) -> Vec<String> {
    ApiRequest::new("GET", path).path
}

/// Whether the selector matches these labels, or the message of the refusal.
pub fn selects(selector: &str, labels: &Value) -> Result<bool, String> {
    LabelSelector::parse(selector).map(|selector| selector.matches(labels.as_object()))
}
