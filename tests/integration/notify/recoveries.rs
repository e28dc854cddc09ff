//! Promises about what people are told of recoveries: where in a chat, how loud, and what happens if the message about the
//! round is not there.

use std::collections::BTreeMap;

use macaque::notify::retry::MAX_TRIES_IN_DOUBT;
use macaque::notify::{Channel, MessageKind, MessageKinds};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_testkit::chat_room::{ChatPost, ROOM, RoomFault};
use macaque_testkit::notify::{recovery, round, slack, stuck, webex, webhook};
use macaque_testkit::server_answer::{ServerAnswer, head, reply, reply_with};

use super::test_notifier::TestNotifier;

/// Makes a channel of the address of its service.
type OpenChannel = fn(&str) -> Channel;

/// The services that have threads, and the names of their channels.
const BOTS: [(OpenChannel, &str); 2] = [(slack, "slack"), (webex, "webex")];

/// The kinds of a channel that hears of no recovery.
fn without_recoveries() -> MessageKinds {
    let recoveries = [MessageKind::Recovery, MessageKind::Recovered];
    MessageKinds::of(
        MessageKind::ALL
            .into_iter()
            .filter(|kind| !recoveries.contains(kind)),
    )
}

fn parents(posts: &[ChatPost]) -> Vec<Option<&str>> {
    posts.iter().map(|post| post.parent.as_deref()).collect()
}

#[actix_rt::test]
async fn a_bad_recovery_is_a_reply_in_the_thread_of_its_round() {
    for (bot, name) in BOTS {
        let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
        notifier.tell_round(["web-1", "web-2", "web-3"]).await.unwrap();
        notifier.tell(stuck("web-1", "Unschedulable")).await;
        notifier
            .tell(recovery("web-1", RecoveryVerdict::Unrecovered))
            .await;
        let delivered = notifier.tell(recovery("web-2", RecoveryVerdict::Slow)).await;
        assert_eq!(delivered.channels, BTreeMap::from([(name.to_owned(), None)]));
        assert!(delivered.done);

        let posts = notifier.drain().await.posts();
        let parent = Some(posts[0].name.as_str());
        assert_eq!(parents(&posts), [None, parent, parent, parent]);
        assert!(posts[1].text.contains("Unschedulable"), "{:?}", posts[1]);
    }
}

#[actix_rt::test]
async fn in_slack_what_ended_badly_is_seen_outside_of_the_thread_too() {
    let mut notifier = TestNotifier::start(slack, MessageKinds::all()).await;
    notifier.tell_round(["web-1", "web-2", "web-3"]).await;
    notifier.tell(stuck("web-1", "Unschedulable")).await;
    notifier
        .tell(recovery("web-1", RecoveryVerdict::Unrecovered))
        .await;
    notifier.tell(recovery("web-2", RecoveryVerdict::Slow)).await;
    notifier.tell(recovery("web-3", RecoveryVerdict::Recovered)).await;

    let posts = notifier.drain().await.posts();
    let loud: Vec<_> = posts[1..]
        .iter()
        .map(|post| post.body["reply_broadcast"] == true)
        .collect();
    assert_eq!(loud, [false, true, true, false]);
    assert!(posts[1..].iter().all(|post| post.body["channel"] == ROOM));
}

#[actix_rt::test]
async fn what_people_do_not_want_to_hear_counts_as_delivered_at_once() {
    let good = recovery("web-1", RecoveryVerdict::Recovered);
    let unwatched = recovery("web-1", RecoveryVerdict::Unwatched);
    let bad = recovery("web-1", RecoveryVerdict::Unrecovered);
    let cases: [(MessageKinds, &RecoveryReport, usize); 6] = [
        (MessageKinds::all(), &good, 1),
        (MessageKinds::all(), &unwatched, 1),
        (MessageKinds::default(), &good, 0),
        (MessageKinds::default(), &unwatched, 0),
        (MessageKinds::default(), &bad, 1),
        (without_recoveries(), &bad, 0),
    ];

    for (kinds, report, messages) in cases {
        let mut notifier = TestNotifier::start(webhook, kinds.clone()).await;
        let delivered = notifier.tell(report.clone()).await;
        assert!(delivered.done, "{kinds:?}");
        assert_eq!(notifier.drain().await.posts().len(), messages, "{kinds:?}");
    }
}

#[actix_rt::test]
async fn a_webhook_gets_a_message_that_names_round_and_owner() {
    let mut notifier = TestNotifier::start(webhook, MessageKinds::default()).await;
    assert_eq!(notifier.tell_round(["web-1"]).await, None);
    notifier.tell(recovery("web-1", RecoveryVerdict::Slow)).await;

    let posts = notifier.drain().await.posts();
    let body = posts[1].body.to_string();
    for named in [
        "deployment/web in shop",
        "round 2027-03-01T09:30:00Z",
        "victim shop/web-1",
    ] {
        assert!(body.contains(named), "{named}: {body}");
    }
    assert_eq!(posts.iter().map(|post| post.edits).sum::<usize>(), 0);
}

#[actix_rt::test]
async fn a_round_is_marked_when_all_its_victims_have_recovered() {
    for (bot, _) in BOTS {
        let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
        notifier.tell_round(["web-1", "web-2"]).await;
        notifier.tell(recovery("web-1", RecoveryVerdict::Slow)).await;
        assert_eq!(notifier.room.posts()[0].edits, 0);
        notifier.tell(recovery("web-2", RecoveryVerdict::Recovered)).await;

        let posts = notifier.drain().await.posts();
        assert_eq!(posts[0].edits, 1);
        let body = posts[0].body.to_string();
        assert!(posts[0].text.contains("✓ evicted 2 pods"), "{:?}", posts[0]);
        assert!(body.contains("shop/web-1: evicted"), "the lines stay: {body}");
        assert_eq!(body.matches("✓ deployment/web in shop").count(), 2, "{body}");
    }
}

#[actix_rt::test]
async fn a_round_whose_first_victims_recover_before_it_ends_is_marked_too() {
    let mut notifier = TestNotifier::start(slack, MessageKinds::default()).await;
    notifier.tell(recovery("web-1", RecoveryVerdict::Recovered)).await;
    notifier.tell_round(["web-1"]).await;

    assert_eq!(notifier.drain().await.posts()[0].edits, 1);
}

#[actix_rt::test]
async fn a_round_is_never_marked_unless_every_victim_was_seen_to_recover() {
    for verdict in RecoveryVerdict::ALL {
        let mut notifier = TestNotifier::start(slack, MessageKinds::all()).await;
        notifier.tell_round(["web-1", "web-2"]).await;
        notifier.tell(recovery("web-1", verdict)).await;
        notifier.tell(recovery("web-2", RecoveryVerdict::Recovered)).await;

        let edits = notifier.drain().await.posts()[0].edits;
        assert_eq!(edits, usize::from(verdict.is_recovered()), "{verdict:?}");
    }
}

#[actix_rt::test]
async fn a_round_is_not_marked_if_its_report_comes_from_the_journal_or_nobody_is_to_hear_of_recoveries() {
    let victim = || round([("web-1", Outcome::Evicted)]);
    for (kinds, from_journal) in [(MessageKinds::default(), true), (without_recoveries(), false)] {
        let mut notifier = TestNotifier::start(slack, kinds).await;
        notifier.report_round(victim(), from_journal);
        notifier.confirmed().await;
        notifier.tell(recovery("web-1", RecoveryVerdict::Recovered)).await;

        assert_eq!(notifier.drain().await.posts()[0].edits, 0);
    }
}

#[actix_rt::test]
async fn a_reply_waits_until_the_message_about_its_round_is_there() {
    for (bot, _) in BOTS {
        let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
        for _ in 0..4 {
            notifier
                .room
                .fail_next("essage", RoomFault::Refuse(reply(503, "")));
        }
        notifier.report_round(round([("web-1", Outcome::Evicted)]), false);
        notifier.report(recovery("web-1", RecoveryVerdict::Unrecovered), BTreeMap::new());
        notifier.confirmed().await;
        notifier.confirmed().await;

        let posts = notifier.drain().await.posts();
        assert_eq!(parents(&posts), [None, Some(posts[0].name.as_str())]);
    }
}

#[actix_rt::test]
async fn a_reply_whose_parent_was_deleted_is_a_message_of_its_own() {
    for (bot, _) in BOTS {
        let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
        notifier.tell_round(["web-1", "web-2"]).await;
        let parent = notifier.room.posts()[0].name.clone();
        notifier.room.delete(&parent);
        notifier.tell(stuck("web-1", "ImagePullBackOff")).await;
        notifier.tell(recovery("web-1", RecoveryVerdict::Slow)).await;
        notifier.tell(recovery("web-2", RecoveryVerdict::Recovered)).await;

        let room = notifier.drain().await;
        assert_eq!(parents(&room.posts()), [None, None]);
        let requests = room.requests("essage") + room.requests("update");
        assert_eq!(requests, 4, "the parent is looked for once, and not edited");
    }
}

#[actix_rt::test]
async fn a_message_that_may_not_be_there_is_not_replied_to() {
    let cut = [ServerAnswer::Bytes(String::new()), ServerAnswer::Bytes(head(200))];
    for (bot, _) in BOTS {
        for lost in &cut {
            let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
            for _ in 0..MAX_TRIES_IN_DOUBT {
                notifier.room.fail_next("essage", RoomFault::Refuse(lost.clone()));
            }
            assert_eq!(notifier.tell_round(["web-1"]).await, None);
            notifier.room.forgive();
            notifier.tell(recovery("web-1", RecoveryVerdict::Slow)).await;

            assert_eq!(parents(&notifier.drain().await.posts()), [None]);
        }
    }
}

#[actix_rt::test]
async fn a_message_that_was_refused_is_not_replied_to() {
    let refused = reply(200, r#"{"ok":false,"error":"invalid_blocks"}"#);
    for (bot, refusal) in [(BOTS[0].0, refused), (BOTS[1].0, reply(400, "{}"))] {
        let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
        notifier.room.fail_next("essage", RoomFault::Refuse(refusal));
        assert_eq!(notifier.tell_round(["web-1"]).await, None);
        notifier.tell(recovery("web-1", RecoveryVerdict::Slow)).await;

        let room = notifier.drain().await;
        assert_eq!(parents(&room.posts()), [None]);
        assert_eq!(room.requests("update") + room.requests("messages/"), 0);
    }
}

#[actix_rt::test]
async fn an_edit_that_fails_is_tried_once_and_delays_nothing() {
    let faults = [
        RoomFault::Refuse(reply_with(429, "Retry-After: 300")),
        RoomFault::Refuse(reply(500, "")),
        RoomFault::Refuse(reply(200, r#"{"ok":false,"error":"edit_window_closed"}"#)),
        RoomFault::Answer(ServerAnswer::Reset),
    ];
    for (bot, edit) in [(BOTS[0].0, "update"), (BOTS[1].0, "messages/")] {
        for fault in &faults {
            let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
            notifier.tell_round(["web-1"]).await;
            notifier.room.fail_next(edit, fault.clone());
            notifier.tell(recovery("web-1", RecoveryVerdict::Recovered)).await;
            notifier
                .tell(recovery("web-2", RecoveryVerdict::Unrecovered))
                .await;

            let room = notifier.drain().await;
            assert_eq!(room.requests(edit), 1, "{fault:?}");
            assert_eq!(room.posts().len(), 2, "{fault:?}");
        }
    }
}

#[actix_rt::test]
async fn a_reply_that_a_service_is_too_busy_for_is_sent_again_in_its_thread() {
    for (bot, _) in BOTS {
        let mut notifier = TestNotifier::start(bot, MessageKinds::default()).await;
        notifier.tell_round(["web-1"]).await;
        let busy = reply_with(429, "Retry-After: 0");
        notifier.room.fail_next("essage", RoomFault::Refuse(busy));
        notifier
            .tell(recovery("web-1", RecoveryVerdict::Unrecovered))
            .await;

        let posts = notifier.drain().await.posts();
        assert_eq!(parents(&posts), [None, Some(posts[0].name.as_str())]);
    }
}

#[actix_rt::test]
async fn a_recovery_that_is_offered_again_is_told_once() {
    let mut notifier = TestNotifier::start(slack, MessageKinds::default()).await;
    notifier.tell_round(["web-1"]).await;
    let first = notifier
        .tell(recovery("web-1", RecoveryVerdict::Unrecovered))
        .await;
    let again = notifier
        .tell(recovery("web-1", RecoveryVerdict::Unrecovered))
        .await;
    assert!(first.done && again.done);
    notifier.tell(stuck("web-1", "Unschedulable")).await;
    notifier.tell(stuck("web-1", "Unschedulable")).await;
    notifier.tell(stuck("web-1", "ImagePullBackOff")).await;

    assert_eq!(notifier.drain().await.posts().len(), 4);
}

#[actix_rt::test]
async fn a_process_that_did_not_send_the_message_about_the_round_replies_to_it_all_the_same() {
    for (bot, channel) in BOTS {
        let mut before = TestNotifier::start(bot, MessageKinds::default()).await;
        let name = before.tell_round(["web-1"]).await.unwrap();
        let room = before.drain().await;
        let notifier = TestNotifier::start_in(room, bot, MessageKinds::default());
        let threads = BTreeMap::from([(channel.to_owned(), name)]);
        notifier.report(recovery("web-1", RecoveryVerdict::Unrecovered), threads);

        let posts = notifier.drain().await.posts();
        assert_eq!(parents(&posts), [None, Some(posts[0].name.as_str())]);
    }
}

#[actix_rt::test]
async fn a_thread_that_no_service_would_name_so_is_no_thread() {
    for (bot, channel) in BOTS {
        for name in ["", "C7", "C7/1/2", "../1.2", "a b", "\"}", "C7/1.2\n"] {
            let notifier = TestNotifier::start(bot, MessageKinds::default()).await;
            let threads = BTreeMap::from([(channel.to_owned(), name.to_owned())]);
            notifier.report(recovery("web-1", RecoveryVerdict::Unrecovered), threads);

            let room = notifier.drain().await;
            assert_eq!(parents(&room.posts()), [None], "{channel}: {name}");
        }
    }
}
