//! Tests come with the suite.
