//! The columns of a table: those that are always shown, and those of `-o wide`.

use super::shown_cell::ShownCell;
use super::table;

/// The columns of a table whose rows are `R`, in the order in which they are shown.
pub(in crate::cli) struct TableColumns<'a, R> {
    is_wide: bool,
    columns: Vec<ShownColumn<'a, R>>,
}

struct ShownColumn<'a, R> {
    header: &'a str,
    cell: Box<dyn Fn(&R) -> ShownCell + 'a>,
}

impl<'a, R> TableColumns<'a, R> {
    /// No columns yet, of a table that may be wide.
    pub(in crate::cli) fn new(is_wide: bool) -> Self {
        Self {
            is_wide,
            columns: Vec::new(),
        }
    }

    /// Adds a column.
    pub(in crate::cli) fn column<C: Into<ShownCell>>(
        mut self,
        header: &'a str,
        cell: impl Fn(&R) -> C + 'a,
    ) -> Self {
        self.columns.push(ShownColumn {
            header,
            cell: Box::new(move |row| cell(row).into()),
        });
        self
    }

    /// Adds a column if the table is wide.
    pub(in crate::cli) fn wide<C: Into<ShownCell>>(
        self,
        header: &'a str,
        cell: impl Fn(&R) -> C + 'a,
    ) -> Self {
        let is_wide = self.is_wide;
        self.column_if(is_wide, header, cell)
    }

    /// Adds a column if there is something to show in it.
    pub(in crate::cli) fn column_if<C: Into<ShownCell>>(
        self,
        is_shown: bool,
        header: &'a str,
        cell: impl Fn(&R) -> C + 'a,
    ) -> Self {
        if is_shown { self.column(header, cell) } else { self }
    }

    /// Adds a column of results: outcomes, verdicts or predictions, whose first words have a style on a terminal.
    pub(in crate::cli) fn result(self, header: &'a str, cell: impl Fn(&R) -> String + 'a) -> Self {
        self.column(header, move |row| ShownCell::result(cell(row)))
    }

    /// The table of `rows`.
    pub(in crate::cli) fn table<'r>(&self, rows: impl IntoIterator<Item = &'r R>) -> String
    where
        R: 'r,
    {
        let header = self.columns.iter().map(|column| column.header);
        let cells = |row| self.columns.iter().map(move |column| (column.cell)(row));
        table(header, rows.into_iter().map(cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(is_wide: bool, has_turns: bool) -> TableColumns<'static, (&'static str, u8)> {
        TableColumns::new(is_wide)
            .column("POD", |row: &(&str, u8)| row.0)
            .column_if(has_turns, "NEXT TURN", |_| "-")
            .wide("NODE", |row| format!("node-{}", row.1))
            .result("OUTCOME", |_| "evicted".to_owned())
    }

    #[test]
    fn wide_adds_columns_in_their_place() {
        let rows = [("web-0", 1), ("a-longer-name", 2)];
        let plain = |is_wide, has_turns| {
            let table = columns(is_wide, has_turns).table(&rows);
            anstream::adapter::strip_str(&table).to_string()
        };

        assert_eq!(
            plain(false, false),
            "POD            OUTCOME\nweb-0          evicted\na-longer-name  evicted"
        );
        assert_eq!(
            plain(true, true),
            "POD            NEXT TURN  NODE    OUTCOME\nweb-0          -          node-1  evicted\n\
             a-longer-name  -          node-2  evicted"
        );
    }
}
