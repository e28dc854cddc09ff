//! The one table of settings: it drives the defaults, the decoding, the names of the environment variables and the
//! suggestions, and the documentation is tested against it. A new key is one line here, and is decoded in the file of
//! its section.

use std::fmt;
use std::sync::LazyLock;

use macaque_core::config::{DisruptionPace, DrawBy, TargetMode};
use macaque_core::eligibility::includable_rules;
use macaque_core::outcome::DisruptionMethod;

use KeyKind::{Boolean, Choice, Count, Duration, List, OptionalList, OptionalText, Secret, Text};
use ValueForm::{False, Off, Percent, True, UpTo, Word};

use super::forms::{
    ANY, ATTEMPTS, HISTORY, IN_FLIGHT, JOURNAL, KINDS, MORE_ATTEMPTS, MOST_DRAINS, MOST_READY, MOST_STRIKES,
    NAMESPACE, NumberBounds, OVER_TIME, SEEDS, TextForm, VICTIM_COUNT, ValueForm,
};
use super::log_words::{LEVELS, LogFormat};
use crate::notify::registry::SERVICES;
use crate::notify::service::{FieldKind, ServiceField, ServiceSpec};

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct SettingKey {
    /// The path in the TOML file: `disrupt.method`.
    pub path: &'static str,
    /// The kind of its value, with the default.
    pub kind: KeyKind,
    /// What its text may be, or each text of its list.
    pub form: TextForm,
    /// The meaning, in a sentence.
    pub doc: &'static str,
    /// The name that the Go tool macaque gave its environment variable, which works unchanged.
    pub old_variable: Option<&'static str>,
}

/// What a setting holds, with its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number within bounds; `None` is absent by default.
    Count(Option<i64>, NumberBounds),
    /// Text; empty means not set.
    Text(&'static str),
    /// Text that is absent by default.
    OptionalText,
    /// A number with a unit, such as `30s`; empty means not set.
    Duration(&'static str),
    /// A list of texts, empty by default; in an environment variable or flag separated by this character.
    List(char),
    /// Such a list that is absent by default.
    OptionalList(char),
    /// One of several values of different types: first the default, then each form that is taken.
    Choice(DefaultChoice, &'static [ValueForm]),
    /// Text that is never shown, absent by default.
    Secret,
}

/// The default of a setting that takes values of different types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultChoice {
    /// `true`.
    On,
    /// A whole number.
    Number(i64),
    /// A text.
    Word(&'static str),
}

impl fmt::Display for DefaultChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On => f.write_str("true"),
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => write!(f, "\"{word}\""),
        }
    }
}

/// What it takes to apply a change of the configuration file in a process that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyBy {
    /// A reload: the change is in force from the next round on.
    Reload,
    /// A restart.
    Restart,
}

impl ApplyBy {
    /// The words of the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Restart => "restart",
        }
    }

    /// What it takes to apply a change of `name`: a key, or a section of which a file may hold several tables. `None` if it
    /// is neither.
    ///
    /// What decides about rounds is reloaded. What the process is made of takes a restart: its connection, its addresses,
    /// its journal, and the channels with their queues.
    pub fn of(name: &str) -> Option<Self> {
        let section = name.split_once('.').map_or("", |(section, _)| section);
        match (section, name) {
            ("schedule" | "target" | "disrupt" | "guards" | "limits" | "recovery", _) | (_, "dry_run") => {
                Some(Self::Reload)
            }
            ("notify" | "events" | "metrics" | "health" | "log" | "status" | "cluster", _)
            | (_, "journal" | "history") => Some(Self::Restart),
            _ => None,
        }
    }
}

impl SettingKey {
    /// The environment variable: `MACAQUE_DISRUPT__GRACE_PERIOD` for `disrupt.grace_period`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.path.replace('.', "__").to_uppercase())
    }

    /// The default as TOML; `None` if it is absent by default.
    pub fn default_toml(&self) -> Option<String> {
        match self.kind {
            KeyKind::Boolean(default) => Some(default.to_string()),
            KeyKind::Count(default, _) => default.map(|default| default.to_string()),
            KeyKind::Text(default) | KeyKind::Duration(default) => Some(format!("\"{default}\"")),
            KeyKind::List(_) => Some("[]".to_owned()),
            KeyKind::Choice(default, _) => Some(default.to_string()),
            KeyKind::OptionalList(_) | KeyKind::OptionalText | KeyKind::Secret => None,
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

/// The beginning of every environment variable of macaque.
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
        form: ANY,
        doc,
        old_variable: None,
    }
}

impl SettingKey {
    const fn old(mut self, variable: &'static str) -> Self {
        self.old_variable = Some(variable);
        self
    }

    const fn form(mut self, form: TextForm) -> Self {
        self.form = form;
        self
    }

    const fn words(self, words: fn() -> Vec<&'static str>) -> Self {
        self.form(TextForm::Words(words))
    }

    const fn such_as(self, examples: &'static [&'static str]) -> Self {
        self.form(TextForm::Any(examples))
    }
}

/// Every setting: those before the chat services, those of the chat services, and those after.
static TABLE: LazyLock<Vec<SettingKey>> = LazyLock::new(|| {
    let services = SERVICES.iter().flat_map(|service| keys_of_service(service));
    FIRST
        .iter()
        .copied()
        .chain(services)
        .chain(LAST.iter().copied())
        .collect()
});

/// The keys of a chat service: those of its fields, and its kinds of messages.
fn keys_of_service(service: &ServiceSpec) -> Vec<SettingKey> {
    let mut keys: Vec<_> = service.fields.iter().flat_map(keys_of).collect();
    let doc = if service.gets_all_kinds {
        ALL_KINDS_DOC
    } else {
        KINDS_DOC
    };
    keys.push(key(service.kinds_path, OptionalList(','), doc).form(KINDS));
    keys
}

/// The keys of one field of a chat service.
fn keys_of(field: &ServiceField) -> Vec<SettingKey> {
    let kind = match field.kind {
        FieldKind::Secret { .. } => Secret,
        FieldKind::Text => OptionalText,
        FieldKind::Url(default) => Text(default),
    };
    let mut keys = vec![SettingKey {
        path: field.path,
        kind,
        form: ANY,
        doc: field.doc,
        old_variable: field.old_variable,
    }];

    if let FieldKind::Secret {
        file_path, file_doc, ..
    } = field.kind
    {
        keys.push(key(file_path, OptionalText, file_doc));
    }

    keys
}

/// The meaning of a service's `kinds`.
const KINDS_DOC: &str = "The kinds of messages that it gets. Not set: those of `notify.kinds`.";
const ALL_KINDS_DOC: &str = "The kinds of messages that it gets. Not set: all, whatever `notify.kinds` says.";

/// The forms of a guard that is on or off.
const SWITCH: &[ValueForm] = &[True, False];

#[rustfmt::skip]
static FIRST: &[SettingKey] = &[
    key("dry_run", Boolean(true), "Pick victims and report them, without sending a request; `false` enables disruption."),
    key("journal", Text("auto"), "Where the journal is kept: `configmap/NAME` in macaque's own namespace, or `memory`. `auto`: `configmap/macaque-journal` in a cluster, else `memory`.")
        .form(JOURNAL),
    key("history", Text("auto"), "Where the history for `history`, `report` and `blame` is kept: `configmap/NAME` in macaque's own namespace, or `off`. `auto`: `configmap/macaque-history` if the journal is in a ConfigMap, else `off`.")
        .form(HISTORY),
    key("schedule.cron", Text(""), "When rounds are due: a crontab line of five fields. Required by `run`.")
        .old("MACAQUE_CRONTAB")
        .such_as(&["*/30 9-16 * * Mon-Fri", "@hourly"]),
    key("schedule.timezone", Text("UTC"), "The IANA time zone of the schedule and the quiet times.")
        .old("MACAQUE_TIMEZONE")
        .such_as(&["UTC", "Europe/Paris"]),
    key("schedule.quiet", List(';'), "When no round starts: weekdays with hours, dates, ranges of dates. In a variable separated by `;`.")
        .such_as(&["Fri 15:00-24:00", "12-25", "2026-12-20/2027-01-03"]),
    key("schedule.starting_deadline", Duration("1m"), "How late a round may start, from 1s to 1h; later it is skipped.")
        .such_as(&["1m"]),
    key("target.namespaces", List(','), "The namespaces in scope; `*` alone is every namespace. Empty: the namespace macaque runs in.")
        .old("MACAQUE_NAMESPACE")
        .form(NAMESPACE),
    key("target.namespace_selector", Text(""), "Instead of `target.namespaces`: the label selector that a namespace must match to be in scope, as `kubectl -l` takes it; needs permission to list namespaces. Empty: labels do not decide.")
        .such_as(&["chaos=on", "team in (shop, pay)"]),
    key("target.selector", Text(""), "The label selector that a victim must match, as `kubectl -l` takes it. Empty: every pod.")
        .old("MACAQUE_SELECTOR")
        .such_as(&["app=web,tier!=database", "app in (api, worker)"]),
    key("target.mode", Text("opt-out"), "`opt-out`: a pod is in scope unless it, its owner or its namespace says no by `macaque/enabled`. `opt-in`: only if one of them says yes, and none no.")
        .words(|| TargetMode::ALL.map(TargetMode::as_str).into()),
    key("target.annotations", Boolean(true), "Whether what teams wish by `macaque/every`, `macaque/expect` and `macaque/min-ready` counts; `macaque/enabled` and the keys of a freeze always do."),
    key("target.exclude_namespaces", List(','), "Namespaces that are not in scope, by name or by a glob with `*` and `?`. Empty: none.")
        .such_as(&["team-*"]),
    key("target.owners", List(','), "The kinds of owners whose pods are in scope, as kubectl names them: `statefulset`, with its group for a custom kind, `pod` for pods without an owner; `!` before a kind excludes it. Empty: every kind.")
        .such_as(&["deployment", "statefulset", "rollout.argoproj.io", "!daemonset"]),
    key("target.names", List(','), "Globs with `*` and `?` on the owner's name; `!` before one excludes; the last that matches decides. Only exclusions: all other names are in scope. Empty: every name.")
        .such_as(&["cart-*", "!*-canary"]),
    key("target.zones", List(','), "The zones in scope, by the pod's label `topology.kubernetes.io/zone`, which API servers from 1.35 on set. Empty: every zone.")
        .such_as(&["eu-1a"]),
    key("target.nodes", List(','), "The nodes in scope, by name. Empty: every node.")
        .such_as(&["worker-7"]),
    key("target.node_selector", Text(""), "The label selector that a victim's node must match; needs permission to list nodes. Empty: every node.")
        .such_as(&["pool=spot"]),
    key("target.min_age", Duration("1m"), "Younger pods are exempt.")
        .such_as(&["1m", "1h30m", "7d"]),
    key("target.include", List(','), "Rules to switch off, by name: `daemonset` makes pods of DaemonSets eligible.")
        .words(includable_rules),
    key("disrupt.method", Text("evict"), "`evict` honours PodDisruptionBudgets and admission webhooks; `delete` does not check budgets.")
        .words(|| DisruptionMethod::ALL.map(DisruptionMethod::as_str).into()),
    key("disrupt.count", Choice(DefaultChoice::Number(1), VICTIM_COUNT), "Victims per round: 1 to 100; a share of the owners with eligible pods, such as `\"30%\"`, rounded down and at least 1; or a range, such as `\"1-3\"`, from which each round draws its number."),
    key("disrupt.pace", Text("count"), "Whose pods a round takes: everybody's (`count`), those of the owners whose turn it is (`rota`), or those of owners that chance picks (`chance`).")
        .words(|| DisruptionPace::WORDS.into()),
    key("disrupt.every", Duration("10d"), "With the pace `rota` the period in which each owner has one turn, with `chance` the mean time between two turns of one owner: from the time between two slots to 365d. `macaque/every` on a workload or its namespace sets another.")
        .such_as(&["10d", "1d"]),
    key("disrupt.rota_seed", Count(Some(0), SEEDS), "The number from which the slots of the rota follow; another number gives everybody other slots."),
    key("disrupt.grace_period", Duration(""), "How long a victim gets to terminate, at least 1s. Empty: the pod's own grace period.")
        .such_as(&["5s", "1m"]),
    key("disrupt.attempts", Count(Some(10), ATTEMPTS), "Victims tried per round, refusals included; at least `count`. Not set: 10, or `count` if that is more."),
    key("disrupt.attempts_after_webhook", Count(Some(1), MORE_ATTEMPTS), "Victims still tried in a round after a webhook refused one, from 0: a webhook may act on a request that it refuses."),
    key("disrupt.draw", Text("pods"), "How victims are picked: `pods` (every pod equally likely) or `owners` (every owner equally likely, then one of its pods); with more than 2,000 pods, `owners` lists the metadata of all.")
        .words(|| DrawBy::ALL.map(DrawBy::as_str).into()),
    key("guards.whole", Choice(DefaultChoice::On, SWITCH), "Hold back unless every pod of the victim's owner is ready, and none is missing, pending or terminating."),
    key("guards.rollout", Choice(DefaultChoice::On, &[True, Word("lenient"), False]), "Hold back while the owner's pods are of more than one revision. `\"lenient\"`: two revisions pass if every pod is ready and none is younger than 10 minutes."),
    key("guards.min_ready", Choice(DefaultChoice::Number(1), &[UpTo(MOST_READY), Percent("50%"), Off]), "Hold back unless this many pods of the owner stay ready: 0 to 100, or a share of its replicas such as `\"50%\"`, rounded up. 0: off."),
    key("guards.drains", Choice(DefaultChoice::Number(2), &[UpTo(MOST_DRAINS), Off]), "End the round while this many pods in scope, 0 to 1000, are being disrupted by others: by a drain, a taint, a preemption or the kubelet. 0: off."),
    key("guards.nodes", Choice(DefaultChoice::Word("off"), &[Word("leases"), Word("nodes"), Off]), "End the round while more nodes than `nodes_unready` are unready, by their `\"leases\"` or by the `\"nodes\"` themselves."),
    key("guards.nodes_unready", Choice(DefaultChoice::Word("10%"), &[Percent("10%")]), "The largest share of the nodes that may be unready, from `\"0%\"` to `\"100%\"`."),
    key("guards.recovered", Choice(DefaultChoice::Word("owner"), &[Word("owner"), Word("namespace"), Word("all"), Off]), "Hold back while the owner of an earlier victim has not recovered: the same one (`\"owner\"`), one in the same namespace (`\"namespace\"`), or any (`\"all\"`)."),
    key("guards.strikes", Choice(DefaultChoice::Number(3), &[UpTo(MOST_STRIKES), Off]), "Pause macaque when this many victims in a row, 1 to 100, did not recover; only `macaque resume` lifts that. 0: off."),
    key("guards.freeze", Choice(DefaultChoice::On, SWITCH), "Read `macaque/frozen` and `macaque/frozen-until` on namespaces and owners too; on pods they always count."),
    key("limits.per_hour", Count(None, OVER_TIME), "The most pods disrupted within any hour, over all rounds and replicas. Not set: no limit."),
    key("limits.per_day", Count(None, OVER_TIME), "The most pods disrupted within any 24 hours, over all rounds and replicas. Not set: no limit."),
    key("limits.per_namespace_day", Count(None, OVER_TIME), "The most pods disrupted in one namespace within any 24 hours. Not set: no limit."),
    key("limits.per_owner_day", Count(None, OVER_TIME), "The most pods of one owner disrupted within any 24 hours. Not set: no limit."),
    key("limits.per_node", Count(None, OVER_TIME), "The most victims on one node at once; a victim counts until its owner has recovered, or for 10 minutes if the recovery is not watched. Not set: no limit."),
    key("limits.per_zone", Count(None, OVER_TIME), "The most victims in one zone at once, by the pod's label `topology.kubernetes.io/zone`; a victim counts until its owner has recovered, or for 10 minutes if the recovery is not watched. Not set: no limit."),
    key("limits.in_flight", Count(None, IN_FLIGHT), "The most victims at once whose owners have not recovered, over all rounds and replicas: 1 to 40, and at least `disrupt.count`. Not set: no limit."),
    key("limits.cooldown", Duration(""), "How long an owner is in cooldown after one of its pods was disrupted, at most 7d. Empty: no cooldown.")
        .such_as(&["12h", "7d"]),
    key("recovery.enabled", Boolean(true), "Watch every disruption until its owner is whole again."),
    key("recovery.expect", Duration("1m"), "How long a recovery may take, from 1s to `timeout`; one that takes longer is slow. `macaque/expect` on a pod or its owner sets another time.")
        .such_as(&["1m"]),
    key("recovery.timeout", Duration("5m"), "How long a recovery is watched, from `expect` to 1h; an owner that is not whole by then has not recovered.")
        .such_as(&["5m"]),
    key("notify.kinds", OptionalList(','), "The kinds of messages that the services get: `disruption`, `refusal`, `held`, `idle`, `failure`, `recovery` (slow, stuck or failed), `recovered` (whole again in time), `pause`, `window`, `digest`; `all`; empty or `none`: none. Not set: all but `recovered`, `window` and `digest`. The log has everything.")
        .form(KINDS),
    key("notify.digest", Text("Mon 09:00"), "When the digest of a week is sent to the services that get the kind `digest`: a weekday and a time of day in `schedule.timezone`.")
        .such_as(&["Mon 09:00"]),
    key("notify.proxy", Secret, "The proxy to the chat services, such as `http://proxy.example:3128`; `off`: none. Not set: what `HTTPS_PROXY` and `NO_PROXY` say."),
    key("notify.proxy_file", OptionalText, "A file that holds the proxy to the chat services, for a URL with a password."),
];

#[rustfmt::skip]
static LAST: &[SettingKey] = &[
    key("events.enabled", Boolean(false), "Write Kubernetes Events about disruptions and recoveries, on the victim and its owner; needs permission to create them. A dry run writes none."),
    key("events.refusals", Boolean(false), "Write Events about victims that were refused or held back too."),
    key("metrics.listen", Text(""), "The address of the metrics, if they have one of their own. Empty: that of the probes; `off`: none.")
        .such_as(&["0.0.0.0:9090", "[::]:9090", "off"]),
    key("metrics.owners", Boolean(false), "Count recoveries by owner too; at most 500 owners."),
    key("health.listen", Text("0.0.0.0:8080"), "The address of the probes; empty or `off`: none.")
        .such_as(&["0.0.0.0:8080", "[::]:8080", "off"]),
    key("status.listen", Text("off"), "The address of the status page: empty is that of the probes, `off` none. Whoever reaches it can read it.")
        .such_as(&["0.0.0.0:8081", "[::]:8081", "off"]),
    key("status.names", Boolean(true), "Whether the status page names pods, owners and namespaces; `false` shows counts only."),
    key("log.level", Text("info"), "The lowest level to log: error, warn, info, debug or trace.")
        .words(|| LEVELS.map(|(word, _)| word).into()),
    key("log.format", Text("auto"), "`text`, `json`, or `auto`: text on a terminal, JSON elsewhere.")
        .words(|| LogFormat::ALL.map(LogFormat::as_str).into()),
    key("cluster.kubeconfig", Text(""), "The kubeconfig file. Empty: those of `KUBECONFIG`, else the cluster macaque runs in, else `~/.kube/config`."),
    key("cluster.context", Text(""), "The context within the kubeconfig. Empty: its current one."),
    key("cluster.name", Text(""), "What reports and the log call the cluster. Empty: the name of the kubeconfig's context."),
    key("cluster.credentials_without_tls", Boolean(false), "Send tokens and passwords to an `http://` server too, where everybody on the way can read them."),
];
