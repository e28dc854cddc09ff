//! Selects a context of a kubeconfig, with its cluster and its user; whatever is missing is named beside what is there.

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig};

use super::FoundKubeconfig;
use crate::k8s::error::AccessFault;

/// How many names a message lists.
const MAX_NAMES: usize = 20;

/// A context, with what its names stand for. Without `Debug`, because it holds secrets.
pub(in crate::k8s::connect) struct SelectedContext {
    /// The name of the user; `None` if the context names none.
    pub(in crate::k8s::connect) user_name: Option<String>,
    /// The credentials of the user; empty without one.
    pub(in crate::k8s::connect) user: AuthInfo,
    /// The cluster.
    pub(in crate::k8s::connect) cluster: Cluster,
    /// The name of the cluster.
    pub(in crate::k8s::connect) cluster_name: String,
}

/// Selects the context of this name, or the current one.
///
/// # Errors
/// There is no such context, or no such cluster or user as it names.
pub(in crate::k8s::connect) fn select(
    found: &FoundKubeconfig,
    context: Option<&str>,
) -> Result<SelectedContext, AccessFault> {
    let FoundKubeconfig { name: file, content } = found;
    let (name, context) = find_context(found, context)?;
    let cluster_name = context.cluster.clone();
    let clusters = &content.clusters;
    let cluster = clusters.iter().find(|named| named.name == cluster_name);
    let Some(cluster) = cluster.map(|named| named.cluster.clone().unwrap_or_default()) else {
        let known = names(clusters.iter().map(|named| named.name.clone()));
        return Err(missing(file, name, "cluster", &cluster_name, &known));
    };

    let user_name = context.user.clone();
    let users = &content.auth_infos;
    let user = match &user_name {
        None => AuthInfo::default(),
        Some(user) => match users.iter().find(|named| named.name == *user) {
            Some(named) => named.auth_info.clone().unwrap_or_default(),
            None => {
                let known = names(users.iter().map(|named| named.name.clone()));
                return Err(missing(file, name, "user", user, &known));
            }
        },
    };

    Ok(SelectedContext {
        user_name,
        user,
        cluster,
        cluster_name,
    })
}

/// The context of this name, or the current one; and its name.
///
/// # Errors
/// There is no such context.
pub(in crate::k8s::connect) fn find_context<'a>(
    found: &'a FoundKubeconfig,
    context: Option<&'a str>,
) -> Result<(&'a str, &'a Context), AccessFault> {
    let FoundKubeconfig { name: file, content } = found;
    let name = context.or(content.current_context.as_deref());
    let Some(name) = name else {
        return Err(choose(content, format!("no current-context is set in {file}")));
    };

    let context = content.contexts.iter().find(|named| named.name == name);
    match context.and_then(|named| named.context.as_ref()) {
        Some(context) => Ok((name, context)),
        None => Err(choose(content, format!("there is no context {name:?} in {file}"))),
    }
}

fn choose(content: &Kubeconfig, wrong: String) -> AccessFault {
    let known = content.contexts.iter().map(|named| named.name.clone());
    if content.contexts.is_empty() {
        let remedy =
            "there is no context at all: name another kubeconfig with --kubeconfig (key cluster.kubeconfig)";
        return AccessFault::new(wrong, remedy);
    }
    let remedy = "use one of these with --context (key cluster.context)";
    AccessFault::new(wrong, format!("{remedy}: {}", names(known)))
}

fn missing(file: &str, context: &str, what: &str, name: &str, known: &str) -> AccessFault {
    let wrong = if name.is_empty() {
        format!("cannot use {file}: the context {context:?} names no {what}")
    } else {
        format!("cannot use {file}: the context {context:?} names the {what} {name:?}, which is not there")
    };
    let known = if known.is_empty() { "none" } else { known };
    AccessFault::new(
        wrong,
        format!("correct the context, or add the {what}; {what}s that are there: {known}"),
    )
}

/// The first of some names, and how many more there are.
pub(super) fn names(all: impl Iterator<Item = String>) -> String {
    let mut all: Vec<_> = all.collect();
    let more = all.len().saturating_sub(MAX_NAMES);
    all.truncate(MAX_NAMES);
    if more > 0 {
        all.push(format!("… and {more} more"));
    }
    crate::text::line(&all.join(", "))
}
