//! Which errors of the API server are no answer, so that a reload is tried again, and which refuse it.

use std::time::Duration;

use super::*;
use crate::k8s::{AccessFault, ConnectionFault};

#[test]
fn only_a_server_that_is_not_reached_or_busy_or_fails_gives_no_answer() {
    let what = || "review".to_owned();
    let why = || "why".to_owned();
    let fault = AccessFault {
        wrong: why(),
        remedy: why(),
    };
    let no_answer = [
        ApiError::Unreachable {
            what: what(),
            server: "server".into(),
            why: ConnectionFault::Closed,
        },
        ApiError::Throttled {
            what: what(),
            retry_after: Duration::from_secs(1),
        },
        ApiError::ServerFailed {
            what: what(),
            why: why(),
        },
        ApiError::Stopped,
    ];
    let refused = [
        ApiError::Access(fault),
        ApiError::Unauthorized { what: what() },
        ApiError::Forbidden {
            what: what(),
            why: why(),
        },
        ApiError::NotFound { what: what() },
        ApiError::NotKubernetes {
            what: what(),
            why: why(),
        },
        ApiError::Unexpected {
            what: what(),
            why: why(),
        },
    ];

    for error in no_answer {
        let words = error.to_string();
        assert_eq!(Unproved::from(error), Unproved::NoAnswer(words));
    }
    for error in refused {
        let words = error.to_string();
        assert_eq!(Unproved::from(error), Unproved::Refused(words));
    }
}
