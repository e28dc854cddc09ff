//! Disrupts one victim and finds out what became of it. A doubt resumes the same victim by its UID, never another.

use std::time::Duration;

use tokio::time::sleep as pause;

use crate::chaos::answer::{Verdict, classify};
use crate::chaos::outcome::{Method, Outcome, Refusal};
use crate::chaos::plan::Disrupt;
use crate::chaos::pod::PodRef;
use crate::cluster::ClusterError;

use super::{LONGEST_PAUSE, Round};

/// How long a call in flight may go on once macaque was told to stop.
const GRACE: Duration = Duration::from_secs(15);

/// How often a throttled disruption is sent again.
const THROTTLES: u32 = 3;

/// How often a disruption in doubt is sent again: the UID makes that safe, and a second doubt says enough.
const DOUBTS: u32 = 1;

/// How often a pod is looked up after a doubt, and the pause before the second look; it doubles.
const LOOKS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

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
enum Seen {
    /// No pod of that name, another one, or the pod being deleted.
    GoneOrGoing,
    /// The pod, as alive as before.
    Alive,
    /// Nothing: the look failed, and why.
    Nothing(String),
}

/// How much more one victim is worth.
struct Patience {
    throttles: u32,
    doubts: u32,
}

impl Round<'_> {
    /// Disrupts `pod` and finds out what became of it.
    pub(super) async fn disrupt(&self, pod: &PodRef) -> Result<Tried, Failure> {
        let mut patience = Patience {
            throttles: THROTTLES,
            doubts: DOUBTS,
        };
        let mut warnings = Vec::new();
        loop {
            let verdict = self.ask(pod, &mut warnings).await;
            if let Some(outcome) = self.conclude(pod, verdict, &mut patience, &mut warnings).await? {
                return Ok(Tried { outcome, warnings });
            }
        }
    }

    /// Sends the disruption once.
    async fn ask(&self, pod: &PodRef, warnings: &mut Vec<String>) -> Verdict {
        let Disrupt {
            method, grace_period, ..
        } = self.orders.disrupt;
        match self
            .stop
            .within(GRACE, self.cluster.disrupt(pod, method, grace_period))
            .await
        {
            Some(Ok(answer)) => {
                let verdict = classify(&answer);
                warnings.extend(answer.warnings);
                verdict
            }
            Some(Err(error)) => Verdict::Doubt(error.to_string()),
            None => Verdict::Doubt("macaque was told to stop before an answer came".to_owned()),
        }
    }

    /// What follows from the verdict; `None` asks once more for the same pod.
    async fn conclude(
        &self,
        pod: &PodRef,
        verdict: Verdict,
        patience: &mut Patience,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Outcome>, Failure> {
        let what = || format!("{} {pod}", self.orders.disrupt.method);
        Ok(match verdict {
            Verdict::Accepted => Some(self.verify(pod).await),
            Verdict::Gone => Some(Outcome::Gone),
            Verdict::Refused(Refusal::Throttled { retry_after }) if patience.throttles > 0 => {
                patience.throttles -= 1;
                let rested = self
                    .stop
                    .within(Duration::ZERO, pause(retry_after.min(LONGEST_PAUSE)))
                    .await;
                rested
                    .is_none()
                    .then_some(Outcome::Refused(Refusal::Throttled { retry_after }))
            }
            Verdict::Refused(refusal) => Some(Outcome::Refused(refusal)),
            Verdict::Changed => {
                self.resolve(pod, "the pod changed meanwhile", patience, warnings)
                    .await
            }
            Verdict::Doubt(why) => self.resolve(pod, &why, patience, warnings).await,
            Verdict::Forbidden(why) => {
                return Err(Failure::Namespace(ClusterError::Forbidden { what: what(), why }));
            }
            Verdict::Unauthorized => {
                return Err(Failure::Round(
                    ClusterError::Unauthorized { what: what() }.to_string(),
                ));
            }
            Verdict::Fault(why) => return Err(Failure::Round(format!("{}: {why}", what()))),
        })
    }

    /// A yes is no proof: the pod must be gone or going.
    async fn verify(&self, pod: &PodRef) -> Outcome {
        match self.look(pod).await {
            Seen::GoneOrGoing => self.done(),
            Seen::Alive => Outcome::Refused(Refusal::AcceptedButAlive),
            Seen::Nothing(why) => Outcome::Unknown {
                why: format!("accepted, and then {why}"),
            },
        }
    }

    /// Settles a doubt by looking; `None` where the pod lives and is worth one more try.
    async fn resolve(
        &self,
        pod: &PodRef,
        doubt: &str,
        patience: &mut Patience,
        warnings: &mut Vec<String>,
    ) -> Option<Outcome> {
        match self.look(pod).await {
            Seen::GoneOrGoing => {
                warnings.push(format!(
                    "no clear answer ({doubt}), but the pod was seen gone or going"
                ));
                Some(self.done())
            }
            Seen::Alive if patience.doubts > 0 && !self.stop.is_requested() => {
                patience.doubts -= 1;
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

    fn done(&self) -> Outcome {
        match self.orders.disrupt.method {
            Method::Evict => Outcome::Evicted,
            Method::Delete => Outcome::Deleted,
        }
    }

    /// Looks the pod up by its UID, several times if the API server does not answer.
    async fn look(&self, pod: &PodRef) -> Seen {
        let mut looks = 1;
        loop {
            let error = match self.stop.within(GRACE, self.cluster.pod(pod)).await {
                Some(Ok(Some(now))) if now.id.uid == pod.uid && !now.terminating => return Seen::Alive,
                Some(Ok(_)) => return Seen::GoneOrGoing,
                Some(Err(error)) => error,
                None => return Seen::Nothing("macaque was told to stop".to_owned()),
            };
            if looks == LOOKS || !error.is_transient() {
                return Seen::Nothing(error.to_string());
            }
            pause(PAUSE * 2_u32.pow(looks - 1)).await;
            looks += 1;
        }
    }
}
