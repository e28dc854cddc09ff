//! The table of which credentials count, and of those that cannot be used. The answers are client-go's.

use serde_json::json;

use super::*;

fn method(user: serde_json::Value) -> Result<String, String> {
    let user: AuthInfo = serde_json::from_value(user).unwrap();
    AuthMethod::of(&user, || Ok(json!({"server": "s"}))).map(|method| match method {
        AuthMethod::None => "nothing".to_owned(),
        AuthMethod::Token(_) => "token".to_owned(),
        AuthMethod::TokenFile(path, token) => {
            format!("{path}{}", if token.is_some() { ", else token" } else { "" })
        }
        AuthMethod::Basic(name, _) => format!("basic {name}"),
        AuthMethod::Plugin(spec) => format!("{} {:?} {:?}", spec.command, spec.mode, spec.cluster),
    })
}

fn exec(more: serde_json::Value) -> serde_json::Value {
    let mut exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "interactiveMode": "Never"});
    for (key, value) in more.as_object().unwrap() {
        exec[key] = value.clone();
    }
    exec
}

#[test]
fn of_several_credentials_those_count_that_client_go_sends() {
    let plugin = exec(json!({}));
    let beta = exec(json!({"apiVersion": "client.authentication.k8s.io/v1beta1", "interactiveMode": null}));
    let informed = exec(json!({"provideClusterInfo": true, "interactiveMode": "Always"}));
    let table = [
        (json!({}), "nothing"),
        (json!({"token": "t"}), "token"),
        (json!({"tokenFile": "/f"}), "/f"),
        (json!({"token": "t", "tokenFile": "/f"}), "/f, else token"),
        (json!({"username": "n", "password": "p"}), "basic n"),
        (json!({"username": "n"}), "basic n"),
        (json!({"client-certificate": "c", "client-key": "k"}), "nothing"),
        (
            json!({"client-certificate": "c", "client-key": "k", "token": "t"}),
            "token",
        ),
        (json!({"exec": plugin}), "aws Never None"),
        (json!({"exec": plugin, "token": "t"}), "token"),
        (json!({"exec": plugin, "tokenFile": "/f"}), "/f"),
        (json!({"exec": plugin, "username": "n"}), "basic n"),
        (
            json!({"exec": plugin, "client-certificate-data": "c", "client-key-data": "k"}),
            "nothing",
        ),
        (json!({"exec": beta}), "aws IfAvailable None"),
        (
            json!({"exec": informed}),
            "aws Always Some(\"{\\\"server\\\":\\\"s\\\"}\")",
        ),
        (json!({"as": "ann", "as-groups": ["g"], "token": "t"}), "token"),
        (
            json!({"auth-provider": {"name": "oidc", "config": {"id-token": "t"}}}),
            "token",
        ),
    ];
    for (user, expected) in table {
        assert_eq!(method(user.clone()).as_deref(), Ok(expected), "{user}");
    }
}

#[test]
fn credentials_that_are_named_and_cannot_be_used_are_an_error() {
    let table = [
        (
            json!({"token": "t", "username": "n"}),
            "both a token and a user name",
        ),
        (
            json!({"tokenFile": "/f", "password": "p"}),
            "both a token and a user name",
        ),
        (json!({"password": "p"}), "a password and no username"),
        (
            json!({"client-certificate": "c"}),
            "a client-certificate and no client-key",
        ),
        (
            json!({"client-key-data": "k"}),
            "a client-key and no client-certificate",
        ),
        (
            json!({"as-groups": ["g"], "token": "t"}),
            "without a user (key as)",
        ),
        (json!({"as-uid": "1", "token": "t"}), "without a user (key as)"),
        (
            json!({"auth-provider": {"name": "gcp"}}),
            "gke-gcloud-auth-plugin",
        ),
        (json!({"auth-provider": {"name": "azure"}}), "kubelogin"),
        (json!({"auth-provider": {"name": "oidc"}}), "no id-token"),
        (json!({"auth-provider": {"name": "x"}}), "which is not supported"),
        (
            json!({"exec": exec(json!({"command": null}))}),
            "its exec names no command",
        ),
        (
            json!({"exec": exec(json!({"apiVersion": null}))}),
            "its exec has no apiVersion",
        ),
        (
            json!({"exec": exec(json!({"apiVersion": "v1"}))}),
            "its exec has the apiVersion \"v1\"",
        ),
        (
            json!({"exec": exec(json!({"interactiveMode": null}))}),
            "its exec has no interactiveMode",
        ),
        (
            json!({"exec": exec(json!({"env": [{"value": "v"}]}))}),
            "a variable without a name",
        ),
    ];
    for (user, words) in table {
        let wrong = method(user.clone()).unwrap_err();
        assert!(wrong.contains(words), "{user}: {wrong}");
    }
}
