//! How the program speaks: its help, its completions, its log, its colours.

use serde_json::Value;

use crate::macaque;
use kube_sandbox::scenario::shop;
use macaque_testkit::{Program, TestCluster};

/// What the daemon logs once it is at work.
const AT_WORK: &str = "next round: ";

/// The daemon with nothing to do, on an API server that is away.
fn daemon(args: &str) -> Program {
    macaque(&format!("run -n shop --log-level debug {args}"))
        .env("MACAQUE_CRONTAB", "@yearly")
        .env("MACAQUE_HEALTH__LISTEN", "off")
        .on_absent_server()
}

#[test]
fn the_help_lists_every_exit_code() {
    let help = macaque("--help").run();
    for code in ["0  ", "1  ", "2  ", "3  ", "4  ", "6  ", "7  ", "70 ", "75 "] {
        help.says(0, &[&format!("\n  {code}")]);
    }

    help.says(
        0,
        &[
            "once",
            "check",
            "schedule",
            "sandbox",
            "demo",
            "completions",
            "--kubeconfig",
        ],
    );
}

#[test]
fn the_version_is_printed() {
    macaque("--version")
        .run()
        .says(0, &[concat!("macaque ", env!("CARGO_PKG_VERSION"))]);
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        macaque(&format!("completions {shell}"))
            .run()
            .says(0, &["macaque", "kubeconfig", "schedule"]);
    }
    macaque("completions cmd")
        .run()
        .complains(2, &["possible values: bash"]);
}

#[test]
fn a_closed_pipe_ends_the_completions_quietly() {
    for shell in ["bash", "zsh"] {
        let output = macaque(&format!("completions {shell}")).run_unread();
        assert_eq!((output.code, output.err.as_str()), (0, ""));
    }
}

#[test]
fn output_that_cannot_be_written_is_said_once_and_ends_with_1_whatever_the_command_found() {
    let cluster = TestCluster::with(shop());
    for args in [
        "--help",
        "completions bash",
        "man",
        "config print",
        "config schema",
        "plan -n shop",
        "plan -n shop -o json",
        "plan -n shop -o yaml",
        "once -n shop",
        "check -n no-such",
        "rbac -n shop",
    ] {
        let output = macaque(args).on(&cluster).run_on_full_disk();
        assert_eq!(output.code, 1, "{args}: {output:?}");
        let said = output
            .err
            .matches("cannot write to standard output: No space left on device");
        assert_eq!(said.count(), 1, "{args}: {output:?}");
    }
}

#[test]
fn a_reader_that_has_ended_changes_no_exit_code() {
    let cluster = TestCluster::with(shop());
    for args in ["--help", "plan -n shop", "plan -n shop -o json", "once -n shop"] {
        let output = macaque(args).on(&cluster).run_unread();
        assert_eq!(output.code, 0, "{args}: {output:?}");
        assert!(!output.err.contains("standard output"), "{args}: {output:?}");
    }
}

#[test]
fn the_log_is_one_json_object_a_line() {
    for args in ["--log-format json", "--log-format auto", ""] {
        let daemon = daemon(args).start();
        let first = daemon.await_words(AT_WORK);
        let output = daemon.terminate();
        let log = first + &output.err;
        let lines: Vec<Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(
            lines
                .iter()
                .all(|line| line["ts"].is_string() && line["level"].is_string()),
            "{log}"
        );
        let first = lines[0]["msg"].as_str().unwrap();
        assert!(
            first.starts_with(
                "DRY RUN, nothing will be disrupted: evict up to 1 per round of the pods in shop of cluster sandbox, at"
            ),
            "{log}"
        );
        assert_eq!((output.code, output.out.as_str()), (0, ""));
    }
}

#[test]
fn the_log_is_text_without_escape_codes_where_that_is_asked_for() {
    let daemon = daemon("--log-format text --dry-run=false").start();
    let log = daemon.await_words(AT_WORK);
    assert!(
        log.contains(" INFO ") && log.contains("ARMED: evict up to 1"),
        "{log}"
    );
    assert!(!log.contains('\u{1b}'), "{log:?}");
    assert_eq!(daemon.terminate().code, 0);
}

#[test]
fn no_color_wins_even_where_colour_is_forced() {
    let demo = || macaque("demo --rounds 1 --every 1").env("CLICOLOR_FORCE", "1");
    // A demo takes seconds: both run at once.
    let forced = std::thread::spawn(move || demo().run_in_colour());
    demo().env("NO_COLOR", "1").run().says(0, &["1 round:"]);
    let coloured = forced.join().unwrap();
    assert!(coloured.out.contains('\u{1b}'), "{coloured:?}");
}

#[test]
fn the_demo_shows_what_is_held_back_and_why_and_how_every_victim_recovers() {
    let shown = macaque("demo --rounds 4 --every 2").run();
    shown.says(
        0,
        &[
            "guard recovered holds back: ",
            " has not recovered since shop/",
            " whole again after ",
            "4 rounds: 3 pods evicted, ",
            " held back by a guard, 3 recoveries (the longest took ",
        ],
    );
}
