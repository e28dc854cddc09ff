//! Scenarios in which nothing objects.

use macaque_core::report::RoundStatus::{Disrupted, DryRun, Idle};

use super::objects::web;
use crate::scenario::FinalState::{Alive, Going, Grace, Targeted};
use crate::scenario::{Scenario, delete, evict, scenario};

pub(super) fn table() -> Vec<Scenario> {
    vec![
        scenario("an empty namespace gives an idle round", &[10]).ends(Idle),
        scenario("a ready pod without a budget is evicted", &[1])
            .given(web(1))
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Going("web-0"), Grace("web-0", 30), Targeted("web-0", true)]),
        scenario("a grace period reaches the pod", &[31])
            .given(web(1))
            .grace(5)
            .sends(format!("{} gracePeriodSeconds=5", evict("web-0")), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Grace("web-0", 5)]),
        scenario("a deletion deletes and names the pod by UID", &[30])
            .given(web(1))
            .delete()
            .sends(delete("web-0"), 200)
            .reports(&["web-0: deleted"])
            .ends(Disrupted)
            .after([Going("web-0"), Grace("web-0", 30), Targeted("web-0", false)]),
        scenario("a dry run only reads", &[27])
            .given(web(2))
            .first("web-0")
            .dry_run()
            .reports(&["web-0: would be tried (dry run)"])
            .ends(DryRun)
            .after([Alive("web-0"), Alive("web-1")]),
    ]
}
