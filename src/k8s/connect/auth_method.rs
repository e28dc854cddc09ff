//! Decides how a user of a kubeconfig authenticates, by client-go's order, and refuses credentials that cannot be used.

use kube::config::{AuthInfo, AuthProviderConfig, ExecConfig, ExecInteractiveMode};
use secrecy::SecretString;

use super::exec_plugin::{InteractiveMode, PluginSpec};

/// What is sent in the `Authorization` header. A client certificate is used beside it.
#[derive(Debug)]
pub(super) enum AuthMethod {
    /// Nothing.
    None,
    /// The token of the kubeconfig.
    Token(SecretString),
    /// The token in a file, which is read again now and then, and until that file can be read, another.
    TokenFile(String, Option<SecretString>),
    /// A user name and a password.
    Basic(String, SecretString),
    /// What a command prints: a token, a client certificate, or both.
    Plugin(Box<PluginSpec>),
}

/// The versions of the protocol of credentials commands.
const PLUGIN_VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

impl AuthMethod {
    /// The method of this user; `cluster` is what a credentials command may ask to know of the cluster.
    ///
    /// | the user holds | what counts |
    /// |---|---|
    /// | `token` and `tokenFile` | the file, and the token as long as the file cannot be read |
    /// | `token` or `tokenFile`, and `username` | nothing: it is a mistake |
    /// | any of these or a client certificate, and `exec` | the command is not run |
    /// | a client certificate and any other | both |
    ///
    /// # Errors
    /// What is wrong, in words without secrets.
    pub(super) fn of(
        user: &AuthInfo,
        cluster: impl FnOnce() -> Result<serde_json::Value, String>,
    ) -> Result<Self, String> {
        check_impersonation(user)?;
        let has_certificate = check_certificate(user)?;
        if let Some(provider) = &user.auth_provider {
            return of_provider(provider);
        }

        let has_token = user.token.is_some() || user.token_file.is_some();
        match (&user.username, &user.password) {
            (Some(_), _) | (_, Some(_)) if has_token => {
                Err("it has both a token and a user name or password, and only one can be sent".to_owned())
            }
            (Some(name), password) => Ok(Self::Basic(
                name.clone(),
                password.clone().unwrap_or_else(|| String::new().into()),
            )),
            (None, Some(_)) => Err("it has a password and no username".to_owned()),
            (None, None) => match (&user.token, &user.token_file, &user.exec) {
                (token, Some(file), _) => Ok(Self::TokenFile(file.clone(), token.clone())),
                (Some(token), None, _) => Ok(Self::Token(token.clone())),
                (None, None, Some(exec)) if !has_certificate => {
                    plugin(exec, cluster).map(|spec| Self::Plugin(Box::new(spec)))
                }
                (None, None, _) => Ok(Self::None),
            },
        }
    }
}

/// Whether the user has a client certificate; half of one is a mistake.
fn check_certificate(user: &AuthInfo) -> Result<bool, String> {
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let key = user.client_key.is_some() || user.client_key_data.is_some();
    match (certificate, key) {
        (true, false) => Err("it has a client-certificate and no client-key".to_owned()),
        (false, true) => Err("it has a client-key and no client-certificate".to_owned()),
        (both, _) => Ok(both),
    }
}

fn check_impersonation(user: &AuthInfo) -> Result<(), String> {
    let more = user.impersonate_uid.is_some()
        || user
            .impersonate_groups
            .as_ref()
            .is_some_and(|groups| !groups.is_empty())
        || user
            .impersonate_user_extra
            .as_ref()
            .is_some_and(|extra| !extra.is_empty());
    if user.impersonate.is_none() && more {
        return Err("it impersonates a uid, groups or extra values without a user (key as)".to_owned());
    }
    Ok(())
}

/// Only OpenID Connect is left of the providers that kubectl had built in. Its token is used; macaque renews none.
fn of_provider(provider: &AuthProviderConfig) -> Result<AuthMethod, String> {
    let instead = match provider.name.as_str() {
        "oidc" => {
            let token = provider.config.get("id-token").filter(|token| !token.is_empty());
            if let Some(token) = token {
                return Ok(AuthMethod::Token(token.clone().into()));
            }
            "which has no id-token; log in with kubectl first, or use an exec plugin"
        }
        "gcp" => "which kubectl has not supported since 1.26; use the exec plugin gke-gcloud-auth-plugin",
        "azure" => "which kubectl has not supported since 1.26; use the exec plugin kubelogin",
        _ => "which is not supported; use an exec plugin",
    };
    Err(format!(
        "it uses the auth-provider {:?}, {instead}",
        provider.name
    ))
}

fn plugin(
    exec: &ExecConfig,
    cluster: impl FnOnce() -> Result<serde_json::Value, String>,
) -> Result<PluginSpec, String> {
    let Some(command) = exec.command.clone() else {
        return Err("its exec names no command".to_owned());
    };
    let Some(version) = exec.api_version.as_deref() else {
        return Err(format!("its exec has no apiVersion; use {}", PLUGIN_VERSIONS[0]));
    };
    let Some(api_version) = PLUGIN_VERSIONS.into_iter().find(|known| *known == version) else {
        return Err(format!(
            "its exec has the apiVersion {version:?}; use {}",
            PLUGIN_VERSIONS[0]
        ));
    };
    let mode = match &exec.interactive_mode {
        Some(ExecInteractiveMode::Never) => InteractiveMode::Never,
        Some(ExecInteractiveMode::IfAvailable) => InteractiveMode::IfAvailable,
        Some(ExecInteractiveMode::Always) => InteractiveMode::Always,
        None if api_version == PLUGIN_VERSIONS[1] => InteractiveMode::IfAvailable,
        None => return Err("its exec has no interactiveMode; use Never, IfAvailable or Always".to_owned()),
    };

    let mut env = Vec::new();
    for variable in exec.env.iter().flatten() {
        let Some(name) = variable.get("name").filter(|name| !name.is_empty()) else {
            return Err("its exec has a variable without a name in env".to_owned());
        };
        env.push((name.clone(), variable.get("value").cloned().unwrap_or_default()));
    }
    let cluster = if exec.provide_cluster_info {
        Some(cluster()?.to_string())
    } else {
        None
    };

    Ok(PluginSpec {
        command,
        args: exec.args.clone().unwrap_or_default(),
        env,
        api_version,
        mode,
        install_hint: exec.install_hint.clone(),
        cluster,
    })
}

#[cfg(test)]
mod tests;
