//! Mistakes in the values: each message names the key, says what is wrong, and what would be right.

use std::fs;
use std::process::Command;

use macaque_testkit::chart::{CHART, HELMS, helm, merged, object, rendered, side_by_side};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::minimal;

/// A mistake: the values, or flags instead of them, and the words that the message must hold.
struct Mistake {
    values: Value,
    flags: &'static [&'static str],
    says: &'static [&'static str],
}

fn mistake(values: Value, says: &'static [&'static str]) -> Mistake {
    let flags = &[];
    Mistake { values, flags, says }
}

/// What this Helm says of the chart at `chart` with these values.
fn refused(program: &str, chart: &str, mistake: &Mistake) -> String {
    let args = [
        &["template", "macaque", chart, "--namespace", "chaos"],
        mistake.flags,
    ]
    .concat();
    let values = merged(minimal(), &mistake.values);
    match helm(program, &args, &values) {
        Ok(text) => unreachable!("{program} renders {values}: {text}"),
        Err(error) => error,
    }
}

fn assert_each_says(mistakes: &[Mistake]) {
    side_by_side(mistakes, |mistake| {
        for program in HELMS {
            let error = refused(program, CHART, mistake);
            for words in mistake.says {
                assert!(
                    error.contains(words),
                    "{program}, {}: no {words:?} in {error}",
                    mistake.values
                );
            }
        }
    });
}

#[test]
#[ignore = "needs .ci/tools and .ci/helm3: just interop"]
fn a_wrong_type_or_an_unknown_name_or_word_is_refused_with_its_key() {
    assert_each_says(&[
        mistake(json!({"replicaCount": "two"}), &["replicaCount", "integer"]),
        mistake(json!({"replicas": 2}), &["replicas", "not allowed"]),
        mistake(json!({"mode": "daemonset"}), &["mode", "cronjob"]),
        mistake(json!({"image": {"tagg": "1"}}), &["image", "tagg"]),
        mistake(
            json!({"podMonitor": {"enabled": "yes"}}),
            &["podMonitor/enabled", "boolean"],
        ),
        mistake(
            json!({"config": {"dry_run": "no"}}),
            &["config/dry_run", "boolean"],
        ),
        mistake(json!({"config": {"dryRun": false}}), &["config", "dryRun"]),
        mistake(
            json!({"config": {"disrupt": {"method": "kill"}}}),
            &["config/disrupt/method", "evict"],
        ),
        mistake(
            json!({"config": {"disrupt": {"count": 0}}}),
            &["config/disrupt/count", "1"],
        ),
        mistake(
            json!({"config": {"target": {"namespaces": "shop"}}}),
            &["config/target/namespaces", "array"],
        ),
        mistake(
            json!({"config": {"guards": {"whoole": true}}}),
            &["config/guards", "whoole"],
        ),
    ]);
}

#[test]
#[ignore = "needs .ci/tools and .ci/helm3: just interop"]
fn a_secret_in_the_configuration_is_refused_with_its_key() {
    let secrets = [
        json!({"slack": {"token": "xoxb-1"}}),
        json!({"slack_webhook": {"url": "https://hooks.slack.com/services/T/B/1"}}),
        json!({"webex": {"token": "1"}}),
        json!({"teams": {"url": "https://teams.example/1"}}),
        json!({"webhook": {"secret": "whsec_1"}}),
        json!({"proxy": "http://user:pass@proxy.example:3128"}),
    ];
    let keys: [&'static [&'static str]; 6] = [
        &["config/notify/slack", "token"],
        &["config/notify/slack_webhook", "url"],
        &["config/notify/webex", "token"],
        &["config/notify/teams", "url"],
        &["config/notify/webhook", "secret"],
        &["proxy"],
    ];
    let mistakes = secrets.into_iter().zip(keys);
    let mistakes: Vec<_> = mistakes
        .map(|(notify, says)| mistake(json!({"config": {"notify": notify}}), says))
        .collect();
    assert_each_says(&mistakes);
}

#[test]
#[ignore = "needs .ci/tools and .ci/helm3: just interop"]
fn values_that_cannot_work_together_are_refused_with_what_would() {
    let armed = json!({"config": {"dry_run": false, "target": {"namespaces": null}}});
    let cron_job = json!({"mode": "cronjob", "cronjob": {"schedule": "0 * * * *"}, "config": {"schedule": {"cron": ""}}});
    let with = |more: Value| merged(cron_job.clone(), &more);
    assert_each_says(&[
        mistake(
            armed,
            &[
                "config.target.namespaces",
                "dry_run is false",
                "name the namespaces",
            ],
        ),
        mistake(
            json!({"image": {"repository": ""}}),
            &["image.repository", "registry.example/macaque"],
        ),
        mistake(
            json!({"config": {"health": {"listen": "127.0.0.1:8080"}}}),
            &["config.health.listen", "use 0.0.0.0"],
        ),
        mistake(
            json!({"config": {"health": {"listen": "8080"}, "status": {"listen": "[::]:65536"}}}),
            &[
                "config.health.listen: \"8080\" is not an IP address with a port",
                "config.status.listen: \"[::]:65536\" is not an IP address with a port",
            ],
        ),
        mistake(
            json!({"extraArgs": ["--config=/x"]}),
            &["extraArgs", "--config=/x sets what config sets"],
        ),
        mistake(
            json!({"extraArgs": ["--dry-run=false"]}),
            &["extraArgs", "--dry-run=false sets what config sets"],
        ),
        mistake(
            json!({"extraArgs": ["--pace=rota"]}),
            &["extraArgs", "--pace=rota sets what config sets"],
        ),
        mistake(
            json!({"env": [{"name": "MACAQUE_DRY_RUN", "value": "false"}]}),
            &["env", "MACAQUE_DRY_RUN sets what config sets"],
        ),
        mistake(
            with(json!({"config": {"dry_run": false, "journal": "memory"}})),
            &["config.journal", "each Job would forget"],
        ),
        mistake(
            json!({"config": {"schedule": {"cron": ""}}}),
            &["config.schedule.cron", "*/30 9-16 * * Mon-Fri"],
        ),
        mistake(
            with(json!({"config": {"schedule": {"cron": "@hourly"}}})),
            &["config.schedule.cron", "cronjob.schedule"],
        ),
        mistake(
            with(json!({"config": {"schedule": {"quiet": ["12-25"]}}})),
            &["config.schedule.quiet", "cronjob"],
        ),
        mistake(
            with(json!({"config": {"disrupt": {"pace": "rota", "every": "10d"}}})),
            &["config.disrupt.pace", "\"rota\"", "use mode \"deployment\""],
        ),
        mistake(
            with(json!({"cronjob": {"schedule": ""}})),
            &["cronjob.schedule", "not set"],
        ),
        mistake(
            with(json!({"podMonitor": {"enabled": true}})),
            &["podMonitor.enabled", "deployment"],
        ),
        mistake(
            with(json!({"prometheusRule": {"enabled": true}, "grafanaDashboard": {"enabled": true}})),
            &[
                "prometheusRule.enabled: a Job serves no metrics",
                "grafanaDashboard.enabled: a Job serves no metrics",
            ],
        ),
        mistake(
            json!({"cronjob": {"schedule": "0 * * * *"}}),
            &["cronjob.schedule", "mode"],
        ),
        mistake(
            json!({"config": {"target": {"namespaces": ["*", "shop"]}}}),
            &["config.target.namespaces", "[\"*\"] alone"],
        ),
        mistake(
            json!({"config": {"target": {"namespaces": ["shop"], "namespace_selector": "chaos=on"}}}),
            &["config.target.namespace_selector", "leave one of the two out"],
        ),
        mistake(
            json!({"config": {"target": {"namespaces": ["shop"]}}, "rbac": {"namespaces": ["pay"]}}),
            &["rbac.namespaces", "config.target.namespace_selector"],
        ),
        mistake(
            json!({"replicaCount": 2, "config": {"journal": "memory"}}),
            &["replicaCount", "config.journal"],
        ),
        mistake(
            json!({"existingSecret": "tokens"}),
            &["existingSecret", "secretKeys"],
        ),
        mistake(
            json!({"config": {"notify": {"slack": {"token_file": "/etc/macaque/secrets/slack-token", "channel": "C1"}}}}),
            &["existingSecret", "slack-token"],
        ),
        mistake(
            json!({"podMonitor": {"enabled": true}, "config": {"health": {"listen": "off"}}}),
            &["podMonitor.enabled", "config.metrics.listen"],
        ),
        mistake(
            json!({
                "prometheusRule": {"enabled": true}, "grafanaDashboard": {"enabled": true},
                "config": {"metrics": {"listen": "off"}},
            }),
            &[
                "prometheusRule.enabled: no metrics are served",
                "grafanaDashboard.enabled: no metrics are served",
            ],
        ),
    ]);
}

/// The chart cannot read that one, and its TOML may have the schedule that turns need.
#[test]
#[ignore = "needs .ci/tools: just interop"]
fn turns_are_not_refused_to_jobs_that_read_another_config_map() {
    let values = json!({
        "mode": "cronjob", "cronjob": {"schedule": "0 * * * *"}, "existingConfigMap": "settings",
        "config": {"schedule": {"cron": ""}, "disrupt": {"pace": "rota", "every": "10d"}},
    });
    let objects = rendered(&merged(minimal(), &values));
    assert_eq!(object(&objects, "CronJob")["metadata"]["name"], "macaque");
}

#[test]
#[ignore = "needs .ci/tools and .ci/helm3: just interop"]
fn an_old_kubernetes_is_refused_with_what_it_must_be() {
    let old = |version: &'static [&'static str], values: Value, says| Mistake {
        values,
        flags: version,
        says,
    };
    let cron_job = json!({"mode": "cronjob", "cronjob": {"schedule": "0 * * * *"}, "config": {"schedule": {"cron": ""}}});
    assert_each_says(&[
        old(
            &["--kube-version", "1.24.0"],
            json!({}),
            &["kubeVersion", ">=1.25"],
        ),
        old(&["--kube-version", "1.26.0"], cron_job, &["mode", "1.27"]),
    ]);
}

/// Helm cannot be told to be old, so a copy of the chart asks for one that is yet to come.
#[test]
#[ignore = "needs .ci/tools and .ci/helm3: just interop"]
fn an_old_helm_is_refused_with_what_it_must_be() {
    let copy = TempDir::new().unwrap();
    let copied = Command::new("cp").args(["-r", CHART]).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let checks = copy.path().join("chart/templates/_checks.tpl");
    let text = fs::read_to_string(&checks).unwrap();
    assert!(text.contains("\">=3.8.0-0\""), "{text}");
    fs::write(&checks, text.replace("\">=3.8.0-0\"", "\">=99.0.0-0\"")).unwrap();

    for program in HELMS {
        let chart = copy.path().join("chart");
        let error = refused(program, chart.to_str().unwrap(), &mistake(json!({}), &[]));
        assert!(error.contains("is too old: use Helm 3.8 or newer"), "{error}");
    }
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn a_chart_around_this_one_may_set_what_it_sets_for_all_and_switch_it() {
    let values = json!({"global": {"anything": {"of": "theirs"}}, "enabled": true});
    let objects = rendered(&merged(minimal(), &values));
    assert!(objects.len() >= 6);
}
