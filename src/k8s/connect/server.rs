//! The API server's side of a connection: its address, and the authorities that its certificate is checked against.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::Config;
use kube::config::Cluster;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

/// The extension of a cluster that is meant for credentials commands.
const PLUGIN_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// The configuration of a cluster of a kubeconfig, yet without a user.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn config(cluster: &Cluster) -> Result<Config, String> {
    let mut config = Config::new(url(cluster)?);
    config.root_cert = match authority(cluster)? {
        Some(pem) => Some(certificates(&pem).ok_or("its certificate authority holds no certificate in PEM")?),
        None => None,
    };
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    if config.accept_invalid_certs && config.root_cert.is_some() {
        return Err(
            "it has both a certificate authority and insecure-skip-tls-verify: remove one".to_owned(),
        );
    }
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    if let Some(proxy) = &cluster.proxy_url {
        config.proxy_url = Some(proxy.parse().map_err(|_| "its proxy-url is not a URL")?);
    }
    Ok(config)
}

/// The address of the API server; without a scheme it is one of plain HTTP, as for kubectl.
fn url(cluster: &Cluster) -> Result<Uri, String> {
    let server = cluster.server.as_deref().ok_or("it has no server")?;
    let url: Uri = if server.contains("://") {
        server.parse()
    } else {
        format!("http://{server}").parse()
    }
    .map_err(|_| "the server's address is not a URL")?;

    if !matches!(url.scheme_str(), Some("https" | "http")) {
        return Err("the server's address starts with neither https:// nor http://".to_owned());
    }
    Ok(url)
}

/// The certificate authority in PEM; the data count more than the file.
fn authority(cluster: &Cluster) -> Result<Option<Vec<u8>>, String> {
    match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(data), _) => {
            let pem = STANDARD.decode(data);
            pem.map(Some)
                .map_err(|_| "the data of its certificate authority is not base64".to_owned())
        }
        (None, Some(path)) => {
            let pem = fs::read(path);
            pem.map(Some)
                .map_err(|error| format!("cannot read its certificate authority {path}: {error}"))
        }
        (None, None) => Ok(None),
    }
}

/// The certificates in a PEM text; `None` if it holds none, or a damaged one.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())?;
    Some(
        certificates
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect(),
    )
}

/// What a credentials command may know of the cluster, if its `provideClusterInfo` asks for it.
///
/// # Errors
/// The certificate authority cannot be read.
pub(super) fn for_plugin(cluster: &Cluster) -> Result<Value, String> {
    let mut info = json!({ "server": cluster.server });
    let optional = [
        (
            "tls-server-name",
            cluster.tls_server_name.clone().map(Value::from),
        ),
        ("proxy-url", cluster.proxy_url.clone().map(Value::from)),
        (
            "insecure-skip-tls-verify",
            cluster
                .insecure_skip_tls_verify
                .filter(|skip| *skip)
                .map(Value::from),
        ),
        (
            "certificate-authority-data",
            authority(cluster)?.map(|pem| STANDARD.encode(pem).into()),
        ),
        ("config", plugin_extension(cluster)),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            info[key] = value;
        }
    }
    Ok(info)
}

fn plugin_extension(cluster: &Cluster) -> Option<Value> {
    let extensions = cluster.extensions.as_ref()?;
    let found = extensions
        .iter()
        .find(|extension| extension.name == PLUGIN_EXTENSION);
    found.map(|extension| extension.extension.clone())
}

/// The address of the API server for messages, without the credentials that a URL may hold.
pub(super) fn address(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
