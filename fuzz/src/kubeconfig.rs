//! The law of kubeconfigs.

use macaque::fuzzing::k8s;
use serde_json::Value;

use crate::text;

pub(crate) const LAW: &str = "what is read holds no empty value and absolute paths only, merged with itself it is the \
                              same, and an error names a place that is there and quotes no token";

/// The sections of a kubeconfig whose entries have names.
const SECTIONS: [&str; 3] = ["clusters", "users", "contexts"];

/// The part of the entries of a section that holds paths, and the keys of these.
const PATHS: [(&str, &str, &[&str]); 2] = [
    ("clusters", "cluster", &["certificate-authority"]),
    (
        "users",
        "user",
        &["client-certificate", "client-key", "tokenFile"],
    ),
];

/// A token in the text, which no error may show.
const TOKEN: &str = "5ecr3t-t0ken";

pub(crate) fn kubeconfig(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let read = match k8s::kubeconfig(text, None) {
        Ok(read) => read,
        Err(error) => {
            assert!(!error.contains(TOKEN), "{error}");
            // To YAML a carriage return ends a line too; the mark at the beginning of a file is no line of its own.
            let lines = text.split(['\r', '\n']).count();
            for line in text::numbers_after(&error, "(line ") {
                assert!((1..=lines + 1).contains(&line), "{error}");
            }
            return;
        }
    };

    assert_eq!(read.merged, read.content);
    for section in SECTIONS {
        let entries = read.content[section].as_array().into_iter().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry["name"].as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "names of {section} occur once");
    }

    for (section, part, paths) in PATHS {
        let entries = read.content[section].as_array().into_iter().flatten();
        let values = entries.flat_map(|entry| entry[part].as_object().into_iter().flatten());
        for (key, value) in values {
            assert!(value != "", "{key}");
            assert!(
                !paths.contains(&key.as_str()) || is_absolute(value),
                "{key}: {value}"
            );
        }
    }
}

fn is_absolute(path: &Value) -> bool {
    path.as_str().is_none_or(|path| path.starts_with('/'))
}
