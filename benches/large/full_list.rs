//! The list that other programs ask for: every pod in full, in one answer or page by page.

use std::io::Read;

use flate2::read::GzDecoder;
use http::Request;
use http_body_util::BodyExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::client::Body;
use serde::{Deserialize, Deserializer};

use super::NAMESPACE;

/// Lists every pod in full, compressed, as the programs do that ask for it so, and parses each: in one answer, or in pages
/// by the `query`. They keep all of the pods; that would not fit beside the server here, so none is kept, and the row
/// flatters them.
pub(crate) async fn list(query: &str) {
    let client = Client::try_default().await.unwrap();
    let mut token = String::new();
    loop {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods{query}{token}");
        let request = Request::get(path).header("Accept-Encoding", "gzip");
        let answer = client.send(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers()["Content-Encoding"], "gzip");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let mut inflated = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut inflated).unwrap();
        let list: PodItems = serde_json::from_slice(&inflated).unwrap();
        assert!(!list.items.is_empty());

        match list.metadata.next.filter(|next| !next.is_empty()) {
            Some(next) => token = format!("&continue={next}"),
            None => return,
        }
    }
}

#[derive(Deserialize)]
struct PodItems {
    metadata: PageMetadata,
    items: Vec<DroppedPod>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// A pod that was parsed, and dropped.
struct DroppedPod;

impl<'de> Deserialize<'de> for DroppedPod {
    fn deserialize<D: Deserializer<'de>>(pod: D) -> Result<Self, D::Error> {
        Pod::deserialize(pod).map(|_| Self)
    }
}
