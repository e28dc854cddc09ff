//! Reads that macaque may be granted or not: without the grant, macaque works on and does not see what they would show.

use macaque_core::server_text::bounded;

use super::{ApiError, Cluster};

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

impl Cluster {
    /// The result of a read of `resource`, `deployments/scale` for example, for which a refusal is no error. The first
    /// refusal of each resource is logged.
    pub(super) fn without_grant<T>(
        &self,
        resource: &str,
        read: Result<OptionalRead<T>, ApiError>,
    ) -> Result<OptionalRead<T>, ApiError> {
        let Err(ApiError::Forbidden { why, .. }) = &read else {
            return read;
        };

        let is_new = self.refused.borrow_mut().insert(resource.to_owned());
        if is_new {
            log::info!(
                "macaque does not see {resource}, and works on without: {}",
                bounded(why)
            );
        }
        Ok(OptionalRead::NotGranted)
    }
}
