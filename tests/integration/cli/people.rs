//! What people read: columns, colours, and how far a command is.

use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use kube_sandbox::scenario::{deployment, shop};
use macaque_testkit::fault_proxy::{Fault, FaultProxy};
use macaque_testkit::{Program, TestCluster};

use crate::macaque;

/// The beginning of every escape sequence.
const ESCAPE: char = '\u{1b}';

/// `macaque` on a terminal that knows colours.
fn on_terminal(args: &str, cluster: &TestCluster) -> Program {
    macaque(args).on(cluster).env("TERM", "xterm")
}

#[test]
fn wide_adds_columns_and_loses_none() {
    let cluster = TestCluster::with(shop());
    for (args, added) in [
        ("budgets -n shop", &["UNHEALTHY PODS", "STATUS"][..]),
        (
            "why deploy/web -n shop",
            &["AGE", "NODE", "ZONE", "REVISION", "UID"],
        ),
        ("schedule --number 1", &["UTC"]),
        ("schedule --owners --namespace shop", &["UTC", "PERIOD END"]),
    ] {
        let run = |format: &str| {
            macaque(&format!("{args} -o {format}"))
                .env("MACAQUE_SCHEDULE__CRON", "*/30 * * * *")
                .env("MACAQUE_DISRUPT__PACE", "rota")
                .on(&cluster)
                .run()
        };
        let header = |out: &str| {
            let is_header =
                |line: &&str| line.split("  ").all(|cell| cell == cell.to_uppercase()) && line.contains("  ");
            out.lines().find(is_header).unwrap().to_owned()
        };
        let narrow = header(&run("table").out);
        let wide = header(&run("wide").out);
        for column in added {
            assert!(
                !narrow.contains(column) && wide.contains(column),
                "{args}: {narrow:?} {wide:?}"
            );
        }
        for column in narrow.split("  ").filter(|column| !column.is_empty()) {
            assert!(wide.contains(column.trim()), "{args}: {narrow:?} {wide:?}");
        }
    }

    let plan = macaque("plan -n shop -o wide").on(&cluster).run();
    plan.says(0, &["POD", "AGE", "NODE", "ZONE", "REVISION", "UID", "node-2"]);
}

#[test]
fn a_command_without_more_columns_refuses_wide_and_says_what_there_is() {
    for command in ["once", "check", "notify test"] {
        macaque(&format!("{command} -o wide")).run().complains(
            2,
            &["invalid value 'wide'", "[possible values: table, json, yaml]"],
        );
    }
}

#[test]
fn lines_are_never_wrapped_and_names_never_cut_where_no_terminal_is() {
    let name = "a-name-of-".to_owned() + &"x".repeat(43);
    let cluster = TestCluster::with(vec![deployment("shop", &name, 2)]);
    for command in ["plan", "plan -o wide"] {
        let plan = macaque(&format!("{command} -n shop"))
            .env("COLUMNS", "40")
            .on(&cluster)
            .run();
        assert!(
            plan.line(&name).contains(" allowed: no budget covers it"),
            "{plan:?}"
        );
    }
}

#[test]
fn colour_is_for_terminals_unless_the_flag_or_the_environment_says_otherwise() {
    let cluster = TestCluster::with(shop());
    let is_coloured = |args: &str, env: &[(&str, &str)]| {
        let mut program = on_terminal(&format!("plan -n shop {args}"), &cluster);
        for (name, value) in env {
            program = program.env(name, value);
        }
        let (code, shown) = program.start_on_terminal().end();
        assert_eq!(code, 0, "{shown}");
        shown.contains("\u{1b}[33mrefused\u{1b}[0m by budget db")
    };

    assert!(is_coloured("", &[]));
    assert!(!is_coloured("", &[("NO_COLOR", "1")]));
    assert!(!is_coloured("", &[("TERM", "dumb")]));
    assert!(!is_coloured("--color never", &[]));
    assert!(is_coloured("--color always", &[("NO_COLOR", "1")]));

    let piped = |args: &str, env: &[(&str, &str)]| {
        let mut program = macaque(&format!("plan -n shop {args}")).on(&cluster);
        for (name, value) in env {
            program = program.env(name, value);
        }
        program.run_in_colour().out.contains(ESCAPE)
    };
    assert!(!piped("", &[]));
    assert!(piped("--color=always", &[]));
    assert!(piped("", &[("CLICOLOR_FORCE", "1")]));
    for format in ["json", "yaml"] {
        assert!(!piped(&format!("--color always -o {format}"), &[]));
    }
}

#[test]
fn help_and_mistakes_heed_the_flag_too() {
    let help = macaque("plan --color=always --help").run_in_colour();
    assert!(help.out.contains(ESCAPE), "{help:?}");
    macaque("--color purple plan").run().complains(
        2,
        &[
            "invalid value 'purple' for '--color <WHEN>'",
            "possible values: auto, always, never",
        ],
    );
}

#[test]
fn a_command_that_takes_long_says_how_far_it_is_on_a_terminal_and_clears_the_line() {
    let cluster = TestCluster::with(shop());
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    // The budgets come after the pods. The proxy has no other request meanwhile.
    let wait = move || {
        let _ = gate.lock().unwrap().recv();
    };
    proxy.inject("/poddisruptionbudgets", Fault::meanwhile(wait));
    cluster.reach_at(&proxy.url());

    let running = on_terminal("plan -n shop --color never", &cluster).start_on_terminal();
    running.await_words("\r\u{1b}[Kreading the cluster: 14 pods so far, ");
    drop(go);
    let (code, shown) = running.end();
    assert_eq!(code, 0, "{shown}");
    let (_, plan) = shown.rsplit_once("\r\u{1b}[K").unwrap();
    assert!(plan.starts_with("DRY RUN: nothing is disrupted"), "{shown:?}");
}

#[test]
fn nothing_is_said_of_how_far_it_is_where_no_terminal_is() {
    let cluster = TestCluster::with(shop());
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    proxy.inject(
        "/poddisruptionbudgets",
        Fault::Delay(Duration::from_millis(1_500)),
    );
    cluster.reach_at(&proxy.url());
    let plan = macaque("plan -n shop").on(&cluster).run();
    assert_eq!((plan.code, plan.err.as_str()), (0, ""), "{plan:?}");
}
