//! More pods than a round reads in full, and owners to be drawn: the metadata of all pods shows the owners, and a pod that
//! only its spec exempts is found out before it is disrupted.

use kube_sandbox::scenario::{deployment, pod};
use macaque_core::config::DrawBy;
use macaque_core::notice::ScopeOwners;
use macaque_core::pod::{Pod, PodOwner};
use macaque_core::report::RoundStatus;
use macaque_core::selection::SAMPLING_THRESHOLD;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::fixture::RoundFixture;
use super::sampling::{DRAWN, PODS, fixture, full_lists, many_pods, victim};

/// What the requests of a list of metadata hold, and no other ones of such a round.
const METADATA: &str = "limit=500&fieldSelector=";

/// What the requests for one pod hold.
const ONE_POD: &str = "/pods/web-";

/// The pods of `many_pods` of the namespace `shop`, of which those that `is_critical` chooses are exempt by their spec.
fn partly_critical(is_critical: impl Fn(usize) -> bool) -> Vec<Value> {
    let mut pods = many_pods("shop", PODS, |_| false);
    for (n, pod) in pods.iter_mut().enumerate() {
        if is_critical(n) {
            pod["spec"]["priority"] = json!(2_000_000_000);
        }
    }
    pods
}

/// The list in protobuf that Kubernetes sends for a list of metadata in JSON.
fn as_protobuf(list: &Value) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut field = vec![number << 3 | 2];
        let mut length = bytes.len();
        while length > 0x7f {
            field.push(length as u8 | 0x80);
            length >>= 7;
        }
        field.push(length as u8);
        field.extend(bytes);
        field
    };
    let text = |number, value: &Value| field(number, value.as_str().unwrap_or_default().as_bytes());
    let entries = |number, map: &Value| {
        let map = map.as_object().into_iter().flatten();
        let entries =
            map.map(|(key, value)| field(number, &[field(1, key.as_bytes()), text(2, value)].concat()));
        entries.collect::<Vec<_>>().concat()
    };
    let owners = |metadata: &Value| {
        let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
        let owners = owners.map(|owner| {
            let controller = u8::from(owner["controller"] == json!(true));
            let texts = [(1, "kind"), (3, "name"), (4, "uid"), (5, "apiVersion")];
            let texts = texts.map(|(number, key)| text(number, &owner[key])).concat();
            field(13, &[texts, vec![0x30, controller]].concat())
        });
        owners.collect::<Vec<_>>().concat()
    };
    let item = |item: &Value| {
        let metadata = &item["metadata"];
        let texts = [(1, "name"), (3, "namespace"), (5, "uid")];
        let texts = texts.map(|(number, key)| text(number, &metadata[key])).concat();
        let maps = [(11, "labels"), (12, "annotations")];
        let maps = maps.map(|(number, key)| entries(number, &metadata[key])).concat();
        field(2, &field(1, &[texts, maps, owners(metadata)].concat()))
    };

    let items = list["items"].as_array().unwrap().iter().map(item);
    let metadata = field(1, &text(3, &list["metadata"]["continue"]));
    let raw = [vec![metadata], items.collect()].concat().concat();
    let types = [text(1, &list["apiVersion"]), text(2, &list["kind"])].concat();
    [&b"k8s\0"[..], &field(1, &types), &field(2, &raw)].concat()
}

#[actix_rt::test]
async fn the_owners_of_many_pods_are_known_by_their_metadata_alone() {
    let objects = vec![
        deployment("shop", "web", PODS as u32),
        deployment("shop", "db", 1),
    ];
    let fixture = fixture(objects).draw(DrawBy::Owner);
    let report = fixture.round().await;

    assert_eq!((report.listed, report.candidates), (PODS + 1, PODS + 1));
    assert_eq!(report.status(), RoundStatus::Disrupted);
    assert_eq!(full_lists(&fixture), 1, "one glance at the full list");
    let pages = fixture.sent(METADATA);
    let pending = 1;
    assert_eq!(pages.len(), (PODS + 1).div_ceil(500) + pending);
    assert!(pages.iter().all(|page| {
        let accepted = page.headers["accept"].to_str().unwrap();
        accepted.starts_with("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;")
    }));
}

#[actix_rt::test]
async fn what_the_server_sends_in_protobuf_draws_the_same_victims_as_json_does() {
    let objects = vec![
        deployment("shop", "web", PODS as u32),
        deployment("shop", "db", 2),
        pod("shop", "bare", "bare"),
    ];
    let to_protobuf = Fault::rewrite_response(|response| {
        let list: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(list["kind"], "PartialObjectMetadataList");
        response.body = as_protobuf(&list);
        *response = response
            .clone()
            .with_content_type("application/vnd.kubernetes.protobuf");
    });

    let mut fixture = fixture(objects).draw(DrawBy::Owner).dry_run();
    let mut expected = Vec::new();
    for seed in 0..5 {
        fixture = fixture.seed(seed);
        expected.push(fixture.round().await);
    }
    fixture = fixture.always(METADATA, to_protobuf);
    for (seed, json) in expected.iter().enumerate() {
        fixture = fixture.seed(seed as u64);
        let protobuf = fixture.round().await;
        assert_eq!(protobuf.attempts, json.attempts);
        assert_eq!((protobuf.listed, protobuf.candidates), (PODS + 3, PODS + 3));
    }
}

#[actix_rt::test]
async fn a_server_that_takes_one_form_at_a_time_is_asked_in_json_alone() {
    let refusal = ProxyResponse::failure(406, "only application/json is served", json!({}));
    let mut proxied = fixture(many_pods("shop", PODS, |_| false)).draw(DrawBy::Owner);
    proxied = proxied.choosing(move |request| {
        let is_list = request.line().contains(METADATA);
        let is_plain = request.headers["accept"] == "application/json";
        (is_list && !is_plain).then(|| Fault::Answer(refusal.clone()))
    });
    let report = proxied.round().await;
    assert_eq!(
        (report.status(), report.candidates),
        (RoundStatus::Disrupted, PODS)
    );
}

#[actix_rt::test]
async fn a_page_of_metadata_that_breaks_off_is_asked_for_again_and_one_that_never_comes_fails_the_round() {
    let owners = || fixture(many_pods("shop", PODS, |_| false)).draw(DrawBy::Owner);
    let cut = owners().once(METADATA, Fault::Truncate);
    let report = cut.round().await;
    assert_eq!((report.status(), report.listed), (RoundStatus::Disrupted, PODS));

    let broken = owners().always(METADATA, Fault::Truncate);
    let report = broken.round().await;
    assert_eq!((report.status(), report.attempts.len()), (RoundStatus::Failed, 0));
}

#[actix_rt::test]
async fn a_pod_that_only_its_spec_exempts_is_never_a_victim_and_is_told_where_it_was_met() {
    let mut fixture = fixture(partly_critical(|n| n % 2 == 0))
        .draw(DrawBy::Owner)
        .dry_run();
    let mut met = 0;
    for seed in 0..8 {
        fixture = fixture.seed(seed);
        let before = fixture.sent(ONE_POD).len();
        let report = fixture.round().await;
        let number: usize = victim(&report).trim_start_matches("web-").parse().unwrap();
        let exempt = report
            .exempted
            .get("system-critical")
            .map_or(0, |tally| tally.count);

        assert_eq!((number % 2, report.attempts.len()), (1, 1));
        assert_eq!(fixture.sent(ONE_POD).len() - before, exempt + 1);
        assert_eq!((report.candidates, report.unchecked()), (PODS - exempt, 0));
        met += exempt;
    }
    assert!(met > 0, "some were met");
    assert_eq!(full_lists(&fixture), 8, "one glance each");
}

#[actix_rt::test]
async fn after_a_hundred_pods_that_only_their_spec_exempts_all_are_read_in_full() {
    let none = fixture(partly_critical(|_| true)).draw(DrawBy::Owner);
    let report = none.round().await;
    assert_eq!((report.status(), report.listed), (RoundStatus::Idle, PODS));
    assert_eq!(report.exempted["system-critical"].count, PODS);
    assert_eq!((report.candidates, report.unchecked()), (0, 0));
    assert_eq!(none.sent(ONE_POD).len(), 100, "no more is read in vain");
    assert_eq!(full_lists(&none), 2, "a glance, and the whole list");

    // One is not exempt: it is found, soon or by the full list.
    let mut one = fixture(partly_critical(|n| n != 42))
        .draw(DrawBy::Owner)
        .dry_run();
    for seed in 0..4 {
        one = one.seed(seed);
        assert_eq!(victim(&one.round().await), "web-0042");
    }
    assert!(one.sent(ONE_POD).len() <= 4 * 101);
}

#[actix_rt::test]
async fn owners_are_equally_likely_whatever_part_of_their_pods_only_the_spec_exempts() {
    // Of "search" one pod in four is eligible, of "critical" none.
    let mut fixture = fixture(vec![
        deployment("shop", "db", 1),
        deployment("shop", "search", 4),
        deployment("shop", "critical", 4),
        deployment("shop", "web", PODS as u32),
    ])
    .draw(DrawBy::Owner)
    .dry_run();
    let spared = make_critical(&fixture).await;
    let names = ["db", "search", "web"];
    let mut victims = [0.0; 3];
    let seeds = 30;

    for seed in 0..seeds {
        fixture = fixture.seed(seed);
        let report = fixture.round().await;
        let owner = report.attempts[0].owner.as_ref().unwrap();
        let number = names.iter().position(|name| *name == owner.name);
        victims[number.unwrap()] += 1.0;
        assert!(owner.name != "search" || victim(&report) == spared);
    }

    let expected = seeds as f64 / 3.0;
    let chi_square: f64 = victims.iter().map(|n| (n - expected).powi(2) / expected).sum();
    // 2 degrees of freedom: 13.8 is passed once in a thousand; the seeds are fixed, so this never flickers.
    assert!(chi_square < 13.8, "chi-square {chi_square}: {victims:?}");
}

/// Makes the pods of "critical" critical, and those of "search" but one, which is returned.
async fn make_critical(fixture: &RoundFixture) -> String {
    let names = fixture.pods("shop").await;
    let of = |owner: &'static str| names.iter().filter(move |name| name.starts_with(owner));
    let spared = of("search").next().unwrap();
    let critical = of("critical").chain(of("search").filter(|name| *name != spared));
    let pods = critical.map(|name| {
        let mut pod = fixture.sandbox.object("Pod", "shop", name).unwrap();
        pod["spec"]["priority"] = json!(2_000_000_000);
        pod
    });
    fixture.sandbox.apply(&pods.collect::<Vec<_>>()).unwrap();
    spared.clone()
}

#[actix_rt::test]
async fn without_a_victim_among_many_pods_every_reason_is_told_without_reading_them_in_full() {
    let mut objects = many_pods("shop", PODS, |n| n % 2 == 0);
    for (n, pod) in objects.iter_mut().enumerate() {
        pod["status"]["phase"] = match n % 2 {
            0 => json!("Running"),
            _ => json!(["Succeeded", "Failed", "Unknown"][n / 2 % 3]),
        };
    }
    objects.extend(many_pods("other", SAMPLING_THRESHOLD, |_| true));

    for draw_by in DrawBy::ALL {
        let fixture = fixture(objects.clone())
            .namespaces(&["shop", "other", "nowhere"])
            .draw(draw_by);
        let report = fixture.round().await;
        let count = |rule: &str| report.exempted[rule].count;

        assert_eq!((report.attempts.len(), report.candidates), (0, 0));
        assert_eq!(
            (report.listed, report.unchecked()),
            (PODS + SAMPLING_THRESHOLD, 0)
        );
        assert_eq!(count("opted-out"), PODS / 2 + SAMPLING_THRESHOLD);
        assert_eq!(count("not-running"), PODS / 2);
        assert_eq!(report.problems, ["namespace nowhere does not exist"]);
        assert!(full_lists(&fixture) <= 2, "a glance at the full lists");
        assert!(fixture.sent(DRAWN).len() <= 10);
    }
}

#[actix_rt::test]
async fn a_digest_knows_the_owners_of_many_pods_by_their_metadata_too() {
    let fixture = fixture(vec![
        deployment("shop", "web", PODS as u32),
        deployment("shop", "db", 1),
    ]);
    let mut expected = ScopeOwners::default();
    for name in ["web", "db"] {
        let owner = PodOwner {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        };
        let pod = Pod {
            owner: Some(owner),
            ..Pod::sample()
        };
        expected.note(&pod, None, &fixture.config().eligibility);
    }

    assert_eq!(fixture.scope_owners().await, expected);
    assert_eq!(full_lists(&fixture), 1, "one glance at the full list");
}
