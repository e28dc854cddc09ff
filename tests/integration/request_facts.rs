//! What is published of a request to the API server, and of one that gets no answer.

use std::time::Duration;

use kube_sandbox::scenario::pod;
use macaque::k8s::{Cluster, ClusterAccess, RequestDeadlines};
use macaque::platform::Platform;
use macaque_core::pod::PodRef;
use macaque_core::selector::Selector;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse, RequestMatch};
use macaque_testkit::{FactRecorder, RecordedFact, TestCluster};

/// How long a request may take: longer than a busy machine needs for one.
const DEADLINE: Duration = Duration::from_secs(5);

/// A request as it is published, without its time.
type Ended = (&'static str, &'static str, Option<u16>);

/// What is published when one pod is read through a proxy in this state.
async fn published(set_up: impl Fn(&FaultProxy)) -> Vec<Ended> {
    let cluster = TestCluster::with(vec![pod("shop", "web-0", "web")]);
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    cluster.reach_at(&proxy.url());
    set_up(&proxy);

    let (recorder, facts) = FactRecorder::new();
    let access = ClusterAccess {
        deadlines: RequestDeadlines {
            read: DEADLINE,
            ..RequestDeadlines::default()
        },
        ..cluster.access()
    };
    let connection = Cluster::connect(&access, &Platform::system()).await.unwrap();
    let connection = connection.with_facts(facts);
    let pod = PodRef {
        namespace: "shop".to_owned(),
        name: "web-0".to_owned(),
        uid: String::new(),
    };
    let _ = connection.pod(&pod).await;

    let all = recorder.of(|fact| match fact {
        RecordedFact::RequestEnded {
            verb,
            resource,
            code,
            took,
        } => Some(((*verb, *resource, *code), *took)),
        _ => None,
    });
    assert!(all.iter().all(|(_, took)| !took.is_zero()), "{all:?}");
    all.into_iter().map(|(ended, _)| ended).collect()
}

#[actix_rt::test]
async fn an_answer_is_published_with_its_code_and_a_rejected_token_and_its_repeat_are_two_requests() {
    assert_eq!(published(|_| {}).await, [("get", "pods", Some(200))]);

    let rejected = |proxy: &FaultProxy| {
        let once = RequestMatch::containing("/pods/").once();
        proxy.inject(once, Fault::Answer(ProxyResponse::new(401, "{}")));
    };
    assert_eq!(
        published(rejected).await,
        [("get", "pods", Some(401)), ("get", "pods", Some(200))]
    );
}

#[actix_rt::test]
async fn a_request_without_a_whole_answer_is_published_without_a_code() {
    let faults = [
        ("dropped before", Fault::DropBefore),
        ("dropped after", Fault::DropAfter),
        ("cut off", Fault::Truncate),
    ];
    for (words, fault) in faults {
        let broken = |proxy: &FaultProxy| proxy.inject("/pods/", fault.clone());
        assert_eq!(published(broken).await, [("get", "pods", None)], "{words}");
    }
}

#[actix_rt::test]
async fn a_watch_is_published_when_it_is_open_and_not_when_it_ends() {
    let cluster = TestCluster::with(vec![pod("shop", "web-0", "web")]);
    let (recorder, facts) = FactRecorder::new();
    let connection = cluster.connect(&Platform::system()).await.with_facts(facts);
    let watch = connection.watch_pods("shop", &Selector::default(), "1").await;

    let ended = |fact: &RecordedFact| match fact {
        RecordedFact::RequestEnded {
            verb, resource, code, ..
        } => Some((*verb, *resource, *code)),
        _ => None,
    };
    assert_eq!(recorder.of(ended), [("watch", "pods", Some(200))]);
    drop(watch);
    assert_eq!(recorder.of(ended).len(), 1);
}
