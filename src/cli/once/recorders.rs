//! Writes the Events of the round beside it, and after it those that are left, and the history.

use tokio::task::JoinHandle;

use crate::cli::setup;
use crate::events::EventWriter;
use crate::facts::Facts;
use crate::heartbeat::Heartbeat;
use crate::history::HistoryWriter;
use crate::platform::Platform;
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;

/// What records the round, as far as it is on.
pub(super) struct RoundRecorders {
    /// Takes what is recorded.
    pub(super) facts: Facts,
    stop: StopSwitch,
    /// The task that writes Events.
    events: Option<JoinHandle<()>>,
    history: Option<HistoryWriter>,
}

impl RoundRecorders {
    /// Starts to record what the settings ask for.
    pub(super) fn start(settings: &ValidSettings, platform: &Platform) -> Self {
        let events = setup::event_recording(settings, platform);
        let history = setup::history_recording(settings, platform);
        let (stop, token) = StopSwitch::new(platform);
        let facts = Facts::new(events.listener().into_iter().chain(history.listener()));

        let access = setup::access(&settings.cluster);
        let heartbeat = Heartbeat::new(platform);
        let history = HistoryWriter::new(
            &history,
            access.clone(),
            Facts::default(),
            token.clone(),
            heartbeat.clone(),
            platform,
        );
        let events = events.is_on().then(|| {
            let writer = EventWriter::new(events, access, Facts::default(), token, heartbeat, platform);
            actix::spawn(async move {
                while let Some(waiting) = writer.next().await {
                    writer.write(&waiting).await;
                }
            })
        });
        Self {
            facts,
            stop,
            events,
            history,
        }
    }

    /// Waits for what is left to write, a few seconds at most. It is no reason for the command to fail.
    pub(super) async fn finish(self) {
        self.stop.request();
        let history = async {
            if let Some(writer) = self.history.filter(HistoryWriter::is_needed) {
                writer.write().await;
            }
        };
        let events = async {
            if let Some(task) = self.events {
                let _ = task.await;
            }
        };
        tokio::join!(history, events);
    }
}
