//! Proves where the journal is kept.

use macaque_core::config::{ConfigMapRef, JournalLocation};

use super::decoder::{GivenValue, SettingsDecoder};
use super::environment::POD_NAMESPACE;
use super::mistake::{MistakeReported, quote};
use super::name::is_name;

/// The ConfigMap of the manifest.
const NAME: &str = "macaque-journal";

/// Decodes `journal`; `home` is the namespace that macaque lives in, where that is known.
pub(super) fn journal(
    d: &mut SettingsDecoder,
    home: Option<&str>,
) -> Result<JournalLocation, MistakeReported> {
    let place = d.text("journal")?;
    match (place.value.as_str(), home) {
        ("memory", _) | ("auto" | "", None) => Ok(JournalLocation::Memory),
        ("auto" | "", Some(namespace)) => Ok(config_map(namespace, NAME)),
        (text, home) => named(d, &place, text, home),
    }
}

fn named(
    d: &mut SettingsDecoder,
    place: &GivenValue<String>,
    text: &str,
    home: Option<&str>,
) -> Result<JournalLocation, MistakeReported> {
    let Some(name) = text.strip_prefix("configmap/") else {
        let right = "use \"auto\", \"memory\" or \"configmap/NAME\"";
        return Err(d.refuse(place, format!("{} is no place for a journal", quote(text)), right));
    };
    if !is_name(name) {
        let wrong = format!("{} is no name of a ConfigMap", quote(name));
        let right = "use a-z, 0-9, - and ., with a letter or a digit at both ends";
        return Err(d.refuse(place, wrong, right));
    }
    match home {
        Some(namespace) => Ok(config_map(namespace, name)),
        None => Err(d.refuse(
            place,
            "is in macaque's own namespace, and macaque does not run in one",
            format!("say with {POD_NAMESPACE} which namespace that is, or use \"memory\""),
        )),
    }
}

fn config_map(namespace: &str, name: &str) -> JournalLocation {
    JournalLocation::ConfigMap(ConfigMapRef {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}
