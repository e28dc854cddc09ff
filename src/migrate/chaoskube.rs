//! chaoskube: its flags, which are environment variables too, and what becomes of them.
//!
//! Facts from its source, version 0.39: every interval it deletes up to `--max-kill` running pods, at most one for each
//! owner reference, whatever owns them; it writes an Event on each; and it does not look at PodDisruptionBudgets.

mod disrupt;
mod names;
mod pod_names;
mod quiet;
mod schedule;
mod serving;
mod target;

use super::OldTool;
use super::arguments::{FlagStyle, OptionSyntax};
use super::migration::Migration;
use super::old_option::{OldOption, OldSources, secret, switch, value};
use super::translator::Translator;
use crate::settings::SettingMistake;

/// Every flag that is a setting, in the order of chaoskube's help.
pub(super) const OPTIONS: &[OldOption] = &[
    value("labels", "", "`target.selector`"),
    value(
        "annotations",
        "",
        "`target.mode`, `opt-in`: annotate the same pods, or their owners, with `macaque/enabled: \"true\"`",
    ),
    value(
        "kinds",
        "",
        "`target.owners`, and `target.include` for `DaemonSet` and `Job`; no equal for custom kinds, whose group is \
         not known",
    ),
    value(
        "namespaces",
        "",
        "`target.namespaces`; those excluded by `!NAME` from all: `target.exclude_namespaces`",
    ),
    value(
        "namespace-labels",
        "",
        "`target.namespace_selector`; no equal beside namespaces by name",
    ),
    value(
        "included-pod-names",
        "",
        "`target.names`, if it is a plain text, at the beginning or anywhere",
    ),
    value(
        "excluded-pod-names",
        "",
        "`target.names` with `!`, if it is a plain text that no generated name holds",
    ),
    value("excluded-weekdays", "", "`schedule.quiet`"),
    value("excluded-times-of-day", "", "`schedule.quiet`"),
    value("excluded-days-of-year", "", "`schedule.quiet`"),
    value("timezone", "UTC", "`schedule.timezone`; `Local` has no equal"),
    value("minimum-age", "0s", "`target.min_age`"),
    value(
        "max-runtime",
        "-1s",
        "no equal in `macaque run`: run `macaque once` from a CronJob or a pipeline",
    ),
    value("max-kill", "1", "`disrupt.count`, at most 100"),
    value(
        "master",
        "",
        "no equal: name a kubeconfig in `cluster.kubeconfig`",
    ),
    value("kubeconfig", "", "`cluster.kubeconfig`"),
    value(
        "interval",
        "10m",
        "`schedule.cron`: the line that repeats it, or the next longer one",
    ),
    switch("dry-run", "true", "`dry_run`"),
    switch("debug", "false", "`log.level`"),
    value(
        "metrics-address",
        ":8080",
        "`health.listen`, which serves `/metrics`, `/livez` and `/readyz`",
    ),
    value(
        "grace-period",
        "-1s",
        "`disrupt.grace_period`, from 1s to 24h; negative: the pod's own",
    ),
    value("log-format", "text", "`log.format`"),
    switch("log-caller", "false", "no equal"),
    secret("slack-webhook", "`notify.slack_webhook.url_file`"),
    value("client-namespace-scope", "", "`target.namespaces`"),
];

/// How chaoskube takes its options.
const SYNTAX: OptionSyntax = OptionSyntax {
    options: OPTIONS,
    style: FlagStyle::Kingpin,
    prefix: "CHAOSKUBE_",
};

/// The settings that do what chaoskube does with these arguments and variables.
pub(super) fn migrate(sources: &OldSources) -> Result<Migration, Vec<SettingMistake>> {
    let mut mistakes = Vec::new();
    let given = SYNTAX.read(sources, &mut mistakes);
    let mut translator = Translator::new(OldTool::Chaoskube, given, mistakes);

    schedule::translate(&mut translator);
    target::translate(&mut translator);
    disrupt::translate(&mut translator);
    serving::translate(&mut translator);
    translator.lose_unread(&sources.unread);

    let (is_dry_run, origin) = translator.switch("dry-run", true);
    let origin = origin.unwrap_or_else(|| translator.default_origin());
    translator.finish(!is_dry_run, &origin)
}

#[cfg(test)]
mod tests;
