//! Settings from the outside: which layer wins, what is refused and in which words, and what is never shown.

mod documents;
mod gates;
mod guards;
mod http_channels;
mod journal;
mod layers;
mod names;
mod pace;
mod recovery;
mod routes;
mod schema;
mod secrets;
mod targets;
mod values;

use std::path::PathBuf;

use macaque::notify::Channel;
use macaque::settings::{self, FlagSetting, ScheduleNeed, SettingMistakes, SettingsSources, ValidSettings};
use tempfile::TempDir;

/// A set of sources, in a directory of its own.
struct SettingsFixture {
    dir: TempDir,
    sources: SettingsSources,
    need: ScheduleNeed,
}

/// Sources that suffice for a load: an empty file, and the namespace of a service account.
fn fixture() -> SettingsFixture {
    let dir = TempDir::new().unwrap();
    let sources = SettingsSources {
        service_account_namespace: Some("own".into()),
        ..SettingsSources::default()
    };
    let need = ScheduleNeed::Optional;
    SettingsFixture { dir, sources, need }.file("")
}

impl SettingsFixture {
    fn file(mut self, text: &str) -> Self {
        let path = self.path("macaque.toml");
        std::fs::write(&path, text).unwrap();
        self.sources.file = Some(path);
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, key: &'static str, name: &'static str, value: &str) -> Self {
        let value = value.into();
        self.sources.flags.push(FlagSetting { key, value, name });
        self
    }

    fn scheduled(mut self) -> Self {
        self.need = ScheduleNeed::Required;
        self
    }

    fn without_a_namespace(mut self) -> Self {
        self.sources.service_account_namespace = None;
        self
    }

    fn secret(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Loads the settings. Whatever the settings take, the schema of the file must take too.
    fn try_load(&self) -> Result<ValidSettings, SettingMistakes> {
        let loaded = settings::load(&self.sources, self.need);
        if let (Ok(_), Some(file)) = (&loaded, &self.sources.file) {
            let text = std::fs::read_to_string(file).unwrap();
            let faults = schema::faults(&text);
            assert!(faults.is_empty(), "the schema refuses {faults:?} in\n{text}");
        }
        loaded
    }

    fn load(&self) -> ValidSettings {
        self.try_load().unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// The mistakes as a user reads them, less the name of the temporary directory.
    fn mistakes(&self) -> Vec<String> {
        let dir = format!("{}/", self.dir.path().display());
        let mistakes = self.try_load().expect_err("these settings are wrong");
        mistakes
            .iter()
            .map(|mistake| mistake.to_string().replace(&dir, ""))
            .collect()
    }

    /// The only mistake.
    fn mistake(&self) -> String {
        let mistakes = self.mistakes();
        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        mistakes[0].clone()
    }
}

/// The secret of the chat service of this name.
fn secret_of(setup: &ValidSettings, name: &str) -> String {
    let channels = setup.notify.channels();
    let mut secrets = channels.iter().filter_map(|channel| match channel {
        Channel::Service(to) if channel.name() == name => Some(to.service.hidden()[0].to_owned()),
        _ => None,
    });
    secrets.next().unwrap()
}
