//! The signals that end a command which watches: to end a watch is no failure.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGINT or SIGTERM.
pub(super) async fn interrupted() {
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    if let [Ok(mut interrupt), Ok(mut terminate)] = signals {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    } else {
        // Signals end the process as they do without a handler.
        std::future::pending::<()>().await;
    }
}
