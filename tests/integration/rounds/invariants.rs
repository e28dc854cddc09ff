//! What holds of every round, whatever a scenario is about.

use macaque::round::RoundConfig;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::RoundReport;
use macaque_core::selection::SAMPLING_THRESHOLD;

use macaque_testkit::fault_proxy::ProxyRequest;

/// Whatever happens: a dry run only reads, an eviction never becomes a deletion, a disruption names its pod by UID,
/// no more victims are disrupted or in doubt than were ordered, every pod listed is accounted for, and every request names
/// its round.
pub(crate) fn check(config: &RoundConfig, report: &RoundReport, sent: &[ProxyRequest]) {
    let verb = match config.disrupt.method {
        DisruptionMethod::Evict => "POST ",
        DisruptionMethod::Delete => "DELETE ",
    };

    // A review of macaque's own permissions is a question, although it is sent as a POST.
    let is_read = |request: &ProxyRequest| {
        request.line().starts_with("GET ") || request.line().ends_with("/selfsubjectaccessreviews")
    };
    for request in sent.iter().filter(|request| !is_read(request)) {
        assert!(!config.dry_run, "a dry run sent {request:?}");
        assert!(request.line().starts_with(verb), "{verb}became {request:?}");
        let body = request.json();
        let options = body.get("deleteOptions").unwrap_or(&body);
        assert!(options["preconditions"]["uid"].is_string(), "{request:?}");
    }

    let version = env!("CARGO_PKG_VERSION");
    let agent = format!("macaque/{version} (round {})", report.slot);
    for request in sent {
        assert_eq!(request.headers["user-agent"], agent, "{request:?}");
        if request.line().contains("/eviction") {
            let annotations = &request.json()["metadata"]["annotations"];
            assert_eq!(annotations["macaque/round"], report.slot.to_string());
            assert_eq!(annotations["macaque/reason"], "chaos: drawn at random");
        }
    }

    let spent = report.count(Outcome::counts_as_disruption);
    assert!(spent <= config.disrupt.count.most(), "{report:?}");
    let wanted = report.count.as_ref().map_or(0, |count| count.count);
    assert!(
        report.attempts.len() <= config.disrupt.attempts.max(wanted),
        "{report:?}"
    );

    let exempted: usize = report.exempted.values().map(|tally| tally.count).sum();
    if report.listed <= SAMPLING_THRESHOLD {
        assert_eq!(report.listed, report.candidates + exempted, "{report:?}");
    } else {
        // Of many pods, those that were drawn.
        assert!(report.candidates + exempted <= report.listed, "{report:?}");
    }
}
