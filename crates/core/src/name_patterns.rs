//! Globs on names, with `*` and `?` only, and lists of them in which the last match decides.

use std::fmt;

/// A glob: `*` stands for any characters or none, `?` for one.
///
/// Written here and not taken from a crate, because those compare a glob with a text only, and not with another glob: macaque
/// also names the pattern of a list that a later one makes useless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// The glob of this text.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text of the glob.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the glob stands for one name alone.
    pub fn is_exact(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// Whether the glob matches the whole of `name`.
    pub fn matches(&self, name: &str) -> bool {
        self.covers_text(name)
    }

    /// Whether the glob matches every name that `other` matches.
    pub fn covers(&self, other: &Self) -> bool {
        self.covers_text(&other.0)
    }

    /// Compares the glob with a text whose own `*` and `?` stand for any characters: only `*` covers a `*`.
    fn covers_text(&self, text: &str) -> bool {
        let glob = self.0.as_bytes();
        let text = text.as_bytes();
        let (mut at, mut seen) = (0, 0);
        // Where to go on if what follows the last `*` does not match: behind it, and with one character more in it.
        let mut retry = None;

        while seen < text.len() {
            match glob.get(at) {
                Some(b'*') => {
                    at += 1;
                    retry = Some((at, seen));
                    continue;
                }
                Some(b'?') if text[seen] != b'*' => {
                    at += 1;
                    seen += 1;
                    continue;
                }
                Some(same) if *same == text[seen] => {
                    at += 1;
                    seen += 1;
                    continue;
                }
                Some(_) | None => {}
            }
            let Some((behind, from)) = retry else {
                return false;
            };
            at = behind;
            seen = from + 1;
            retry = Some((behind, seen));
        }
        glob[at..].iter().all(|rest| *rest == b'*')
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One pattern of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    /// The names it is about.
    pub glob: Glob,
    /// Whether it excludes them.
    pub excludes: bool,
}

impl NamePattern {
    /// The pattern of this text: a glob, with a `!` before it if it excludes.
    pub fn new(text: &str) -> Self {
        let (excludes, glob) = match text.strip_prefix('!') {
            Some(glob) => (true, glob.trim_start()),
            None => (false, text),
        };
        let glob = Glob::new(glob);
        Self { glob, excludes }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.excludes { "!" } else { "" };
        write!(f, "{sign}{}", self.glob)
    }
}

/// A list of patterns, of which the last that matches a name decides. A list that only excludes includes everything else;
/// the empty one includes everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamePatterns(Vec<NamePattern>);

impl NamePatterns {
    /// The list of these patterns.
    pub fn new(patterns: Vec<NamePattern>) -> Self {
        Self(patterns)
    }

    /// Whether the list has no pattern, and so includes everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns in order.
    pub fn iter(&self) -> std::slice::Iter<'_, NamePattern> {
        self.0.iter()
    }

    /// Whether the list includes `name`.
    pub fn includes(&self, name: &str) -> bool {
        match self.deciding(name) {
            Some(pattern) => !pattern.excludes,
            None => self.iter().all(|pattern| pattern.excludes),
        }
    }

    /// The pattern that decides about `name`: the last that matches it.
    pub fn deciding(&self, name: &str) -> Option<&NamePattern> {
        self.iter().rev().find(|pattern| pattern.glob.matches(name))
    }

    /// The first pattern that never decides, and the later one because of which: a contrary one that covers it.
    pub fn useless(&self) -> Option<(&NamePattern, &NamePattern)> {
        self.0.iter().enumerate().find_map(|(nth, pattern)| {
            let later = self.0[nth + 1..].iter();
            let mut contrary = later.filter(|later| later.excludes != pattern.excludes);
            let by = contrary.find(|later| later.glob.covers(&pattern.glob))?;
            Some((pattern, by))
        })
    }
}

impl<'a> IntoIterator for &'a NamePatterns {
    type Item = &'a NamePattern;
    type IntoIter = std::slice::Iter<'a, NamePattern>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for NamePatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.0)
    }
}

/// Writes a list in brackets: `[a, b]`.
pub(crate) fn write_list<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    all: impl IntoIterator<Item = T>,
) -> fmt::Result {
    f.write_str("[")?;
    for (nth, one) in all.into_iter().enumerate() {
        let comma = if nth == 0 { "" } else { ", " };
        write!(f, "{comma}{one}")?;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests;
