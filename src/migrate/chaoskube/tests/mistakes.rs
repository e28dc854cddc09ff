//! What is refused in the arguments and variables of chaoskube, and in which words.

use super::*;

/// The mistakes in these arguments, one a line.
fn mistakes(args: &str) -> Vec<String> {
    let args = split_words(args).unwrap();
    let mistakes = migrate(&OldSources {
        args,
        ..OldSources::default()
    })
    .unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_names_its_argument_and_what_would_be_right() {
    for (args, words) in [
        (
            "--intervall=5m",
            "--intervall: no flag has this name: did you mean --interval?",
        ),
        (
            "--wholly-unknown",
            "--wholly-unknown: no flag has this name: remove it",
        ),
        (
            "-interval=5m",
            "argument 1: is not a flag: write --FLAG=VALUE, and quotes around a value with blanks",
        ),
        (
            "--labels a=b c",
            "argument 3: is not a flag: write --FLAG=VALUE, and quotes around a value with blanks",
        ),
        (
            "--slack-webhook=x y",
            "argument 2, after --slack-webhook: is not a flag: write --FLAG=VALUE, and quotes around a value with blanks",
        ),
        (
            "--dry-run=false",
            "--dry-run: takes no value: write --dry-run or --no-dry-run",
        ),
        ("--interval", "--interval: has no value: write --interval=VALUE"),
        (
            "--grace-period -1s",
            "--grace-period: has no value: write --grace-period=VALUE",
        ),
        (
            "--interval=1m --interval=2m",
            "--interval: is given twice: give it once",
        ),
        (
            "--no-interval",
            "--no-interval: no flag has this name: did you mean --interval?",
        ),
        (
            "--interval=10",
            "--interval: \"10\" is not a length of time that chaoskube takes: write a number with its unit, such as 10m or 1h30m",
        ),
        (
            "--interval=0s",
            "--interval: \"0s\" is not a length of time that chaoskube takes: write a number with its unit, such as 10m or 1h30m",
        ),
        (
            "--minimum-age=9000h",
            "--minimum-age: \"9000h\" is longer than a year: write 8760h or less",
        ),
        (
            "--max-kill=0",
            "--max-kill: with 0 chaoskube disrupts nothing: write 1 to 100",
        ),
        (
            "--max-kill=many",
            "--max-kill: \"many\" is not a whole number: write 1 to 100",
        ),
        (
            "--excluded-weekdays=Saturday",
            "--excluded-weekdays: \"Saturday\" is not what chaoskube takes: write Mon, Tue, Wed, Thu, Fri, Sat or Sun; chaoskube ignores any other word",
        ),
        (
            "--excluded-times-of-day=24:00-25:00",
            "--excluded-times-of-day: \"24:00-25:00\" is not what chaoskube takes: write both ends, such as 22:00-08:00, from 00:00 to 23:59",
        ),
        (
            "--excluded-days-of-year=24.12.",
            "--excluded-days-of-year: \"24.12.\" is not what chaoskube takes: write a month and a day of it, such as Apr1 or Dec24",
        ),
        (
            "--excluded-days-of-year=Feb30",
            "--excluded-days-of-year: \"Feb30\" is not what chaoskube takes: write a month and a day of it, such as Apr1 or Dec24",
        ),
        (
            "--timezone=Europe/Pari",
            "--timezone: unknown time zone `Europe/Pari`: did you mean Europe/Paris?",
        ),
        (
            "--log-format=xml",
            "--log-format: \"xml\" is not a format: write text or json",
        ),
        (
            "--metrics-address=8080",
            "--metrics-address: \"8080\" is not an address to listen on: write :PORT or IP:PORT",
        ),
        (
            "--namespaces=env=test",
            "--namespaces: \"env=test\" is neither a name nor ! and a name: write names such as shop,!kube-system",
        ),
        (
            "--namespaces=a,!a",
            "--namespaces: leaves no namespace, so chaoskube disrupts nothing: include one",
        ),
        (
            "--kinds=Widget",
            "--kinds: leaves no kind that macaque knows: write kinds such as ReplicaSet,StatefulSet",
        ),
        (
            "--included-pod-names=^web --excluded-pod-names=^web",
            "--included-pod-names, --excluded-pod-names: leave no name, so chaoskube disrupts nothing: leave one of them \
             out",
        ),
        (
            "--client-namespace-scope=A",
            "--client-namespace-scope: \"A\" is not a namespace: write one name",
        ),
    ] {
        assert_eq!(mistakes(args), [words], "{args}");
    }
    assert_eq!(
        mistakes("--bogus --interval=x --kinds=a=b").len(),
        3,
        "all at once"
    );
}

#[test]
fn a_variable_that_is_wrong_is_named_and_a_flag_wins_over_one_that_is_right() {
    let variable = |name: &str, value: OldValue| OldVariable {
        name: name.to_owned(),
        value,
    };
    let text = |text: &str| OldValue::Text(text.to_owned());
    let sources = |env| OldSources {
        args: vec!["--interval=5m".to_owned()],
        env,
        ..OldSources::default()
    };

    let good = sources(vec![
        variable("CHAOSKUBE_INTERVAL", text("1h")),
        variable("HOME", text("/")),
    ]);
    assert_eq!(
        value_of(&migrate(&good).unwrap(), "schedule.cron"),
        "\"*/5 * * * *\""
    );

    let bad = sources(vec![
        variable("CHAOSKUBE_LABEL", text("a=b")),
        variable("CHAOSKUBE_DRY_RUN", text("no")),
        variable("CHAOSKUBE_KINDS", OldValue::Elsewhere),
        variable("CHAOSKUBE_SLACK_WEBHOOK", OldValue::Elsewhere),
    ]);
    let mistakes: Vec<String> = migrate(&bad)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        mistakes,
        [
            "CHAOSKUBE_LABEL: no variable has this name: did you mean CHAOSKUBE_LABELS?",
            "CHAOSKUBE_KINDS: its value is in a Secret, a ConfigMap or a field of the pod: give it with --env-file",
            "CHAOSKUBE_DRY_RUN: \"no\" is neither true nor false: write true or false",
        ]
    );
}
