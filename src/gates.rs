//! Gates: guards that ask a service outside Kubernetes whether a disruption may go on: Prometheus, Alertmanager, or any
//! service over HTTP.
//!
//! What an answer means is a pure function in the file of each service. Whatever is not a clear answer of the right
//! service is a gate that cannot answer: a service that is down or slow, a redirect, a sign-in page, a partial result.
//! What a service says is cleaned, bounded and searched for secrets before it is shown; a body is never shown whole.

mod alertmanager;
mod config;
mod exchange;
mod http;
mod judgement;
mod prometheus;
mod template;

use std::cell::OnceCell;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::eligibility::Candidate;
use macaque_core::guard::GuardFinding;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::server_text::bounded;
use tokio::time::Instant;

pub use self::config::{GateConfig, GateKind, GateScope, HttpExpectation, HttpMethod, QueryExpectation};

use self::exchange::GateExchange;
use self::judgement::GateJudgement;
use crate::http_client::HttpClient;
use crate::platform::Platform;
use crate::proxy::{ProxyEnvironment, ProxyPolicy};

/// The gates of one process, in the order in which they are asked. They are bound to the Arbiter that created them.
#[derive(Debug, Default)]
pub struct Gates {
    gates: Vec<Gate>,
}

/// One gate.
pub struct Gate {
    config: GateConfig,
    proxies: ProxyPolicy,
    platform: Platform,
    /// The client, from the first question on: only then are CA certificates read, and only if they are needed. If it
    /// cannot be created, the gate cannot answer.
    client: OnceCell<Result<HttpClient, GateJudgement>>,
}

/// What a gate is asked.
#[derive(Debug, Clone, Copy)]
pub struct GateQuestion<'a> {
    /// The slot of the round; `None` where no round runs, as in `plan` and `check`.
    pub slot: Option<Timestamp>,
    /// Whether the round is a dry run.
    pub dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The victims picked, for a gate that is asked about them; empty otherwise.
    pub victims: &'a [Candidate],
}

/// The finding of a gate, and what to do where it could not answer.
#[derive(Debug, Clone)]
pub struct ExaminedGate {
    /// The finding.
    pub finding: GuardFinding,
    /// What to do about a gate that cannot answer.
    pub remedy: Option<String>,
}

impl Gates {
    /// Creates the gates of `configs`, which are reached through the proxies that the environment names. Call this on
    /// the Arbiter that will ask them.
    pub fn new(configs: &[GateConfig], platform: &Platform) -> Self {
        if configs.is_empty() {
            return Self::default();
        }

        let proxies = ProxyPolicy::Environment(ProxyEnvironment::of_process());
        let gates = configs.iter().map(|config| Gate {
            config: config.clone(),
            proxies: proxies.clone(),
            platform: platform.clone(),
            client: OnceCell::new(),
        });
        Self {
            gates: gates.collect(),
        }
    }

    /// The gates that are asked once for a round, or for each victim.
    pub fn in_scope(&self, scope: GateScope) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(move |gate| gate.config.scope() == scope)
    }

    /// All gates, in the order in which they are asked.
    pub fn all(&self) -> impl Iterator<Item = &Gate> {
        self.gates.iter()
    }
}

impl Gate {
    /// The configuration.
    pub fn config(&self) -> &GateConfig {
        &self.config
    }

    /// Asks the gate, for at most `limit` or the gate's own time-out, whichever is shorter. Every failure is a finding:
    /// a gate that does not answer clearly cannot answer.
    pub async fn ask(&self, question: &GateQuestion<'_>, limit: Duration) -> GuardFinding {
        self.examine(question, limit).await.finding
    }

    /// Asks the gate as [`Gate::ask`] does; beside the finding, the result says what to do if the gate cannot answer.
    pub async fn examine(&self, question: &GateQuestion<'_>, limit: Duration) -> ExaminedGate {
        let begun = self.platform.monotonic();
        let deadline = begun + limit.min(self.config.timeout);
        let judgement = self.judge(question, deadline).await;
        let took = self.platform.monotonic() - begun;

        let setting = self.config.setting();
        let seen = bounded(&judgement.seen);
        let mut finding = GuardFinding::new(&self.config.name, judgement.answer, setting, seen);
        finding.millis = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        ExaminedGate {
            finding,
            remedy: judgement.remedy,
        }
    }

    async fn judge(&self, question: &GateQuestion<'_>, deadline: Instant) -> GateJudgement {
        let client = self
            .client
            .get_or_init(|| exchange::client(&self.config, &self.proxies, &self.platform));
        let exchange = match client {
            Ok(client) => GateExchange::new(&self.config, client, deadline),
            Err(judgement) => return judgement.clone(),
        };
        let exchange = match exchange {
            Ok(exchange) => exchange,
            Err(judgement) => return judgement,
        };

        match &self.config.kind {
            GateKind::Prometheus {
                query,
                expect,
                canary,
            } => prometheus::ask(&exchange, query, *expect, canary.as_deref(), question.victims).await,
            GateKind::Alertmanager { matchers } => alertmanager::ask(&exchange, matchers).await,
            GateKind::Http {
                method,
                expect_status,
                expect,
            } => http::ask(&exchange, *method, *expect_status, expect.as_ref(), question).await,
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
