//! Scenarios about admission webhooks and policies.

use macaque::chaos::report::Verdict::Refused;

use crate::admission::By;
use crate::scenario::After::Alive;
use crate::scenario::{Scenario, evict, scenario};

use super::objects::web;

pub(super) fn table() -> Vec<Scenario> {
    vec![
        scenario("a webhook that denies without a code", &[18])
            .given(web(1))
            .admission(By::Denial(0, "").evictions())
            .sends(evict("web-0"), 400)
            .told(&["web-0: refused by webhook NAMESPACE.guard.test: without explanation"])
            .ends(Refused)
            .after([Alive("web-0")]),
        scenario("an admission policy denies as invalid", &[22])
            .given(web(1))
            .admission(By::Policy(None).evictions())
            .sends(evict("web-0"), 422)
            .told(&["web-0: refused by policy NAMESPACE-policy (binding NAMESPACE-policy-binding): not here"])
            .ends(Refused)
            .after([Alive("web-0")]),
    ]
}
