//! Promises about whom rounds are for: namespaces by their labels, those of them that opted in, owners by kind and name,
//! zones, and in a rota the owner whose turn it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use futures_util::future::join_all;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::least_privilege::{namespace_in, printed_documents};
use crate::program::{MacaqueCommand, MacaqueOutput};
use crate::test_namespace::{TestNamespace, uid, until};
use crate::workload::Workload;

/// What ten namespaces say by `macaque/enabled`, and where.
const WORDS: [Option<(&str, &str)>; 10] = [
    Some(("labels", "true")),
    Some(("labels", "Yes")),
    Some(("labels", "on")),
    Some(("annotations", "true")),
    Some(("annotations", "enabled")),
    Some(("annotations", "1")),
    Some(("labels", "No")),
    None,
    Some(("labels", "true")),
    Some(("annotations", "true")),
];
/// How many of the namespaces opted in and have a Role. They are the first.
const OPTED_IN: usize = 6;
/// How many of the namespaces have a Role. They are the first, too.
const WITH_ROLE: usize = 8;

/// A service account, its configuration, and ten namespaces of the same workloads that its selector finds.
struct TenNamespaces {
    /// Where the account is.
    home: TestNamespace,
    config: String,
    namespaces: Vec<TestNamespace>,
    /// The namespaces whose nodes the pods are on; they go last.
    _zones: [TestNamespace; 2],
}

impl TenNamespaces {
    /// Creates them without any Role.
    async fn new() -> Self {
        let mut home = TestNamespace::new().await;
        home.create_journal().await;
        let zones = [zone("eu-1a").await, zone("eu-1b").await];
        let [near, far] = zones.each_ref().map(|zone| zone.name.as_str());
        let namespaces = WORDS.map(|word| team(&home.name, word, near, far));
        let namespaces = join_all(namespaces).await;

        let config = home.scratch.path().join("macaque.toml");
        let text = format!(
            r#"
[target]
namespace_selector = "chaos={}"
mode = "opt-in"
owners = ["deployment"]
names = ["cart-*", "!*-canary"]
zones = ["eu-1a"]
min_age = "0s"

[disrupt]
count = 20
"#,
            home.name
        );
        fs::write(&config, text).unwrap();

        Self {
            config: config.to_str().unwrap().to_owned(),
            home,
            namespaces,
            _zones: zones,
        }
    }

    /// Applies what `macaque rbac` prints for the armed configuration, but leaves out the Roles in the last namespaces;
    /// returns a kubeconfig for the account, once the Roles are in force.
    async fn granted(&mut self) -> String {
        let account = self.home.name.clone();
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
        self.home.create(object).await;

        let words = format!(
            "rbac --dry-run=false --preview --namespaces-from labels --service-account {account} \
             --service-account-namespace {account}"
        );
        let printed = self.command(&words).by_environment().exits(0).await;
        let left_out = self.names(WITH_ROLE..WORDS.len());
        for document in printed_documents(&printed) {
            if namespace_in(document).is_none_or(|namespace| !left_out.contains(namespace)) {
                self.home.apply_printed(document).await;
            }
        }

        let kubeconfig = self.home.kubeconfig_of(&account).await;
        until(
            "the Roles are in force, and grant nothing in excess",
            async || {
                let check = self.command("check --dry-run=false -o json").by(&kubeconfig);
                let checked = check.ends().await;
                let printed = checked.printed();
                let skipped = printed.matches("skipped: no Role").count();
                let is_exact = !printed.contains(r#""result": "warning""#);
                (checked.succeeded() && skipped == left_out.len() && is_exact).then_some(())
            },
        )
        .await;
        kubeconfig
    }

    /// The program with the configuration, where the account is.
    fn command(&self, words: &str) -> MacaqueCommand {
        let command = MacaqueCommand::new(words).arg("--config").arg(&self.config);
        command.env("MACAQUE_POD_NAMESPACE", &self.home.name)
    }

    /// The names of some of the namespaces.
    fn names(&self, which: std::ops::Range<usize>) -> BTreeSet<String> {
        let namespaces = self.namespaces[which].iter();
        namespaces.map(|namespace| namespace.name.clone()).collect()
    }

    /// The UIDs of all pods that are not being deleted.
    async fn alive(&self) -> BTreeSet<String> {
        let alive = join_all(self.namespaces.iter().map(TestNamespace::alive)).await;
        alive.into_iter().flatten().collect()
    }

    /// The UIDs of the pods that are candidates by the configuration.
    async fn expected(&self) -> BTreeSet<String> {
        let opted_in = self.namespaces[..OPTED_IN].iter();
        let pods = join_all(opted_in.map(|namespace| namespace.pods_of("cart-web"))).await;
        pods.iter().flatten().map(uid).collect()
    }
}

/// A namespace with a node in this zone.
async fn zone(zone: &str) -> TestNamespace {
    let mut namespace = TestNamespace::new().await;
    let node = namespace.create_node().await;
    let labels = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}});
    let path = format!("/api/v1/nodes/{node}");
    namespace.send(Method::PATCH, &path, &labels).await.accepted();
    namespace
}

/// A namespace that the selector `chaos=HOME` finds, which says this word; one workload agrees with the configuration, and
/// each of the others differs from it in one way.
async fn team(home: &str, word: Option<(&str, &str)>, near: &str, far: &str) -> TestNamespace {
    let mut namespace = TestNamespace::labelled(json!({"chaos": home})).await;
    if let Some((place, value)) = word {
        let change = json!({"metadata": {place: {"macaque/enabled": value}}});
        let path = format!("/api/v1/namespaces/{}", namespace.name);
        namespace.send(Method::PATCH, &path, &change).await.accepted();
    }

    for (workload, node) in [
        (Workload::deployment("cart-web", 2), near),
        (Workload::deployment("cart-canary", 1), near),
        (Workload::deployment("search", 1), near),
        (Workload::stateful_set("cart-db", 1), near),
        (Workload::deployment("cart-far", 1), far),
    ] {
        namespace.with(workload.on_node_of(node)).await;
    }
    namespace
}

/// The count of each rule that exempts pods in a report or a plan.
fn exempted(view: &Value) -> BTreeMap<String, u64> {
    let tallies = view["exempted"].as_object().unwrap().iter();
    let count = |(rule, tally): (&String, &Value)| (rule.clone(), tally["count"].as_u64().unwrap());
    tallies.map(count).collect()
}

/// Asserts that every pod listed is one of so many candidates or exempt by one rule, and that the rules are these.
fn assert_funnel(view: &Value, candidates: u64, rules: &[(&str, u64)]) {
    let exempted = exempted(view);
    let expected = rules.iter().map(|(rule, count)| ((*rule).to_owned(), *count));
    assert_eq!(exempted, expected.collect(), "{view:#}");

    let sum = candidates + exempted.values().sum::<u64>();
    assert_eq!(view["listed"], sum, "{view:#}");
}

/// The namespaces that were skipped, all for the lack of a Role.
fn skipped(view: &Value) -> BTreeSet<String> {
    let skipped = view["skipped"].as_array().unwrap().iter();
    let name = |skipped: &Value| {
        assert_eq!(skipped["why"], "no Role: `macaque rbac` prints it");
        skipped["namespace"].as_str().unwrap().to_owned()
    };
    skipped.map(name).collect()
}

/// The UID of the pod in each of these rows, which name different pods.
fn uids(rows: &Value) -> BTreeSet<String> {
    let rows = rows.as_array().unwrap();
    let uid = |row: &Value| row["pod"]["uid"].as_str().unwrap().to_owned();
    let uids: BTreeSet<_> = rows.iter().map(uid).collect();
    assert_eq!(uids.len(), rows.len());
    uids
}

/// The namespaces of the victims of a report.
fn namespaces_of(round: &MacaqueOutput) -> Vec<String> {
    let attempts = round.attempts();
    let namespace = |attempt: &Value| attempt["pod"]["namespace"].as_str().unwrap().to_owned();
    let mut namespaces: Vec<_> = attempts.iter().map(namespace).collect();
    namespaces.sort();
    namespaces
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn of_ten_namespaces_two_without_a_role_are_skipped_and_victims_are_whom_the_configuration_says() {
    let mut ten = TenNamespaces::new().await;
    let account = ten.granted().await;
    let without_role = ten.names(WITH_ROLE..WORDS.len());
    let opted_in: Vec<_> = ten.names(0..OPTED_IN).into_iter().collect();
    let expected = ten.expected().await;
    let before = ten.alive().await;
    // Pods in the other zone are not listed at all.
    let rules = [
        ("not-opted-in", 2),
        ("opted-out", 2),
        ("owner-kind", 8),
        ("owner-name", 16),
    ];

    let plan = ten.command("plan -o json").by(&account).exits(0).await.json();
    assert_eq!(skipped(&plan), without_role);
    assert_eq!(uids(&plan["candidates"]), expected);
    assert_eq!(plan["listed"], 40);
    assert_funnel(&plan, expected.len() as u64, &rules);
    assert_eq!(plan["problems"], json!([]));

    for (flag, result) in [("--dry-run", "dry-run"), ("--dry-run=false", "evicted")] {
        let once = ten.command(&format!("once {flag} -o json")).by(&account);
        let round = once.exits(0).await;
        let report = round.json();
        assert_eq!(skipped(&report), without_role, "{flag}");
        assert_funnel(&report, report["candidates"].as_u64().unwrap(), &rules);
        assert_eq!(report["candidates"], expected.len(), "{flag}");

        let victims: BTreeSet<_> = round.uids(result).into_iter().collect();
        assert_eq!(victims, uids(&report["attempts"]), "{flag}: {report:#}");
        assert!(victims.is_subset(&expected), "{flag}: {report:#}");
        assert_eq!(namespaces_of(&round), opted_in, "one victim of each owner");

        let alive = ten.alive().await;
        let lost: BTreeSet<_> = before.difference(&alive).cloned().collect();
        let disrupted = if flag == "--dry-run" {
            BTreeSet::new()
        } else {
            victims
        };
        assert_eq!(lost, disrupted, "{flag}");
    }
}

/// The owner and the slot of each of these turns.
fn turns(rows: &Value) -> Vec<(String, Timestamp)> {
    let rows = rows.as_array().unwrap().iter();
    let turn = |row: &Value| {
        let slot = row["slot"].as_str().unwrap().parse().unwrap();
        (row["owner"]["name"].as_str().unwrap().to_owned(), slot)
    };
    rows.map(turn).collect()
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_round_of_the_rota_takes_a_pod_of_the_owner_whose_turn_is_listed_and_of_nobody_else() {
    let mut namespace = TestNamespace::new().await;
    for name in ["cart", "db", "mail", "search", "web"] {
        namespace.with(Workload::deployment(name, 2)).await;
    }
    namespace.create_journal().await;
    // One slot a day, and it was a minute ago: no other comes while the test runs. Five of them, for five owners.
    let now = Timestamp::now();
    let due = now - SignedDuration::from_mins(1);
    let cron = due.strftime("%-M %-H * * *").to_string();
    let here = namespace.name.clone();
    let settings = [
        ("MACAQUE_POD_NAMESPACE", here.as_str()),
        ("MACAQUE_SCHEDULE__CRON", cron.as_str()),
        ("MACAQUE_SCHEDULE__TIMEZONE", "UTC"),
        ("MACAQUE_SCHEDULE__STARTING_DEADLINE", "1h"),
        ("MACAQUE_DISRUPT__PACE", "rota"),
        ("MACAQUE_DISRUPT__EVERY", "5d"),
    ];
    let account = namespace.granted_for("--dry-run=false", &settings).await;
    let macaque = |words: &str| {
        let command = namespace.macaque(words).by(&account);
        let set = |command: MacaqueCommand, (key, value): &(&str, &str)| command.env(key, value);
        settings.iter().fold(command, set)
    };

    let words = format!(
        "schedule --owners -o json --from {}",
        due - SignedDuration::from_mins(1)
    );
    let listed = turns(&macaque(&words).exits(0).await.json()["turns"]);
    assert_eq!(listed.len(), 14, "one in each slot of two weeks: {listed:?}");
    let (owner, slot) = &listed[0];
    assert!(*slot <= due && due < *slot + SignedDuration::from_mins(1));

    let plan = macaque("plan -o json").exits(0).await.json();
    for candidate in plan["candidates"].as_array().unwrap() {
        let of_owner = |(name, _): &&(String, Timestamp)| candidate["owner"]["name"] == name.as_str();
        let mut to_come = listed.iter().skip(1).filter(of_owner);
        let next = to_come.next().map(|(_, slot)| slot.to_string());
        assert_eq!(candidate["next_turn"]["slot"].as_str(), next.as_deref());
    }

    let before = namespace.alive().await;
    let round = macaque("once --dry-run=false -o json").exits(0).await;
    let report = round.json();
    assert_eq!(turns(&report["turns"]), [(owner.clone(), *slot)]);
    assert_eq!(report["turns"][0]["missed"], Value::Null);
    assert_eq!(round.attempts()[0]["owner"]["name"], owner.as_str());
    assert_eq!(namespace.lost(&before).await, round.uids("evicted"));
    assert_eq!((&report["listed"], round.attempts().len()), (&json!(10), 1));
    assert_funnel(&report, report["candidates"].as_u64().unwrap(), &[("no-turn", 8)]);

    // The same slot once more: its turn has been taken, and nobody else's has come.
    namespace.until_whole(owner, 2).await;
    let whole = namespace.alive().await;
    let again = macaque("once --dry-run=false -o json").exits(4).await;
    assert!(again.attempts().is_empty());
    assert_funnel(&again.json(), 0, &[("no-turn", 8), ("turn-taken", 2)]);
    assert_eq!(namespace.alive().await, whole);
}
