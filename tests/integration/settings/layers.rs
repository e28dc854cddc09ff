//! Which layer wins, and what of the environment is heard.

use std::time::Duration;

use macaque::settings::{self, LogFormat};
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::DisruptionMethod;

use super::{SettingsFixture, fixture, secret_of};

#[test]
fn nothing_set_is_a_dry_run_that_would_evict_one_pod_of_the_own_namespace() {
    let setup = fixture().load();
    assert!(setup.config.dry_run);
    assert!(setup.config.calendar.is_none());
    assert_eq!(
        setup.config.target.namespaces,
        NamespaceScope::Named(vec!["own".into()])
    );
    assert_eq!(setup.config.target.min_age, Duration::from_secs(60));
    assert_eq!(setup.config.disrupt.method, DisruptionMethod::Evict);
    assert_eq!(
        (setup.config.disrupt.count.most(), setup.config.disrupt.attempts),
        (1, 10)
    );
    assert_eq!(setup.config.disrupt.grace_period, None);
    assert_eq!(setup.health, Some(([0, 0, 0, 0], 8080).into()));
    assert_eq!(setup.log.format, LogFormat::Auto);
    assert!(setup.notify.channels().is_empty());
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let fixture = fixture().file("[disrupt]\ncount = 2");
    assert_eq!(fixture.load().config.disrupt.count.most(), 2);
    let fixture = fixture.env("MACAQUE_DISRUPT__COUNT", "3");
    assert_eq!(fixture.load().config.disrupt.count.most(), 3);
    let fixture = fixture.flag("disrupt.count", "--count", "4");
    assert_eq!(fixture.load().config.disrupt.count.most(), 4);
}

#[test]
fn a_list_replaces_the_list_below_and_flags_add_up() {
    let fixture = fixture()
        .file("[target]\nnamespaces = [\"file\"]")
        .env("MACAQUE_TARGET__NAMESPACES", "a, b")
        .flag("target.namespaces", "-n", "c")
        .flag("target.namespaces", "-n", "d,c");

    assert_eq!(
        fixture.load().config.target.namespaces,
        NamespaceScope::Named(vec!["c".into(), "d".into()]),
        "each namespace once"
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    let fixture = fixture().file("dry_run = false").env("MACAQUE_DRY_RUN", "");
    assert!(!fixture.load().config.dry_run);
}

#[test]
fn a_variable_names_the_file_and_the_flag_wins_over_it() {
    let mut fixture = fixture().file("dry_run = false");
    let by_flag = fixture.sources.file.take().unwrap();
    let fixture = fixture.env("MACAQUE_CONFIG", by_flag.to_str().unwrap());
    assert!(!fixture.load().config.dry_run);
    let other = fixture.secret("other.toml", "dry_run = true");
    let mut fixture = fixture;
    fixture.sources.file = Some(other.into());
    assert!(fixture.load().config.dry_run);
}

#[test]
fn the_eight_variables_of_the_go_tool_work() {
    let setup = fixture()
        .scheduled()
        .env("MACAQUE_CRONTAB", "*/5 * * * *")
        .env("MACAQUE_NAMESPACE", "shop")
        .env("MACAQUE_SELECTOR", "app=web")
        .env("MACAQUE_TIMEZONE", "Europe/Paris")
        .env("MACAQUE_SLACK_TOKEN", "slack-token")
        .env("MACAQUE_SLACK_CHANNEL", "#chaos")
        .env("MACAQUE_WEBEX_TOKEN", "webex-token\n")
        .env("MACAQUE_WEBEX_ROOM_ID", "room")
        .load();
    let calendar = setup.config.calendar.as_ref().unwrap();

    assert_eq!(calendar.cron().to_string(), "*/5 * * * *");
    assert_eq!(calendar.zone().iana_name(), Some("Europe/Paris"));
    assert_eq!(
        setup.config.target.namespaces,
        NamespaceScope::Named(vec!["shop".into()])
    );
    assert_eq!(setup.config.target.selector.to_string(), "app=web");
    assert_eq!(
        (
            secret_of(&setup, "slack").as_str(),
            setup.notify.text("notify.slack.channel")
        ),
        ("slack-token", Some("#chaos"))
    );
    assert_eq!(
        (
            secret_of(&setup, "webex").as_str(),
            setup.notify.text("notify.webex.room_id")
        ),
        ("webex-token", Some("room"))
    );
    assert!(setup.config.dry_run, "armed by nobody");
}

#[test]
fn every_key_has_a_variable_that_reaches_it() {
    for key in settings::keys() {
        // A value that none of the other kinds takes, or that this key refuses, so that the answer names the key.
        let fixture = fixture().env(&key.variable(), "\u{1}");
        let heard = match fixture.try_load() {
            Ok(setup) => format!("{setup:?}").contains("\\u{1}"),
            Err(mistakes) => mistakes.iter().any(|mistake| {
                mistake.source.as_deref() == Some(&format!("environment variable {}", key.variable()))
                    || mistake.wrong.contains(&key.variable())
            }),
        };
        assert!(heard, "{} is heard", key.variable());
    }
}

#[test]
fn what_kubernetes_sets_for_a_service_called_macaque_is_no_setting() {
    fixture()
        .env("MACAQUE_SERVICE_HOST", "10.0.0.1")
        .env("MACAQUE_SERVICE_PORT", "8080")
        .env("MACAQUE_SERVICE_PORT_HTTP", "8080")
        .env("MACAQUE_PORT", "tcp://10.0.0.1:8080")
        .env("MACAQUE_PORT_8080_TCP", "tcp://10.0.0.1:8080")
        .env("MACAQUE_PORT_8080_TCP_ADDR", "10.0.0.1")
        .env("MACAQUE_METRICS_PORT", "tcp://10.0.0.2:9090")
        .env("MACAQUE_METRICS_SERVICE_HOST", "10.0.0.2")
        .load();
}

#[test]
fn the_downward_api_says_who_macaque_is() {
    let fixture = fixture()
        .env("MACAQUE_POD_NAME", "macaque-0")
        .env("MACAQUE_POD_NAMESPACE", "chaos");
    let own_pod = fixture.load().own_pod.unwrap();
    assert_eq!(
        (own_pod.name.as_str(), own_pod.namespace.as_str()),
        ("macaque-0", "chaos")
    );
}

#[test]
fn the_listing_says_which_namespace_is_meant_where_none_is_set() {
    let note = |fixture: &SettingsFixture| {
        let listing = settings::list_settings(&fixture.sources).unwrap();
        let mut settings = listing.settings.into_iter();
        settings
            .find(|setting| setting.section == "target" && setting.name == "namespaces")
            .unwrap()
            .note
    };
    let in_pod = note(&fixture());
    assert_eq!(
        in_pod.as_deref(),
        Some("not set: in use is own, in which macaque runs")
    );
    let outside = note(&fixture().without_a_namespace());
    assert_eq!(outside.as_deref(), Some("not set: `macaque run` requires it"));
    assert_eq!(note(&fixture().env("MACAQUE_NAMESPACE", "shop")), None);
}
