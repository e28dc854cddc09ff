//! chaoskube: its flags, which are environment variables too, and what becomes of them.
//!
//! Facts from its source, version 0.39: every interval it deletes up to `--max-kill` running pods, at most one for each
//! owner reference, whatever owns them; it writes an Event on each; and it does not look at PodDisruptionBudgets.

mod disrupt;
mod names;
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
        "no equal: label the pods instead, or let some opt out with `macaque/enabled: \"false\"`",
    ),
    value(
        "kinds",
        "",
        "`!DaemonSet` and `!Job`: `target.include` without `daemonset` and `job`; no equal for other kinds",
    ),
    value(
        "namespaces",
        "",
        "`target.namespaces`; of those excluded by `!NAME` from all only `kube-system` and its like have an equal, \
         `target.include`",
    ),
    value(
        "namespace-labels",
        "",
        "no equal: list the namespaces in `target.namespaces`",
    ),
    value("included-pod-names", "", "no equal: label the pods instead"),
    value(
        "excluded-pod-names",
        "",
        "no equal: let the pods opt out with `macaque/enabled: \"false\"`",
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
