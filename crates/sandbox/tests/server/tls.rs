//! A sandbox that serves HTTPS: its authority, its certificate, and the files of a service account.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use kube_sandbox::{Sandbox, SandboxOptions, scenario};

fn with_tls() -> Sandbox {
    let options = SandboxOptions {
        tls: true,
        objects: scenario::shop(),
        ..SandboxOptions::default()
    };
    Sandbox::start(options).unwrap()
}

async fn client(kubeconfig: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    Client::try_from(config.unwrap()).unwrap()
}

#[actix_rt::test]
async fn a_client_that_has_the_kubeconfig_trusts_the_server_and_no_other() {
    let sandbox = with_tls();
    assert!(
        sandbox.url().starts_with("https://127.0.0.1:"),
        "{}",
        sandbox.url()
    );
    let pods: Api<Pod> = Api::namespaced(client(&sandbox.kubeconfig()).await, "shop");
    assert_eq!(pods.list(&ListParams::default()).await.unwrap().items.len(), 14);
    assert!(pods.delete("db-0", &DeleteParams::default()).await.is_ok());

    let other = with_tls();
    let misdirected = other.kubeconfig().replace(&other.url(), &sandbox.url());
    let pods: Api<Pod> = Api::namespaced(client(&misdirected).await, "shop");
    assert!(
        pods.list(&ListParams::default()).await.is_err(),
        "signed by another authority"
    );
}

#[actix_rt::test]
async fn the_certificate_names_the_server_as_pods_call_it() {
    let sandbox = with_tls();
    for name in ["127.0.0.1", "localhost", "kubernetes.default.svc"] {
        let server = format!("    server: {}\n", sandbox.url());
        let named = format!("{server}    tls-server-name: {name}\n");
        let pods: Api<Pod> = Api::all(client(&sandbox.kubeconfig().replace(&server, &named)).await);
        assert!(pods.list(&ListParams::default()).await.is_ok(), "{name}");
    }
}

#[test]
fn a_client_without_tls_is_answered_as_by_a_real_server() {
    let sandbox = with_tls();
    let mut stream = TcpStream::connect(sandbox.address()).unwrap();
    stream
        .write_all(b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(
        answer,
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
    );
}

#[actix_rt::test]
async fn the_files_of_the_service_account_are_enough_to_connect() {
    let sandbox = with_tls();
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("a/b");
    sandbox.write_service_account(&directory).unwrap();
    assert_eq!(
        fs::read_to_string(directory.join("namespace")).unwrap(),
        "default"
    );

    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         clusters:\n- name: c\n  cluster:\n    server: {}\n    certificate-authority: {directory}/ca.crt\n\
         contexts:\n- name: c\n  context: {{ cluster: c, user: c }}\n\
         users:\n- name: c\n  user:\n    tokenFile: {directory}/token\n",
        sandbox.url(),
        directory = directory.display(),
    );
    let pods: Api<Pod> = Api::namespaced(client(&kubeconfig).await, "shop");
    assert!(pods.get("db-0").await.is_ok());
}

#[test]
fn the_files_of_a_service_account_replace_only_their_like() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("account");
    with_tls().write_service_account(&directory).unwrap();
    let later = with_tls();
    later.write_service_account(&directory).unwrap();
    let certificate = fs::read_to_string(directory.join("ca.crt")).unwrap();
    assert_eq!(Some(certificate.as_str()), later.ca_certificate());

    fs::write(directory.join("token"), "of a real cluster").unwrap();
    let refused = later.write_service_account(&directory).unwrap_err().to_string();
    assert!(
        refused.contains("is not empty and was not written by the sandbox"),
        "{refused}"
    );
    assert_eq!(
        fs::read_to_string(directory.join("token")).unwrap(),
        "of a real cluster"
    );

    let plain = Sandbox::start(SandboxOptions::default()).unwrap();
    let refused = plain
        .write_service_account(&home.path().join("other"))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("without TLS"), "{refused}");
    assert!(plain.ca_certificate().is_none());
}
