//! `macaque config`: the schema, and the settings in use, each with where it was set. Needs no cluster and no namespace.

use serde_json::{Value, json};

use crate::macaque;
use macaque_testkit::CANARY;

/// A file in which secrets are set in each way, and nothing that the command needs to read.
fn file_with_secrets() -> String {
    format!(
        r#"
[notify]
proxy = "http://user:{CANARY}@proxy.example:3128"
[notify.slack]
token = "{CANARY}"
channel = "C1"
[notify.webex]
token_file = "{CANARY}"
room_id = "r"
[notify.teams]
url_file = "/absent/teams"
[[guards.http]]
name = "calendar"
url = "https://gate.example/go?key={CANARY}"
headers = {{ X-Key = "{CANARY}" }}
[[notify.http]]
name = "pager"
url = "https://chat.example/{CANARY}"
header_files = {{ X-Key = "/absent/key" }}
secret_files = {{ key = "{CANARY}" }}
body = '{{"text": {{{{ headline }}}}}}'
"#
    )
}

#[test]
fn the_schema_is_printed_as_it_is_committed() {
    let output = macaque("config schema").run();
    let committed = include_str!("../../../config/macaque.schema.json");
    assert_eq!((output.code, output.out.as_str()), (0, committed));
}

#[test]
fn what_is_printed_is_a_file_that_means_the_same() {
    let gated = include_str!("../../../config/examples/gated.toml");
    for file in [
        "",
        "disrupt.count = 20",
        "recovery.enabled = false",
        "recovery.enabled = false\nguards.recovered = \"off\"",
        "guards = { whole = \"off\", rollout = \"Lenient\", min_ready = \"50 %\", strikes = 0 }",
        "target.namespaces = [\"*\"]\ncluster.name = 'a \"b\" \\ c'",
        "[[notify.http]]\nname = \"a\"\nurl_file = \"/u\"\nbody = '''\n{ \"text\": {{ headline }} }\n'''\n",
        gated,
    ] {
        let printed = macaque("config print").toml(file).run();
        assert_eq!(
            (printed.code, printed.err.as_str()),
            (0, ""),
            "{file}: {printed:?}"
        );
        for args in ["config print", "config print --origins"] {
            let again = macaque(args).toml(file).run().out;
            let again = macaque("config print").toml(&again).run();
            assert_eq!((again.code, again.out), (0, printed.out.clone()), "{file}");
        }

        let tree = |text: &str| macaque("config print -o json").toml(text).run().json();
        assert_eq!(tree(file), tree(&printed.out), "{file}");
    }
}

#[test]
fn each_value_is_printed_with_where_it_was_set_and_what_it_overrides() {
    let program = |args: &str| {
        macaque(args)
            .toml("dry_run = true\n\n[disrupt]\ncount = 2\nmethod = \"delete\"\n")
            .env("MACAQUE_DISRUPT__COUNT", "3")
            .env("MACAQUE_NAMESPACE", "shop, pay")
            .run()
    };
    let output = program("config print --origins --count 4 --dry-run=false");
    output.says(
        0,
        &[
            "\ndry_run = false  # flag --dry-run, overrides m.toml line 1\n".trim_start(),
            "\ncount = 4  # flag --count, overrides m.toml line 4 and environment variable MACAQUE_DISRUPT__COUNT\n",
            "\nmethod = \"delete\"  # m.toml line 5\n",
            "\nnamespaces = [\"shop\", \"pay\"]  # environment variable MACAQUE_NAMESPACE\n",
            "\ndraw = \"pods\"  # default\n",
        ],
    );

    let rows = program("config print --origins -o json --count 4").json();
    let row = |key: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .find(|row| row["key"] == key)
            .cloned()
    };
    let expected = json!({
        "key": "disrupt.count",
        "value": 4,
        "origin": "flag --count",
        "overrides": ["m.toml line 4", "environment variable MACAQUE_DISRUPT__COUNT"],
    });
    assert_eq!(row("disrupt.count"), Some(expected));
    let expected = json!({ "key": "guards.whole", "value": true, "origin": "default" });
    assert_eq!(row("guards.whole"), Some(expected));
}

#[test]
fn namespaces_that_are_not_set_are_printed_with_what_is_meant_instead_of_them() {
    let kubeconfig = "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\ncontexts: [{name: blue, context: \
                      {cluster: c, namespace: shop}}]\ncurrent-context: blue\n";
    let typed = "not set: commands take shop, of the kubeconfig's context blue; `macaque run` requires it";
    let nobody = "not set: `macaque run` requires it";
    for (program, note) in [
        (macaque("config print").on_kubeconfig(kubeconfig), typed),
        (macaque("config print"), nobody),
        (
            macaque("config print").env("MACAQUE_POD_NAMESPACE", "chaos"),
            nobody,
        ),
    ] {
        program
            .run()
            .says(0, &[&format!("\nnamespaces = []  # {note}\n")]);
    }

    let origins = macaque("config print --origins").on_kubeconfig(kubeconfig).run();
    origins.says(0, &[&format!("\nnamespaces = []  # default; {typed}\n")]);
    let rows = macaque("config print --origins -o json")
        .on_kubeconfig(kubeconfig)
        .run()
        .json();
    let expected = json!({ "key": "target.namespaces", "value": [], "origin": "default", "note": typed });
    assert!(rows.as_array().unwrap().contains(&expected), "{rows}");

    let set = macaque("config print -n pay").on_kubeconfig(kubeconfig).run();
    set.says(0, &["\nnamespaces = [\"pay\"]\n"]);
}

#[test]
fn a_secret_is_named_with_its_origin_and_never_shown_in_any_format() {
    let program = |args: &str| macaque(args).toml(&file_with_secrets()).run();
    // The program's output is searched for the canary by the run itself.
    let output = program("config print --origins");
    output.says(
        0,
        &[
            "\n# token is set, and not shown: m.toml line 5\nchannel = \"C1\"  # m.toml line 6\n",
            "\n# proxy is set, and not shown: m.toml line 3\n",
            "\n# token_file is set, and not shown: m.toml line 8\n",
            "\nurl_file = \"/absent/teams\"  # m.toml line 11\n",
            "\n# headers is set, and not shown: m.toml line 15\n",
            "\nheader_files = { \"X-Key\" = \"/absent/key\" }  # m.toml line 19\n",
            "\n# secret_files is set, and not shown: m.toml line 20\n",
        ],
    );
    program("config print").says(0, &["\n# token is set, and not shown\nchannel"]);

    let tree = program("config print -o json").json();
    assert_eq!(tree["notify"]["slack"]["token"], Value::Null);
    assert_eq!(tree["guards"]["http"], json!([{ "name": "calendar" }]));
    let rows = program("config print --origins -o json").json();
    let rows = rows.as_array().unwrap().clone();
    assert!(rows.contains(&json!({ "key": "notify.slack.token", "origin": "m.toml line 5" })));
    assert!(rows.contains(&json!({ "key": "guards.http[1].url", "origin": "m.toml line 14" })));
}

#[test]
fn all_mistakes_are_reported_at_once_and_nothing_is_printed() {
    let output = macaque("config print --count two")
        .toml("bogus = 1\n[notify.slack]\ntoken = 5\napi_url = \"ftp://x\"\n[notify]\nkinds = [\"all\", \"x\"]\n")
        .env("MACAQUE_LOG__LEVEL", "loud")
        .run();
    output.complains(
        2,
        &[
            "6 mistakes in the settings:",
            "bogus: no setting has this name",
            "notify.slack.token: the value is not text",
            "notify.slack.api_url: the URL ",
            "notify.kinds: \"x\" is not a kind of message",
            "disrupt.count: \"two\" is not a whole number",
            "log.level: \"loud\" is not a level",
        ],
    );
    assert_eq!(output.out, "");
}

#[test]
fn an_action_that_there_is_not_and_a_flag_that_is_not_used_are_usage_errors() {
    macaque("config show")
        .run()
        .complains(2, &["unrecognized subcommand 'show'"]);
    macaque("config")
        .run()
        .complains(2, &["Usage: macaque config", "schema", "print"]);
    for args in ["config schema --context a", "--context a config schema"] {
        macaque(args).run().complains(
            2,
            &["unexpected argument '--context': 'config schema' does not use it"],
        );
    }
}

#[test]
fn the_document_shows_what_is_printed() {
    let document = include_str!("../../../docs/cli.md");
    let (_, recorded) = document
        .split_once("$ macaque config print --origins --count 3\n")
        .unwrap();
    let (recorded, _) = recorded.split_once("\n…\n").unwrap();
    let output = macaque("config print --origins --count 3")
        .file("macaque.toml", "[disrupt]\nmethod = \"delete\"\ncount = 2\n")
        .env("MACAQUE_CONFIG", "macaque.toml")
        .env("MACAQUE_NAMESPACE", "shop")
        .run();
    assert!(
        output.out.starts_with(recorded),
        "what belongs there is:\n{}",
        output.out
    );
}
