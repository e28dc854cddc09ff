//! Plays one scenario on one server and says how it differs from what is expected.

use std::rc::Rc;
use std::time::Instant;

use jiff::Timestamp;
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::round::{self, RoundConfig, StopSwitch};
use macaque_core::config::NamespaceScope;
use macaque_core::report::{RoundEnd, RoundReport};

use crate::answers::{Record, Said, plain};
use crate::proxy::{Fault, Proxy, Rule};
use crate::scenario::{After, Expected, Scenario};
use crate::scene::{Scene, condition};
use crate::server::Kind;

/// Seeds enough to find one that draws a certain pod first.
const SEEDS: u64 = 200;

/// Whether what is recorded is to be written, and not compared.
pub(crate) fn writes() -> bool {
    std::env::var("CONFORMANCE").is_ok_and(|word| word == "write")
}

/// What a scenario came to.
pub(crate) struct Played {
    pub(crate) name: &'static str,
    pub(crate) rows: &'static [u8],
    /// Of each disruption, whether its answer is the proxy's doing.
    pub(crate) injected: Vec<bool>,
    /// Whether the real server's answers were given in the sandbox's stead.
    pub(crate) recorded: bool,
    pub(crate) record: Record,
    /// How it differs from what is expected.
    pub(crate) faults: Vec<String>,
}

/// Plays `scenario`; `recorded` is what the real server answered to its disruptions.
pub(crate) async fn play(kind: Kind, scenario: Scenario, recorded: Record) -> Played {
    let scene = Rc::new(Scene::new(kind).await);
    let Scenario {
        name,
        rows,
        given,
        arrange,
        admission,
        lacking,
        mut orders,
        first,
        mut faults,
        expected,
    } = scenario;
    scene.set(&given).await;
    for deed in arrange {
        deed(&scene).await;
    }
    if !lacking.is_empty() {
        scene.grant_all_but(&lacking).await;
    }
    let proxy = Proxy::to(scene.server.client_lacking(&lacking).await, Rc::clone(&scene)).await;
    orders.rules.target.namespaces = NamespaceScope::Named(vec![scene.server.namespace.clone()]);
    if let Some(identity) = &mut orders.rules.identity {
        identity.namespace.clone_from(&scene.server.namespace);
    }
    let seed = seed_for(&proxy, &orders, first).await;
    if let Some(admission) = admission {
        let part = if admission.deletions {
            "DELETE "
        } else {
            "/eviction"
        };
        match kind {
            Kind::Real => {
                scene
                    .admit_by(admission, given[0]["metadata"]["name"].as_str().unwrap())
                    .await
            }
            Kind::Sandbox if admission.by.lets_pass() => {}
            Kind::Sandbox => faults.extend(recorded.said.iter().map(|said| Rule {
                part,
                times: 1,
                fault: Fault::Instead(said.answer(&scene)),
            })),
        }
    }
    let replayed = kind == Kind::Sandbox && admission.is_some_and(|admission| !admission.by.lets_pass());
    proxy.befall(faults);
    proxy.take();
    let begun = Instant::now();
    let report = round(&proxy, &orders, seed).await;
    let took = begun.elapsed();
    scene.server.lift_denials();
    let exchanges = proxy.take();
    let changing = exchanges
        .iter()
        .filter(|exchange| !exchange.line.starts_with("GET "));
    let (said, injected): (Vec<Said>, Vec<bool>) = changing
        .map(|exchange| (Said::of(exchange, &scene), exchange.injected))
        .unzip();
    let mut differences = compare(&expected, &report, &said, &scene);
    if took < expected.pause {
        differences.push(format!("the round took only {took:?}"));
    }
    for after in &expected.after {
        differences.extend(scene.differs_from(after).await);
    }
    // The real server's word is law where it is being written down.
    let is_written = kind == Kind::Real && writes();
    let record = Record {
        said,
        pods: scene.fates().await,
    };
    if recorded != record && !is_written {
        let told = |record: &Record| serde_json::to_string_pretty(record).unwrap();
        differences.push(format!(
            "recorded is {}\nand now {}",
            told(&recorded),
            told(&record)
        ));
    }
    scene.clear().await;
    Played {
        name,
        rows,
        injected,
        recorded: replayed,
        record,
        faults: differences,
    }
}

/// A seed that draws the pod `first` first, found without a write.
async fn seed_for(proxy: &Proxy, orders: &RoundConfig, first: Option<&str>) -> u64 {
    let Some(first) = first else { return 1 };
    let mut dry = orders.clone();
    dry.dry_run = true;
    dry.disrupt.count = 1;
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
    panic!("no seed draws {first} first");
}

/// macaque's own round, through the proxy.
pub(crate) async fn round(proxy: &Proxy, orders: &RoundConfig, seed: u64) -> RoundReport {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("kubeconfig");
    let address = proxy.address;
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: it\nclusters: [{{name: it, cluster: {{server: \"http://{address}\"}}}}]\n\
         contexts: [{{name: it, context: {{cluster: it, user: it}}}}]\nusers: [{{name: it, user: {{}}}}]\n"
    );
    std::fs::write(&file, kubeconfig).unwrap();
    let access = ClusterAccess {
        kubeconfig: Some(file),
        context: None,
        ..ClusterAccess::default()
    };
    let cluster = Cluster::connect(&access).await.unwrap();
    let (_switch, stop) = StopSwitch::new();
    round::run_alone(&cluster, orders, Timestamp::now(), seed, &stop).await
}

fn compare(expected: &Expected, report: &RoundReport, said: &[Said], scene: &Scene) -> Vec<String> {
    let mut differences = Vec::new();
    let mut equal = |what: &str, is: String, should: String| {
        if is != should {
            differences.push(format!("{what}: {is}\n  expected {should}"));
        }
    };
    equal(
        "verdict",
        format!("{:?}", report.verdict()),
        format!("{:?}", expected.verdict),
    );
    let sent: Vec<_> = said
        .iter()
        .map(|said| (said.request.clone(), said.code))
        .collect();
    equal("sent", format!("{sent:#?}"), format!("{:#?}", expected.sends));
    let attempts = report.attempts.iter();
    let told: Vec<_> = attempts
        .map(|attempt| plain(&format!("{}: {}", attempt.pod.name, attempt.outcome), scene))
        .collect();
    equal("told", format!("{told:#?}"), format!("{:#?}", expected.told));
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
        .map(|problem| plain(problem, scene))
        .collect();
    parts("problems", problems, expected.problems.clone());
    let why = match &report.end {
        RoundEnd::Failed { why } | RoundEnd::Withheld { why } => vec![plain(why, scene)],
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

impl Scene {
    /// The pod that the table calls so, as it was when the round began.
    fn known(&self, alias: &str) -> (String, String) {
        let pods = self.pods.borrow();
        let (uid, name, _) = pods.iter().find(|(_, _, known)| known == alias).unwrap();
        (uid.clone(), name.clone())
    }

    async fn differs_from(&self, after: &After) -> Option<String> {
        let (is, should) = match *after {
            After::Alive(pod) | After::Going(pod) => {
                let (uid, name) = self.known(pod);
                let found = self.read("Pod", &name).await;
                let alive = found.is_some_and(|found| {
                    found["metadata"]["uid"] == uid && found["metadata"]["deletionTimestamp"].is_null()
                });
                let word = |alive: bool| format!("{pod} {}", if alive { "lives" } else { "is going" });
                (word(alive), word(matches!(after, After::Alive(_))))
            }
            After::Grace(pod, seconds) => {
                let found = self.read("Pod", &self.known(pod).1).await.unwrap_or_default();
                let grace = &found["metadata"]["deletionGracePeriodSeconds"];
                (format!("grace {grace}"), format!("grace {seconds}"))
            }
            After::Allowed(budget, left) => {
                let found = self.read("PodDisruptionBudget", budget).await.unwrap_or_default();
                let allowed = found["status"]["disruptionsAllowed"].as_i64().unwrap_or_default();
                (
                    format!("{budget} allows {allowed}"),
                    format!("{budget} allows {left}"),
                )
            }
            After::Targeted(pod, targeted) => {
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
