//! Decodes `[notify]`: the settings of the chat services, each complete or absent.

mod http;
mod kinds;
mod routes;

use secrecy::ExposeSecret;

use self::routes::RouteTargets;
use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::mistake::MistakeReported;
use super::secret::{ReadFile, decode_secret};
use crate::notify::registry::SERVICES;
use crate::notify::service::{FieldKind, FieldValues, ServiceField, ServiceSpec, check_token};
use crate::notify::{Channel, MessageKinds, ServiceChannel, UrlError, check_base_url};
use crate::proxy::{PROXY_URL, Proxy, ProxyPolicy};

/// The key of the proxy, and the key of the file that holds it.
const PROXY: &str = "notify.proxy";
const PROXY_FILE: &str = "notify.proxy_file";

/// The chat services that a report is delivered to, beside the log. `Debug` does not show secrets.
#[derive(Debug, Clone, Default)]
pub struct NotifySettings {
    services: Vec<GivenService>,
    http: Vec<ServiceChannel>,
    routes: Vec<ServiceChannel>,
    proxies: Option<ProxyPolicy>,
}

/// One service that is set.
#[derive(Debug, Clone)]
struct GivenService {
    spec: &'static ServiceSpec,
    values: FieldValues,
    kinds: MessageKinds,
}

/// The fields of one service, as far as they are set.
#[derive(Default)]
struct GivenFields {
    values: FieldValues,
    /// The places of the required fields that are set.
    set: Vec<String>,
    /// The required fields that are not set.
    missing: Vec<&'static ServiceField>,
}

impl NotifySettings {
    /// The channels that are set.
    pub fn channels(&self) -> Vec<Channel> {
        let services = self.services.iter().map(|given| ServiceChannel {
            kinds: given.kinds.clone(),
            ..ServiceChannel::new((given.spec.open)(&given.values))
        });
        services
            .chain(self.http.iter().cloned())
            .chain(self.routes.iter().cloned())
            .map(Channel::Service)
            .collect()
    }

    /// The proxies that lead to the services, if a key names them; else the environment does.
    pub fn proxies(&self) -> Option<&ProxyPolicy> {
        self.proxies.as_ref()
    }

    /// The text or URL of this key, if its service is set.
    pub fn text(&self, path: &str) -> Option<&str> {
        let texts = self.services.iter().flat_map(|given| &given.values.texts);
        let mut found = texts.filter(|(key, _)| *key == path);
        found.next().map(|(_, text)| text.as_str())
    }
}

/// Decodes the sections of all services.
pub(super) fn decode_notify(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
) -> Result<NotifySettings, MistakeReported> {
    let kinds = kinds::decode_kinds(decoder, "notify.kinds");
    let general = kinds.as_ref().ok().cloned().flatten().unwrap_or_default();
    let proxies = decode_proxies(decoder, read);
    let decoded = SERVICES.iter().map(|spec| {
        let values = decode_service(decoder, read, spec);
        let kinds = kinds::decode_kinds(decoder, spec.kinds_path);
        let kinds = kinds?.unwrap_or_else(|| spec.kinds(&general));
        Ok(values?.map(|values| GivenService { spec, values, kinds }))
    });
    let decoded: Vec<Result<_, MistakeReported>> = decoded.collect();

    let http = http::decode_http_channels(decoder, read, &general);
    let targets = RouteTargets {
        services: &decoded,
        http: &http,
    };
    let routes = routes::decode_routes(decoder, read, targets, &general);

    kinds?;
    let services: Result<Vec<_>, _> = decoded.into_iter().collect();
    Ok(NotifySettings {
        services: services?.into_iter().flatten().collect(),
        http: http?,
        routes: routes?,
        proxies: proxies?,
    })
}

/// Checks the keys of all services one by one, where the files of secrets are not read: their types, kinds and base URLs.
pub(super) fn check_keys(decoder: &mut SettingsDecoder) -> Result<(), MistakeReported> {
    let mut checked = vec![
        kinds::decode_kinds(decoder, "notify.kinds").map(drop),
        decoder.optional(PROXY).map(drop),
        decoder.optional(PROXY_FILE).map(drop),
    ];
    for spec in SERVICES {
        checked.push(kinds::decode_kinds(decoder, spec.kinds_path).map(drop));
        for field in spec.fields {
            match field.kind {
                FieldKind::Secret { file_path, .. } => {
                    checked.push(decoder.optional(field.path).map(drop));
                    checked.push(decoder.optional(file_path).map(drop));
                }
                FieldKind::Text => checked.push(decoder.optional(field.path).map(drop)),
                FieldKind::Url(_) => checked.push(decode_base_url(decoder, field.path).map(drop)),
            }
        }
    }
    checked.into_iter().collect()
}

/// Decodes `notify.proxy`; `None` if it is not set. An environment variable cannot be empty, so `off` is no proxy.
fn decode_proxies(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
) -> Result<Option<ProxyPolicy>, MistakeReported> {
    let Some(given) = decode_secret(decoder, read, PROXY, PROXY_FILE, check_token)? else {
        return Ok(None);
    };
    let url = given.value.expose_secret();
    if url == "off" {
        return Ok(Some(ProxyPolicy::Direct));
    }

    match Proxy::parse(url, PROXY) {
        Ok(proxy) => Ok(Some(ProxyPolicy::Fixed(proxy))),
        Err(error) => Err(decoder.refuse(&given, error.fault(), format!("{PROXY_URL}; or \"off\""))),
    }
}

/// Decodes one service; `None` if none of its required fields is set.
fn decode_service(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    spec: &'static ServiceSpec,
) -> Result<Option<FieldValues>, MistakeReported> {
    let mut given = GivenFields::default();
    let decoded = spec
        .fields
        .iter()
        .map(|field| decode_field(decoder, read, field, &mut given));
    let decoded: Vec<Result<(), MistakeReported>> = decoded.collect();
    decoded.into_iter().collect::<Result<(), _>>()?;

    let Some(set) = given.set.first() else {
        return Ok(None);
    };
    let Some(missing) = given.missing.first() else {
        return Ok(Some(given.values));
    };
    let why = format!("is not set, but {set} is");
    let right = match missing.kind {
        FieldKind::Secret { file_path, .. } => format!("set it or {file_path}, or neither"),
        FieldKind::Text | FieldKind::Url(_) => "set both or neither".to_owned(),
    };
    Err(decoder.missing(missing.path, &why, right))
}

/// Decodes one field of a service into `given`.
fn decode_field(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    field: &'static ServiceField,
    given: &mut GivenFields,
) -> Result<(), MistakeReported> {
    match field.kind {
        FieldKind::Secret { file_path, check, .. } => {
            match decode_secret(decoder, read, field.path, file_path, check)? {
                Some(secret) => {
                    given.set.push(secret.place());
                    given.values.secrets.push((field.path, secret.value));
                }
                None => given.missing.push(field),
            }
        }
        FieldKind::Text => match decoder.optional(field.path)? {
            Some(text) => {
                given.set.push(text.place());
                given.values.texts.push((field.path, text.value));
            }
            None => given.missing.push(field),
        },
        FieldKind::Url(_) => {
            let base = decode_base_url(decoder, field.path)?;
            given.values.texts.push((field.path, base));
        }
    }

    Ok(())
}

/// Decodes the base URL of a service, without a slash at its end.
fn decode_base_url(decoder: &mut SettingsDecoder, path: &'static str) -> Result<String, MistakeReported> {
    let url = decoder.text(path)?;
    accept_url(decoder, &url, check_base_url(&url.value))?;
    Ok(url.value.trim_end_matches('/').to_owned())
}

/// Reports what is wrong with a URL; the words do not repeat it.
fn accept_url<T>(
    decoder: &mut SettingsDecoder,
    given: &GivenValue<T>,
    checked: Result<(), UrlError>,
) -> Result<(), MistakeReported> {
    checked.map_err(|wrong| decoder.refuse(given, format!("the URL {wrong}"), wrong.remedy()))
}
