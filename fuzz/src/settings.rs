//! Laws of the settings: the file and the environment.

use std::fs;
use std::sync::OnceLock;

use macaque::fuzzing::settings_file;
use macaque::settings::{
    ScheduleNeed, SettingMistakes, SettingsListing, SettingsSources, keys, list_settings, load, load_settings,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::text;

pub(crate) const FILE_LAW: &str = "each mistake says what is wrong, with a line that the file has; settings that are \
                                   valid print as a file that is read as the same";
pub(crate) const ENVIRONMENT_LAW: &str = "each mistake names a variable that is set, or a key that is not; what is \
                                          valid prints as a file that is read as the same";

/// A directory of this process, in memory where that is possible.
fn directory() -> &'static TempDir {
    static DIRECTORY: OnceLock<TempDir> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        tempfile::tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir())
            .expect("a directory for files")
    })
}

/// The sources with this text for a file.
fn sources(file: &str) -> SettingsSources {
    let path = directory().path().join("macaque.toml");
    fs::write(&path, file).expect("a file can be written");
    SettingsSources {
        file: Some(path),
        ..SettingsSources::default()
    }
}

pub(crate) fn file(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    // A device that never ends, or never answers, is no secret.
    if text.contains("/dev") || text.contains("/proc") {
        return;
    }

    let sources = sources(text);
    let mistakes = [
        load(&sources, ScheduleNeed::Required).err(),
        load_settings(&sources).err(),
    ];
    for mistakes in mistakes.iter().flatten() {
        assert_places(mistakes, text);
    }
    if let Ok(listing) = list_settings(&sources) {
        assert_prints(&listing);
    }
}

/// Each line is a variable with its value.
pub(crate) fn environment(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    if text.contains("/dev") || text.contains("/proc") {
        return;
    }

    let pairs = text.lines().filter_map(|line| line.split_once('='));
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut sources = sources("");
    sources.env = pairs.collect();
    if let Err(mistakes) = load(&sources, ScheduleNeed::Required) {
        for mistake in &mistakes {
            let is_set = |word: &str| sources.env.iter().any(|(name, _)| word.contains(name.as_str()));
            let by_name = is_set(&mistake.key) || mistake.source.as_deref().is_some_and(is_set);
            let is_key = keys().iter().any(|key| key.path == mistake.key) && mistake.source.is_none();
            assert!(by_name || is_key, "{mistake}");
        }
    }
    if let Ok(listing) = list_settings(&sources) {
        assert_prints(&listing);
    }
}

fn assert_places(mistakes: &SettingMistakes, text: &str) {
    for mistake in mistakes {
        assert!(
            !mistake.key.is_empty() && !mistake.wrong.is_empty(),
            "{mistake:?}"
        );
        let place = mistake.source.as_deref().unwrap_or_default();
        for line in text::numbers_after(place, " line ") {
            assert!((1..=text::line_count(text)).contains(&line), "{mistake}");
        }
    }
}

/// Checks that the settings are read from the file that shows them; a secret is not in it.
fn assert_prints(listing: &SettingsListing) {
    if all(listing).any(|(_, value)| value.is_none()) {
        return;
    }
    let printed = settings_file(listing);
    let again = list_settings(&sources(&printed));
    let again = again.unwrap_or_else(|mistakes| panic!("{mistakes}\n{printed}"));
    let (before, after): (Vec<_>, Vec<_>) = (all(listing).collect(), all(&again).collect());
    assert_eq!(after, before, "{printed}");
}

/// Every setting and field with its value.
fn all(listing: &SettingsListing) -> impl Iterator<Item = ((&str, &str), Option<&Value>)> {
    let fields = listing.tables.iter().flat_map(|table| &table.fields);
    let settings = listing.settings.iter().chain(fields);
    settings.map(|setting| ((setting.section, setting.name), setting.value.as_ref()))
}
