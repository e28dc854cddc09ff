//! `macaque pause` and `macaque resume`: they write the annotation that every replica checks before each victim.

mod reason;

use std::time::Duration;

use actix::System;
use clap::Args;
use jiff::{Timestamp, Unit};
use macaque_core::config::{ConfigMapRef, JournalLocation};
use macaque_core::journal::{Journal, JournalEvent, LeaseHolder, PauseRequest, StepContext};

use super::args::{GlobalArgs, duration};
use super::{exit, output, setup};
use crate::k8s::{ApiError, Cluster, JournalConfigMap, PauseAnnotations, WriteResult};
use crate::platform::Platform;
use crate::settings::{CommandSettings, is_object_name};
use crate::telemetry;

/// How often accepting a journal is tried again when replicas write it meanwhile.
const TRIES: usize = 10;

/// How long the API server may take to say who pauses: a pause is urgent, the name is not.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause with an end, a year.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 3600);

/// The error if the namespace of the journal is not known.
const NO_NAMESPACE: &str = "the namespace that macaque runs in is not known (name it with --namespace)";

/// The error if the journal is in the memory of each replica.
const IN_MEMORY: &str = "journal = memory: a journal in memory cannot be paused; stop macaque instead, e.g. scale its \
                         Deployment to zero";

/// The flags of `macaque pause`.
#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    #[command(flatten)]
    journal: JournalArgs,
    /// How long to pause, such as 30m or 2h [default: until resumed]
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration, allow_hyphen_values = true)]
    duration: Option<Duration>,
    /// Reason, in one line, which is shown wherever the pause is
    #[arg(long, value_name = "TEXT", value_parser = reason::parse)]
    reason: Option<String>,
}

/// The flags of `macaque resume`.
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    journal: JournalArgs,
}

/// The flag that says where the journal is.
#[derive(Debug, Clone, Default, Args)]
struct JournalArgs {
    /// Namespace that macaque runs in [default: the one this process runs in, else the context's]
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
}

/// Where the journal is, and with what it is written.
struct JournalAccess<'a> {
    cluster: &'a Cluster,
    place: &'a ConfigMapRef,
    view: &'a CommandSettings,
    platform: &'a Platform,
}

/// The reason why macaque could not be paused or resumed.
enum PauseError {
    Api(ApiError),
    Missing,
    Conflict,
}

/// Pauses all replicas; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &PauseArgs) -> i32 {
    with_journal(global, &args.journal, async |journal| {
        let by = journal.user_name().await;
        // The answer has shown the API server's time, by which the pause ends.
        let now = journal.cluster.server_time();
        let until = args.duration.map(|duration| whole_second(now + duration));
        let pause = PauseAnnotations {
            paused: until.map_or_else(|| "true".to_owned(), |until| until.to_string()),
            by,
            reason: args.reason.clone(),
        };
        journal.cluster.pause_journal(journal.place, Some(&pause)).await?;
        Ok(paused_text(&pause, until, journal.place))
    })
}

/// The words of a pause that was set.
fn paused_text(pause: &PauseAnnotations, until: Option<Timestamp>, place: &ConfigMapRef) -> String {
    let until = match until {
        Some(until) => format!("until {until}"),
        None => "until `macaque resume`".to_owned(),
    };
    let by = match &pause.by {
        Some(name) => format!(" by {name}"),
        None => String::new(),
    };
    let mut text =
        format!("paused {until}{by}: no replica with its journal in {place} starts another disruption");

    if let Some(reason) = &pause.reason {
        text.push_str(&format!("\nreason: {reason}"));
    }
    if pause.by.is_none() {
        text.push_str("\nwho paused is not recorded: the API server did not say who you are");
    }
    text
}

/// Who had paused and why, as a line of its own; `None` if neither is known.
fn lifted_text(pause: &PauseRequest) -> Option<String> {
    let by = pause.by.as_ref().map(|by| format!(" by {by}"));
    let reason = pause.reason.as_ref().map(|reason| format!(": {reason}"));
    (by.is_some() || reason.is_some()).then(|| {
        let [by, reason] = [by, reason].map(Option::unwrap_or_default);
        format!("\nlifted: the pause{by}{reason}")
    })
}

/// Ends a pause and a quarantine; returns the process's exit code.
pub(super) fn resume(global: &GlobalArgs, args: &ResumeArgs) -> i32 {
    with_journal(global, &args.journal, async |journal| {
        let config_map = journal.read().await?;
        let pause = config_map.pause();
        if config_map.has_pause_annotation() {
            journal.cluster.pause_journal(journal.place, None).await?;
        }

        let place = journal.place;
        let is_accepted = journal.accept().await?;
        let mut text = match (&pause, is_accepted) {
            (_, true) => format!("resumed: the journal in {place} is accepted as it is"),
            (Some(_), false) => format!("resumed: replicas with their journal in {place} may disrupt again"),
            (None, false) => format!("{place} was not paused"),
        };
        text.extend(pause.as_ref().and_then(lifted_text));
        Ok(text)
    })
}

/// Connects to the journal's cluster, acts on the journal and prints the result; returns the process's exit code.
fn with_journal(
    global: &GlobalArgs,
    args: &JournalArgs,
    act: impl AsyncFnOnce(JournalAccess<'_>) -> Result<String, PauseError>,
) -> i32 {
    if let Some(name) = args.namespace.as_ref().filter(|name| !is_object_name(name)) {
        telemetry::print_error(&format!("--namespace: {name:?} is not a valid namespace name"));
        return exit::USAGE;
    }
    let named = args.namespace.clone().or_else(setup::own_namespace);
    let namespace = match named.map_or_else(
        || setup::context_namespace(global, NO_NAMESPACE, "--namespace"),
        Ok,
    ) {
        Ok(namespace) => namespace,
        Err(code) => return code,
    };
    let view = match setup::load_settings_at(global, Vec::new(), &namespace) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let JournalLocation::ConfigMap(place) = &view.config.journal else {
        telemetry::print_error(IN_MEMORY);
        return exit::USAGE;
    };

    System::new().block_on(async {
        let platform = Platform::system();
        let cluster = match setup::connect(&view.cluster, &platform).await {
            Ok(cluster) => cluster,
            Err(code) => return code,
        };
        let journal = JournalAccess {
            cluster: &cluster,
            place,
            view: &view,
            platform: &platform,
        };
        match act(journal).await {
            Ok(done) => {
                output::write_plain(&done);
                exit::OK
            }
            Err(error) => {
                telemetry::print_error(&error_text(&error, place));
                exit::CLUSTER
            }
        }
    })
}

impl JournalAccess<'_> {
    /// The user who acts, if the API server tells.
    async fn user_name(&self) -> Option<String> {
        let name = self.platform.within(NAME_TIMEOUT, self.cluster.user_name()).await;
        name?.ok().flatten()
    }

    async fn read(&self) -> Result<JournalConfigMap, PauseError> {
        let config_map = self.cluster.journal(self.place).await?;
        config_map.ok_or(PauseError::Missing)
    }

    /// Accepts a journal that is in quarantine, or would be once it is read; returns whether it was.
    async fn accept(&self) -> Result<bool, PauseError> {
        for _ in 0..TRIES {
            let config_map = self.read().await?;
            let Some(journal) = self.quarantined(&config_map) else {
                return Ok(false);
            };

            // Accepting is never denied.
            let accepted = self.accepted(&journal).unwrap_or(journal);
            let (text, seal) = accepted.with_uid(&config_map.stored().uid).write();
            let written = self
                .cluster
                .write_journal(self.place, &config_map, &text, &seal)
                .await?;
            if let WriteResult::Written(_) = written {
                return Ok(true);
            }
        }
        Err(PauseError::Conflict)
    }

    fn accepted(&self, journal: &Journal) -> Option<Journal> {
        let holder = LeaseHolder {
            process: "macaque resume".to_owned(),
            incarnation: 0,
        };
        let config = &self.view.config;
        let context = StepContext {
            now: self.platform.now(),
            skew: self.cluster.skew(),
            holder: &holder,
            keeps_recoveries: true,
            pause: None,
            count: config.disrupt.count.most(),
            limits: &config.limits,
            recovery: &config.recovery_policy(),
            timing: &setup::timing(config),
        };

        if journal.quarantine(self.cluster.server_time()).is_some() {
            return journal.step(&JournalEvent::Accept, &context).ok();
        }
        // What is accepted must be written anew, or it would stay what somebody else wrote.
        let quarantine = JournalEvent::Quarantine {
            why: String::new(),
            known: 0,
        };
        let quarantined = journal.step(&quarantine, &context).ok()?;
        quarantined.step(&JournalEvent::Accept, &context).ok()
    }

    /// The stored journal, if it is in quarantine, or would be once it is read.
    fn quarantined(&self, config_map: &JournalConfigMap) -> Option<Journal> {
        let stored = config_map.stored();
        let journal = stored.read().ok()?;
        let is_distrusted = stored.distrust(&journal, 0).is_some();
        let is_quarantined = journal.quarantine(self.cluster.server_time()).is_some();
        (is_distrusted || is_quarantined).then_some(journal)
    }
}

/// The error as a person reads it, with the rule to grant where a permission is missing.
fn error_text(error: &PauseError, place: &ConfigMapRef) -> String {
    let ConfigMapRef { namespace, name } = place;
    match error {
        PauseError::Api(ApiError::NotFound { .. }) | PauseError::Missing => {
            format!(
                "{place} does not exist: is {namespace} the namespace that macaque runs in (--namespace)?"
            )
        }
        PauseError::Api(error @ ApiError::Forbidden { .. }) => format!(
            "{error}; grant: {{apiGroups: [\"\"], resources: [\"configmaps\"], resourceNames: [\"{name}\"], verbs: \
             [\"get\", \"patch\", \"update\"]}}"
        ),
        PauseError::Api(error) => error.to_string(),
        PauseError::Conflict => format!("conflict: replicas keep updating {place}; try again"),
    }
}

/// Parses the length of a pause.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let length = duration(text, "30m or 2h")?;
    if (Duration::from_secs(1)..=LONGEST_PAUSE).contains(&length) {
        Ok(length)
    } else {
        Err("a pause is from 1s to 365d; without --for it lasts until resumed".to_owned())
    }
}

fn whole_second(instant: Timestamp) -> Timestamp {
    instant.round(Unit::Second).unwrap_or(instant)
}

impl From<ApiError> for PauseError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}
