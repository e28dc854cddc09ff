//! What keeps a pod from becoming ready, as far as its status tells: which of Kubernetes' words mean trouble, and which
//! only that the pod is on its way.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::server_text::bounded;

/// What keeps a pod from becoming ready.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodTrouble {
    /// Kubernetes' word: `Unschedulable`, `ImagePullBackOff` or `CrashLoopBackOff`, for example.
    pub reason: String,
    /// Kubernetes' message, as one line of bounded length; may be empty.
    pub message: String,
}

/// A container that waits to run, as the pod's status describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingContainer<'a> {
    /// The container's name.
    pub name: &'a str,
    /// The reason why it waits, in Kubernetes' word.
    pub reason: &'a str,
    /// Kubernetes' message; may be empty.
    pub message: &'a str,
    /// How often it was restarted.
    pub restarts: u32,
}

/// The reasons for which a container waits while all is well.
const ON_ITS_WAY: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];

/// The reasons for which the scheduler leaves a pod alone.
const NOT_SCHEDULED: [&str; 3] = ["Unschedulable", "SchedulingGated", "SchedulerError"];

/// The reason of a container that ends again and again.
const CRASH_LOOP: &str = "CrashLoopBackOff";

impl PodTrouble {
    /// The trouble of a pod whose condition `PodScheduled` is `False` for this reason; `None` if it merely waits for its
    /// turn.
    pub fn of_scheduling(reason: &str, message: &str) -> Option<Self> {
        NOT_SCHEDULED
            .contains(&reason)
            .then(|| Self::new(reason, message))
    }

    /// The trouble that a waiting container shows; `None` if it is on its way. A word that is not known is trouble too:
    /// Kubernetes and its runtimes have many, and only two for a container that will run soon.
    pub fn of_container(container: WaitingContainer<'_>) -> Option<Self> {
        let WaitingContainer {
            name,
            reason,
            message,
            restarts,
        } = container;
        if ON_ITS_WAY.contains(&reason) {
            return None;
        }
        if reason != CRASH_LOOP {
            return Some(Self::new(reason, message));
        }

        // Kubernetes' own message names the pod and its UID, and not what counts.
        let times = if restarts == 1 { "restart" } else { "restarts" };
        Some(Self::new(
            reason,
            &format!("container {name}, {restarts} {times}"),
        ))
    }

    /// The word under which a trouble is reported once: an image that cannot be pulled alternates between two.
    pub fn topic(&self) -> &str {
        match self.reason.as_str() {
            "ErrImagePull" => "ImagePullBackOff",
            reason => reason,
        }
    }

    fn new(reason: &str, message: &str) -> Self {
        let line: Vec<&str> = message.split_whitespace().collect();
        Self {
            reason: bounded(reason),
            message: bounded(&line.join(" ")),
        }
    }
}

/// Shows the trouble as `Unschedulable: 0/3 nodes are available`.
impl fmt::Display for PodTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if self.message.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server_text::MAX_SERVER_TEXT;

    fn shown(trouble: Option<PodTrouble>) -> Option<(String, String)> {
        trouble.map(|trouble| (trouble.reason, trouble.message))
    }

    fn waiting<'a>(reason: &'a str, message: &'a str) -> WaitingContainer<'a> {
        WaitingContainer {
            name: "app",
            reason,
            message,
            restarts: 0,
        }
    }

    #[test]
    fn a_container_that_is_being_created_is_in_no_trouble_and_any_other_wait_is() {
        for reason in ["", "ContainerCreating", "PodInitializing"] {
            assert_eq!(
                PodTrouble::of_container(waiting(reason, "soon")),
                None,
                "{reason}"
            );
        }
        for reason in [
            "ImagePullBackOff",
            "ErrImagePull",
            "ErrImageNeverPull",
            "InvalidImageName",
            "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
            "A word of next year",
        ] {
            let trouble = PodTrouble::of_container(waiting(reason, " no such\n\timage "));
            assert_eq!(shown(trouble), Some((reason.into(), "no such image".into())));
        }
    }

    #[test]
    fn a_crash_loop_says_which_container_and_how_often_it_was_restarted() {
        for (restarts, words) in [(1, "container app, 1 restart"), (7, "container app, 7 restarts")] {
            let container = WaitingContainer {
                restarts,
                ..waiting("CrashLoopBackOff", "back-off 40s restarting failed container")
            };
            let trouble = shown(PodTrouble::of_container(container));
            assert_eq!(trouble, Some(("CrashLoopBackOff".into(), words.into())));
        }
    }

    #[test]
    fn a_pod_that_the_scheduler_has_not_seen_yet_is_in_no_trouble() {
        assert_eq!(PodTrouble::of_scheduling("", ""), None);
        let message = "0/3 nodes are available: 3 Insufficient cpu.";
        let trouble = shown(PodTrouble::of_scheduling("Unschedulable", message));
        assert_eq!(trouble, Some(("Unschedulable".into(), message.into())));
    }

    #[test]
    fn messages_are_lines_of_bounded_length() {
        let long = "word\n".repeat(MAX_SERVER_TEXT);
        let trouble = PodTrouble::of_container(waiting("CreateContainerError", &long)).unwrap();
        assert_eq!(trouble.message.chars().count(), MAX_SERVER_TEXT);
        assert!(!trouble.message.contains('\n'));
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_one_topic_whichever_word_it_has_at_the_moment() {
        let topic = |reason| {
            let trouble = PodTrouble::of_container(waiting(reason, "")).unwrap();
            trouble.topic().to_owned()
        };
        assert_eq!(topic("ErrImagePull"), topic("ImagePullBackOff"));
        assert_ne!(topic("ErrImageNeverPull"), topic("ImagePullBackOff"));
    }
}
