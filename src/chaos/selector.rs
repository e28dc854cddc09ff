//! Label selectors, as `kubectl -l` takes them.

/// A label selector.
#[derive(Debug, Clone, Default)]
pub struct Selector {}
