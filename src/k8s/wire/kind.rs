//! What an answer says that it is: its `kind` and `apiVersion`, and whether that is what was asked for.
//!
//! A proxy, a gateway or another service may answer with 200 and any JSON, in which every optional field is absent:
//! without this check, `{}` is an empty list.

use serde::Deserialize;

use super::protobuf::ProtobufError;
use crate::text;

/// The kind that an answer must have, with its API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::k8s) struct ObjectKind {
    pub(in crate::k8s) api_version: &'static str,
    pub(in crate::k8s) kind: &'static str,
}

/// The kinds of the answers that macaque reads.
impl ObjectKind {
    pub(in crate::k8s) const POD: Self = Self::of("v1", "Pod");
    pub(in crate::k8s) const POD_LIST: Self = Self::of("v1", "PodList");
    pub(in crate::k8s) const METADATA: Self = Self::of("meta.k8s.io/v1", "PartialObjectMetadata");
    pub(in crate::k8s) const METADATA_LIST: Self = Self::of("meta.k8s.io/v1", "PartialObjectMetadataList");
    pub(in crate::k8s) const TABLE: Self = Self::of("meta.k8s.io/v1", "Table");
    pub(in crate::k8s) const BUDGET_LIST: Self = Self::of("policy/v1", "PodDisruptionBudgetList");
    pub(in crate::k8s) const CONFIG_MAP: Self = Self::of("v1", "ConfigMap");
    pub(in crate::k8s) const EVENT: Self = Self::of("events.k8s.io/v1", "Event");
    pub(in crate::k8s) const NAMESPACE: Self = Self::of("v1", "Namespace");
    pub(in crate::k8s) const NAMESPACE_LIST: Self = Self::of("v1", "NamespaceList");
    pub(in crate::k8s) const DEPLOYMENT_LIST: Self = Self::of("apps/v1", "DeploymentList");
    pub(in crate::k8s) const STATEFUL_SET_LIST: Self = Self::of("apps/v1", "StatefulSetList");
    pub(in crate::k8s) const STATUS: Self = Self::of("v1", "Status");
    pub(in crate::k8s) const ACCESS_REVIEW: Self =
        Self::of("authorization.k8s.io/v1", "SelfSubjectAccessReview");
    pub(in crate::k8s) const USER_REVIEW: Self = Self::of("authentication.k8s.io/v1", "SelfSubjectReview");

    pub(super) const fn of(api_version: &'static str, kind: &'static str) -> Self {
        Self { api_version, kind }
    }
}

/// The type of an object, as the object says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::k8s) struct TypeMeta {
    pub(in crate::k8s) kind: Option<String>,
    pub(in crate::k8s) api_version: Option<String>,
}

/// The version of an API server, of which the other fields are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    #[serde(default)]
    git_version: String,
}

/// The reason why a body is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub(in crate::k8s) enum WrongBody {
    /// The body is not JSON, or a field is missing or of the wrong type.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// The body is another object, or none in protobuf, in words: `a Table instead of a PodList`.
    #[error("{0}")]
    OtherObject(String),
}

impl From<ProtobufError> for WrongBody {
    fn from(error: ProtobufError) -> Self {
        Self::OtherObject(format!("a malformed answer in protobuf: {error}"))
    }
}

impl TypeMeta {
    /// The type of the object in `body`.
    ///
    /// # Errors
    /// The body is no JSON object.
    pub(in crate::k8s) fn of(body: &[u8]) -> serde_json::Result<Self> {
        // serde also accepts an array for a struct.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(serde::de::Error::custom("an array instead of an object"));
        }
        serde_json::from_slice(body)
    }

    /// Whether the object is of the kind `expected`.
    pub(in crate::k8s) fn is(&self, expected: ObjectKind) -> bool {
        self.kind.as_deref() == Some(expected.kind)
            && self.api_version.as_deref() == Some(expected.api_version)
    }

    /// Checks that the object in `body` is of one of the kinds `expected`, of which the first is named in the error.
    pub(in crate::k8s) fn expect(&self, expected: &[ObjectKind], body: &[u8]) -> Result<(), WrongBody> {
        if expected.iter().any(|kind| self.is(*kind)) {
            return Ok(());
        }

        let wanted = expected.first().map_or("object", |wanted| wanted.kind);
        let what = self.describe(body, expected);
        Err(WrongBody::OtherObject(format!(
            "{what} instead of {}",
            with_article(wanted)
        )))
    }

    /// Checks that the object in `body` is the version of an API server, which alone has no kind, given its `gitVersion`.
    fn expect_version(&self, git_version: &str, body: &[u8]) -> Result<(), WrongBody> {
        if self.kind.is_none() && !git_version.is_empty() {
            return Ok(());
        }

        let what = match self.kind {
            Some(_) => self.describe(body, &[]),
            None => "an object without gitVersion".to_owned(),
        };
        Err(WrongBody::OtherObject(format!("{what} instead of a version")))
    }

    /// What the object in `body` is, in words.
    fn describe(&self, body: &[u8], expected: &[ObjectKind]) -> String {
        let Some(kind) = self.kind.as_deref().filter(|kind| !kind.is_empty()) else {
            return "an object without a kind, which no Kubernetes API server sends,".to_owned();
        };

        let is_expected = expected.iter().any(|expected| expected.kind == kind);
        match (super::status(body), &self.api_version) {
            (Some((status, _)), _) if kind == ObjectKind::STATUS.kind => {
                let verdict = if status.failed { "Failure" } else { "Success" };
                let message = if status.message.is_empty() {
                    String::new()
                } else {
                    format!(", {:?}", excerpt(status.message.as_bytes()))
                };
                format!("a Status ({verdict}{message})")
            }
            (_, Some(version)) if is_expected => {
                format!("{} of {}", with_article(kind), excerpt(version.as_bytes()))
            }
            (_, None) if is_expected => format!("{} without an apiVersion", with_article(kind)),
            _ => with_article(&excerpt(kind.as_bytes())),
        }
    }
}

/// The `gitVersion` in the version of an API server.
///
/// # Errors
/// The body is something else.
pub(in crate::k8s) fn git_version(body: &[u8]) -> Result<String, WrongBody> {
    let type_meta = TypeMeta::of(body)?;
    let version: VersionInfo = serde_json::from_slice(body)?;
    type_meta.expect_version(&version.git_version, body)?;
    Ok(version.git_version)
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {kind}")
}

/// How much of a text of unknown length is shown in errors.
const EXCERPT_CHARS: usize = 200;

/// The beginning of a text, printable and in one line. It ends in an ellipsis if there is more, by which the redactor
/// sees that a secret may have been cut.
pub(in crate::k8s) fn excerpt(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let printable = text
        .trim_matches(|c: char| c.is_whitespace() || c.is_control())
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c });
    // One more than is shown, so that the text is seen to go on; the rest may be many megabytes.
    text::clip(
        &printable.take(EXCERPT_CHARS + 1).collect::<String>(),
        EXCERPT_CHARS,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_KIND: &str =
        "an object without a kind, which no Kubernetes API server sends, instead of a PodList";

    #[test]
    fn what_came_instead_is_named() {
        let rows = [
            ("{}", NO_KIND),
            (r#"{"kind":null,"items":[]}"#, NO_KIND),
            (r#"{"kind":"","items":[]}"#, NO_KIND),
            (
                r#"{"kind":"PodList"}"#,
                "a PodList without an apiVersion instead of a PodList",
            ),
            (
                r#"{"kind":"PodList","apiVersion":"v2"}"#,
                "a PodList of v2 instead of a PodList",
            ),
            (
                r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}"#,
                "a Table instead of a PodList",
            ),
            (
                r#"{"kind":"Ingress","apiVersion":"v1"}"#,
                "an Ingress instead of a PodList",
            ),
            (
                r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no\nleader"}"#,
                "a Status (Failure, \"no leader\") instead of a PodList",
            ),
            (
                r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#,
                "a Status (Success) instead of a PodList",
            ),
            (
                r#"{"kind":"Status","apiVersion":"v1"}"#,
                "a Status instead of a PodList",
            ),
        ];

        for (body, words) in rows {
            let body = body.as_bytes();
            let wrong = TypeMeta::of(body).unwrap().expect(&[ObjectKind::POD_LIST], body);
            assert_eq!(wrong.unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn a_version_is_known_by_its_number_and_by_having_no_kind() {
        let rows = [
            ("v1.37.2", "{}", None),
            (
                "",
                "{}",
                Some("an object without gitVersion instead of a version"),
            ),
            (
                "v1.37.2",
                r#"{"kind":"Table","apiVersion":"v1"}"#,
                Some("a Table instead of a version"),
            ),
            (
                "",
                r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"lost"}"#,
                Some("a Status (Failure, \"lost\") instead of a version"),
            ),
        ];

        for (git_version, body, words) in rows {
            let body = body.as_bytes();
            let checked = TypeMeta::of(body).unwrap().expect_version(git_version, body);
            assert_eq!(checked.err().map(|error| error.to_string()).as_deref(), words);
        }
    }

    #[test]
    fn the_right_kind_of_the_right_version_is_taken_and_nothing_that_is_no_object() {
        let body = br#"{"kind":"PodList","apiVersion":"v1"}"#;
        let kinds = [ObjectKind::METADATA_LIST, ObjectKind::POD_LIST];
        assert!(TypeMeta::of(body).unwrap().expect(&kinds, body).is_ok());

        for body in [
            "",
            "[]",
            r#" ["PodList","v1"]"#,
            "7",
            "null",
            "<html>",
            r#"{"kind":7}"#,
        ] {
            assert!(TypeMeta::of(body.as_bytes()).is_err(), "{body}");
        }
    }
}
