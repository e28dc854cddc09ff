//! What `plan`, `why`, `check` and `resume` say of owners that have not recovered, and of a macaque that paused itself.

use actix::System;
use macaque::journal::JournalStore;
use macaque::platform::Platform;
use macaque_core::config::{ConfigMapRef, DisruptionLimits, JournalLocation, RecoveryPolicy};
use macaque_core::guard::RecoveredGuard;
use macaque_core::journal::{JournalEvent, JournalTiming};
use macaque_core::recovery::{RecoveryConfig, RecoveryPrecision, RecoveryReport, RecoveryVerdict};
use macaque_testkit::{Program, ProgramOutput};
use serde_json::{Value, json};

use super::fixture::{ShopFixture, gone, record_round};
use crate::macaque;

/// A shop whose journal knows of a victim of each of these Deployments, none of which has recovered.
fn shop_after_victims(of: &[&str]) -> ShopFixture {
    let mut objects = kube_sandbox::scenario::shop();
    objects.push(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal", "namespace": "chaos"},
    }));
    let shop = ShopFixture::with(objects);
    let victims: Vec<_> = of.iter().map(|owner| gone("shop", "Deployment", owner)).collect();
    System::new().block_on(async {
        let platform = Platform::system();
        let cluster = shop.cluster.connect(&platform).await;
        record_round(&victims, &store(None, &platform).writer(1), &cluster, &platform).await;
    });
    shop
}

fn store(strikes: Option<usize>, platform: &Platform) -> JournalStore {
    let location = JournalLocation::ConfigMap(ConfigMapRef {
        namespace: "chaos".to_owned(),
        name: "macaque-journal".to_owned(),
    });
    let policy = RecoveryPolicy {
        timeout: RecoveryConfig::default().timeout,
        recovered: RecoveredGuard::Owner,
        strikes,
    };
    let (limits, timing) = (DisruptionLimits::default(), JournalTiming::default());
    JournalStore::new(location, "macaque", limits, 10, timing, platform)
        .on_demand()
        .with_recovery(policy)
}

/// Reports that the Deployment has not recovered, under a limit of `strikes`.
fn report_unrecovered(shop: &ShopFixture, owner: &str, strikes: usize) {
    System::new().block_on(async {
        let platform = Platform::system();
        let cluster = shop.cluster.connect(&platform).await;
        let place = ConfigMapRef {
            namespace: "chaos".to_owned(),
            name: "macaque-journal".to_owned(),
        };
        let journal = cluster.journal(&place).await.unwrap().unwrap();
        let journal = journal.stored().read().unwrap();
        let mut records = journal.recovering().iter();
        let record = records.find(|record| record.victim.owner.name == owner).unwrap();
        let report = RecoveryReport {
            verdict: Some(RecoveryVerdict::Unrecovered),
            ready: 2,
            target: 3,
            ..RecoveryReport::unseen(&record.victim, RecoveryPrecision::Watch)
        };
        let writer = store(Some(strikes), &platform).writer(1);
        let event = JournalEvent::ReportRecovery(Box::new(report));
        writer.commit(&cluster, &event).await.unwrap();
    });
}

/// An armed macaque that lives in `chaos`.
fn armed(shop: &ShopFixture, words: &str) -> Program {
    macaque(&format!("{words} -n shop --dry-run=false"))
        .env("MACAQUE_POD_NAMESPACE", "chaos")
        .on(&shop.cluster)
}

/// What `check` says of the journal.
fn journal_finding(output: &ProgramOutput) -> Value {
    let findings = output.json();
    let mut findings = findings.as_array().unwrap().iter();
    let is_journal = |finding: &&Value| finding["what"] == "ConfigMap chaos/macaque-journal";
    findings.find(is_journal).unwrap().clone()
}

#[test]
fn plan_shows_who_recovers_since_when_and_for_how_long_and_gives_them_no_chance() {
    let shop = shop_after_victims(&["web", "cart"]);
    let plan = armed(&shop, "plan").run();
    plan.says(0, &["recovering:", "EXPECTED UNTIL", "in flight: 2"]);
    assert!(
        !plan.out.contains("strikes") && !plan.out.contains("withheld"),
        "{plan:?}"
    );
    let held = "recovered: deployment/web has not recovered since shop/web-gone was disrupted";
    let web = plan.line("deployment/web ");
    assert!(web.contains(held) && web.contains(" 0% "), "{web}");

    let json = armed(&shop, "plan -o json").run().json();
    let recovery = &json["recovery"];
    assert_eq!(
        (&recovery["in_flight"], &recovery["strikes"]),
        (&json!(2), &json!([]))
    );
    let open = recovery["open"].as_array().unwrap();
    let of_web = open
        .iter()
        .find(|open| open["victim"]["name"] == "web-gone")
        .unwrap();
    let instant = |key: &str| of_web[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let since = instant("since");
    assert_eq!(instant("expected_until").duration_since(since).as_secs(), 60);
    assert!((299..=301).contains(&instant("until").duration_since(since).as_secs()));

    let seed = armed(&shop, "plan --seed 1").run();
    assert!(seed.out.contains("guard recovered holds back"), "{seed:?}");
}

#[test]
fn a_limit_of_victims_in_flight_that_is_reached_is_said_before_anything_else() {
    let shop = shop_after_victims(&["web"]);
    let with_limit =
        |words: &str, limit: &str| armed(&shop, words).env("MACAQUE_LIMITS__IN_FLIGHT", limit).run();

    let reached = "withheld: ";
    let plan = with_limit("plan", "1");
    plan.says(0, &[reached, "limits.in_flight", "in flight: 1 of 1"]);
    with_limit("why deploy/cart", "1").says(0, &[reached, "limits.in_flight"]);
    let json = with_limit("plan -o json", "1").json();
    assert!(
        json["withheld"].as_str().unwrap().contains("limits.in_flight"),
        "{json}"
    );
    let round = with_limit("once", "1");
    assert!(
        round.out.contains(json["withheld"].as_str().unwrap()),
        "{round:?}"
    );

    let plan = with_limit("plan", "2");
    plan.says(0, &["in flight: 1 of 2"]);
    assert!(!plan.out.contains(reached), "{plan:?}");
}

#[test]
fn why_names_the_victim_whose_owner_has_not_recovered() {
    let shop = shop_after_victims(&["web"]);
    let why = armed(&shop, "why deploy/web").run();
    let row = why.line("recovered  ");
    assert!(
        row.starts_with(
            "recovered holds back guards.recovered = \"owner\" deployment/web has not recovered since shop/web-gone was \
             disrupted "
        ),
        "{row}"
    );
    why.says(0, &["would not be disrupted: guard recovered holds back"]);

    let other = armed(&shop, "why deploy/cart").run();
    let row = "recovered ok guards.recovered = \"owner\" no victim of this owner is recovering";
    assert_eq!(other.line("recovered  "), row);
    let whole_namespace = armed(&shop, "why deploy/cart").env("MACAQUE_GUARDS__RECOVERED", "namespace");
    whole_namespace.run().says(0, &["guard recovered holds back"]);
}

#[test]
fn strikes_are_counted_up_to_the_pause_and_shown_by_plan_and_check() {
    let shop = shop_after_victims(&["web", "cart"]);
    let detail = |shop: &ShopFixture| {
        let finding = journal_finding(&armed(shop, "check -o json").run());
        assert_eq!(finding["result"], "ok", "{finding}");
        finding["detail"].as_str().unwrap().to_owned()
    };
    let before = detail(&shop);
    assert!(
        before.contains("; recovering: 2 owners, the first deployment/"),
        "{before}"
    );

    report_unrecovered(&shop, "web", 3);
    let plan = armed(&shop, "plan").run();
    plan.says(0, &["in flight: 1; strikes: 1 of 3 (deployment/web in shop)"]);
    let json = armed(&shop, "plan -o json").run().json();
    assert_eq!(json["recovery"]["strikes"], json!(["deployment/web in shop"]));
    assert_eq!(json["recovery"]["strike_limit"], 3);
    let after = detail(&shop);
    assert!(
        after.contains("; recovering: deployment/cart in shop since ")
            && after.ends_with("; strikes: 1 of 3, the last deployment/web in shop"),
        "{after}"
    );
}

#[test]
fn a_pause_by_macaque_itself_is_shown_with_its_reason_until_resume_lifts_it() {
    let shop = shop_after_victims(&["web", "cart"]);
    report_unrecovered(&shop, "web", 2);
    report_unrecovered(&shop, "cart", 2);

    let reason = "2 victims in a row did not recover: deployment/web in shop; deployment/cart in shop";
    let told = format!("paused by macaque: {reason} (annotation macaque/paused); `macaque resume` lifts it");
    for words in ["plan", "why deploy/web"] {
        armed(&shop, words).run().says(0, &[&told]);
        let json = armed(&shop, &format!("{words} -o json")).run().json();
        assert_eq!(json["paused"], told);
    }
    let checked = journal_finding(&armed(&shop, "check -o json").run());
    assert_eq!(checked["result"], "warning");
    assert_eq!(
        checked["remedy"],
        "find out why these owners did not recover, then run `macaque resume`"
    );
    let paused = format!("no pod disrupted: paused by macaque: {reason}");
    armed(&shop, "once").run().says(3, &[&paused]);

    let resume = macaque("resume -n chaos").on(&shop.cluster);
    resume.run().says(
        0,
        &["resumed", &format!("lifted: the pause by macaque: {reason}")],
    );
    let plan = armed(&shop, "plan").run();
    assert!(!plan.out.contains("paused"), "{plan:?}");
}

#[test]
fn a_dry_run_and_a_macaque_that_watches_no_recovery_show_none() {
    let shop = shop_after_victims(&["web"]);
    let dry = macaque("plan -n shop")
        .env("MACAQUE_POD_NAMESPACE", "chaos")
        .on(&shop.cluster);
    let unwatched = armed(&shop, "plan").env("MACAQUE_RECOVERY__ENABLED", "false");
    for program in [dry, unwatched] {
        let plan = program.run();
        plan.says(0, &["deployment/web"]);
        assert!(!plan.out.contains("recover"), "{plan:?}");
    }
}
