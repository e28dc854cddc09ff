//! Streams a watch: one JSON object per line, until the client disconnects or the time limit is reached.

use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

use crate::api::watch::ResourceWatch;
use crate::store::state::SharedState;

/// How often a quiet watch sends a bookmark; a real server does so about once a minute too.
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);

/// A watch that is being streamed.
struct WatchStream {
    watch: ResourceWatch,
    shared: SharedState,
    end: Instant,
}

/// The lines of a watch.
pub(super) fn watch_lines(watch: ResourceWatch, shared: SharedState) -> impl Stream<Item = String> {
    let stream = WatchStream {
        end: Instant::now() + watch.time_limit(),
        watch,
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

            let changed = self.shared.changed();
            self.shared.with(|state| self.watch.catch_up(state));
            if self.watch.has_events() {
                continue;
            }

            self.wait_for(changed).await;
        }
    }

    /// Waits for a new revision or until a bookmark is due.
    async fn wait_for(&mut self, changed: OwnedNotified) {
        let pause = self.end.min(Instant::now() + BOOKMARK_INTERVAL);
        if tokio::time::timeout_at(pause, changed).await.is_err() {
            if Instant::now() >= self.end {
                self.watch.finish();
            }
            self.watch.bookmark();
        }
    }
}
