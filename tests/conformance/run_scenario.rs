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
use macaque_core::report::RoundReport;
use macaque_testkit::fault_proxy::{Fault, RequestMatch};

use crate::admission::AdmissionSetup;
use crate::answers::{RecordedAnswer, ServerRecord, plain};
use crate::compare::compare;
use crate::round_proxy::{RoundProxy, ScenarioFault};
use crate::scenario::Scenario;
use crate::server::ServerKind;
use crate::test_namespace::TestNamespace;

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
    version: &str,
) -> ScenarioResult {
    let namespace = Rc::new(TestNamespace::lingering(kind, scenario.linger).await);
    let Scenario {
        name,
        requirements,
        given,
        arrange,
        admission,
        lacking,
        linger: _,
        mut round_config,
        labels,
        first,
        plan,
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

    round_config.eligibility.target.namespaces = match labels {
        Some(labels) => namespace.selected_by(labels),
        None => NamespaceScope::Named(vec![namespace.name().to_owned()]),
    };
    if let Some(own_pod) = &mut round_config.eligibility.own_pod {
        namespace.name().clone_into(&mut own_pod.namespace);
    }
    let client = namespace.server.client_lacking(&lacking).await;
    let proxy = RoundProxy::start(client, Rc::clone(&namespace));
    let seed = seed_for(&proxy, &namespace, &round_config, first).await;

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
    let result = plan.run(&proxy, &namespace, &round_config, seed).await;
    let took = begun.elapsed();
    namespace.server.lift_denials();

    let exchanges = proxy.take_exchanges();
    let (answers, injected): (Vec<RecordedAnswer>, Vec<bool>) = exchanges
        .iter()
        .filter(|exchange| exchange.request.method != "GET")
        .map(|exchange| (RecordedAnswer::of(exchange, &namespace), exchange.injected))
        .unzip();
    let mut differences = compare(&expected, version, &result, &answers, &namespace);
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
async fn seed_for(
    proxy: &RoundProxy,
    namespace: &TestNamespace,
    round_config: &RoundConfig,
    first: Option<&str>,
) -> u64 {
    let Some(first) = first else { return 1 };
    let mut dry = round_config.clone();
    dry.dry_run = true;
    dry.disrupt.count = VictimCount::Fixed(1);

    for seed in 0..SEEDS {
        let report = round(proxy, &dry, seed).await;
        if report
            .attempts
            .first()
            .is_some_and(|attempt| plain(&attempt.pod.name, namespace) == first)
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
