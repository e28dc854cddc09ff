//! Streams a watch: one JSON object per line, until the client disconnects or the time limit is reached.

use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use crate::api::watch::ResourceWatch;
use crate::store::state::SharedState;

/// How often a quiet watch sends a bookmark; a real server does so about once a minute too.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// A watch that is being streamed.
struct WatchStream {
    watch: ResourceWatch,
    shared: SharedState,
    revisions: Receiver<u64>,
    end: Instant,
}

/// The lines of a watch.
pub(super) fn watch_lines(watch: ResourceWatch, shared: SharedState) -> impl Stream<Item = String> {
    let stream = WatchStream {
        end: Instant::now() + watch.time_limit(),
        watch,
        revisions: shared.subscribe(),
        shared,
    };

    unfold(stream, |mut stream| async move {
        let line = stream.next_line().await?;
        Some((line, stream))
    })
}

impl WatchStream {
    /// Waits for the next event; `None` ends the stream.
    async fn next_line(&mut self) -> Option<String> {
        loop {
            if let Some(event) = self.watch.next_event() {
                return Some(format!("{event}\n"));
            }
            if self.watch.is_finished() {
                return None;
            }

            // The revision is marked as seen before the state is read, so that no change in between is missed.
            self.revisions.borrow_and_update();
            self.shared.with(|state| self.watch.catch_up(state));
            if self.watch.has_events() {
                continue;
            }

            self.wait_for_change().await?;
        }
    }

    /// Waits for a new revision or until a bookmark is due; `None` if the sandbox has ended.
    async fn wait_for_change(&mut self) -> Option<()> {
        let pause = self.end.min(Instant::now() + BOOKMARK_INTERVAL);
        match tokio::time::timeout_at(pause, self.revisions.changed()).await {
            Ok(changed) => changed.ok(),
            Err(_) => {
                if Instant::now() >= self.end {
                    self.watch.finish();
                }
                self.watch.bookmark();
                Some(())
            }
        }
    }
}
