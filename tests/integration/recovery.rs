//! Recoveries over HTTP: what a watch shows, how a recovery is followed, and what becomes of it where the watch, the
//! server or the owner misbehaves.

mod fixture;
mod followed;
mod owners;
mod servers;
mod sleeping;
mod watches;
