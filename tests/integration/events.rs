//! Kubernetes Events over HTTP: what is written on which object, how often it is tried, and when it is given up.

mod daemon;
mod faults;
mod fixture;
mod objects;
mod once;
