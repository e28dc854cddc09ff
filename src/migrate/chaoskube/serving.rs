//! What chaoskube logs, serves and sends, and the cluster that it connects to.

use crate::migrate::go_address::listen_address;
use crate::migrate::migration::UnmigratedEffect::Same;
use crate::migrate::translator::Translator;

/// Translates the flags of the process.
pub(super) fn translate(translator: &mut Translator) {
    translator.set_fixed(
        "events.enabled",
        true,
        "an Event on each victim, and with macaque on its owner too",
    );
    translate_log(translator);
    translate_metrics(translator);
    translate_cluster(translator);
    if let Some(origin) = translator.secret("slack-webhook") {
        translator.set_with(
            "notify.slack_webhook.url_file",
            "/etc/macaque/secrets/slack-webhook",
            &origin,
            "the URL is a secret: mount a Secret with it as this file",
        );
        translator.set_fixed(
            "notify.slack_webhook.kinds",
            vec!["disruption".to_owned()],
            "remove this line to hear of refusals, failures and recoveries too",
        );
    }
}

fn translate_log(translator: &mut Translator) {
    let (is_debug, debug) = translator.switch("debug", false);
    if let Some(origin) = debug {
        let level = if is_debug { "debug" } else { "info" };
        translator.set("log.level", level, &origin);
    }
    if let (true, Some(origin)) = translator.switch("log-caller", false) {
        translator.lose(origin, "the log names no lines of code", Same);
    }

    match translator.text("log-format") {
        None => translator.set_default("log.format", "text"),
        Some(given) if ["text", "json"].contains(&given.text.as_str()) => {
            translator.set("log.format", given.text, &given.origin);
        }
        Some(given) => {
            let wrong = format!("{:?} is not a format", given.text);
            translator.refuse(&given.origin, &wrong, "write text or json");
        }
    }
}

/// Sets the address of probes and metrics; an empty one is none.
fn translate_metrics(translator: &mut Translator) {
    let Some(origin) = translator.origin("metrics-address") else {
        return;
    };
    let remark = "serves /metrics, and /livez and /readyz in place of /healthz";
    match translator.text("metrics-address") {
        // Either an empty address, which serves nothing, or a mistake.
        None => translator.set("health.listen", "off", &origin),
        Some(given) => match listen_address(&given.text) {
            Some(address) => translator.set_with("health.listen", address.to_string(), &given.origin, remark),
            None => {
                let wrong = format!("{:?} is not an address to listen on", given.text);
                translator.refuse(&given.origin, &wrong, "write :PORT or IP:PORT");
            }
        },
    }
}

fn translate_cluster(translator: &mut Translator) {
    if let Some(given) = translator.text("kubeconfig") {
        translator.set("cluster.kubeconfig", given.text, &given.origin);
    }
    if let Some(given) = translator.text("master") {
        translator.lose_server(&given.origin);
    }
}
