//! What fuzzing reaches of the kubeconfigs: one is read, merged with itself, and a context selected.

use std::path::Path;

use kube::config::Kubeconfig;
use serde_json::Value;

use super::{FoundKubeconfig, merge, parse, select};

/// What a kubeconfig holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadKubeconfig {
    /// The content.
    pub content: Value,
    /// The content merged with itself.
    pub merged: Value,
    /// The server of the selected context, or what is wrong with the context.
    pub server: Result<Option<String>, String>,
}

/// Reads a kubeconfig in `directory`, and selects the context of this name, or the current one.
///
/// # Errors
/// The text is no kubeconfig.
pub(in crate::k8s) fn kubeconfig(
    text: &str,
    directory: &Path,
    context: Option<&str>,
) -> Result<ReadKubeconfig, String> {
    let content = parse(text, directory)?;
    let as_json = |content: &Kubeconfig| serde_json::to_value(content).map_err(|error| error.to_string());
    let merged = as_json(&merge(content.clone(), content.clone()))?;
    let found = FoundKubeconfig {
        name: "the kubeconfig".to_owned(),
        content,
    };

    let selected = select(&found, context);
    let server = selected.map(|selected| selected.cluster.server);
    Ok(ReadKubeconfig {
        content: as_json(&found.content)?,
        merged,
        server: server.map_err(|fault| fault.wrong),
    })
}
