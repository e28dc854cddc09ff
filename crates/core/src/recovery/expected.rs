//! Reads how long a workload is expected to take until it is whole again: `macaque/expect`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::RecoveryConfig;
use super::words::length;
use crate::annotations::{EXPECT, pair};
use crate::duration::{DurationError, parse_duration};

/// How long a recovery is expected to take by the annotations of the pod, its owner and its namespace, of which the nearest
/// with a value that can be read counts; else by the configuration. A length above the timeout is cut to
/// that, and the text says so.
pub fn expected(
    pod: &BTreeMap<String, String>,
    owner: Option<&BTreeMap<String, String>>,
    namespace: Option<&BTreeMap<String, String>>,
    config: &RecoveryConfig,
) -> (Duration, Option<String>) {
    let mut levels = [Some(pod), owner, namespace].into_iter().flatten();
    let nearest = levels.find_map(|annotations| {
        let value = annotations.get(EXPECT)?;
        Some((value, read(value).ok()?))
    });
    let Some((value, wanted)) = nearest else {
        return (config.expect, None);
    };

    if wanted <= config.timeout {
        return (wanted, None);
    }
    let timeout = config.timeout;
    let key = pair(EXPECT, value);
    let cut = format!(
        "{key}: it is above recovery.timeout, and counts as {}",
        length(timeout)
    );
    (timeout, Some(cut))
}

/// The value of the key among these annotations if it cannot be read, and what is wrong with it.
pub(crate) fn unreadable_expect(annotations: &BTreeMap<String, String>) -> Option<(&str, String)> {
    let value = annotations.get(EXPECT)?;
    let fault = read(value).err()?;
    Some((value, fault))
}

/// The length that a value means, or what is wrong with it and what would be right.
fn read(value: &str) -> Result<Duration, String> {
    let fault = |error: DurationError| error.fault_with_remedy("30s or 2m");
    let length = parse_duration(value).map_err(fault)?;
    if length.is_zero() {
        return Err("is zero: write 30s or 2m, for example".to_owned());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(value: &str) -> BTreeMap<String, String> {
        [(EXPECT.to_owned(), value.to_owned())].into()
    }

    #[test]
    fn the_nearest_annotation_counts_and_else_the_configuration() {
        let config = RecoveryConfig::default();
        let none = BTreeMap::new();
        let [pod, owner, namespace] = ["10s", "20s", "30s"].map(annotated);
        let bad = annotated("soon");
        for (levels, seconds) in [
            ([&pod, &owner, &namespace], 10),
            ([&none, &owner, &namespace], 20),
            ([&none, &none, &namespace], 30),
            ([&none, &none, &none], 60),
            ([&bad, &owner, &namespace], 20),
            ([&annotated("0s"), &bad, &namespace], 30),
            ([&bad, &none, &bad], 60),
        ] {
            let [pod, owner, namespace] = levels;
            let expected = expected(pod, Some(owner), Some(namespace), &config);
            assert_eq!(expected, (Duration::from_secs(seconds), None), "{levels:?}");
        }
        let unread = expected(&none, None, None, &config);
        assert_eq!(unread.0, Duration::from_secs(60));
    }

    #[test]
    fn a_length_above_the_timeout_is_cut_to_it_and_that_is_said() {
        let config = RecoveryConfig::default();
        let exact = expected(&annotated("5m"), None, None, &config);
        assert_eq!(exact, (Duration::from_secs(300), None));

        let (cut, warning) = expected(&annotated("10m"), None, None, &config);
        assert_eq!(cut, Duration::from_secs(300));
        assert_eq!(
            warning.unwrap(),
            "macaque/expect=\"10m\": it is above recovery.timeout, and counts as 5 min"
        );
    }
}
