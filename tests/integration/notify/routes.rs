//! Promises about routes: who hears of which victim, in which thread, and what is marked.

use std::collections::BTreeMap;
use std::sync::Arc;

use macaque::notify::{Channel, MessageKinds, NamespacePattern, Route, ServiceChannel};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_core::report::RoundReport;
use macaque_testkit::chat_room::{ChatPost, ChatRoom};
use macaque_testkit::notify::{recovery, round, slack};

use super::test_notifier::TestNotifier;

/// The channel as one of a route to a team.
fn routed(channel: Channel, team: &str) -> Channel {
    match channel {
        Channel::Service(service) => Channel::Service(ServiceChannel {
            name: format!("{}/{team}", service.name).into(),
            route: Some(Arc::new(Route {
                name: team.to_owned(),
                namespaces: vec![NamespacePattern::parse("s*").unwrap()],
                teams: vec![team.to_owned()],
            })),
            ..service
        }),
        other => other,
    }
}

/// A Slack bot with channels of its own and of this many teams, in a room that is empty.
async fn start(teams: usize) -> TestNotifier {
    let room = ChatRoom::open().await;
    let mut channels = vec![slack(&room.address)];
    channels.extend((0..teams).map(|team| routed(slack(&room.address), &team_name(team))));
    TestNotifier::start_with(room, channels, MessageKinds::all())
}

fn team_name(team: usize) -> String {
    format!("team-{team}")
}

/// A round with two victims, of the teams 0 and 1.
fn two_teams() -> RoundReport {
    let mut report = round([("web-1", Outcome::Evicted), ("web-2", Outcome::Evicted)]);
    for (team, attempt) in report.attempts.iter_mut().enumerate() {
        attempt.team = Some(team_name(team));
    }
    report
}

/// What became of a victim of this team.
fn recovered(victim: &str, team: usize) -> RecoveryReport {
    RecoveryReport {
        team: Some(team_name(team)),
        ..recovery(victim, RecoveryVerdict::Recovered)
    }
}

/// The messages that are no replies, by the route that they name; those of the service's own destination under "".
fn roots(posts: &[ChatPost]) -> BTreeMap<String, ChatPost> {
    let roots = posts.iter().filter(|post| post.parent.is_none());
    let named = roots.map(|post| {
        let body = post.body.to_string();
        let route = body
            .split("route ")
            .nth(1)
            .map(|rest| rest.split('"').next().unwrap());
        (route.unwrap_or_default().to_owned(), post.clone())
    });
    named.collect()
}

#[actix_rt::test]
async fn each_team_hears_of_its_own_victims_in_a_thread_and_with_a_mark_of_its_own() {
    let mut notifier = start(3).await;
    notifier.report_round(two_teams(), false);
    let mut done = false;
    let mut channels = Vec::new();
    while !done {
        let delivered = notifier.confirmed().await;
        channels.extend(delivered.channels.into_keys());
        done = delivered.done;
    }
    channels.sort_unstable();
    assert_eq!(channels, ["slack", "slack/team-0", "slack/team-1"]);

    notifier.report(recovered("web-1", 0), BTreeMap::new());
    let posts = notifier.drain().await.posts();
    let roots = roots(&posts);
    assert_eq!(roots.keys().collect::<Vec<_>>(), ["", "team-0", "team-1"]);
    let [all, first, second] = ["", "team-0", "team-1"].map(|route| &roots[route]);
    let text = |post: &ChatPost| post.body.to_string();
    assert!(text(all).contains("web-1") && text(all).contains("web-2"));
    assert!(text(first).contains("web-1") && !text(first).contains("web-2"));
    assert!(text(second).contains("web-2") && !text(second).contains("web-1"));

    let edits = [all, first, second].map(|post| post.edits);
    assert_eq!(
        edits,
        [0, 1, 0],
        "only the first team's victims have all recovered"
    );
    let replies: Vec<_> = posts.iter().filter_map(|post| post.parent.as_deref()).collect();
    assert_eq!(replies.len(), 2);
    assert!(replies.contains(&all.name.as_str()) && replies.contains(&first.name.as_str()));
}

#[actix_rt::test]
async fn forty_routes_about_one_victim_each_reply_under_their_own_message() {
    let room = ChatRoom::open().await;
    let channels = (0..40).map(|route| {
        let Channel::Service(service) = routed(slack(&room.address), &team_name(0)) else {
            unreachable!("a bot is a service")
        };
        let name = format!("slack/route-{route}").into();
        Channel::Service(ServiceChannel { name, ..service })
    });
    let channels = channels.collect();
    let notifier = TestNotifier::start_with(room, channels, MessageKinds::all());
    notifier.report_round(two_teams(), false);
    notifier.report(recovered("web-1", 0), BTreeMap::new());
    let all_is_said = |room: &ChatRoom| room.requests("postMessage") == 80;
    notifier.room.until(all_is_said).await;

    let posts = notifier.drain().await.posts();
    let (replies, roots): (Vec<_>, Vec<_>) = posts.iter().partition(|post| post.parent.is_some());
    assert_eq!((replies.len(), roots.len()), (40, 40));
    let mut parents: Vec<_> = replies.iter().filter_map(|post| post.parent.as_ref()).collect();
    parents.sort_unstable();
    parents.dedup();
    assert_eq!(parents.len(), 40);
}

#[actix_rt::test]
async fn a_victim_of_no_route_is_heard_of_where_everything_is() {
    let mut notifier = start(1).await;
    let report = round([("web-1", Outcome::Evicted)]);
    notifier.report_round(report, false);
    let delivered = notifier.confirmed().await;
    assert!(delivered.done);
    assert_eq!(delivered.channels.into_keys().collect::<Vec<_>>(), ["slack"]);
}
