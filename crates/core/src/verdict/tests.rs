//! One case for every row of the table of answers, each in the words of the server.

mod admission;

use super::*;

/// An answer with a Status body; the builders below add what a row needs.
fn status(code: u16, reason: &str, message: &str) -> ApiAnswer {
    let status = AnswerStatus {
        failed: code >= 300,
        code,
        reason: reason.into(),
        message: message.into(),
        ..AnswerStatus::default()
    };

    ApiAnswer {
        code,
        status: Some(status),
        ..ApiAnswer::default()
    }
}

fn text(code: u16, text: &str) -> ApiAnswer {
    ApiAnswer {
        code,
        text: text.into(),
        ..ApiAnswer::default()
    }
}

impl ApiAnswer {
    fn about(mut self, kind: &str, name: &str) -> Self {
        let status = self.status.get_or_insert_default();
        status.kind = kind.into();
        status.name = name.into();
        self
    }

    fn caused(mut self, reason: &str, message: &str) -> Self {
        let cause = StatusCause {
            reason: reason.into(),
            message: message.into(),
        };
        self.status.get_or_insert_default().causes.push(cause);
        self
    }

    fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(Duration::from_secs(seconds));
        self
    }
}

const NO_BUDGET: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

#[track_caller]
fn refusal(answer: ApiAnswer) -> Refusal {
    match classify(&answer) {
        DisruptionVerdict::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_success_means_only_that_the_disruption_was_accepted() {
    assert_eq!(classify(&status(201, "", "")), DisruptionVerdict::Accepted);
    assert_eq!(
        classify(&text(200, "{\"kind\":\"Pod\"}")),
        DisruptionVerdict::Accepted
    );
    assert_eq!(classify(&text(202, "")), DisruptionVerdict::Accepted);
}

#[test]
fn a_failure_sent_with_code_201_counts_as_a_failure() {
    let several =
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    let mut answer = status(500, "", several);
    answer.code = 201;
    assert_eq!(refusal(answer), Refusal::SeveralBudgets);
    let mut answer = status(500, "InternalError", "etcdserver: request timed out");
    answer.code = 201;
    assert!(matches!(classify(&answer), DisruptionVerdict::Uncertain(_)));

    let mut without_code = status(500, "", "something broke");
    without_code.code = 200;
    without_code.status.get_or_insert_default().code = 0;
    let why = "HTTP 200: something broke".to_owned();
    assert_eq!(classify(&without_code), DisruptionVerdict::Uncertain(why));
}

#[test]
fn a_success_that_is_no_answer_to_a_disruption_leaves_it_uncertain() {
    let answer = ApiAnswer {
        code: 200,
        unexpected: Some("a Table instead of a Status".into()),
        ..ApiAnswer::default()
    };
    let why = "HTTP 200: a Table instead of a Status".to_owned();
    assert_eq!(classify(&answer), DisruptionVerdict::Uncertain(why));
}

#[test]
fn a_budget_that_waits_for_too_many_pods_refuses_with_or_without_a_cause() {
    let message = "poddisruptionbudget.policy \"web\" is forbidden: DisruptedPods map too big - too many evictions not \
                   confirmed by PDB controller";
    let of_1_35 = status(403, "Forbidden", message).about("poddisruptionbudget", "web");
    let words =
        "The disruption budget web does not allow evicting pods currently: too many pending evictions";
    let of_1_37 = of_1_35.clone().caused("DisruptionBudget", words);

    for (answer, words) in [(of_1_35, message), (of_1_37, words)] {
        let expected = Refusal::Budget {
            name: Some("web".into()),
            message: words.into(),
            unsynced: false,
        };
        assert_eq!(refusal(answer), expected);
    }
}

#[test]
fn a_full_budget_refuses_by_name_with_its_numbers() {
    let numbers = "The disruption budget web needs 3 healthy pods and has 3 currently";
    let answer = status(429, "TooManyRequests", NO_BUDGET).caused("DisruptionBudget", numbers);
    let expected = Refusal::Budget {
        name: Some("web".into()),
        message: numbers.into(),
        unsynced: false,
    };
    assert_eq!(refusal(answer), expected);
}

#[test]
fn an_unsynced_budget_says_that_it_may_allow_later() {
    let words = "The disruption budget web is still being processed by the server.";
    let answer = status(429, "TooManyRequests", NO_BUDGET)
        .caused("DisruptionBudget", words)
        .after(10);
    let expected = Refusal::Budget {
        name: Some("web".into()),
        message: words.into(),
        unsynced: true,
    };

    assert_eq!(refusal(answer), expected);
}

#[test]
fn a_broken_budget_is_a_budget_and_not_a_missing_permission() {
    let answer = status(403, "Forbidden", "pdb disruptions allowed is negative")
        .about("poddisruptionbudgets", "web")
        .caused("DisruptionBudget", "");
    assert!(matches!(refusal(answer), Refusal::Budget { name: Some(name), .. } if name == "web"));
}

#[test]
fn a_terminating_namespace_is_not_a_missing_permission() {
    let answer = status(
        403,
        "Forbidden",
        "unable to create new content in namespace shop because …",
    )
    .caused("NamespaceTerminating", "");
    assert_eq!(refusal(answer), Refusal::NamespaceTerminating);
}

#[test]
fn several_budgets_are_known_by_their_message_alone() {
    let words =
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    assert_eq!(refusal(status(500, "", words)), Refusal::SeveralBudgets);
}

#[test]
fn an_answer_that_may_change_soon_is_not_now() {
    let rows = [
        status(
            403,
            "Forbidden",
            "pods \"web-0\" is forbidden: not yet ready to handle request",
        ),
        status(409, "Conflict", "the object has been modified").about("poddisruptionbudgets", "web"),
        status(404, "NotFound", "poddisruptionbudgets.policy \"web\" not found")
            .about("poddisruptionbudgets", "web"),
    ];

    for row in rows {
        assert!(matches!(refusal(row.clone()), Refusal::NotNow { .. }), "{row:?}");
    }
}

#[test]
fn a_missing_permission_is_forbidden_in_the_servers_words() {
    let words = "pods \"web-0\" is forbidden: User \"u\" cannot create resource \"pods/eviction\" in API group \"\" \
                 in the namespace \"shop\"";
    let answer = status(403, "Forbidden", words).about("pods", "web-0");
    assert_eq!(classify(&answer), DisruptionVerdict::Forbidden(words.into()));
}

#[test]
fn gone_and_replaced_pods_are_gone() {
    let rows = [
        status(404, "NotFound", "pods \"web-0\" not found").about("pods", "web-0"),
        status(404, "NotFound", "namespaces \"shop\" not found").about("namespaces", "shop"),
        status(
            409,
            "Conflict",
            "Precondition failed: UID in precondition: a, UID in object meta: b",
        )
        .about("pods", "w"),
        status(
            409,
            "Conflict",
            "the UID in the precondition (a) does not match the UID in record (b).",
        )
        .about("pod", "w"),
    ];

    for row in rows {
        assert_eq!(classify(&row), DisruptionVerdict::Gone, "{row:?}");
    }
}

#[test]
fn a_conflict_on_the_pod_is_not_now_and_left_the_pod_untouched() {
    let words =
        "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (2).";
    let answer = status(409, "Conflict", words).about("pod", "web-0");

    assert_eq!(
        refusal(answer),
        Refusal::NotNow {
            message: words.into()
        }
    );
}

#[test]
fn an_invalid_pod_is_refused_and_invalid_options_make_the_request_invalid() {
    let pod = status(422, "Invalid", "Pod \"web-0\" is invalid: …").about("pod", "web-0");
    assert!(matches!(refusal(pod), Refusal::InvalidPod { .. }));
    let options = status(422, "Invalid", "DeleteOptions is invalid: …").about("deleteoptions", "");
    assert!(matches!(classify(&options), DisruptionVerdict::Invalid(_)));
}

#[test]
fn a_throttle_is_not_a_refusal_of_the_pod() {
    let answer = text(429, "Too many requests, please try again later.").after(7);

    assert_eq!(
        refusal(answer),
        Refusal::Throttled {
            retry_after: Duration::from_secs(7)
        }
    );

    let answer = status(429, "TooManyRequests", "storage is (re)initializing");
    assert_eq!(
        refusal(answer),
        Refusal::Throttled {
            retry_after: DEFAULT_RETRY_AFTER
        }
    );
}

#[test]
fn an_uncertain_answer_is_never_taken_for_a_clear_one() {
    let rows = [
        status(
            504,
            "Timeout",
            "Timeout: request did not complete within the allotted timeout",
        ),
        status(500, "ServerTimeout", "The request timed out").after(2),
        status(500, "InternalError", "etcdserver: request timed out"),
        status(503, "ServiceUnavailable", "…"),
        text(502, "<html>Bad Gateway</html>"),
        text(503, ""),
    ];

    for row in rows {
        assert!(
            matches!(classify(&row), DisruptionVerdict::Uncertain(_)),
            "{row:?}"
        );
    }
}

#[test]
fn wrong_requests_and_foreign_servers_are_invalid() {
    let rows = [
        status(
            400,
            "BadRequest",
            "name in URL does not match name in Eviction object",
        ),
        status(405, "MethodNotAllowed", "…"),
        status(406, "NotAcceptable", "…"),
        status(415, "UnsupportedMediaType", "…"),
        status(
            404,
            "NotFound",
            "the server could not find the requested resource",
        ),
        text(404, "404 page not found"),
        text(302, ""),
    ];

    for row in rows {
        assert!(matches!(classify(&row), DisruptionVerdict::Invalid(_)), "{row:?}");
    }
}

#[test]
fn expired_credentials_are_named() {
    assert_eq!(
        classify(&status(401, "Unauthorized", "Unauthorized")),
        DisruptionVerdict::Unauthorized
    );
    assert_eq!(classify(&text(401, "")), DisruptionVerdict::Unauthorized);
}

#[test]
fn whatever_a_server_writes_a_verdict_holds_its_beginning_alone() {
    let long = "x".repeat(20_000);
    let answers = [
        status(
            403,
            "",
            &format!("admission webhook \"gate\" denied the request: {long}"),
        ),
        status(
            403,
            "",
            &format!("admission webhook \"{long}\" denied the request: no"),
        ),
        status(500, "", &format!("failed calling webhook \"gate\": {long}")),
        status(
            422,
            "",
            &format!("ValidatingAdmissionPolicy 'p' with binding '{long}' denied request: {long}"),
        ),
        status(429, "", NO_BUDGET).caused("DisruptionBudget", &format!("The disruption budget web {long}")),
        status(429, "", NO_BUDGET).caused("DisruptionBudget", &format!("The disruption budget {long}")),
        status(403, "Forbidden", &long),
        status(409, "Conflict", &long),
        status(422, "Invalid", &long).about("Pod", "web-1"),
        status(500, "InternalError", &long),
        status(400, "BadRequest", &long),
        text(502, &long),
        text(400, &long),
    ];

    for answer in answers {
        let verdict = format!("{:?}", classify(&answer));
        assert!(verdict.contains('…'), "{verdict}");
        assert!(verdict.len() < 1000, "{verdict}");
    }
}
