use proptest::prelude::*;

use super::*;
use crate::pod::PodRef;

/// Pods by namespace and name, in the order of the API server.
type Listed = Vec<(String, String)>;

fn node_of((namespace, name): &(String, String)) -> String {
    format!("node-of-{namespace}-{name}")
}

fn hints(rows: &Listed) -> NodeHints {
    let mut names = NameIndex::default();
    for row in rows {
        names.push(None, &row.1, Some(&node_of(row)));
    }
    names.into()
}

/// The nodes that the hints tell for each of the pods.
fn nodes(rows: &Listed, pods: &Listed) -> Vec<Option<String>> {
    let hints = hints(rows);
    let mut next = 0;
    let node = |(namespace, name): &(String, String)| {
        let id = PodRef {
            namespace: namespace.clone(),
            name: name.clone(),
            uid: String::new(),
        };
        let pod = Pod {
            id,
            is_node_unknown: true,
            ..Pod::sample()
        };
        let pod = hints.place(pod, &mut next);
        assert_eq!(pod.node.is_none(), pod.is_node_unknown);
        pod.node
    };
    pods.iter().map(node).collect()
}

fn listed(pods: &[(&str, &str)]) -> Listed {
    let pods = pods
        .iter()
        .map(|(namespace, name)| ((*namespace).to_owned(), (*name).to_owned()));
    pods.collect()
}

fn some_pods() -> impl Strategy<Value = Listed> {
    let pods = prop::collection::btree_set(("[a-d]", "(web|db)-[0-9]"), 0..60);
    pods.prop_map(|pods| pods.into_iter().collect())
}

proptest! {
    #[test]
    fn where_both_lists_show_the_same_pods_every_node_is_known(pods in some_pods()) {
        let expected: Vec<_> = pods.iter().map(|pod| Some(node_of(pod))).collect();
        prop_assert_eq!(nodes(&pods, &pods), expected);
    }

    #[test]
    fn where_no_two_pods_share_a_name_no_pod_is_taken_for_another(
        names in prop::collection::btree_set("[a-z]{4}", 0..60),
        (gone, new) in (prop::collection::vec(any::<bool>(), 60), prop::collection::vec(any::<bool>(), 60)),
    ) {
        let all: Listed = names.iter().map(|name| (name[..1].to_owned(), name.clone())).collect();
        let kept = |left_out: &[bool]| {
            let kept = all.iter().zip(left_out).filter(|(_, is_left_out)| !**is_left_out);
            kept.map(|(pod, _)| pod.clone()).collect::<Listed>()
        };
        let (rows, pods) = (kept(&new), kept(&gone));
        let expected: Vec<_> = pods.iter().map(|pod| rows.contains(pod).then(|| node_of(pod))).collect();
        prop_assert_eq!(nodes(&rows, &pods), expected);
    }
}

#[test]
fn pods_that_came_or_went_between_the_lists_do_not_shift_those_of_other_namespaces() {
    let rows = listed(&[
        ("a", "db-0"),
        ("a", "web-0"),
        ("b", "db-0"),
        ("b", "web-0"),
        ("c", "db-0"),
    ]);
    let gone = listed(&[("a", "db-0"), ("b", "db-0"), ("b", "web-0"), ("c", "db-0")]);
    let new = listed(&[
        ("a", "cart-0"),
        ("a", "db-0"),
        ("a", "web-0"),
        ("b", "db-0"),
        ("b", "db-1"),
        ("b", "web-0"),
        ("c", "db-0"),
    ]);
    for pods in [gone, new] {
        for (pod, node) in pods.iter().zip(nodes(&rows, &pods)) {
            assert_eq!(node, rows.contains(pod).then(|| node_of(pod)), "{pod:?}");
        }
    }
}

#[test]
fn a_node_that_was_read_is_kept() {
    let pod = ("a".to_owned(), "web-0".to_owned());
    let mut read = Pod {
        node: Some("elsewhere".to_owned()),
        ..Pod::sample()
    };
    read.id.name.clone_from(&pod.1);
    let placed = hints(&vec![pod]).place(read, &mut 0);
    assert_eq!(placed.node.as_deref(), Some("elsewhere"));
}
