//! Asserts that a guard holds a namespace back, and that every surface says so: `plan`, `why`, the report and the
//! message.

use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::server_answer::reply;
use serde_json::Value;
use tokio::task::LocalSet;

use crate::program::{MacaqueCommand, MacaqueOutput};
use crate::test_namespace::{NO_PODS, TestNamespace};

/// The exit code of a round that a guard held back.
pub(crate) const HELD: i32 = 6;

/// The exit code of a round in which a guard could not answer.
pub(crate) const UNANSWERED: i32 = 7;

/// What is to be seen of a hold.
pub(crate) struct ExpectedHold<'a> {
    /// The guard.
    pub(crate) guard: &'a str,
    /// What the guard saw: its numbers.
    pub(crate) seen: &'a str,
    /// An owner in the namespace, for `why`: `deploy/web`.
    pub(crate) owner: &'a str,
    /// [`HELD`] or [`UNANSWERED`].
    pub(crate) code: i32,
}

impl<'a> ExpectedHold<'a> {
    /// The guard `guard` holds the Deployment `web` back.
    pub(crate) fn of_web(guard: &'a str, seen: &'a str) -> Self {
        Self {
            guard,
            seen,
            owner: "deploy/web",
            code: HELD,
        }
    }

    /// The guard cannot answer.
    pub(crate) fn unanswered(self) -> Self {
        Self {
            code: UNANSWERED,
            ..self
        }
    }
}

impl TestNamespace {
    /// Asserts that an armed round disrupts nothing, and that plan, explanation, report and message name the guard and
    /// its numbers. `prepare` adds what the case needs to each command line.
    pub(crate) async fn is_held(
        &self,
        hold: &ExpectedHold<'_>,
        prepare: impl Fn(MacaqueCommand) -> MacaqueCommand,
    ) {
        let before = self.alive().await;
        let macaque = |words: &str| prepare(self.macaque(words));

        let round = macaque("once --dry-run=false -o json").exits(hold.code).await;
        hold.is_in(&round);
        let told = told(macaque("once --dry-run=false"), hold.code).await;
        assert!(told.contains(hold.guard) && told.contains(hold.seen), "{told}");
        let plan = macaque("plan --dry-run=false").exits(0).await;
        plan.says([hold.guard, hold.seen]);
        let why = macaque(&format!("why {} --dry-run=false", hold.owner))
            .exits(0)
            .await;
        why.says([hold.guard, hold.seen]);

        assert_eq!(self.lost(&before).await, NO_PODS);
    }

    /// Asserts that the next armed round disrupts one pod.
    pub(crate) async fn is_disrupted(&self, prepare: impl Fn(MacaqueCommand) -> MacaqueCommand) {
        let before = self.alive().await;
        let round = prepare(self.macaque("once --dry-run=false -o json"))
            .exits(0)
            .await;
        let done = [round.uids("evicted"), round.uids("deleted")].concat();

        assert_eq!(done.len(), 1, "{round:#?}");
        assert_eq!(self.lost(&before).await, done);
    }
}

impl ExpectedHold<'_> {
    /// Asserts that the report shows the hold: of every victim, or of the round.
    fn is_in(&self, round: &MacaqueOutput) {
        let report = round.json();
        let of_round = (report["end"]["state"] == "held").then_some(&report["end"]);
        let attempts = report["attempts"].as_array().unwrap().iter();
        let outcomes: Vec<_> = attempts.map(|attempt| &attempt["outcome"]).collect();
        assert!(
            outcomes.iter().all(|outcome| outcome["result"] == "held"),
            "{report:#}"
        );

        let mut holds = outcomes.into_iter().chain(of_round).peekable();
        assert!(holds.peek().is_some(), "{report:#}");
        let answer = if self.code == HELD {
            "holds-back"
        } else {
            "cannot-answer"
        };
        let shows = |hold: &Value| {
            let why = hold["why"].as_str().unwrap_or_default();
            hold["guard"] == self.guard && hold["answer"] == answer && why.contains(self.seen)
        };
        assert!(holds.all(shows), "{report:#}");
    }
}

/// Runs `once` with a chat service for a channel; returns the text that it was sent.
async fn told(once: MacaqueCommand, code: i32) -> String {
    let conversation = async {
        let chat = ChatServer::answering([reply(200, "ok")]).await;
        let url = format!("http://{}/hook", chat.address);
        once.env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL", &url)
            .exits(code)
            .await;
        chat.request().1.to_string()
    };
    LocalSet::new().run_until(conversation).await
}
