//! Both versions of Helm find nothing wrong with the chart, and make the same of it.

use macaque_testkit::chart::{CHART, HELMS, examples, helm, objects, side_by_side};

#[test]
#[ignore = "needs the programs of .ci/helm3 and .ci/tools: just interop"]
fn helm_3_and_helm_4_lint_every_example_strictly() {
    side_by_side(&examples(), |(name, values)| {
        for program in HELMS {
            let linted = helm(program, &["lint", "--strict", CHART], values);
            let linted = linted.unwrap_or_else(|error| unreachable!("{program}, {name}: {error}"));
            assert!(
                linted.contains("1 chart(s) linted, 0 chart(s) failed"),
                "{linted}"
            );
        }
    });
}

#[test]
#[ignore = "needs the programs of .ci/helm3 and .ci/tools: just interop"]
fn helm_3_and_helm_4_render_the_same_objects_in_the_same_order() {
    side_by_side(&examples(), |(name, values)| {
        let [old, new] = HELMS.map(|program| {
            let text = helm(
                program,
                &["template", "macaque", CHART, "--namespace", "chaos"],
                values,
            );
            objects(&text.unwrap_or_else(|error| unreachable!("{program}, {name}: {error}")))
        });
        assert!(old.len() >= 4, "{name}: {old:#?}");
        assert_eq!(old, new, "{name}");
    });
}
