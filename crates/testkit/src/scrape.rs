//! The classic text of Prometheus, read strictly: what it says of each series.

use std::collections::{BTreeMap, BTreeSet};

/// A text of metrics that was read.
#[derive(Debug, Default)]
pub struct Scrape {
    series: BTreeMap<SeriesId, f64>,
    /// The type and the help text of each metric.
    families: BTreeMap<String, (String, String)>,
}

/// The name of a series with its labels.
pub type SeriesId = (String, BTreeMap<String, String>);

impl Scrape {
    /// Reads a text.
    ///
    /// # Panics
    /// The text is not valid: the message holds the line.
    pub fn read(text: &str) -> Self {
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "the last line is cut off"
        );
        let mut scrape = Self::default();
        let mut closed = BTreeSet::new();
        let mut current = String::new();

        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect(line);
                assert!(closed.insert(name.to_owned()), "appears twice: {line}");
                name.clone_into(&mut current);
                scrape
                    .families
                    .insert(current.clone(), (String::new(), help.to_owned()));
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let kind = kind.strip_prefix(&format!("{current} ")).expect(line);
                kind.clone_into(&mut scrape.families.get_mut(&current).expect(line).0);
            } else {
                let (id, value) = sample(line).unwrap_or_else(|| panic!("cannot be read: {line}"));
                let suffix = id.0.strip_prefix(&current).expect(line);
                let suffixes: &[_] = match scrape.families[&current].0.as_str() {
                    "histogram" => &["_bucket", "_sum", "_count"],
                    _ => &[""],
                };
                assert!(suffixes.contains(&suffix), "is no part of {current}: {line}");
                assert!(scrape.series.insert(id, value).is_none(), "appears twice: {line}");
            }
        }
        scrape
    }

    /// The value of a series.
    pub fn value<const N: usize>(&self, name: &str, labels: [(&str, &str); N]) -> Option<f64> {
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.series.get(&(name.to_owned(), labels.into())).copied()
    }

    /// The series of this name.
    pub fn of(&self, name: &str) -> impl Iterator<Item = (&BTreeMap<String, String>, f64)> {
        let series = self.series.iter().filter(move |((of, _), _)| of == name);
        series.map(|((_, labels), value)| (labels, *value))
    }

    /// Every series, with its value.
    pub fn series(&self) -> &BTreeMap<SeriesId, f64> {
        &self.series
    }

    /// The type and the help text of each metric, by name.
    pub fn families(&self) -> &BTreeMap<String, (String, String)> {
        &self.families
    }
}

/// Reads `name{label="value",…} 1`.
fn sample(line: &str) -> Option<(SeriesId, f64)> {
    let is_name = |name: &str| {
        let mut bytes = name.bytes();
        bytes
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let (name, mut rest) = line.split_at(line.find(['{', ' '])?);
    let mut labels = BTreeMap::new();

    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            if !is_name(label) || labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            rest = after;
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ')?.parse().ok()?;
    is_name(name).then(|| ((name.to_owned(), labels), value))
}

/// Reads a value up to its closing quote; returns it with what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()?.1 {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                same @ ('\\' | '"') => same,
                _ => return None,
            }),
            same => value.push(same),
        }
    }
}
