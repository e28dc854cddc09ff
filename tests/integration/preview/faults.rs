//! What `macaque plan` prints when it may not, or cannot, read everything.

use kube_sandbox::{AccessDenial, scenario};
use macaque_testkit::ProgramOutput;

use super::fixture::ShopFixture;
use crate::answering_proxy;

fn forbidden(verb: &str, resource: &str) -> (ShopFixture, ProgramOutput) {
    let shop = ShopFixture::open();
    shop.sandbox().deny(AccessDenial::new(verb, resource));
    let plan = shop.macaque(&["plan"]);
    (shop, plan)
}

#[test]
fn budgets_that_may_not_be_listed_are_unknown_and_the_missing_grant_is_named() {
    let (shop, plan) = forbidden("list", "poddisruptionbudgets.policy");
    assert_eq!(plan.code, 0);
    assert_eq!(
        plan.line("deployment/cart"),
        "shop deployment/cart 3/3 ? ? 3 25% ok unknown: budgets could not be read"
    );

    let problem = plan.line("problem: cannot read budgets");
    assert!(
        problem.ends_with(r#"{apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["list"]}"#),
        "{problem}"
    );

    let why = shop.macaque(&["why", "deploy/cart"]);
    assert_eq!(why.code, 0);
    assert!(
        why.out.contains("is unknown: budgets could not be read."),
        "{why:?}"
    );
    assert!(why.out.contains("problem: cannot read budgets"), "{why:?}");
    assert_eq!(
        shop.macaque(&["plan", "--method", "delete"])
            .out
            .matches("problem")
            .count(),
        0
    );
}

#[test]
fn a_server_without_the_budgets_api_is_named_as_such() {
    let shop = ShopFixture::open();
    let proxy = answering_proxy(shop.sandbox(), "/apis/policy/v1", 404, "404 page not found");
    shop.cluster.reach_at(&proxy.url());
    let plan = shop.macaque(&["plan"]);

    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(
        plan.line("problem").contains("the API server knows no policy/v1"),
        "{plan:?}"
    );
}

#[test]
fn a_namespace_that_may_not_be_read_is_reported_and_the_others_are_planned() {
    let shop = ShopFixture::open();
    shop.sandbox()
        .apply(&[scenario::pod("attic", "old", "old")])
        .unwrap();
    shop.sandbox()
        .deny(AccessDenial::new("list", "pods").within("attic"));
    let plan = shop.macaque(&["plan", "-n", "attic,shop"]);

    assert_eq!(plan.code, 0);
    assert_eq!(plan.line("candidates"), "12 candidates");
    assert!(plan.line("problem: list pods in attic").contains("forbidden"));
    assert_eq!(
        shop.macaque(&["plan", "-n", "attic"]).code,
        1,
        "nothing could be read"
    );

    let nowhere = shop.macaque(&["plan", "-n", "nowhere"]);
    assert_eq!(
        nowhere.line("problem"),
        "problem: namespace nowhere does not exist"
    );
    assert_eq!(nowhere.code, 1);
}

#[test]
fn an_api_server_that_is_away_is_a_failure() {
    let shop = ShopFixture::open();
    shop.cluster.reach_at("http://127.0.0.1:1");
    let plan = shop.macaque(&["plan"]);
    assert_eq!((plan.code, plan.out.as_str()), (1, ""));
    assert!(plan.err.contains("127.0.0.1:1"), "{plan:?}");
}
