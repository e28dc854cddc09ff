use super::*;

/// `web-0`, `web-1` and so on in each namespace.
fn index_of(namespaces: &[Option<&str>], pods: usize) -> NameIndex {
    let mut index = NameIndex::default();
    let mut names: Vec<String> = (0..pods).map(|n| format!("web-{n}")).collect();
    names.sort();

    for namespace in namespaces {
        for name in &names {
            index.push(*namespace, name, None);
        }
    }

    index
}

fn drawn(index: &NameIndex, seed: u64) -> Vec<String> {
    index.draw(seed).map(|entry| entry.name.to_owned()).collect()
}

#[test]
fn every_name_is_drawn_once_and_another_seed_gives_another_order() {
    let names = index_of(&[Some("shop")], 100);
    let mut order = drawn(&names, 7);
    assert_ne!(order, drawn(&names, 8));

    order.sort();
    order.dedup();
    assert_eq!(order.len(), 100);
}

#[test]
fn the_order_of_a_seed_never_changes_between_releases() {
    assert_eq!(
        drawn(&index_of(&[Some("shop")], 5), 42),
        ["web-4", "web-0", "web-3", "web-2", "web-1"]
    );
}

#[test]
fn a_name_keeps_its_namespace_and_its_node() {
    let mut names = NameIndex::default();
    names.push(Some("one"), "web-0", Some("node-a"));
    names.push(Some("two"), "db-0", Some("node-b"));
    names.push(Some("two"), "web-0", Some("node-a"));
    let mut drawn: Vec<_> = names
        .draw(1)
        .map(|e| (e.namespace.unwrap(), e.name, e.node.unwrap()))
        .collect();
    drawn.sort_unstable();

    assert_eq!(
        drawn,
        [
            ("one", "web-0", "node-a"),
            ("two", "db-0", "node-b"),
            ("two", "web-0", "node-a")
        ]
    );
}

#[test]
fn where_namespaces_are_unknown_pods_of_one_name_are_numbered_in_order() {
    let names = index_of(&[None, None], 2);
    let mut drawn: Vec<_> = names.draw(3).map(|entry| (entry.name, entry.nth)).collect();
    drawn.sort_unstable();
    assert_eq!(drawn, [("web-0", 0), ("web-0", 1), ("web-1", 0), ("web-1", 1)]);
}

#[test]
fn the_order_is_the_same_whether_namespaces_are_known_or_not() {
    let known = index_of(&[Some("one"), Some("two")], 20);
    let mut unknown = NameIndex::default();
    for number in 0..known.len() {
        unknown.push(None, known.name(number), None);
    }

    let nth = |namespace| usize::from(namespace == Some("two"));
    for seed in 0..20 {
        let expected: Vec<_> = known.draw(seed).map(|e| (e.name, nth(e.namespace))).collect();
        let drawn: Vec<_> = unknown.draw(seed).map(|e| (e.name, e.nth)).collect();
        assert_eq!(expected, drawn);
    }
}

#[test]
fn every_name_is_first_about_equally_often_and_so_is_every_eligible_one() {
    let names = index_of(&[Some("shop")], 500);
    let seeds = 10_000;
    // One in a hundred is eligible: the first of them in the order is the victim.
    let eligible = |name: &str| name.ends_with("42");

    let mut first = HashMap::new();
    let mut victims = HashMap::new();
    for seed in 0..seeds {
        let drawn = drawn(&names, seed);
        let victim = drawn.iter().find(|name| eligible(name)).unwrap().clone();
        *victims.entry(victim).or_insert(0.0) += 1.0;
        *first.entry(drawn[0].clone()).or_insert(0.0) += 1.0;
    }

    let chi_square = |counts: &HashMap<String, f64>, of: f64| {
        let expected = seeds as f64 / of;
        counts
            .values()
            .map(|n| (n - expected).powi(2) / expected)
            .sum::<f64>()
    };

    // Passed once in a thousand: 603 with 499 degrees of freedom, 18.5 with 4. The seeds are fixed: it never flickers.
    assert_eq!((first.len(), victims.len()), (500, 5));
    assert!(chi_square(&first, 500.0) < 603.0);
    assert!(chi_square(&victims, 5.0) < 18.5);
}
