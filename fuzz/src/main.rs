//! libFuzzer around the law that `MACAQUE_FUZZ` names. One program holds all of them, because each would link macaque.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use macaque_fuzz::Target;

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn target() -> &'static Target {
    let name = std::env::var("MACAQUE_FUZZ").unwrap_or_default();
    Target::find(&name).expect("MACAQUE_FUZZ names a target")
}

fuzz_target!(|bytes: &[u8]| TARGET.get_or_init(target).check(bytes));
