//! The answers of admission webhooks and policies.

use super::*;
use crate::refusal::WebhookFault;

#[test]
fn a_webhook_is_named_whatever_code_it_chose() {
    for code in [400, 403, 404, 409, 418, 429, 500, 503] {
        let answer = status(
            code,
            "",
            "admission webhook \"guard.example.com\" denied the request: not today",
        );
        let expected = Refusal::Webhook {
            name: "guard.example.com".into(),
            message: "not today".into(),
            temporary: [409, 429, 503].contains(&code),
        };
        assert_eq!(refusal(answer), expected, "{code}");
    }
}

#[test]
fn a_webhook_that_explains_nothing_is_named_too() {
    let answer = status(
        400,
        "",
        "admission webhook \"guard\" denied the request without explanation",
    );
    let expected = Refusal::Webhook {
        name: "guard".into(),
        message: "without explanation".into(),
        temporary: false,
    };

    assert_eq!(refusal(answer), expected);
}

#[test]
fn a_policy_is_named_with_its_binding_whatever_its_code() {
    let words = "pods \"web-0\" is forbidden: ValidatingAdmissionPolicy 'calm' with binding 'shop' \
                 denied request: no chaos on Fridays";

    for (code, reason) in [
        (422, "Invalid"),
        (403, "Forbidden"),
        (413, "RequestEntityTooLarge"),
    ] {
        let expected = Refusal::Policy {
            name: "calm".into(),
            binding: "shop".into(),
            message: "no chaos on Fridays".into(),
        };
        assert_eq!(refusal(status(code, reason, words)), expected);
    }
}

#[test]
fn a_webhook_that_says_when_to_come_back_may_allow_later() {
    let words = "admission webhook \"guard\" denied the request: in a minute";
    let answer = status(403, "", words).after(60);
    assert!(matches!(
        refusal(answer),
        Refusal::Webhook { temporary: true, .. }
    ));
}

#[test]
fn a_webhook_whose_call_failed_is_named_with_what_went_wrong() {
    let words = "Internal error occurred: failed calling webhook \"guard\": failed to call webhook: Post \
                 \"https://127.0.0.1:9/?timeout=1s\": context deadline exceeded";
    let expected = Refusal::WebhookFailed {
        name: "guard".into(),
        fault: WebhookFault::NoAnswer,
        message: words.into(),
    };
    assert_eq!(refusal(status(500, "InternalError", words)), expected);
}
