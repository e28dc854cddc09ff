//! Bounds what a reader may allocate for the bytes that it is given.

use std::alloc::System;
use std::panic;
use std::sync::Once;

use cap::Cap;

/// Counts what is allocated, and refuses more than the limit: the process then aborts, which fuzzing reports.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What any reader may allocate, however little it reads: its chunk, tables that are built once, and the laws' own.
const BASE: usize = 32 << 20;
/// What a reader may allocate for each byte: a JSON object of one byte's name takes some hundred bytes in memory.
const EACH_BYTE: usize = 1 << 10;

/// Runs `read`, which may allocate in proportion to `length`.
pub(crate) fn bounded(length: usize, read: impl FnOnce()) {
    // Whoever shows where a panic came from needs memory too.
    static LIFTED_BY_PANIC: Once = Once::new();
    LIFTED_BY_PANIC.call_once(|| {
        let show = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            set_limit(usize::MAX);
            show(panic);
        }));
    });

    let most = ALLOCATOR.allocated() + BASE + EACH_BYTE * length;
    set_limit(most);
    read();
    set_limit(usize::MAX);
}

fn set_limit(most: usize) {
    assert_eq!(
        ALLOCATOR.set_limit(most),
        Ok(()),
        "more is allocated than the limit"
    );
}
