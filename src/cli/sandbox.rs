//! `macaque sandbox`: serves an in-memory Kubernetes API with a small shop, until a signal.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use tokio::signal::unix::{SignalKind, signal};

use super::{exit, output};
use crate::telemetry;

/// The first line of every kubeconfig that is written here; a file that begins otherwise is not overwritten.
const MARK: &str = "# Written by `macaque sandbox`, which overwrites it.";

/// The flags of `macaque sandbox`.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// Loopback address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// Where to write the kubeconfig
    #[arg(long, value_name = "FILE", default_value = "sandbox.kubeconfig")]
    write_kubeconfig: PathBuf,
    /// Serve HTTPS, with a certificate authority generated at the start
    #[arg(long)]
    tls: bool,
    /// Where to write the files of a service account, for programs that know only the in-cluster way (needs --tls)
    #[arg(long, value_name = "DIRECTORY", requires = "tls")]
    write_service_account: Option<PathBuf>,
}

/// Parses an address with a port.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "write an IP address and a port, such as 127.0.0.1:6443 or [::1]:0")
}

/// Serves the sandbox until a signal; returns the process's exit code.
pub(super) fn run(args: &SandboxArgs) -> i32 {
    actix::System::new().block_on(async {
        // Before the kubeconfig is there, so that whoever waits for it may end the sandbox at once.
        let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        let [Ok(mut interrupt), Ok(mut terminate)] = signals else {
            telemetry::print_error("cannot listen for signals");
            return exit::USAGE;
        };
        let sandbox = match start(args) {
            Ok(sandbox) => sandbox,
            Err(why) => {
                telemetry::print_error(&why);
                return exit::USAGE;
            }
        };

        announce(args, &sandbox);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        exit::OK
    })
}

/// Says where the sandbox is, and what to try on it.
fn announce(args: &SandboxArgs, sandbox: &Sandbox) {
    let file = args.write_kubeconfig.display();
    output::write(&format!(
        "Serving a Kubernetes API with a small shop on {}; press Ctrl-C to stop.\n\n  \
         kubectl --kubeconfig {file} -n shop get pods,deploy,pdb\n  \
         macaque once --kubeconfig {file} -n shop --dry-run=false",
        sandbox.url()
    ));
    if let Some(directory) = &args.write_service_account {
        output::write(&in_cluster_hint(directory, sandbox.address()));
    }
}

/// Starts the sandbox and writes the files for its clients; an error begins with the flag that it is about.
fn start(args: &SandboxArgs) -> Result<Sandbox, String> {
    if !args.listen.ip().is_loopback() {
        let why = "--listen: the sandbox has no authentication, so it listens on loopback addresses only";
        return Err(why.to_owned());
    }
    may_write(&args.write_kubeconfig).map_err(|why| format!("--write-kubeconfig: {why}"))?;

    let sandbox = Sandbox::start(SandboxOptions {
        listen: args.listen,
        tls: args.tls,
        objects: scenario::shop(),
        ..SandboxOptions::default()
    });
    let sandbox = sandbox.map_err(|error| format!("--listen: cannot serve on {}: {error}", args.listen))?;

    if let Some(directory) = &args.write_service_account {
        let written = sandbox.write_service_account(directory);
        let directory = directory.display();
        written.map_err(|error| format!("--write-service-account: cannot write {directory}: {error}"))?;
    }
    let kubeconfig = format!("{MARK}\n{}", sandbox.kubeconfig());
    let file = args.write_kubeconfig.display();
    fs::write(&args.write_kubeconfig, kubeconfig)
        .map_err(|error| format!("--write-kubeconfig: cannot write {file}: {error}"))?;
    Ok(sandbox)
}

/// How a program that knows only the in-cluster way finds the sandbox.
fn in_cluster_hint(directory: &Path, address: SocketAddr) -> String {
    // The link needs an absolute path; one that cannot be resolved is still right from this directory.
    let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let host = address.ip();
    let port = address.port();
    format!(
        "\nFor a program that knows only the in-cluster way:\n\n  \
         export KUBERNETES_SERVICE_HOST={host} KUBERNETES_SERVICE_PORT={port}\n  \
         sudo mkdir -p /var/run/secrets/kubernetes.io\n  \
         sudo ln -sfn '{}' /var/run/secrets/kubernetes.io/serviceaccount",
        directory.display()
    )
}

/// Refuses to overwrite a file that `macaque sandbox` did not write.
fn may_write(path: &Path) -> Result<(), String> {
    // A path that cannot be read cannot be written either, and the attempt reports it.
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
