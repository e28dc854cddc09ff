//! Decodes `[[notify.route]]`: where messages about the victims of some namespaces or teams go.

use std::collections::HashMap;
use std::sync::Arc;

use ::config::ValueKind;
use jiff::Timestamp;
use macaque_core::words::either;
use secrecy::ExposeSecret;

use super::super::decoder::SettingsDecoder;
use super::super::given_table::{Fault, GivenTable, accept, check_number};
use super::super::http_fields::{check_name, decode_name};
use super::super::mistake::{MistakeReported, quote};
use super::super::nearest::nearest_name;
use super::super::secret::{ReadFile, decode_secret_of_table};
use super::super::table_fields::TableKind;
use super::GivenService;
use super::kinds::decode_kinds_of_table;
use crate::notify::registry::SERVICES;
use crate::notify::sample::samples;
use crate::notify::service::{FieldKind, FieldValues, ServiceSpec};
use crate::notify::{MessageKinds, NamespacePattern, NotifyService, Placement, Route, ServiceChannel};

/// The fields that say where the messages of a route go.
const DESTINATIONS: [&str; 4] = ["channel", "room_id", "url", "url_file"];

/// The services and channels that a route may lead to, as far as they were decoded.
#[derive(Clone, Copy)]
pub(super) struct RouteTargets<'a> {
    /// In the order of the registry.
    pub(super) services: &'a [Result<Option<GivenService>, MistakeReported>],
    pub(super) http: &'a Result<Vec<ServiceChannel>, MistakeReported>,
}

/// What delivers the messages of a route.
enum RouteTarget<'a> {
    /// A service, at another destination.
    Service(&'a GivenService),
    /// A channel over HTTP, whose destination is its own.
    Http(&'a ServiceChannel),
}

/// Decodes every route; those that do not choose get messages of the `general` kinds.
pub(super) fn decode_routes(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    targets: RouteTargets<'_>,
    general: &MessageKinds,
) -> Result<Vec<ServiceChannel>, MistakeReported> {
    let mut given = decoder.take_tables(|kind| kind == TableKind::Route);
    given.sort_by_key(|table| table.number);
    check_number(decoder, &given)?;

    let mut names = HashMap::new();
    let decoded = given
        .iter()
        .map(|table| decode_route(decoder, read, table, targets, general, &mut names));
    let decoded: Vec<Result<_, MistakeReported>> = decoded.collect();
    decoded.into_iter().collect()
}

/// Decodes one route; `names` holds the names of the routes before, with their places.
fn decode_route(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
    targets: RouteTargets<'_>,
    general: &MessageKinds,
    names: &mut HashMap<String, String>,
) -> Result<ServiceChannel, MistakeReported> {
    const NAME: &str = "set it to the name that the log shows, such as name = \"payments\"";
    let name = decode_name(decoder, table, names, NAME, |name| check_name(name, "payments"));
    let namespaces = decode_namespaces(decoder, table);
    let teams = decode_teams(decoder, table);
    let is_about_somebody = check_filter(decoder, table);
    let kinds = decode_kinds_of_table(decoder, table);
    let target = decode_target(decoder, table, targets);

    let (service, kinds) = match target? {
        RouteTarget::Service(given) => {
            let values = decode_destination(decoder, read, table, given)?;
            let kinds = kinds?.unwrap_or_else(|| given.spec.kinds(general));
            ((given.spec.open)(&values), kinds)
        }
        RouteTarget::Http(channel) => {
            refuse_destinations(decoder, table, &[], &channel.name)?;
            let kinds = kinds?.unwrap_or_else(|| channel.service.kinds(general));
            prove(decoder, table, channel.service.as_ref(), &kinds)?;
            (Arc::clone(&channel.service), kinds)
        }
    };

    is_about_somebody?;
    let name = name?;
    Ok(ServiceChannel {
        name: format!("{}/{name}", service.name()).into(),
        service,
        kinds,
        route: Some(Arc::new(Route {
            name,
            namespaces: namespaces?,
            teams: teams?,
        })),
    })
}

fn decode_namespaces(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
) -> Result<Vec<NamespacePattern>, MistakeReported> {
    const RIGHT: &str = "use a list of names in quotes, such as [\"shop\", \"cart-*\"]";
    decode_all(decoder, table, "namespaces", RIGHT, |text| {
        NamespacePattern::parse(text).ok_or_else(|| {
            let wrong = format!("no namespace can match {}", quote(text));
            let right = "use lower-case letters, digits, - and * for any characters, such as \"cart-*\"";
            (wrong, right.to_owned())
        })
    })
}

fn decode_teams(decoder: &mut SettingsDecoder, table: &GivenTable) -> Result<Vec<String>, MistakeReported> {
    const RIGHT: &str = "use a list of teams in quotes, such as [\"payments\"]";
    decode_all(decoder, table, "teams", RIGHT, |text| match text {
        "" => Err((
            "\"\" is not a team".to_owned(),
            "write its name, or leave it out".to_owned(),
        )),
        text => Ok(text.to_owned()),
    })
}

/// Decodes each text of a list.
fn decode_all<T>(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    name: &'static str,
    right: &str,
    decode: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, MistakeReported> {
    let texts = table.texts(decoder, name, right)?;
    let decoded: Vec<Result<_, MistakeReported>> = texts
        .iter()
        .map(|text| accept(decoder, table, text, decode(&text.value)))
        .collect();
    decoded.into_iter().collect()
}

/// Checks that the route names a namespace or a team.
fn check_filter(decoder: &mut SettingsDecoder, table: &GivenTable) -> Result<(), MistakeReported> {
    let is_empty = |name| {
        let field = table.field(name);
        field.is_none_or(|field| matches!(field.value, ValueKind::Array(texts) if texts.is_empty()))
    };
    if !is_empty("namespaces") || !is_empty("teams") {
        return Ok(());
    }
    let right = "set one of them, such as namespaces = [\"shop\", \"cart-*\"] or teams = [\"payments\"]";
    Err(table.missing(decoder, "namespaces", "names none, and teams neither", right))
}

/// Finds what the messages are delivered by.
fn decode_target<'a>(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    targets: RouteTargets<'a>,
) -> Result<RouteTarget<'a>, MistakeReported> {
    let right = "set it to the service that delivers the messages, such as to = \"slack\"";
    let to = table.required_text(decoder, "to", right)?;
    if let Some(name) = to.value.strip_prefix("http/") {
        let channels = targets.http.as_ref().map_err(|_| MistakeReported::before())?;
        let found = channels.iter().find(|channel| *channel.name == to.value);
        return found.map(RouteTarget::Http).ok_or_else(|| {
            let wrong = format!("no [[notify.http]] has the name {}", quote(name));
            let right = "add one, or use the name of another service";
            table.refuse(decoder, &to, wrong, right)
        });
    }

    let Some(index) = SERVICES.iter().position(|spec| spec.name == to.value) else {
        let (wrong, right) = unknown_target(&to.value);
        return Err(table.refuse(decoder, &to, wrong, right));
    };
    match targets.services.get(index) {
        Some(Ok(Some(given))) => Ok(RouteTarget::Service(given)),
        Some(Ok(None)) => {
            let spec = SERVICES[index];
            let wrong = format!("{} is not set up", quote(spec.name));
            Err(table.refuse(decoder, &to, wrong, format!("set {}", required_keys(spec))))
        }
        Some(Err(_)) | None => Err(MistakeReported::before()),
    }
}

fn unknown_target(name: &str) -> Fault {
    let mut known: Vec<_> = SERVICES.iter().map(|spec| spec.name).collect();
    known.push("http/NAME");
    let right = match nearest_name(name, known.clone()) {
        Some(nearest) => format!("did you mean \"{nearest}\"?"),
        None => {
            let quoted: Vec<_> = known.iter().map(|name| format!("\"{name}\"")).collect();
            format!("use {}", either(&quoted))
        }
    };
    (format!("{} is not a service", quote(name)), right)
}

/// The keys that must be set for a service.
fn required_keys(spec: &ServiceSpec) -> String {
    let required = spec
        .fields
        .iter()
        .filter(|field| !matches!(field.kind, FieldKind::Url(_)));
    let keys: Vec<_> = required.map(|field| field.path).collect();
    keys.join(" and ")
}

/// Decodes where in the service the messages go; returns the service's values with that destination.
fn decode_destination(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
    given: &GivenService,
) -> Result<FieldValues, MistakeReported> {
    let spec = given.spec;
    let values = given.values.clone();
    let Some(field) = spec.destination() else {
        return Ok(values);
    };
    let name = field.name();

    match field.kind {
        FieldKind::Secret { check, .. } => {
            refuse_destinations(decoder, table, &[name, "url_file"], spec.name)?;
            let given = decode_secret_of_table(decoder, read, table, name, "url_file")?;
            let (given, secret) = given.ok_or_else(|| {
                let right = "set it or url_file to where the messages of this route go";
                table.missing(decoder, name, "is not set", right)
            })?;
            let checked = check(secret.expose_secret()).map_err(|fault| (fault.wrong, fault.right));
            accept(decoder, table, &given, checked)?;
            Ok(values.with_secret(field.path, secret))
        }
        FieldKind::Text | FieldKind::Url(_) => {
            refuse_destinations(decoder, table, &[name], spec.name)?;
            let right = "set it to where the messages of this route go";
            let text = table.required_text(decoder, name, right)?;
            Ok(values.with_text(field.path, text.value))
        }
    }
}

/// Refuses the fields of destinations that a route to `target` does not have.
fn refuse_destinations(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    own: &[&str],
    target: &str,
) -> Result<(), MistakeReported> {
    let others = DESTINATIONS.into_iter().filter(|name| !own.contains(name));
    let Some(field) = others.filter_map(|name| table.field(name)).next() else {
        return Ok(());
    };
    let wrong = format!("a route to {} has no {}", quote(target), field.name);
    let right = match own.first() {
        Some(own) => format!("set {own} instead"),
        None => "leave it out: the messages go where those of the channel go".to_owned(),
    };
    Err(table.refuse(decoder, &field, wrong, right))
}

/// Checks that the channel can write messages of every kind that the route gets: its template was proved with the kinds of
/// the channel itself.
fn prove(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    channel: &dyn NotifyService,
    kinds: &MessageKinds,
) -> Result<(), MistakeReported> {
    for message in samples().filter(|message| kinds.include(message)) {
        let request = channel.request(&message, Placement::Own, Timestamp::UNIX_EPOCH);
        if let Err(error) = request {
            let wrong = format!(
                "{} cannot be written as the route needs it: {error}",
                channel.name()
            );
            let right = "change the template, or set kinds to fewer kinds";
            return Err(table.missing(decoder, "to", &wrong, right));
        }
    }
    Ok(())
}
