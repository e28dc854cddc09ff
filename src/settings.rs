//! Settings: what the defaults, the TOML file, the environment and the flags say, validated, or refused with every
//! mistake at once. Knows what a setting may be, and nothing of what is done with it.
//!
//! ```text
//! defaults < file < environment < flags     one layer each (sources, layer, file, environment)
//!           merged by the config crate      each value with its origin (decoder)
//!           decoded strictly                one file a section (schedule, target, disrupt, guards, gates, …)
//! ```
//!
//! One table ([`keys()`]) holds every setting with its kind, default and names: a new key is one line there, and is
//! decoded in its section's file. From this table and from that of the fields ([`table_fields()`]) follow the schema of the
//! file (schema) and the list of the settings in use (listing). The environment and the flags are handed in, so that a
//! test needs neither.

mod decoder;
mod disrupt;
mod environment;
mod file;
mod file_snapshot;
mod forms;
mod gates;
mod given_settings;
mod given_table;
mod given_value;
mod guards;
mod http_fields;
mod journal;
mod keys;
mod layer;
mod limits;
mod listing;
mod log_words;
mod mistake;
mod nearest;
mod notify;
mod object_names;
mod pace;
mod process;
mod recovery;
mod remedy;
mod schedule;
mod schedule_settings;
mod schema;
mod secret;
mod sources;
mod table_fields;
mod target;
mod victim_count;

use std::net::SocketAddr;

use jiff::tz::TimeZone;
use macaque_core::config::ChaosConfig;
use macaque_core::eligibility::OwnPod;
use macaque_core::schedule::{Calendar, WeeklyTime};

use crate::gates::GateConfig;
use crate::k8s::ContextNamespace;
use crate::secret_file;
use decoder::SettingsDecoder;
use mistake::MistakeReported;
use target::{DecodedTarget, UnsetScope};

pub use environment::{POD_NAMESPACE, environment};
pub use file_snapshot::{DEFAULT_FILE, FileSnapshot};
pub use forms::{NumberBounds, TextForm, ValueForm};
pub use given_settings::GivenSettings;
pub use keys::{ApplyBy, DefaultChoice, KeyKind, SettingKey, keys};
pub use listing::{ListedSetting, ListedTable, SettingsListing, list_settings};
pub use log_words::LogFormat;
pub use mistake::{SettingMistake, SettingMistakes};
pub use notify::NotifySettings;
pub use object_names::is_object_name;
pub use process::{ClusterSettings, ListenAddress, LogSettings, MetricsSettings, StatusSettings};
pub use schedule_settings::{ScheduleSettings, load_schedule};
pub use schema::config_schema;
pub use sources::{ContextLookup, FlagSetting, SettingsSources};
pub use table_fields::{FieldDefault, FieldType, TableField, TableKind, table_fields};
pub use target::is_namespace_name;

/// Whether a schedule must be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleNeed {
    /// A schedule must be set: rounds run on it, or are listed.
    Required,
    /// A schedule may be missing.
    Optional,
}

/// The validated settings.
#[derive(Debug, Clone)]
pub struct ValidSettings {
    /// When to disrupt which pods, and how.
    pub config: ChaosConfig,
    /// The time zone in which messages give times, beside UTC: that of the schedule, even if no round is scheduled.
    pub zone: TimeZone,
    /// The gates, which are guards that ask other services.
    pub gates: Vec<GateConfig>,
    /// The chat services that reports are delivered to.
    pub notify: NotifySettings,
    /// When the digest of a week is due, in `zone`.
    pub digest: WeeklyTime,
    /// The address of the probes; `None` is none.
    pub health: Option<SocketAddr>,
    /// Where the metrics are served, and what they count.
    pub metrics: MetricsSettings,
    /// Where the status page is served, and what it shows.
    pub status: StatusSettings,
    /// What is logged, and in which format.
    pub log: LogSettings,
    /// The cluster to connect to.
    pub cluster: ClusterSettings,
    /// The pod that macaque is, if it runs in one: it is never its own victim.
    pub own_pod: Option<OwnPod>,
    /// The context that the namespace in scope comes from, if none was set.
    pub by_context: Option<ContextNamespace>,
}

/// The validated settings of a command that runs no round: no schedule is required, and no chat service decoded.
#[derive(Debug, Clone)]
pub struct CommandSettings {
    /// The pods to disrupt, and how.
    pub config: ChaosConfig,
    /// The gates, which are guards that ask other services.
    pub gates: Vec<GateConfig>,
    /// The time zone of the schedule, even if no round is scheduled.
    pub zone: TimeZone,
    /// What is logged, and in which format.
    pub log: LogSettings,
    /// The cluster to connect to.
    pub cluster: ClusterSettings,
    /// The pod that macaque is, if it runs in one.
    pub own_pod: Option<OwnPod>,
    /// The context that the namespace in scope comes from, if none was set.
    pub by_context: Option<ContextNamespace>,
}

/// The validated settings of the channels, and what their messages name.
#[derive(Debug, Clone)]
pub struct ChannelSettings {
    /// The channels.
    pub notify: NotifySettings,
    /// The time zone in which messages give times, beside UTC.
    pub zone: TimeZone,
    /// The cluster that messages name.
    pub cluster: ClusterSettings,
}

/// The settings of a process that runs, as they were given and as they were validated.
#[derive(Debug, Clone)]
pub struct LoadedSettings {
    /// The settings as the sources give them.
    pub given: GivenSettings,
    /// The validated settings.
    pub valid: ValidSettings,
}

/// Reads, merges and decodes the settings, or returns every mistake.
pub fn load(sources: &SettingsSources, need: ScheduleNeed) -> Result<ValidSettings, SettingMistakes> {
    load_file(sources, &sources.read_file(), need).map(|loaded| loaded.valid)
}

/// Merges and decodes the settings with the file as it was, or returns every mistake.
pub fn load_file(
    sources: &SettingsSources,
    file: &FileSnapshot,
    need: ScheduleNeed,
) -> Result<LoadedSettings, SettingMistakes> {
    let mut decoder = sources.decoder_of(file);
    let given = decoder.given();
    let settings = decode_all(&mut decoder, sources, need);
    debug_assert!(decoder.is_exhausted(), "every key of the table is decoded");
    finish(settings, decoder).map(|valid| LoadedSettings { given, valid })
}

/// Loads what a command needs that only reads a cluster: the files of secrets are not read, for they seldom are where
/// a cluster is looked at from.
pub fn load_settings(sources: &SettingsSources) -> Result<CommandSettings, SettingMistakes> {
    let mut decoder = sources.decoder();
    let view = decode_view(&mut decoder, sources);
    finish(view, decoder)
}

/// Loads the schedule alone, so that neither a namespace nor the files of secrets are needed.
pub fn load_calendar(sources: &SettingsSources) -> Result<Calendar, SettingMistakes> {
    let mut decoder = sources.decoder();
    let calendar = schedule::decode_required_calendar(&mut decoder);
    finish(calendar, decoder)
}

/// Loads the time zone of the schedule and the settings of the log, so that neither a namespace nor a schedule is needed.
pub fn load_zone(sources: &SettingsSources) -> Result<(TimeZone, LogSettings), SettingMistakes> {
    let mut decoder = sources.decoder();
    let calendar = schedule::decode_calendar(&mut decoder, ScheduleNeed::Optional);
    let log = process::decode_log(&mut decoder);
    finish(calendar.and_then(|(_, zone)| Ok((zone, log?))), decoder)
}

/// Loads the channels alone, so that neither a namespace nor a schedule is needed.
pub fn load_notify(sources: &SettingsSources) -> Result<ChannelSettings, SettingMistakes> {
    let mut decoder = sources.decoder();
    let notify = notify::decode_notify(&mut decoder, &secret_file::read);
    let calendar = schedule::decode_calendar(&mut decoder, ScheduleNeed::Optional);
    let cluster = process::decode_cluster(&mut decoder);

    let decode = || {
        let (_, zone) = calendar?;
        Ok(ChannelSettings {
            notify: notify?,
            zone,
            cluster: cluster?,
        })
    };
    finish(decode(), decoder)
}

/// Loads where the cluster is, so that neither a namespace nor a schedule is needed.
pub fn load_cluster(sources: &SettingsSources) -> Result<ClusterSettings, SettingMistakes> {
    let mut decoder = sources.decoder();
    let cluster = process::decode_cluster(&mut decoder);
    finish(cluster, decoder)
}

/// What was decoded, if there is no mistake, neither in it nor elsewhere in the sources.
fn finish<T>(decoded: Result<T, MistakeReported>, decoder: SettingsDecoder) -> Result<T, SettingMistakes> {
    let mistakes = decoder.into_mistakes();
    match decoded {
        Ok(settings) if mistakes.is_empty() => Ok(settings),
        _ => Err(SettingMistakes::new(mistakes)),
    }
}

/// Decodes every key. Each section is decoded before the first `?`, so that each reports its mistakes.
fn decode_all(
    decoder: &mut SettingsDecoder,
    sources: &SettingsSources,
    need: ScheduleNeed,
) -> Result<ValidSettings, MistakeReported> {
    // Where the cluster is says which context's namespace stands in for one that is not set.
    let cluster = process::decode_cluster(decoder);
    let config = decode_config(decoder, sources, need, cluster.as_ref().ok());
    let gates = gates::decode_gates(decoder, Some(&secret_file::read));
    let notify = notify::decode_notify(decoder, &secret_file::read);
    let digest = schedule::decode_digest(decoder);
    let metrics = process::decode_metrics(decoder);
    let status = process::decode_status(decoder);
    let health = process::decode_health(decoder);
    let log = process::decode_log(decoder);

    let DecodedConfig {
        config,
        zone,
        by_context,
    } = config?;
    Ok(ValidSettings {
        config,
        zone,
        gates: gates?,
        notify: notify?,
        digest: digest?,
        health: health?,
        metrics: metrics?,
        status: status?,
        log: log?,
        cluster: cluster?,
        own_pod: sources.own_pod(),
        by_context,
    })
}

fn decode_view(
    decoder: &mut SettingsDecoder,
    sources: &SettingsSources,
) -> Result<CommandSettings, MistakeReported> {
    let cluster = process::decode_cluster(decoder);
    let config = decode_config(decoder, sources, ScheduleNeed::Optional, cluster.as_ref().ok());
    let gates = gates::decode_gates(decoder, None);
    let log = process::decode_log(decoder);

    let DecodedConfig {
        config,
        zone,
        by_context,
    } = config?;
    Ok(CommandSettings {
        config,
        gates: gates?,
        zone,
        log: log?,
        cluster: cluster?,
        own_pod: sources.own_pod(),
        by_context,
    })
}

/// The configuration of the rounds, and what goes with it.
struct DecodedConfig {
    config: ChaosConfig,
    zone: TimeZone,
    by_context: Option<ContextNamespace>,
}

/// Decodes `dry_run`, `journal`, `history`, `[schedule]`, `[target]`, `[disrupt]`, `[guards]`, `[limits]`, `[recovery]` and `[events]`;
/// `cluster` is `None` if it has mistakes.
fn decode_config(
    decoder: &mut SettingsDecoder,
    sources: &SettingsSources,
    need: ScheduleNeed,
    cluster: Option<&ClusterSettings>,
) -> Result<DecodedConfig, MistakeReported> {
    let dry_run = decoder.boolean("dry_run");
    let journal = journal::decode_journal(decoder, sources.own_namespace());
    let history = journal::decode_history(decoder, journal.as_ref().ok(), sources.own_namespace());
    let calendar = schedule::decode_calendar(decoder, need);
    let starting_deadline = schedule::decode_starting_deadline(decoder);
    let unset = UnsetScope {
        own: sources.account_namespace(),
        of_context: &|| cluster.map_or(Ok(None), |cluster| sources.context_namespace(cluster)),
    };
    let target = target::decode_target(decoder, &unset);
    // These two are looked at by the keys of other sections.
    let victims = victim_count::decode_count(decoder);
    let watched = recovery::decode_enabled(decoder);
    let guards = guards::decode_guards(decoder, &watched);
    let limits = limits::decode_limits(decoder, victims.as_ref().ok(), &watched);
    let slots = calendar.as_ref().ok().map(|(calendar, _)| calendar);
    let pace = pace::decode_pace(decoder, slots, victims.as_ref().ok());
    let disrupt = disrupt::decode_disrupt(decoder, victims, pace);
    let recovery = recovery::decode_recovery(decoder, watched);
    let events = process::decode_events(decoder);

    let (calendar, zone) = calendar?;
    let DecodedTarget { target, by_context } = target?;
    let config = ChaosConfig {
        dry_run: dry_run?.value,
        calendar,
        target,
        disrupt: disrupt?,
        guards: guards?,
        recovery: recovery?,
        limits: limits?,
        starting_deadline: starting_deadline?,
        journal: journal?,
        history: history?,
        events: events?,
    };
    Ok(DecodedConfig {
        config,
        zone,
        by_context,
    })
}
