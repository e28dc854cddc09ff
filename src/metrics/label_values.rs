//! The values that a label takes: so many and no more, however many names there are.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value of a label.
pub(super) type LabelValue = Cow<'static, str>;

/// The value that stands for every name that has none of its own. No object of Kubernetes is called so.
pub(super) const OTHER: &str = "_other";

/// The maximum length of a value: no name in Kubernetes is longer.
const MAX_LENGTH: usize = 512;

/// The values of one label.
#[derive(Debug)]
pub(super) struct LabelValues {
    limit: AtomicUsize,
    seen: Mutex<BTreeSet<LabelValue>>,
}

impl LabelValues {
    /// The first names that occur, up to so many.
    pub(super) fn up_to(limit: usize) -> Self {
        Self {
            limit: limit.into(),
            seen: Mutex::default(),
        }
    }

    /// These names and no others.
    pub(super) fn only(names: impl IntoIterator<Item = impl Into<LabelValue>>) -> Self {
        let names: BTreeSet<_> = names.into_iter().map(Into::into).collect();
        Self {
            limit: names.len().into(),
            seen: Mutex::new(names),
        }
    }

    /// The value for this name, and whether it occurs for the first time.
    pub(super) fn value(&self, name: &str) -> (LabelValue, bool) {
        let mut seen = self.seen();
        if let Some(known) = seen.get(name) {
            return (known.clone(), false);
        }

        let named = seen.len() - usize::from(seen.contains(OTHER));
        let value: LabelValue = if named < self.limit.load(Ordering::Relaxed) && name.len() <= MAX_LENGTH {
            name.to_owned().into()
        } else {
            OTHER.into()
        };
        let is_new = seen.insert(value.clone());
        (value, is_new)
    }

    /// The value for this name, which has one of its own from now on.
    pub(super) fn admit(&self, name: &str) -> LabelValue {
        let is_known = self.seen().contains(name);
        if !is_known {
            self.limit.fetch_add(1, Ordering::Relaxed);
        }
        self.value(name).0
    }

    /// Every value that occurred.
    pub(super) fn all(&self) -> Vec<LabelValue> {
        self.seen().iter().cloned().collect()
    }

    fn seen(&self) -> MutexGuard<'_, BTreeSet<LabelValue>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
