//! The findings for people: equal ones in several namespaces are one line, and the lines are bounded.

use super::{CheckFinding, CheckResult};
use crate::cli::output::{ShownCell, names, server_text, table};

/// The most lines. With more, the worst are shown; JSON and YAML have all.
const MOST_LINES: usize = 100;

/// Findings that say the same, of one namespace or of several, or of none.
struct FindingGroup<'a> {
    first: &'a CheckFinding,
    namespaces: Vec<String>,
}

/// The table of the findings.
pub(super) fn of(findings: &[CheckFinding]) -> String {
    let mut groups = group(findings);
    let left_out = groups.len().saturating_sub(MOST_LINES);
    if left_out > 0 {
        groups.sort_by_key(|group| std::cmp::Reverse(group.first.result));
        groups.truncate(MOST_LINES);
    }

    let rows = groups.iter().map(FindingGroup::row);
    let mut text = table(["RESULT", "WHAT", "DETAIL"], rows);
    if left_out > 0 {
        text += &format!("\n… and {left_out} more, none worse; all are in -o json");
    }
    text
}

/// The findings in order, each with those of other namespaces that say the same.
fn group(findings: &[CheckFinding]) -> Vec<FindingGroup<'_>> {
    let mut groups: Vec<FindingGroup<'_>> = Vec::new();
    for finding in findings {
        let known = groups.iter_mut().find(|group| group.says(finding));
        let namespace = finding.in_namespace.as_ref().map(|found| found.namespace.clone());
        match known {
            Some(group) => group.namespaces.extend(namespace),
            None => groups.push(FindingGroup {
                first: finding,
                namespaces: namespace.into_iter().collect(),
            }),
        }
    }
    groups
}

impl FindingGroup<'_> {
    /// Whether `finding` says the same of another namespace.
    fn says(&self, finding: &CheckFinding) -> bool {
        let (Some(first), Some(other)) = (&self.first.in_namespace, &finding.in_namespace) else {
            return false;
        };
        let is_same_check = (&first.what, &first.remedy) == (&other.what, &other.remedy);
        is_same_check && (self.first.result, &self.first.detail) == (finding.result, &finding.detail)
    }

    fn row(&self) -> [ShownCell; 3] {
        let (what, remedy) = match &self.first.in_namespace {
            Some(first) if self.namespaces.len() > 1 => (self.what(&first.what), &first.remedy),
            _ => (self.first.what.clone(), &self.first.remedy),
        };
        let detail = server_text(&self.first.detail);
        let detail = match remedy {
            Some(remedy) => format!("{detail}; {remedy}"),
            None => detail,
        };
        [
            ShownCell::result(self.first.result.word()),
            what.into(),
            detail.into(),
        ]
    }

    /// What was checked in several namespaces: their number if all is well, else their names.
    fn what(&self, what: &str) -> String {
        let namespaces = if self.first.result == CheckResult::Ok {
            format!("{} namespaces", self.namespaces.len())
        } else {
            format!("namespaces {}", names(&self.namespaces))
        };
        if what.is_empty() {
            namespaces
        } else {
            format!("{what} in {namespaces}")
        }
    }
}

impl CheckResult {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as it is without colour.
    fn plain(findings: &[CheckFinding]) -> String {
        anstream::adapter::strip_str(&of(findings)).to_string()
    }

    fn may_list(namespace: &str, is_granted: bool) -> CheckFinding {
        let what = format!("may list pods in namespace {namespace}");
        let finding = if is_granted {
            CheckFinding::ok(what, "granted")
        } else {
            CheckFinding::failed(what, "not granted", "add it")
        };
        finding.in_namespace(namespace, "may list pods")
    }

    #[test]
    fn equal_findings_of_many_namespaces_are_one_line() {
        let mut findings = vec![CheckFinding::ok("configuration", "armed")];
        for n in 0..1000 {
            let name = format!("team-{n}");
            findings.push(CheckFinding::ok(format!("namespace {name}"), "found").in_namespace(&name, ""));
            findings.push(may_list(&name, n != 7 && n != 9));
        }

        let table = plain(&findings);
        let cells = |line: &str| {
            let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
            cells.collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(
            table.lines().map(cells).collect::<Vec<_>>(),
            [
                "RESULT | WHAT | DETAIL",
                "ok | configuration | armed",
                "ok | 1000 namespaces | found",
                "ok | may list pods in 998 namespaces | granted",
                "FAILED | may list pods in namespaces team-7, team-9 | not granted; add it",
            ]
        );
    }

    #[test]
    fn a_finding_of_one_namespace_names_it() {
        let table = plain(&[may_list("shop", false), may_list("team", true)]);
        assert!(
            table.contains("FAILED  may list pods in namespace shop  not granted; add it"),
            "{table}"
        );
        assert!(
            table.contains("ok      may list pods in namespace team  granted"),
            "{table}"
        );
    }

    #[test]
    fn the_lines_are_bounded_and_the_worst_are_shown() {
        let mut findings: Vec<_> = (0..500)
            .map(|n| CheckFinding::ok(format!("namespace team-{n}"), format!("detail {n}")))
            .collect();
        findings.push(CheckFinding::failed("journal", "x".repeat(20_000), "create it"));

        let table = plain(&findings);
        assert_eq!(table.lines().count(), 1 + MOST_LINES + 1);
        assert!(
            table.lines().nth(1).unwrap().starts_with("FAILED  journal"),
            "{table}"
        );
        assert!(table.lines().nth(1).unwrap().trim_end().ends_with("…; create it"));
        assert!(table.ends_with("… and 401 more, none worse; all are in -o json"));
    }
}
