use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::config::{DisruptionLimits, RecoveryPolicy};
use crate::eligibility::Candidate;
use crate::journal::{JournalEvent, JournalTiming, LeaseHolder, Resolution, StepContext};
use crate::outcome::DisruptionMethod;
use crate::pod::{PodOwner, PodPlace, PodRef};
use crate::recovery::{RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict};
use crate::report::RoundReport;

const DAY: &str = "2026-11-29";

/// A macaque and what it wrote down.
struct BlameScene {
    journal: Journal,
    history: History,
    now: Timestamp,
    slot: Timestamp,
}

impl BlameScene {
    /// A macaque that has run since the day before.
    fn new() -> Self {
        let mut scene = Self {
            journal: Journal::new("uid"),
            history: History::new(),
            now: "2026-11-28T00:00:00Z".parse().unwrap(),
            slot: Timestamp::MIN,
        };
        scene.claim();
        scene.close();
        scene
    }

    fn at(mut self, time: &str) -> Self {
        self.now = instant(time);
        self
    }

    fn claim(&mut self) {
        self.slot = self.now;
        self.step(&JournalEvent::Claim {
            slot: self.now,
            seed: 1,
            since: Timestamp::MIN,
        });
    }

    fn close(&mut self) {
        let report = RoundReport {
            finished: self.now,
            ..RoundReport::blank(self.slot, 1, DisruptionMethod::Evict)
        };
        self.step(&JournalEvent::Close(Box::new(report)));
    }

    /// A round reserves a pod of `owner`, in shop.
    fn reserves(mut self, owner: &str, watched: bool) -> Self {
        self.claim();
        let baseline = RecoveryBaseline {
            ready: 3,
            victim_ready: true,
            expect_ms: 60_000,
            ..RecoveryBaseline::default()
        };
        self.step(&JournalEvent::Reserve {
            victim: Candidate {
                pod: PodRef {
                    namespace: "shop".to_owned(),
                    name: format!("{owner}-1"),
                    uid: format!("{owner}-{}", self.now),
                },
                owner: Some(PodOwner {
                    kind: "Deployment".to_owned(),
                    name: owner.to_owned(),
                }),
                team: None,
                period_end: None,
            },
            place: PodPlace {
                node: None,
                zone: None,
            },
            method: DisruptionMethod::Evict,
            baseline: watched.then(|| Box::new(baseline)),
        });
        self
    }

    /// The outcome is known.
    fn resolves(self, resolution: Resolution) -> Self {
        let accepted = (resolution == Resolution::Disrupted).then_some(self.now);
        self.resolves_as(resolution, accepted)
    }

    /// The pod is found gone after the answer was lost.
    fn found_gone(self) -> Self {
        self.resolves_as(Resolution::Disrupted, None)
    }

    fn resolves_as(mut self, resolution: Resolution, accepted: Option<Timestamp>) -> Self {
        let round = self.journal.round().unwrap();
        let uid = round.pending_reservation().unwrap().pod.uid.clone();
        self.step(&JournalEvent::Resolve {
            uid,
            resolution,
            accepted,
        });
        self.close();
        self
    }

    /// A round disrupts a pod of `owner`, whose recovery is watched.
    fn disrupts(self, time: &str, owner: &str) -> Self {
        self.at(time)
            .reserves(owner, true)
            .resolves(Resolution::Disrupted)
    }

    /// The recovery ends so.
    fn ends(self, time: &str, verdict: RecoveryVerdict) -> Self {
        let mut scene = self.at(time);
        let victim = scene.journal.recovering()[0].victim.clone();
        let whole = scene.now.duration_since(victim.accepted) - SignedDuration::from_secs(5);
        let report = RecoveryReport {
            verdict: Some(verdict),
            times: RecoveryTimes {
                whole_ms: u64::try_from(whole.as_millis())
                    .ok()
                    .filter(|_| verdict.is_whole()),
                ..RecoveryTimes::default()
            },
            ..RecoveryReport::unseen(&victim, RecoveryPrecision::Watch)
        };
        scene.step(&JournalEvent::ReportRecovery(Box::new(report.clone())));
        scene.history.note_recovery(&report, scene.now);
        scene
    }

    fn step(&mut self, event: &JournalEvent) {
        let holder = LeaseHolder {
            process: "macaque".to_owned(),
            incarnation: 1,
        };
        let recovery = RecoveryPolicy::off();
        let context = StepContext {
            now: self.now,
            skew: None,
            holder: &holder,
            keeps_recoveries: true,
            pause: None,
            count: 1,
            limits: &DisruptionLimits::default(),
            recovery: &recovery,
            timing: &JournalTiming::default(),
        };
        self.journal = self.journal.step(event, &context).unwrap();
        self.history.note_journal(&self.journal, self.now);
    }

    /// The answer at `now` about the time from `from` to `to`, in words.
    fn says(&self, now: &str, from: &str, to: &str) -> String {
        self.says_of(&question(from, to), now)
    }

    fn says_of(&self, question: &BlameQuestion, now: &str) -> String {
        let evidence = BlameEvidence {
            journal: Ok(&self.journal),
            history: Ok(&self.history),
            ..evidence(now)
        };
        words(&blame(question, evidence))
    }
}

fn instant(time: &str) -> Timestamp {
    let text = if time.contains('T') {
        time.to_owned()
    } else {
        format!("{DAY}T{time}")
    };
    format!("{text}Z").parse().unwrap()
}

fn question(from: &str, to: &str) -> BlameQuestion {
    BlameQuestion {
        from: instant(from),
        to: instant(to),
        namespace: Some("shop".to_owned()),
        slack: SLACK,
    }
}

fn evidence(now: &str) -> BlameEvidence<'static> {
    BlameEvidence {
        journal: Err("the journal is in memory"),
        history: Err("the history is off"),
        timeout: Duration::from_secs(300),
        now: instant(now),
    }
}

fn words(answer: &BlameAnswer) -> String {
    format!("{}: {}", answer.verdict.as_str(), answer.proof)
}

#[test]
fn no_says_that_nothing_was_disrupted_and_what_was_last() {
    let scene = BlameScene::new();
    assert_eq!(
        scene.says("03:12:00", "02:41:00", "03:06:00"),
        "no: nothing was disrupted in shop between 02:31Z and 03:06Z (nor before, as far as the history goes back)"
    );

    let scene = scene
        .disrupts("2026-11-28T18:02:00", "cart")
        .ends("2026-11-28T18:02:15", RecoveryVerdict::Recovered);
    assert_eq!(
        scene.says("03:12:00", "02:41:00", "03:06:00"),
        "no: nothing was disrupted in shop between 02:31Z and 03:06Z (the last: deployment/cart at 2026-11-28 18:02Z, \
         8 h 29 min before)"
    );
    let elsewhere = BlameQuestion {
        namespace: Some("pay".to_owned()),
        ..question("2026-11-28T18:02:00", "2026-11-28T18:02:00")
    };
    assert_eq!(
        scene.says_of(&elsewhere, "03:12:00"),
        "no: nothing was disrupted in pay between 2026-11-28 17:52Z and 2026-11-28 18:02Z (nor before, as far as the \
         history goes back)"
    );
}

#[test]
fn yes_says_who_was_not_whole_since_when_and_until_when() {
    let scene = BlameScene::new().disrupts("02:58:12", "web");
    assert_eq!(
        scene.says("02:59:00", "02:59:00", "02:59:00"),
        "yes: deployment/web was not whole from 02:58:12Z (shop/web-1 was evicted) until now, 02:59Z"
    );
    let anywhere = BlameQuestion {
        namespace: None,
        ..question("02:59:00", "02:59:00")
    };
    assert_eq!(
        scene.says_of(&anywhere, "02:59:00"),
        "yes: deployment/web in shop was not whole from 02:58:12Z (shop/web-1 was evicted) until now, 02:59Z"
    );

    for (verdict, end) in [
        (RecoveryVerdict::Recovered, "until 02:58:37Z"),
        (RecoveryVerdict::Slow, "until 02:58:37Z"),
        (RecoveryVerdict::Shrunk, "until 02:58:37Z"),
        (RecoveryVerdict::Rolled, "until 02:58:42Z, when it was rolled out"),
        (RecoveryVerdict::Completed, "until 02:58:42Z, when it completed"),
        (RecoveryVerdict::Ownerless, "until 02:58:42Z, when it was deleted"),
        (
            RecoveryVerdict::Unrecovered,
            "until 02:58:42Z at least, when it was given up",
        ),
    ] {
        let scene = BlameScene::new()
            .disrupts("02:58:12", "web")
            .ends("02:58:42", verdict);
        assert_eq!(
            scene.says("03:12:00", "02:58:00", "02:59:00"),
            format!("yes: deployment/web was not whole from 02:58:12Z (shop/web-1 was evicted) {end}")
        );
    }

    let scene = BlameScene::new()
        .disrupts("02:58:12", "web")
        .ends("02:58:42", RecoveryVerdict::Recovered)
        .disrupts("03:00:12", "cart")
        .ends("03:00:42", RecoveryVerdict::Recovered);
    assert_eq!(
        scene.says("03:12:00", "02:58:00", "03:02:00"),
        "yes: deployment/web was not whole from 02:58:12Z (shop/web-1 was evicted) until 02:58:37Z; and 1 more disruption"
    );
}

#[test]
fn maybe_says_what_was_disrupted_shortly_before_or_what_nobody_saw() {
    let scene = BlameScene::new()
        .disrupts("02:58:12", "web")
        .ends("02:58:22", RecoveryVerdict::Recovered);
    assert_eq!(
        scene.says("03:12:00", "03:02:00", "03:02:00"),
        "maybe: shop/web-1 of deployment/web was evicted at 02:58:12Z, and deployment/web was whole again at 02:58:17Z, \
         3 min 43 s before"
    );
    assert_eq!(
        scene.says("03:12:00", "02:58:00", "02:58:00"),
        "maybe: shop/web-1 was evicted at 02:58:12Z, 12 s after, and clocks may differ by that much"
    );
    assert!(scene.says("03:12:00", "02:57:00", "02:57:00").starts_with("no: "));
    assert!(scene.says("03:12:00", "03:08:18", "03:08:18").starts_with("no: "));

    let scene = BlameScene::new()
        .disrupts("02:58:12", "web")
        .ends("03:03:12", RecoveryVerdict::Unrecovered);
    assert_eq!(
        scene.says("23:00:00", "22:00:00", "22:00:00"),
        "maybe: deployment/web did not recover after shop/web-1 was evicted at 02:58:12Z, and was not watched after \
         03:03:12Z"
    );

    let scene = BlameScene::new()
        .disrupts("02:58:12", "web")
        .ends("02:59:12", RecoveryVerdict::Unwatched);
    assert_eq!(
        scene.says("03:12:00", "03:02:00", "03:02:00"),
        "maybe: shop/web-1 of deployment/web was evicted at 02:58:12Z, and nobody saw when deployment/web was whole again"
    );
}

#[test]
fn a_disruption_that_is_only_inferred_is_never_yes_even_if_all_but_its_recovery_was_lost() {
    let mut scene = BlameScene::new()
        .at("02:58:12")
        .reserves("web", true)
        .found_gone();
    scene.history = History::new();
    let scene = scene.ends("03:03:12", RecoveryVerdict::Unrecovered);
    let answer = scene.says("03:12:00", "03:00:00", "03:00:00");
    assert!(
        !answer.starts_with("yes: ") && !answer.starts_with("no: "),
        "{answer}"
    );
}

#[test]
fn cannot_tell_says_what_is_not_known() {
    let scene = BlameScene::new().at("02:58:12").reserves("web", true);
    assert_eq!(
        scene.says("02:59:00", "02:59:00", "02:59:00"),
        "cannot tell: the outcome of the eviction of shop/web-1 at 02:58:12Z is not recorded yet"
    );

    let scene = scene.resolves(Resolution::Unknown);
    assert_eq!(
        scene.says("03:12:00", "02:59:00", "02:59:00"),
        "cannot tell: the answer to the eviction of shop/web-1 at 02:58:12Z was lost"
    );
    assert!(scene.says("04:12:00", "04:00:00", "04:00:00").starts_with("no: "));

    assert_eq!(
        scene.says("03:12:00", "2026-11-28T00:05:00", "2026-11-28T00:05:00"),
        "cannot tell: the history begins at 2026-11-28 00:00Z, too late for this time"
    );
    assert_eq!(
        scene.says("03:12:00", "03:13:00", "03:13:00"),
        "cannot tell: 03:13Z is after 03:12Z, when the journal was read"
    );
}

#[test]
fn a_disruption_that_is_missing_in_the_history_leaves_a_gap_in_which_nobody_can_tell() {
    let mut scene = BlameScene::new()
        .disrupts("01:00:00", "web")
        .ends("01:00:10", RecoveryVerdict::Recovered);
    let written = scene.history.clone();
    scene = scene
        .disrupts("02:00:00", "web")
        .ends("02:00:10", RecoveryVerdict::Recovered);
    scene.history = written;
    scene = scene
        .disrupts("03:00:00", "cart")
        .ends("03:00:10", RecoveryVerdict::Recovered);

    assert_eq!(
        scene.says("05:00:00", "02:30:00", "02:30:00"),
        "cannot tell: 1 disruption between 01:00Z and 03:00Z is not in the history"
    );
    assert!(scene.says("05:00:00", "00:58:00", "00:58:00").starts_with("no: "));
    assert!(
        scene
            .says("05:00:00", "03:00:00", "03:00:00")
            .starts_with("yes: ")
    );
    assert!(scene.says("05:00:00", "03:20:00", "03:20:00").starts_with("no: "));
}

#[test]
fn without_a_journal_or_a_history_nobody_can_tell_unless_one_of_them_knows_it_was_macaque() {
    let answer = blame(&question("02:59:00", "02:59:00"), evidence("03:12:00"));
    assert_eq!(words(&answer), "cannot tell: the journal is in memory");

    let scene = BlameScene::new().disrupts("02:58:12", "web");
    let evidence = BlameEvidence {
        journal: Ok(&scene.journal),
        ..evidence("03:00:00")
    };
    let answer = blame(&question("02:59:00", "02:59:00"), evidence);
    assert_eq!(answer.verdict, BlameVerdict::Yes);
    let answer = blame(&question("02:41:00", "02:42:00"), evidence);
    assert_eq!(words(&answer), "cannot tell: the history is off");
}

#[test]
fn in_quarantine_nobody_can_tell_what_was_before_it() {
    let mut scene = BlameScene::new().at("02:00:00");
    scene.step(&JournalEvent::Quarantine {
        why: "it was restored from a backup".to_owned(),
        known: 9,
    });
    assert_eq!(
        scene.says("02:00:30", "01:30:00", "01:30:00"),
        "cannot tell: the journal is in quarantine until 02:01Z, because it was restored from a backup"
    );
}

#[test]
fn the_document_holds_the_question_the_answer_and_the_version() {
    let scene = BlameScene::new();
    let question = question("02:41:00", "03:06:00");
    let evidence = BlameEvidence {
        journal: Ok(&scene.journal),
        history: Ok(&scene.history),
        ..evidence("03:12:00")
    };
    let document = BlameDocument::new(&question, evidence.now, blame(&question, evidence));
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1,
            "from": "2026-11-29T02:41:00Z",
            "to": "2026-11-29T03:06:00Z",
            "namespace": "shop",
            "slack_ms": 600_000,
            "read": "2026-11-29T03:12:00Z",
            "verdict": "no",
            "proof": document.answer.proof,
            "disruptions": [],
        })
    );
    assert_eq!(serde_json::from_value::<BlameDocument>(json).unwrap(), document);
}
