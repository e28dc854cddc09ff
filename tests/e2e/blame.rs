//! The promise of `macaque blame`: after an hour in which macaque, people and faults took pods, it answers rightly for
//! every minute, as a watch of the API server's own judges.
//!
//! The minutes are short, and of [`MINUTE`] seconds if that is set: 60 for a real hour.

mod judge;
mod minutes;
mod script;
mod steps;

use std::io::Write as _;
use std::time::Duration;

use self::judge::Judge;
use self::minutes::{AskedMinute, table};
use self::script::ScriptedHour;
use crate::recovery::pod_observer::PodObserver;

/// The variable that says how many seconds a minute has.
const MINUTE: &str = "MACAQUE_E2E_MINUTE";
/// How many seconds it has by default.
const SHORT: f64 = 5.0;
/// How many minutes an hour has at least.
const MINUTES: u32 = 60;

#[tokio::test]
#[ignore = "needs a real control plane, and takes five minutes: just scripted-hour"]
async fn after_a_scripted_hour_blame_answers_rightly_for_every_minute() {
    let seconds = std::env::var(MINUTE).map_or(SHORT, |text| text.parse().unwrap());
    let minute = Duration::from_secs_f64(seconds);
    let mut hour = ScriptedHour::prepare(minute).await;
    let observer = PodObserver::begin(hour.namespace()).await;
    let count = hour.play(MINUTES).await;

    let judge = Judge::new(&hour, &observer.events());
    let mut minutes = Vec::new();
    for number in 0..count {
        let (from, to) = hour.minute(number);
        let output = hour.ask(from, to).await;
        minutes.push(AskedMinute {
            number,
            from,
            happened: hour.happened(from, to),
            allowed: judge.allowed(from, to),
            verdict: output.verdict,
            code: output.code,
            proof: output.proof,
        });
    }

    let table = table(&minutes);
    std::io::stderr().write_all(table.as_bytes()).unwrap();
    let wrong: Vec<_> = minutes.iter().filter(|minute| !minute.is_right()).collect();
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{table}", wrong.len());
    for verdict in ["yes", "no", "cannot-tell"] {
        assert!(
            minutes.iter().any(|minute| minute.verdict == verdict),
            "never {verdict}:\n{table}"
        );
    }
}
