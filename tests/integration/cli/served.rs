//! `macaque sandbox` and `macaque demo`: a cluster and a show for whoever has none.

use crate::macaque;

#[test]
fn the_sandbox_serves_by_the_kubeconfig_that_it_writes_and_ends_on_sigterm() {
    let sandbox = macaque("sandbox --write-kubeconfig here").start();
    let kubeconfig = sandbox.await_file("here");
    let once =
        macaque("once -n shop -l app=search --dry-run=false --kubeconfig there").file("there", &kubeconfig);
    once.run().says(0, &["evicted shop/search-"]);
    let output = sandbox.terminate();
    output.says(0, &["kubectl --kubeconfig here -n shop get pods,deploy,pdb"]);
    assert_eq!(output.err, "");
}

#[test]
fn the_sandbox_serves_nobody_but_this_machine() {
    let output = macaque("sandbox --listen 0.0.0.0:0").run();
    output.complains(2, &["--listen:", "loopback addresses only"]);
}

#[test]
fn a_kubeconfig_that_cannot_be_written_is_named() {
    let output = macaque("sandbox --write-kubeconfig absent/file").run();
    output.complains(2, &["--write-kubeconfig: cannot write absent/file: No such file"]);
}

#[test]
fn a_file_of_somebody_elses_is_not_overwritten() {
    let sandbox = macaque("sandbox --write-kubeconfig here").file("here", "current-context: prod\n");
    let output = sandbox.run();
    output.complains(
        2,
        &["--write-kubeconfig: here exists and was not written by `macaque sandbox`"],
    );

    let again = macaque("sandbox --write-kubeconfig here")
        .file("here", "# Written by `macaque sandbox`, which overwrites it.\n")
        .start();
    again.await_text("here", "server: http://127.0.0.1:");

    assert_eq!(again.terminate().code, 0);
}

#[test]
fn a_sandbox_with_tls_serves_by_its_kubeconfig_and_says_how_to_run_a_program_in_cluster() {
    let sandbox = macaque("sandbox --tls --write-kubeconfig here --write-service-account account").start();
    let kubeconfig = sandbox.await_file("here");
    assert!(kubeconfig.contains("server: https://127.0.0.1:"), "{kubeconfig}");
    let authority = sandbox.await_file("account/ca.crt");
    assert!(
        authority.starts_with("-----BEGIN CERTIFICATE-----"),
        "{authority}"
    );

    let once =
        macaque("once -n shop -l app=search --dry-run=false --kubeconfig there").file("there", &kubeconfig);
    once.run().says(0, &["evicted shop/search-"]);
    let output = sandbox.terminate();
    output.says(
        0,
        &[
            "export KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=",
            "/account' /var/run/secrets/kubernetes.io/serviceaccount",
        ],
    );
}

#[test]
fn the_files_of_a_service_account_need_tls_and_a_directory_of_their_own() {
    let output = macaque("sandbox --write-service-account account").run();
    output.complains(2, &["--tls"]);

    let foreign = macaque("sandbox --tls --write-service-account .").file("token", "of a real cluster");
    let output = foreign.run();
    output.complains(
        2,
        &["--write-service-account: cannot write .: the directory is not empty and was not written by"],
    );
}

#[test]
fn the_demo_ends_by_itself_with_a_summary() {
    let output = macaque("demo --rounds 2 --every 1").run();
    output.says(0, &["round 1", "round 2", "\n2 rounds: ", "Try it yourself"]);
    assert_eq!(output.err, "");
}
