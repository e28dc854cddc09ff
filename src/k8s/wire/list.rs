//! The forms of lists: a page of objects, and a table of names.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::kind::{ObjectKind, TypeMeta, WrongBody};
use super::{null_is_default, present};

/// A page of a list, without what its items hold. The server may write empty items as `null`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::k8s) struct ListEnvelope {
    kind: Option<String>,
    api_version: Option<String>,
    #[serde(default)]
    pub(in crate::k8s) metadata: ListMeta,
    /// `None` if there is no key `items`: then it is no list.
    #[serde(default, deserialize_with = "present")]
    pub(in crate::k8s) items: Option<Vec<IgnoredAny>>,
}

impl ListEnvelope {
    /// What the list says that it is.
    pub(in crate::k8s) fn type_meta(&mut self) -> TypeMeta {
        TypeMeta {
            kind: self.kind.take(),
            api_version: self.api_version.take(),
        }
    }
}

/// The metadata of a page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::k8s) struct ListMeta {
    #[serde(rename = "continue")]
    pub(in crate::k8s) next: Option<String>,
    /// How many items follow this page: given only for lists without selectors, and not exact.
    pub(super) remaining_item_count: Option<i64>,
    /// The version that the list shows, from which a watch can begin.
    #[serde(rename = "resourceVersion")]
    pub(in crate::k8s) version: Option<String>,
}

impl ListMeta {
    /// How many items follow this page, if the server said so.
    pub(in crate::k8s) fn remaining(&self) -> Option<usize> {
        usize::try_from(self.remaining_item_count?).ok()
    }
}

/// An empty list with the metadata of the list that begins with `beginning`, and how many items follow its page. `None`
/// if the items have not begun yet; the API server writes the kind and the metadata before them.
pub(in crate::k8s) fn list_head(beginning: &[u8]) -> Option<(Vec<u8>, usize)> {
    const ITEMS: &[u8] = b"\"items\":[";
    let at = beginning.windows(ITEMS.len()).position(|part| part == ITEMS)?;
    let head = [&beginning[..at], ITEMS, b"]}"].concat();
    let list: ListEnvelope = serde_json::from_slice(&head).ok()?;

    // A head that does not say what it begins cannot stand for the page.
    let remaining = list.metadata.remaining().filter(|_| list.kind.is_some());
    Some((head, remaining.unwrap_or_default()))
}

/// A page of a `meta.k8s.io/v1` Table, of which only the cells are read. Cells are meant for people and are no stable
/// interface: macaque reads the name from the column that every kind has, and the node only as a hint.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::k8s) struct NameTable {
    kind: Option<String>,
    api_version: Option<String>,
    #[serde(default)]
    pub(in crate::k8s) metadata: ListMeta,
    #[serde(default, deserialize_with = "null_is_default")]
    column_definitions: Vec<TableColumn>,
    #[serde(default, deserialize_with = "present")]
    rows: Option<Vec<TableRow>>,
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
    /// Reads the answer to a request for a Table; `None` if the server offers no tables and sent the pods instead.
    ///
    /// # Errors
    /// The answer is neither.
    pub(in crate::k8s) fn read(body: &[u8]) -> Result<Option<Self>, WrongBody> {
        let mut table: Self = serde_json::from_slice(body)?;
        let type_meta = TypeMeta {
            kind: table.kind.take(),
            api_version: table.api_version.take(),
        };
        if type_meta.is(ObjectKind::POD_LIST) || type_meta.is(ObjectKind::METADATA_LIST) {
            return Ok(None);
        }

        type_meta.expect(&[ObjectKind::TABLE], body)?;
        if table.rows.is_none() {
            return Err(WrongBody::OtherObject("a Table without rows".to_owned()));
        }
        Ok(Some(table))
    }

    /// The pods of this page; `None` if the Table has no column for names.
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
            // A pod without a node shows `<none>`.
            let node = node.and_then(&mut take).filter(|node| node != "<none>");
            Some((take(name)?, node))
        };
        self.rows.into_iter().flatten().map(named).collect()
    }
}
