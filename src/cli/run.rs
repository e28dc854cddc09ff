//! `macaque run`: the actors on the schedule, until a signal.

mod serving;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use clap::Args;
use log::kv::Value;
use macaque_core::config::{ChaosConfig, JournalLocation, NamespaceScope, VictimCount};
use macaque_core::schedule::Calendar;
use macaque_core::schedule::timer::TimerConfig;

use super::args::{GlobalArgs, ScopeArgs};
use super::{exit, setup};
use crate::actors::clock::Trigger;
use crate::actors::config_changes::{ChangedConfig, ConfigChanges};
use crate::actors::recipient::StableRecipient;
use crate::actors::role::{ActorRole, OptionalRoles};
use crate::actors::supervisor::{ActorTimeouts, RestartPolicy};
use crate::actors::{self, ActorsConfig};
use crate::facts::{FactListener, Facts};
use crate::failpoint::FailPoints;
use crate::health::HealthState;
use crate::k8s::{Cluster, ClusterAccess};
use crate::notify::{Channel, DeliveryRetry, MessageContext};
use crate::platform::Platform;
use crate::reload::{ApplySettings, ConfigReload, ReloadTiming};
use crate::settings::{FileSnapshot, LoadedSettings, SettingsSources, ValidSettings};
use crate::{telemetry, text};

/// The flags of `macaque run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

/// Runs the actors; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &RunArgs) -> i32 {
    let loaded = match setup::load_to_reload(global, args.scope.flags()) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let settings = loaded.2.valid.clone();
    let platform = Platform::system();
    let actors = match prepare(&settings, &platform) {
        Ok(actors) => actors,
        Err(problem) => {
            telemetry::print_error(&problem);
            return exit::USAGE;
        }
    };

    log_settings(&settings.config, actors.messages.cluster.as_deref());
    actors::run(with_reload(actors, loaded))
}

/// Adds the reload of the configuration file to what the actors need.
fn with_reload(
    actors: ActorsConfig,
    (sources, file, loaded): (SettingsSources, FileSnapshot, LoadedSettings),
) -> ActorsConfig {
    let timing = ReloadTiming {
        on_hangup: !is_on_terminal(),
        ..ReloadTiming::default()
    };
    let facts = actors.facts.clone();
    let platform = actors.platform.clone();
    let apply = apply(&actors);
    let reload = ConfigReload::new(sources, (file, loaded), apply, timing, facts, &platform);
    ActorsConfig {
        reload: Some(Arc::new(reload)),
        ..actors
    }
}

/// Whether a person started this on a terminal. Closing it should end macaque, wherever the log goes.
fn is_on_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// What puts settings that were reloaded into force in these actors.
fn apply(actors: &ActorsConfig) -> ApplySettings {
    let changes = actors.changes.clone();
    let journal = actors.journal.clone();
    let cluster = actors.messages.cluster.clone();
    let timer = actors.timer;
    let platform = actors.platform.clone();

    Box::new(move |settings| {
        let Some(calendar) = settings.config.calendar.clone() else {
            return;
        };
        changes.replace(ChangedConfig {
            trigger: Trigger::Cron(calendar),
            timer: TimerConfig {
                deadline: settings.config.starting_deadline,
                ..timer
            },
            round: setup::round_config(settings),
            journal: setup::journal_store(settings, &platform).continuing(&journal),
            messages: MessageContext {
                cluster: cluster.clone(),
                zone: settings.zone.clone(),
            },
        });
        log_settings(&settings.config, cluster.as_deref());
    })
}

/// Builds what the actors need and starts to answer probes, or returns an error of the configuration.
fn prepare(settings: &ValidSettings, platform: &Platform) -> Result<ActorsConfig, String> {
    let access = setup::access(&settings.cluster);
    check_access(&access, platform)?;
    let calendar = settings.config.calendar.clone();
    let calendar = calendar.ok_or("schedule.cron: is not set")?;
    if let Some((why, remedy)) = calendar.never_due(platform.now()) {
        return Err(format!("schedule: {why} (at {calendar}); {remedy}"));
    }

    let mut channels = vec![Channel::Log];
    channels.extend(settings.notify.channels());

    let events = setup::reloaded_event_recording(settings, platform);
    let history = setup::history_recording(settings, platform);
    let roles = OptionalRoles {
        writes_events: events.is_on(),
        writes_history: history.is_on(),
        reloads: true,
    };
    let names = ActorRole::of_process(roles).map(ActorRole::as_str);
    let health = Arc::new(HealthState::new(names, platform));
    let metrics = serving::metrics(settings, &channels, roles, platform);
    let status = serving::status(settings, &channels, platform);
    serving::serve(settings, &health, metrics.as_ref(), status.as_ref(), platform)?;
    let metrics = metrics.map(|metrics| metrics as Arc<dyn FactListener>);
    let status = status.map(|board| board as Arc<dyn FactListener>);
    let listeners = metrics
        .into_iter()
        .chain(status)
        .chain(events.listener())
        .chain(history.listener());

    Ok(ActorsConfig {
        trigger: Trigger::Cron(calendar),
        timer: TimerConfig {
            deadline: settings.config.starting_deadline,
            ..TimerConfig::default()
        },
        round: setup::round_config(settings),
        journal: setup::journal_store(settings, platform),
        access,
        channels: channels.into(),
        proxies: setup::notify_proxies(&settings.notify),
        messages: setup::message_context(settings),
        digest: settings.digest,
        retry: DeliveryRetry::default(),
        restarts: RestartPolicy::default(),
        timeouts: ActorTimeouts::default(),
        stop: StableRecipient::default(),
        changes: ConfigChanges::default(),
        reload: None,
        facts: Facts::new(listeners),
        events,
        history,
        health,
        platform: platform.clone(),
        fail_points: FailPoints::default(),
    })
}

/// Checks that the kubeconfig can be used. An unreachable API server is no error here: it may come back.
fn check_access(access: &ClusterAccess, platform: &Platform) -> Result<(), String> {
    let connected = actix::System::new().block_on(Cluster::connect(access, platform));
    let cluster = connected.map_err(|error| error.to_string())?;
    setup::warn_of_credentials(&cluster);
    Ok(())
}

/// Logs how the rounds to come will be, loudly: at the start, and after a reload.
fn log_settings(config: &ChaosConfig, cluster: Option<&str>) {
    if let Some(calendar) = &config.calendar {
        log_mode(config, calendar, cluster);
    }
    warn_of_memory(config);
}

/// Warns that a journal in memory is lost on restart.
fn warn_of_memory(config: &ChaosConfig) {
    if !config.dry_run && config.journal == JournalLocation::Memory {
        log::warn!(
            "journal = memory: limits reset on restart, undelivered reports are lost, every replica runs every round, and \
             `macaque pause` has no effect"
        );
    }
}

/// Logs the mode, the scope and the schedule.
fn log_mode(config: &ChaosConfig, calendar: &Calendar, cluster: Option<&str>) {
    let ChaosConfig {
        dry_run,
        target,
        disrupt,
        ..
    } = config;
    let mode = if *dry_run {
        "DRY RUN, nothing will be disrupted"
    } else {
        "ARMED"
    };
    let namespaces = match &target.namespaces {
        NamespaceScope::All => "all namespaces".to_owned(),
        NamespaceScope::Named(names) => text::list(names, ", ", text::LONGEST_LINE, text::chars),
        NamespaceScope::Selected(selector) => format!("namespaces with {selector}"),
    };
    let pods = if target.selector.is_empty() {
        "pods".to_owned()
    } else {
        format!("pods with {}", target.selector)
    };

    let of_cluster = cluster.map(|name| format!(" of cluster {}", text::line(name)));
    let of_cluster = of_cluster.unwrap_or_default();

    let method = disrupt.method.as_str();
    let victims = disrupt.count;
    // A number can be compared in queries.
    let count = match victims {
        VictimCount::Fixed(count) => Value::from(count as u64),
        VictimCount::Percent(_) | VictimCount::Range { .. } => Value::from_display(&victims),
    };
    log::info!(
        version = env!("CARGO_PKG_VERSION"), dry_run, method, count, schedule:% = calendar, namespaces:%,
        selector:% = target.selector, cluster;
        "{mode}: {method} up to {victims} per round of the {pods} in {namespaces}{of_cluster}, at {calendar}"
    );
}
