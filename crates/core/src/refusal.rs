//! Who refused a disruption and why, in words for people, and what to do about it.

mod webhook_fault;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::webhook_fault::WebhookFault;
use crate::server_text::bounded;

/// The outlook of a refusal that lasts.
const FINAL: &str = "will not be allowed until something changes";

/// Who refused a disruption, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Refusal {
    /// A PodDisruptionBudget has no disruption left, or cannot be computed.
    Budget {
        /// The budget's name, if the answer holds it.
        name: Option<String>,
        /// The API server's own message.
        message: String,
        /// Whether the budget's status is only out of date: the same pod may be allowed soon.
        unsynced: bool,
    },
    /// More than one PodDisruptionBudget matches the pod, which the eviction API does not support.
    SeveralBudgets,
    /// An admission webhook denied the disruption.
    Webhook {
        /// The webhook's name.
        name: String,
        /// The webhook's message.
        message: String,
        /// Whether the webhook's code says that it may allow the same disruption later: 429 or 409, for example.
        #[serde(default)]
        temporary: bool,
    },
    /// An admission webhook that must be asked gave no decision.
    WebhookFailed {
        /// The webhook's name.
        name: String,
        /// What went wrong.
        fault: WebhookFault,
        /// The API server's message.
        message: String,
    },
    /// A ValidatingAdmissionPolicy denied the disruption.
    Policy {
        /// The policy's name.
        name: String,
        /// The binding through which it applied.
        binding: String,
        /// The policy's message.
        message: String,
    },
    /// The namespace is being deleted: nothing can be created in it, an eviction included.
    NamespaceTerminating,
    /// The API server accepted the disruption, but the pod was not deleted: an admission webhook turned the eviction
    /// into a dry run, or a controller delayed it.
    AcceptedButAlive,
    /// The API server found the pod object itself invalid.
    InvalidPod {
        /// The API server's message.
        message: String,
    },
    /// The API server could not decide at the moment (a conflict, its own start-up): the same pod may be allowed later.
    NotNow {
        /// The API server's message.
        message: String,
    },
    /// The API server throttled the request, which says nothing about the pod.
    Throttled {
        /// How long the API server asked the client to wait.
        #[serde(
            rename = "retry_after_seconds",
            serialize_with = "as_seconds",
            deserialize_with = "from_seconds"
        )]
        retry_after: Duration,
    },
}

impl Refusal {
    /// The refusal with every text of a server bounded.
    pub(crate) fn bounded(mut self) -> Self {
        match &mut self {
            Self::Budget { name, message, .. } => {
                *name = name.as_deref().map(bounded);
                *message = bounded(message);
            }
            Self::Webhook { name, message, .. } | Self::WebhookFailed { name, message, .. } => {
                *name = bounded(name);
                *message = bounded(message);
            }
            Self::Policy {
                name,
                binding,
                message,
            } => {
                *name = bounded(name);
                *binding = bounded(binding);
                *message = bounded(message);
            }
            Self::InvalidPod { message } | Self::NotNow { message } => *message = bounded(message),
            Self::SeveralBudgets
            | Self::NamespaceTerminating
            | Self::AcceptedButAlive
            | Self::Throttled { .. } => {}
        }
        self
    }

    /// The refusal in a few words that follow a noun (`eviction of shop/web-1 refused by budget web`), without the
    /// message of the API server.
    pub fn summary(&self) -> String {
        match self {
            Self::Budget { name: Some(name), .. } => format!("refused by budget {name}"),
            Self::Budget { name: None, .. } => "refused by a budget".to_owned(),
            Self::SeveralBudgets => "refused by several budgets at once".to_owned(),
            Self::Webhook { name, .. } => format!("refused by webhook {name}"),
            Self::WebhookFailed { name, fault, .. } => {
                format!("refused by webhook {name}, {}", fault.clause())
            }
            Self::Policy { name, .. } => format!("refused by policy {name}"),
            Self::NamespaceTerminating => "refused by the terminating namespace".to_owned(),
            Self::AcceptedButAlive => "accepted, but not carried out".to_owned(),
            Self::InvalidPod { .. } => "refused by validation".to_owned(),
            Self::NotNow { .. } => "not possible right now".to_owned(),
            Self::Throttled { .. } => "refused by the API server's throttle".to_owned(),
        }
    }

    /// The refusal as a whole phrase, with `refused by` in front where somebody refused.
    pub fn phrase(&self) -> String {
        match self {
            Self::AcceptedButAlive | Self::NotNow { .. } => self.to_string(),

            Self::Budget { .. }
            | Self::SeveralBudgets
            | Self::Webhook { .. }
            | Self::WebhookFailed { .. }
            | Self::Policy { .. }
            | Self::NamespaceTerminating
            | Self::InvalidPod { .. }
            | Self::Throttled { .. } => format!("refused by {self}"),
        }
    }

    /// What is to be expected of the same disruption later, as far as the answer says.
    pub fn outlook(&self) -> &'static str {
        match self {
            Self::Budget { message, .. } if message.contains("failed sync") => FINAL,
            Self::Budget { .. }
            | Self::WebhookFailed { .. }
            | Self::NotNow { .. }
            | Self::Throttled { .. }
            | Self::Webhook { temporary: true, .. } => "may be allowed later",
            Self::Webhook { .. } => "it is up to the webhook whether it will be allowed later",
            Self::AcceptedButAlive => "the pod may still be deleted later",
            Self::SeveralBudgets
            | Self::Policy { .. }
            | Self::NamespaceTerminating
            | Self::InvalidPod { .. } => FINAL,
        }
    }

    /// What happened, as a clause, if a webhook was called on the way, which may act on the request although nothing was
    /// disrupted: one may answer 429 and migrate the pod, another make the eviction a dry run and delete the pod itself,
    /// a third answer too late.
    pub fn possible_side_effect(&self) -> Option<&'static str> {
        match self {
            Self::Webhook { .. } => Some("a webhook refused"),
            Self::WebhookFailed { .. } => Some("a webhook gave no decision"),
            Self::AcceptedButAlive => Some("an accepted request was not carried out"),
            Self::Budget { .. }
            | Self::SeveralBudgets
            | Self::Policy { .. }
            | Self::NamespaceTerminating
            | Self::InvalidPod { .. }
            | Self::NotNow { .. }
            | Self::Throttled { .. } => None,
        }
    }

    /// The advice on what to do about the refusal.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Budget { unsynced: true, .. } => {
                "the budget's status is out of date; if that persists, see `macaque budgets`"
            }
            Self::Budget { message, .. } if message.contains("failed sync") => {
                "fix the budget: its controller cannot compute how many pods it needs"
            }
            Self::Budget { .. } => {
                "the budget is doing its job: add replicas, relax it, or wait for unhealthy pods"
            }
            Self::SeveralBudgets => {
                "keep only one budget for each pod: until then none of these pods can be evicted"
            }
            Self::Webhook { .. } => {
                "ask the webhook's owner; the webhook may have started its own migration of the pod"
            }
            Self::WebhookFailed { fault, .. } => fault.advice(),
            Self::Policy { .. } => "ask the policy's owner, or exclude these pods with the selector",
            Self::NamespaceTerminating => "nothing to do: its pods are being deleted anyway",
            Self::AcceptedButAlive => {
                "check for a mutating webhook on pods/eviction, or for a controller that delays evictions"
            }
            Self::InvalidPod { .. } => {
                "fix the pod's owner: the API server rejects the pod itself as invalid"
            }
            Self::NotNow { .. } => "if that persists, check the API server",
            Self::Throttled { .. } => "nothing is wrong with the pod: the API server was too busy",
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
            Self::Webhook { name, message, .. } => write!(f, "webhook {name}: {message}"),
            Self::WebhookFailed { name, fault, message } => {
                write!(f, "webhook {name}, {}: {message}", fault.clause())
            }
            Self::Policy {
                name,
                binding,
                message,
            } => {
                write!(f, "policy {name} (binding {binding}): {message}")
            }
            Self::NamespaceTerminating => f.write_str("the namespace, which is terminating"),
            Self::AcceptedButAlive => f.write_str(
                "accepted, but the pod was not deleted (a webhook may have made it a dry run or delayed it)",
            ),
            Self::InvalidPod { message } => write!(f, "validation: {message}"),
            Self::NotNow { message } => write!(f, "not possible right now: {message}"),
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
    fn a_refusal_is_called_lasting_only_if_it_is() {
        let budget = |message: &str| Refusal::Budget {
            name: None,
            message: message.into(),
            unsynced: false,
        };
        let webhook = |temporary| Refusal::Webhook {
            name: "virt".into(),
            message: String::new(),
            temporary,
        };
        let table = [
            (
                budget("The disruption budget web needs 3 healthy pods and has 3 currently"),
                "may be allowed later",
            ),
            (
                budget("… does not allow evicting pods currently because it failed sync: …"),
                FINAL,
            ),
            (Refusal::SeveralBudgets, FINAL),
            (webhook(true), "may be allowed later"),
            (
                webhook(false),
                "it is up to the webhook whether it will be allowed later",
            ),
            (Refusal::AcceptedButAlive, "the pod may still be deleted later"),
        ];

        for (refusal, outlook) in table {
            assert_eq!(refusal.outlook(), outlook, "{refusal}");
        }
    }

    #[test]
    fn a_phrase_says_who_refused_or_else_what_happened() {
        let phrase = |refusal: Refusal| refusal.phrase();

        assert_eq!(
            phrase(Refusal::NamespaceTerminating),
            "refused by the namespace, which is terminating"
        );
        assert_eq!(
            phrase(Refusal::AcceptedButAlive),
            "accepted, but the pod was not deleted (a webhook may have made it a dry run or delayed it)"
        );

        let message = "the object has been modified".to_owned();
        assert_eq!(
            phrase(Refusal::NotNow { message }),
            "not possible right now: the object has been modified"
        );
    }
}
