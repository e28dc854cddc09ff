//! Promises of `macaque plan` and `macaque why`, of the shipped binary against the embedded sandbox: they predict
//! what a round does, they explain, and they never write.

mod agreement;
mod asking;
mod faults;
mod fixture;
mod funnel;
mod guard_agreement;
mod guards;
mod plan;
mod recorded;
mod recoveries;
mod sampling;
mod turns;
mod why;
