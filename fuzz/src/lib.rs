//! Laws of everything that macaque reads: each is a function of bytes that panics where the law does not hold.
//!
//! libFuzzer runs them on bytes that it makes up (`just fuzz`), and the test `corpus` on those that it kept. A law says
//! more than that a reader does not fall over: what is read is written and read again as the same, an error names its
//! place, and two readers of one thing agree.

#![expect(clippy::panic, reason = "a law that does not hold panics")]

mod answers;
mod headers;
mod keys;
mod kubeconfig;
mod lists;
mod memory;
mod names;
mod protobuf;
mod sandbox;
mod schedule;
mod settings;
mod stored;
mod text;
mod times;

/// One law, with what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name, which its folder of the corpus has too.
    pub name: &'static str,
    /// What holds, in words.
    pub law: &'static str,
    /// The longest input that is tried, in bytes.
    pub longest: usize,
    check: fn(&[u8]),
}

impl Target {
    const fn new(name: &'static str, longest: usize, law: &'static str, check: fn(&[u8])) -> Self {
        Self {
            name,
            law,
            longest,
            check,
        }
    }

    /// The target of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Checks the law for these bytes.
    ///
    /// # Panics
    /// The law does not hold.
    pub fn check(&self, bytes: &[u8]) {
        memory::bounded(bytes.len(), || (self.check)(bytes));
    }
}

/// Every law.
pub const TARGETS: [Target; 22] = [
    Target::new("settings", 8192, settings::FILE_LAW, settings::file),
    Target::new(
        "environment",
        2048,
        settings::ENVIRONMENT_LAW,
        settings::environment,
    ),
    Target::new("cron", 256, schedule::CRON_LAW, schedule::cron),
    Target::new("quiet", 512, schedule::QUIET_LAW, schedule::quiet),
    Target::new("durations", 128, times::DURATIONS_LAW, times::durations),
    Target::new("past_times", 128, times::PAST_TIMES_LAW, times::past_times),
    Target::new("selectors", 512, names::SELECTORS_LAW, names::selectors),
    Target::new("globs", 256, names::GLOBS_LAW, names::globs),
    Target::new("kubeconfig", 4096, kubeconfig::LAW, kubeconfig::kubeconfig),
    Target::new("answers", 2048, answers::ANSWERS_LAW, answers::answers),
    Target::new("watch_lines", 4096, answers::WATCH_LAW, answers::watch_lines),
    Target::new("tables", 4096, answers::TABLES_LAW, answers::tables),
    Target::new("lists", 4096, lists::LISTS_LAW, lists::lists),
    Target::new("metadata", 4096, lists::METADATA_LAW, lists::metadata),
    Target::new("metadata_forms", 2048, lists::FORMS_LAW, lists::metadata_forms),
    Target::new("journal", 8192, stored::JOURNAL_LAW, stored::journal),
    Target::new("history", 8192, stored::HISTORY_LAW, stored::history),
    Target::new("log", 8192, stored::LOG_LAW, stored::log),
    Target::new("annotations", 1024, keys::LAW, keys::annotations),
    Target::new("headers", 512, headers::LAW, headers::headers),
    Target::new("sandbox_reading", 4096, sandbox::READING_LAW, sandbox::reading),
    Target::new("sandbox_requests", 4096, sandbox::REQUESTS_LAW, sandbox::requests),
];
