//! Cases of servers: their addresses, their certificates, and whether they have TLS.

use super::{ADMIN, CaseOutcome, ConnectingCase, SECURE, of_file, plugin};

/// The cases.
pub(super) fn cases() -> Vec<ConnectingCase> {
    let insecure = "server: '{server}', insecure-skip-tls-verify: true";
    vec![
        of_file(
            "a CA in a file beside the kubeconfig",
            "server: '{server}', certificate-authority: ca.crt",
            ADMIN,
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a CA that is not this server's",
            "server: '{server}', certificate-authority: other.crt",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file("no CA", "server: '{server}'", ADMIN, CaseOutcome::Neither),
        of_file(
            "a CA that is absent",
            "server: '{server}', certificate-authority: absent",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "a CA that is none",
            "server: '{server}', certificate-authority: token",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file("no verification", insecure, ADMIN, CaseOutcome::Both("admin")),
        of_file(
            "no verification by a CA that is given",
            &format!("{insecure}, certificate-authority-data: {{ca}}"),
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "a name that the certificate has",
            &format!("{SECURE}, tls-server-name: localhost"),
            ADMIN,
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a name that the certificate has not",
            &format!("{SECURE}, tls-server-name: mars.example"),
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "HTTP to a server of HTTPS",
            "server: 'http://{authority}'",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "an address without a scheme",
            "server: '{authority}'",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "HTTPS to a server of HTTP",
            "server: 'https://{plain}'",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "a port that nothing listens on",
            "server: 'https://127.0.0.1:1'",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "a path that is not there",
            "server: '{server}/mars', certificate-authority-data: {ca}",
            ADMIN,
            CaseOutcome::Neither,
        ),
        of_file(
            "no server",
            "certificate-authority-data: {ca}",
            ADMIN,
            CaseOutcome::Neither,
        ),
        // This server lets in whoever sends no credentials, and checks those that are sent.
        of_file(
            "a token that is kept from a server without TLS",
            "server: 'http://{plain}'",
            "token: nope",
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a server without a scheme and without TLS",
            "server: '{plain}'",
            "token: nope",
            CaseOutcome::Both("admin"),
        ),
        of_file(
            "a command that is not run for a server without TLS",
            "server: 'http://{plain}'",
            &plugin("exit 1", ""),
            CaseOutcome::Both("admin"),
        ),
        ConnectingCase {
            variables: vec![("MACAQUE_CLUSTER__CREDENTIALS_WITHOUT_TLS", "true")],
            ..of_file(
                "a token that is sent without TLS",
                "server: 'http://{plain}'",
                "token: nope",
                CaseOutcome::Differ {
                    kubectl: Some("admin"),
                    macaque: None,
                    why: "the key has macaque send the token, which this server does not know",
                },
            )
        },
    ]
}
