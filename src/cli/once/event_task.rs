//! Writes the Events of the round beside it, and after it those that are left.

use tokio::task::JoinHandle;

use crate::cli::setup;
use crate::events::EventWriter;
use crate::facts::Facts;
use crate::heartbeat::Heartbeat;
use crate::platform::Platform;
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;

/// The task that writes Events, if they are on.
pub(super) struct EventTask {
    /// Takes what Events are written about.
    pub(super) facts: Facts,
    stop: StopSwitch,
    task: Option<JoinHandle<()>>,
}

impl EventTask {
    /// Starts to write the Events that the settings ask for.
    pub(super) fn start(settings: &ValidSettings, platform: &Platform) -> Self {
        let recording = setup::event_recording(settings, platform);
        let (stop, token) = StopSwitch::new(platform);
        let facts = Facts::new(recording.listener());

        let task = recording.is_on().then(|| {
            let access = setup::access(&settings.cluster);
            let heartbeat = Heartbeat::new(platform);
            let writer = EventWriter::new(recording, access, Facts::default(), token, heartbeat, platform);
            actix::spawn(async move {
                while let Some(waiting) = writer.next().await {
                    writer.write(&waiting).await;
                }
            })
        });
        Self { facts, stop, task }
    }

    /// Waits for what is left to write, a few seconds at most.
    pub(super) async fn finish(self) {
        self.stop.request();
        if let Some(task) = self.task {
            // Events are no reason for the command to fail.
            let _ = task.await;
        }
    }
}
