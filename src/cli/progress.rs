//! Says on standard error how far a command is that takes longer than a second; on a terminal only.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use crate::k8s::ReadProgress;
use crate::platform::Platform;
use crate::telemetry::status_line;

/// How long a command may take before it says how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is rewritten.
const INTERVAL: Duration = Duration::from_millis(200);

/// Does `work`, which reads through what notes its `progress`, and says how far it is meanwhile.
pub(super) async fn shown<T>(
    progress: &ReadProgress,
    platform: &Platform,
    work: impl Future<Output = T>,
) -> T {
    if !status_line::can_be_rewritten(&io::stderr()) {
        return work.await;
    }

    let done = tokio::select! {
        biased;
        done = work => done,
        never = rewrite(progress, platform) => match never {},
    };
    status_line::clear();
    done
}

async fn rewrite(progress: &ReadProgress, platform: &Platform) -> Infallible {
    let begun = platform.monotonic();
    platform.sleep(PATIENCE).await;
    loop {
        let took = platform.monotonic().duration_since(begun);
        status_line::show(&words(progress, took));
        platform.sleep(INTERVAL).await;
    }
}

/// How far it is: `reading the cluster: 12,000 pods so far, 26 requests, 3 s`.
fn words(progress: &ReadProgress, took: Duration) -> String {
    let seconds = took.as_secs();
    if let Some((done, all)) = progress.asked() {
        return format!("asking the API server: {done} of {all} pods, {seconds} s");
    }

    let requests = progress.requests();
    let requests = format!(
        "{} request{}",
        grouped(requests),
        if requests == 1 { "" } else { "s" }
    );
    match progress.pods() {
        0 => format!("reading the cluster: {requests}, {seconds} s"),
        pods => format!(
            "reading the cluster: {} pods so far, {requests}, {seconds} s",
            grouped(pods)
        ),
    }
}

/// A number with its thousands apart: `12,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn the_line_says_what_is_done_and_for_how_long() {
        let progress = ReadProgress::default();
        let after = |seconds: u64| words(&progress, Duration::from_millis(seconds * 1_000 + 900));
        assert_eq!(after(1), "reading the cluster: 0 requests, 1 s");
        progress.set_asked(Some((12, 50)));
        assert_eq!(after(4), "asking the API server: 12 of 50 pods, 4 s");
        progress.reset();
        assert_eq!(after(5), "reading the cluster: 0 requests, 5 s");
    }
}
