//! The report as JUnit XML, which pipelines read: a suite for each namespace, in it a test case for each owner.
//!
//! An owner fails if it recovered late or not in time. It is skipped, with the reason, if there was no recovery to judge, and
//! is an error if nobody knows whether one of its pods was disrupted.

use std::collections::BTreeMap;
use std::io;

use macaque_core::resilience::{OwnerFinding, OwnerResilience};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

use super::words::ReportWords;
use crate::text;

/// How many of the gaps are named as properties.
const MOST_GAPS: usize = 50;

/// What a test case comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CaseResult {
    Passed,
    Failed,
    Error,
    Skipped,
}

/// How many cases came to what.
#[derive(Debug, Clone, Copy, Default)]
struct CaseCounts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

type XmlWriter = Writer<Vec<u8>>;

/// The document.
pub(super) fn junit(words: &ReportWords<'_>) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write_document(&mut writer, words).expect("a vector takes whatever is written");
    let mut document = writer.into_inner();
    document.push(b'\n');
    document
}

fn write_document(writer: &mut XmlWriter, words: &ReportWords<'_>) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<&OwnerResilience>> = BTreeMap::new();
    for owner in &words.report.owners {
        suites.entry(&owner.owner.namespace).or_default().push(owner);
    }
    if suites.is_empty() {
        // Only a suite has properties, which say what is not known.
        suites.insert("macaque", Vec::new());
    }

    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts = CaseCounts::of(words.report.owners.iter()).attributes();
    let root = writer
        .create_element("testsuites")
        .with_attribute(("name", "macaque"));
    let root = root.with_attributes(borrowed(&counts));
    root.write_inner_content(|writer| {
        for (namespace, owners) in suites {
            write_suite(writer, words, namespace, &owners)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_suite(
    writer: &mut XmlWriter,
    words: &ReportWords<'_>,
    namespace: &str,
    owners: &[&OwnerResilience],
) -> io::Result<()> {
    let namespace = xml(namespace);
    let counts = CaseCounts::of(owners.iter().copied()).attributes();
    let timestamp = words.report.to.strftime("%Y-%m-%dT%H:%M:%S").to_string();

    let suite = writer
        .create_element("testsuite")
        .with_attribute(("name", &*namespace));
    let suite = suite.with_attributes(borrowed(&counts));
    let suite = suite.with_attribute(("timestamp", &*timestamp));
    suite.write_inner_content(|writer| {
        write_properties(writer, words)?;
        for owner in owners {
            write_case(writer, &namespace, owner)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_properties(writer: &mut XmlWriter, words: &ReportWords<'_>) -> io::Result<()> {
    let report = words.report;
    let mut properties = vec![
        ("macaque.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("from", report.from.to_string()),
        ("to", report.to.to_string()),
        ("rounds", report.rounds.to_string()),
        ("dry-run", report.dry_run.to_string()),
    ];
    let gaps = report.gaps.iter().take(MOST_GAPS);
    properties.extend(gaps.map(|gap| ("gap", xml(gap))));

    let element = writer.create_element("properties");
    element.write_inner_content(|writer| {
        for (name, value) in &properties {
            let property = writer.create_element("property").with_attribute(("name", *name));
            property.with_attribute(("value", &**value)).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_case(writer: &mut XmlWriter, namespace: &str, owner: &OwnerResilience) -> io::Result<()> {
    let name = xml(&format!("{} recovers", owner.owner.owner));
    let message = xml(&owner.to_string());
    let time = owner.recovery.p90_ms.map(seconds);

    let case = writer
        .create_element("testcase")
        .with_attributes([("classname", namespace), ("name", &*name)]);
    let case = case.with_attributes(time.as_deref().map(|time| ("time", time)));
    let element = match CaseResult::of(owner) {
        CaseResult::Passed => {
            case.write_empty()?;
            return Ok(());
        }
        CaseResult::Failed => "failure",
        CaseResult::Error => "error",
        CaseResult::Skipped => "skipped",
    };
    case.write_inner_content(|writer| {
        let reason = writer
            .create_element(element)
            .with_attribute(("message", &*message));
        let reason =
            reason.with_attributes((element != "skipped").then_some(("type", owner.finding.as_str())));
        reason.write_empty()?;
        Ok(())
    })?;
    Ok(())
}

impl CaseResult {
    fn of(owner: &OwnerResilience) -> Self {
        match owner.finding {
            OwnerFinding::Unrecovered | OwnerFinding::Slow => Self::Failed,
            OwnerFinding::Unknown => Self::Error,
            OwnerFinding::Recovered => Self::Passed,
            OwnerFinding::Recovering
            | OwnerFinding::Refused
            | OwnerFinding::Held
            | OwnerFinding::NotDrawn
            | OwnerFinding::Gone
            | OwnerFinding::Unwatched
            | OwnerFinding::Exempt
            | OwnerFinding::Disrupted
            | OwnerFinding::Picked => Self::Skipped,
        }
    }
}

impl CaseCounts {
    fn of<'a>(owners: impl Iterator<Item = &'a OwnerResilience>) -> Self {
        let mut counts = Self::default();
        for owner in owners {
            counts.tests += 1;
            match CaseResult::of(owner) {
                CaseResult::Passed => {}
                CaseResult::Failed => counts.failures += 1,
                CaseResult::Error => counts.errors += 1,
                CaseResult::Skipped => counts.skipped += 1,
            }
        }
        counts
    }

    fn attributes(self) -> [(&'static str, String); 4] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
        ]
    }
}

fn borrowed<'a>(attributes: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    attributes.iter().map(|(name, value)| (*name, &**value))
}

/// Milliseconds as seconds.
fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

/// Text as one line of the characters that XML 1.0 has; the writer escapes what has a meaning.
fn xml(words: &str) -> String {
    let line = text::line(words);
    line.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
