//! The files of a service account, which programs in a pod read.

use std::fs;
use std::io;
use std::path::Path;

/// The token of the sandbox's user. The sandbox asks for no credentials, so any text would do.
pub(crate) const TOKEN: &str = "kube-sandbox";

/// The namespace that the programs believe to live in.
const NAMESPACE: &str = "default";

/// Writes the files of the service account.
pub(crate) fn write(directory: &Path, ca_certificate: &str) -> io::Result<()> {
    refuse_foreign(directory)?;
    fs::create_dir_all(directory)?;
    // The token first: it marks the directory as one of these, should the rest fail.
    for (name, text) in [
        ("token", TOKEN),
        ("ca.crt", ca_certificate),
        ("namespace", NAMESPACE),
    ] {
        fs::write(directory.join(name), text)?;
    }
    Ok(())
}

/// Refuses a directory that holds anything, unless it was written here.
fn refuse_foreign(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let is_ours = fs::read(directory.join("token")).is_ok_and(|token| token == TOKEN.as_bytes());
    if is_ours || entries.count() == 0 {
        return Ok(());
    }

    let why = "the directory is not empty and was not written by the sandbox; name another, or remove it";
    Err(io::Error::new(io::ErrorKind::AlreadyExists, why))
}
