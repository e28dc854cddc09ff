//! A chat service that remembers what it accepted, and fails as a trial wants.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse};

use crate::fault::ChatFault;

/// The service.
pub(crate) struct FakeChat {
    service: FaultProxy,
    accepted: Arc<Mutex<Vec<String>>>,
}

impl FakeChat {
    /// A service that fails so on every message.
    pub(crate) fn start(fault: Option<ChatFault>) -> Self {
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let accepting = Arc::clone(&accepted);
        let service = FaultProxy::with_upstream(move |request| {
            accepting.lock().unwrap().push(request.text());
            Box::pin(std::future::ready(Some(ProxyResponse::new(200, "ok"))))
        });

        if let Some(fault) = fault {
            service.inject("", injected(fault));
        }

        Self { service, accepted }
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    /// Accepts every message from now on.
    pub(crate) fn recover(&self) {
        self.service.clear();
    }

    /// Every message that was accepted.
    pub(crate) fn accepted(&self) -> Vec<String> {
        self.accepted.lock().unwrap().clone()
    }

    /// The different messages that were accepted about the recovery from the disruption of `pod`.
    pub(crate) fn recoveries_of(&self, pod: &str) -> BTreeSet<String> {
        let victim = format!("victim shop/{pod}");
        let accepted = self.accepted.lock().unwrap();
        accepted
            .iter()
            .filter(|message| message.contains(&victim))
            .cloned()
            .collect()
    }

    /// Whether a message that was accepted names `pod` as a victim that was tried, and not only as one that was held.
    pub(crate) fn has_report_of(&self, pod: &str) -> bool {
        let accepted = self.accepted.lock().unwrap();
        // The lines of a text, and the strings of the JSON around it.
        let mut lines = accepted
            .iter()
            .flat_map(|message| message.split(['"', '\n']).flat_map(|part| part.split("\\n")));
        let is_hold = |line: &str| line.contains("holds back") || line.contains("cannot answer");
        lines.any(|line| line.contains(pod) && !is_hold(line))
    }
}

fn injected(fault: ChatFault) -> Fault {
    match fault {
        ChatFault::Down => Fault::DropBefore,
        ChatFault::Error500 => Fault::Answer(ProxyResponse::new(500, "oops")),
        ChatFault::Throttled => Fault::Answer(ProxyResponse::new(429, "slow down").retry_after(1)),
        ChatFault::ResetAfter => Fault::DropAfter,
    }
}
