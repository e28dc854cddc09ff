//! The kinds that kubectl knows by several words.

/// A kind that kubectl knows by several words, and the API groups in which it means that kind.
pub struct KnownKind {
    /// The kind, as the API writes it.
    pub kind: &'static str,
    pub(super) words: &'static [&'static str],
    pub(super) groups: &'static [&'static str],
}

/// Pods, the kinds of owners that Kubernetes brings along, and the Rollout of Argo, whose pods are found by its name.
pub(super) const KINDS: [KnownKind; 9] = [
    KnownKind {
        kind: "Pod",
        words: &["pod", "pods", "po"],
        groups: &[""],
    },
    KnownKind {
        kind: "Deployment",
        words: &["deployment", "deployments", "deploy"],
        groups: &["apps", "extensions"],
    },
    KnownKind {
        kind: "StatefulSet",
        words: &["statefulset", "statefulsets", "sts"],
        groups: &["apps"],
    },
    KnownKind {
        kind: "DaemonSet",
        words: &["daemonset", "daemonsets", "ds"],
        groups: &["apps", "extensions"],
    },
    KnownKind {
        kind: "ReplicaSet",
        words: &["replicaset", "replicasets", "rs"],
        groups: &["apps", "extensions"],
    },
    KnownKind {
        kind: "ReplicationController",
        words: &["replicationcontroller", "replicationcontrollers", "rc"],
        groups: &[""],
    },
    KnownKind {
        kind: "Job",
        words: &["job", "jobs"],
        groups: &["batch"],
    },
    KnownKind {
        kind: CRON_JOB,
        words: &["cronjob", "cronjobs", "cj"],
        groups: &["batch"],
    },
    KnownKind {
        kind: "Rollout",
        words: &["rollout", "rollouts", "ro"],
        groups: &["argoproj.io"],
    },
];

/// The kind of the owner of Jobs, which owns no pods itself.
pub(super) const CRON_JOB: &str = "CronJob";

impl KnownKind {
    /// The word for the kind, with its group if Kubernetes does not bring the kind along.
    pub(super) fn qualified(&self) -> String {
        let word = self.words[0];
        match self.groups {
            [group] if group.contains('.') => format!("{word}.{group}"),
            _ => word.to_owned(),
        }
    }
}

/// The known kind that `word` means: `deploy`, `Deployment`, `deployments.apps` or `deployments.v1.apps`.
pub fn known_kind(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    let (kind, group) = split_kind(&lower);
    let known = KINDS.iter().find(|known| known.words.contains(&kind))?;
    // A kind is named without its group, too.
    let is_of_group = group.is_none_or(|group| known.groups.contains(&group));
    is_of_group.then_some(known.kind)
}

/// The kind and the group of `KIND`, `KIND.GROUP`, `KIND.VERSION` or `KIND.VERSION.GROUP`.
pub(super) fn split_kind(word: &str) -> (&str, Option<&str>) {
    let Some((kind, qualifier)) = word.split_once('.') else {
        return (word, None);
    };
    let group = match qualifier.split_once('.') {
        Some((version, group)) if is_version(version) => Some(group),
        None if is_version(qualifier) => None,
        _ => Some(qualifier),
    };
    (kind, group)
}

/// Whether `text` is a version of the API: `v1` or `v1beta1`.
fn is_version(text: &str) -> bool {
    let rest = text.strip_prefix('v');
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Whether `word` is the kind, or its plural, in any case.
pub fn names_kind(kind: &str, word: &str) -> bool {
    let kind = kind.to_lowercase();
    let plurals = [
        format!("{kind}s"),
        format!("{kind}es"),
        format!("{}ies", kind.trim_end_matches('y')),
    ];
    let word = word.to_lowercase();
    word == kind || plurals.contains(&word)
}

/// Whether `text` is a DNS name: labels of a-z, 0-9 and `-`, joined by dots.
pub(super) fn is_dns_name(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.split('.').all(is_label)
}
