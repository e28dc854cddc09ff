//! Proves a configuration against the cluster before it is in force: what it needs, and the one before it did not, must be
//! there.

use macaque_core::config::{ChaosConfig, JournalLocation};
use macaque_core::permissions;

use crate::k8s::{ApiError, Cluster};

/// The reason why a configuration is not proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unproved {
    /// The cluster lacks these, in words with a remedy each.
    Lacks(Vec<String>),
    /// The API server refuses to say, or cannot be asked: its answer stays the same until somebody changes something.
    Refused(String),
    /// The API server did not answer, or is busy, or fails.
    NoAnswer(String),
}

/// Proves `new`, which is to follow `old`. What `old` lacks as well does not count, so that it keeps nobody from a change
/// of something else.
///
/// # Errors
/// What is missing, or that the API server refused to say, or did not answer.
pub async fn prove(cluster: &Cluster, old: &ChaosConfig, new: &ChaosConfig) -> Result<(), Unproved> {
    let mut lacks = missing_namespaces(cluster, old, new).await?;

    let known = permissions::required(old);
    let required = permissions::required(new);
    for grant in required.iter().filter(|grant| !known.contains(grant)) {
        if !cluster.holds(grant).await? {
            lacks.push(format!("may not {grant}; {}", grant.remedy()));
        }
    }
    if lacks.is_empty() {
        lacks.extend(missing_journal(cluster, old, new).await?);
    }

    if lacks.is_empty() {
        Ok(())
    } else {
        Err(Unproved::Lacks(lacks))
    }
}

/// The namespaces of `new` that do not exist, as far as macaque may read namespaces.
async fn missing_namespaces(
    cluster: &Cluster,
    old: &ChaosConfig,
    new: &ChaosConfig,
) -> Result<Vec<String>, ApiError> {
    let known = permissions::scopes(&old.target.namespaces);
    let scopes = permissions::scopes(&new.target.namespaces).into_iter();
    let names = scopes.filter(|scope| !known.contains(scope)).flatten();

    let mut missing = Vec::new();
    for name in names {
        if cluster.has_namespace(name).await? == Some(false) {
            missing.push(format!(
                "namespace {name} does not exist; create it, or fix target.namespaces"
            ));
        }
    }
    Ok(missing)
}

/// The lack of a journal, without which nothing is disrupted, if rounds begin to disrupt.
async fn missing_journal(
    cluster: &Cluster,
    old: &ChaosConfig,
    new: &ChaosConfig,
) -> Result<Option<String>, ApiError> {
    let JournalLocation::ConfigMap(place) = &new.journal else {
        return Ok(None);
    };
    if new.dry_run || !old.dry_run || cluster.journal(place).await?.is_some() {
        return Ok(None);
    }
    let (namespace, name) = (&place.namespace, &place.name);
    Ok(Some(format!(
        "the journal, {place}, does not exist; create it: kubectl -n {namespace} create configmap {name}"
    )))
}

impl From<ApiError> for Unproved {
    fn from(error: ApiError) -> Self {
        let why = error.to_string();
        if error.is_no_answer() {
            Self::NoAnswer(why)
        } else {
            Self::Refused(why)
        }
    }
}

#[cfg(test)]
mod tests;
