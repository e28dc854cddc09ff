//! The real control plane that `tests/controlplane/controlplane run` starts for a suite.

use std::env;
use std::path::PathBuf;

/// The administrator's kubeconfig. Not `$KUBECONFIG`, which may lead to somebody's real cluster.
pub fn kubeconfig(suite: &str) -> PathBuf {
    let path = env::var_os("CONTROLPLANE_KUBECONFIG").unwrap_or_else(|| {
        panic!(
            "run this by `tests/controlplane/controlplane run DIR -- cargo test --test {suite} -- --ignored`"
        )
    });
    path.into()
}
