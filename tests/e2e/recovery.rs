//! Promises about recoveries: how long each took, how it ended, and what follows from that, beside a watch of the test's
//! own on the same pods.
//!
//! A pod here has a life that its annotations set (`tests/controlplane/stages.yaml`), or one that the test plays: it stands
//! in for the kubelet, and for the controller of owners of custom kinds.

mod custom_owners;
mod holds;
mod observed_times;
mod phases;
pub(crate) mod pod_observer;
mod strikes;
mod takeover;
mod times;
mod verdicts;
mod waiting;
