//! Decodes `journal` and `history`: where the journal and the history are kept.

use macaque_core::config::{ConfigMapRef, JournalLocation};

use super::decoder::SettingsDecoder;
use super::environment::POD_NAMESPACE;
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};
use super::object_names::is_object_name;

/// The ConfigMap's name in the manifest.
const NAME: &str = "macaque-journal";
const HISTORY_NAME: &str = "macaque-history";

/// The words of a mistake in a location.
struct LocationWords {
    /// What the location is of.
    of: &'static str,
    /// What stands for no ConfigMap at all.
    none: &'static str,
}

const JOURNAL_WORDS: LocationWords = LocationWords {
    of: "journal",
    none: "memory",
};
const HISTORY_WORDS: LocationWords = LocationWords {
    of: "history",
    none: "off",
};

/// Decodes the location; `own_namespace` is the namespace that macaque runs in, where that is known.
pub(super) fn decode_journal(
    decoder: &mut SettingsDecoder,
    own_namespace: Option<&str>,
) -> Result<JournalLocation, MistakeReported> {
    let place = decoder.text("journal")?;
    match (place.value.to_ascii_lowercase().as_str(), own_namespace) {
        ("memory", _) | ("auto" | "", None) => Ok(JournalLocation::Memory),
        ("auto" | "", Some(namespace)) => Ok(JournalLocation::ConfigMap(config_map(namespace, NAME))),
        (_, own_namespace) => {
            decode_config_map(decoder, &place, &JOURNAL_WORDS, own_namespace).map(JournalLocation::ConfigMap)
        }
    }
}

/// Decodes where the history is kept; `own_namespace` is the namespace that macaque runs in, where that is known.
pub(super) fn decode_history(
    decoder: &mut SettingsDecoder,
    journal: Option<&JournalLocation>,
    own_namespace: Option<&str>,
) -> Result<Option<ConfigMapRef>, MistakeReported> {
    let journal = match journal {
        Some(JournalLocation::ConfigMap(journal)) => Some(journal),
        _ => None,
    };
    let place = decoder.text("history")?;
    let history = match place.value.to_ascii_lowercase().as_str() {
        "off" => None,
        "auto" | "" => journal.map(|journal| config_map(&journal.namespace, HISTORY_NAME)),
        _ => {
            let named = decode_config_map(decoder, &place, &HISTORY_WORDS, own_namespace)?;
            Some(named)
        }
    };

    // Each would overwrite the other's seal.
    if history.is_some() && history.as_ref() == journal {
        let wrong = "the journal is kept in this ConfigMap";
        return Err(decoder.refuse(&place, wrong, "name another, or use \"off\""));
    }
    Ok(history)
}

/// Decodes the location of a ConfigMap that is named.
fn decode_config_map(
    decoder: &mut SettingsDecoder,
    place: &GivenValue<String>,
    words: &LocationWords,
    own_namespace: Option<&str>,
) -> Result<ConfigMapRef, MistakeReported> {
    let LocationWords { of, none } = words;
    let text = &place.value;
    let Some(name) = text.strip_prefix("configmap/") else {
        let wrong = format!("{} is not a valid {of} location", quote(text));
        let right = format!("use \"auto\", \"{none}\" or \"configmap/NAME\"");
        return Err(decoder.refuse(place, wrong, right));
    };

    if !is_object_name(name) {
        let wrong = format!("{} is not a valid ConfigMap name", quote(name));
        let right = "use a-z, 0-9, - and ., with a letter or a digit at both ends";
        return Err(decoder.refuse(place, wrong, right));
    }

    match own_namespace {
        Some(namespace) => Ok(config_map(namespace, name)),
        None => Err(decoder.refuse(
            place,
            "a ConfigMap needs a namespace, and it is not known in which one macaque runs",
            format!("set {POD_NAMESPACE} to it, or use \"{none}\""),
        )),
    }
}

fn config_map(namespace: &str, name: &str) -> ConfigMapRef {
    ConfigMapRef {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}
