//! The decisions of macaque as pure functions and values: when a round is due, which pods may be disrupted, which of
//! them are picked, and what an answer of the API server means.
//!
//! | module | decides |
//! |---|---|
//! | [`schedule`] | when rounds are due: crontab lines, time zones, quiet times, and the slot that is due now |
//! | [`name_patterns`] | which names a list of globs includes |
//! | [`selector`] | which pods a label selector matches |
//! | [`pod`] | nothing: the fields of a pod that the rules read, and the names of pods and owners |
//! | [`owner_kinds`] | which kinds of owners a list of kinds includes |
//! | [`config`] | nothing: the validated configuration |
//! | [`duration`] | what length of time a text means |
//! | [`annotations`] | what a value of macaque's own annotations and labels means |
//! | [`freeze`] | whether a pod, a namespace or an owner is frozen |
//! | [`every`] | how often a team wishes a turn for its workload |
//! | [`key_warnings`] | which of those keys and values people should be warned of |
//! | [`scope_metadata`] | nothing: what is known about namespaces, owners and nodes around the pods |
//! | [`levels`] | nothing: the annotations and labels of a pod, its owner and its namespace, nearest first |
//! | [`eligibility`] | whether a pod is a candidate, or by which rule it is exempt |
//! | [`rota`] | which owners have a turn at which slot |
//! | [`turn_owners`] | which owners have turns |
//! | [`icalendar`] | which rounds, turns and quiet times a calendar program shows, as an iCalendar file |
//! | [`siblings`] | nothing: all pods of one owner, counted by what they are |
//! | [`guard`] | whether what is around a victim lets it be disrupted |
//! | [`recovery`] | whether, and how fast, a workload became whole again after a disruption |
//! | [`selection`] | which candidates are tried, in which order, by a seed |
//! | [`budget`] | what PodDisruptionBudgets allow, and what is wrong with them |
//! | [`verdict`] | what the API server's answer to a disruption means |
//! | [`outcome`] | how the result for a victim is worded |
//! | [`refusal`] | how a refusal is worded: who refused, and what to do about it |
//! | [`server_text`] | how much of a server's text is kept |
//! | [`words`] | how a list of choices is written in a sentence |
//! | [`prediction`] | how the expected result of a disruption is worded before it is tried |
//! | [`preview`] | which victims a round would pick, and how likely each is |
//! | [`report`] | how a round is summed up |
//! | [`notice`] | what people are to know beside rounds and recoveries |
//! | [`seal`] | whether what is stored was edited |
//! | [`journal`] | which step of a round is allowed next, and what must be written down before it |
//! | [`history`] | nothing: what happened, and where something is missing of it |
//! | [`blame`] | whether a disruption of macaque can be the cause of what others saw |
//! | [`resilience`] | what the history says of each owner |
//! | [`events`] | which Kubernetes Events tell of an outcome or a recovery, and in which words |
//! | [`permissions`] | which permissions a configuration needs, and which it should not have |
//!
//! Time, chance and answers are arguments, decisions are return values: the same arguments give the same decision.
//! Two files enforce that. The manifest names no crate for a network, a runtime or a log (no kube, tokio, actix, log).
//! The `clippy.toml` of this crate bans clocks, sleeping, global randomness, the environment, files, sockets and other
//! programs.

pub mod annotations;
pub mod blame;
pub mod budget;
pub mod config;
pub mod duration;
pub mod eligibility;
pub mod events;
pub mod every;
pub mod freeze;
pub mod guard;
pub mod history;
pub mod icalendar;
pub mod instants;
pub mod journal;
pub mod key_warnings;
pub mod levels;
pub mod name_patterns;
pub mod notice;
pub mod outcome;
pub mod owner_kinds;
pub mod permissions;
pub mod pod;
pub mod prediction;
pub mod preview;
pub mod recovery;
pub mod refusal;
pub mod report;
pub mod resilience;
pub mod rota;
pub mod schedule;
pub mod scope_metadata;
pub mod seal;
pub mod selection;
pub mod selector;
pub mod server_text;
pub mod siblings;
pub mod turn_owners;
pub mod verdict;
pub mod words;
