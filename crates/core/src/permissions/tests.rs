//! The permissions that a configuration needs and does not need, in every mode.

use std::time::Duration;

use super::*;
use crate::config::{DisruptConfig, DisruptionLimits, JournalLocation, TargetConfig};
use crate::events::EventsConfig;
use crate::guard::{GuardConfig, MinReady, NodesGuard, RolloutGuard};
use crate::recovery::RecoveryConfig;

fn config(dry_run: bool, method: DisruptionMethod, namespaces: NamespaceScope) -> ChaosConfig {
    ChaosConfig {
        dry_run,
        calendar: None,
        target: TargetConfig {
            namespaces,
            ..TargetConfig::all_of("shop")
        },
        disrupt: DisruptConfig {
            method,
            attempts: 1,
            ..DisruptConfig::default()
        },
        guards: GuardConfig::default(),
        recovery: RecoveryConfig::default(),
        limits: DisruptionLimits::default(),
        starting_deadline: Duration::from_secs(60),
        journal: JournalLocation::Memory,
        history: None,
        events: EventsConfig::default(),
    }
}

fn shop(dry_run: bool, method: DisruptionMethod) -> ChaosConfig {
    config(dry_run, method, NamespaceScope::Named(vec!["shop".into()]))
}

fn printed(permissions: &[Permission]) -> Vec<String> {
    permissions.iter().map(ToString::to_string).collect()
}

#[test]
fn a_dry_run_needs_no_verb_that_disrupts() {
    for method in DisruptionMethod::ALL {
        let permissions = needed(&shop(true, method), PermissionPurpose::Rounds);
        assert_eq!(printed(&permissions), ["get pods", "list pods"], "{method}");
    }
}

#[test]
fn what_rounds_require_is_in_each_namespace_for_the_guards_and_for_the_journal() {
    let two = NamespaceScope::Named(vec!["shop".into(), "cart".into()]);
    let mut config = config(false, DisruptionMethod::Evict, two);
    config.guards.nodes = NodesGuard::Nodes;
    config.journal = JournalLocation::ConfigMap(crate::config::ConfigMapRef {
        namespace: "chaos".to_owned(),
        name: "macaque-journal".to_owned(),
    });

    let mut required: Vec<_> = required(&config).iter().map(ToString::to_string).collect();
    assert_eq!(required.len(), 9, "{required:#?}");
    let on_journal = required.split_off(7);
    assert!(
        on_journal.iter().all(|grant| grant.contains("macaque-journal")),
        "{on_journal:#?}"
    );
    assert!(required[6].contains("nodes"), "{required:#?}");
    let in_cart: Vec<_> = required[3..6].iter().map(String::as_str).collect();
    assert_eq!(
        in_cart,
        [
            "get pods in namespace cart",
            "list pods in namespace cart",
            "create pods/eviction in namespace cart"
        ]
    );
}

#[test]
fn the_history_is_optional_on_one_config_map_and_a_dry_run_writes_none() {
    let mut config = shop(false, DisruptionMethod::Evict);
    assert_eq!(history_permissions(&config), []);

    config.history = Some(crate::config::ConfigMapRef {
        namespace: "chaos".to_owned(),
        name: "macaque-history".to_owned(),
    });
    let permissions = history_permissions(&config);
    let grants: Vec<_> = permissions
        .iter()
        .map(|optional| optional.grant.to_string())
        .collect();
    assert_eq!(
        grants,
        [
            "get configmaps/macaque-history in namespace chaos",
            "update configmaps/macaque-history in namespace chaos"
        ]
    );
    assert!(
        !required(&config)
            .iter()
            .any(|grant| grants.contains(&grant.to_string()))
    );

    config.dry_run = true;
    assert_eq!(history_permissions(&config), []);
}

#[test]
fn a_real_run_needs_the_verb_of_its_method_and_never_both() {
    let permissions = |method| printed(&needed(&shop(false, method), PermissionPurpose::Rounds));

    assert_eq!(
        permissions(DisruptionMethod::Evict),
        ["get pods", "list pods", "create pods/eviction"]
    );
    assert_eq!(
        permissions(DisruptionMethod::Delete),
        ["get pods", "list pods", "delete pods"]
    );
}

#[test]
fn previews_read_budgets_and_rounds_do_not() {
    let config = shop(false, DisruptionMethod::Evict);
    let list = "list poddisruptionbudgets.policy".to_owned();
    assert!(!printed(&needed(&config, PermissionPurpose::Rounds)).contains(&list));
    assert!(printed(&needed(&config, PermissionPurpose::Preview)).contains(&list));
}

#[test]
fn the_verbs_of_one_resource_share_a_rule() {
    let rules = rules(&needed(
        &shop(false, DisruptionMethod::Delete),
        PermissionPurpose::Preview,
    ));
    let listed: Vec<_> = rules
        .iter()
        .map(|rule| (rule.api_groups, rule.resources, rule.verbs.join(" ")))
        .collect();

    assert_eq!(
        listed,
        [
            ([""], ["pods"], "get list delete".to_owned()),
            (["policy"], ["poddisruptionbudgets"], "list".to_owned()),
        ]
    );
}

#[test]
fn no_permission_that_a_configuration_needs_is_excessive() {
    for method in DisruptionMethod::ALL {
        for namespaces in [
            NamespaceScope::All,
            NamespaceScope::Named(vec!["a".into(), "b".into()]),
        ] {
            let config = config(false, method, namespaces);
            let needed = needed(&config, PermissionPurpose::Preview);
            let scopes = scopes(&config.target.namespaces);
            for excess in excessive(&config) {
                let is_own = scopes.contains(&excess.namespace.as_deref());
                for (permission, why) in excess.permissions {
                    assert!(!is_own || !needed.contains(&permission), "{permission}: {why}");
                }
            }
        }
    }
}

#[test]
fn the_other_method_is_excessive_and_so_is_the_configured_one_outside_the_namespaces() {
    let config = shop(false, DisruptionMethod::Evict);
    let [everywhere, shop] = &excessive(&config)[..] else {
        panic!("the cluster and one namespace");
    };
    let holds = |excess: &ExcessPermissions, permission| {
        excess.permissions.iter().any(|(held, _)| *held == permission)
    };
    assert!(everywhere.namespace.is_none() && holds(everywhere, EVICT));
    assert!(holds(shop, DELETE) && !holds(shop, EVICT));
}

#[test]
fn the_permissions_of_guards_follow_the_guards_that_are_on() {
    let permissions = |guards: GuardConfig| {
        let config = ChaosConfig {
            guards,
            ..shop(true, DisruptionMethod::Evict)
        };
        let optional = optional(&config, Some("shop")).into_iter();
        let optional = optional
            .map(|optional| optional.grant.to_string())
            .collect::<Vec<_>>();
        let needed = guard_permissions(&config).into_iter();
        (
            needed.map(|grant| grant.to_string()).collect::<Vec<_>>(),
            optional,
        )
    };
    let scales = ["deployments", "statefulsets", "replicasets"];
    let scales = scales.map(|owners| format!("get {owners}.apps/scale in namespace shop"));
    let nothing: [String; 0] = [];
    let off = GuardConfig::off;

    let (needed, shown) = permissions(GuardConfig::default());
    assert_eq!(needed, nothing);
    assert_eq!(shown[..3], scales);
    assert_eq!(shown[3..], ["get namespaces in namespace shop"]);
    assert_eq!(permissions(off()), (vec![], vec![]));

    for guards in [
        GuardConfig { whole: true, ..off() },
        GuardConfig {
            rollout: RolloutGuard::Lenient,
            ..off()
        },
        GuardConfig {
            min_ready: MinReady::Percent(50),
            ..off()
        },
        GuardConfig {
            min_ready: MinReady::Count(2),
            ..off()
        },
    ] {
        assert_eq!(permissions(guards.clone()).1, scales, "{guards:?}");
    }
    let no_guard = GuardConfig {
        min_ready: MinReady::Percent(0),
        ..off()
    };
    assert_eq!(permissions(no_guard).1, nothing);

    for (nodes, permission) in [
        (
            NodesGuard::Leases,
            "list leases.coordination.k8s.io in namespace kube-node-lease",
        ),
        (NodesGuard::Nodes, "list nodes in the cluster"),
    ] {
        let guards = GuardConfig { nodes, ..off() };
        assert_eq!(permissions(guards), (vec![permission.to_owned()], vec![]));
    }
}

#[test]
fn recoveries_need_no_permission_and_are_optionally_watched_unless_in_a_dry_run() {
    let optional = |dry_run, enabled, guards| {
        let config = ChaosConfig {
            guards,
            recovery: RecoveryConfig {
                enabled,
                ..RecoveryConfig::default()
            },
            ..shop(dry_run, DisruptionMethod::Evict)
        };
        assert_eq!(guard_permissions(&config), []);
        let optional = optional(&config, Some("shop")).into_iter();
        optional
            .map(|optional| optional.grant.to_string())
            .collect::<Vec<_>>()
    };
    let off = GuardConfig::off;
    let watch = "watch pods in namespace shop".to_owned();
    let scale = "get deployments.apps/scale in namespace shop".to_owned();

    let watched = optional(false, true, off());
    assert!(
        watched.contains(&watch) && watched.contains(&scale),
        "{watched:?}"
    );
    assert!(optional(false, true, GuardConfig::default()).contains(&watch));
    for (dry_run, enabled) in [(true, true), (false, false), (true, false)] {
        assert!(optional(dry_run, enabled, off()).is_empty());
        assert!(!optional(dry_run, enabled, GuardConfig::default()).contains(&watch));
    }
}

#[test]
fn events_need_one_grant_and_the_scale_of_deployments_if_nothing_else_reads_it() {
    let granted = |enabled, dry_run, recovery_enabled| {
        let config = ChaosConfig {
            guards: GuardConfig::off(),
            recovery: RecoveryConfig {
                enabled: recovery_enabled,
                ..RecoveryConfig::default()
            },
            events: EventsConfig {
                enabled,
                refusals: true,
            },
            ..shop(dry_run, DisruptionMethod::Evict)
        };
        let optional = optional(&config, Some("shop")).into_iter();
        let of_events = optional.filter(|optional| {
            let resource = optional.grant.permission.resource;
            resource == "events" || resource == "deployments/scale"
        });
        let shown: Vec<_> = of_events
            .map(|optional| format!("{}: {}", optional.grant, optional.without))
            .collect();
        assert_eq!(
            deployment_event_permission(&config, None).is_some(),
            config.writes_events()
        );
        shown
    };

    let create = "create events.events.k8s.io in namespace shop: no Events are written";
    let scale = "get deployments.apps/scale in namespace shop: Events about a Deployment are written on its ReplicaSet";
    assert_eq!(granted(true, false, false), [create, scale]);
    assert_eq!(granted(true, false, true)[1..], [create]);
    assert_eq!(granted(false, false, false), [""; 0]);
    assert_eq!(granted(true, true, false), [""; 0], "a dry run writes none");
}

#[test]
fn what_follows_without_the_scale_depends_on_who_needs_the_number() {
    let without = |dry_run, guards| {
        let config = ChaosConfig {
            guards,
            ..shop(dry_run, DisruptionMethod::Evict)
        };
        let mut optional = optional(&config, None).into_iter();
        let scale = optional.find(|optional| optional.grant.permission.resource == "deployments/scale");
        scale.unwrap().without
    };
    let by_revision = || GuardConfig {
        rollout: RolloutGuard::On,
        ..GuardConfig::off()
    };

    assert_eq!(
        without(true, by_revision()),
        "macaque lists whole namespaces to find an owner's pods"
    );
    let full = "macaque does not see how many pods an owner wants, so that a missing pod goes unnoticed, and lists whole \
                namespaces to find an owner's pods";
    assert_eq!(without(false, by_revision()), full);
    assert_eq!(without(true, GuardConfig::default()), full);
}

#[test]
fn a_remedy_is_a_rule_to_paste() {
    let grant = LIST_BUDGETS.within(Some("shop"));

    assert_eq!(
        grant.remedy(),
        "add to macaque's Role: {apiGroups: [\"policy\"], resources: [\"poddisruptionbudgets\"], verbs: [\"list\"]}"
    );
    assert_eq!(
        grant.to_string(),
        "list poddisruptionbudgets.policy in namespace shop"
    );
    assert!(EVICT.within(None).remedy().contains("ClusterRole"));
}

/// What `optional` grants to see the annotations of namespaces and owners.
fn metadata_grants(config: &ChaosConfig, namespace: Option<&str>) -> Vec<String> {
    let optional = optional(config, namespace).into_iter();
    let grants = optional.map(|optional| optional.grant.to_string());
    let is_metadata = |grant: &String| {
        ["namespaces in", "deployments.apps in", "statefulsets.apps in"]
            .iter()
            .any(|resource| grant.contains(resource))
    };
    grants.filter(is_metadata).collect()
}

#[test]
fn namespaces_by_label_need_one_list_in_the_cluster_and_what_rounds_need_in_each_that_is_found() {
    let selected = NamespaceScope::Selected("chaos=on".parse().unwrap());
    let config = config(false, DisruptionMethod::Evict, selected);

    let required: Vec<_> = required(&config).iter().map(ToString::to_string).collect();
    assert_eq!(required, ["list namespaces in the cluster"]);
    assert_eq!(
        LIST_NAMESPACES.within(None).remedy(),
        "add to macaque's ClusterRole: {apiGroups: [\"\"], resources: [\"namespaces\"], verbs: [\"list\"]}"
    );
    assert_eq!(
        printed(&in_namespace(false, DisruptionMethod::Evict)),
        ["get pods", "list pods", "create pods/eviction"]
    );
    assert_eq!(
        printed(&in_namespace(true, DisruptionMethod::Delete)),
        ["get pods", "list pods"]
    );
}

#[test]
fn a_node_selector_needs_the_list_of_nodes_in_the_cluster() {
    let mut config = shop(true, DisruptionMethod::Evict);
    assert_eq!(scope_permissions(&config), []);
    config.target.node_selector = "pool=spot".parse().unwrap();
    let grants: Vec<_> = scope_permissions(&config)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(grants, ["list nodes in the cluster"]);
}

#[test]
fn annotations_of_owners_are_read_where_teams_opt_in_or_have_turns_and_of_namespaces_for_a_freeze_too() {
    let freeze = |freeze| ChaosConfig {
        guards: GuardConfig {
            freeze,
            ..GuardConfig::off()
        },
        ..shop(true, DisruptionMethod::Evict)
    };
    assert_eq!(metadata_grants(&freeze(false), Some("shop")), [""; 0]);
    assert_eq!(
        metadata_grants(&freeze(true), Some("shop")),
        ["get namespaces in namespace shop"]
    );

    let mut by_chance = freeze(false);
    by_chance.disrupt.pace = crate::config::DisruptionPace::Chance {
        every: std::time::Duration::from_secs(864_000),
    };
    let mut opt_in = freeze(false);
    opt_in.target.mode = crate::config::TargetMode::OptIn;
    for config in [&by_chance, &opt_in] {
        assert_eq!(
            metadata_grants(config, Some("shop")),
            [
                "get namespaces in namespace shop",
                "get deployments.apps in namespace shop",
                "get statefulsets.apps in namespace shop",
                "list deployments.apps in namespace shop",
                "list statefulsets.apps in namespace shop",
            ]
        );
    }
    assert_eq!(
        metadata_grants(&opt_in, None)[..2],
        ["get namespaces in the cluster", "list namespaces in the cluster"]
    );
    by_chance.target.annotations = false;
    assert_eq!(metadata_grants(&by_chance, Some("shop")), [""; 0]);
}
