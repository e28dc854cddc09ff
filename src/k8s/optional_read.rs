//! Reads that macaque may be granted or not: without the grant, macaque works on and does not see what they would show.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque_core::server_text::bounded;
use tokio::time::Instant;

use super::{ApiError, Cluster};

/// How long a refusal is remembered before it is asked again: a grant may have been added.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The result of a read that macaque may be granted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionalRead<T> {
    /// The object exists, and this was read of it.
    Found(T),
    /// There is no such object.
    Missing,
    /// macaque may not read it.
    NotGranted,
}

impl<T> OptionalRead<T> {
    /// What was read; `None` if nothing was.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(read) => Some(read),
            Self::Missing | Self::NotGranted => None,
        }
    }
}

impl<T> From<Option<T>> for OptionalRead<T> {
    fn from(read: Option<T>) -> Self {
        read.map_or(Self::Missing, Self::Found)
    }
}

/// The reads that were refused, by resource and place (a namespace, or one object), and when.
#[derive(Debug, Default)]
pub(super) struct RefusedReads(BTreeMap<String, BTreeMap<String, Instant>>);

impl RefusedReads {
    /// Notes that `resource` may not be read at `place`; returns whether this is the first refusal of the resource.
    fn note(&mut self, resource: &str, place: &str, now: Instant) -> bool {
        let known = self.0.entry(resource.to_owned()).or_default();
        let is_first = known.is_empty();
        known.retain(|_, refused| now - *refused < REMEMBERED);
        known.insert(place.to_owned(), now);
        is_first
    }

    /// Whether `resource` was refused at `place` not long ago.
    fn is_known(&self, resource: &str, place: &str, now: Instant) -> bool {
        let refused = self.0.get(resource).and_then(|known| known.get(place));
        refused.is_some_and(|refused| now - *refused < REMEMBERED)
    }
}

impl Cluster {
    /// The result of a `read` of `resource`, `deployments/scale` for example, at `place`, for which a refusal is no error. It
    /// is remembered for ten minutes, in which nothing is asked; the first one of each resource is logged.
    pub(super) async fn unless_refused<T>(
        &self,
        resource: &str,
        place: &str,
        read: impl Future<Output = Result<OptionalRead<T>, ApiError>>,
    ) -> Result<OptionalRead<T>, ApiError> {
        let now = self.platform.monotonic();
        if self.refused.borrow().is_known(resource, place, now) {
            return Ok(OptionalRead::NotGranted);
        }
        let why = match read.await {
            Err(ApiError::Forbidden { why, .. }) => why,
            read => return read,
        };

        let is_first = self.refused.borrow_mut().note(resource, place, now);
        if is_first {
            log::info!(
                "macaque may not read {resource}, and works without it: {}",
                bounded(&why)
            );
        }
        Ok(OptionalRead::NotGranted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_for_ten_minutes_where_it_came_and_is_news_once() {
        let mut refused = RefusedReads::default();
        let start = Instant::now();
        assert!(!refused.is_known("namespaces", "shop", start));
        assert!(refused.note("namespaces", "shop", start));

        assert!(refused.is_known("namespaces", "shop", start + REMEMBERED / 2));
        assert!(!refused.is_known("namespaces", "team", start));
        assert!(!refused.is_known("deployments", "shop", start));

        let later = start + REMEMBERED;
        assert!(!refused.is_known("namespaces", "shop", later));
        assert!(!refused.note("namespaces", "shop", later), "it was logged before");
        assert!(!refused.note("namespaces", "team", later));
        assert!(refused.note("deployments", "shop", later));
    }
}
