//! Serves the shop scenario on a loopback port until Ctrl-C, and writes a kubeconfig for it.
//!
//! `cargo run -p kube-sandbox --example serve -- [KUBECONFIG [PORT]]`, by default `sandbox.kubeconfig` and a free port.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::env;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;

use kube_sandbox::{Sandbox, SandboxOptions, scenario};

/// The first line of every kubeconfig that is written here; a file that begins otherwise is somebody's own.
const MARK: &str = "# Written by the example `serve` of kube-sandbox, which overwrites it.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments
        .next()
        .unwrap_or_else(|| "sandbox.kubeconfig".to_owned());
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse())?;

    // Loopback only: the sandbox asks nobody for credentials.
    let sandbox = Sandbox::start(SandboxOptions {
        listen: (Ipv4Addr::LOCALHOST, port).into(),
        objects: scenario::shop(),
        ..SandboxOptions::default()
    })?;
    write_kubeconfig(Path::new(&path), &sandbox.kubeconfig())
        .map_err(|error| format!("cannot write {path}: {error}"))?;

    println!(
        "A Kubernetes API with a small shop in it is served on {}.",
        sandbox.url()
    );
    println!("Try: kubectl --kubeconfig {path} -n shop get pods,deploy,pdb");
    println!("Ctrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Writes a kubeconfig to a new file or over one that was written here, and over no other.
fn write_kubeconfig(path: &Path, kubeconfig: &str) -> io::Result<()> {
    let text = format!("{MARK}\n{kubeconfig}");
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // What is no plain file, such as a pipe, is not even read.
            let is_ours = fs::metadata(path)?.is_file() && fs::read(path)?.starts_with(MARK.as_bytes());
            if !is_ours {
                let why = "the file exists and was not written by this example; name another, or remove it";
                return Err(io::Error::new(ErrorKind::AlreadyExists, why));
            }
            fs::write(path, text)
        }
        Err(error) => Err(error),
    }
}
