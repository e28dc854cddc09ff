//! Cases of credentials.

use super::case_directory::PRINT;
use super::{ADMIN, CaseOutcome, ConnectingCase, SECURE, anonymous, kubeconfig, of_file, plugin};

const TOKEN_VARIABLE: &str = ", env: [{name: TOKEN, value: '{token}'}]";

/// The cases.
pub(super) fn cases() -> Vec<ConnectingCase> {
    let missing_user = kubeconfig(SECURE, ADMIN).replace("user: u}", "user: who}");
    let oidc = "auth-provider: {name: oidc, config: {id-token: '{token}'}}";
    vec![
        of_file("a token", SECURE, ADMIN, CaseOutcome::Both("admin")),
        of_file(
            "a token that is not known",
            SECURE,
            "token: nope",
            CaseOutcome::Neither,
        ),
        of_file(
            "empty strings beside a token",
            "server: '{server}', certificate-authority: '', tls-server-name: '', proxy-url: '', \
             certificate-authority-data: {ca}",
            "token: '{token}', tokenFile: '', username: '', password: '', client-certificate: '', client-key: '', \
             client-certificate-data: '', client-key-data: '', exec: null, auth-provider: null, as: ''",
            CaseOutcome::Both("admin"),
        ),
        of_file("no credentials", SECURE, "", anonymous()),
        of_file("an empty token", SECURE, "token: ''", anonymous()),
        ConnectingCase {
            name: "a user that is not in the file",
            files: vec![("config", missing_user)],
            kubeconfig: Some("config"),
            variables: Vec::new(),
            outcome: CaseOutcome::Neither,
        },
        of_file(
            "a token file that ends in a newline",
            SECURE,
            "tokenFile: token",
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a token file that is absent",
            SECURE,
            "tokenFile: absent",
            CaseOutcome::Neither,
        ),
        of_file(
            "a token file wins over a token",
            SECURE,
            "token: nope, tokenFile: token",
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "an absent token file leaves the token",
            SECURE,
            "token: '{token}', tokenFile: absent",
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a token with a line break",
            SECURE,
            "token: \"{token}\\n\"",
            CaseOutcome::Neither,
        ),
        of_file(
            "a token and a user name",
            SECURE,
            "token: '{token}', username: ann",
            CaseOutcome::Neither,
        ),
        of_file(
            "a user name and a password",
            SECURE,
            "username: ann, password: p",
            CaseOutcome::Differ {
                kubectl: None,
                macaque: Some("system:anonymous"),
                why: "this server ignores passwords: both are anonymous, who may not ask kubectl's question; macaque reads \
                      the name in the refusal",
            },
        ),
        of_file(
            "half a client certificate",
            SECURE,
            "client-certificate: ca.crt",
            CaseOutcome::Neither,
        ),
        of_file(
            "an impersonated user",
            SECURE,
            "token: '{token}', as: ann, as-groups: [g]",
            CaseOutcome::Both("ann"),
        ),
        of_file(
            "groups without a user",
            SECURE,
            "token: '{token}', as-groups: [g]",
            CaseOutcome::Neither,
        ),
        of_file(
            "a credentials command",
            SECURE,
            &plugin(PRINT, TOKEN_VARIABLE),
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a token wins over a credentials command",
            SECURE,
            &format!("{ADMIN}, {}", plugin("exit 1", "")),
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a credentials command that fails",
            SECURE,
            &plugin("exit 1", ""),
            CaseOutcome::Neither,
        ),
        of_file(
            "a credentials command of another version",
            SECURE,
            &plugin(&PRINT.replace("/v1", "/v1beta1"), TOKEN_VARIABLE),
            CaseOutcome::Neither,
        ),
        of_file(
            "a credentials command that needs a terminal",
            SECURE,
            &plugin(PRINT, TOKEN_VARIABLE).replace("Never", "Always"),
            CaseOutcome::Neither,
        ),
        of_file(
            "a credentials command beside the kubeconfig",
            SECURE,
            "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin}",
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a provider that kubectl has removed",
            SECURE,
            "auth-provider: {name: gcp}",
            CaseOutcome::Neither,
        ),
        of_file(
            "the token of OpenID Connect",
            SECURE,
            oidc,
            CaseOutcome::Differ {
                kubectl: None,
                macaque: Some("admin"),
                why: "kubectl would renew this token, which is no JWT; macaque sends the token and renews none",
            },
        ),
    ]
}
