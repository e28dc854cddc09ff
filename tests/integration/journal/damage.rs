//! Promises about a journal that is damaged, old or gone: a clear word, nobody disrupted, and no restart needed after.

use kube_sandbox::scenario::deployment;
use macaque::failpoint::FailPoint;
use macaque::round::{ClaimState, RoundResult};
use macaque_core::journal::JournalEvent;
use serde_json::{Value, json};

use super::fixture::{JournalFixture, empty};

/// A journal in which a round was result, and a replica that knows it.
async fn fixture() -> (JournalFixture, super::fixture::TestReplica) {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]);
    let replica = fixture.replica("a").await;
    replica.reports(1).await;
    assert_eq!(fixture.losses(), 1);
    (fixture, replica)
}

/// What is said while the journal stands as `damage` leaves it; once it is as before, rounds work again.
async fn told_of(damage: impl Fn(&mut Value)) -> String {
    let (fixture, replica) = fixture().await;
    let good = fixture.object();
    let mut bad = good.clone();
    damage(&mut bad);
    fixture.put(bad);
    let why = replica.is_denied(2).await;

    assert_eq!(replica.is_denied(3).await, why, "and again");
    assert_eq!(fixture.losses(), 1, "{why}");

    fixture.put(good);
    replica.reports(4).await;
    assert_eq!(fixture.losses(), 2, "it works again: {why}");

    why
}

#[actix_rt::test]
async fn a_journal_changed_by_hand_is_not_used() {
    let why = told_of(|object| {
        let text = object["data"]["journal.json"].as_str().unwrap();
        object["data"]["journal.json"] = text.replacen("\"count\": 1", "\"count\": 0", 1).into();
    })
    .await;

    assert!(
        why.contains("was edited by something other than macaque") && why.contains("delete the key `seal`"),
        "{why}"
    );
}

#[actix_rt::test]
async fn a_change_by_hand_is_accepted_once_the_seal_is_removed() {
    let (fixture, replica) = fixture().await;
    let mut object = fixture.object();
    object["data"].as_object_mut().unwrap().remove("seal");
    fixture.put(object);
    replica.reports(2).await;

    assert_eq!(fixture.losses(), 2);
    assert!(
        fixture.object()["data"]["seal"].is_string(),
        "macaque seals it again"
    );
}

#[actix_rt::test]
async fn a_truncated_journal_is_not_used() {
    let why = told_of(|object| {
        let text = object["data"]["journal.json"].as_str().unwrap();
        object["data"]["journal.json"] = text[..text.len() / 2].into();
    })
    .await;

    assert!(
        why.contains("journal.json: ") && why.contains("to start over"),
        "{why}"
    );
}

#[actix_rt::test]
async fn a_journal_of_a_newer_version_is_not_used() {
    let why =
        told_of(|object| object["data"]["journal.json"] = r#"{"version": 2, "novelty": []}"#.into()).await;
    assert!(
        why.contains("its version is 2, and this macaque knows version 1"),
        "{why}"
    );
}

#[actix_rt::test]
async fn without_a_journal_nobody_is_disrupted_and_it_says_how_to_create_one() {
    let (fixture, replica) = fixture().await;
    fixture.remove();
    let why = replica.is_denied(2).await;
    assert!(
        why.contains("kubectl -n chaos create configmap macaque-journal"),
        "{why}"
    );
    assert_eq!(fixture.losses(), 1);
}

#[actix_rt::test]
async fn a_journal_that_was_emptied_is_in_quarantine_until_somebody_accepts_it() {
    let (fixture, replica) = fixture().await;
    fixture.remove();
    fixture.put(empty());
    let why = replica.is_denied(2).await;

    assert!(
        why.contains("the journal is not trusted: ") && why.contains("older than what was read before"),
        "{why}"
    );
    // So does every other replica, and one that has just started.
    assert_eq!(fixture.replica("b").await.is_denied(3).await, why);
    assert_eq!(fixture.losses(), 1);

    fixture
        .replica("c")
        .await
        .commits(JournalEvent::Accept)
        .await
        .unwrap();
    replica.reports(4).await;

    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn an_old_copy_is_put_in_quarantine() {
    let (fixture, replica) = fixture().await;
    let old = fixture.object();
    replica.reports(2).await;
    fixture.put(old);
    let why = replica.is_denied(3).await;
    assert!(why.contains("older than what was read before"), "{why}");
    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn an_old_copy_that_kubectl_puts_back_is_not_trusted_by_a_replica_that_never_read_the_newer_one() {
    let (fixture, replica) = fixture().await;
    let old = fixture.object();
    replica.reports(2).await;
    fixture.replace(old);
    // It knows of no newer journal, and by this one slot 2 was not run.
    let why = fixture.replica("b").await.is_denied(2).await;

    assert!(
        why.contains("the journal is not trusted: it was written last by \"kubectl\" at 20")
            && why.contains("not by macaque"),
        "{why}"
    );
    // By now macaque wrote it last, and what it wrote says the same to others that start.
    assert_eq!(fixture.replica("c").await.is_denied(3).await, why);
    assert_eq!(fixture.losses(), 2);

    let accepting = fixture.replica("d").await;
    accepting.commits(JournalEvent::Accept).await.unwrap();
    accepting.reports(4).await;
    assert_eq!(fixture.losses(), 3);
}

#[actix_rt::test]
async fn who_annotates_the_journal_or_writes_what_is_there_does_not_make_it_distrusted() {
    let (fixture, _) = fixture().await;
    fixture.patch(&json!({"metadata": {"annotations": {"example.test/note": "seen"}}}));
    fixture.replace(fixture.object());
    fixture.replica("b").await.reports(2).await;
    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn an_edit_by_hand_without_its_seal_waits_until_it_is_accepted() {
    let (fixture, replica) = fixture().await;
    let text = fixture.object()["data"]["journal.json"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture.patch(&json!({"data": {"journal.json": format!("{text}\n"), "seal": null}}));
    let why = replica.is_denied(2).await;

    assert!(why.contains("written last by \"kubectl\""), "{why}");
    assert_eq!(fixture.losses(), 1);
}

#[actix_rt::test]
async fn where_the_api_server_does_not_say_who_wrote_it_the_journal_is_trusted() {
    let (fixture, _) = fixture().await;
    let mut object = fixture.object();
    object["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("managedFields");
    fixture.put(object);
    fixture.replica("b").await.reports(2).await;
    assert_eq!(fixture.losses(), 2);

    let owner = &fixture.object()["metadata"]["managedFields"][0];
    assert_eq!(owner["manager"], "macaque", "and from then on the server says so");
}

#[actix_rt::test]
async fn a_round_that_the_journal_forgot_is_reported_all_the_same() {
    let (fixture, replica) = fixture().await;
    let fixture = std::sync::Arc::new(fixture);
    let shared = std::sync::Arc::clone(&fixture);
    let old = fixture.object();
    let result = replica
        .runs_while(2, move |point| {
            if point == FailPoint::AfterResolve {
                shared.put(old.clone());
            }
        })
        .await;
    let RoundResult::Reported {
        report, claim_state, ..
    } = result
    else {
        panic!("{result:?}")
    };

    assert_eq!(claim_state, ClaimState::Unclaimed);
    assert_eq!(report.attempts[0].outcome.word(), "evicted");
}

#[actix_rt::test]
async fn a_configuration_that_changed_is_read_again_after_a_failure() {
    let (fixture, _) = fixture().await;
    let good = fixture.cluster.sandbox.kubeconfig();
    // Nobody answers there; a certificate authority that is not the server's any more fails in the same way.
    fixture
        .cluster
        .write_kubeconfig(&good.replace(&fixture.cluster.sandbox.url(), "http://127.0.0.1:9"));
    let replica = fixture.replica("b").await;

    assert!(
        replica
            .is_denied(2)
            .await
            .contains("no answer from the API server")
    );
    fixture.cluster.write_kubeconfig(&good);
    replica.reports(3).await;

    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn a_copy_in_another_config_map_is_put_in_quarantine_even_by_who_never_saw_the_first() {
    let (fixture, _) = fixture().await;
    let mut copy = fixture.object();
    fixture.remove();
    copy["metadata"] = json!({"name": "macaque-journal", "namespace": "chaos"});
    fixture.put(copy);
    let why = fixture.replica("b").await.is_denied(2).await;
    assert!(why.contains("copied or restored"), "{why}");
    assert_eq!(fixture.losses(), 1);
}
