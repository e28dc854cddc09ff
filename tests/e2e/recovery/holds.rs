//! Promises about what a recovery that goes on holds back: another victim of its owner, and every victim beyond the limit.

use crate::held::ExpectedHold;
use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_owner_that_has_not_recovered_is_held_back_and_the_limit_of_victims_in_flight_holds_back_all() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    let pods = namespace
        .with(Workload::deployment("web", 3).with_successors_pending())
        .await;
    let account = namespace.granted("--dry-run=false").await;
    let by_recovery_alone = |command: MacaqueCommand| {
        let command = command.by(&account).env("MACAQUE_POD_NAMESPACE", &namespace.name);
        command.env("MACAQUE_GUARDS__WHOLE", "false")
    };
    namespace.is_disrupted(by_recovery_alone).await;

    let hold = ExpectedHold::of_web("recovered", "deployment/web has not recovered");
    namespace.is_held(&hold, by_recovery_alone).await;

    let before = namespace.alive().await;
    let round = by_recovery_alone(namespace.macaque("once --dry-run=false"));
    let withheld = round.env("MACAQUE_LIMITS__IN_FLIGHT", "1").exits(3).await;
    withheld.says(["in_flight"]);
    assert_eq!(namespace.lost(&before).await, NO_PODS);

    let mut daemon = by_recovery_alone(namespace.daemon()).start();
    // It has to have looked before the owner is whole.
    let replacement = namespace.replacement_of_one(&pods).await;
    namespace.hinder(&replacement, "ImagePullBackOff").await;
    daemon.says("stuck: ImagePullBackOff").await;
    namespace.let_pods_start().await;
    daemon.says("whole again").await;
    let within_limit =
        |command: MacaqueCommand| by_recovery_alone(command).env("MACAQUE_LIMITS__IN_FLIGHT", "1");
    namespace.is_disrupted(within_limit).await;
}
