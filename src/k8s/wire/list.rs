//! The forms of lists: a page of objects, and a table of names.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::null_is_default;

/// One page of a list. The server may write empty items as `null` or leave them out.
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

/// The metadata of a page.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::k8s) struct ListMeta {
    #[serde(rename = "continue")]
    pub(in crate::k8s) next: Option<String>,
    /// How many items follow this page: given only for lists without selectors, and not exact.
    remaining_item_count: Option<i64>,
}

impl ListMeta {
    /// How many items follow this page, if the server said so.
    pub(in crate::k8s) fn remaining(&self) -> Option<usize> {
        usize::try_from(self.remaining_item_count?).ok()
    }
}

/// An empty list with the metadata of the list that begins with `beginning`, and how many items follow its page. `None`
/// if the items have not begun yet; the API server writes the metadata before them.
pub(in crate::k8s) fn list_head(beginning: &[u8]) -> Option<(Vec<u8>, usize)> {
    const ITEMS: &[u8] = b"\"items\":[";
    let at = beginning.windows(ITEMS.len()).position(|part| part == ITEMS)?;
    let head = [&beginning[..at], ITEMS, b"]}"].concat();
    let list: ObjectList<IgnoredAny> = serde_json::from_slice(&head).ok()?;
    Some((head, list.metadata.remaining().unwrap_or_default()))
}

/// A page of a `meta.k8s.io/v1` Table, of which only the cells are read. Cells are meant for people and are no stable
/// interface: macaque reads the name from the column that every kind has, and the node only as a hint.
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

/// The pod of a row: its name, and its node if the table shows one.
pub(in crate::k8s) type NamedPod = (String, Option<String>);

impl NameTable {
    /// The pods of this page; `None` if the answer is not a Table with a column for names.
    pub(in crate::k8s) fn into_names(self) -> Option<Vec<NamedPod>> {
        if self.kind != "Table" {
            return None;
        }

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
            // A pod without a node shows `<none>`.
            let node = node.and_then(&mut take).filter(|node| node != "<none>");
            Some((take(name)?, node))
        };
        self.rows.into_iter().map(named).collect()
    }
}
