//! `macaque sandbox`: the embedded Kubernetes API with a small shop in it, until a signal.

use std::fs;
use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::telemetry;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};

use super::args::SandboxArgs as Flags;
use super::{exit, output};

/// The first line of every kubeconfig that is written here; a file that begins otherwise is somebody's own.
const MARK: &str = "# Written by `macaque sandbox`, which overwrites it.";

/// Serves the sandbox; returns the process's exit code.
pub(super) fn run(flags: &Flags) -> i32 {
    if !flags.listen.ip().is_loopback() {
        telemetry::complain(
            "--listen: the sandbox asks nobody for credentials and serves loopback addresses only",
        );
        return exit::USAGE;
    }
    if let Err(why) = may_write(&flags.write_kubeconfig) {
        telemetry::complain(&format!("--write-kubeconfig: {why}"));
        return exit::USAGE;
    }
    let options = SandboxOptions {
        listen: flags.listen,
        objects: scenario::shop(),
        ..SandboxOptions::default()
    };
    let sandbox = match Sandbox::start(options) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            telemetry::complain(&format!("--listen: cannot serve on {}: {error}", flags.listen));
            return exit::USAGE;
        }
    };
    let file = flags.write_kubeconfig.display();
    if let Err(error) = fs::write(
        &flags.write_kubeconfig,
        format!("{MARK}\n{}", sandbox.kubeconfig()),
    ) {
        telemetry::complain(&format!("--write-kubeconfig: cannot write {file}: {error}"));
        return exit::USAGE;
    }
    output::say(&format!(
        "A Kubernetes API with a small shop in it is served on {}; Ctrl-C ends it.\n\n  \
         kubectl --kubeconfig {file} -n shop get pods,deploy,pdb\n  \
         macaque once --kubeconfig {file} -n shop --dry-run=false",
        sandbox.url()
    ));
    wait_for_a_signal();
    exit::OK
}

/// Whether the kubeconfig may be written there: nothing of anybody's is overwritten.
fn may_write(path: &Path) -> Result<(), String> {
    // What cannot be looked at cannot be written either, and that is told then.
    let is_file = fs::metadata(path).is_ok_and(|file| file.is_file());
    let is_ours = || fs::read(path).is_ok_and(|text| text.is_empty() || text.starts_with(MARK.as_bytes()));
    if is_file && !is_ours() {
        return Err(format!(
            "{} exists and was not written by `macaque sandbox`; name another file, or remove it",
            path.display()
        ));
    }
    Ok(())
}

fn wait_for_a_signal() {
    actix::System::new().block_on(async {
        let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        let [Ok(mut interrupt), Ok(mut terminate)] = signals else {
            return log::error!("cannot listen for signals");
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
}
