//! kubectl, as a test runs it on a sandbox of its own.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use kube_sandbox::{Sandbox, SandboxOptions, scenario};

/// kubectl with a kubeconfig file that lives as long as the sandbox.
pub(crate) struct Kubectl {
    _sandbox: Sandbox,
    home: tempfile::TempDir,
}

impl Kubectl {
    /// Nothing when kubectl is not there, which is only bearable outside CI.
    pub(crate) fn find() -> Option<Self> {
        Self::find_with(SandboxOptions::default())
    }

    pub(crate) fn find_with(options: SandboxOptions) -> Option<Self> {
        if Command::new("kubectl")
            .args(["version", "--client"])
            .output()
            .is_err()
        {
            assert!(
                std::env::var_os("CI").is_none(),
                "kubectl is not on the PATH, and CI is to test with it"
            );
            eprintln!("SKIPPED: kubectl is not on the PATH");
            return None;
        }
        let options = SandboxOptions {
            objects: scenario::shop(),
            ready_after: Duration::from_millis(50),
            linger: Duration::from_millis(50),
            ..options
        };
        let sandbox = Sandbox::start(options).unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config"), sandbox.kubeconfig()).unwrap();

        Some(Self {
            _sandbox: sandbox,
            home,
        })
    }

    pub(crate) fn run(&self, arguments: &str) -> String {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &str, input: &str) -> String {
        let output = self.output(arguments, input);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What kubectl complains of.
    pub(crate) fn fail(&self, arguments: &str) -> String {
        let output = self.output(arguments, "");
        assert!(!output.status.success(), "kubectl {arguments} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }

    fn output(&self, arguments: &str, input: &str) -> Output {
        let mut child = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(self.home.path().join("config"))
            .args(arguments.split_whitespace())
            // kubectl caches discovery at home; another sandbox may have had this port.
            .env("HOME", self.home.path())
            .env("KUBECACHEDIR", self.home.path().join("cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}
