//! The subject of `macaque why`: a pod or an owner, in every form that `plan` and kubectl print.

use std::fmt;
use std::str::FromStr;

use macaque_core::config::NamespaceScope;
use macaque_core::owner_kinds::{self, names_kind};
use macaque_core::pod::{Pod, PodOwner, TEMPLATE_HASHES};

use crate::settings::is_object_name;

const POD: &str = "Pod";
const REPLICA_SET: &str = "ReplicaSet";
const CRON_JOB: &str = "CronJob";
const ROLLOUT: &str = "Rollout";

/// The remedy for a text that is no subject.
const ACCEPTED: &str = "write POD, NAMESPACE/POD or KIND/NAME, as kubectl prints it: web-1, shop/web-1, pod/web-1, \
                        deployment.apps/web, widget.example.com/gizmo";

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
    Owner(NamedOwner),
    /// `WORD/NAME` with a word that is no kind of Kubernetes' own: the pod NAME in the namespace WORD or, if there is
    /// none, the pods of an owner of the kind WORD.
    PodOrOwner {
        /// The namespace, or the kind.
        word: String,
        /// The name of the pod, or of the owner.
        name: String,
    },
}

/// An owner as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct NamedOwner {
    /// A known kind, or a word for any other kind, in lower case: its singular or plural.
    kind: String,
    name: String,
}

impl FromStr for WhySubject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = |wrong: &str| format!("{wrong:?} is not a valid name; {ACCEPTED}");
        let (before, name) = match text.split_once('/') {
            Some((before, name)) => (Some(before), name),
            None => (None, text),
        };
        if !is_object_name(name) {
            return Err(invalid(name));
        }

        let name = name.to_owned();
        let Some(word) = before else {
            return Ok(Self::Pod {
                namespace: None,
                name,
            });
        };

        match known_kind(word) {
            Some(POD) => Ok(Self::Pod {
                namespace: None,
                name,
            }),
            Some(kind) => Ok(Self::Owner(NamedOwner::new(kind, &name))),
            // The name of a namespace has neither dots nor capitals.
            None if is_object_name(word) && !word.contains('.') => Ok(Self::PodOrOwner {
                word: word.to_owned(),
                name,
            }),
            None if is_object_name(&word.to_lowercase()) => {
                let lower = word.to_lowercase();
                let (kind, _) = lower.split_once('.').unwrap_or((&lower, ""));
                Ok(Self::Owner(NamedOwner::new(kind, &name)))
            }
            None => Err(invalid(word)),
        }
    }
}

impl WhySubject {
    /// The subject for a command with this scope: a word that is a namespace in scope is no kind.
    pub(super) fn within(self, scope: &NamespaceScope) -> Self {
        match self {
            Self::PodOrOwner { word, name } if is_named(scope, &word) => Self::Pod {
                namespace: Some(word),
                name,
            },
            other => other,
        }
    }

    /// Whether the subject names this namespace.
    pub(super) fn is_of_namespace(&self, name: &str) -> bool {
        match self {
            Self::Pod { namespace, .. } => namespace.as_deref() == Some(name),
            Self::PodOrOwner { word, .. } => word == name,
            Self::Owner(_) => false,
        }
    }

    /// Whether the subject is in the only namespace in scope, and so there must be one.
    pub(super) fn needs_namespace(&self) -> bool {
        match self {
            Self::Pod { namespace, .. } => namespace.is_none(),
            Self::Owner(_) => true,
            Self::PodOrOwner { .. } => false,
        }
    }
}

/// Whether the scope names this namespace.
fn is_named(scope: &NamespaceScope, namespace: &str) -> bool {
    match scope {
        NamespaceScope::Named(names) => names.iter().any(|name| name == namespace),
        NamespaceScope::All | NamespaceScope::Selected(_) => false,
    }
}

/// The kind of Kubernetes' own that `word` means. The Rollouts of Argo are none, and a namespace may well have their name.
fn known_kind(word: &str) -> Option<&'static str> {
    owner_kinds::known_kind(word).filter(|kind| *kind != ROLLOUT)
}

impl NamedOwner {
    fn new(kind: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The owner that `WORD/NAME` names.
    pub(in crate::cli) fn of_word(word: &str, name: &str) -> Self {
        Self::new(word, name)
    }

    /// Whether the pod belongs to the owner.
    pub(super) fn owns(&self, pod: &Pod) -> bool {
        let Some(owner) = &pod.owner else {
            return false;
        };

        if self.kind == REPLICA_SET && owner.kind != REPLICA_SET {
            // A pod of a Deployment is held by a ReplicaSet called DEPLOYMENT-HASH.
            let label = TEMPLATE_HASHES.iter().find(|(kind, _)| *kind == owner.kind);
            let hash = label.and_then(|(_, label)| pod.labels.get(*label));
            return hash.is_some_and(|hash| format!("{}-{hash}", owner.name) == self.name);
        }
        self.is(owner)
    }

    /// Whether `owner` is meant, or a Job of the CronJob that is.
    pub(in crate::cli) fn is(&self, owner: &PodOwner) -> bool {
        // A CronJob calls its Jobs CRONJOB-NUMBER.
        if self.kind == CRON_JOB {
            let rest = owner.name.strip_prefix(&self.name);
            let number = rest.and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            return owner.kind == "Job" && is_number;
        }
        owner.name == self.name && names_kind(&owner.kind, &self.kind)
    }
}

impl fmt::Display for NamedOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
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
            Self::PodOrOwner { word, name } => write!(f, "{word}/{name}"),
        }
    }
}

#[cfg(test)]
mod tests;
