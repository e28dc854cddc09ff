//! What macaque's tests share: a fault proxy, a cluster fixture, and one way to run the program.

pub mod cluster;
pub mod fault_proxy;
pub mod program;
pub mod tcp_proxy;
