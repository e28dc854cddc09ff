//! What keeps macaque from starting: exit code 2, and one message that names the key and the remedy.

use kube_sandbox::scenario::shop;

use crate::macaque;
use macaque_testkit::{ProgramOutput, TestCluster};

/// `macaque once` with one variable that is wrong.
fn with(name: &str, value: &str) -> ProgramOutput {
    macaque("once -n shop").env(name, value).run()
}

#[test]
fn without_a_schedule_or_a_namespace_both_keys_are_named() {
    let words = [
        "2 mistakes in the settings:",
        "schedule.cron: is not set",
        "MACAQUE_SCHEDULE__CRON",
        "target.namespaces: is not set",
        "MACAQUE_TARGET__NAMESPACES",
    ];

    macaque("run").run().complains(2, &words);
    macaque("").run().complains(2, &words);
}

#[test]
fn once_needs_no_schedule_but_a_namespace() {
    let output = macaque("once").run();
    output.complains(2, &["macaque: target.namespaces: is not set"]);
    assert!(!output.err.contains("schedule.cron"), "{output:?}");
}

#[test]
fn an_invalid_cron_line_names_field_and_key() {
    with("MACAQUE_CRONTAB", "61 * * * *")
        .complains(2, &["schedule.cron:", "minute", "61", "MACAQUE_CRONTAB"]);
}

#[test]
fn an_invalid_zone_names_value_and_key() {
    with("MACAQUE_TIMEZONE", "Europe/Pari").complains(2, &["schedule.timezone:", "Europe/Pari"]);
}

#[test]
fn an_invalid_selector_names_its_flag() {
    let output = macaque("once -n shop -l").arg("app in (").run();
    output.complains(2, &["target.selector:", "`app in (`", "(flag --selector)"]);
}

#[test]
fn an_invalid_duration_names_value_and_key() {
    with("MACAQUE_TARGET__MIN_AGE", "5x").complains(2, &["target.min_age:", "\"5x\""]);
}

#[test]
fn a_file_that_is_not_toml_names_the_place() {
    let output = macaque("once -n shop").toml("dry_run = true\n[disrupt\n").run();
    output.complains(2, &["m.toml: not TOML:", "(line 2, column 9)"]);
}

#[test]
fn an_unknown_key_of_the_file_names_the_nearest() {
    let output = macaque("once -n shop").toml("[disrupt]\ncont = 3\n").run();
    let words =
        "macaque: disrupt.cont: no setting has this name: did you mean disrupt.count? (m.toml line 2)";
    output.complains(2, &[words]);
}

#[test]
fn an_unknown_variable_names_the_nearest() {
    let output = with("MACAQUE_DISRUPT__CONT", "3");
    output.complains(
        2,
        &["MACAQUE_DISRUPT__CONT:", "did you mean MACAQUE_DISRUPT__COUNT?"],
    );
}

#[test]
fn an_empty_flag_does_not_undo_what_the_file_says() {
    for (words, value, key, flag) in [
        ("once -n", "", "target.namespaces", "--namespace"),
        ("once -n", " , ", "target.namespaces", "--namespace"),
        ("plan -l", "", "target.selector", "--selector"),
    ] {
        let file = "[target]\nnamespaces = [\"payments\"]\nselector = \"app=web\"\n";
        let output = macaque(words).arg(value).toml(file).run();
        output.complains(2, &[&format!("{key}: "), "is empty", &format!("(flag {flag})")]);
    }
}

#[test]
fn a_name_of_the_pod_that_cannot_be_one_is_refused_by_whoever_uses_it() {
    for words in [
        "once -n shop --dry-run=false",
        "pause",
        "history",
        "blame --at 10m",
    ] {
        for name in ["Bad NS", "../x", "é", "a.b"] {
            let output = macaque(words).env("MACAQUE_POD_NAMESPACE", name).run();
            output.complains(2, &["MACAQUE_POD_NAMESPACE: ", "is not a valid namespace name"]);
        }
    }
    with("MACAQUE_POD_NAME", "Bad Pod")
        .complains(2, &["MACAQUE_POD_NAME: \"Bad Pod\" is not a valid pod name"]);
}

#[test]
fn a_value_that_must_be_joined_to_its_flag_is_shown_so() {
    for (words, tip) in [
        ("once -n shop --dry-run false", "'--dry-run=false'"),
        ("once -n shop --wait 5m", "'--wait=5m'"),
        ("plan -n shop --watch 5", "'--watch=5'"),
        ("-n shop --dry-run false", "'--dry-run=false'"),
    ] {
        let output = macaque(words).run();
        output.complains(2, &[&format!("tip: write {tip}")]);
        assert!(!output.err.contains("similar"), "{output:?}");
    }
}

#[test]
fn a_negative_value_is_refused_for_what_it_is() {
    for (words, why) in [
        ("pause --for -5m", "it is negative"),
        ("once -n shop --count -1", "-1 is too few"),
        ("report --since -1d", "it is negative"),
        ("blame --slack -5m", "it is negative"),
        ("blame --at -5m", "write a time of day such as 03:12"),
    ] {
        macaque(words).run().complains(2, &[why]);
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let output = macaque("once -n Shop_1 --method kill")
        .toml("[schedule]\ntimezone = \"Nowhere\"\n")
        .env("MACAQUE_DISRUPT__COUNT", "none")
        .run();
    let keys = [
        "4 mistakes",
        "target.namespaces:",
        "disrupt.method:",
        "schedule.timezone:",
        "disrupt.count:",
    ];

    output.complains(2, &keys);
}

#[test]
fn a_file_that_is_named_and_absent_is_a_mistake() {
    let output = macaque("once -n shop --config absent.toml").run();
    output.complains(2, &["--config: cannot read \"absent.toml\": No such file"]);
}

#[test]
fn a_secrets_file_that_cannot_be_read_is_named() {
    let output = macaque("once -n shop")
        .toml("[notify.slack]\ntoken_file = \"/absent/token\"\nchannel = \"C1\"\n")
        .run();

    output.complains(
        2,
        &[
            "notify.slack.token_file: cannot read \"/absent/token\"",
            "(m.toml line 2)",
        ],
    );
}

#[test]
fn an_unknown_flag_or_command_is_a_mistake() {
    macaque("once --bogus")
        .run()
        .complains(2, &["unexpected argument '--bogus'"]);
    macaque("twice")
        .run()
        .complains(2, &["unrecognized subcommand 'twice'"]);
    macaque("once -n shop -A")
        .run()
        .complains(2, &["cannot be used with"]);
}

#[test]
fn the_flags_of_run_need_not_its_name_and_no_flag_is_ignored() {
    for args in [
        "-n Shop_1",
        "run -n Shop_1",
        "--dry-run=maybe",
        "--config absent.toml run",
    ] {
        let words = if args.contains("Shop") {
            "target.namespaces:"
        } else if args.contains("dry") {
            "dry_run:"
        } else {
            "--config: cannot read"
        };
        let output = macaque(args).env("MACAQUE_CRONTAB", "@yearly").run();
        output.complains(2, &[words]);
    }

    let late = macaque("-n shop once").run();
    late.complains(2, &["put '--namespace' after the command's name"]);

    for command in ["demo", "sandbox", "completions bash", "schedule"] {
        let flag = "--kubeconfig";
        let before = macaque(&format!("{flag} file {command}")).run();
        before.complains(2, &["unexpected argument '--kubeconfig'"]);
        let behind = macaque(&format!("{command} {flag} file")).run();
        behind.complains(2, &["unexpected argument '--kubeconfig'"]);
    }

    macaque("schedule --log-level bogus")
        .run()
        .complains(2, &["unexpected argument '--log-level'"]);
}

#[test]
fn many_victims_need_no_word_on_attempts() {
    let cluster = TestCluster::with(shop());
    macaque("plan -n shop --count 20")
        .on(&cluster)
        .run()
        .says(0, &["evict 20 per round, at most 20 attempts"]);
    let output = macaque("plan -n shop --count 20")
        .env("MACAQUE_DISRUPT__ATTEMPTS", "10")
        .run();

    output.complains(2, &["disrupt.attempts: 10 is less than 20 in disrupt.count"]);
}

#[test]
fn only_for_a_variable_is_a_semicolon_between_quiet_times_advised() {
    let file = "[schedule]\nquiet = [\"Sat, 12-25\"]\n";
    let output = macaque("once -n shop").toml(file).run();
    output.complains(2, &["schedule.quiet:", "m.toml line 2"]);
    assert!(!output.err.contains("semicolon"), "{output:?}");
    with("MACAQUE_SCHEDULE__QUIET", "Sat, 12-25").complains(2, &["put a semicolon"]);
}

#[test]
fn a_schedule_that_is_always_quiet_is_refused_by_run_and_failed_by_check() {
    let silent = |command: &str| {
        macaque(command)
            .toml("[schedule]\ncron = \"@hourly\"\nquiet = [\"Mon-Sun\"]\n[health]\nlisten = \"off\"\n")
            .on(&TestCluster::with(shop()))
    };
    let words = "no round would ever run: quiet times cover every slot";

    silent("run -n shop").run().complains(2, &[words]);
    let output = silent("check -n shop").run();
    output.says(1, &["FAILED", words]);
}

#[test]
fn a_kubeconfig_that_is_absent_is_named_with_a_remedy() {
    let words = [
        "kubeconfig absent:",
        "No such file",
        "--kubeconfig (key cluster.kubeconfig)",
    ];

    for command in ["once", "check", "run"] {
        let output = macaque(command)
            .arg("--kubeconfig=absent")
            .env("MACAQUE_NAMESPACE", "shop")
            .env("MACAQUE_CRONTAB", "@yearly")
            .env("MACAQUE_HEALTH__LISTEN", "off")
            .run();
        let printed = ProgramOutput {
            err: format!("{}{}", output.out, output.err),
            ..output
        };
        printed.complains(2, &words);
    }
}

#[test]
fn without_any_kubeconfig_the_ways_to_a_cluster_are_named() {
    let output = macaque("once -n shop").run();
    output.complains(
        2,
        &[
            "no kubeconfig was found: ",
            "/.kube/config: No such file",
            "--kubeconfig",
            "KUBECONFIG",
            "run in a cluster",
        ],
    );
}

#[test]
fn a_context_that_the_kubeconfig_has_not_is_reported_with_those_that_it_has() {
    let cluster = TestCluster::with(shop());
    for call in [
        macaque("once -n shop"),
        macaque("once -n shop --kubeconfig kubeconfig"),
    ] {
        let output = call.arg("--context=prod").on(&cluster).run();
        output.complains(
            2,
            &[
                "there is no context \"prod\" in the kubeconfig ",
                "(key cluster.context): sandbox",
            ],
        );
    }
}

#[test]
fn a_kubeconfig_with_a_bad_address_is_refused_before_anything_is_sent() {
    let cluster = TestCluster::with(shop());
    for address in ["ftp://127.0.0.1", "file://127.0.0.1"] {
        let bad = cluster
            .sandbox
            .kubeconfig()
            .replace(&cluster.sandbox.url(), address);
        let output = macaque("once -n shop --kubeconfig bad").file("bad", &bad).run();
        output.complains(
            2,
            &["kubeconfig bad: its cluster \"sandbox\": the server's address starts with neither https:// nor http://"],
        );
    }
}

#[test]
fn a_flag_with_a_value_of_another_kind_says_which_it_takes() {
    for (call, words) in [
        ("schedule --number many", "write a whole number from 1 to 1000"),
        ("schedule --number 0", "write a whole number from 1 to 1000"),
        ("schedule --number -1", "write a whole number from 1 to 1000"),
        ("schedule --from yesterday", "write a date such as 2026-12-24"),
        ("once -n shop --seed dice", "write a whole number from 0 to"),
        ("once -n shop --seed -1", "write a whole number from 0 to"),
        ("plan -n shop --seed 1.5", "write a whole number from 0 to"),
        (
            "pause -n shop --for 30",
            "it has no unit: write 30s or 30m or 30h",
        ),
        ("pause -n shop --for 1h30", "it is not a duration: write 1h30m"),
        ("pause -n shop --for 400d", "a pause is from 1s to 365d"),
        ("demo --rounds 0", "write a whole number from 1 to 1000"),
        (
            "demo --every soon",
            "write a whole number of seconds from 1 to 3600",
        ),
        (
            "demo --every 2.5s",
            "write a whole number of seconds from 1 to 3600",
        ),
        (
            "demo --every 2h",
            "write a whole number of seconds from 1 to 3600",
        ),
        (
            "sandbox --listen localhost",
            "write an IP address and a port, such as 127.0.0.1:6443",
        ),
    ] {
        macaque(call).run().complains(2, &[words]);
    }
}
