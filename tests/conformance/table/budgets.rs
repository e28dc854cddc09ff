//! Scenarios about PodDisruptionBudgets.

use macaque::chaos::report::Verdict::{Disrupted, Refused};
use serde_json::json;

use crate::scenario::After::{Alive, Allowed, Going};
use crate::scenario::{Scenario, evict, scenario};

use super::objects::{budget, pod, web};

pub(super) fn table() -> Vec<Scenario> {
    vec![
        scenario("a budget lets one pod go and refuses the next", &[2])
            .given(web(3))
            .given([budget("web", "web", json!({"minAvailable": 2}))])
            .first("web-0")
            .count(1)
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Going("web-0"), Allowed("web", 0)]),
        scenario("a pod that its budget refuses gives way to one without", &[3])
            .given([pod("a", "a"), pod("b", "b"), budget("none", "a", json!({"minAvailable": 1}))])
            .first("a")
            .sends(evict("a"), 429)
            .sends(evict("b"), 201)
            .told(&["a: refused by budget none: The disruption budget none needs 1 healthy pods and has 1 currently", "b: evicted"])
            .ends(Disrupted)
            .after([Alive("a"), Going("b")]),
        scenario("two budgets on one pod refuse as several", &[6])
            .given(web(1))
            .given(["one", "two"].map(|name| budget(name, "web", json!({"minAvailable": 0}))))
            .sends(evict("web-0"), 500)
            .told(&["web-0: refused by several budgets at once: evictions allow one per pod"])
            .ends(Refused)
            .after([Alive("web-0")]),
    ]
}
