//! Owners that are changed while they recover, and replacements that do not become ready.

use std::time::Duration;

use futures_util::future::{join, join_all};
use kube_sandbox::StuckPods;
use kube_sandbox::scenario::deployment;
use macaque_core::recovery::RecoveryVerdict;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::fixture::{Followed, RecoveryFixture};

const WATCH: &str = "watch=true";

impl RecoveryFixture {
    async fn three_of_web() -> Self {
        Self::with(vec![deployment("shop", "web", 3)]).await
    }

    /// Changes the Deployment `web`.
    fn change_web(&self, change: impl FnOnce(&mut Value)) {
        let sandbox = &self.cluster.sandbox;
        let mut web = sandbox.object("Deployment", "shop", "web").unwrap();
        change(&mut web);
        sandbox.apply(&[web]).unwrap();
    }

    /// Disrupts a pod of `web`, and follows its recovery while `change` is done as soon as the pods are watched.
    async fn follow_while(&self, change: impl AsyncFnOnce()) -> Followed {
        let accepted = self.disrupt("web-").await;
        let changed = async {
            while self.requests_with(WATCH) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            change().await;
        };
        join(self.follow(&accepted), changed).await.0
    }
}

#[actix_rt::test]
async fn an_owner_that_is_changed_meanwhile_has_its_own_verdict() {
    type Change = fn(&RecoveryFixture);
    let rows: [(Change, RecoveryVerdict); 4] = [
        (
            |fixture| fixture.cluster.sandbox.remove("Deployment", "shop", "web"),
            RecoveryVerdict::Ownerless,
        ),
        (
            |fixture| fixture.change_web(|web| web["spec"]["replicas"] = json!(0)),
            RecoveryVerdict::Shrunk,
        ),
        (
            |fixture| {
                fixture.change_web(|web| {
                    web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("shop/web:2");
                });
            },
            RecoveryVerdict::Rolled,
        ),
        (
            |fixture| {
                fixture.change_web(|web| {
                    web["metadata"]["annotations"] = json!({ "macaque/frozen": "true" });
                });
            },
            RecoveryVerdict::Recovered,
        ),
    ];
    let follow = async |(change, expected): (Change, RecoveryVerdict)| {
        let fixture = RecoveryFixture::three_of_web().await;
        let followed = fixture.follow_while(async || change(&fixture)).await;
        assert_eq!(followed.report.verdict, Some(expected), "{:?}", followed.report);
    };
    join_all(rows.map(follow)).await;
}

#[actix_rt::test]
async fn a_replacement_that_is_recreated_a_hundred_times_recovers_when_one_stays() {
    let fixture = RecoveryFixture::three_of_web().await;
    let recreate = async || {
        let mut removed = 0;
        while removed < 100 {
            for pod in fixture.pods("web-").await {
                if !pod.ready && removed < 100 {
                    fixture.cluster.sandbox.remove("Pod", "shop", &pod.id.name);
                    removed += 1;
                }
            }
        }
    };
    let followed = fixture.follow_while(recreate).await;
    assert_eq!(
        followed.report.verdict,
        Some(RecoveryVerdict::Recovered),
        "{:?}",
        followed.report
    );
    let replacement = followed.report.replacement.unwrap();
    let now = fixture.pods("web-").await;
    assert!(now.iter().any(|pod| pod.id.name == replacement), "{replacement}");
}

#[actix_rt::test]
async fn a_replacement_that_is_stuck_is_said_at_once_and_has_not_recovered_at_the_timeout() {
    let rows = [
        (StuckPods::Unschedulable, "Unschedulable"),
        (StuckPods::ImagePull, "ImagePullBackOff"),
        (StuckPods::CrashLoop, "CrashLoopBackOff"),
    ];
    let follow = async |(stuck, word): (StuckPods, &str)| {
        let mut fixture = RecoveryFixture::three_of_web().await;
        fixture.timeout = Duration::from_secs(4);
        fixture.cluster.sandbox.set_stuck(Some(stuck));
        let accepted = fixture.disrupt("web-").await;
        let Followed { report, stuck } = fixture.follow(&accepted).await;

        assert_eq!(report.verdict, Some(RecoveryVerdict::Unrecovered), "{report:?}");
        assert_eq!(stuck, [word], "it is said once");
        assert_eq!(report.trouble.unwrap().reason, word);
        assert_eq!((report.ready, report.target), (2, 3));
    };
    join_all(rows.map(follow)).await;
}

#[actix_rt::test]
async fn an_owner_that_is_scaled_down_is_not_said_not_to_have_recovered_while_its_scale_cannot_be_read() {
    let mut fixture = RecoveryFixture::three_of_web().await;
    fixture.timeout = Duration::from_secs(2);
    fixture.cluster.sandbox.set_stuck(Some(StuckPods::Unschedulable));
    let scale_down = async || {
        fixture.proxy.inject(
            "/scale",
            Fault::Answer(ProxyResponse::failure(503, "unavailable", json!({}))),
        );
        fixture.change_web(|web| web["spec"]["replicas"] = json!(2));
        // After the timeout it is asked for again and again.
        let asked = fixture.requests_with("/scale");
        while fixture.requests_with("/scale") < asked + 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fixture.proxy.clear();
    };

    let report = fixture.follow_while(scale_down).await.report;
    assert_eq!(report.verdict, Some(RecoveryVerdict::Unwatched), "{report:?}");
    assert_eq!((report.ready, report.target), (2, 2));
    let why = report.why.unwrap();
    assert!(why.contains("was whole already when it was looked at"), "{why}");
}

#[actix_rt::test]
async fn a_replacement_that_was_stuck_for_a_while_recovers() {
    let fixture = RecoveryFixture::three_of_web().await;
    fixture.cluster.sandbox.set_stuck(Some(StuckPods::Unschedulable));
    let relieve = async || {
        let is_stuck = |pod: &macaque_core::pod::Pod| pod.progress.trouble.is_some();
        while !fixture.pods("web-").await.iter().any(is_stuck) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        fixture.cluster.sandbox.set_stuck(None);
    };
    let Followed { report, stuck } = fixture.follow_while(relieve).await;
    assert_eq!(report.verdict, Some(RecoveryVerdict::Recovered), "{report:?}");
    assert_eq!(stuck, ["Unschedulable"]);
    assert_eq!(report.trouble, None);
}
