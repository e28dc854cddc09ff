//! The history over HTTP: what is written after a round, with replicas, conflicts and damage, and what is logged.

mod check;
mod damage;
mod fixture;
mod log;
mod once;
mod writes;
