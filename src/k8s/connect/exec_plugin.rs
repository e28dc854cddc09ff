//! Runs the command of a kubeconfig that prints credentials (client-go's exec plugins), once for the whole process as
//! long as its credentials are valid. What it prints is never shown, because it may be a token.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal};
use std::process::{Output, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::k8s::error::AccessFault;
use crate::platform::Platform;
use crate::text;

/// How long a command may take: less than a task of the Killer may go without progress.
const TIME_LIMIT: Duration = Duration::from_secs(45);

/// How long the first run of a command that may ask a person may take.
const DIALOG_LIMIT: Duration = Duration::from_secs(300);

/// How long a command may take without a word in the log.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long before their end credentials are renewed, unless they are valid for less than twice as long.
const MARGIN: SignedDuration = SignedDuration::from_secs(30);

/// The longest hint on how to install a command that is shown.
const MAX_HINT_CHARS: usize = 400;

/// A command that prints credentials, as a kubeconfig describes it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PluginSpec {
    /// A path, or a name that is looked up in `PATH`.
    pub(super) command: String,
    /// Its arguments, which may hold secrets.
    pub(super) args: Vec<String>,
    /// Variables in addition to those of this process.
    pub(super) env: Vec<(String, String)>,
    /// The version of the protocol.
    pub(super) api_version: &'static str,
    /// Whether it may ask a person.
    pub(super) mode: InteractiveMode,
    /// How to install the command, in words.
    pub(super) install_hint: Option<String>,
    /// What it asked to know of the cluster, as JSON.
    pub(super) cluster: Option<String>,
}

/// Whether a command may use the terminal of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum InteractiveMode {
    /// The command gets no standard input.
    Never,
    /// The command gets standard input if that is a terminal.
    IfAvailable,
    /// The command cannot run without a terminal.
    Always,
}

/// The credentials that a command printed.
#[derive(Debug, Clone)]
pub(super) struct PluginCredentials {
    /// The token, if there is one.
    pub(super) token: Option<SecretString>,
    /// The client certificate and its key in PEM, if there are some.
    pub(super) certificate: Option<(String, SecretString)>,
    /// From when on the command is run again.
    pub(super) renew_at: Option<Timestamp>,
    /// The number of the run that printed them, over all commands.
    pub(super) run: u64,
}

/// The credentials of every command that was run, and the number of runs.
struct PluginCache {
    credentials: BTreeMap<PluginSpec, PluginCredentials>,
    runs: u64,
}

/// Locked while a command runs, so that a person is asked once, however many connections are opened.
static CACHE: Mutex<PluginCache> = Mutex::const_new(PluginCache {
    credentials: BTreeMap::new(),
    runs: 0,
});

/// The credentials of `spec`: those printed before if they are still valid, and the API server did not reject them
/// (`rejected` is the number of their run).
///
/// # Errors
/// The command cannot be run, failed, took too long, or printed something else.
pub(super) async fn credentials(
    spec: &PluginSpec,
    rejected: Option<u64>,
    platform: &Platform,
) -> Result<PluginCredentials, AccessFault> {
    let mut cache = CACHE.lock().await;
    let known = cache.credentials.get(spec);
    if let Some(known) = known
        && known.renew_at.is_none_or(|at| platform.now() < at)
        && rejected != Some(known.run)
    {
        return Ok(known.clone());
    }

    let printed = spec.run(known.is_none(), platform).await?;
    cache.runs += 1;
    let fresh = PluginCredentials {
        run: cache.runs,
        ..printed
    };
    cache.credentials.insert(spec.clone(), fresh.clone());
    Ok(fresh)
}

impl PluginSpec {
    async fn run(&self, is_first: bool, platform: &Platform) -> Result<PluginCredentials, AccessFault> {
        let interactive = self.is_interactive(io::stdin().is_terminal())?;
        let mut command = Command::new(&self.command);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env("KUBERNETES_EXEC_INFO", self.exec_info(interactive).to_string())
            .stdin(if interactive {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            // Its words are for a person who looks on, and not for a log.
            .stderr(if io::stderr().is_terminal() {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .kill_on_drop(true);

        // Only the processes of the terminal's own group may read from it.
        if !interactive {
            command.process_group(0);
        }

        let limit = if interactive && is_first {
            DIALOG_LIMIT
        } else {
            TIME_LIMIT
        };
        let child = command.spawn().map_err(|error| self.not_started(&error))?;
        let mut group = ProcessGroup::led_by(child.id().filter(|_| !interactive));
        let output = self.wait(child.wait_with_output(), limit, platform).await?;
        group.leave();
        if !output.status.success() {
            let ending = match output.status.code() {
                Some(code) => format!("with status {code}"),
                None => "by a signal".to_owned(),
            };
            return Err(AccessFault::new(
                format!("{self} failed {ending}"),
                "run it by hand to see why",
            ));
        }

        let now = platform.now();
        self.read(&output.stdout, now).map_err(|wrong| {
            let remedy = format!(
                "its user's exec needs a command that prints an ExecCredential of {}",
                self.api_version
            );
            AccessFault::new(format!("{self} {wrong}"), remedy)
        })
    }

    /// Waits for the command; says so if it takes long. One that takes too long is killed as its future is dropped.
    async fn wait(
        &self,
        output: impl Future<Output = io::Result<Output>>,
        limit: Duration,
        platform: &Platform,
    ) -> Result<Output, AccessFault> {
        let mut output = std::pin::pin!(output);
        let mut ended = platform.within(PATIENCE, &mut output).await;
        if ended.is_none() {
            log::info!("waiting for {self}, at most {} s", limit.as_secs());
            ended = platform.within(limit.saturating_sub(PATIENCE), &mut output).await;
        }

        match ended {
            Some(Ok(output)) => Ok(output),
            Some(Err(error)) => Err(self.not_started(&error)),
            None => Err(AccessFault::new(
                format!("{self} did not end within {} s and was stopped", limit.as_secs()),
                "run it by hand to see why",
            )),
        }
    }

    /// Whether the command gets the terminal.
    fn is_interactive(&self, terminal: bool) -> Result<bool, AccessFault> {
        match self.mode {
            InteractiveMode::Never => Ok(false),
            InteractiveMode::IfAvailable => Ok(terminal),
            InteractiveMode::Always if terminal => Ok(true),
            InteractiveMode::Always => Err(AccessFault::new(
                format!("{self} needs a terminal (interactiveMode: Always), and standard input is none"),
                "run macaque from a terminal, or use credentials that need no person, e.g. a service account's token",
            )),
        }
    }

    /// The value of `KUBERNETES_EXEC_INFO`.
    fn exec_info(&self, interactive: bool) -> Value {
        let mut spec = json!({ "interactive": interactive });
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = serde_json::from_str(cluster).unwrap_or_default();
        }
        json!({ "kind": "ExecCredential", "apiVersion": self.api_version, "spec": spec })
    }

    fn not_started(&self, error: &io::Error) -> AccessFault {
        let wrong = format!("{self} cannot be run: {error}");
        let hint = self
            .install_hint
            .as_deref()
            .filter(|_| error.kind() == io::ErrorKind::NotFound);
        let remedy = match hint {
            Some(hint) => format!("its kubeconfig says: {}", text::clean(hint, MAX_HINT_CHARS)),
            None => "install it, or correct command in its user's exec".to_owned(),
        };
        AccessFault::new(wrong, remedy)
    }

    /// Reads what the command printed, which may be JSON or YAML.
    fn read(&self, printed: &[u8], now: Timestamp) -> Result<PluginCredentials, String> {
        let object: Option<ExecCredential> = serde_saphyr::from_slice(printed).ok();
        let Some(object) = object.filter(|object| object.kind == "ExecCredential") else {
            return Err("did not print an ExecCredential (a JSON object)".to_owned());
        };
        if object.api_version != self.api_version {
            return Err("printed an ExecCredential of another apiVersion than the kubeconfig's".to_owned());
        }
        let Some(status) = object.status else {
            return Err("printed an ExecCredential without a status".to_owned());
        };

        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        let token = set(status.token).map(SecretString::from);
        let certificate = match (set(status.client_certificate_data), set(status.client_key_data)) {
            (Some(certificate), Some(key)) => Some((certificate, key.into())),
            (None, None) => None,
            _ => return Err("printed a client certificate or its key, and not both".to_owned()),
        };
        if token.is_none() && certificate.is_none() {
            return Err("printed neither a token nor a client certificate".to_owned());
        }

        let end: Option<Timestamp> = match set(status.expiration_timestamp) {
            None => None,
            Some(end) => Some(
                end.parse()
                    .map_err(|_| "printed an invalid expirationTimestamp")?,
            ),
        };
        Ok(PluginCredentials {
            token,
            certificate,
            renew_at: end.map(|end| end - MARGIN.min(end.duration_since(now) / 2)),
            run: 0,
        })
    }
}

/// The processes of a command, which are killed when this is dropped before the command has ended.
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn led_by(leader: Option<u32>) -> Self {
        let leader = leader.and_then(|id| i32::try_from(id).ok());
        Self(leader.and_then(Pid::from_raw))
    }

    /// Leaves alone what the command started and left behind, e.g. an agent.
    fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It fails if every process has ended by itself.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// The command's name alone: its arguments may hold secrets.
impl fmt::Display for PluginSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the credentials command {:?}", self.command)
    }
}

impl fmt::Debug for PluginSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSpec")
            .field("command", &self.command)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    api_version: String,
    status: Option<ExecCredentialStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredentialStatus {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

#[cfg(test)]
mod tests;
