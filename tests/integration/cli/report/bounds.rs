//! Ten thousand owners: every one is in the formats for programs, and a comment still fits.

use macaque_testkit::history_log::{entry_line, evicted};
use serde_json::json;

use super::{FORMATS, printed};

/// How many owners there are.
const OWNERS: usize = 10_000;

fn large_log() -> String {
    let entries = (0..OWNERS).map(|index| {
        let mut entry = evicted("Deployment", &format!("web-{index:05}"), 2, "recovered");
        entry["recovery"]["times"]["whole_ms"] = json!(4_000);
        entry["pod"]["namespace"] = json!(format!("team-{}", index % 50));
        entry["number"] = json!(index + 1);
        entry_line(&entry)
    });
    entries.collect()
}

#[test]
fn ten_thousand_owners_are_reported_and_a_comment_says_how_many_it_leaves_out() {
    let log = large_log();
    for format in FORMATS {
        let output = printed(&log, &format!("-o {format}"));
        assert_eq!(output.code, 0, "{format}: {}", output.err);
        let named = output.out.matches("web-0").count();
        if format == "markdown" {
            assert!(output.out.len() <= 60_000, "{}", output.out.len());
            assert!(
                output
                    .out
                    .contains(&format!("… and {} more owners", OWNERS - named)),
                "{named}"
            );
            assert!(named > 300, "{named}");
        } else {
            assert_eq!(named, OWNERS, "{format}");
            assert!(
                output.out.len() < OWNERS * 2_000,
                "{format}: {}",
                output.out.len()
            );
        }
    }
}
