//! Label and field selectors.

pub(crate) mod fields;
pub(crate) mod labels;
