//! Laws of answers of an API server: what an answer to a disruption means, Tables, and the lines of a watch.

use macaque::fuzzing::k8s;
use macaque_core::verdict::{ApiAnswer, DisruptionVerdict, classify};
use serde_json::Value;

use crate::text;

pub(crate) const ANSWERS_LAW: &str = "only a success with a Status or a Pod counts as accepted, what is read of a Status \
                                      is what JSON says, and what is kept of a server's text is bounded";
pub(crate) const TABLES_LAW: &str =
    "each row gives the text in its columns Name and Node, and no row is left out";
pub(crate) const WATCH_LAW: &str = "a line gives the pod that its object is, of the kind Pod and with a UID";

/// More than what is kept of a server's text.
const KEPT: usize = 16 << 10;

/// The code, and headers up to an empty line, are in lines before the body.
pub(crate) fn answers(bytes: &[u8]) {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 2..]));
    let Some(head) = text::of(head) else { return };
    let (code, headers) = text::first_line(head);
    let Ok(code) = code.parse() else { return };
    let headers: Vec<_> = headers.lines().filter_map(|line| line.split_once(": ")).collect();
    let Some(answer) = k8s::answer(code, &headers, body) else {
        return;
    };

    assert_eq!(answer.code, code);
    let json: Option<Value> = serde_json::from_slice(body).ok();
    if let (Some(status), Some(json)) = (&answer.status, &json) {
        assert_eq!(json["status"], if status.failed { "Failure" } else { "Success" });
        assert_eq!(json["message"].as_str().unwrap_or_default(), status.message);
        assert_eq!(json["reason"].as_str().unwrap_or_default(), status.reason);
    }
    assert_verdict(&answer, json.as_ref());
}

fn assert_verdict(answer: &ApiAnswer, json: Option<&Value>) {
    let verdict = classify(answer);
    if verdict == DisruptionVerdict::Accepted {
        assert!(
            (200..300).contains(&answer.code) && answer.unexpected.is_none(),
            "{answer:?}"
        );
        // Parts that are passed over may hold what is no Unicode, and then this reads nothing of the rest either.
        let kind = json.map(|json| &json["kind"]);
        assert!(
            kind.is_none_or(|kind| kind == "Status" || kind == "Pod"),
            "{answer:?}"
        );
        assert!(
            answer.status.as_ref().is_none_or(|status| !status.failed),
            "{answer:?}"
        );
    }
    assert!(
        format!("{verdict:?}").len() < KEPT,
        "{}",
        format!("{verdict:?}").len()
    );
    assert!(answer.text.len() < KEPT && answer.warnings.iter().all(|warning| warning.len() < KEPT));
}

pub(crate) fn tables(bytes: &[u8]) {
    let Ok(Some(names)) = k8s::table(bytes) else {
        return;
    };
    // Parts that are passed over may hold what is no Unicode.
    let Ok(table) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    assert_eq!(
        (&table["kind"], &table["apiVersion"]),
        (&"Table".into(), &"meta.k8s.io/v1".into())
    );
    let column = |name: &str| {
        let columns = table["columnDefinitions"].as_array()?;
        columns.iter().position(|column| column["name"] == name)
    };
    let rows = || table["rows"].as_array().into_iter().flatten();

    let Some(names) = names else {
        let cell = column("Name").map(|name| rows().all(|row| row["cells"][name].is_string()));
        return assert_ne!(cell, Some(true), "every row has a name");
    };
    let name = column("Name").expect("names come from the column Name");
    let node = column("Node");
    let expected = rows().map(|row| {
        let node = node
            .and_then(|node| row["cells"][node].as_str())
            .filter(|node| *node != "<none>");
        (
            row["cells"][name].as_str().unwrap_or_default().to_owned(),
            node.map(str::to_owned),
        )
    });
    assert_eq!(names, expected.collect::<Vec<_>>());
}

pub(crate) fn watch_lines(bytes: &[u8]) {
    let Ok(Some(pod)) = k8s::watch_line(bytes) else {
        return;
    };
    let Ok(line) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    assert!(
        ["ADDED", "MODIFIED", "DELETED"]
            .iter()
            .any(|kind| line["type"] == *kind),
        "{line}"
    );
    assert_eq!(line["object"]["kind"], "Pod");
    assert!(!pod.id.uid.is_empty());
    assert_eq!(k8s::pod(&line["object"]), Some(pod));
}
