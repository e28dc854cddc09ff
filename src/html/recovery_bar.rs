//! The recovery of an owner as a bar: its phases as steps that rise, on a scale from 1 second to 10 minutes on which
//! each factor of ten has the same length.

use std::time::Duration;

use macaque_core::recovery::{RecoveryPhase, RecoveryTimes, RecoveryVerdict, length, phases};
use maud::{Markup, html};

/// The width of the drawing, in its own units.
const WIDTH: f64 = 160.0;
/// The height of the drawing.
const HEIGHT: f64 = 16.0;
/// Where the scale ends, in seconds; it begins at one.
const LONGEST: f64 = 600.0;
/// The width of a phase that is too short to be seen.
const LEAST: f64 = 1.5;

/// What a bar shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecoveryBar {
    /// When each phase ended.
    pub(crate) times: RecoveryTimes,
    /// How the recovery ended; `None` while it goes on.
    pub(crate) verdict: Option<RecoveryVerdict>,
    /// How long the recovery was expected to take, in milliseconds.
    pub(crate) expect_ms: u64,
}

/// One phase as it is drawn.
struct BarStep {
    phase: RecoveryPhase,
    from: f64,
    width: f64,
}

impl RecoveryBar {
    /// The bar, with all that it shows in words too.
    pub(crate) fn markup(&self) -> Markup {
        let expected = position(Duration::from_millis(self.expect_ms));
        let words = self.words();
        let view_box = format!("0 0 {WIDTH} {HEIGHT}");
        html! {
            svg.bar role="img" aria-label=(words) viewBox=(view_box) width=(WIDTH) height=(HEIGHT) {
                title { (words) }
                rect.track x="0" y=(HEIGHT - 1.0) width=(WIDTH) height="1" {}
                @for decade in [10, 60] {
                    rect.track x=(units(position(Duration::from_secs(decade)))) y="0" width="0.5" height=(HEIGHT) {}
                }
                @for step in self.steps() {
                    @let height = height(step.phase);
                    rect class=(step.phase) x=(units(step.from)) y=(units(HEIGHT - height)) width=(units(step.width))
                        height=(units(height)) {}
                }
                @if self.expect_ms > 0 {
                    path.expected d=(format!("M{0} 0V{HEIGHT}", units(expected))) {}
                }
            }
        }
    }

    /// The bar in words: `recovered after 4.5 s, expected 1 min: leaving 2.1 s, starting 2.4 s`.
    pub(crate) fn words(&self) -> String {
        let verdict = self.verdict.map_or("not whole yet", RecoveryVerdict::as_str);
        let whole = self.times.whole_ms.map(Duration::from_millis);
        let whole = whole.map_or_else(String::new, |whole| format!(" after {}", length(whole)));
        let expected = length(Duration::from_millis(self.expect_ms));
        let phases = phases(&self.times).into_iter();
        let phases: Vec<_> = phases
            .map(|(phase, time)| format!("{phase} {}", length(time)))
            .collect();
        if phases.is_empty() {
            return format!("{verdict}{whole}, expected {expected}");
        }
        format!("{verdict}{whole}, expected {expected}: {}", phases.join(", "))
    }

    fn steps(&self) -> Vec<BarStep> {
        let mut begin = Duration::ZERO;
        let mut steps = Vec::new();
        for (phase, time) in phases(&self.times) {
            let from = position(begin);
            begin += time;
            let width = (position(begin) - from).max(LEAST);
            let from = from.min(WIDTH - width);
            steps.push(BarStep { phase, from, width });
        }
        steps
    }
}

/// Where an instant is on the scale.
fn position(since_accepted: Duration) -> f64 {
    let seconds = since_accepted.as_secs_f64().clamp(1.0, LONGEST);
    seconds.ln() / LONGEST.ln() * WIDTH
}

/// A number of the drawing with one decimal.
fn units(number: f64) -> String {
    format!("{number:.1}")
}

/// The height of a phase: the later, the higher, so that phases differ without their colours.
fn height(phase: RecoveryPhase) -> f64 {
    match phase {
        RecoveryPhase::Leaving => 4.0,
        RecoveryPhase::Creating => 6.0,
        RecoveryPhase::Scheduling => 8.0,
        RecoveryPhase::Starting => 11.0,
        RecoveryPhase::Readying => 14.0,
        RecoveryPhase::Settling => HEIGHT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(times: RecoveryTimes) -> RecoveryBar {
        RecoveryBar {
            times,
            verdict: times.whole_ms.map(|_| RecoveryVerdict::Recovered),
            expect_ms: 60_000,
        }
    }

    #[test]
    fn a_bar_says_in_words_all_that_it_shows() {
        let times = RecoveryTimes {
            gone_ms: Some(2_100),
            created_ms: Some(2_100),
            containers_ready_ms: Some(4_500),
            whole_ms: Some(4_500),
            ..RecoveryTimes::default()
        };
        let words = "recovered after 4.5 s, expected 1 min: leaving 2.1 s, starting 2.4 s";
        assert_eq!(bar(times).words(), words);
        let markup = bar(times).markup().into_string();
        assert!(markup.contains(&format!("role=\"img\" aria-label=\"{words}\"")));
        assert_eq!(
            bar(RecoveryTimes::default()).words(),
            "not whole yet, expected 1 min"
        );
    }

    #[test]
    fn steps_stay_within_the_drawing_whatever_the_times() {
        for whole_ms in [1, 999, 1_000, 59_999, 600_000, 600_001, u64::MAX / 2] {
            let times = RecoveryTimes {
                created_ms: Some(whole_ms / 3),
                whole_ms: Some(whole_ms),
                ..RecoveryTimes::default()
            };
            for step in bar(times).steps() {
                assert!(step.from >= 0.0 && step.width >= LEAST, "{whole_ms}");
                assert!(step.from + step.width <= WIDTH + 0.01, "{whole_ms}");
            }
        }
    }

    #[test]
    fn each_factor_of_ten_has_the_same_length() {
        let at = |seconds| position(Duration::from_secs(seconds));
        assert!((at(10) - at(1) - (at(100) - at(10))).abs() < 0.001);
        assert!(at(0) < 0.001 && at(1) < 0.001);
        assert!((at(600) - WIDTH).abs() < 0.001 && (at(6_000) - WIDTH).abs() < 0.001);
    }
}
