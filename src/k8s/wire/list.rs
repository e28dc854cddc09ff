//! The shapes of lists: a page, and a table of names.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::null_is_default;

/// One page of a list. A server writes an empty list as `null` or leaves it out.
#[derive(Deserialize)]
#[serde(default)]
pub(in crate::k8s) struct ObjectList<T> {
    pub(in crate::k8s) metadata: ListMeta,
    #[serde(
        deserialize_with = "null_is_default",
        bound(deserialize = "T: Deserialize<'de>")
    )]
    pub(in crate::k8s) items: Vec<T>,
}

impl<T> Default for ObjectList<T> {
    fn default() -> Self {
        Self {
            metadata: ListMeta::default(),
            items: Vec::new(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::k8s) struct ListMeta {
    #[serde(rename = "continue")]
    pub(in crate::k8s) next: Option<String>,
    /// How many items are said to come after this page; told of lists without selectors only, and never exact.
    remaining_item_count: Option<i64>,
}

impl ListMeta {
    /// How many items come after this page, as far as that is told.
    pub(in crate::k8s) fn remaining(&self) -> Option<usize> {
        usize::try_from(self.remaining_item_count?).ok()
    }
}

/// The list of no items that begins as this one does, and how many items are said to come after the page; `None` as
/// long as the items have not begun. The API server writes the metadata before them.
pub(in crate::k8s) fn glance_at(beginning: &[u8]) -> Option<(Vec<u8>, usize)> {
    const ITEMS: &[u8] = b"\"items\":[";
    let at = beginning.windows(ITEMS.len()).position(|part| part == ITEMS)?;
    let head = [&beginning[..at], ITEMS, b"]}"].concat();
    let list: ObjectList<IgnoredAny> = serde_json::from_slice(&head).ok()?;
    Some((head, list.metadata.remaining().unwrap_or_default()))
}

/// A page of a `meta.k8s.io/v1` Table, of which only the cells are read. The cells are for people and no contract:
/// macaque takes the name from the one column that every kind has, and the node as a hint that may be wrong.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::k8s) struct NameTable {
    kind: String,
    #[serde(default)]
    pub(in crate::k8s) metadata: ListMeta,
    #[serde(default, deserialize_with = "null_is_default")]
    column_definitions: Vec<TableColumn>,
    #[serde(default, deserialize_with = "null_is_default")]
    rows: Vec<TableRow>,
}

#[derive(Deserialize)]
struct TableColumn {
    name: String,
}

#[derive(Deserialize)]
struct TableRow {
    cells: Vec<TableCell>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TableCell {
    Text(String),
    Other(IgnoredAny),
}

/// A row's pod: its name, and its node, if that was told.
pub(in crate::k8s) type NamedPod = (String, Option<String>);

impl NameTable {
    /// The pods of this page; `None` if the answer is no table of things with names.
    pub(in crate::k8s) fn into_names(self) -> Option<Vec<NamedPod>> {
        let column = |name: &str| {
            self.column_definitions
                .iter()
                .position(|column| column.name == name)
        };
        let name = column("Name")?;
        let node = column("Node");
        let named = |row: TableRow| {
            let mut cells = row.cells;
            let mut take =
                |at: usize| match std::mem::replace(cells.get_mut(at)?, TableCell::Other(IgnoredAny)) {
                    TableCell::Text(text) => Some(text),
                    TableCell::Other(_) => None,
                };
            // A pod that is on no node has `<none>` there.
            let node = node.and_then(&mut take).filter(|node| node != "<none>");
            Some((take(name)?, node))
        };
        let is_table = self.kind == "Table";
        is_table.then(|| self.rows.into_iter().map(named).collect())?
    }
}
