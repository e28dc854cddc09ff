//! What the API server says about webhooks, in its own words.

use super::*;

/// What the API server says of a webhook whose call failed, after the webhook's name.
const FAILED_CALLS: &[(WebhookFault, &[&str])] = &[
    (
        WebhookFault::NoAnswer,
        &[
            "failed to call webhook: Post \"https://127.0.0.1:9/?timeout=1s\": context deadline exceeded",
            "failed to call webhook: Post \"https://w.test/\": net/http: request canceled (Client.Timeout exceeded while \
             awaiting headers)",
            "failed to call webhook: Post \"https://w.test/\": dial tcp 10.0.0.1:443: connect: connection refused",
            "failed to call webhook: Post \"https://w.test/\": dial tcp: lookup w.test: no such host",
            "failed to call webhook: Post \"https://w.a.svc:443/\": no endpoints available for service \"w\"",
            "failed to call webhook: Post \"https://w.a.svc:443/\": service \"w\" not found",
            "failed to call webhook: Post \"https://w.test/\": net/http: TLS handshake timeout",
            "failed to call webhook: Post \"https://w.test/\": read tcp 10.0.0.2:5->10.0.0.1:443: connection reset by peer",
            "failed to call webhook: Post \"https://w.test/\": EOF",
            "failed to call webhook: client rate limiter Wait returned an error: context deadline exceeded",
            "Post https://w.test/?timeout=30s: dial tcp 10.0.0.1:443: i/o timeout",
            "context deadline exceeded",
        ],
    ),
    (
        WebhookFault::InvalidAnswer,
        &[
            "received invalid webhook response: expected response.uid=\"a\", got \"b\"",
            "received invalid webhook response: webhook response was absent",
            "received invalid webhook response: validating webhook may not return response.patch",
            "received undecodable patch in webhook response: invalid character 'x' looking for beginning of value",
            "failed to call webhook: couldn't get version/kind; json parse error: invalid character '<' looking for \
             beginning of value",
            "failed to call webhook: Object 'Kind' is missing in '{}'",
            "failed to call webhook: no kind \"Review\" is registered for version \"w/v1\" in scheme \"webhook\"",
            "failed to call webhook: the server could not find the requested resource",
            "failed to call webhook: the server rejected our request for an unknown reason",
            "failed to call webhook: the server is currently unable to handle the request",
            "failed to call webhook: the server responded with the status code 418 but did not return more information",
            "failed to call webhook: the server was unable to return a response in the time allotted, but may still be \
             processing the request: context deadline exceeded",
            "failed to call webhook: an error on the server (\"<html>x509: Post \\\"a\\\": EOF\") has prevented the request \
             from succeeding",
            "failed to call webhook: Post \"https://w.test/\": net/http: HTTP/1.x transport connection broken: malformed \
             HTTP response \"hello\"",
        ],
    ),
    (
        WebhookFault::Tls,
        &[
            "failed to call webhook: Post \"https://w.test/\": tls: failed to verify certificate: x509: certificate signed \
             by unknown authority",
            "failed to call webhook: Post \"https://w.test/\": x509: certificate has expired or is not yet valid",
            "failed to call webhook: Post \"https://w.test/\": x509: certificate is valid for a, not w.test",
            "failed to call webhook: Post \"https://w.test/\": remote error: tls: bad certificate",
            "failed to call webhook: Post \"https://w.test/\": http: server gave HTTP response to HTTPS client",
            "failed to call webhook: Post \"https://w.test/\": tls: first record does not look like a TLS handshake",
        ],
    ),
    (
        WebhookFault::CallFailed,
        &[
            "could not get REST client: unable to load root certificates: unable to parse bytes as PEM block",
            "webhook configuration must have either service or URL",
            "Webhook SideEffects is nil",
            "failed to call webhook: words of the webhook's own",
        ],
    ),
];

#[test]
fn a_failed_call_is_an_answer_that_did_not_come_or_cannot_be_used_or_a_failure_of_tls() {
    for (fault, texts) in FAILED_CALLS {
        for why in *texts {
            let words = format!("Internal error occurred: failed calling webhook \"guard\": {why}");
            assert_eq!(failure(&words), Some(("guard", *fault)), "{words}");
        }
    }
}

#[test]
fn a_webhook_that_patches_what_cannot_be_patched_gave_an_invalid_answer() {
    let words = "Internal error occurred: admission webhook \"guard\" attempted to modify the object, which is not \
                 supported for this operation";
    assert_eq!(failure(words), Some(("guard", WebhookFault::InvalidAnswer)));
}
