//! kube-monkey: its keys, which are environment variables too, its labels, and what becomes of them.
//!
//! Facts from its documentation, version 0.6: on each run day it draws for each workload that opted in whether and when
//! to delete pods of it, by the workload's own mean time between failures, within a window of hours. It does not look
//! at PodDisruptionBudgets.

mod config_file;
mod namespaces;
mod schedule;

use std::time::Duration;

use super::OldTool;
use super::go_address::listen_address;
use super::go_duration::setting_text;
use super::migration::{Migration, UnmigratedEffect::Same};
use super::old_option::{OldOption, OldSources, secret, switch, value};
use super::translator::Translator;
use crate::settings::SettingMistake;

/// Every key, in the order of the documentation.
pub(super) const OPTIONS: &[OldOption] = &[
    switch("kubemonkey.dry_run", "true", "`dry_run`"),
    value(
        "kubemonkey.time_zone",
        "America/Los_Angeles",
        "`schedule.timezone`",
    ),
    value(
        "kubemonkey.run_days",
        "[\"mon\", …, \"fri\"]",
        "the weekdays of `schedule.cron`",
    ),
    value(
        "kubemonkey.run_hour",
        "8",
        "no equal, and not needed: no plan of a day is made",
    ),
    value(
        "kubemonkey.start_hour",
        "10",
        "the hours of `schedule.cron`, with a round in each",
    ),
    value(
        "kubemonkey.end_hour",
        "16",
        "the hours of `schedule.cron`; the last round is an hour earlier",
    ),
    value(
        "kubemonkey.graceperiod_sec",
        "5",
        "`disrupt.grace_period`, from 1s to 24h",
    ),
    value(
        "kubemonkey.whitelisted_namespaces",
        "[\"\"]",
        "`target.namespaces`; patterns have no equal",
    ),
    value(
        "kubemonkey.blacklisted_namespaces",
        "[\"kube-system\"]",
        "left out of `target.namespaces`, or `target.exclude_namespaces`",
    ),
    value(
        "kubemonkey.custom_resources",
        "",
        "no equal, and not needed: pods of any owner opt in by `macaque/enabled` in their template",
    ),
    value(
        "kubernetes.host",
        "",
        "no equal: name a kubeconfig in `cluster.kubeconfig`",
    ),
    switch(
        "debug.enabled",
        "false",
        "no equal: `macaque once` runs a round at once",
    ),
    value(
        "debug.schedule_delay",
        "30",
        "no equal: `macaque once` runs a round at once",
    ),
    switch(
        "debug.force_should_kill",
        "false",
        "no equal: a round always picks a victim, if there is a candidate",
    ),
    switch(
        "debug.schedule_immediate_kill",
        "false",
        "no equal: `macaque once` runs a round at once",
    ),
    switch(
        "notifications.enabled",
        "false",
        "no equal by itself: set up a channel, such as `[[notify.http]]`",
    ),
    switch(
        "notifications.reportSchedule",
        "false",
        "no equal: `macaque schedule` lists the rounds, and the kind `window` announces the first of a day",
    ),
    secret("notifications.proxy", "`notify.proxy_file`"),
    secret(
        "notifications.attacks.endpoint",
        "no equal by itself: `url_file` of a `[[notify.http]]`",
    ),
    secret(
        "notifications.attacks.message",
        "no equal by itself: `body` of a `[[notify.http]]`, a template",
    ),
    secret(
        "notifications.attacks.headers",
        "no equal by itself: `headers` and `header_files` of a `[[notify.http]]`",
    ),
    switch(
        "metrics.enabled",
        "false",
        "no equal, and not needed: the metrics are served where the probes are",
    ),
    value(
        "metrics.address",
        ":8080",
        "`metrics.listen`, if the metrics are enabled",
    ),
];

/// How many workloads a round takes at most.
const MOST_WORKLOADS: i64 = 10;

/// The longest grace period that macaque takes, in seconds.
const LONGEST_GRACE: u64 = 24 * 3600;

/// The settings that come nearest to what kube-monkey does with this configuration.
pub(super) fn migrate(sources: &OldSources) -> Result<Migration, Vec<SettingMistake>> {
    let mut mistakes = Vec::new();
    let given = config_file::read(sources, &mut mistakes);
    let mut translator = Translator::new(OldTool::KubeMonkey, given, mistakes);

    schedule::translate(&mut translator);
    namespaces::translate(&mut translator);
    translate_target(&mut translator);
    translate_disrupt(&mut translator);
    translate_debug(&mut translator);
    translate_notifications(&mut translator);
    translate_metrics(&mut translator);
    if let Some(given) = translator.origin("kubernetes.host") {
        translator.lose_server(&given);
    }
    translator.lose_unread(&sources.unread);

    let (is_dry_run, origin) = translator.switch("kubemonkey.dry_run", true);
    let origin = origin.unwrap_or_else(|| translator.default_origin());
    translator.finish(!is_dry_run, &origin)
}

/// Sets the opt-in and says what becomes of the other labels.
fn translate_target(translator: &mut Translator) {
    translator.set_with(
        "target.mode",
        "opt-in",
        "the label kube-monkey/enabled",
        "workloads opt in by the annotation macaque/enabled: `kubectl annotate deployments,statefulsets -A -l \
         kube-monkey/enabled=enabled,kube-monkey/mtbf macaque/enabled=enabled`, and those of a DaemonSet by the same \
         annotation in its pod template; until then none is picked",
    );
    translator.set_fixed("target.min_age", "0s", "pods of any age");
    translator.lose(
        "the labels kube-monkey/kill-mode and kube-monkey/kill-value",
        "macaque disrupts one pod of an owner in a round, and the next only once the owner is whole again",
        Same,
    );
    if let Some(given) = translator.text("kubemonkey.custom_resources") {
        let why = "macaque picks pods of any owner that opted in: set the annotation macaque/enabled in their pod templates";
        translator.lose(given.shown(), why, Same);
    }
}

fn translate_disrupt(translator: &mut Translator) {
    let remark = "PodDisruptionBudgets are not asked; \"evict\" honours them";
    translator.set_fixed("disrupt.method", "delete", remark);
    translate_frequency(translator);
    translator.set_fixed(
        "limits.per_owner_day",
        1,
        "one pod of a workload a day, as with an mtbf of days",
    );

    let Some(given) = translator.text("kubemonkey.graceperiod_sec") else {
        translator.set_default("disrupt.grace_period", "5s");
        return;
    };
    let Ok(seconds) = given.text.parse::<u64>() else {
        let wrong = format!("{:?} is not a number of seconds", given.text);
        translator.refuse(&given.origin, &wrong, "write a whole number, such as 5");
        return;
    };
    let text = setting_text(Duration::from_secs(seconds.clamp(1, LONGEST_GRACE)));
    match seconds {
        0 => {
            let remark =
                "0s would remove the pod from the API server at once, even if its containers still run";
            translator.set_with("disrupt.grace_period", text, &given.origin, remark);
        }
        1..=LONGEST_GRACE => translator.set("disrupt.grace_period", text, &given.origin),
        _ => translator.set_with(
            "disrupt.grace_period",
            text,
            &given.origin,
            "a day is the longest",
        ),
    }
}

/// Sets the pace: a coin for each workload, by its own mean time between failures.
fn translate_frequency(translator: &mut Translator) {
    let days = schedule::run_days_in_week(translator);
    let mtbf = |number: u32| setting_text(Duration::from_secs(u64::from(number) * 7 * 24 * 3600 / days));
    translator.set_with(
        "disrupt.pace",
        "chance",
        "the label kube-monkey/mtbf",
        format!(
            "a coin for each workload in each round, by its annotation macaque/every; kube-monkey counts run days, {days} \
             a week: an mtbf of 1 is macaque/every: {:?}, of 2 {:?}, of 5 {:?}",
            mtbf(1),
            mtbf(2),
            mtbf(5)
        ),
    );
    translator.set_fixed(
        "disrupt.every",
        "365d",
        "as seldom as can be without macaque/every; kube-monkey takes no workload without an mtbf",
    );
    translator.set_fixed(
        "disrupt.count",
        MOST_WORKLOADS,
        "at most so many workloads in a round; kube-monkey has no bound",
    );
}

fn translate_debug(translator: &mut Translator) {
    let (is_debug, origin) = translator.switch("debug.enabled", false);
    let (is_forced, forced) = translator.switch("debug.force_should_kill", false);
    let (is_immediate, immediate) = translator.switch("debug.schedule_immediate_kill", false);
    let delay = translator.text("debug.schedule_delay").map(|given| given.origin);

    let why = "`macaque once` runs a round at once, and --dry-run shows what it would do";
    for (is_on, origin) in [(is_debug, origin), (is_immediate, immediate), (true, delay)] {
        if let (true, Some(origin)) = (is_on, origin) {
            translator.lose(origin, why, Same);
        }
    }
    if let (true, Some(origin)) = (is_forced, forced) {
        translator.lose(
            origin,
            "a round always picks a victim, if there is a candidate",
            Same,
        );
    }
}

fn translate_notifications(translator: &mut Translator) {
    let (is_enabled, origin) = translator.switch("notifications.enabled", false);
    let (reports_schedule, schedule) = translator.switch("notifications.reportSchedule", false);
    if let Some(origin) = translator.secret("notifications.proxy") {
        let remark = "the proxy may have a password: mount a Secret with it as this file";
        translator.set_with("notify.proxy_file", "/etc/macaque/secrets/proxy", &origin, remark);
    }
    if let (true, Some(origin)) = (is_enabled, origin) {
        let why = "add a [[notify.http]] with the endpoint in its url_file, and a template for its body: \
                   docs/notifications.md has examples";
        translator.lose(origin, why, Same);
    }
    for name in ["endpoint", "message", "headers"] {
        if let Some(origin) = translator.secret(&format!("notifications.attacks.{name}")) {
            translator.lose(origin, "a part of that [[notify.http]]", Same);
        }
    }
    if let (true, Some(origin)) = (reports_schedule, schedule) {
        let why = "`macaque schedule` lists the rounds, and the kind \"window\" of notify.kinds announces the first of \
                   a day";
        translator.lose(origin, why, Same);
    }
}

/// Sets where the metrics are served, if that is not where the probes are.
fn translate_metrics(translator: &mut Translator) {
    let (is_enabled, origin) = translator.switch("metrics.enabled", false);
    let address = translator.text("metrics.address");
    let parsed = address
        .as_ref()
        .map(|given| (listen_address(&given.text), given.clone()));
    match (parsed, origin) {
        (Some((None, given)), _) => {
            let wrong = format!("{:?} is not an address to listen on", given.text);
            translator.refuse(&given.origin, &wrong, "write :PORT or IP:PORT");
        }
        (Some((Some(address), given)), _) if is_enabled && address.port() != PROBES_PORT => {
            translator.set("metrics.listen", address.to_string(), &given.origin);
        }
        (_, Some(origin)) if !is_enabled => translator.set("metrics.listen", "off", &origin),
        _ => {}
    }
}

/// The port of the probes, where the metrics are served too.
const PROBES_PORT: u16 = 8080;

#[cfg(test)]
mod tests;
