//! Reads the annotations and labels of the namespaces and owners in scope, by which they opt in and out and say how often
//! they have a turn.

use std::collections::BTreeSet;
use std::sync::Arc;

use macaque_core::config::{DisruptionPace, NamespaceScope};
use macaque_core::key_warnings::key_warnings;
use macaque_core::pod::{OwnerRef, PodOwner};
use macaque_core::report::RoundEnd;
use macaque_core::scope_metadata::{ObjectKeys, ScopeMetadata};

use super::{RoundScope, ScopeReader};
use crate::k8s::{ApiError, KeyedResource, NamedKeys, OptionalRead};
use crate::list_pager::ListPager;
use crate::read_retry::with_retries;

/// How many different warnings about keys are kept, and how many names one of them lists.
const KEPT: usize = 5;

/// What was read so far.
#[derive(Default)]
struct Reading {
    metadata: ScopeMetadata,
    /// The namespaces that may not be read.
    unread: Vec<String>,
    /// The kinds of owners that may not be listed, in some namespace at least.
    unlisted: BTreeSet<&'static str>,
    /// The warnings about keys.
    warnings: BTreeSet<String>,
}

/// What is not seen without the right to read it, if that matters for a round.
struct UnseenWishes {
    of_namespaces: Option<&'static str>,
    of_owners: Option<&'static str>,
}

impl ScopeReader<'_> {
    /// Reads the keys of the namespaces and owners in `scope`, as far as macaque may, into its rules.
    ///
    /// # Errors
    /// The keys could not be read, for another reason than a missing grant: the round must end.
    pub(super) async fn read_metadata(
        &self,
        scope: &mut RoundScope,
        pace: &DisruptionPace,
    ) -> Result<(), RoundEnd> {
        let wishes = wishes(scope, pace);
        let mut reading = Reading::default();
        // Those that were found by their labels were read with them.
        for (name, keys) in &scope.eligibility.metadata.namespaces {
            reading.add_namespace(name.clone(), keys.clone());
        }
        match &scope.eligibility.target.namespaces {
            NamespaceScope::Named(names) => self.read_named(names, &mut reading).await?,
            NamespaceScope::Selected(_) => {}
            NamespaceScope::All => {
                let is_granted = self
                    .list_keys(KeyedResource::NAMESPACES, None, |found| {
                        reading.add_namespace(found.name, found.keys);
                    })
                    .await?;
                if !is_granted {
                    scope.warnings.extend(wishes.of_namespaces.map(unlisted));
                }
            }
        }
        for namespace in scope.eligibility.target.listed_namespaces() {
            for resource in KeyedResource::OWNERS {
                let add = |found| reading.add_owner(resource.kind, found);
                if !self.list_keys(resource, namespace, add).await? {
                    reading.unlisted.insert(resource.kind);
                }
            }
        }

        if !reading.unread.is_empty() {
            let warning = |wishes| unread(wishes, &reading.unread);
            scope.warnings.extend(wishes.of_namespaces.map(warning));
        }
        if !reading.unlisted.is_empty() {
            let warning = |wishes| unlisted_owners(wishes, &reading.unlisted);
            scope.warnings.extend(wishes.of_owners.map(warning));
        }
        scope.warnings.extend(reading.kept_warnings());
        let metadata = Arc::make_mut(&mut scope.eligibility.metadata);
        metadata.namespaces = reading.metadata.namespaces;
        metadata.owners = reading.metadata.owners;
        Ok(())
    }

    /// Reads the keys of each of these namespaces, which a Role in each permits, unless they are known already.
    async fn read_named(&self, names: &[String], reading: &mut Reading) -> Result<(), ApiError> {
        for name in names {
            if reading.metadata.namespaces.contains_key(name) {
                continue;
            }
            let read = async || self.cluster.namespace_keys(name).await;
            match with_retries(self.platform, self.stop, read).await? {
                OptionalRead::Found(keys) => reading.add_namespace(name.clone(), keys),
                // That it is missing is a problem of the list of its pods.
                OptionalRead::Missing => {}
                OptionalRead::NotGranted => reading.unread.push(name.clone()),
            }
        }
        Ok(())
    }

    /// Lists objects page by page, and calls `add` with each once the list is complete; returns whether macaque may.
    async fn list_keys(
        &self,
        resource: KeyedResource,
        namespace: Option<&str>,
        add: impl FnMut(NamedKeys),
    ) -> Result<bool, ApiError> {
        let mut pager = ListPager::default();
        let mut listed = Vec::new();
        loop {
            let read = async || self.cluster.keys_page(resource, namespace, pager.after()).await;
            let page = match with_retries(self.platform, self.stop, read).await? {
                OptionalRead::Found(page) => page,
                OptionalRead::Missing => return Ok(true),
                OptionalRead::NotGranted => return Ok(false),
            };

            let turned = pager.turn(&page.cursor, page.objects.len());
            turned.map_err(|why| ApiError::Unexpected {
                what: resource.describe(namespace),
                why: why.to_owned(),
            })?;
            if page.cursor.restarted {
                listed.clear();
            }
            // Most objects say nothing to macaque, and the others little.
            let own = page.objects.into_iter().map(|object| NamedKeys {
                keys: object.keys.into_own(),
                ..object
            });
            listed.extend(own.filter(|object| !object.keys.is_empty()));
            if page.cursor.next.is_none() {
                listed.into_iter().for_each(add);
                return Ok(true);
            }
        }
    }
}

impl Reading {
    fn add_namespace(&mut self, name: String, keys: ObjectKeys) {
        self.warn(&keys, &format!("namespace {name}"));
        self.metadata.namespaces.insert(name, keys.into_own());
    }

    fn add_owner(&mut self, kind: &str, found: NamedKeys) {
        let owner = PodOwner {
            kind: kind.to_owned(),
            name: found.name,
        };
        self.warn(&found.keys, &owner.to_string());
        let owner = OwnerRef {
            namespace: found.namespace,
            owner,
        };
        self.metadata.owners.insert(owner, found.keys);
    }

    fn warn(&mut self, keys: &ObjectKeys, place: &str) {
        let warnings = key_warnings(&keys.annotations, &keys.labels);
        self.warnings
            .extend(warnings.iter().map(|warning| warning.on(place)));
    }

    /// The warnings about keys, of which many are cut short.
    fn kept_warnings(&self) -> Vec<String> {
        let mut kept: Vec<_> = self.warnings.iter().take(KEPT).cloned().collect();
        let others = self.warnings.len() - kept.len();
        if others > 0 {
            kept.push(format!("{others} more such keys on namespaces and owners"));
        }
        kept
    }
}

/// What matters for a round of this pace: who opts in, and how often owners have a turn.
fn wishes(scope: &RoundScope, pace: &DisruptionPace) -> UnseenWishes {
    let has_turns = match pace {
        DisruptionPace::Count => false,
        DisruptionPace::Rota { .. } | DisruptionPace::Chance { .. } => scope.eligibility.target.annotations,
    };
    let of_namespaces = match (scope.eligibility.is_opt_in(), has_turns) {
        (true, false) => Some("who opts in or out by namespace"),
        (true, true) => Some("who opts in or out by namespace, or sets macaque/every there,"),
        (false, true) => Some("macaque/every on namespaces"),
        (false, false) => None,
    };
    UnseenWishes {
        of_namespaces,
        of_owners: has_turns.then_some("macaque/every on owners"),
    }
}

/// The warning that these namespaces may not be read.
fn unread(unseen: &str, namespaces: &[String]) -> String {
    let mut names = namespaces
        .iter()
        .take(KEPT)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if namespaces.len() > KEPT {
        names.push_str(&format!(" and {} more", namespaces.len() - KEPT));
    }
    format!(
        "{unseen} is not seen, because these may not be read: {names}; grant get on namespaces in \
         each, as macaque rbac prints it"
    )
}

/// The warning that no namespace may be listed.
fn unlisted(unseen: &str) -> String {
    format!(
        "{unseen} is not seen, because namespaces may not be listed; grant get and list on namespaces in the ClusterRole, \
         as macaque rbac prints it"
    )
}

/// The warning that owners of some kinds may not be listed: their turns come as if they had set nothing.
fn unlisted_owners(unseen: &str, kinds: &BTreeSet<&str>) -> String {
    let kinds = kinds.iter().map(|kind| format!("{kind}s"));
    let kinds = Vec::from_iter(kinds).join(" and ");
    format!(
        "{unseen} is not seen, because {kinds} may not be listed, so those owners have turns as disrupt.every says; \
         grant list on them, as macaque rbac prints it"
    )
}
