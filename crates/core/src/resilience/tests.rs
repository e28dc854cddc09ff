//! What is said of each owner.
