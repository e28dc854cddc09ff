use super::*;
use crate::pod::{ControllerRef, PodOwner};

fn kinds(texts: &[&str]) -> OwnerKinds {
    OwnerKinds::new(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// A pod of the owner `KIND` of `api_version`, or of none.
fn pod_of(api_version: &str, kind: &str) -> Pod {
    let mut pod = Pod::sample();
    pod.owner = (!kind.is_empty()).then(|| PodOwner {
        kind: kind.to_owned(),
        name: "web".to_owned(),
    });
    pod.controller = (!kind.is_empty()).then(|| ControllerRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: "web".to_owned(),
        uid: String::new(),
    });
    pod
}

/// A pod whose owner stands behind a ReplicaSet.
fn pod_behind(kind: &str) -> Pod {
    let mut pod = pod_of("apps/v1", "ReplicaSet");
    pod.owner = Some(PodOwner {
        kind: kind.to_owned(),
        name: "web".to_owned(),
    });
    pod
}

#[test]
fn a_kind_is_known_by_the_words_that_kubectl_takes() {
    for word in [
        "deployment",
        "Deployments",
        "deploy",
        "DEPLOYMENT.APPS",
        "deployments.v1.apps",
    ] {
        let kind: OwnerKind = word.parse().unwrap();
        assert!(kind.owns(&pod_behind("Deployment")), "{word}");
        assert!(!kind.owns(&pod_of("apps/v1", "StatefulSet")), "{word}");
    }
}

#[test]
fn a_kind_without_a_group_is_of_any_group_and_one_with_a_group_of_that_alone() {
    let advanced = pod_of("apps.kruise.io/v1beta1", "StatefulSet");
    let own = pod_of("apps/v1", "StatefulSet");
    for (kind, owns_advanced, owns_own) in [
        ("statefulset", true, true),
        ("statefulset.apps", false, true),
        ("statefulsets.apps.kruise.io", true, false),
    ] {
        let kind: OwnerKind = kind.parse().unwrap();
        assert_eq!(kind.owns(&advanced), owns_advanced, "{kind}");
        assert_eq!(kind.owns(&own), owns_own, "{kind}");
    }

    let rollout = pod_behind("Rollout");
    for word in ["rollout.argoproj.io", "rollouts.argoproj.io", "rollout"] {
        let kind: OwnerKind = word.parse().unwrap();
        assert!(kind.owns(&rollout), "{word}");
    }
    let widget: OwnerKind = "widgets.v1.example.com".parse().unwrap();
    assert!(widget.owns(&pod_of("example.com/v1", "Widget")));
    assert!(!widget.owns(&pod_of("example.org/v1", "Widget")));
}

#[test]
fn a_pod_without_an_owner_is_of_the_kind_pod() {
    let bare = pod_of("", "");
    assert!(kinds(&["pod"]).include(&bare));
    assert!(!kinds(&["!po"]).include(&bare));
    assert!(!kinds(&["deployment"]).include(&bare));
    assert!(kinds(&["!deployment"]).include(&bare));
}

#[test]
fn an_exclusion_wins_and_a_list_of_exclusions_includes_everything_else() {
    let job = pod_of("batch/v1", "Job");
    let web = pod_behind("Deployment");
    for (list, of_web, of_job) in [
        (&[][..], true, true),
        (&["deployment"], true, false),
        (&["!job"], true, false),
        (&["deployment", "job"], true, true),
        (&["!job", "deployment"], true, false),
    ] {
        let list = kinds(list);
        assert_eq!(
            (list.include(&web), list.include(&job)),
            (of_web, of_job),
            "{list}"
        );
    }
}

#[test]
fn an_unknown_kind_is_refused_with_what_was_meant() {
    for (word, right) in [
        ("deploymnt", "did you mean \"deployment\"?"),
        ("!statefullset", "did you mean \"statefulset\"?"),
        ("rolout", "did you mean \"rollout.argoproj.io\"?"),
        ("deployment.app", "did you mean \"deployment\"?"),
        ("cronjob", "use \"job\": the owner of a CronJob's pod is its Job"),
        ("!", "name a kind, such as \"deployment\""),
    ] {
        let fault = word.parse::<OwnerKind>().unwrap_err();
        assert_eq!(fault.right, right, "{word}");
    }

    let fault = "gizmo".parse::<OwnerKind>().unwrap_err();
    assert_eq!(fault.wrong, "is not a known kind");
    assert!(
        fault
            .right
            .ends_with("or a kind with its group, such as \"widget.example.com\"")
    );
    assert!("widget.exam ple.com".parse::<OwnerKind>().is_err());
}

#[test]
fn a_kind_that_is_included_and_excluded_is_a_contradiction() {
    let found = |list: &[&str]| {
        let list = kinds(list);
        let found = list.contradiction();
        found.map(|(kind, by)| (kind.to_string(), by.to_string()))
    };
    let pair = |kind: &str, by: &str| Some((kind.to_owned(), by.to_owned()));

    assert_eq!(
        found(&["sts", "!statefulset"]),
        pair("statefulset", "!statefulset")
    );
    assert_eq!(
        found(&["!sts", "sts.apps"]),
        pair("statefulset.apps", "!statefulset")
    );
    assert_eq!(
        found(&["widget.example.com", "!widgets.example.com"]),
        pair("widget.example.com", "!widgets.example.com")
    );
    assert_eq!(found(&["sts", "!sts.apps"]), None);
    assert_eq!(found(&["deploy", "!sts"]), None);
}

#[test]
fn a_kind_that_is_named_twice_is_found() {
    assert_eq!(
        kinds(&["deploy", "sts", "deployments"])
            .duplicate()
            .unwrap()
            .to_string(),
        "deployment"
    );
    assert_eq!(kinds(&["deploy", "!sts", "sts.apps"]).duplicate(), None);
}

#[test]
fn every_word_for_a_kind_is_known_in_any_case_and_with_its_group() {
    for known in &KINDS {
        for word in known.words {
            for text in [
                (*word).to_owned(),
                word.to_uppercase(),
                format!("{word}.{}", known.groups[0]),
            ] {
                assert_eq!(known_kind(&text), Some(known.kind), "{text}");
            }
        }
    }
}
