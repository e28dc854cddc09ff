//! The program: runs the command line and exits with its code. The only exit there is.

/// The allocator of static binaries, whatever C library they are linked with.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() {
    // Both TLS users, kube and awc, take the process's provider; an error means that it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    std::process::exit(macaque::cli::run(std::env::args_os()));
}
