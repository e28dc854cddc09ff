//! Runs one scenario on one server and says how it differs from what is expected.

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use jiff::Timestamp;
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::platform::Platform;
use macaque::round::{self, RoundConfig};
use macaque::stop::StopSwitch;
use macaque_core::config::{NamespaceScope, VictimCount};
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::fault_proxy::{Fault, RequestMatch};

use crate::admission::AdmissionSetup;
use crate::answers::{RecordedAnswer, ServerRecord, plain};
use crate::round_proxy::{RoundProxy, ScenarioFault};
use crate::scenario::{ExpectedResult, FinalState, Scenario};
use crate::server::ServerKind;
use crate::test_namespace::{TestNamespace, condition};

/// Seeds enough to find one that picks a certain pod first.
const SEEDS: u64 = 200;

/// Whether what is recorded is to be written, and not compared.
pub(crate) fn writes() -> bool {
    std::env::var("CONFORMANCE").is_ok_and(|word| word == "write")
}

/// The result of a scenario.
pub(crate) struct ScenarioResult {
    pub(crate) name: &'static str,
    pub(crate) requirements: &'static [u8],
    /// For each disruption, whether its answer is the proxy's doing.
    pub(crate) injected: Vec<bool>,
    /// Whether the real server's answers were given in place of the sandbox's.
    pub(crate) is_replayed: bool,
    pub(crate) record: ServerRecord,
    /// The differences from what is expected.
    pub(crate) differences: Vec<String>,
}

/// Runs `scenario`; `recorded` is what the real server answered to its disruptions.
pub(crate) async fn run_scenario(
    kind: ServerKind,
    scenario: Scenario,
    recorded: ServerRecord,
) -> ScenarioResult {
    let namespace = Rc::new(TestNamespace::new(kind).await);
    let Scenario {
        name,
        requirements,
        given,
        arrange,
        admission,
        lacking,
        mut round_config,
        first,
        mut faults,
        expected,
    } = scenario;
    namespace.create_all(&given).await;
    for change in arrange {
        change(&namespace).await;
    }
    if !lacking.is_empty() {
        namespace.grant_all_but(&lacking).await;
    }

    round_config.eligibility.target.namespaces = NamespaceScope::Named(vec![namespace.name().to_owned()]);
    if let Some(own_pod) = &mut round_config.eligibility.own_pod {
        namespace.name().clone_into(&mut own_pod.namespace);
    }
    let client = namespace.server.client_lacking(&lacking).await;
    let proxy = RoundProxy::start(client, Rc::clone(&namespace));
    let seed = seed_for(&proxy, &round_config, first).await;

    let is_replayed =
        kind == ServerKind::Sandbox && admission.is_some_and(|admission| !admission.control.lets_pass());
    if let Some(admission) = admission {
        if is_replayed {
            faults.extend(replayed(admission, &recorded, &namespace));
        } else if kind == ServerKind::Real {
            let pod = given[0]["metadata"]["name"].as_str().unwrap();
            namespace.admit_by(admission, pod).await;
        }
    }
    for (matching, fault) in faults {
        proxy.inject(matching, fault);
    }

    proxy.take_exchanges();
    let begun = Instant::now();
    let report = round(&proxy, &round_config, seed).await;
    let took = begun.elapsed();
    namespace.server.lift_denials();

    let exchanges = proxy.take_exchanges();
    let (answers, injected): (Vec<RecordedAnswer>, Vec<bool>) = exchanges
        .iter()
        .filter(|exchange| exchange.request.method != "GET")
        .map(|exchange| (RecordedAnswer::of(exchange, &namespace), exchange.injected))
        .unzip();
    let mut differences = compare(&expected, &report, &answers, &namespace);
    if took < expected.pause {
        differences.push(format!("the round took only {took:?}"));
    }
    for after in &expected.after {
        differences.extend(namespace.differs_from(after).await);
    }
    let record = ServerRecord {
        answers,
        pods: namespace.fates().await,
    };
    differences.extend(differs_from_record(kind, &recorded, &record));
    namespace.clear().await;

    ScenarioResult {
        name,
        requirements,
        injected,
        is_replayed,
        record,
        differences,
    }
}

/// The real server's answers, to be given in place of the sandbox's, which has no admission.
fn replayed(
    admission: AdmissionSetup,
    recorded: &ServerRecord,
    namespace: &TestNamespace,
) -> Vec<(RequestMatch, ScenarioFault)> {
    let part = if admission.deletions {
        "DELETE "
    } else {
        "/eviction"
    };
    let answers = recorded.answers.iter().map(|recorded| {
        let fault = Fault::Answer(recorded.answer(namespace));
        (RequestMatch::containing(part).once(), ScenarioFault::Proxy(fault))
    });
    answers.collect()
}

/// How the answers differ from the recorded ones; where the real server's are being recorded, they are right.
pub(crate) fn differs_from_record(
    kind: ServerKind,
    recorded: &ServerRecord,
    record: &ServerRecord,
) -> Option<String> {
    let is_recording = kind == ServerKind::Real && writes();
    if recorded == record || is_recording {
        return None;
    }

    let text = |record: &ServerRecord| serde_json::to_string_pretty(record).unwrap();
    Some(format!(
        "recorded is {}\nand now {}",
        text(recorded),
        text(record)
    ))
}

/// A seed that picks the pod `first` first, found without a write.
async fn seed_for(proxy: &RoundProxy, round_config: &RoundConfig, first: Option<&str>) -> u64 {
    let Some(first) = first else { return 1 };
    let mut dry = round_config.clone();
    dry.dry_run = true;
    dry.disrupt.count = VictimCount::Fixed(1);

    for seed in 0..SEEDS {
        let report = round(proxy, &dry, seed).await;
        if report
            .attempts
            .first()
            .is_some_and(|attempt| attempt.pod.name == first)
        {
            return seed;
        }
    }

    panic!("no seed picks {first} first");
}

/// macaque's own round, through the proxy.
pub(crate) async fn round(proxy: &RoundProxy, round_config: &RoundConfig, seed: u64) -> RoundReport {
    let platform = Platform::system();
    let home = tempfile::tempdir().unwrap();
    let cluster = connect(proxy, home.path(), &platform).await;
    let (_switch, stop) = StopSwitch::new(&platform);

    round::run_alone(&cluster, round_config, Timestamp::now(), seed, &stop, &platform).await
}

/// macaque's connection through the proxy, by a kubeconfig that is written to `home` and read again after a fault.
pub(crate) async fn connect(proxy: &RoundProxy, home: &Path, platform: &Platform) -> Cluster {
    let file = home.join("kubeconfig");
    let url = proxy.url();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: it\nclusters: [{{name: it, cluster: {{server: \"{url}\"}}}}]\n\
         contexts: [{{name: it, context: {{cluster: it, user: it}}}}]\nusers: [{{name: it, user: {{}}}}]\n"
    );
    std::fs::write(&file, kubeconfig).unwrap();
    let access = ClusterAccess {
        kubeconfig: Some(file),
        context: None,
        ..ClusterAccess::default()
    };

    Cluster::connect(&access, platform).await.unwrap()
}

fn compare(
    expected: &ExpectedResult,
    report: &RoundReport,
    answers: &[RecordedAnswer],
    namespace: &TestNamespace,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut equal = |what: &str, is: String, should: String| {
        if is != should {
            differences.push(format!("{what}: {is}\n  expected {should}"));
        }
    };

    equal(
        "verdict",
        format!("{:?}", report.status()),
        format!("{:?}", expected.verdict),
    );
    let sent: Vec<_> = answers
        .iter()
        .map(|answer| (answer.request.clone(), answer.code))
        .collect();
    equal("sent", format!("{sent:#?}"), format!("{:#?}", expected.sends));
    let attempts = report.attempts.iter();
    let reported: Vec<_> = attempts
        .map(|attempt| plain(&format!("{}: {}", attempt.pod.name, attempt.outcome), namespace))
        .collect();
    equal(
        "reported",
        format!("{reported:#?}"),
        format!("{:#?}", expected.reports),
    );
    let exempt: Vec<_> = report
        .exempted
        .iter()
        .map(|(word, tally)| (word.as_str(), tally.count))
        .collect();
    equal("exempt", format!("{exempt:?}"), format!("{:?}", expected.exempt));

    let mut parts = |what: &str, are: Vec<String>, should: Vec<&str>| {
        let fit =
            are.len() == should.len() && are.iter().zip(&should).all(|(is, should)| is.contains(should));
        if !fit {
            differences.push(format!("{what}: {are:#?}\n  expected {should:#?}"));
        }
    };

    let problems = report
        .problems
        .iter()
        .map(|problem| plain(problem, namespace))
        .collect();
    parts("problems", problems, expected.problems.clone());
    let why = match &report.end {
        RoundEnd::Failed { why } | RoundEnd::Withheld { why } => vec![plain(why, namespace)],
        RoundEnd::Held(hold) => vec![plain(&hold.to_string(), namespace)],
        RoundEnd::Interrupted => vec!["interrupted".to_owned()],
        RoundEnd::Complete => Vec::new(),
    };
    let warnings = report
        .attempts
        .iter()
        .flat_map(|attempt| attempt.warnings.clone());
    parts("warnings", warnings.collect(), expected.warnings.clone());
    parts("failure", why, expected.failure.into_iter().collect());

    differences
}

impl TestNamespace {
    /// The pod that the table calls so, as it was when the round began.
    fn known(&self, alias: &str) -> (String, String) {
        let pods = self.pods.borrow();
        let (uid, name, _) = pods.iter().find(|(_, _, known)| known == alias).unwrap();
        (uid.clone(), name.clone())
    }

    async fn differs_from(&self, after: &FinalState) -> Option<String> {
        let (is, should) = match *after {
            FinalState::Alive(pod) | FinalState::Going(pod) => {
                let (uid, name) = self.known(pod);
                let found = self.read("Pod", &name).await;
                let alive = found.is_some_and(|found| {
                    found["metadata"]["uid"] == uid && found["metadata"]["deletionTimestamp"].is_null()
                });
                let word =
                    |alive: bool| format!("{pod} {}", if alive { "is alive" } else { "is terminating" });
                (word(alive), word(matches!(after, FinalState::Alive(_))))
            }
            FinalState::Grace(pod, seconds) => {
                let found = self.read("Pod", &self.known(pod).1).await.unwrap_or_default();
                let grace = &found["metadata"]["deletionGracePeriodSeconds"];
                (format!("grace {grace}"), format!("grace {seconds}"))
            }
            FinalState::Allowed(budget, left) => {
                let found = self.read("PodDisruptionBudget", budget).await.unwrap_or_default();
                let allowed = found["status"]["disruptionsAllowed"].as_i64().unwrap_or_default();
                (
                    format!("{budget} allows {allowed}"),
                    format!("{budget} allows {left}"),
                )
            }
            FinalState::Targeted(pod, targeted) => {
                let found = self.read("Pod", &self.known(pod).1).await.unwrap_or_default();
                let is = condition(&found, "DisruptionTarget") == "True";
                (
                    format!("{pod} targeted: {is}"),
                    format!("{pod} targeted: {targeted}"),
                )
            }
        };
        (is != should).then(|| format!("afterwards {is}\n  expected {should}"))
    }
}
