//! The subject of `macaque why`: a pod or an owner.

use std::fmt;
use std::str::FromStr;

use macaque_core::pod::PodOwner;

use crate::settings::is_object_name;

/// The kinds of owners, with the words that kubectl takes for each.
const KINDS: [(&str, &[&str]); 5] = [
    ("Deployment", &["deploy", "deployment", "deployments"]),
    ("StatefulSet", &["sts", "statefulset", "statefulsets"]),
    ("DaemonSet", &["ds", "daemonset", "daemonsets"]),
    ("Job", &["job", "jobs"]),
    ("ReplicaSet", &["rs", "replicaset", "replicasets"]),
];

/// A pod, or the pods of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum WhySubject {
    /// One pod; without a namespace, in the only one in scope.
    Pod {
        /// The pod's namespace.
        namespace: Option<String>,
        /// The pod's name.
        name: String,
    },
    /// All pods of one owner, in the only namespace in scope.
    Owner(PodOwner),
}

impl FromStr for WhySubject {
    type Err = String;

    /// Parses the subject: a kind before the slash means an owner, anything else a namespace.
    fn from_str(text: &str) -> Result<Self, String> {
        let (before, name) = match text.split_once('/') {
            Some((before, name)) => (Some(before), name),
            None => (None, text),
        };
        let parts = [before.unwrap_or(name), name];

        if let Some(wrong) = parts.into_iter().find(|part| !is_object_name(part)) {
            return Err(format!(
                "{wrong:?} is not a valid name; write NAMESPACE/POD, or KIND/NAME for an owner"
            ));
        }

        let kind = |word: &str| {
            let known = KINDS.iter().find(|(_, words)| words.contains(&word));
            known.map(|(kind, _)| (*kind).to_owned())
        };
        let name = name.to_owned();

        Ok(match before {
            None | Some("pod" | "pods" | "po") => Self::Pod {
                namespace: None,
                name,
            },
            Some(before) => match kind(before) {
                Some(kind) => Self::Owner(PodOwner { kind, name }),
                None => Self::Pod {
                    namespace: Some(before.to_owned()),
                    name,
                },
            },
        })
    }
}

impl fmt::Display for WhySubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod {
                namespace: Some(namespace),
                name,
            } => write!(f, "{namespace}/{name}"),
            Self::Pod {
                namespace: None,
                name,
            } => f.write_str(name),
            Self::Owner(owner) => owner.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_before_the_slash_means_an_owner_and_anything_else_a_namespace() {
        for (kind, words) in KINDS {
            for word in words {
                let subject: WhySubject = format!("{word}/web").parse().unwrap();
                let owner = PodOwner {
                    kind: kind.into(),
                    name: "web".into(),
                };
                assert_eq!(subject, WhySubject::Owner(owner));
            }
        }
        assert_eq!(
            "shop/web-0".parse::<WhySubject>().unwrap().to_string(),
            "shop/web-0"
        );
        let alone = WhySubject::Pod {
            namespace: None,
            name: "web-0".into(),
        };
        assert_eq!("web-0".parse(), Ok(alone.clone()));
        assert_eq!("pod/web-0".parse(), Ok(alone));
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_before_it_reaches_a_path() {
        for text in [
            "",
            "/",
            "shop/",
            "/web",
            "shop/a b",
            "a/b/c",
            "shop/..",
            "Shop/web",
            "shop/web?x=1",
        ] {
            assert!(text.parse::<WhySubject>().is_err(), "{text}");
        }
    }
}
