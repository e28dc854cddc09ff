//! Which victims of a history are shown: by time, by namespace, by owner, and whether they were disrupted.

use std::str::FromStr;

use clap::Args;
use jiff::Timestamp;
use macaque_core::history::HistoryEntry;
use macaque_core::pod::OwnerRef;

use super::loaded_history::LoadedHistory;
use super::since::Since;
use crate::cli::exit;
use crate::cli::why::{NamedOwner, WhySubject};
use crate::platform::Platform;
use crate::settings::is_object_name;
use crate::telemetry;

/// The flags that say which victims are shown.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SelectionArgs {
    /// Show what happened since this time: so long ago, such as 7d, or 2026-11-24, or 2026-11-24T15:00:00Z
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<Since>,
    /// Show the victims in this namespace; repeat the flag, or separate names by commas [default: in all]
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', value_parser = namespace)]
    namespace: Vec<String>,
    /// Show the victims of this owner, such as deployment/web; repeat the flag, or separate owners by commas
    #[arg(long, value_name = "KIND/NAME", value_delimiter = ',')]
    owner: Vec<ShownOwner>,
    /// Also show the victims that were refused, held back, gone already, or picked in a dry run
    #[arg(long)]
    all: bool,
}

/// An owner whose victims are shown.
#[derive(Debug, Clone)]
struct ShownOwner(NamedOwner);

impl SelectionArgs {
    /// Since when victims are shown, if that is asked for.
    ///
    /// # Errors
    /// The exit code, after the problem was reported on standard error.
    pub(super) fn since_instant(&self, loaded: &LoadedHistory) -> Result<Option<Timestamp>, i32> {
        let now = Platform::system().now();
        let since = self
            .since
            .map(|since| since.instant(&loaded.zone, now.max(loaded.now)));
        since.transpose().map_err(|why| {
            telemetry::print_error(&format!("--since: {why}"));
            exit::USAGE
        })
    }

    /// Whether an entry since this time is shown.
    pub(super) fn shows(&self, entry: &HistoryEntry, since: Option<Timestamp>) -> bool {
        self.is_about(entry, since) && (self.all || is_shown(entry))
    }

    /// Whether an entry is left out only because nothing was disrupted.
    pub(super) fn leaves_out(&self, entry: &HistoryEntry, since: Option<Timestamp>) -> bool {
        self.is_about(entry, since) && !self.all && !is_shown(entry)
    }

    /// Whether only some namespaces or owners are asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.namespace.is_empty() || !self.owner.is_empty()
    }

    fn is_about(&self, entry: &HistoryEntry, since: Option<Timestamp>) -> bool {
        let is_named = |name: &String| *name == entry.pod.namespace;
        let owner = OwnerRef::of(&entry.pod, entry.owner.as_ref()).owner;
        since.is_none_or(|since| since <= entry.at)
            && (self.namespace.is_empty() || self.namespace.iter().any(is_named))
            && (self.owner.is_empty() || self.owner.iter().any(|shown| shown.0.is(&owner)))
    }
}

/// Whether the victim was disrupted, or may have been.
fn is_shown(entry: &HistoryEntry) -> bool {
    entry.outcome.is_disruption() || entry.outcome.is_unknown()
}

impl FromStr for ShownOwner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted = "write KIND/NAME, as `plan` and kubectl print it: deployment/web, sts/db, pod/web-1";
        match text.parse() {
            Ok(WhySubject::Owner(owner)) => Ok(Self(owner)),
            Ok(WhySubject::PodOrOwner { word, name }) => Ok(Self(NamedOwner::of_word(&word, &name))),
            // A pod without an owner counts as its own.
            Ok(WhySubject::Pod { name, .. }) if text.contains('/') => {
                Ok(Self(NamedOwner::of_word("pod", &name)))
            }
            Ok(WhySubject::Pod { .. }) | Err(_) => Err(accepted.to_owned()),
        }
    }
}

/// Parses the name of a namespace.
fn namespace(text: &str) -> Result<String, &'static str> {
    if is_object_name(text) {
        Ok(text.to_owned())
    } else {
        Err("it is not a valid namespace name")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    /// The flags, as a command line of their own.
    #[derive(Debug, Parser)]
    struct SelectionCommand {
        #[command(flatten)]
        selection: SelectionArgs,
    }

    fn selection(words: &str) -> Result<SelectionArgs, String> {
        let words = ["history"].into_iter().chain(words.split_whitespace());
        let parsed = SelectionCommand::try_parse_from(words);
        parsed
            .map(|command| command.selection)
            .map_err(|error| error.to_string())
    }

    fn entry(owner: Option<(&str, &str)>, result: &str) -> HistoryEntry {
        let owner = owner.map(|(kind, name)| json!({"kind": kind, "name": name}));
        let entry = json!({
            "slot": "2026-11-29T12:00:00Z",
            "at": "2026-11-29T12:00:01Z",
            "pod": {"namespace": "shop", "name": "web-1", "uid": "u1"},
            "owner": owner,
            "method": "evict",
            "outcome": {"result": result, "by": "budget web"},
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn victims_are_selected_by_namespace_by_owner_and_by_whether_they_were_disrupted() {
        let web = Some(("Deployment", "web"));
        for (words, owner, result, is_selected) in [
            ("", web, "evicted", true),
            ("", web, "unknown", true),
            ("", web, "pending", true),
            ("", web, "refused", false),
            ("", web, "dry-run", false),
            ("--all", web, "refused", true),
            ("-n shop", web, "evicted", true),
            ("-n cart,shop", web, "evicted", true),
            ("-n cart", web, "evicted", false),
            ("--owner deploy/web", web, "evicted", true),
            ("--owner deployments.apps/web", web, "evicted", true),
            ("--owner sts/web", web, "evicted", false),
            ("--owner sts/web,deployment/web", web, "evicted", true),
            (
                "--owner cronjob/import",
                Some(("Job", "import-29384")),
                "evicted",
                true,
            ),
            ("--owner cloneset/web", Some(("CloneSet", "web")), "evicted", true),
            ("--owner pod/web-1", None, "evicted", true),
            ("--owner deploy/web-1", None, "evicted", false),
        ] {
            let selection = selection(words).unwrap();
            let entry = entry(owner, result);
            assert_eq!(selection.shows(&entry, None), is_selected, "{words}: {entry:?}");
            let later = "2026-11-29T12:00:02Z".parse().ok();
            assert!(!selection.shows(&entry, later) && !selection.leaves_out(&entry, later));
        }
    }

    #[test]
    fn what_is_no_owner_and_no_namespace_is_refused_with_what_would_be_right() {
        for (words, wrong) in [
            ("--owner web", "write KIND/NAME"),
            ("--owner deploy/Web", "write KIND/NAME"),
            ("--owner deploy/", "write KIND/NAME"),
            ("-n Shop", "it is not a valid namespace name"),
            ("--since -3h", "it is negative"),
        ] {
            let why = selection(words).unwrap_err();
            assert!(why.contains(wrong), "{words}: {why}");
        }
    }
}
