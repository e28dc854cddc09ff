//! `macaque run`: the actors on the schedule, until a signal.

use std::sync::Arc;

use jiff::Timestamp;

use crate::actors::clock::Trigger;
use crate::actors::recipient::StableRecipient;
use crate::actors::supervisor::{ActorRole, RestartPolicy};
use crate::actors::{self, ActorsConfig};
use crate::failpoint::FailPoints;
use crate::health::{self, HealthState};
use crate::k8s::Cluster;
use crate::notify::{Channel, DeliveryRetry};
use crate::settings::ScheduleNeed;
use crate::telemetry;
use macaque_core::config::{ChaosConfig, JournalLocation, NamespaceScope};
use macaque_core::schedule::Calendar;
use macaque_core::schedule::timer::TimerConfig;

use super::args::{GlobalArgs, ScopeArgs};
use super::{exit, schedule, setup};

/// Runs the actors; returns the process's exit code.
pub(super) fn run(common: &GlobalArgs, scope: &ScopeArgs) -> i32 {
    let setup = match setup::prepare(common, scope.flags(), ScheduleNeed::Required) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let access = setup::access(&setup);
    // A kubeconfig that cannot be used will not mend itself; an API server that is away may come back.
    if let Err(error) = actix::System::new().block_on(Cluster::connect(&access)) {
        telemetry::complain(&error.to_string());
        return exit::USAGE;
    }
    let vitals = Arc::new(HealthState::new(ActorRole::ALL.map(ActorRole::as_str)));
    if let Some(address) = setup.health {
        match health::serve(address, Arc::clone(&vitals)) {
            Ok(address) => log::debug!("probes answered on {address}"),
            Err(error) => {
                telemetry::complain(&format!("health.listen: cannot listen on {address}: {error}"));
                return exit::USAGE;
            }
        }
    }
    let Some(calendar) = setup.plan.calendar.clone() else {
        telemetry::complain("schedule.cron: not set");
        return exit::USAGE;
    };
    if let Some((why, remedy)) = schedule::silence(&calendar, Timestamp::now()) {
        telemetry::complain(&format!("schedule: {why} (at {calendar}); {remedy}"));
        return exit::USAGE;
    }
    announce(&setup.plan, &calendar);
    warn_of_memory(&setup.plan);
    let mut channels = vec![Channel::Log];
    channels.extend(setup.notify.channels());
    actors::run(ActorsConfig {
        beat: Trigger::Cron(calendar),
        pace: TimerConfig {
            deadline: setup.plan.starting_deadline,
            ..TimerConfig::default()
        },
        orders: setup::orders(&setup),
        books: setup::books(&setup),
        access,
        channels: channels.into(),
        retry: DeliveryRetry::default(),
        limits: RestartPolicy::default(),
        stop: StableRecipient::default(),
        vitals,
        faults: FailPoints::default(),
    })
}

/// Says what is not promised where nothing outlives the process.
fn warn_of_memory(plan: &ChaosConfig) {
    if !plan.dry_run && plan.journal == JournalLocation::Memory {
        log::warn!(
            "the journal is kept in memory: after a restart, limits and cooldowns are forgotten and reports that were \
             not told are lost; another replica plays every round as well; and `macaque pause` does not reach this one"
        );
    }
}

/// Says once what this process is set to do, loudly enough that nobody takes a dry run for the real thing.
fn announce(plan: &ChaosConfig, calendar: &Calendar) {
    let ChaosConfig {
        dry_run,
        target,
        disrupt,
        ..
    } = plan;
    let mode = if *dry_run {
        "DRY RUN, nothing will be disrupted"
    } else {
        "ARMED"
    };
    let namespaces = match &target.namespaces {
        NamespaceScope::All => "all namespaces".to_owned(),
        NamespaceScope::Named(names) => names.join(", "),
    };
    let pods = if target.selector.is_empty() {
        "pods".to_owned()
    } else {
        format!("pods with {}", target.selector)
    };
    let (method, count) = (disrupt.method.as_str(), disrupt.count);
    log::info!(
        version = env!("CARGO_PKG_VERSION"), dry_run, method, count, schedule:% = calendar, namespaces:%,
        selector:% = target.selector;
        "{mode}: {method} up to {count} a round of the {pods} in {namespaces}, at {calendar}"
    );
}
