//! An answer with status 200 that is not what was asked for is an error that says what came instead: a proxy, a gateway
//! or another service may answer in place of the API server.

use kube_sandbox::scenario;
use macaque::k8s::{ApiError, Cluster, JournalConfigMap, WorkloadRef};
use macaque::platform::Platform;
use macaque_core::config::ConfigMapRef;
use macaque_core::eligibility::PodFilter;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::permissions::LIST_PODS;
use macaque_core::pod::{PodPhase, PodRef};
use macaque_core::selection::NameIndex;
use macaque_core::verdict::{ApiAnswer, DisruptionVerdict, classify};
use macaque_testkit::TestCluster;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse};
use serde_json::json;

use crate::{answering_proxy, macaque};

const STATUS: &str =
    r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"the gateway is lost"}"#;
const TABLE: &str = r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},"columnDefinitions":[]}"#;

/// Bodies that answer no request of macaque, and a part of what every reader says of them.
const WRONG_BODIES: [(&str, &str); 17] = [
    ("", ""),
    ("null", ""),
    ("7", ""),
    ("[]", ""),
    ("<html><body>Sign in</body></html>", "<html>"),
    (r#"["v1","PodList"]"#, ""),
    ("{}", ""),
    (r#"{"items":[]}"#, ""),
    (r#"{"metadata":{},"items":null}"#, ""),
    (r#"{"status":"ok"}"#, ""),
    (r#"{"kind":"Status","apiVersion":"v1"}"#, "a Status"),
    (r#"{"kind":"Status","apiVersion":"v1","status":"ok"}"#, "a Status"),
    (r#"{"kind":"PodList"}"#, ""),
    (r#"{"kind":"PodList","apiVersion":"v1","metadata":{}}"#, ""),
    (r#"{"kind":"ConfigMapList","apiVersion":"v1","items":[]}"#, ""),
    (TABLE, ""),
    (STATUS, "the gateway is lost"),
];

/// A cluster with a journal, behind a proxy.
struct Gateway {
    cluster: TestCluster,
    proxy: FaultProxy,
}

impl Gateway {
    fn open() -> Self {
        let config_map = json!({
            "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "journal", "namespace": "shop"},
        });
        let mut objects = scenario::shop();
        objects.push(config_map);

        let cluster = TestCluster::with(objects);
        let proxy = FaultProxy::start(&cluster.sandbox.url());
        cluster.reach_at(&proxy.url());
        Self { cluster, proxy }
    }

    /// Answers every request with this body from now on.
    fn answer_all(&self, body: &str) {
        self.proxy.clear();
        self.proxy
            .inject("", Fault::Answer(ProxyResponse::new(200, body)));
    }
}

fn journal() -> ConfigMapRef {
    ConfigMapRef {
        namespace: "shop".into(),
        name: "journal".into(),
    }
}

/// What every reader makes of the answer, by its name.
async fn read_all(cluster: &Cluster, stored: &JournalConfigMap) -> Vec<(&'static str, Result<(), ApiError>)> {
    let everything = PodFilter::default();
    let phases = [PodPhase::Running];
    let shop = Some("shop");
    let pod = db_0();
    let mut index = NameIndex::default();
    index.push(shop, "db-0", None);
    let entry = index.draw(1).next().unwrap();
    let permission = LIST_PODS.within(shop);
    let of_metadata = async || {
        cluster
            .names_of_metadata(shop, &everything, &phases, None)
            .await
            .map(drop)
    };
    // A server without tables is asked for the metadata.
    let names = match cluster.names(shop, &everything, &phases, None).await {
        Ok(None) => of_metadata().await,
        names => names.map(drop),
    };

    vec![
        ("pods", cluster.pods(shop, &everything, None).await.map(drop)),
        (
            "pods unless many follow",
            cluster
                .each_pod(shop, &everything, None, Some(0), |_| {})
                .await
                .map(drop),
        ),
        ("names", names),
        ("names of metadata", of_metadata().await),
        (
            "named",
            cluster.named(entry, &everything, &phases, false).await.map(drop),
        ),
        ("pod", cluster.pod(&pod).await.map(drop)),
        ("budgets", cluster.budgets(shop).await.map(drop)),
        ("namespace", cluster.has_namespace("shop").await.map(drop)),
        (
            "annotations of a namespace",
            cluster.namespace_keys("shop").await.map(drop),
        ),
        (
            "annotations of an owner",
            cluster
                .owner_keys(&workload("apps/v1", "StatefulSet"))
                .await
                .map(drop),
        ),
        (
            "scale",
            cluster.scale(&workload("apps/v1", "StatefulSet")).await.map(drop),
        ),
        (
            "resources",
            cluster
                .scale(&workload("example.com/v1", "Widget"))
                .await
                .map(drop),
        ),
        ("leases", cluster.node_leases().await.map(drop)),
        ("nodes", cluster.nodes().await.map(drop)),
        ("access review", cluster.holds(&permission).await.map(drop)),
        ("user review", cluster.user_name().await.map(drop)),
        ("version", cluster.version().await.map(drop)),
        ("journal", cluster.journal(&journal()).await.map(drop)),
        (
            "write of the journal",
            cluster
                .write_journal(&journal(), stored, "{}", "")
                .await
                .map(drop),
        ),
        (
            "pause of the journal",
            cluster.pause_journal(&journal(), None).await,
        ),
    ]
}

fn db_0() -> PodRef {
    PodRef {
        namespace: "shop".into(),
        name: "db-0".into(),
        uid: "u1".into(),
    }
}

fn workload(api_version: &str, kind: &str) -> WorkloadRef {
    WorkloadRef {
        namespace: "shop".into(),
        api_version: api_version.into(),
        kind: kind.into(),
        name: "db".into(),
    }
}

/// The answers to a disruption and to its dry run, by both methods.
async fn disrupt_all(cluster: &Cluster) -> Vec<ApiAnswer> {
    let mut answers = Vec::new();
    for method in DisruptionMethod::ALL {
        answers.push(cluster.disrupt(&db_0(), method, None).await.unwrap());
        answers.push(cluster.dry_run(&db_0(), method, None).await.unwrap());
    }
    answers
}

#[actix_rt::test]
async fn no_reader_takes_another_body_for_an_answer() {
    let gateway = Gateway::open();
    let cluster = gateway.cluster.connect(&Platform::system()).await;
    let stored = cluster.journal(&journal()).await.unwrap().unwrap();

    for (body, words) in WRONG_BODIES {
        gateway.answer_all(body);
        for (reader, read) in read_all(&cluster, &stored).await {
            let Err(ApiError::Unexpected { why, .. } | ApiError::NotKubernetes { why, .. }) = &read else {
                panic!("{reader} takes {body:?}: {read:?}");
            };
            assert!(why.contains(words), "{reader}, {body:?}: {why}");
        }
    }
}

#[actix_rt::test]
async fn no_disruption_is_taken_for_accepted_on_the_word_of_another_body() {
    let gateway = Gateway::open();
    let cluster = gateway.cluster.connect(&Platform::system()).await;

    for (body, words) in WRONG_BODIES {
        gateway.answer_all(body);
        for answer in disrupt_all(&cluster).await {
            let verdict = classify(&answer);
            let DisruptionVerdict::Uncertain(why) = &verdict else {
                panic!("{body:?}: {verdict:?}");
            };
            assert!(why.contains(words), "{body:?}: {why}");
        }
    }

    gateway.answer_all(r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201}"#);
    for answer in disrupt_all(&cluster).await {
        assert_eq!(classify(&answer), DisruptionVerdict::Accepted);
    }
}

#[test]
fn no_command_passes_on_an_empty_object_or_a_failure_sent_as_200() {
    let cluster = TestCluster::with(scenario::shop());
    for (body, words) in [
        (
            "{}",
            "an object without a kind, which no Kubernetes API server sends, instead of a ",
        ),
        (
            STATUS,
            "a Status (Failure, \"the gateway is lost\") instead of a ",
        ),
        (TABLE, "a Table"),
    ] {
        let proxy = answering_proxy(&cluster.sandbox, "/api", 200, body);
        cluster.reach_at(&proxy.url());
        let commands = ["once", "plan", "budgets", "why shop/db-0", "why sts/db"];
        let program = |command| macaque(command).on(&cluster).env("MACAQUE_NAMESPACE", "shop");

        // Each waits between its tries.
        std::thread::scope(|scope| {
            let running = commands.map(|command| scope.spawn(move || (command, program(command).run())));
            for running in running {
                let (command, output) = running.join().unwrap();
                let said = format!("{}{}", output.out, output.err);
                assert_ne!(output.code, 0, "{command}, {body}: {said}");
                assert!(said.contains(words), "{command}, {body}: {said}");
                assert!(!said.contains("no pod"), "{command}, {body}: {said}");
            }
        });
    }
}

#[test]
fn a_budget_that_no_api_server_listed_passes_no_pipeline() {
    let cluster = TestCluster::with(scenario::shop());
    let proxy = answering_proxy(&cluster.sandbox, "/poddisruptionbudgets", 200, r#"{"items":[]}"#);
    cluster.reach_at(&proxy.url());
    let output = macaque("budgets")
        .on(&cluster)
        .env("MACAQUE_NAMESPACE", "shop")
        .run();

    assert_eq!(output.code, 1, "{output:?}");
    let words = "problem: list poddisruptionbudgets in shop: unexpected answer: an object without a kind, which no Kubernetes API server sends, instead of a \
                 PodDisruptionBudgetList";
    assert!(output.out.contains(words), "{output:?}");
}

#[actix_rt::test]
async fn a_pod_whose_name_cannot_be_one_is_not_found_and_no_request_is_sent() {
    let cluster = TestCluster::with(Vec::new());
    let connection = cluster.connect(&Platform::system()).await;
    let before = cluster.sandbox.requests().len();
    for namespace in ["sh op", "a\nb"] {
        let pod = PodRef {
            namespace: namespace.to_owned(),
            name: "web".to_owned(),
            uid: "1".to_owned(),
        };
        let disrupted = connection.disrupt(&pod, DisruptionMethod::Evict, None).await;
        assert!(
            matches!(disrupted, Err(ApiError::NotFound { .. })),
            "{disrupted:?}"
        );
    }
    assert_eq!(cluster.sandbox.requests().len(), before);
}
