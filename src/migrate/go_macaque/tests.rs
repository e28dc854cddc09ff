//! What becomes of each flag and variable of the Go macaque, and what is refused.

use super::*;
use crate::migrate::old_option::{OldValue, OldVariable};
use crate::migrate::{read_env_file, split_words};
use crate::settings::keys;

fn from_args(args: &str) -> Result<Migration, Vec<String>> {
    let args = split_words(args).unwrap();
    let migrated = migrate(&OldSources {
        args,
        ..OldSources::default()
    });
    migrated.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

fn from_env(text: &str) -> Result<Migration, Vec<String>> {
    let env = read_env_file(text).unwrap();
    let migrated = migrate(&OldSources {
        env,
        ..OldSources::default()
    });
    migrated.map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn every_variable_that_still_works_is_an_option() {
    let mut variables: Vec<_> = OPTIONS.iter().map(|option| SYNTAX.variable(option)).collect();
    let mut old: Vec<_> = keys()
        .iter()
        .filter_map(|key| key.old_variable)
        .map(str::to_owned)
        .collect();
    variables.sort();
    old.sort();
    assert_eq!(variables, old);
}

#[test]
fn flags_and_variables_become_the_same_settings_and_no_token_is_shown() {
    let by_args = "-crontab '*/5 9-16 * * ?' --namespace=shop -selector 'app=web' -timezone Europe/Paris \
                   -slack-token=CANARY -slack-channel C1 -webex-token CANARY -webex-room-id=R1";
    let by_env = "# The old variables.\nexport MACAQUE_CRONTAB='*/5 9-16 * * ?'\nMACAQUE_NAMESPACE=shop\n\
                  MACAQUE_SELECTOR=app=web\nMACAQUE_TIMEZONE=\"Europe/Paris\"\nMACAQUE_SLACK_TOKEN=CANARY\n\
                  MACAQUE_SLACK_CHANNEL=C1\nMACAQUE_WEBEX_TOKEN=CANARY\nMACAQUE_WEBEX_ROOM_ID=R1\n";
    let (by_args, by_env) = (from_args(by_args).unwrap(), from_env(by_env).unwrap());
    let settings = |migration: &Migration| {
        let settings = migration.settings.iter();
        settings
            .map(|setting| (setting.key, setting.value.to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(settings(&by_args), settings(&by_env));
    assert_eq!(
        settings(&by_args),
        [
            ("schedule.cron", "\"*/5 9-16 * * *\""),
            ("schedule.timezone", "\"Europe/Paris\""),
            ("target.namespaces", "[\"shop\"]"),
            ("target.selector", "\"app=web\""),
            ("target.min_age", "\"0s\""),
            (
                "target.include",
                "[\"bare\", \"daemonset\", \"job\", \"system-critical\"]"
            ),
            ("disrupt.method", "\"delete\""),
            ("notify.slack.token_file", "\"/etc/macaque/secrets/slack-token\""),
            ("notify.slack.channel", "\"C1\""),
            ("notify.webex.token_file", "\"/etc/macaque/secrets/webex-token\""),
            ("notify.webex.room_id", "\"R1\""),
            ("dry_run", "false"),
        ]
        .map(|(key, value)| (key, value.to_owned()))
    );
    assert!(!by_args.to_toml().contains("CANARY") && !format!("{by_args:?}").contains("CANARY"));
}

#[test]
fn half_a_bot_is_not_used_as_the_go_macaque_does_not_use_it() {
    let migration =
        from_env("MACAQUE_CRONTAB=@hourly\nMACAQUE_SLACK_TOKEN=CANARY\nMACAQUE_WEBEX_ROOM_ID=R1").unwrap();
    let lost: Vec<_> = migration
        .unmigrated
        .iter()
        .map(|lost| (lost.option.as_str(), lost.why.as_str()))
        .collect();
    assert_eq!(
        lost,
        [
            (
                "MACAQUE_SLACK_TOKEN",
                "the Go macaque does not use it without MACAQUE_SLACK_CHANNEL"
            ),
            (
                "MACAQUE_WEBEX_ROOM_ID",
                "the Go macaque does not use it without MACAQUE_WEBEX_TOKEN"
            ),
        ]
    );
    assert!(migration.is_armed());
}

#[test]
fn every_mistake_names_its_option_and_what_would_be_right() {
    for (args, words) in [
        (
            "",
            "MACAQUE_CRONTAB: is not set, and the Go macaque does not start without it: set it, or give --args \"-crontab '0 * * * *'\"",
        ),
        ("-crontab '61 * * * *'", "-crontab: "),
        (
            "-crontab '@hourly' -timezone Local",
            "-timezone: `Local` depends on the machine",
        ),
        ("-crontab '@hourly' -selector 'a in'", "-selector: "),
        (
            "-crontab '@hourly' -namespace Shop",
            "-namespace: \"Shop\" is not a namespace: write one name",
        ),
        ("-crontab '@hourly' -cron x", "-cron: no flag has this name"),
    ] {
        let mistakes = from_args(args).unwrap_err();
        assert!(
            mistakes.len() == 1 && mistakes[0].starts_with(words),
            "{args}: {mistakes:?}"
        );
    }
    let unknown = OldVariable {
        name: "MACAQUE_CRONTABS".to_owned(),
        value: OldValue::Elsewhere,
    };
    let sources = OldSources {
        env: vec![unknown],
        ..OldSources::default()
    };
    let mistakes = migrate(&sources).unwrap_err();
    assert!(
        mistakes[0].to_string().contains("did you mean MACAQUE_CRONTAB?"),
        "{mistakes:?}"
    );
}
