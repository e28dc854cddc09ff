//! `macaque plan --watch`: the plan again and again, until a signal. On a terminal it is redrawn in place.

use std::io;
use std::time::Duration;

use jiff::Timestamp;

use super::view::PlanView;
use super::{Planner, print};
use crate::cli::args::OutputFormat;
use crate::cli::interrupt::interrupted;
use crate::cli::{exit, output};
use crate::telemetry;
use crate::telemetry::status_line;

/// The beginning of the screen, and erasure of everything from there on.
const REDRAW: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

/// A plan that is watched.
struct PlanWatch<'a> {
    planner: &'a Planner<'a>,
    interval: Duration,
    /// Whether the plan is redrawn in place.
    is_redrawn: bool,
    /// The last plan that was made.
    last: Option<PlanView>,
    /// Whether the cluster could not be read the last time.
    is_away: bool,
}

/// Prints the plan every so many seconds until a signal; returns the process's exit code.
pub(super) async fn run(planner: &Planner<'_>, seconds: u32) -> i32 {
    let is_screen = status_line::can_be_rewritten(&io::stdout());
    let mut watch = PlanWatch {
        planner,
        interval: Duration::from_secs(seconds.into()),
        is_redrawn: is_screen && planner.args.output.is_for_people(),
        last: None,
        is_away: false,
    };
    tokio::select! {
        () = Box::pin(watch.run()) => {}
        () = interrupted() => {}
    }
    exit::OK
}

impl PlanWatch<'_> {
    async fn run(&mut self) {
        while !output::is_unread() && !output::is_incomplete() {
            match self.planner.plan().await {
                Ok(view) => self.show(view),
                Err(why) => self.show_failure(&why),
            }
            self.planner.platform.sleep(self.interval).await;
        }
    }

    fn show(&mut self, view: PlanView) {
        if std::mem::take(&mut self.is_away) && !self.is_redrawn {
            telemetry::print_note("the cluster can be read again");
        }
        match self.planner.args.output {
            OutputFormat::Json | OutputFormat::Yaml => output::json_line(&view),
            OutputFormat::Table | OutputFormat::Wide => self.draw(&view, None),
        }
        self.last = Some(view);
    }

    /// Says that the cluster could not be read: beside the last plan where it is redrawn, else once until it can be.
    fn show_failure(&mut self, why: &str) {
        let is_news = !std::mem::replace(&mut self.is_away, true);
        match &self.last {
            Some(view) if self.is_redrawn => self.draw(view, Some(why)),
            _ if is_news => telemetry::print_note(&format!("{why}; still watching")),
            _ => {}
        }
    }

    fn draw(&self, view: &PlanView, failure: Option<&str>) {
        let is_wide = self.planner.args.output == OutputFormat::Wide;
        let page = print::page(view, is_wide);
        let mut head = format!(
            "plan of {}, again every {} s",
            second(view.now),
            self.interval.as_secs()
        );
        if let Some(why) = failure {
            let now = second(self.planner.platform.now());
            head += &format!(
                "\n{}",
                output::line(&format!("problem: not read at {now}: {why}"))
            );
        }

        if self.is_redrawn {
            status_line::clear();
            output::write_raw(REDRAW);
            output::write_plain(&format!("{head}\n\n{page}"));
        } else {
            output::write_plain(&format!("{head}\n\n{page}\n"));
        }
    }
}

/// The instant to the second.
fn second(instant: Timestamp) -> String {
    format!("{instant:.0}")
}
