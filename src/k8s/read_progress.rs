//! How far a connection has come with what it reads, for whoever shows that.

use std::cell::Cell;

use super::Cluster;

/// How far a connection has come: how many pods were listed, how many requests were sent, and how many pods the API
/// server was asked about.
#[derive(Debug, Default)]
pub struct ReadProgress {
    pods: Cell<usize>,
    requests: Cell<usize>,
    asked: Cell<Option<(usize, usize)>>,
}

impl ReadProgress {
    /// How many pods were listed.
    pub fn pods(&self) -> usize {
        self.pods.get()
    }

    /// How many requests were sent.
    pub fn requests(&self) -> usize {
        self.requests.get()
    }

    /// About how many pods the API server was asked, and of how many, while it is asked.
    pub fn asked(&self) -> Option<(usize, usize)> {
        self.asked.get()
    }

    /// Begins anew.
    pub fn reset(&self) {
        self.pods.set(0);
        self.requests.set(0);
        self.asked.set(None);
    }

    /// Notes about how many pods the API server was asked, and of how many; `None` once that is over.
    pub fn set_asked(&self, asked: Option<(usize, usize)>) {
        self.asked.set(asked);
    }

    /// Counts pods that were listed.
    pub(super) fn add_pods(&self, count: usize) {
        self.pods.set(self.pods.get() + count);
    }

    /// Counts a request.
    pub(super) fn add_request(&self) {
        self.requests.set(self.requests.get() + 1);
    }
}

impl Cluster {
    /// How far this connection has come with what it reads.
    pub fn progress(&self) -> &ReadProgress {
        &self.progress
    }
}
