//! What `macaque migrate` prints is accepted by macaque, and means what the other tool was configured to do.

mod documents;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{DateTime, date};
use jiff::{Span, ToSpan as _};
use macaque::migrate::{Migration, OldSources, OldTool};
use macaque::settings::{self, ScheduleNeed, SettingsSources, ValidSettings};
use macaque_core::config::{DisruptionPace, DrawBy, NamespaceScope, TargetMode};
use macaque_core::outcome::DisruptionMethod;
use proptest::prelude::*;
use tempfile::TempDir;

/// The settings of a file, whose secrets are where a container would have them.
fn load(toml: &str) -> ValidSettings {
    let dir = TempDir::new().unwrap();
    for (name, secret) in [
        ("slack-webhook", "https://hooks.example/services/1"),
        ("slack-token", "t"),
        ("webex-token", "t"),
        ("proxy", "http://proxy.example:3128"),
    ] {
        std::fs::write(dir.path().join(name), secret).unwrap();
    }
    let file = dir.path().join("macaque.toml");
    let directory = format!("{}/", dir.path().display());
    std::fs::write(&file, toml.replace("/etc/macaque/secrets/", &directory)).unwrap();

    let sources = SettingsSources {
        file: Some(file),
        service_account_namespace: Some("own".into()),
        ..SettingsSources::default()
    };
    settings::load(&sources, ScheduleNeed::Required).unwrap_or_else(|mistakes| panic!("{mistakes}\n{toml}"))
}

/// The file with its commented guards switched off.
fn without_guards(toml: &str) -> String {
    let (before, guards) = toml.split_once("# [guards]\n").unwrap();
    format!("{before}\n[guards]\n{}", guards.replace("# ", ""))
}

/// The migration of a tool with these arguments.
fn migrated(tool: OldTool, args: Vec<String>) -> Migration {
    let sources = OldSources {
        args,
        ..OldSources::default()
    };
    tool.migrate(&sources)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What chaoskube is configured to do, as its flags say it.
#[derive(Debug, Clone)]
struct ChaoskubeFlags {
    /// An interval that a crontab line repeats, and the line.
    interval: Option<(&'static str, &'static str)>,
    labels: Option<&'static str>,
    namespaces: BTreeSet<&'static str>,
    kinds: BTreeSet<&'static str>,
    weekdays: BTreeSet<i8>,
    hours: Option<(u16, u16)>,
    date: Option<(i8, i8)>,
    min_age: Option<u64>,
    max_kill: Option<usize>,
    grace: Option<u64>,
    is_armed: bool,
    webhook: bool,
    annotations: bool,
}

const INTERVALS: [(&str, &str); 5] = [
    ("1m", "* * * * *"),
    ("15m", "*/15 * * * *"),
    ("1h0m0s", "0 * * * *"),
    ("90s", "*/2 * * * *"),
    ("36h", "0 0 * * 0"),
];
const LABELS: [&str; 3] = ["app=web", "app in (web,cart),!canary", "tier notin (db)"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn flags() -> impl Strategy<Value = ChaoskubeFlags> {
    let names =
        |names: &'static [&'static str]| prop::collection::btree_set(prop::sample::select(names), 0..3);
    let scope = (
        prop::option::of(prop::sample::select(&LABELS[..])),
        names(&["shop", "cart", "kube-system"]),
        names(&["DaemonSet", "Job"]),
        prop::option::of(0..100_000_u64),
        any::<bool>(),
    );
    let times = (
        prop::option::of(prop::sample::select(&INTERVALS[..])),
        prop::collection::btree_set(1..=7_i8, 0..4),
        prop::option::of((0..1440_u16, 0..1440_u16)),
        prop::option::of((1..=12_i8, 1..=28_i8)),
    );
    let disruption = (
        prop::option::of(1..=100_usize),
        prop::option::of(1..=86_400_u64),
        any::<bool>(),
        any::<bool>(),
    );
    (scope, times, disruption).prop_map(
        |(
            (labels, namespaces, kinds, min_age, annotations),
            (interval, weekdays, hours, date),
            disruption,
        )| {
            let (max_kill, grace, is_armed, webhook) = disruption;
            ChaoskubeFlags {
                interval,
                labels,
                namespaces,
                kinds,
                weekdays,
                hours,
                date,
                min_age,
                max_kill,
                grace,
                is_armed,
                webhook,
                annotations,
            }
        },
    )
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl ChaoskubeFlags {
    fn args(&self) -> Vec<String> {
        let list = |names: Vec<String>| (!names.is_empty()).then(|| names.join(","));
        let texts = |names: &BTreeSet<&str>| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let values = [
            ("interval", self.interval.map(|(text, _)| text.to_owned())),
            ("labels", self.labels.map(str::to_owned)),
            ("namespaces", list(texts(&self.namespaces))),
            (
                "kinds",
                list(self.kinds.iter().map(|kind| format!("!{kind}")).collect()),
            ),
            (
                "excluded-weekdays",
                list(
                    self.weekdays
                        .iter()
                        .map(|day| DAYS[*day as usize - 1].to_owned())
                        .collect(),
                ),
            ),
            (
                "excluded-times-of-day",
                self.hours
                    .map(|(from, to)| format!("{}-{}", clock(from), clock(to))),
            ),
            (
                "excluded-days-of-year",
                self.date
                    .map(|(month, day)| format!("{}{day}", MONTHS[month as usize - 1])),
            ),
            ("minimum-age", self.min_age.map(|seconds| format!("{seconds}s"))),
            ("max-kill", self.max_kill.map(|count| count.to_string())),
            ("grace-period", self.grace.map(|seconds| format!("{seconds}s"))),
            (
                "slack-webhook",
                self.webhook.then(|| "https://hooks.example/secret".to_owned()),
            ),
            ("annotations", self.annotations.then(|| "chaos=on".to_owned())),
        ];
        let flags = values
            .into_iter()
            .filter_map(|(name, value)| Some(format!("--{name}={}", value?)));
        flags
            .chain(self.is_armed.then(|| "--no-dry-run".to_owned()))
            .collect()
    }

    /// Whether chaoskube disrupts nothing at this time on the wall clock, half a minute after a full one.
    fn is_quiet(&self, local: DateTime) -> bool {
        let weekday = local.weekday().to_monday_one_offset();
        let minute = 60 * local.hour() as u16 + local.minute() as u16;
        let in_hours = self.hours.is_some_and(|(from, to)| {
            if from < to {
                (from..to).contains(&minute)
            } else {
                from != to && (minute >= from || minute < to)
            }
        });
        let on_date = self.date == Some((local.month(), local.day()));
        self.weekdays.contains(&weekday) || in_hours || on_date
    }

    /// Asserts that these settings do the same.
    fn assert_same(&self, loaded: &ValidSettings) -> Result<(), TestCaseError> {
        let config = &loaded.config;
        let calendar = config.calendar.as_ref().unwrap();
        prop_assert_eq!(config.dry_run, !self.is_armed);
        let is_opt_in = config.target.mode == TargetMode::OptIn;
        prop_assert_eq!(is_opt_in, self.annotations);
        prop_assert_eq!(
            calendar.cron().to_string(),
            self.interval.map_or("*/10 * * * *", |(_, line)| line)
        );
        prop_assert_eq!(
            &config.target.selector,
            &self.labels.unwrap_or_default().parse().unwrap()
        );
        let named = NamespaceScope::Named(self.namespaces.iter().map(|name| (*name).to_owned()).collect());
        let scope = if self.namespaces.is_empty() {
            NamespaceScope::All
        } else {
            named
        };
        prop_assert_eq!(&config.target.namespaces, &scope);
        prop_assert_eq!(
            config.target.min_age,
            Duration::from_secs(self.min_age.unwrap_or(0))
        );
        for (kind, rule) in [("DaemonSet", "daemonset"), ("Job", "job")] {
            prop_assert_eq!(config.target.include.contains(&rule), !self.kinds.contains(kind));
        }
        let reaches_system = self.namespaces.is_empty() || self.namespaces.contains("kube-system");
        prop_assert_eq!(
            config.target.include.contains(&"system-namespaces"),
            reaches_system
        );
        prop_assert_eq!(config.disrupt.count.most(), self.max_kill.unwrap_or(1));
        prop_assert_eq!(config.disrupt.grace_period, self.grace.map(Duration::from_secs));
        prop_assert_eq!(config.disrupt.method, DisruptionMethod::Delete);
        prop_assert_eq!(config.disrupt.draw, DrawBy::Owner);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_configuration_of_chaoskube_means_the_same_to_macaque(
        flags in flags(),
        minutes in prop::collection::vec(0..2 * 366 * 1440_i64, 50),
    ) {
        let migration = migrated(OldTool::Chaoskube, flags.args());
        let toml = migration.to_toml();
        prop_assert!(!toml.contains("hooks.example"), "{}", toml);
        let loaded = load(&toml);
        flags.assert_same(&loaded)?;
        load(&without_guards(&toml));

        let quiet = loaded.config.calendar.as_ref().unwrap().quiet();
        for minute in minutes {
            let offset: Span = minute.minutes();
            let local = date(2027, 1, 1).at(0, 0, 30, 0) + offset;
            prop_assert_eq!(quiet.covering(local).is_some(), flags.is_quiet(local), "{}", local);
        }
    }

    #[test]
    fn every_window_of_kube_monkey_means_the_same_to_macaque(
        hours in prop::sample::subsequence((0..24_u8).collect::<Vec<_>>(), 3),
        days in prop::collection::btree_set(0..7_usize, 1..7),
        grace in 0..100_u32,
    ) {
        let [run, start, end] = hours[..] else { unreachable!() };
        let names: Vec<_> = days.iter().map(|day| format!("\"{}\"", DAYS[*day].to_lowercase())).collect();
        let file = format!(
            "[kubemonkey]\nrun_hour = {run}\nstart_hour = {start}\nend_hour = {end}\nrun_days = [{}]\n\
             graceperiod_sec = {grace}\n[notifications]\nproxy = \"http://p\"\n",
            names.join(", ")
        );
        let sources = OldSources { file: Some(file), ..OldSources::default() };
        let toml = OldTool::KubeMonkey.migrate(&sources).unwrap().to_toml();
        let loaded = load(&toml);
        load(&without_guards(&toml));

        let calendar = loaded.config.calendar.unwrap();
        let slots = calendar.upcoming("2027-01-01T00:00:00Z".parse().unwrap()).take(60);
        for slot in slots {
            let local = slot.instant.to_zoned(calendar.zone().clone());
            let weekday = local.weekday().to_monday_zero_offset() as usize;
            prop_assert!(days.contains(&weekday) && (start as i8..end as i8).contains(&local.hour()), "{}", local);
        }
        prop_assert_eq!(loaded.config.disrupt.grace_period, Some(Duration::from_secs(u64::from(grace.max(1)))));
        prop_assert!(loaded.config.dry_run);
        prop_assert_eq!(loaded.config.target.mode, TargetMode::OptIn);
        let is_by_chance = matches!(loaded.config.disrupt.pace, DisruptionPace::Chance { .. });
        prop_assert!(is_by_chance);
    }
}

#[test]
fn the_go_macaques_configuration_means_the_same_to_macaque() {
    let args = [
        "-crontab",
        "*/5 9-16 * * 1-5",
        "-selector=app=web",
        "-slack-token=t",
        "-slack-channel=C0123456789",
    ];
    let migration = migrated(OldTool::Macaque, args.map(str::to_owned).to_vec());
    let loaded = load(&migration.to_toml());
    load(&without_guards(&migration.to_toml()));
    assert!(!loaded.config.dry_run);
    assert_eq!(
        loaded.config.calendar.unwrap().cron().to_string(),
        "*/5 9-16 * * 1-5"
    );
    // As the Go macaque, it looks where it runs.
    assert_eq!(
        loaded.config.target.namespaces,
        NamespaceScope::Named(vec!["own".into()])
    );
    assert_eq!(loaded.config.disrupt.method, DisruptionMethod::Delete);
}

#[test]
fn a_value_cannot_leave_its_quotes_or_its_comment() {
    let hostile = "a\"\nb]\n[disrupt]\ncount = 9 \u{202e}\u{1b}[31m";
    let args = ["kubeconfig", "annotations", "excluded-pod-names"].map(|name| format!("--{name}={hostile}"));
    let toml = migrated(OldTool::Chaoskube, args.to_vec()).to_toml();
    assert!(!toml.contains(['\u{202e}', '\u{1b}']), "{toml:?}");
    let loaded = load(&toml);
    assert_eq!(loaded.config.disrupt.count.most(), 1);
}
