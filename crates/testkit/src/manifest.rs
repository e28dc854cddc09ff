//! Changes the Role of `deploy/macaque.yaml` as its comments say.

/// The comment above each rule that only an armed macaque needs.
pub const FOR_ARMED: &str = "  # For `dry_run = false` take the comment off this rule";

/// The comment above the rule for deletions, which takes the place of the one on `pods/eviction`.
pub const FOR_DELETIONS: &str = "  # For `method = \"delete\"` take the comment off this rule";

/// A Role with its rules below a comment that begins with `comment` no longer commented out.
///
/// # Panics
///
/// If there is no such comment.
pub fn with_rules(role: &str, comment: &str) -> String {
    assert!(role.contains(comment), "no {comment:?} in {role}");
    let mut is_below = false;
    let mut text = String::new();

    for line in role.lines() {
        if line.starts_with("  # For ") || line.starts_with("  - ") {
            is_below = line.starts_with(comment);
        }
        let rule = line
            .strip_prefix("  # ")
            .filter(|rule| rule.starts_with(['-', ' ']));
        match rule.filter(|_| is_below) {
            Some(rule) => text.extend(["  ", rule]),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rules_below_their_comment_are_uncommented() {
        let role = format!(
            "rules:\n{FOR_ARMED}.\n  # Optional.\n  # - resources: [a]\n  #   verbs: [b]\n  - resources: [c]\n  # - d\n\
             {FOR_DELETIONS}.\n  # - e\n"
        );
        let armed = with_rules(&role, FOR_ARMED);
        assert_eq!(
            armed,
            format!(
                "rules:\n{FOR_ARMED}.\n  # Optional.\n  - resources: [a]\n    verbs: [b]\n  - resources: [c]\n  # - d\n\
                 {FOR_DELETIONS}.\n  # - e\n"
            )
        );
        assert!(with_rules(&armed, FOR_DELETIONS).ends_with(".\n  - e\n"));
    }
}
