//! Proves the plan: when, on whom, and how.

use std::time::Duration;

use jiff::tz::TimeZone;

use macaque_core::config::{ChaosConfig, DisruptConfig, DrawBy, IncludedRule, NamespaceScope, TargetConfig};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::schedule::{Calendar, CronError, CronSchedule, QuietTime, QuietTimes, parse_zone};
use macaque_core::selector::Selector;

use super::ScheduleNeed;
use super::decoder::{GivenValue, SettingsDecoder};
use super::environment;
use super::mistake::{MistakeReported, quote};
use super::{journal, limits};

/// More victims than this a round are an outage, not an experiment.
const MOST_VICTIMS: usize = 100;
/// Each attempt may take the API server's time-out; more of them would outlast any schedule.
const MOST_ATTEMPTS: usize = 1000;
/// A round that starts later belongs to another hour of people's day.
const LATEST_START: Duration = Duration::from_secs(3600);
/// A pod that ends more slowly than this is not disrupted in any useful sense.
const LONGEST_GRACE: Duration = Duration::from_secs(24 * 3600);
/// Older than a year is hardly a pod's age; the bound keeps the arithmetic of instants far from its limits.
const OLDEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Decodes `dry_run`, `[schedule]`, `[target]` and `[disrupt]`.
pub(super) fn plan(
    d: &mut SettingsDecoder,
    need: ScheduleNeed,
    home: &OwnNamespaces<'_>,
) -> Result<ChaosConfig, MistakeReported> {
    let dry_run = d.boolean("dry_run");
    let journal = journal::journal(d, home.pod_namespace.or(home.account_namespace));
    let calendar = match need {
        ScheduleNeed::Required => needed_calendar(d).map(Some),
        ScheduleNeed::Optional => optional_calendar(d),
    };
    let starting_deadline = starting_deadline(d);
    let target = target(d, home.account_namespace);
    let disrupt = disrupt(d);
    let limits = limits::limits(d);
    Ok(ChaosConfig {
        dry_run: dry_run?.value,
        calendar: calendar?,
        target: target?,
        disrupt: disrupt?,
        limits: limits?,
        starting_deadline: starting_deadline?,
        journal: journal?,
    })
}

/// Where macaque lives, as far as it knows.
pub(super) struct OwnNamespaces<'a> {
    /// The namespace of the service account around it.
    pub(super) account_namespace: Option<&'a str>,
    /// The namespace that its pod is said to be in.
    pub(super) pod_namespace: Option<&'a str>,
}

/// Decodes `[schedule]` where a schedule must be set.
pub(super) fn needed_calendar(d: &mut SettingsDecoder) -> Result<Calendar, MistakeReported> {
    let cron = d.optional("schedule.cron").and_then(|line| match line {
        Some(line) => crontab(d, line),
        None => Err(d.missing(
            "schedule.cron",
            "is not set, so that no round would ever be due",
            "set it in the file, such as cron = \"*/30 9-16 * * Mon-Fri\", or with MACAQUE_SCHEDULE__CRON",
        )),
    });
    let clock = clock(d);
    let (cron, (zone, quiet)) = (cron?, clock?);
    Ok(Calendar::new(cron, zone, quiet))
}

/// Decodes `[schedule]` where none is needed: what is set must be right all the same.
fn optional_calendar(d: &mut SettingsDecoder) -> Result<Option<Calendar>, MistakeReported> {
    let cron = d
        .optional("schedule.cron")
        .and_then(|line| line.map(|line| crontab(d, line)).transpose());
    let clock = clock(d);
    let (cron, (zone, quiet)) = (cron?, clock?);
    Ok(cron.map(|cron| Calendar::new(cron, zone, quiet)))
}

fn clock(d: &mut SettingsDecoder) -> Result<(TimeZone, QuietTimes), MistakeReported> {
    let zone = d
        .text("schedule.timezone")
        .and_then(|name| parse_zone(&name.value).map_err(|error| d.refuse_fault(&name, error)));
    let quiet = d.list("schedule.quiet").and_then(|entries| quiet(d, entries));
    Ok((zone?, quiet?))
}

fn starting_deadline(d: &mut SettingsDecoder) -> Result<Duration, MistakeReported> {
    let deadline = d
        .text("schedule.starting_deadline")
        .and_then(|text| d.duration(text))?;
    match deadline.value {
        value if value < Duration::from_secs(1) => {
            Err(d.refuse(&deadline, "is less than a second", "use \"1s\" or more"))
        }
        value if value > LATEST_START => {
            Err(d.refuse(&deadline, "is longer than an hour", "use \"1h\" or less"))
        }
        value => Ok(value),
    }
}

fn crontab(d: &mut SettingsDecoder, line: GivenValue<String>) -> Result<CronSchedule, MistakeReported> {
    let cron: Result<CronSchedule, CronError> = line.value.parse();
    cron.and_then(|cron| cron.must_fire().map(|()| cron))
        .map_err(|error| d.refuse_fault(&line, error))
}

fn quiet(d: &mut SettingsDecoder, entries: Vec<GivenValue<String>>) -> Result<QuietTimes, MistakeReported> {
    all(entries, |entry| {
        entry
            .value
            .parse::<QuietTime>()
            .map_err(|error| match entry.value.contains(',') {
                // A comma belongs to a list of weekdays, so that it cannot part the quiet times of a variable.
                true if of_variable(&entry) => d.refuse(
                    &entry,
                    error,
                    "between two quiet times of a variable put a semicolon",
                ),
                _ => d.refuse_fault(&entry, error),
            })
    })
}

fn of_variable(given: &GivenValue<String>) -> bool {
    given.source.as_deref().is_some_and(environment::is_origin)
}

fn target(d: &mut SettingsDecoder, own_namespace: Option<&str>) -> Result<TargetConfig, MistakeReported> {
    let namespaces = d
        .list("target.namespaces")
        .and_then(|names| namespaces(d, names, own_namespace));
    let selector = d.text("target.selector").and_then(|text| {
        let selector = text.value.parse::<Selector>();
        selector.map_err(|error| d.refuse_fault(&text, error))
    });
    let min_age = d
        .text("target.min_age")
        .and_then(|text| d.duration(text))
        .and_then(|age| match age.value {
            value if value <= OLDEST => Ok(value),
            _ => Err(d.refuse(&age, "is longer than a year", "use \"8760h\" or less")),
        });
    let include = d
        .list("target.include")
        .and_then(|words| all(words, |word| include(d, word)))
        .map(|mut words: Vec<IncludedRule>| {
            words.sort();
            words.dedup();
            words
        });
    Ok(TargetConfig {
        namespaces: namespaces?,
        selector: selector?,
        min_age: min_age?,
        include: include?,
    })
}

fn namespaces(
    d: &mut SettingsDecoder,
    names: Vec<GivenValue<String>>,
    own: Option<&str>,
) -> Result<NamespaceScope, MistakeReported> {
    match (names.as_slice(), own) {
        ([], Some(own)) => return Ok(NamespaceScope::Named(vec![own.to_owned()])),
        ([], None) => {
            return Err(d.missing(
                "target.namespaces",
                "is not set, and macaque does not run in a namespace of its own",
                "set it with --namespace, in the file, such as namespaces = [\"shop\"], or with \
                 MACAQUE_TARGET__NAMESPACES; a kubeconfig's own namespace is not used",
            ));
        }
        ([only], _) if only.value == "*" => return Ok(NamespaceScope::All),
        _ => {}
    }
    let mut named: Vec<String> = all(names, |name| match namespace_fault(&name.value) {
        None => Ok(name.value),
        Some(wrong) => Err(d.refuse(
            &name,
            wrong,
            "use names of namespaces, such as [\"shop\"], or [\"*\"] alone for every namespace",
        )),
    })?;
    let mut seen = std::collections::HashSet::new();
    named.retain(|name| seen.insert(name.clone()));
    Ok(NamespaceScope::Named(named))
}

/// What keeps a name from being a namespace's: Kubernetes wants a DNS label (RFC 1123).
fn namespace_fault(name: &str) -> Option<String> {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fault = match name {
        "*" => return Some("\"*\" is every namespace, so that no other can stand beside it".to_owned()),
        "" => "is empty",
        _ if name.len() > 63 => "is longer than 63 characters",
        _ if !name.chars().all(is_inner) => "has other characters than a-z, 0-9 and -",
        _ if name.starts_with('-') || name.ends_with('-') => "begins or ends with -",
        _ => return None,
    };
    Some(format!("{} is no name of a namespace: it {fault}", quote(name)))
}

fn include(d: &mut SettingsDecoder, word: GivenValue<String>) -> Result<IncludedRule, MistakeReported> {
    let known = IncludedRule::ALL
        .into_iter()
        .find(|known| known.as_str() == word.value);
    known.ok_or_else(|| {
        d.refuse_word(
            &word,
            "an exemption that can be opened",
            &IncludedRule::ALL.map(IncludedRule::as_str),
        )
    })
}

fn disrupt(d: &mut SettingsDecoder) -> Result<DisruptConfig, MistakeReported> {
    let method = d.text("disrupt.method").and_then(|word| {
        let known = DisruptionMethod::ALL
            .into_iter()
            .find(|known| known.as_str() == word.value);
        known.ok_or_else(|| {
            d.refuse_word(
                &word,
                "a method",
                &DisruptionMethod::ALL.map(DisruptionMethod::as_str),
            )
        })
    });
    let draw = d.text("disrupt.draw").and_then(|word| {
        let known = DrawBy::ALL.into_iter().find(|known| known.as_str() == word.value);
        known.ok_or_else(|| d.refuse_word(&word, "what can be drawn", &DrawBy::ALL.map(DrawBy::as_str)))
    });
    let grace_period = d.optional("disrupt.grace_period").and_then(|text| match text {
        Some(text) => grace_period(d, text).map(Some),
        None => Ok(None),
    });
    let count = d.count("disrupt.count", MOST_VICTIMS);
    let attempts = d.count("disrupt.attempts", MOST_ATTEMPTS);
    let counts = match (count, attempts) {
        // The default gives way: who asks for many victims need not ask for as many attempts too.
        (Ok(count), Ok(attempts)) if attempts.source.is_none() => {
            Ok((count.value, attempts.value.max(count.value)))
        }
        (Ok(count), Ok(attempts)) if attempts.value < count.value => {
            let wrong = format!(
                "{} is less than {} in {}",
                attempts.value,
                count.value,
                count.place()
            );
            Err(d.refuse(&attempts, wrong, format!("use {} or more", count.value)))
        }
        (count, attempts) => count.and_then(|count| Ok((count.value, attempts?.value))),
    };
    let (count, attempts) = counts?;
    Ok(DisruptConfig {
        method: method?,
        count,
        grace_period: grace_period?,
        attempts,
        draw: draw?,
    })
}

fn grace_period(d: &mut SettingsDecoder, text: GivenValue<String>) -> Result<Duration, MistakeReported> {
    let shown = quote(&text.value);
    let grace = d.duration(text)?;
    let (wrong, right) = match grace.value {
        Duration::ZERO => (
            format!(
                "{shown} would take the pod off the API server at once, whether or not its containers ended"
            ),
            "use \"1s\" or more, or leave it empty for the pod's own",
        ),
        value if value.subsec_nanos() != 0 => (
            format!("{shown} is not a number of whole seconds, as Kubernetes wants it"),
            "use \"1s\", \"2s\" and so on",
        ),
        value if value > LONGEST_GRACE => (format!("{shown} is longer than a day"), "use \"24h\" or less"),
        value => return Ok(value),
    };
    Err(d.refuse(&grace, wrong, right))
}

/// Converts every element, so that each that is wrong is reported, not just the first.
fn all<T, C: FromIterator<T>>(
    entries: Vec<GivenValue<String>>,
    convert: impl FnMut(GivenValue<String>) -> Result<T, MistakeReported>,
) -> Result<C, MistakeReported> {
    let converted: Vec<_> = entries.into_iter().map(convert).collect();
    converted.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_dns_label() {
        for good in ["shop", "team-1", "0", &"a".repeat(63)] {
            assert_eq!(namespace_fault(good), None, "{good}");
        }
        for bad in ["", "Shop", "a.b", "-a", "a-", "a_b", "*", "é", &"a".repeat(64)] {
            assert!(namespace_fault(bad).is_some(), "{bad}");
        }
    }
}
