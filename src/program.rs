//! The name by which this process was called, as what it prints for a person names its commands: `macaque`, or
//! `kubectl macaque` where kubectl runs it as its plugin.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::OnceLock;

const OWN: &str = "macaque";
const PLUGIN: &str = "kubectl macaque";

/// The file name by which kubectl finds a plugin.
const PLUGIN_FILE: &str = "kubectl-macaque";

static CALLED: OnceLock<&'static str> = OnceLock::new();

/// Remembers the path by which the process was called; the first call counts.
pub fn set_called_by(path: &OsStr) {
    let _ = CALLED.set(name_of(path));
}

/// The name of the program, with which a command begins.
pub fn name() -> &'static str {
    CALLED.get().copied().unwrap_or(OWN)
}

/// The text with each command that it quotes, such as `macaque resume`, as a person types it here.
pub fn as_called(words: &str) -> Cow<'_, str> {
    quoting(name(), words)
}

fn quoting<'a>(name: &str, words: &'a str) -> Cow<'a, str> {
    if name == OWN || !words.contains("`macaque ") {
        return Cow::Borrowed(words);
    }
    Cow::Owned(words.replace("`macaque ", &format!("`{name} ")))
}

/// The name that the path of the program stands for; on Windows its file has an extension.
fn name_of(path: &OsStr) -> &'static str {
    let file = Path::new(path)
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    let stem = match file.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case("exe") => stem,
        _ => file,
    };
    if stem == PLUGIN_FILE { PLUGIN } else { OWN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_file_name_of_the_plugin_makes_it_one() {
        for (path, name) in [
            ("macaque", OWN),
            ("/usr/bin/macaque", OWN),
            ("kubectl-macaque", PLUGIN),
            ("/root/.krew/bin/kubectl-macaque", PLUGIN),
            ("./kubectl-macaque.exe", PLUGIN),
            ("kubectl-macaque.EXE", PLUGIN),
            ("kubectl-macaque-old", OWN),
            ("/opt/kubectl-macaque/macaque", OWN),
            ("monkey", OWN),
            ("", OWN),
        ] {
            assert_eq!(name_of(OsStr::new(path)), name, "{path}");
        }
    }

    #[test]
    fn a_quoted_command_is_named_as_it_is_called_and_nothing_else_is() {
        let words = "paused: `macaque resume` ends it; macaque logs it";
        assert_eq!(quoting(OWN, words), words);
        assert_eq!(
            quoting(PLUGIN, words),
            "paused: `kubectl macaque resume` ends it; macaque logs it"
        );
    }
}
