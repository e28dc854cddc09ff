//! What became of one victim, in words that claim no more than the API server answered.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a pod is disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisruptionMethod {
    /// `POST …/pods/NAME/eviction`: PodDisruptionBudgets and admission webhooks for evictions are asked.
    Evict,
    /// `DELETE …/pods/NAME`: no budget is asked.
    Delete,
}

impl DisruptionMethod {
    /// Every method, for tables and tests.
    pub const ALL: [Self; 2] = [Self::Evict, Self::Delete];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evict => "evict",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for DisruptionMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one victim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "lowercase")]
pub enum Outcome {
    /// The eviction was accepted, and a look by UID saw the pod gone or going.
    Evicted,
    /// The deletion was accepted, and a look by UID saw the pod gone or going.
    Deleted,
    /// The API server said no, and who said so.
    Refused(Refusal),
    /// The pod was gone before macaque reached it: nothing of ours ended it.
    Gone,
    /// Dry run: this victim would have been disrupted; nothing was sent.
    Spared,
    /// No trustworthy answer came, and looking the pod up did not settle it; `why` says what was seen.
    Unknown {
        /// What was asked and what came back instead of an answer.
        why: String,
    },
}

impl Outcome {
    /// Whether this victim was disrupted, as far as anybody knows: `Unknown` counts, so that doubt never draws
    /// a further victim.
    pub fn spends_the_count(&self) -> bool {
        match self {
            Self::Evicted | Self::Deleted | Self::Spared | Self::Unknown { .. } => true,
            Self::Refused(_) | Self::Gone => false,
        }
    }

    /// One word for tables, logs and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Evicted => "evicted",
            Self::Deleted => "deleted",
            Self::Refused(_) => "refused",
            Self::Gone => "gone",
            Self::Spared => "spared",
            Self::Unknown { .. } => "unknown",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "refused by {refusal}"),
            Self::Gone => f.write_str("gone already"),
            Self::Spared => f.write_str("spared: dry run"),
            Self::Unknown { why } => write!(f, "unknown: {why}"),
            Self::Evicted | Self::Deleted => f.write_str(self.word()),
        }
    }
}

/// Who said no to a disruption.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Refusal {
    /// A PodDisruptionBudget has no disruption left, or cannot be computed.
    Budget {
        /// Its name, when the answer tells it.
        name: Option<String>,
        /// The API server's own arithmetic or complaint.
        message: String,
        /// Whether the budget's status is only lagging: the same pod may be allowed soon.
        unsynced: bool,
    },
    /// More than one PodDisruptionBudget matches the pod, which the eviction API does not support.
    SeveralBudgets,
    /// An admission webhook denied it.
    Webhook {
        /// The webhook's name.
        name: String,
        /// Its words.
        message: String,
    },
    /// An admission webhook that must be asked does not answer.
    WebhookDown {
        /// The webhook's name.
        name: String,
        /// The API server's words.
        message: String,
    },
    /// A ValidatingAdmissionPolicy denied it.
    Policy {
        /// The policy's name.
        name: String,
        /// The binding through which it applied.
        binding: String,
        /// Its words.
        message: String,
    },
    /// The namespace is being deleted: nothing can be created in it, an eviction included.
    NamespaceTerminating,
    /// The API server said yes and yet the pod lives on: an admission webhook turned the eviction into a dry
    /// run, or a controller deferred it.
    AcceptedButAlive,
    /// The pod object itself cannot be evicted: the API server found it invalid.
    InvalidPod {
        /// The API server's words.
        message: String,
    },
    /// The API server could not decide now (contention on a budget, start-up): the same pod may be allowed later.
    NotNow {
        /// The API server's words.
        message: String,
    },
    /// The API server throttled the request: it says nothing of the pod.
    Throttled {
        /// For how long the client was told to pause.
        #[serde(
            rename = "retry_after_seconds",
            serialize_with = "as_seconds",
            deserialize_with = "from_seconds"
        )]
        retry_after: Duration,
    },
}

impl Refusal {
    /// Who refused, without the words of the refusal.
    pub fn who(&self) -> String {
        match self {
            Self::Budget { name: Some(name), .. } => format!("budget {name}"),
            Self::Budget { name: None, .. } => "a budget".to_owned(),
            Self::SeveralBudgets => "several budgets at once".to_owned(),
            Self::Webhook { name, .. } => format!("webhook {name}"),
            Self::WebhookDown { name, .. } => format!("webhook {name}, which does not answer"),
            Self::Policy { name, .. } => format!("policy {name}"),
            Self::NamespaceTerminating => "the terminating namespace".to_owned(),
            Self::AcceptedButAlive => "admission (accepted, yet alive)".to_owned(),
            Self::InvalidPod { .. } => "validation".to_owned(),
            Self::NotNow { .. } => "the API server for now".to_owned(),
            Self::Throttled { .. } => "the API server's throttle".to_owned(),
        }
    }

    /// Whether the same disruption may be allowed later although nobody mends anything.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Budget { message, .. } => !message.contains("failed sync"),
            Self::WebhookDown { .. } | Self::NotNow { .. } | Self::Throttled { .. } => true,
            Self::SeveralBudgets
            | Self::Webhook { .. }
            | Self::Policy { .. }
            | Self::NamespaceTerminating
            | Self::AcceptedButAlive
            | Self::InvalidPod { .. } => false,
        }
    }

    /// What to do about it, in a sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Budget { unsynced: true, .. } => {
                "the budget's status lags; if that lasts, its controller cannot work it out: see `macaque budgets`"
            }
            Self::Budget { message, .. } if message.contains("failed sync") => {
                "mend the budget: its controller cannot work out how many pods it needs"
            }
            Self::Budget { .. } => {
                "the budget works as intended; give it room, or wait until its unhealthy pods are healthy"
            }
            Self::SeveralBudgets => "leave one budget to each pod: none of them can be evicted until then",
            Self::Webhook { .. } => "ask whoever runs the webhook; it may have begun a migration of its own",
            Self::WebhookDown { .. } => "mend the webhook, or let its failurePolicy pass it over",
            Self::Policy { .. } => "ask whoever wrote the policy, or leave its pods out of the selector",
            Self::NamespaceTerminating => "nothing: its pods are going anyway",
            Self::AcceptedButAlive => {
                "look for a mutating webhook on pods/eviction, or for a controller that defers evictions"
            }
            Self::InvalidPod { .. } => "mend the pod's owner: the API server finds the pod itself invalid",
            Self::NotNow { .. } => "look at the API server if it lasts",
            Self::Throttled { .. } => "nothing about the pod; the API server had too much to do",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget {
                name: Some(name),
                message,
                ..
            } => write!(f, "budget {name}: {message}"),
            Self::Budget {
                name: None, message, ..
            } => write!(f, "a budget: {message}"),
            Self::SeveralBudgets => f.write_str("several budgets at once: evictions allow one per pod"),
            Self::Webhook { name, message } => write!(f, "webhook {name}: {message}"),
            Self::WebhookDown { name, message } => {
                write!(f, "webhook {name}, which does not answer: {message}")
            }
            Self::Policy {
                name,
                binding,
                message,
            } => {
                write!(f, "policy {name} (binding {binding}): {message}")
            }
            Self::NamespaceTerminating => f.write_str("the namespace, which is terminating"),
            Self::AcceptedButAlive => {
                f.write_str("admission: accepted, yet the pod lives on (made a dry run, or deferred)")
            }
            Self::InvalidPod { message } => write!(f, "validation: {message}"),
            Self::NotNow { message } => write!(f, "the API server for now: {message}"),
            Self::Throttled { retry_after } => {
                write!(
                    f,
                    "the API server's throttle: asked to wait {}s",
                    retry_after.as_secs()
                )
            }
        }
    }
}

fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

fn from_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_may_allow_later_unless_it_is_broken() {
        let budget = |message: &str| Refusal::Budget {
            name: None,
            message: message.into(),
            unsynced: false,
        };
        assert!(budget("The disruption budget web needs 3 healthy pods and has 3 currently").may_pass());
        assert!(!budget("… does not allow evicting pods currently because it failed sync: …").may_pass());
        assert!(!Refusal::SeveralBudgets.may_pass());
    }
}
