//! What the kernel knows of this process.

use std::fs;

/// The kernel's account of this process; Linux alone has it.
const STATUS: &str = "/proc/self/status";

/// The resident memory of this process in bytes, where the kernel tells it.
pub(super) fn resident_memory() -> Option<i64> {
    resident_in(&fs::read_to_string(STATUS).ok()?)
}

/// The resident memory in a kernel's account of a process: a line `VmRSS: 9180 kB`.
fn resident_in(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_read_in_bytes_or_not_at_all() {
        let table = [
            (
                "VmPeak:\t  20 kB\nVmRSS:\t    9180 kB\nVmSwap: 1 kB\n",
                Some(9_400_320),
            ),
            ("VmRSS:\t9180 MB\n", None),
            ("VmRSS:\n", None),
            ("VmRSS: 9223372036854775807 kB\n", None),
            ("", None),
        ];

        for (status, bytes) in table {
            assert_eq!(resident_in(status), bytes, "{status:?}");
        }
    }
}
