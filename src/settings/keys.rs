//! The one table of settings: it drives the defaults, the decoding, the names of the environment variables and
//! the suggestions, and the documentation is tested against it.

use KeyKind::{Boolean, Count, Duration, List, OptionalText, Secret, Text};

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingKey {
    /// Its path in the TOML file.
    pub path: &'static str,
    /// What it holds, and what it holds when nobody sets it.
    pub kind: KeyKind,
    /// What it means, in a sentence.
    pub doc: &'static str,
    /// The name that the Go tool macaque gave its environment variable, which works unchanged.
    pub old_variable: Option<&'static str>,
}

/// What a setting holds, with its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number; `None` is absent by default.
    Count(Option<i64>),
    /// Text; empty means not set.
    Text(&'static str),
    /// Text that is absent by default.
    OptionalText,
    /// A number with a unit, such as `30s`; empty means not set.
    Duration(&'static str),
    /// A list of texts, empty by default; in an environment variable or flag separated by this character.
    List(char),
    /// Text that is never shown, absent by default.
    Secret,
}

impl SettingKey {
    /// Its environment variable: `MACAQUE_DISRUPT__GRACE_PERIOD` for `disrupt.grace_period`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }

    /// Its default as TOML; `None` if it is absent by default.
    pub fn default_toml(&self) -> Option<String> {
        match self.kind {
            KeyKind::Boolean(default) => Some(default.to_string()),
            KeyKind::Count(default) => default.map(|default| default.to_string()),
            KeyKind::Text(default) | KeyKind::Duration(default) => Some(format!("\"{default}\"")),
            KeyKind::List(_) => Some("[]".to_owned()),
            KeyKind::OptionalText | KeyKind::Secret => None,
        }
    }

    /// The name within its section: `method` of `disrupt.method`.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// The section: `disrupt` of `disrupt.method`, empty for a key at the top.
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }
}

/// How every environment variable of macaque begins.
pub(super) const PREFIX: &str = "MACAQUE_";

/// Every setting, in the order of the documentation.
pub fn keys() -> &'static [SettingKey] {
    &TABLE
}

/// The setting of this path.
pub(super) fn find(path: &str) -> Option<&'static SettingKey> {
    TABLE.iter().find(|key| key.path == path)
}

/// Whether this path is a section, or holds sections.
pub(super) fn is_section(path: &str) -> bool {
    TABLE.iter().any(|key| is_within(key.path, path))
}

/// Whether a key lies in a section, however deep.
pub(super) fn is_within(key: &str, section: &str) -> bool {
    key.strip_prefix(section)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// A row of the table; `old` adds the Go tool's variable.
const fn key(path: &'static str, kind: KeyKind, doc: &'static str) -> SettingKey {
    SettingKey {
        path,
        kind,
        doc,
        old_variable: None,
    }
}

impl SettingKey {
    const fn old(mut self, variable: &'static str) -> Self {
        self.old_variable = Some(variable);
        self
    }
}

#[rustfmt::skip]
static TABLE: [SettingKey; 33] = [
    key("dry_run", Boolean(true), "Only say what would be disrupted; `false` arms the monkey."),
    key("journal", Text("auto"), "Where it is written down what is done: `configmap/NAME` in macaque's own namespace, or `memory`. `auto`: `configmap/macaque-journal` in a cluster, else `memory`."),
    key("schedule.cron", Text(""), "When rounds are due: a crontab line of five fields. Needed to run on a schedule.")
        .old("MACAQUE_CRONTAB"),
    key("schedule.timezone", Text("UTC"), "The IANA time zone in which the schedule and the quiet times are read.")
        .old("MACAQUE_TIMEZONE"),
    key("schedule.quiet", List(';'), "When no round starts: weekdays with hours, dates, ranges of dates. In a variable separated by `;`."),
    key("schedule.starting_deadline", Duration("1m"), "How late a round may start, from 1s to 1h; later it is left out."),
    key("target.namespaces", List(','), "Where victims are sought; `*` alone is every namespace. Empty: the namespace macaque runs in.")
        .old("MACAQUE_NAMESPACE"),
    key("target.selector", Text(""), "The label selector a victim matches, as `kubectl -l` takes it. Empty: every pod.")
        .old("MACAQUE_SELECTOR"),
    key("target.min_age", Duration("1m"), "A younger pod is exempt."),
    key("target.include", List(','), "Exemptions to open: daemonset, bare, job, pending, system-critical, system-namespaces, opted-out."),
    key("disrupt.method", Text("evict"), "`evict` asks PodDisruptionBudgets and admission webhooks; `delete` asks no budget."),
    key("disrupt.count", Count(Some(1)), "Victims a round."),
    key("disrupt.grace_period", Duration(""), "How long a victim gets to end, at least 1s. Empty: what the pod itself says."),
    key("disrupt.attempts", Count(Some(10)), "Victims tried a round before it ends, refusals included; at least `count`. Not set: 10, or `count` if that is more."),
    key("disrupt.draw", Text("pods"), "What the lot falls on, each as likely as another: `pods`, or `owners`, and then one of the owner's pods; `owners` lists every pod in full."),
    key("limits.per_hour", Count(None), "Pods disrupted within any hour at most, over all rounds and replicas. Not set: no limit."),
    key("limits.per_day", Count(None), "The same within any 24 hours."),
    key("limits.cooldown", Duration(""), "How long an owner is left in peace after one of its pods was disrupted, at most 168h. Empty: not at all."),
    key("notify.slack.token", Secret, "The token of a Slack bot.")
        .old("MACAQUE_SLACK_TOKEN"),
    key("notify.slack.token_file", OptionalText, "A file that holds the token of a Slack bot."),
    key("notify.slack.channel", OptionalText, "The Slack channel to write to, by its ID or name.")
        .old("MACAQUE_SLACK_CHANNEL"),
    key("notify.slack.api_url", Text("https://slack.com/api"), "Where Slack's Web API answers."),
    key("notify.slack_webhook.url", Secret, "The URL of a Slack incoming webhook; whoever knows it can write."),
    key("notify.slack_webhook.url_file", OptionalText, "A file that holds the URL of a Slack incoming webhook."),
    key("notify.webex.token", Secret, "The token of a Webex bot.")
        .old("MACAQUE_WEBEX_TOKEN"),
    key("notify.webex.token_file", OptionalText, "A file that holds the token of a Webex bot."),
    key("notify.webex.room_id", OptionalText, "The Webex room to write to.")
        .old("MACAQUE_WEBEX_ROOM_ID"),
    key("notify.webex.api_url", Text("https://webexapis.com/v1"), "Where Webex's API answers."),
    key("health.listen", Text("0.0.0.0:8080"), "Where probes are answered; empty or `off`: nowhere."),
    key("log.level", Text("info"), "The least severe records to log: error, warn, info, debug or trace."),
    key("log.format", Text("auto"), "`text`, `json`, or `auto`: text on a terminal, JSON elsewhere."),
    key("cluster.kubeconfig", Text(""), "The kubeconfig file. Empty: the cluster macaque runs in, else kubectl's default."),
    key("cluster.context", Text(""), "The context within the kubeconfig. Empty: its current one."),
];
