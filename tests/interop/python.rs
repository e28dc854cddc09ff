//! Python, with the reference libraries that `.ci/verifiers` installs.

pub(crate) use macaque_testkit::python::run;

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn the_reference_libraries_are_there() {
    let script = "import cloudevents, icalendar, playwright.sync_api, prometheus_client.openmetrics.parser, standardwebhooks.webhooks; print('yes')";
    assert_eq!(run(script, b"").trim(), "yes");
}
