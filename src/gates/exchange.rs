//! The exchange of one question with the service of a gate: the client, the token, the limits, and what each failure
//! means.

use std::net::IpAddr;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::config::GateConfig;
use super::judgement::{GateJudgement, GateServer};
use crate::http_client::{
    AnswerLimits, BodyEnd, HttpAnswer, HttpClient, HttpFailure, HttpRequest, Method, TlsRoots, TlsSetupError,
    Uri, tls,
};
use crate::platform::Platform;
use crate::proxy::ProxyPolicy;
use crate::redact::Redactor;
use crate::secret_file;

/// The remedy of a service that is not reached.
const UNREACHED: &str = "check url, that the service runs, and that network policies let macaque reach it";

/// One question to the service of a gate.
pub(super) struct GateExchange<'a> {
    config: &'a GateConfig,
    http: &'a HttpClient,
    token: Option<SecretString>,
    deadline: Instant,
    /// The service, in words.
    pub(super) server: GateServer,
}

/// Creates the client of a gate; if that fails, the gate cannot answer.
pub(super) fn client(
    config: &GateConfig,
    proxies: &ProxyPolicy,
    platform: &Platform,
) -> Result<HttpClient, GateJudgement> {
    let roots = config.ca_file.as_deref().map_or(TlsRoots::System, TlsRoots::File);
    let is_tls = parse(&config.url)?.scheme_str() == Some("https");
    let tls = is_tls.then(|| tls(roots)).transpose();
    let tls = tls.map_err(|error| {
        let remedy = match &error {
            TlsSetupError::NoSystemRoots(_) => "install the ca-certificates package, or set ca_file",
            TlsSetupError::Unreadable { .. } | TlsSetupError::NotCertificates(_) => {
                "set ca_file to a PEM file with the CA that signed the service's certificate"
            }
            TlsSetupError::Provider(_) => "this is a defect of macaque: please report it",
        };
        GateJudgement::cannot_answer(error.to_string(), remedy)
    })?;
    Ok(HttpClient::new(tls, proxies, platform))
}

impl<'a> GateExchange<'a> {
    /// Prepares a question, whose answer must be there by `deadline`.
    pub(super) fn new(
        config: &'a GateConfig,
        http: &'a HttpClient,
        deadline: Instant,
    ) -> Result<Self, GateJudgement> {
        let url = parse(&config.url)?;
        let name = url.authority().map(ToString::to_string).unwrap_or_default();
        let token = match &config.token_file {
            Some(path) => Some(read_token(path, &url, &name)?),
            None => None,
        };

        let headers = config.headers.iter().map(|(_, value)| value.as_str());
        let secrets = headers
            .chain(token.as_ref().map(ExposeSecret::expose_secret))
            .chain(url.path_and_query().map(|path| path.as_str()));
        let redactor = Redactor::of(secrets);
        Ok(Self {
            config,
            http,
            token,
            deadline,
            server: GateServer { name, redactor },
        })
    }

    /// The URL at which the API with this path is.
    pub(super) fn api(&self, path: &str) -> String {
        format!("{}{path}", self.config.url.trim_end_matches('/'))
    }

    /// The configured URL.
    pub(super) fn url(&self) -> &str {
        &self.config.url
    }

    /// Asks for `url` and reads the answer, of up to `bytes` bytes, to its end. A `body` with its media type makes the
    /// request a POST.
    ///
    /// # Errors
    /// The judgement that the gate cannot answer.
    pub(super) async fn send(
        &self,
        url: &str,
        body: Option<(&'static str, String)>,
        bytes: usize,
    ) -> Result<HttpAnswer, GateJudgement> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let request = HttpRequest {
            url: parse(url)?,
            method,
            body: body.map(|(media_type, text)| (media_type.into(), text)),
            bearer: self.token.as_ref(),
            headers: &self.config.headers,
        };
        let limits = AnswerLimits {
            deadline: self.deadline,
            bytes,
        };
        let answer = self.http.send(request, limits).await;
        let answer = answer.map_err(|failure| {
            GateJudgement::cannot_answer(failure.words(&self.server.name), remedy(&failure))
        })?;

        let name = &self.server.name;
        let cut = match answer.end {
            BodyEnd::Whole | BodyEnd::Closed => return Ok(answer),
            BodyEnd::Broken => (format!("the answer of {name} broke off"), UNREACHED),
            BodyEnd::TimedOut => (
                format!("the answer of {name} did not end in time"),
                remedy(&HttpFailure::TimedOut),
            ),
            BodyEnd::TooLong => (
                format!("the answer of {name} is larger than {} KiB", bytes / 1024),
                "ask for less",
            ),
        };
        Err(GateJudgement::cannot_answer(cut.0, cut.1))
    }
}

/// Parses a URL; the error does not repeat it.
fn parse(url: &str) -> Result<Uri, GateJudgement> {
    let uri = url.parse::<Uri>().ok().filter(|uri| uri.authority().is_some());
    uri.ok_or_else(|| {
        GateJudgement::cannot_answer("its url is not complete", "use http://HOST or https://HOST")
    })
}

/// Reads the token for the service `name` at `url`, unless it would be sent for everybody to read.
fn read_token(path: &Path, url: &Uri, name: &str) -> Result<SecretString, GateJudgement> {
    if url.scheme_str() != Some("https") && !is_loopback(url) {
        let seen = format!("the token would be sent to {name} unencrypted");
        return Err(GateJudgement::cannot_answer(
            seen,
            "use https://, or leave out token_file",
        ));
    }

    let text = secret_file::read(path).map_err(|error| {
        let seen = format!("token_file {} cannot be read: {error}", path.display());
        GateJudgement::cannot_answer(seen, "set token_file to a file that macaque may read")
    })?;
    let token = secret_file::trimmed(&text);
    if token.is_empty() {
        let seen = format!("token_file {} is empty", path.display());
        return Err(GateJudgement::cannot_answer(seen, "write the token into it"));
    }
    Ok(SecretString::from(token))
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

fn remedy(failure: &HttpFailure) -> &'static str {
    match failure {
        HttpFailure::BadUrl | HttpFailure::NoTls => "check url",
        HttpFailure::BadProxy(_) | HttpFailure::Proxy(_) => {
            "fix HTTPS_PROXY, or name the host in NO_PROXY if no proxy leads there"
        }
        HttpFailure::BadToken => "write the token alone into token_file",
        HttpFailure::BadHeader(_) => "fix headers",
        HttpFailure::ConnectTimedOut | HttpFailure::UnknownHost | HttpFailure::Connect(_) => UNREACHED,
        HttpFailure::Untrusted => {
            "set ca_file to the CA that signed its certificate, and name the host as it does"
        }
        HttpFailure::Handshake | HttpFailure::Closed | HttpFailure::Broke(_) | HttpFailure::NotHttp => {
            "check whether that port speaks http:// or https://"
        }
        HttpFailure::TimedOut => "see whether the service is overloaded, or set a longer timeout",
        HttpFailure::Other => "see the log of the service",
    }
}
