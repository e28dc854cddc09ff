//! Disrupts one victim and finds out what became of it. A doubt resumes the same victim by its UID, never another.

use std::time::Duration;

use crate::k8s::ClusterError;
use macaque_core::config::Disrupt;
use macaque_core::outcome::{Method, Outcome, Refusal};
use macaque_core::pod::PodRef;
use macaque_core::verdict::{Verdict, classify};

use super::retry::{Ended, Patience};
use super::{LONGEST_PAUSE, Table};

/// How long the victim in flight may take, call and look together, once macaque was told to stop.
pub(super) const GRACE: Duration = Duration::from_secs(15);

/// A look after a disruption is worth more tries than another read, and goes on within the grace.
const LOOK: Patience = Patience {
    tries: 4,
    grace: GRACE,
};

/// How often a throttled disruption is sent again.
const THROTTLES: u32 = 3;

/// One victim's outcome, with what the API server remarked on the way.
pub(super) struct Tried {
    pub(super) outcome: Outcome,
    pub(super) warnings: Vec<String>,
}

impl From<Outcome> for Tried {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            warnings: Vec::new(),
        }
    }
}

/// Why an attempt has no outcome: nothing was done to the pod.
pub(super) enum Failure {
    /// macaque may not disrupt in this namespace.
    Namespace(ClusterError),
    /// Going on is useless anywhere.
    Round(String),
}

/// What a look by UID saw.
pub(super) enum Seen {
    /// No pod of that name, another one, or the pod being deleted.
    GoneOrGoing,
    /// The pod, as alive as before.
    Alive,
    /// Nothing: the look failed, and why.
    Nothing(String),
}

/// One victim under way.
struct Trial<'a> {
    table: &'a Table<'a>,
    pod: &'a PodRef,
    /// How often it may be throttled yet.
    throttles: u32,
    /// What came instead of an answer. From then on no answer is taken at its word: it may be about a pod that an
    /// earlier request has already disrupted.
    doubt: Option<String>,
    warnings: Vec<String>,
}

impl Table<'_> {
    /// Looks `pod` up by its UID, several times if the API server does not answer.
    pub(super) async fn look(&self, pod: &PodRef) -> Seen {
        let Self { stop, cluster, .. } = self;
        match LOOK.read(stop, async || cluster.pod(pod).await).await {
            Ok(Some(now)) if now.id.uid == pod.uid && !now.terminating => Seen::Alive,
            Ok(_) => Seen::GoneOrGoing,
            Err(Ended::Failed(error)) => Seen::Nothing(error.to_string()),
            Err(Ended::Stopped) => Seen::Nothing("macaque was told to stop".to_owned()),
        }
    }

    /// Disrupts `pod` and finds out what became of it.
    pub(super) async fn disrupt(&self, pod: &PodRef) -> Result<Tried, Failure> {
        let mut trial = Trial {
            table: self,
            pod,
            throttles: THROTTLES,
            doubt: None,
            warnings: Vec::new(),
        };
        loop {
            let verdict = trial.ask().await;
            if let Some(outcome) = trial.conclude(verdict).await? {
                let warnings = trial.warnings;
                return Ok(Tried { outcome, warnings });
            }
        }
    }
}

impl Trial<'_> {
    /// Sends the disruption once.
    async fn ask(&mut self) -> Verdict {
        let Table {
            stop,
            cluster,
            orders,
            ..
        } = self.table;
        let Disrupt {
            method, grace_period, ..
        } = orders.disrupt;
        match stop
            .within(GRACE, cluster.disrupt(self.pod, method, grace_period))
            .await
        {
            Some(Ok(answer)) => {
                let verdict = classify(&answer);
                self.warnings.extend(answer.warnings);
                verdict
            }
            Some(Err(error)) => Verdict::Doubt(error.to_string()),
            None => Verdict::Doubt("macaque was told to stop before an answer came".to_owned()),
        }
    }

    /// What follows from the verdict; `None` asks once more for the same pod.
    async fn conclude(&mut self, verdict: Verdict) -> Result<Option<Outcome>, Failure> {
        if let Verdict::Refused(Refusal::Throttled { retry_after }) = &verdict
            && self.rest(*retry_after).await
        {
            return Ok(None);
        }
        match (verdict, self.doubt.take()) {
            (Verdict::Accepted, _) => Ok(Some(self.verify().await)),
            (Verdict::Doubt(doubt), None) => Ok(self.settle(doubt).await),
            (verdict, Some(doubt)) => Ok(Some(self.give_up(doubt, verdict).await)),
            (Verdict::Gone, None) => Ok(Some(Outcome::Gone)),
            (Verdict::Refused(refusal), None) => Ok(Some(Outcome::Refused(refusal))),
            (Verdict::Forbidden(why), None) => Err(Failure::Namespace(ClusterError::Forbidden {
                what: self.what(),
                why,
            })),
            (Verdict::Unauthorized, None) => Err(Failure::Round(
                ClusterError::Unauthorized { what: self.what() }.to_string(),
            )),
            (Verdict::Fault(why), None) => Err(Failure::Round(format!("{}: {why}", self.what()))),
        }
    }

    /// Pauses for a throttle; `false` where there was no more patience, or macaque was told to stop.
    async fn rest(&mut self, retry_after: Duration) -> bool {
        let Some(left) = self.throttles.checked_sub(1) else {
            return false;
        };
        self.throttles = left;
        let pause = tokio::time::sleep(retry_after.min(LONGEST_PAUSE));
        self.table.stop.within(Duration::ZERO, pause).await.is_some()
    }

    /// A yes is no proof: the pod must be gone or going.
    async fn verify(&self) -> Outcome {
        match self.look().await {
            Seen::GoneOrGoing => self.done(),
            Seen::Alive => Outcome::Refused(Refusal::AcceptedButAlive),
            Seen::Nothing(why) => Outcome::Unknown {
                why: format!("accepted, and then {why}"),
            },
        }
    }

    /// Settles the first doubt by looking; `None` where the pod lives and may be asked for once more, by its UID.
    async fn settle(&mut self, doubt: String) -> Option<Outcome> {
        match self.look().await {
            Seen::GoneOrGoing => Some(self.done_all_the_same(&doubt)),
            Seen::Alive if !self.table.stop.is_requested() => {
                self.doubt = Some(doubt);
                None
            }
            Seen::Alive => Some(Outcome::Unknown {
                why: format!("{doubt}; a moment later the pod was alive"),
            }),
            Seen::Nothing(why) => Some(Outcome::Unknown {
                why: format!("{doubt}; then {why}"),
            }),
        }
    }

    /// Ends in doubt: an answer other than yes may be about what the request before it did.
    async fn give_up(&mut self, doubt: String, verdict: Verdict) -> Outcome {
        let why = match self.look().await {
            Seen::GoneOrGoing => return self.done_all_the_same(&doubt),
            Seen::Alive => "a moment later the pod was alive".to_owned(),
            Seen::Nothing(why) => format!("then {why}"),
        };
        let again = match verdict {
            Verdict::Refused(refusal) => format!("asked again: refused by {refusal}"),
            Verdict::Doubt(why) | Verdict::Forbidden(why) | Verdict::Fault(why) => {
                format!("asked again: {why}")
            }
            Verdict::Unauthorized => "asked again: the credentials are not accepted".to_owned(),
            Verdict::Accepted | Verdict::Gone => "asked again".to_owned(),
        };
        Outcome::Unknown {
            why: format!("{doubt}; {again}; {why}"),
        }
    }

    fn done_all_the_same(&mut self, doubt: &str) -> Outcome {
        let seen = format!("no clear answer ({doubt}), but the pod was seen gone or going");
        self.warnings.push(seen);
        self.done()
    }

    fn done(&self) -> Outcome {
        match self.table.orders.disrupt.method {
            Method::Evict => Outcome::Evicted,
            Method::Delete => Outcome::Deleted,
        }
    }

    fn what(&self) -> String {
        format!("{} {}", self.table.orders.disrupt.method, self.pod)
    }

    async fn look(&self) -> Seen {
        self.table.look(self.pod).await
    }
}
