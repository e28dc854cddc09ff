//! `macaque pause` and `macaque resume`: the hand on the switch that every replica looks at before each victim.

use actix::System;
use jiff::{Timestamp, Unit};

use crate::k8s::{ApiError, Cluster, JournalConfigMap, WriteResult};
use crate::settings::{ViewSettings, is_name};
use crate::telemetry;
use macaque_core::config::{ConfigMapRef, JournalLocation};
use macaque_core::journal::{Journal, JournalEvent, LeaseHolder, PauseRequest as Paused, StepContext};

use super::args::{GlobalArgs, HomeArgs, PauseArgs, ResumeArgs};
use super::{exit, output, setup};

/// How often a hold is lifted again when replicas write the journal meanwhile.
const TRIES: usize = 10;

/// Pauses; returns the process's exit code.
pub(super) fn pause(common: &GlobalArgs, flags: &PauseArgs) -> i32 {
    let until = flags
        .duration
        .map(|duration| whole_second(Timestamp::now() + duration));
    at_the_journal(common, &flags.home, async |cluster, place, _| {
        let value = until.map_or_else(|| "true".to_owned(), |until| until.to_string());
        cluster.pause_journal(place, Some(&value)).await?;
        let until = until.map_or_else(
            || "until `macaque resume`".to_owned(),
            |until| format!("until {until}"),
        );
        Ok(format!(
            "paused {until}: no replica that keeps its journal in {place} disrupts another pod"
        ))
    })
}

/// Resumes; returns the process's exit code.
pub(super) fn resume(common: &GlobalArgs, flags: &ResumeArgs) -> i32 {
    at_the_journal(common, &flags.home, async |cluster, place, view| {
        let Some(page) = cluster.journal(place).await? else {
            return Err(PauseError::Missing);
        };
        let is_paused = page.paused().and_then(Paused::from_annotation).is_some();
        if page.paused().is_some() {
            cluster.pause_journal(place, None).await?;
        }
        let trusted = trust(cluster, place, view).await?;
        Ok(match (is_paused, trusted) {
            (_, true) => format!("resumed: the journal, {place}, is trusted as it is"),
            (true, false) => {
                format!("resumed: replicas that keep their journal in {place} may disrupt again")
            }
            (false, false) => format!("{place} was not paused"),
        })
    })
}

/// Why the switch could not be set.
enum PauseError {
    Cluster(ApiError),
    Missing,
    Contended,
}

impl From<ApiError> for PauseError {
    fn from(error: ApiError) -> Self {
        Self::Cluster(error)
    }
}

/// Does something at the journal, and says what came of it.
fn at_the_journal(
    common: &GlobalArgs,
    home: &HomeArgs,
    act: impl AsyncFnOnce(&Cluster, &ConfigMapRef, &ViewSettings) -> Result<String, PauseError>,
) -> i32 {
    if let Some(name) = home.namespace.as_ref().filter(|name| !is_name(name)) {
        telemetry::complain(&format!("--namespace: {name:?} is no name of a namespace"));
        return exit::USAGE;
    }
    let view = match setup::prepare_view_at(common, Vec::new(), home.namespace.as_deref()) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let JournalLocation::ConfigMap(place) = &view.plan.journal else {
        telemetry::complain(
            "no ConfigMap with a journal is known: name the namespace that macaque lives in with --namespace; a journal \
             in memory (journal = \"memory\") cannot be paused",
        );
        return exit::USAGE;
    };
    System::new().block_on(async {
        let cluster = match Cluster::connect(&setup::access_to(&view.cluster)).await {
            Ok(cluster) => cluster,
            Err(error) => {
                telemetry::complain(&error.to_string());
                return exit::USAGE;
            }
        };
        match act(&cluster, place, &view).await {
            Ok(said) => {
                output::say(&said);
                exit::OK
            }
            Err(trouble) => {
                telemetry::complain(&words(&trouble, place));
                exit::CLUSTER
            }
        }
    })
}

fn words(trouble: &PauseError, place: &ConfigMapRef) -> String {
    let ConfigMapRef { namespace, name } = place;
    match trouble {
        PauseError::Cluster(ApiError::NotFound { .. }) | PauseError::Missing => {
            format!(
                "{place} does not exist: is {namespace} the namespace that macaque lives in (--namespace)?"
            )
        }
        PauseError::Cluster(error @ ApiError::Forbidden { .. }) => format!(
            "{error}; it needs: {{apiGroups: [\"\"], resources: [\"configmaps\"], resourceNames: [\"{name}\"], verbs: \
             [\"get\", \"patch\", \"update\"]}}"
        ),
        PauseError::Cluster(error) => error.to_string(),
        PauseError::Contended => format!("{place} was written by others again and again; try once more"),
    }
}

/// Lifts the hold on a journal that is not trusted; whether there was one.
async fn trust(cluster: &Cluster, place: &ConfigMapRef, view: &ViewSettings) -> Result<bool, PauseError> {
    for _ in 0..TRIES {
        let page = cluster.journal(place).await?.ok_or(PauseError::Missing)?;
        let Some(journal) = held(&page) else {
            return Ok(false);
        };
        let holder = LeaseHolder {
            process: "macaque resume".to_owned(),
            life: 0,
        };
        let moment = StepContext {
            now: Timestamp::now(),
            skew: cluster.skew(),
            holder: &holder,
            pause: None,
            count: view.plan.disrupt.count,
            limits: &view.plan.limits,
            timing: &setup::timing(&view.plan),
        };
        // Trust is never denied.
        let trusted = journal.step(&JournalEvent::Accept, &moment).unwrap_or(journal);
        let (text, seal) = trusted.of(&page.sheet().uid).write();
        if let WriteResult::Written(_) = cluster.write_journal(place, &page, &text, &seal).await? {
            return Ok(true);
        }
    }
    Err(PauseError::Contended)
}

/// The journal on the page, if it is one that is not trusted.
fn held(page: &JournalConfigMap) -> Option<Journal> {
    let journal = page.sheet().read().ok()?;
    journal.hold(Timestamp::now()).is_some().then_some(journal)
}

fn whole_second(instant: Timestamp) -> Timestamp {
    instant.round(Unit::Second).unwrap_or(instant)
}
