//! Reads how many pods of its workload a team wishes to stay ready: `macaque/min-ready`, which can only raise the guard
//! `min_ready`.

use std::collections::BTreeMap;

use super::MinReady;
use crate::annotations::MIN_READY;
use crate::levels::Level;

/// The most pods that the annotation may ask for: as many as the configuration may.
const MOST_READY: usize = 100;

/// How many pods of a workload must stay ready by an annotation, and where that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinReadyWish {
    /// How many.
    pub min_ready: MinReady,
    /// The annotation with its place: `macaque/min-ready = 2 on deployment/web`.
    pub said_by: String,
}

/// The wish of the nearest of these `levels` that has one; a value that cannot be read counts as if it were not there.
pub fn min_ready_of<'a>(levels: impl IntoIterator<Item = Level<'a>>) -> Option<MinReadyWish> {
    levels.into_iter().find_map(|level| {
        let min_ready = read(level.annotations.get(MIN_READY)?).ok()?;
        let said_by = format!("{MIN_READY} = {min_ready}{}", level.place);
        Some(MinReadyWish { min_ready, said_by })
    })
}

/// The value of the key among these annotations if it cannot be read, and what is wrong with it.
pub(crate) fn unreadable_min_ready(annotations: &BTreeMap<String, String>) -> Option<(&str, String)> {
    let value = annotations.get(MIN_READY)?;
    let fault = read(value).err()?;
    Some((value, fault))
}

/// The number of pods, or the share of them, that a value means, or what is wrong with it and what would be right.
fn read(value: &str) -> Result<MinReady, String> {
    let text = value.trim();
    let (digits, is_percent) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (text, false),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is neither a number nor a percentage: write 2 or 50%, for example".to_owned());
    }

    let number = digits.parse().ok().filter(|number| *number <= MOST_READY);
    match (number, is_percent) {
        (Some(percent), true) => Ok(MinReady::Percent(percent)),
        (Some(count), false) => Ok(MinReady::Count(count)),
        (None, true) => Err("is above 100%: write 100% or less".to_owned()),
        (None, false) => Err(format!(
            "is above {MOST_READY}: write a percentage, 50% for example"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::levels_around;
    use crate::pod::{Pod, PodOwner};
    use crate::scope_metadata::ObjectKeys;

    fn wish(value: &str) -> BTreeMap<String, String> {
        let annotations = BTreeMap::from([(MIN_READY.to_owned(), value.to_owned())]);
        if value.is_empty() {
            BTreeMap::new()
        } else {
            annotations
        }
    }

    fn of(pod: &str, owner: &str, namespace: &str) -> Option<String> {
        let keys = |value| ObjectKeys {
            annotations: wish(value),
            ..ObjectKeys::default()
        };
        let pod = Pod {
            annotations: wish(pod),
            owner: Some(PodOwner {
                kind: "Deployment".to_owned(),
                name: "cart".to_owned(),
            }),
            ..Pod::sample()
        };
        let wish = min_ready_of(levels_around(&pod, Some(&keys(owner)), Some(&keys(namespace))));
        wish.map(|wish| wish.said_by)
    }

    #[test]
    fn the_nearest_wish_that_can_be_read_counts_and_is_shown_with_its_place() {
        let namespace = Pod::sample().id.namespace;
        let on_namespace = format!("macaque/min-ready = 50% on namespace {namespace}");
        let rows = [
            (["", "", ""], None),
            (["1", "2", "50%"], Some("macaque/min-ready = 1")),
            (["", "2", "50%"], Some("macaque/min-ready = 2 on deployment/cart")),
            (["", "", " 50 % "], Some(&*on_namespace)),
            (
                ["half", "2", ""],
                Some("macaque/min-ready = 2 on deployment/cart"),
            ),
            (["101%", "101", "-1"], None),
            (["100%", "", ""], Some("macaque/min-ready = 100%")),
        ];
        for ([pod, owner, namespace], expected) in rows {
            assert_eq!(
                of(pod, owner, namespace).as_deref(),
                expected,
                "{pod:?} {owner:?} {namespace:?}"
            );
        }
    }

    #[test]
    fn a_wish_that_cannot_be_read_is_named_with_what_would_be_right() {
        let neither = "is neither a number nor a percentage: write 2 or 50%, for example";
        let rows = [
            ("half", neither),
            ("%", neither),
            ("-1", neither),
            ("1.5", neither),
            ("101", "is above 100: write a percentage, 50% for example"),
            (
                "99999999999999999999999",
                "is above 100: write a percentage, 50% for example",
            ),
            ("101%", "is above 100%: write 100% or less"),
        ];
        for (value, fault) in rows {
            assert_eq!(
                unreadable_min_ready(&wish(value)),
                Some((value, fault.to_owned())),
                "{value}"
            );
        }
        assert_eq!(unreadable_min_ready(&wish("2")), None);
    }
}
