//! The README's first command works wherever it is typed: it needs no network, no home and no file of the user's.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// A place to type the command in, by what is unusual about it.
struct Place {
    what: &'static str,
    env: &'static [(&'static str, &'static str)],
    has_home: bool,
    is_writable: bool,
    is_nobody: bool,
}

/// Nothing is unusual.
const USUAL: Place = Place {
    what: "nothing unusual",
    env: &[],
    has_home: true,
    is_writable: true,
    is_nobody: false,
};

const DEAD: &str = "http://127.0.0.1:9";

const PLACES: [Place; 7] = [
    Place {
        what: "a dead proxy",
        env: &[
            ("HTTPS_PROXY", DEAD),
            ("https_proxy", DEAD),
            ("HTTP_PROXY", DEAD),
            ("ALL_PROXY", DEAD),
        ],
        ..USUAL
    },
    Place {
        what: "a dead proxy, and exceptions",
        env: &[("HTTPS_PROXY", DEAD), ("NO_PROXY", "127.0.0.1")],
        ..USUAL
    },
    Place {
        what: "no proxy at all in the variables of proxies",
        env: &[("HTTPS_PROXY", "no proxy at all"), ("NO_PROXY", "::,/,%")],
        ..USUAL
    },
    Place {
        what: "a kubeconfig that is not there",
        env: &[
            ("KUBECONFIG", "/nowhere/kubeconfig"),
            ("KUBERNETES_SERVICE_HOST", "192.0.2.1"),
        ],
        ..USUAL
    },
    Place {
        what: "no home",
        has_home: false,
        ..USUAL
    },
    Place {
        what: "a directory that nobody may write to",
        is_writable: false,
        ..USUAL
    },
    Place {
        what: "another user without a home, in such a directory, behind a dead proxy",
        env: &[("HTTPS_PROXY", DEAD)],
        has_home: false,
        is_writable: false,
        is_nobody: true,
    },
];

impl Place {
    /// Runs the demo here, without a terminal; what it prints, unless it fails.
    fn run(&self, binary: &Path) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        let mode = if self.is_writable { 0o777 } else { 0o555 };
        fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();

        let mut command = Command::new(binary);
        command.args(["demo", "--rounds", "1", "--every", "1"]);
        command
            .env_clear()
            .envs(self.env.iter().copied())
            .current_dir(dir.path());
        if self.has_home {
            command.env("HOME", dir.path());
        }
        // Only root can become another user; anyone else is another user than root already.
        if self.is_nobody && is_root(dir.path()) {
            command.uid(65534).gid(65534);
        }

        let output = command.stdin(Stdio::null()).output().unwrap();
        let printed =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        match (output.status.success(), printed) {
            (true, [out, err]) if err.is_empty() => Ok(out),
            (_, printed) => Err(printed.concat()),
        }
    }
}

/// Whether the owner of this new directory is root.
fn is_root(new: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    fs::metadata(new).unwrap().uid() == 0
}

#[test]
fn the_demo_works_wherever_it_is_started() {
    // Where another user can run it.
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let binary = dir.path().join("macaque");
    fs::copy(env!("CARGO_BIN_EXE_macaque"), &binary).unwrap();

    // A demo takes seconds: all run at once.
    thread::scope(|scope| {
        for place in &PLACES {
            let binary = &binary;
            scope.spawn(move || {
                let printed = place.run(binary);
                let is_good = printed
                    .as_ref()
                    .is_ok_and(|out| out.contains("1 round: 1 pod evicted"));
                assert!(is_good, "{}: {printed:?}", place.what);
            });
        }
    });
}

#[test]
fn a_demo_that_can_write_no_temporary_file_says_where_and_what_to_set() {
    let output = crate::macaque("demo").env("TMPDIR", "/nowhere").run();
    let words = "macaque: cannot write the sandbox's kubeconfig to /nowhere: No such file or directory";
    output.complains(1, &[words, "set TMPDIR to a directory that macaque can write to"]);
}
