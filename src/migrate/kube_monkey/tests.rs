//! What becomes of each key of kube-monkey, and what is refused.

use super::*;
use crate::migrate::read_env_file;

fn migrated(file: &str) -> Migration {
    from(file, "").unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn from(file: &str, env: &str) -> Result<Migration, Vec<String>> {
    let sources = OldSources {
        file: Some(file.to_owned()),
        env: read_env_file(env).unwrap(),
        ..OldSources::default()
    };
    migrate(&sources).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

/// The value of a key as TOML; empty if it is not set.
fn value_of(migration: &Migration, key: &str) -> String {
    let setting = migration.settings.iter().find(|setting| setting.key == key);
    setting
        .map(|setting| setting.value.to_string())
        .unwrap_or_default()
}

/// A value of each key that differs from its default, and whether its name is to be found in what is printed.
const OTHERS: [(&str, &str, bool); 23] = [
    ("kubemonkey.dry_run", "false", true),
    ("kubemonkey.time_zone", "\"Europe/Paris\"", true),
    ("kubemonkey.run_days", "[\"sat\", \"Sunday\"]", true),
    // When the plan is made changes nothing.
    ("kubemonkey.run_hour", "7", false),
    ("kubemonkey.start_hour", "9", true),
    ("kubemonkey.end_hour", "17", true),
    ("kubemonkey.graceperiod_sec", "30", true),
    ("kubemonkey.whitelisted_namespaces", "[\"shop\"]", true),
    ("kubemonkey.blacklisted_namespaces", "[\"prod\"]", true),
    (
        "kubemonkey.custom_resources",
        "[{ group = \"g.io\", version = \"v1\", resource = \"things\" }]",
        true,
    ),
    ("kubernetes.host", "\"https://CANARY@10.0.0.1\"", true),
    ("debug.enabled", "true", true),
    ("debug.schedule_delay", "10", true),
    ("debug.force_should_kill", "true", true),
    ("debug.schedule_immediate_kill", "true", true),
    ("notifications.enabled", "true", true),
    ("notifications.reportSchedule", "true", true),
    ("notifications.proxy", "\"http://CANARY@proxy\"", true),
    ("notifications.attacks.endpoint", "\"http://CANARY\"", true),
    ("notifications.attacks.message", "\"CANARY\"", true),
    ("notifications.attacks.headers", "[\"a:CANARY\"]", true),
    // Without an address of its own nothing changes.
    ("metrics.enabled", "true", false),
    ("metrics.address", "\":9090\"", false),
];

#[test]
fn every_key_becomes_a_setting_or_is_named_as_without_equal() {
    let known: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
    assert_eq!(
        OTHERS.map(|(name, ..)| name).to_vec(),
        known,
        "a value for every key"
    );

    for (name, value, is_named) in OTHERS {
        let text = migrated(&format!("{name} = {value}")).to_toml();
        assert_eq!(
            text.replace("\n# ", " ").contains(name),
            is_named,
            "{name}: {text}"
        );
        assert!(!text.contains("CANARY"), "{name}: {text}");
    }
    let metrics = migrated("[metrics]\nenabled = true\naddress = \":9090\"");
    assert_eq!(value_of(&metrics, "metrics.listen"), "\"0.0.0.0:9090\"");
}

#[test]
fn the_file_of_the_documentation_becomes_rounds_in_office_hours() {
    let migration = migrated(
        "[kubemonkey]\ndry_run = false\nrun_hour = 8\nstart_hour = 10\nend_hour = 16\n\
         blacklisted_namespaces = [\"kube-system\"]\nwhitelisted_namespaces = [\"\"]\ntime_zone = \"America/New_York\"\n",
    );
    for (key, value) in [
        ("dry_run", "false"),
        ("schedule.cron", "\"0 10-15 * * Mon-Fri\""),
        ("schedule.timezone", "\"America/New_York\""),
        ("target.namespaces", "[\"*\"]"),
        ("target.mode", "\"opt-in\""),
        ("disrupt.pace", "\"chance\""),
        ("disrupt.every", "\"365d\""),
        ("target.min_age", "\"0s\""),
        ("target.include", "[\"daemonset\", \"system-critical\"]"),
        ("disrupt.method", "\"delete\""),
        ("disrupt.grace_period", "\"5s\""),
        ("limits.per_owner_day", "1"),
    ] {
        assert_eq!(value_of(&migration, key), value, "{key}");
    }
    assert_eq!(migration.lost_restrictions().count(), 0, "{migration:?}");
    let text = migration.to_toml().replace("\n# ", " ");
    let remark = "an mtbf of 1 is macaque/every: \"33h36m\", of 2 \"67h12m\", of 5 \"168h\"";
    assert!(text.contains(remark), "{text}");
}

#[test]
fn each_value_becomes_one_of_macaques() {
    let both = |white: &str, black: &str| {
        format!("[kubemonkey]\nwhitelisted_namespaces = [{white}]\nblacklisted_namespaces = [{black}]")
    };
    for (file, key, value) in [
        (both("\"a\", \"b\"", "\"b\""), "target.namespaces", "[\"a\"]"),
        (both("\"a\", \"team-*\"", ""), "target.namespaces", "[\"a\"]"),
        (both("\"*\"", ""), "target.namespaces", "[\"*\"]"),
        (
            both("\"a\", \"a-prod\"", "\"*-prod\""),
            "target.namespaces",
            "[\"a\"]",
        ),
        (
            both("", "\"kube-system\", \"prod\", \"*-prod\""),
            "target.exclude_namespaces",
            "[\"prod\", \"*-prod\"]",
        ),
        (
            both("\"*\"", "\"\""),
            "target.include",
            "[\"daemonset\", \"system-critical\", \"system-namespaces\"]",
        ),
        (
            both("\"kube-system\"", "\"\""),
            "target.include",
            "[\"daemonset\", \"system-critical\", \"system-namespaces\"]",
        ),
        (
            both("\"a\"", "\"\""),
            "target.include",
            "[\"daemonset\", \"system-critical\"]",
        ),
        (
            "kubemonkey.run_days = [\"mon\", \"Wednesday\"]".to_owned(),
            "schedule.cron",
            "\"0 10-15 * * Mon,Wed\"",
        ),
        (
            "kubemonkey.end_hour = 11".to_owned(),
            "schedule.cron",
            "\"0 10 * * Mon-Fri\"",
        ),
        (
            "kubemonkey.graceperiod_sec = 0".to_owned(),
            "disrupt.grace_period",
            "\"1s\"",
        ),
        (
            "kubemonkey.graceperiod_sec = 100000".to_owned(),
            "disrupt.grace_period",
            "\"24h\"",
        ),
        (
            "notifications.proxy = \"http://p:3128\"".to_owned(),
            "notify.proxy_file",
            "\"/etc/macaque/secrets/proxy\"",
        ),
        ("metrics.enabled = false".to_owned(), "metrics.listen", "\"off\""),
        ("KubeMonkey.Dry_Run = true".to_owned(), "dry_run", "true"),
    ] {
        assert_eq!(value_of(&migrated(&file), key), value, "{file}");
    }
}

#[test]
fn a_restriction_without_an_equal_keeps_a_dry_run() {
    for file in [
        "whitelisted_namespaces = [\"a-*\"]",
        "blacklisted_namespaces = [\"[a-c]-prod\"]",
    ] {
        let migration = migrated(&format!("[kubemonkey]\ndry_run = false\n{file}"));
        assert_eq!(migration.lost_restrictions().count(), 1, "{file}: {migration:?}");
        assert!(!migration.is_armed());
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "[kubemonkey]\nstart_hour = 9\nwhitelisted_namespaces = [\"a\"]";
    let env = "KUBEMONKEY_START_HOUR=12\nKUBEMONKEY_WHITELISTED_NAMESPACES=b c\nMETRICS_OTHER=x\n";
    let migration = from(file, env).unwrap();
    assert_eq!(value_of(&migration, "schedule.cron"), "\"0 12-15 * * Mon-Fri\"");
    assert_eq!(value_of(&migration, "target.namespaces"), "[\"b\", \"c\"]");
}

#[test]
fn every_mistake_names_its_key_and_what_would_be_right() {
    for (file, words) in [
        ("kubemonkey = 1", "kubemonkey: kube-monkey has no such key"),
        (
            "kubemonkey.start_our = 1",
            "kubemonkey.start_our: kube-monkey has no such key: did you mean kubemonkey.start_hour?",
        ),
        (
            "kubemonkey.timezone = \"UTC\"",
            "kubemonkey.timezone: kube-monkey has no such key: did you mean kubemonkey.time_zone?",
        ),
        (
            "kubemonkey.start_hour = 24",
            "kubemonkey.start_hour: \"24\" is not an hour: write a whole number from 0 to 23",
        ),
        (
            "kubemonkey.start_hour = \"ten\"",
            "kubemonkey.start_hour: \"ten\" is not an hour: write a whole number from 0 to 23",
        ),
        (
            "kubemonkey.start_hour = 17",
            "kubemonkey.start_hour: 17 is not before kubemonkey.end_hour, 16: write an earlier hour",
        ),
        (
            "kubemonkey.run_hour = 10",
            "kubemonkey.run_hour: 10 is not before kubemonkey.start_hour, 10: write an earlier hour",
        ),
        (
            "kubemonkey.run_days = [\"weekday\"]",
            "kubemonkey.run_days: \"weekday\" is not a weekday: write mon, tue, wed, thu, fri, sat or sun",
        ),
        (
            "kubemonkey.dry_run = \"maybe\"",
            "kubemonkey.dry_run: \"maybe\" is neither true nor false: write true or false",
        ),
        (
            "kubemonkey.dry_run = 1.5",
            "kubemonkey.dry_run: is of another type: write it as kube-monkey has it",
        ),
        (
            "kubemonkey.graceperiod_sec = -1",
            "kubemonkey.graceperiod_sec: \"-1\" is not a number of seconds: write a whole number, such as 5",
        ),
        (
            "kubemonkey.time_zone = \"EDT\"",
            "kubemonkey.time_zone: `EDT` is an abbreviation",
        ),
        (
            "kubemonkey.whitelisted_namespaces = [\"Shop\"]",
            "kubemonkey.whitelisted_namespaces: \"Shop\" is neither a namespace nor a pattern: write names such as \"shop\"",
        ),
        (
            "kubemonkey.whitelisted_namespaces = [\"kube-system\"]",
            "kubemonkey.whitelisted_namespaces: every namespace of it is blacklisted: name another one",
        ),
        (
            "kubemonkey.blacklisted_namespaces = [\"*\"]",
            "kubemonkey.blacklisted_namespaces: \"*\" leaves no namespace: name the namespaces to leave out",
        ),
        (
            "metrics.address = \"8080\"",
            "metrics.address: \"8080\" is not an address to listen on: write :PORT or IP:PORT",
        ),
        ("[kubemonkey", "--file: line 1 is not TOML: "),
    ] {
        let mistakes = from(file, "").unwrap_err();
        assert!(
            mistakes.len() == 1 && mistakes[0].starts_with(words),
            "{file}: {mistakes:?}"
        );
    }
    let mistakes = from("kubemonkey.start_hour = 24", "KUBEMONKEY_BOGUS=1").unwrap_err();
    assert_eq!(mistakes.len(), 2, "all at once: {mistakes:?}");
}
