//! Promises about the history on a real API server: what happened is listed from the cluster, and from the log.

use serde_json::{Value, json};

use crate::program::{MacaqueCommand, MacaqueOutput};
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

impl TestNamespace {
    /// An armed macaque that runs in this namespace, and logs in JSON.
    fn armed(&self, words: &str) -> MacaqueCommand {
        let macaque = self.macaque(&format!("{words} --dry-run=false --log-format json"));
        macaque.env("MACAQUE_POD_NAMESPACE", &self.name)
    }

    /// What `macaque history` lists for somebody who only has a kubeconfig.
    async fn history(&self, words: &str) -> MacaqueOutput {
        let history = MacaqueCommand::new("history --macaque-namespace").arg(&self.name);
        let history = words.split_whitespace().fold(history, MacaqueCommand::arg);
        history.by_environment().exits(0).await
    }
}

/// What `macaque history --from -` lists with this log on its standard input.
async fn history_of_log(namespace: &TestNamespace, log: &str, words: &str) -> MacaqueOutput {
    let file = namespace.scratch.path().join("log");
    std::fs::write(&file, log).unwrap();
    let with_log = format!("exec \"$0\" \"$@\" < {}", file.display());
    let words = format!("history --from - {words}");
    MacaqueCommand::within(&["sh", "-c", &with_log], &words)
        .exits(0)
        .await
}

fn entries(output: &MacaqueOutput) -> Vec<Value> {
    output.json()["entries"].as_array().unwrap().clone()
}

/// Takes up to two minutes: the shortest interval of a cron schedule is a minute.
#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_once_and_the_daemon_disrupted_is_listed_from_the_cluster_and_the_daemons_part_from_its_log() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let once = namespace.armed("once --wait -o json").exits(0).await;
    let by_once = once.uids("evicted");
    assert_eq!(by_once.len(), 1);

    let daemon = namespace.armed("run").env("MACAQUE_SCHEDULE__CRON", "* * * * *");
    let mut daemon = daemon.env("MACAQUE_HEALTH__LISTEN", "off").start();
    daemon.says("whole again after").await;
    let daemon = daemon.stopped().await;

    let listed = namespace.history("-o json").await;
    let of_cluster = entries(&listed);
    assert_eq!(of_cluster[0]["pod"]["uid"], by_once[0].as_str());
    assert!(of_cluster.len() > 1, "{listed:#?}");
    for (entry, number) in of_cluster.iter().zip(1..) {
        assert_eq!(entry["number"], number, "{listed:#?}");
        assert_eq!(entry["outcome"]["result"], "evicted", "{listed:#?}");
    }
    assert_eq!(of_cluster[1]["recovery"]["verdict"], "recovered", "{listed:#?}");
    assert_eq!(listed.json()["gaps"], json!([]));

    let mixed = format!(
        "not JSON\n{}{{\"history\": \"of something else\"}}\n",
        daemon.logged()
    );
    let of_log = entries(&history_of_log(&namespace, &mixed, "-o json").await);
    let of_log: Vec<_> = of_log
        .iter()
        .filter(|entry| entry["pod"]["uid"] != by_once[0].as_str())
        .collect();
    assert_eq!(of_log, Vec::from_iter(&of_cluster[1..]), "{daemon:#?}");

    let table = namespace.history("").await;
    let table_of_log = history_of_log(&namespace, &mixed, "").await;
    let name = of_cluster[1]["pod"]["name"].as_str().unwrap();
    let row = |table: &MacaqueOutput| {
        let row = table
            .printed()
            .lines()
            .find(|line| line.contains(name))
            .map(str::to_owned);
        row.unwrap_or_default()
    };
    assert!(row(&table).contains("recovered in "), "{table:#?}");
    assert_eq!(row(&table), row(&table_of_log));
}
