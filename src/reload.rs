//! Reloads the configuration file: judges one that has changed, proves it against the cluster, and hands it over. Until then
//! the configuration before it stays in force, and the log and the metrics say why.
//!
//! The file is polled and read as a whole, because Kubernetes changes it by moving a symbolic link: a change counts once
//! two reads in a row, a moment apart, are the same. So nothing is made of a file that is gone or half written.

mod plan;
mod proof;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use log::Level;
use tokio::time::Instant;

pub use self::plan::{ReloadPlan, plan};
pub use self::proof::{Unproved, prove};
use crate::facts::{Fact, Facts};
use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;
use crate::settings::{self, FileSnapshot, LoadedSettings, ScheduleNeed, SettingsSources, ValidSettings};

/// How often the file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReloadTiming {
    /// The time from one look at the file to the next, and from one try to prove it to the next while the API server does
    /// not answer.
    pub poll: Duration,
    /// How long a changed file must stay the same.
    pub settle: Duration,
    /// The time after which a file that was refused is judged again: what it lacks may have come.
    pub again: Duration,
    /// Whether SIGHUP asks for a look at once; if not, it ends the process, as a terminal that is closed expects.
    pub on_hangup: bool,
}

impl Default for ReloadTiming {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(10),
            settle: Duration::from_secs(1),
            again: Duration::from_secs(60),
            on_hangup: true,
        }
    }
}

/// Puts validated settings into force.
pub type ApplySettings = Box<dyn Fn(&ValidSettings) + Send + Sync>;

/// The configuration file of a process that runs, and which state of it is in force. It outlives the actor that asks it.
pub struct ConfigReload {
    sources: SettingsSources,
    apply: ApplySettings,
    timing: ReloadTiming,
    facts: Facts,
    platform: Platform,
    state: Mutex<ReloadState>,
}

/// What is in force, and what is not.
struct ReloadState {
    file: FileSnapshot,
    loaded: LoadedSettings,
    refused: Option<RefusedFile>,
}

/// A file that was not put into force.
#[derive(Clone)]
struct RefusedFile {
    file: FileSnapshot,
    why: String,
    /// When it is judged again.
    again: Instant,
}

/// The reason why a file is not put into force, and when it is judged again.
struct ReloadRefusal {
    why: String,
    again: Duration,
}

impl ConfigReload {
    /// Creates the reload of a process in which `loaded`, from `file`, is in force.
    pub fn new(
        sources: SettingsSources,
        (file, loaded): (FileSnapshot, LoadedSettings),
        apply: ApplySettings,
        timing: ReloadTiming,
        facts: Facts,
        platform: &Platform,
    ) -> Self {
        Self {
            sources,
            apply,
            timing,
            facts,
            platform: platform.clone(),
            state: Mutex::new(ReloadState {
                file,
                loaded,
                refused: None,
            }),
        }
    }

    /// How often the file is looked at.
    pub fn timing(&self) -> ReloadTiming {
        self.timing
    }

    /// Looks at the file, and puts it into force if it has changed and is proved. If somebody asked for that, the log says
    /// what became of it in any case. `connect` makes the connection, if one is needed.
    pub async fn check(&self, is_asked: bool, connect: impl AsyncFnOnce() -> Result<Cluster, ApiError>) {
        let file = self.sources.read_file();
        if !self.is_to_be_judged(&file, is_asked) {
            return;
        }
        self.platform.sleep(self.timing.settle).await;
        if self.sources.read_file() != file {
            let level = if is_asked { Level::Warn } else { Level::Debug };
            let poll = self.timing.poll.as_secs();
            log::log!(
                level,
                "{} is being written, and is not reloaded yet: it is looked at again in {poll} s",
                file.name()
            );
            return;
        }

        match self.judge(&file, connect).await {
            Ok(Some((loaded, changed))) => {
                log::info!(
                    "configuration reloaded from {}: {} changed, in force from the next round on",
                    file.name(),
                    changed.join(", ")
                );
                (self.apply)(&loaded.valid);
                self.accept(file, Some(loaded));
            }
            Ok(None) => {
                log::info!("{} has changed, but no setting in force has", file.name());
                self.accept(file, None);
            }
            Err(refusal) => self.refuse(file, refusal, is_asked),
        }
    }

    /// Whether a file is to be judged: not if it is in force, nor if it was refused a moment ago.
    fn is_to_be_judged(&self, file: &FileSnapshot, is_asked: bool) -> bool {
        let mut state = self.state();
        if state.file == *file {
            let was_refused = state.refused.take().is_some();
            drop(state);
            if was_refused {
                log::info!("{} is again as it is in force", file.name());
                self.facts.publish(Fact::ReloadEnded { is_success: true });
            } else if is_asked {
                log::info!("{} has not changed", file.name());
            }
            return false;
        }

        let now = self.platform.monotonic();
        let is_recent = |refused: &RefusedFile| refused.file == *file && now < refused.again;
        is_asked || !state.refused.as_ref().is_some_and(is_recent)
    }

    /// Judges a file: the settings to put into force with the keys that changed, or `None` if none did.
    async fn judge(
        &self,
        file: &FileSnapshot,
        connect: impl AsyncFnOnce() -> Result<Cluster, ApiError>,
    ) -> Result<Option<(LoadedSettings, Vec<&'static str>)>, ReloadRefusal> {
        let (was_present, old) = {
            let state = self.state();
            (state.file.is_present(), state.loaded.clone())
        };
        if let Some(why) = file.absence().filter(|_| was_present) {
            return Err(self.refusal(why));
        }

        let new = settings::load_file(&self.sources, file, ScheduleNeed::Required);
        let (new, changed) = match plan(&old, new, self.platform.now()) {
            ReloadPlan::Unchanged => return Ok(None),
            ReloadPlan::Apply { new, changed } => (new, changed),
            ReloadPlan::NeedsRestart(keys) => {
                let verb = if keys.len() == 1 { "needs" } else { "need" };
                let keys = keys.join(", ");
                return Err(self.refusal(format!(
                    "{keys} {verb} a restart, and nothing else is applied before"
                )));
            }
            ReloadPlan::Refused(mistakes) => return Err(self.refusal(mistakes.join("; "))),
        };

        let proved = async {
            let cluster = connect().await?;
            prove(&cluster, &old.valid.config, &new.valid.config).await
        };
        match proved.await {
            Ok(()) => Ok(Some((*new, changed))),
            Err(Unproved::Lacks(lacks)) => Err(self.refusal(lacks.join("; "))),
            Err(Unproved::Refused(why)) => Err(self.refusal(format!("it cannot be checked: {why}"))),
            Err(Unproved::NoAnswer(why)) => Err(ReloadRefusal {
                why: format!("it cannot be checked yet, and is tried again: {why}"),
                again: Duration::ZERO,
            }),
        }
    }

    fn refusal(&self, why: String) -> ReloadRefusal {
        let again = self.timing.again;
        ReloadRefusal { why, again }
    }

    /// Notes that a file is in force, with its settings if they changed.
    fn accept(&self, file: FileSnapshot, loaded: Option<LoadedSettings>) {
        let mut state = self.state();
        state.file = file;
        state.refused = None;
        if let Some(loaded) = loaded {
            state.loaded = loaded;
        }
        drop(state);
        self.facts.publish(Fact::ReloadEnded { is_success: true });
    }

    /// Notes that a file is not put into force, and says so unless it was said before.
    fn refuse(&self, file: FileSnapshot, refusal: ReloadRefusal, is_asked: bool) {
        let ReloadRefusal { why, again } = refusal;
        let name = file.name().to_owned();
        let refused = RefusedFile {
            file,
            why: why.clone(),
            again: self.platform.monotonic() + again,
        };

        let before = self.state().refused.replace(refused.clone());
        let is_known = before.is_some_and(|before| before.file == refused.file && before.why == why);
        if is_asked || !is_known {
            log::warn!(
                "{name} has changed and is not reloaded, the configuration before it stays in force: {why}"
            );
        }
        self.facts.publish(Fact::ReloadEnded { is_success: false });
    }

    fn state(&self) -> MutexGuard<'_, ReloadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
