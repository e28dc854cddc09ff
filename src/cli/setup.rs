//! What every command does first: load the settings or report every mistake, start the log, build the configurations.

use std::fs;
use std::sync::Arc;

use jiff::tz::TimeZone;
use macaque_core::config::{ChaosConfig, JournalLocation};
use macaque_core::eligibility::{EligibilityConfig, OwnPod};
use macaque_core::events::EventsConfig;
use macaque_core::journal::JournalTiming;
use macaque_core::schedule::Calendar;

use super::args::GlobalArgs;
use super::exit;
use crate::events::EventRecording;
use crate::history::HistoryRecording;
use crate::journal::JournalStore;
use crate::k8s::{Cluster, ClusterAccess, ContextNamespace};
use crate::notify::MessageContext;
use crate::platform::Platform;
use crate::proxy::{ProxyEnvironment, ProxyPolicy};
use crate::round::RoundConfig;
use crate::settings::{
    self, ChannelSettings, ClusterSettings, CommandSettings, FileSnapshot, FlagSetting, LoadedSettings,
    NotifySettings, ScheduleNeed, ScheduleSettings, SettingMistakes, SettingsListing, SettingsSources,
    ValidSettings, is_object_name,
};
use crate::telemetry;

/// Where Kubernetes puts the namespace of a pod's service account.
const SERVICE_ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// The flag that names the namespaces in scope.
const SCOPE_FLAG: &str = "--namespace";

/// Loads the settings of a command that a person types, and starts the log.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load(global: &GlobalArgs, more: Vec<FlagSetting>) -> Result<ValidSettings, i32> {
    let settings = settings::load(&sources(global, more), ScheduleNeed::Optional);
    let settings = settings.map_err(|mistakes| report(&mistakes))?;
    telemetry::start(&settings.log, &Platform::system());
    note_context(settings.by_context.as_ref(), SCOPE_FLAG);
    Ok(settings)
}

/// Loads the settings of the daemon, which reloads them, and starts the log.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_to_reload(
    global: &GlobalArgs,
    more: Vec<FlagSetting>,
) -> Result<(SettingsSources, FileSnapshot, LoadedSettings), i32> {
    let sources = SettingsSources {
        // The daemon goes on disrupting, so a context that happens to be current does not say where.
        context_namespace: None,
        ..sources(global, more)
    };
    let file = sources.read_file();
    let loaded = settings::load_file(&sources, &file, ScheduleNeed::Required);
    let loaded = loaded.map_err(|mistakes| report(&mistakes))?;
    telemetry::start(&loaded.valid.log, &Platform::system());
    Ok((sources, file, loaded))
}

/// Loads the schedule alone: it needs neither a namespace nor the files of secrets.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_calendar(global: &GlobalArgs) -> Result<Calendar, i32> {
    settings::load_calendar(&sources(global, Vec::new())).map_err(|mistakes| report(&mistakes))
}

/// Loads the time zone of the schedule alone, and starts the log: for a command that needs no cluster.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_zone(global: &GlobalArgs) -> Result<TimeZone, i32> {
    let loaded = settings::load_zone(&sources(global, Vec::new()));
    let (zone, log) = loaded.map_err(|mistakes| report(&mistakes))?;
    telemetry::start(&log, &Platform::system());
    Ok(zone)
}

/// Loads the schedule and what it is shown with: neither a namespace nor the files of secrets are needed.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_schedule(global: &GlobalArgs) -> Result<ScheduleSettings, i32> {
    settings::load_schedule(&sources(global, Vec::new())).map_err(|mistakes| report(&mistakes))
}

/// Loads the settings of the channels alone: they need no namespace and no schedule.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_notify(global: &GlobalArgs) -> Result<ChannelSettings, i32> {
    settings::load_notify(&sources(global, Vec::new())).map_err(|mistakes| report(&mistakes))
}

/// Loads the settings of a command that only reads, and starts the log.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_settings(global: &GlobalArgs, more: Vec<FlagSetting>) -> Result<CommandSettings, i32> {
    load_view_from(&sources(global, more))
}

/// Lists the settings in use: neither a namespace nor the files of secrets are needed.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn list_settings(global: &GlobalArgs, more: Vec<FlagSetting>) -> Result<SettingsListing, i32> {
    settings::list_settings(&sources(global, more)).map_err(|mistakes| report(&mistakes))
}

/// Loads the settings of a command that only reads, for a macaque that runs in the namespace `own_namespace`.
///
/// # Errors
/// The exit code, after every mistake was reported on standard error.
pub(super) fn load_settings_at(
    global: &GlobalArgs,
    more: Vec<FlagSetting>,
    own_namespace: &str,
) -> Result<CommandSettings, i32> {
    let mut sources = sources(global, more);
    let variable = settings::POD_NAMESPACE.to_owned();
    sources.env.retain(|(name, _)| *name != variable);
    sources.env.push((variable, own_namespace.to_owned()));
    sources.service_account_namespace = Some(own_namespace.to_owned());
    load_view_from(&sources)
}

/// The namespace that this process runs in, if that is known.
pub(super) fn own_namespace() -> Option<String> {
    let sources = sources(&GlobalArgs::default(), Vec::new());
    sources.own_namespace().map(str::to_owned)
}

/// The namespace of the context in use, which is named on standard error with the `flag` that names another, for a command
/// that needs no scope.
///
/// # Errors
/// The exit code, after the mistakes were reported on standard error; `without` says what is missing without a context.
pub(super) fn context_namespace(global: &GlobalArgs, without: &str, flag: &str) -> Result<String, i32> {
    let cluster =
        settings::load_cluster(&sources(global, Vec::new())).map_err(|mistakes| report(&mistakes))?;
    let wrong = match find_context_namespace(&cluster) {
        Ok(Some(found)) if is_object_name(&found.namespace) => {
            note_context(Some(&found), flag);
            return Ok(found.namespace);
        }
        Ok(Some(found)) => {
            let ContextNamespace { context, namespace } = found;
            format!("{without}: in the context {context:?} {namespace:?} is not a valid namespace name")
        }
        Ok(None) => without.to_owned(),
        Err(why) => format!("{without}: there is no context to take it from: {why}"),
    };
    telemetry::print_error(&wrong);
    Err(exit::USAGE)
}

fn find_context_namespace(cluster: &ClusterSettings) -> Result<Option<ContextNamespace>, String> {
    access(cluster)
        .context_namespace()
        .map_err(|fault| fault.to_string())
}

/// Names a namespace that nobody named, and the `flag` that does, before anything is done in it.
fn note_context(by_context: Option<&ContextNamespace>, flag: &str) {
    if let Some(ContextNamespace { context, namespace }) = by_context {
        telemetry::print_note(&format!(
            "namespace {namespace}, from the context {context}; {flag} names another"
        ));
    }
}

fn load_view_from(sources: &SettingsSources) -> Result<CommandSettings, i32> {
    let view = settings::load_settings(sources).map_err(|mistakes| report(&mistakes))?;
    telemetry::start(&view.log, &Platform::system());
    note_context(view.by_context.as_ref(), SCOPE_FLAG);
    Ok(view)
}

fn report(mistakes: &SettingMistakes) -> i32 {
    telemetry::print_errors(&mistakes.to_string());
    exit::USAGE
}

fn sources(global: &GlobalArgs, more: Vec<FlagSetting>) -> SettingsSources {
    SettingsSources {
        file: global.config.clone(),
        env: settings::environment(),
        flags: [global.flags(), more].concat(),
        service_account_namespace: service_account_namespace(),
        host_name: host_name(),
        context_namespace: Some(find_context_namespace),
    }
}

fn host_name() -> Option<String> {
    std::env::var("HOSTNAME").ok()
}

fn service_account_namespace() -> Option<String> {
    let text = fs::read_to_string(SERVICE_ACCOUNT_NAMESPACE).ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The configuration of a round.
pub(super) fn round_config(settings: &ValidSettings) -> Arc<RoundConfig> {
    let config = &settings.config;
    Arc::new(RoundConfig {
        dry_run: config.dry_run,
        eligibility: eligibility(config, settings.own_pod.clone()),
        disrupt: config.disrupt.clone(),
        calendar: config.calendar.clone(),
        recovery: config.recovery.clone(),
        guards: config.guards.clone(),
        gates: settings.gates.clone(),
    })
}

/// The rules by which pods are eligible.
pub(super) fn eligibility(config: &ChaosConfig, own_pod: Option<OwnPod>) -> EligibilityConfig {
    EligibilityConfig {
        target: config.target.clone(),
        method: config.disrupt.method,
        own_pod,
        metadata: Arc::default(),
    }
}

/// Where the journal is kept, and what its steps depend on.
pub(super) fn journal_store(settings: &ValidSettings, platform: &Platform) -> JournalStore {
    let config = &settings.config;
    let location = if config.dry_run {
        // A dry run only reads.
        JournalLocation::Memory
    } else {
        config.journal.clone()
    };

    let limits = config.limits.clone();
    JournalStore::new(
        location,
        &instance_name(settings),
        limits,
        config.disrupt.count.most(),
        timing(config),
        platform,
    )
    .with_recovery(config.recovery_policy())
}

/// What this process is called: its pod or, outside a cluster, the host.
fn instance_name(settings: &ValidSettings) -> String {
    match &settings.own_pod {
        Some(pod) => pod.name.clone(),
        None => host_name().unwrap_or_else(|| "macaque".to_owned()),
    }
}

/// The Events that this process writes, which stays as it begins: armed or not.
pub(super) fn event_recording(settings: &ValidSettings, platform: &Platform) -> EventRecording {
    let config = &settings.config;
    let events = EventsConfig {
        enabled: config.writes_events(),
        ..config.events
    };
    recording_of(events, settings, platform)
}

/// The Events that this process writes, if a reload may arm it.
pub(super) fn reloaded_event_recording(settings: &ValidSettings, platform: &Platform) -> EventRecording {
    let config = &settings.config;
    let recording = recording_of(config.events, settings, platform);
    if config.dry_run {
        recording.in_dry_run()
    } else {
        recording
    }
}

fn recording_of(events: EventsConfig, settings: &ValidSettings, platform: &Platform) -> EventRecording {
    let config = &settings.config;
    EventRecording::new(
        events,
        &config.target.namespaces,
        &instance_name(settings),
        platform,
    )
}

/// The history of this process, which a dry run does not write; a reload may arm it.
pub(super) fn history_recording(settings: &ValidSettings, platform: &Platform) -> HistoryRecording {
    let config = &settings.config;
    let is_logged = telemetry::is_json(&settings.log);
    let recording = HistoryRecording::new(config.history.clone(), is_logged, platform);
    if config.dry_run {
        recording.in_dry_run()
    } else {
        recording
    }
}

/// The timing of the journal of `config`.
pub(super) fn timing(config: &ChaosConfig) -> JournalTiming {
    JournalTiming {
        deadline: config.starting_deadline,
        ..JournalTiming::default()
    }
}

/// Where the cluster is.
pub(super) fn access(cluster: &ClusterSettings) -> ClusterAccess {
    ClusterAccess {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        credentials_without_tls: cluster.credentials_without_tls,
        ..ClusterAccess::default()
    }
}

/// The proxies that lead to the chat services.
pub(super) fn notify_proxies(notify: &NotifySettings) -> ProxyPolicy {
    let own = notify.proxies().cloned();
    own.unwrap_or_else(|| ProxyPolicy::Environment(ProxyEnvironment::of_process()))
}

/// What every message of this process names beside its report.
pub(super) fn message_context(settings: &ValidSettings) -> MessageContext {
    context_of(&settings.cluster, &settings.zone)
}

/// What messages name beside their reports, of this cluster and in this zone.
pub(super) fn context_of(cluster: &ClusterSettings, zone: &TimeZone) -> MessageContext {
    MessageContext {
        cluster: cluster_name(cluster),
        zone: zone.clone(),
    }
}

/// The name of the cluster, or else of the context that leads to it.
pub(super) fn cluster_name(cluster: &ClusterSettings) -> Option<String> {
    let name = cluster.name.clone();
    name.or_else(|| access(cluster).context_name())
}

/// Connects to the cluster, on the Arbiter that will use it.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
pub(super) async fn connect(settings: &ClusterSettings, platform: &Platform) -> Result<Cluster, i32> {
    match Cluster::connect(&access(settings), platform).await {
        Ok(cluster) => {
            warn_of_credentials(&cluster);
            Ok(cluster)
        }
        Err(error) => {
            telemetry::print_error(&error.to_string());
            Err(exit::USAGE)
        }
    }
}

/// Logs what a person should know of the credentials of a connection.
pub(super) fn warn_of_credentials(cluster: &Cluster) {
    if let Some(warning) = cluster.credentials_warning() {
        log::warn!("{warning}");
    }
}
