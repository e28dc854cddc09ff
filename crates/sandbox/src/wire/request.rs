//! A complete request, with its path and query decoded.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::wire::protobuf;
use crate::wire::status_error::StatusError;

/// A request, independent of its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApiRequest {
    pub(crate) method: String,
    /// The decoded segments of the path.
    pub(crate) path: Vec<String>,
    pub(crate) query: QueryParameters,
    pub(crate) accept: String,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    /// The user in whose name the request is made; empty if it names only groups or other attributes.
    pub(crate) impersonates: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl ApiRequest {
    pub(crate) fn new(method: &str, path_and_query: &str) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let segments = path.split('/').filter(|segment| !segment.is_empty());

        Self {
            method: method.to_owned(),
            path: segments.map(decode_percent).collect(),
            query: QueryParameters::parse(query),
            ..Self::default()
        }
    }

    /// The media type of the body, without its parameters.
    pub(crate) fn media_type(&self) -> &str {
        self.content_type.split(';').next().unwrap_or_default().trim()
    }

    /// Parses the body as JSON or as protobuf; refuses other media types.
    pub(crate) fn json(&self) -> Result<Value, StatusError> {
        if self.media_type() == protobuf::MEDIA_TYPE {
            return protobuf::decode(&self.body);
        }
        if !matches!(self.media_type(), "" | "application/json") {
            let message = "the body of the request was in an unknown format - accepted media types include: \
                application/json, application/vnd.kubernetes.protobuf";
            return Err(StatusError::new(415, "UnsupportedMediaType", message));
        }

        let invalid = |why: &str| {
            StatusError::bad_request(format!("couldn't get version/kind; json parse error: {why}"))
        };
        let body: Value = serde_json::from_slice(&self.body).map_err(|error| invalid(&error.to_string()))?;
        if !body.is_object() {
            return Err(invalid("expected an object"));
        }
        Ok(body)
    }
}

/// The decoded query parameters, in the order sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct QueryParameters(Vec<(String, String)>);

impl QueryParameters {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        // In a query, and only there, a plus stands for a space.
        let decode = |text: &str| decode_percent(&text.replace('+', " "));

        let decoded = pairs.map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        });
        Self(decoded.collect())
    }

    /// The first value of a parameter; empty if it is absent.
    pub(crate) fn get(&self, key: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == key);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// All values of a repeated parameter.
    pub(crate) fn all(&self, key: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(known, _)| known == key)
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// Whether a flag is set: to `true`, to `1`, or without a value.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.has(key) && matches!(self.get(key), "" | "true" | "1")
    }
}

/// Decodes percent encoding; invalid escapes are kept unchanged.
fn decode_percent(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_decoded() {
        let request = ApiRequest::new(
            "GET",
            "/api/v1/pods?labelSelector=app%3Dweb%2Ctier+in+%28a%29&watch",
        );
        assert_eq!(request.path, ["api", "v1", "pods"]);
        assert_eq!(request.query.get("labelSelector"), "app=web,tier in (a)");
        assert!(request.query.is_set("watch"));
        for no_escape in ["100%", "%2", "%+5", "%é"] {
            assert_eq!(decode_percent(no_escape), no_escape);
        }
    }
}
