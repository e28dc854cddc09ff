//! `macaque migrate`: what it prints, its exit codes, its mistakes, and that no secret is shown.

use macaque_testkit::CANARY;

use crate::macaque;

/// A Deployment of chaoskube beside another container, as `kubectl get -o yaml` prints a list.
const DEPLOYMENT: &str = r#"
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: chaoskube}
- apiVersion: apps/v1
  kind: Deployment
  spec:
    template:
      spec:
        containers:
        - {name: proxy, image: envoy, args: [--bogus]}
        - name: chaos
          image: ghcr.io/linki/chaoskube:v0.39.1
          args: [--interval=5m, "--labels=app in (web,cart)", --no-dry-run]
          env:
          - {name: CHAOSKUBE_TIMEZONE, value: Europe/Berlin}
          - name: CHAOSKUBE_SLACK_WEBHOOK
            valueFrom: {secretKeyRef: {name: chaos, key: webhook}}
"#;

#[test]
fn what_has_an_equal_is_migrated_with_exit_code_0() {
    let output = macaque("migrate chaoskube --args")
        .arg("--interval=5m --labels 'app=web' --no-dry-run")
        .run();
    output.says(
        0,
        &[
            "cron = \"*/5 * * * *\"  # --interval",
            "dry_run = false  # --no-dry-run",
        ],
    );
    output.complains(
        0,
        &["macaque: this disrupts pods as chaoskube did: run it with --dry-run beside chaoskube first"],
    );
}

#[test]
fn a_restriction_without_an_equal_is_named_with_exit_code_3() {
    let output = macaque("migrate chaoskube --args")
        .arg("--kinds !Widget --no-dry-run")
        .run();
    output.says(
        3,
        &[
            "# not migrated, keeps this a dry run: --kinds=\"!Widget\": ",
            "dry_run = true",
        ],
    );
    output.complains(
        3,
        &[
            "macaque: not migrated: --kinds=\"!Widget\": ",
            "this stays a dry run",
        ],
    );
}

#[test]
fn a_pasted_command_line_is_read_as_a_shell_reads_it() {
    let pasted =
        "/bin/chaoskube \\\n  --labels 'app=mate,chaos,stage!=production' \\\n  --excluded-weekdays=Sat,Sun";
    let output = macaque("migrate chaoskube --args").arg(pasted).run();
    output.says(
        0,
        &[
            "selector = \"app=mate,chaos,stage!=production\"",
            "quiet = [\"Sat,Sun\"]",
        ],
    );

    let output = macaque("migrate chaoskube --args").arg("--labels 'a").run();
    output.complains(
        2,
        &["--args: a quote is not closed: close it, or write \\ before it"],
    );
}

#[test]
fn a_manifest_gives_the_arguments_and_the_variables_of_its_container() {
    let output = macaque("migrate chaoskube --file d.yaml")
        .file("d.yaml", DEPLOYMENT)
        .run();
    let words = [
        "cron = \"*/5 * * * *\"  # --interval",
        "timezone = \"Europe/Berlin\"  # CHAOSKUBE_TIMEZONE",
        "selector = \"app in (web,cart)\"  # --labels",
        "url_file = \"/etc/macaque/secrets/slack-webhook\"  # CHAOSKUBE_SLACK_WEBHOOK",
        "dry_run = false",
    ];
    output.says(0, &words);
}

#[test]
fn variables_that_a_manifest_takes_from_elsewhere_keep_a_dry_run_until_a_file_gives_them() {
    let manifest = DEPLOYMENT.replace(
        "          env:\n",
        "          envFrom: [{configMapRef: {name: more}}]\n          env:\n",
    );
    let output = macaque("migrate chaoskube --file d.yaml")
        .file("d.yaml", &manifest)
        .run();
    output.says(
        3,
        &[
            "# not migrated, keeps this a dry run: envFrom: it was not read and may restrict more: give its variables with",
            "dry_run = true",
        ],
    );

    let output = macaque("migrate chaoskube --file d.yaml --env-file e")
        .file("d.yaml", &manifest)
        .file("e", "CHAOSKUBE_MAX_KILL=2\n")
        .run();
    output.says(0, &["count = 2  # CHAOSKUBE_MAX_KILL", "dry_run = false"]);
}

#[test]
fn the_configuration_of_kube_monkey_is_read_from_its_file_or_its_config_map() {
    let toml = "[kubemonkey]\nstart_hour = 9\n";
    let config_map = "kind: ConfigMap\ndata:\n  config.toml: |\n    [kubemonkey]\n    start_hour = 9\n";
    let by_toml = macaque("migrate kube-monkey --file c").file("c", toml).run();
    by_toml.says(0, &["cron = \"0 9-15 * * Mon-Fri\"  # kubemonkey.start_hour"]);
    let by_config_map = macaque("migrate kube-monkey --file c")
        .file("c", config_map)
        .run();
    assert_eq!(by_config_map.out, by_toml.out);

    let container = "{name: kube-monkey, image: ayushsobti/kube-monkey}";
    let deployment =
        format!("kind: Deployment\nspec: {{template: {{spec: {{containers: [{container}]}}}}}}\n");
    let alone = macaque("migrate kube-monkey --file d")
        .file("d", &deployment)
        .run();
    let armed = macaque("migrate kube-monkey --file d --env-file e")
        .file("d", &deployment)
        .file("e", "KUBEMONKEY_DRY_RUN=false\n")
        .run();
    for without_file in [alone, armed] {
        without_file.says(
            3,
            &[
                "# not migrated, keeps this a dry run: config.toml of its ConfigMap: it was not read and may restrict more:",
                "# give it with --file, alone or beside the container",
                "dry_run = true",
            ],
        );
    }
    let both = format!("{deployment}---\n{config_map}");
    let both = macaque("migrate kube-monkey --file d").file("d", &both).run();
    assert_eq!(both.out, by_toml.out);
    let empty = macaque("migrate kube-monkey --file c").file("c", "\n").run();
    empty.complains(2, &["--file: c is empty"]);

    let output = macaque("migrate kube-monkey --args -v=5").run();
    output.complains(
        2,
        &["--args: kube-monkey takes no settings as arguments: use --file or --env-file"],
    );
}

#[test]
fn the_go_macaques_variables_are_read_from_the_environment() {
    let output = macaque("migrate macaque")
        .env("MACAQUE_CRONTAB", "*/5 * * * *")
        .env("MACAQUE_NAMESPACE", "shop")
        .env("MACAQUE_SLACK_TOKEN", CANARY)
        .env("MACAQUE_SLACK_CHANNEL", "C0123456789")
        .env("MACAQUE_LOG__LEVEL", "info")
        .run();
    output.says(
        0,
        &[
            "namespaces = [\"shop\"]  # MACAQUE_NAMESPACE",
            "token_file = ",
            "dry_run = false",
        ],
    );
    macaque("migrate macaque")
        .run()
        .complains(2, &["MACAQUE_CRONTAB: is not set"]);
}

#[test]
fn every_mistake_is_reported_at_once_and_shows_no_secret() {
    let args = format!("--interval=10 --slack-webhok={CANARY} --labels=a {CANARY} --max-kill=0");
    let output = macaque("migrate chaoskube --args").arg(&args).run();
    let words = [
        "macaque: 4 mistakes in the configuration of chaoskube:",
        "  --slack-webhok: no flag has this name: did you mean --slack-webhook?",
        "  argument 4, after --labels: is not a flag",
        "  --interval: \"10\" is not a length of time",
        "  --max-kill: with 0 chaoskube disrupts nothing: write 1 to 100",
    ];
    output.complains(2, &words);
    assert_eq!(output.out, "");

    let broken = format!("[notifications.attacks]\nendpoint = \"{CANARY}\nheaders = [\"{CANARY}\"]\n");
    let output = macaque("migrate kube-monkey --file c").file("c", &broken).run();
    output.complains(2, &["--file: line 2 is not TOML: "]);
    let right = broken.replace(&format!("\"{CANARY}\nh"), &format!("\"{CANARY}\"\nh"));
    macaque("migrate kube-monkey --file c")
        .file("c", &right)
        .run()
        .says(0, &["endpoint"]);
}

#[test]
fn a_file_that_gives_nothing_is_named_with_what_would_be_right() {
    let pod = "kind: Pod\nspec: {containers: [{name: a, image: b}, {name: c, image: d}]}\n";
    for (text, words) in [
        (
            "- not\n- a manifest\n",
            "--file: f is not a Kubernetes manifest: name one with the container of chaoskube",
        ),
        ("kind: Service\n", "--file: f has no container of chaoskube"),
        (
            pod,
            "--file: f has several containers, and none is called chaoskube or has an image of that name",
        ),
    ] {
        macaque("migrate chaoskube --file f")
            .file("f", text)
            .run()
            .complains(2, &[words]);
    }
    let missing = macaque("migrate chaoskube --file nowhere").run();
    missing.complains(
        2,
        &["--file: cannot read nowhere: ", "name a file that can be read"],
    );
    let env = macaque("migrate chaoskube --env-file e")
        .file("e", "A=1\nnonsense\n")
        .run();
    env.complains(2, &["--env-file line 2: is not a variable: write NAME=VALUE"]);
}
