//! Settings: what the defaults, the TOML file, the environment and the flags say, proved good or refused with
//! every mistake at once. Knows what a setting may be, and nothing of what is done with it.
//!
//! ```text
//! defaults < file < environment < flags     one layer each (layer, file, environment)
//!           merged by the config crate      each value with its origin
//!           decoded strictly                (decoder), into a Plan and its siblings (plan, notify, process)
//! ```
//!
//! One table ([`keys()`]) holds every setting with its kind, default and names. Files are read in [`load`] alone;
//! the environment and the flags are handed in, so that a test needs neither.

mod decoder;
mod environment;
mod file;
mod journal;
mod keys;
mod layer;
mod limits;
mod mistake;
mod name;
mod nearest;
mod notify;
mod plan;
mod process;
mod secret;
mod view;

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use macaque_core::config::ChaosConfig;
use macaque_core::eligibility::OwnPod;
use macaque_core::schedule::Calendar;

pub use environment::POD_NAMESPACE;
pub use keys::{KeyKind, SettingKey, keys};
pub use mistake::{SettingMistake, SettingMistakes};
pub use name::is_name;
pub use notify::NotifySettings;
pub use process::{ClusterSettings, LogFormat, LogSettings};
pub use view::{ViewSettings, load_view};

use decoder::SettingsDecoder;
use layer::SettingsLayer;

/// The configuration file that is read if it exists and no other is named.
pub const DEFAULT_FILE: &str = "/etc/macaque/macaque.toml";

/// Where settings come from, beside the defaults.
#[derive(Clone, Default)]
pub struct SettingsSources {
    /// The file of `--config`. Without it `MACAQUE_CONFIG` names one, or [`DEFAULT_FILE`] is read if it exists.
    pub file: Option<PathBuf>,
    /// The environment's variables; those that do not begin with `MACAQUE_` are nobody's business here.
    pub env: Vec<(String, String)>,
    /// The flags that were given. A list may be given by several flags.
    pub flags: Vec<FlagSetting>,
    /// The namespace of the service account, in a cluster: the target if no other is set.
    pub service_account_namespace: Option<String>,
    /// The host's name: in a pod, where a service account has a namespace, that is the pod's name unless
    /// `MACAQUE_POD_NAME` says otherwise.
    pub host_name: Option<String>,
}

/// A flag that sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagSetting {
    /// The key's path.
    pub key: &'static str,
    /// The value, as text.
    pub value: String,
    /// What the flag is called, with its dashes.
    pub name: &'static str,
}

/// Whether a schedule must be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleNeed {
    /// It must: rounds are to run, or to be foretold.
    Required,
    /// It may be missing.
    Optional,
}

/// Settings proved good.
#[derive(Debug, Clone)]
pub struct ValidSettings {
    /// When, on whom, and how.
    pub plan: ChaosConfig,
    /// Whom to tell.
    pub notify: NotifySettings,
    /// Where probes are answered; `None` is nowhere.
    pub health: Option<SocketAddr>,
    /// How to log.
    pub log: LogSettings,
    /// Which cluster to speak to.
    pub cluster: ClusterSettings,
    /// The pod that macaque is, if it runs in one: it never is its own victim.
    pub identity: Option<OwnPod>,
}

/// The variables of this process's environment that concern macaque.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .filter(|(name, _)| name.starts_with(keys::PREFIX))
        .collect()
}

/// Reads the file that `sources` name, merges the layers and decodes them, or tells every mistake.
pub fn load(sources: &SettingsSources, need: ScheduleNeed) -> Result<ValidSettings, SettingMistakes> {
    let d = decoder(read_file(sources), sources);
    setup(d, sources, need, &|path| fs::read_to_string(path))
}

/// Like [`load`], for who only wants to know when rounds are due: of what the sources say, only the schedule is
/// decoded, so that neither a namespace nor the files of secrets are needed.
pub fn load_calendar(sources: &SettingsSources) -> Result<Calendar, SettingMistakes> {
    let mut d = decoder(read_file(sources), sources);
    let calendar = plan::needed_calendar(&mut d);
    let mistakes = d.into_mistakes();
    calendar
        .ok()
        .filter(|_| mistakes.is_empty())
        .ok_or_else(|| SettingMistakes::new(mistakes))
}

/// The text of the configuration file, and what messages call it.
struct ConfigFile {
    name: String,
    text: String,
}

fn read_file(sources: &SettingsSources) -> Result<Option<ConfigFile>, SettingMistake> {
    let variable = environment::find(&sources.env, environment::CONFIG);
    let (path, named_by) = match (&sources.file, variable) {
        (Some(path), _) => (path.as_path(), Some("--config")),
        (None, Some(path)) => (Path::new(path), Some(environment::CONFIG)),
        (None, None) => (Path::new(DEFAULT_FILE), None),
    };
    let name = path.display().to_string();
    match (fs::read_to_string(path), named_by) {
        (Ok(text), _) => Ok(Some(ConfigFile { name, text })),
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        (Err(error), _) => Err(SettingMistake {
            key: named_by.unwrap_or(DEFAULT_FILE).to_owned(),
            source: None,
            wrong: format!("cannot read {}: {error}", mistake::quote(&name)),
            right: Some("name a TOML file that can be read".to_owned()),
        }),
    }
}

/// The layers, merged: texts in, a tree of values out.
fn decoder(file: Result<Option<ConfigFile>, SettingMistake>, sources: &SettingsSources) -> SettingsDecoder {
    let from_file = file.and_then(|file| match file {
        Some(ConfigFile { name, text }) => file::read(&name, &text),
        None => Ok(SettingsLayer::default()),
    });
    // A file that says nothing may have meant to set anything: what it would have set is not missing as well.
    let from_file = from_file.unwrap_or_else(|mistake| {
        let meant = keys().iter().map(|key| key.path.to_owned()).collect();
        SettingsLayer {
            mistakes: vec![mistake],
            meant,
            ..SettingsLayer::default()
        }
    });
    SettingsDecoder::new(vec![
        SettingsLayer::defaults(keys()),
        from_file,
        environment::read(&sources.env),
        from_flags(&sources.flags),
    ])
}

/// The setup, if there is no mistake in the tree. Pure but for `read`.
fn setup(
    mut d: SettingsDecoder,
    sources: &SettingsSources,
    need: ScheduleNeed,
    read: secret::ReadFile<'_>,
) -> Result<ValidSettings, SettingMistakes> {
    let plan = plan::plan(&mut d, need, &home(sources));
    let notify = notify::notify(&mut d, read);
    let health = process::health(&mut d);
    let log = process::log(&mut d);
    let cluster = process::cluster(&mut d);
    let identity = identity(sources);
    debug_assert!(d.is_exhausted(), "a key that nobody decodes");
    let mistakes = d.into_mistakes();
    match (plan, notify, health, log, cluster) {
        (Ok(plan), Ok(notify), Ok(health), Ok(log), Ok(cluster)) if mistakes.is_empty() => {
            Ok(ValidSettings {
                plan,
                notify,
                health,
                log,
                cluster,
                identity,
            })
        }
        _ => Err(SettingMistakes::new(mistakes)),
    }
}

fn from_flags(flags: &[FlagSetting]) -> SettingsLayer {
    let mut layer = SettingsLayer::default();
    for flag in flags {
        match keys::find(flag.key) {
            Some(key) => layer.add_text(key, &flag.value, &format!("flag {}", flag.name)),
            None => layer.refuse(
                SettingMistake {
                    key: flag.name.to_owned(),
                    source: None,
                    wrong: format!("sets {}, which is no setting", flag.key),
                    right: Some("this is a defect of macaque, please report it".to_owned()),
                },
                None,
            ),
        }
    }
    layer
}

fn home(sources: &SettingsSources) -> plan::OwnNamespaces<'_> {
    let account = sources.service_account_namespace.as_deref().map(str::trim);
    plan::OwnNamespaces {
        account_namespace: account.filter(|name| !name.is_empty()),
        pod_namespace: environment::find(&sources.env, environment::POD_NAMESPACE),
    }
}

fn identity(sources: &SettingsSources) -> Option<OwnPod> {
    let variable = |name| environment::find(&sources.env, name).map(str::to_owned);
    let around = sources.service_account_namespace.clone();
    let host_name = around.as_ref().and(sources.host_name.clone());
    let pod = variable(environment::POD_NAME).or(host_name)?;
    let namespace = variable(environment::POD_NAMESPACE).or(around)?;
    Some(OwnPod { namespace, pod })
}

impl fmt::Debug for SettingsSources {
    /// Shows which variables and flags there are, not what they hold: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        let flags: Vec<_> = self.flags.iter().map(|flag| flag.name).collect();
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("env", &variables)
            .field("flags", &flags)
            .field("service_account_namespace", &self.service_account_namespace)
            .field("host_name", &self.host_name)
            .finish()
    }
}
