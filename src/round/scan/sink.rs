//! What callers keep of the pods that a scan sees.

use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption};
use macaque_core::notice::ScopeOwners;
use macaque_core::pod::Pod;
use macaque_core::selection::CandidateIndex;

use super::ScannedOwners;

/// Collects what a caller keeps of the pods that a scan sees.
pub(crate) trait PodSink: Default {
    /// Adds a pod as it was judged by `eligibility`.
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig);
    /// Adds the pods of another page or namespace.
    fn append(&mut self, more: Self);
}

/// Keeps the candidates and nothing else.
impl PodSink for Vec<Candidate> {
    fn push(&mut self, _: Pod, judged: Result<Candidate, Exemption>, _: &EligibilityConfig) {
        self.extend(judged.ok());
    }

    fn append(&mut self, more: Self) {
        self.extend(more);
    }
}

/// A sink, and the owners that have turns: those of the pods that it was given.
#[derive(Default)]
pub(crate) struct WithOwners<S> {
    pub(crate) sink: S,
    pub(crate) owners: ScannedOwners,
}

/// Keeps the owners that have turns beside what another sink keeps.
impl<S: PodSink> PodSink for WithOwners<S> {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.owners.note(&pod, judged.as_ref().err(), eligibility);
        self.sink.push(pod, judged, eligibility);
    }

    fn append(&mut self, more: Self) {
        self.owners.append(more.owners);
        self.sink.append(more.sink);
    }
}

/// Keeps the candidates of a large scope in a compact form.
impl PodSink for CandidateIndex {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        CandidateIndex::push(self, &pod, judged.as_ref().ok(), eligibility);
    }

    fn append(&mut self, more: Self) {
        CandidateIndex::append(self, more);
    }
}

/// Keeps the owners, for a digest.
impl PodSink for ScopeOwners {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.note(&pod, judged.as_ref().err(), eligibility);
    }

    fn append(&mut self, more: Self) {
        ScopeOwners::append(self, more);
    }
}

/// The owners in scope, each by name.
pub(in crate::round) struct EveryOwner(ScopeOwners);

impl Default for EveryOwner {
    fn default() -> Self {
        Self(ScopeOwners::unbounded())
    }
}

impl From<EveryOwner> for ScopeOwners {
    fn from(owners: EveryOwner) -> Self {
        owners.0
    }
}

impl PodSink for EveryOwner {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.0.push(pod, judged, eligibility);
    }

    fn append(&mut self, more: Self) {
        self.0.append(more.0);
    }
}
