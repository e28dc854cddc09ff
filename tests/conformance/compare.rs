//! Compares what came of a scenario with what is expected.

use macaque_core::report::RoundEnd;

use crate::answers::{RecordedAnswer, plain};
use crate::expected::{ExpectedResult, FinalState};
use crate::rounds::RoundsResult;
use crate::test_namespace::{TestNamespace, condition};

/// How the result differs from what is expected.
pub(crate) fn compare(
    expected: &ExpectedResult,
    version: &str,
    result: &RoundsResult,
    answers: &[RecordedAnswer],
    namespace: &TestNamespace,
) -> Vec<String> {
    // The last round shows what those before it led to.
    let report = result.reports.last().unwrap();
    let mut differences = Vec::new();
    let mut equal = |what: &str, is: String, should: String| {
        if is != should {
            differences.push(format!("{what}: {is}\n  expected {should}"));
        }
    };

    equal(
        "verdict",
        format!("{:?}", report.status()),
        format!("{:?}", expected.verdict),
    );
    let sent: Vec<_> = answers
        .iter()
        .map(|answer| (answer.request.clone(), answer.code))
        .collect();
    equal("sent", format!("{sent:#?}"), format!("{:#?}", expected.sends));
    let attempts = result.reports.iter().flat_map(|report| &report.attempts);
    let reported: Vec<_> = attempts
        .clone()
        .map(|attempt| {
            let line = format!("{}: {}", attempt.pod.name, attempt.outcome);
            without_ages(&plain(&line, namespace))
        })
        .collect();
    equal(
        "reported",
        format!("{reported:#?}"),
        format!("{:#?}", expected.reports_on(version)),
    );
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

    let reports = &result.reports;
    let problems = reports.iter().flat_map(|report| &report.problems);
    let problems = problems.map(|problem| plain(problem, namespace)).collect();
    parts("problems", problems, expected.problems.clone());
    let why = match &report.end {
        RoundEnd::Failed { why } | RoundEnd::Withheld { why } => vec![plain(why, namespace)],
        RoundEnd::Held(hold) => vec![plain(&hold.to_string(), namespace)],
        RoundEnd::Interrupted => vec!["interrupted".to_owned()],
        RoundEnd::Complete => Vec::new(),
    };
    let of_attempts = attempts.flat_map(|attempt| &attempt.warnings);
    let of_rounds = reports.iter().flat_map(|report| &report.warnings);
    let warnings = of_attempts.chain(of_rounds);
    let warnings = warnings.map(|warning| plain(warning, namespace)).collect();
    parts("warnings", warnings, expected.warnings.clone());
    parts("failure", why, expected.failure.into_iter().collect());
    parts(
        "recoveries",
        result.recoveries.clone(),
        expected.recoveries.clone(),
    );
    let events = result
        .events
        .iter()
        .map(|event| plain(event, namespace))
        .collect();
    parts("events", events, expected.events.clone());

    differences
}

/// A text without how long ago something was, which differs from one run to the next.
fn without_ages(text: &str) -> String {
    let words: Vec<_> = text.split(' ').collect();
    let is_age = |word: &str| {
        word.trim_end_matches("ms")
            .trim_end_matches('s')
            .parse::<u32>()
            .is_ok()
    };
    let mut plain = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let after_since = at > 0 && words[at - 1] == "since";
        let before_ago = words.get(at + 1).is_some_and(|next| next.starts_with("ago"));
        let is_masked = (after_since || before_ago) && is_age(word.trim_end_matches(','));
        plain.push(if is_masked { "SOME-TIME" } else { word });
    }
    plain.join(" ")
}

impl TestNamespace {
    /// The pod that the table calls so, as it was when the round began.
    fn known(&self, alias: &str) -> (String, String) {
        let pods = self.pods.borrow();
        let (uid, name, _) = pods.iter().find(|(_, _, known)| known == alias).unwrap();
        (uid.clone(), name.clone())
    }

    pub(crate) async fn differs_from(&self, after: &FinalState) -> Option<String> {
        let (is, should) = match *after {
            FinalState::Alive(pod) | FinalState::Going(pod) => {
                let (uid, name) = self.known(pod);
                let found = self.read("Pod", &name).await;
                let alive = found.is_some_and(|found| {
                    found["metadata"]["uid"] == uid && found["metadata"]["deletionTimestamp"].is_null()
                });
                let word =
                    |alive: bool| format!("{pod} {}", if alive { "is alive" } else { "is terminating" });
                (word(alive), word(matches!(after, FinalState::Alive(_))))
            }
            FinalState::Grace(pod, seconds) => {
                let found = self.read("Pod", &self.known(pod).1).await.unwrap_or_default();
                let grace = &found["metadata"]["deletionGracePeriodSeconds"];
                (format!("grace {grace}"), format!("grace {seconds}"))
            }
            FinalState::Allowed(budget, left) => {
                let found = self.read("PodDisruptionBudget", budget).await.unwrap_or_default();
                let allowed = found["status"]["disruptionsAllowed"].as_i64().unwrap_or_default();
                (
                    format!("{budget} allows {allowed}"),
                    format!("{budget} allows {left}"),
                )
            }
            FinalState::Targeted(pod, targeted) => {
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
