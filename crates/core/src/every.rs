//! Reads how often a team wishes a turn for its workload: `macaque/every`.
//!
//! The nearest level that has a value counts. One that cannot be read counts as if it were not there.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::annotations::EVERY;
use crate::duration::{DurationError, parse_duration};
use crate::levels::levels;
use crate::pod::Pod;
use crate::rota::LONGEST_EVERY;
use crate::scope_metadata::ScopeMetadata;

/// How often the owner of `pod` wishes a turn, by the annotation of the pod, its owner or its namespace.
pub fn every_of(pod: &Pod, metadata: &ScopeMetadata) -> Option<Duration> {
    levels(pod, metadata).find_map(|level| read(level.annotations.get(EVERY)?).ok())
}

/// The value of the key among these annotations if it cannot be read, and what is wrong with it.
pub(crate) fn unreadable_every(annotations: &BTreeMap<String, String>) -> Option<(&str, String)> {
    let value = annotations.get(EVERY)?;
    let fault = read(value).err()?;
    Some((value, fault))
}

/// The time between two turns that a value means, or what is wrong with it and what would be right.
fn read(value: &str) -> Result<Duration, String> {
    let fault = |error: DurationError| match &error {
        DurationError::NoUnit(number) => format!("{}: write {number}d, for example", error.fault()),
        _ => error.fault_with_remedy("12h or 3d"),
    };
    let every = parse_duration(value).map_err(fault)?;
    if every.is_zero() {
        return Err("is zero: write 12h or 3d, for example".to_owned());
    }
    if every > LONGEST_EVERY {
        return Err("is longer than a year: write 365d or less".to_owned());
    }
    Ok(every)
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::pod::{OwnerRef, PodOwner};
    use crate::scope_metadata::ObjectKeys;

    const HOUR: u64 = 3600;

    fn every(value: &str) -> BTreeMap<String, String> {
        iter::once((EVERY.to_owned(), value.to_owned()))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    fn of(pod: &str, owner: &str, namespace: &str) -> Option<Duration> {
        let web = PodOwner {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        };
        let pod = Pod {
            annotations: every(pod),
            owner: Some(web.clone()),
            ..Pod::sample()
        };
        let keys = |value| ObjectKeys {
            annotations: every(value),
            ..ObjectKeys::default()
        };
        let namespace_name = pod.id.namespace.clone();
        let owner_ref = OwnerRef {
            namespace: namespace_name.clone(),
            owner: web,
        };
        let metadata = ScopeMetadata {
            namespaces: [(namespace_name, keys(namespace))].into(),
            owners: [(owner_ref, keys(owner))].into(),
            ..ScopeMetadata::default()
        };
        every_of(&pod, &metadata)
    }

    #[test]
    fn the_nearest_value_that_can_be_read_counts() {
        let rows = [
            (["", "", ""], None),
            (["2h", "3h", "4h"], Some(2)),
            (["", "3h", "4h"], Some(3)),
            (["", "", "4h"], Some(4)),
            (["", "", " 1d "], Some(24)),
            (["soon", "3h", "4h"], Some(3)),
            (["0s", "", "4h"], Some(4)),
            (["366d", "1 year", "5"], None),
            (["365d", "", ""], Some(365 * 24)),
        ];
        for ([pod, owner, namespace], hours) in rows {
            let expected = hours.map(|hours| Duration::from_secs(hours * HOUR));
            assert_eq!(
                of(pod, owner, namespace),
                expected,
                "{pod:?} {owner:?} {namespace:?}"
            );
        }
    }

    #[test]
    fn a_label_sets_no_turn() {
        let pod = Pod {
            labels: every("2h"),
            ..Pod::sample()
        };
        assert_eq!(every_of(&pod, &ScopeMetadata::default()), None);
    }

    #[test]
    fn a_value_that_cannot_be_read_is_named_with_what_would_be_right() {
        let rows = [
            ("3", "has no unit: write 3d, for example"),
            ("soon", "is not a duration: write 12h or 3d, for example"),
            ("-1d", "is negative: write 12h or 3d, for example"),
            ("0h", "is zero: write 12h or 3d, for example"),
            ("53w", "is longer than a year: write 365d or less"),
        ];
        for (value, fault) in rows {
            assert_eq!(
                unreadable_every(&every(value)),
                Some((value, fault.to_owned())),
                "{value}"
            );
        }
        assert_eq!(unreadable_every(&every("3d")), None);
    }
}
