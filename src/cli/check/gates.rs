//! Asks each gate once, as a round would, and shows its answer and how long it took.

use macaque_core::config::ChaosConfig;
use macaque_core::eligibility::Candidate;
use macaque_core::guard::GuardAnswer;
use macaque_core::permissions;
use macaque_core::pod::{PodOwner, PodRef};

use super::CheckFinding;
use crate::gates::{ExaminedGate, GateConfig, GateKind, GateQuestion, GateScope, Gates, QueryExpectation};
use crate::platform::Platform;

/// Asks the gates of `configs`. One that is asked about a victim is asked about an example, which no pod is.
pub(super) async fn check(
    configs: &[GateConfig],
    config: &ChaosConfig,
    platform: &Platform,
) -> Vec<CheckFinding> {
    let example = example(config);
    let gates = Gates::new(configs, platform);

    let mut findings = Vec::new();
    for gate in gates.all() {
        let gate_config = gate.config();
        let victims = match gate_config.scope() {
            GateScope::Round => &[][..],
            GateScope::Victim => std::slice::from_ref(&example),
        };
        let question = GateQuestion {
            slot: None,
            dry_run: config.dry_run,
            method: config.disrupt.method,
            victims,
        };
        let examined = gate.examine(&question, gate_config.timeout).await;
        findings.push(finding(&examined, victims.first()));
        findings.extend(missing_canary(gate_config));
    }
    findings
}

/// A victim that does not exist, in a namespace of the target.
fn example(config: &ChaosConfig) -> Candidate {
    let scopes = permissions::scopes(&config.target.namespaces);
    let namespace = scopes.into_iter().next().flatten();
    Candidate {
        team: None,
        pod: PodRef {
            namespace: namespace.unwrap_or("default").to_owned(),
            name: "example-0".to_owned(),
            uid: "00000000-0000-0000-0000-000000000000".to_owned(),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: "example".to_owned(),
        }),
        period_end: None,
    }
}

/// The finding about one gate. One that holds back is in order: it shows a state of things, not a fault.
fn finding(examined: &ExaminedGate, example: Option<&Candidate>) -> CheckFinding {
    let finding = &examined.finding;
    let about = example.map_or_else(String::new, |victim| {
        format!(", asked about the example {}", victim.pod)
    });
    let millis = finding.millis.unwrap_or_default();
    let what = format!("gate {}", finding.guard);
    let detail = format!("{}: {} ({millis} ms{about})", finding.answer, finding.seen);

    match finding.answer {
        GuardAnswer::Go => CheckFinding::ok(what, detail),
        GuardAnswer::HoldsBack => CheckFinding::note(what, detail, "nothing is disrupted until it says go"),
        GuardAnswer::CannotAnswer => {
            let remedy = examined.remedy.as_deref().unwrap_or("see the log of the service");
            CheckFinding::failed(what, detail, remedy)
        }
    }
}

/// The warning that a gate says go once its metrics have vanished.
fn missing_canary(config: &GateConfig) -> Option<CheckFinding> {
    let GateKind::Prometheus {
        expect: QueryExpectation::Empty,
        canary: None,
        ..
    } = &config.kind
    else {
        return None;
    };
    Some(CheckFinding::warning(
        format!("gate {}", config.name),
        "it has no canary: it says go if its metrics vanish",
        "set canary to a query about the same metrics that is never empty, such as ALERTS{alertname=\"Watchdog\"}",
    ))
}
