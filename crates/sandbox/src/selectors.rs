//! Selectors: which objects a client, a budget or a workload means.

pub(crate) mod fields;
pub(crate) mod labels;
