//! The requirements, a sentence each: the numbers that scenarios refer to.

/// The requirements by number, from 1.
pub(crate) const REQUIREMENTS: [&str; 40] = [
    "A pod without a budget is evicted by one request with its UID, and verified.",
    "A budget is spent by one eviction; the next is refused once and not repeated.",
    "After a refusal the round goes on to another candidate.",
    "A budget whose status lags refuses for now; the pod is not asked about again in the round.",
    "A budget that can never be computed is reported as a refusal, not waited for.",
    "Two budgets on one pod are a misconfiguration, not a failing server.",
    "A pending pod asks no budget, not even two.",
    "An unready pod goes only where enough others are healthy, and costs no disruption then.",
    "An unready pod may always go where the budget says so.",
    "A pod that is terminating already is no candidate.",
    "A pod replaced since the list is left alone before anything is sent.",
    "A pod replaced since it was read is left alone by its UID, within a bounded time.",
    "A pod that is gone when the request comes is no disruption and no failure.",
    "Contention on a budget is not a replaced pod.",
    "A missing grant is loud and names verb, resource and namespace; nothing else is tried.",
    "A budget's 403 is a refusal, not a missing grant.",
    "A terminating namespace refuses evictions without being a failure.",
    "A webhook's denial is a refusal, whatever its code.",
    "A webhook that defers is asked exactly once.",
    "A webhook's 500 is not repeated as a server's error.",
    "A webhook that does not answer refuses for now, or is ignored as its policy says.",
    "An admission policy's denial is a refusal, whatever its reason.",
    "An accepted request without effect is no disruption.",
    "A throttle pauses for the time it names and is no refusal.",
    "After a time-out or an error the pod is looked up by UID; it is asked again at most once.",
    "After a broken connection the pod is looked up; there is no second victim.",
    "A dry run only reads.",
    "A server-side dry run of an eviction says so in query and body.",
    "A server-side dry run of a deletion says so in the body.",
    "A deletion asks no budget, names the pod by UID, and never becomes an eviction.",
    "A grace period reaches the pod.",
    "Mirror pods, DaemonSets, bare pods, critical pods and macaque itself are exempt by rule.",
    "Pods that opted out by any tool's annotation are exempt.",
    "A list is read in pages to its end.",
    "A list that expires between two pages goes on or begins anew.",
    "A round of which every candidate is refused says so.",
    "Several rounds under one budget take no more than it has.",
    "An expired credential is read afresh, once.",
    "A Job's evicted pod tells its Job why; a Job's pods are exempt from deletion.",
    "A pod that is stuck terminating is never disrupted again.",
];

/// The requirements that no scenario of the table proves, and what does.
pub(crate) const ELSEWHERE: [(u8, &str); 3] = [
    (
        28,
        "`integration::preview::every_candidate_is_asked_about_by_a_dry_run_that_changes_nothing`",
    ),
    (
        29,
        "`integration::preview::deletions_are_asked_about_in_the_body_and_delete_nothing`",
    ),
    (
        37,
        "`laws::eight_monkeys_take_no_more_than_the_budget_on_the_sandbox` and `…_on_a_real_api_server`",
    ),
];
