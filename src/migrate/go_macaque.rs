//! The Go macaque: its flags and environment variables, and what becomes of them.
//!
//! Facts from its source, version 0.3: at each slot of the crontab line it deletes one running pod of a namespace, not
//! its own, whatever owns it. It has no dry run.

use macaque_core::eligibility::SYSTEM_NAMESPACES;
use macaque_core::schedule::{CronSchedule, parse_timezone};
use macaque_core::selector::Selector;

use super::OldTool;
use super::arguments::{FlagStyle, OptionSyntax};
use super::migration::{Migration, UnmigratedEffect};
use super::old_option::{OldOption, OldSources, secret, value};
use super::translator::{GivenText, Translator};
use crate::settings::{SettingMistake, is_namespace_name};

/// Every flag, in the order of the documentation.
pub(super) const OPTIONS: &[OldOption] = &[
    value("crontab", "", "`schedule.cron`"),
    value("namespace", "", "`target.namespaces`"),
    value("selector", "", "`target.selector`"),
    value("timezone", "UTC", "`schedule.timezone`"),
    secret("slack-token", "`notify.slack.token_file`"),
    value("slack-channel", "", "`notify.slack.channel`"),
    secret("webex-token", "`notify.webex.token_file`"),
    value("webex-room-id", "", "`notify.webex.room_id`"),
];

/// How the Go macaque takes its options.
const SYNTAX: OptionSyntax = OptionSyntax {
    options: OPTIONS,
    style: FlagStyle::Go,
    prefix: PREFIX,
};

/// The beginning of every variable of the Go macaque, and of this one.
const PREFIX: &str = "MACAQUE_";

/// A bot of a chat service: its two options, and the keys that they become.
struct Bot {
    token: &'static str,
    destination: &'static str,
    token_file: (&'static str, &'static str),
    destination_key: &'static str,
}

const BOTS: [Bot; 2] = [
    Bot {
        token: "slack-token",
        destination: "slack-channel",
        token_file: ("notify.slack.token_file", "/etc/macaque/secrets/slack-token"),
        destination_key: "notify.slack.channel",
    },
    Bot {
        token: "webex-token",
        destination: "webex-room-id",
        token_file: ("notify.webex.token_file", "/etc/macaque/secrets/webex-token"),
        destination_key: "notify.webex.room_id",
    },
];

/// Whether a variable is one of the Go macaque's.
pub fn is_go_variable(name: &str) -> bool {
    OPTIONS.iter().any(|option| SYNTAX.variable(option) == name)
}

/// The settings that do what the Go macaque does with these arguments and variables.
pub(super) fn migrate(sources: &OldSources) -> Result<Migration, Vec<SettingMistake>> {
    let mut mistakes = Vec::new();
    let given = SYNTAX.read(sources, &mut mistakes);
    let mut translator = Translator::new(OldTool::Macaque, given, mistakes);

    translate_schedule(&mut translator);
    translate_target(&mut translator);
    let remark = "PodDisruptionBudgets are not asked; \"evict\" honours them";
    translator.set_fixed("disrupt.method", "delete", remark);
    for bot in &BOTS {
        translate_bot(&mut translator, bot);
    }
    translator.lose_unread(&sources.unread);

    translator.finish(true, "the Go macaque has no dry run")
}

fn translate_schedule(translator: &mut Translator) {
    match translator.text("crontab") {
        None => translator.refuse(
            "MACAQUE_CRONTAB",
            "is not set, and the Go macaque does not start without it",
            "set it, or give --args \"-crontab '0 * * * *'\"",
        ),
        Some(given) => {
            // Go's parser takes a question mark for a star.
            let line = given.text.replace('?', "*");
            let parsed = line.parse::<CronSchedule>();
            match parsed.and_then(|schedule| schedule.must_fire().map(|()| schedule)) {
                Ok(schedule) => translator.set("schedule.cron", schedule.to_string(), &given.origin),
                Err(error) => translator.refuse_fault(&given.origin, error),
            }
        }
    }
    if let Some(given) = translator.text("timezone") {
        match parse_timezone(&given.text) {
            Ok(_) => translator.set("schedule.timezone", given.text, &given.origin),
            Err(error) => translator.refuse_fault(&given.origin, error),
        }
    }
}

fn translate_target(translator: &mut Translator) {
    let mut include = vec!["bare", "daemonset", "job", "system-critical"];
    if let Some(GivenText { text, origin }) = translator.text("namespace") {
        if !is_namespace_name(&text) {
            let wrong = format!("{text:?} is not a namespace");
            translator.refuse(&origin, &wrong, "write one name");
        }
        if SYSTEM_NAMESPACES.contains(&text.as_str()) {
            include.push("system-namespaces");
        }
        translator.set("target.namespaces", vec![text], &origin);
    }
    if let Some(given) = translator.text("selector") {
        match given.text.parse::<Selector>() {
            Ok(_) => translator.set("target.selector", given.text, &given.origin),
            Err(error) => translator.refuse_fault(&given.origin, error),
        }
    }

    translator.set_fixed("target.min_age", "0s", "pods of any age");
    let words: Vec<String> = include.into_iter().map(str::to_owned).collect();
    let remark = "what macaque exempts and the Go macaque does not; remove a word to exempt its pods";
    translator.set_fixed("target.include", words, remark);
}

/// Translates a bot, which the Go macaque uses only if both of its options are set.
fn translate_bot(translator: &mut Translator, bot: &Bot) {
    let token = translator.secret(bot.token);
    let destination = translator.text(bot.destination);
    match (token, destination) {
        (Some(token), Some(destination)) => {
            let (key, file) = bot.token_file;
            let remark = "the token is a secret: mount a Secret with it as this file";
            translator.set_with(key, file, &token, remark);
            translator.set(bot.destination_key, destination.text, &destination.origin);
        }
        (None, None) => {}
        (Some(given), None) => lose_half(translator, given, bot.destination),
        (None, Some(given)) => lose_half(translator, given.origin, bot.token),
    }
}

fn lose_half(translator: &mut Translator, given: String, missing: &str) {
    let missing = format!("{PREFIX}{}", missing.replace('-', "_").to_uppercase());
    let why = format!("the Go macaque does not use it without {missing}");
    translator.lose(given, why, UnmigratedEffect::Same);
}

#[cfg(test)]
mod tests;
