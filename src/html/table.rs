//! A table with a caption and headings. On a narrow screen each row becomes a card, whose cells bear their headings.

use maud::{Markup, html};

use super::parts::prose;

/// A table; each cell is markup already.
pub(crate) struct HtmlTable {
    /// What the table shows, in a few words.
    pub(crate) caption: String,
    /// The columns; the first one names the row.
    pub(crate) columns: Vec<HtmlColumn>,
    /// The cells, row by row.
    pub(crate) rows: Vec<Vec<Markup>>,
    /// What stands instead of the table if it has no rows, as [`prose`].
    pub(crate) empty: String,
    /// What is left out, in words, as [`prose`]: ``and 12 more: `macaque report` ``.
    pub(crate) rest: Option<String>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HtmlColumn {
    heading: &'static str,
    is_number: bool,
}

impl HtmlColumn {
    /// A column of text.
    pub(crate) fn text(heading: &'static str) -> Self {
        Self {
            heading,
            is_number: false,
        }
    }

    /// A column of numbers, which end at its right.
    pub(crate) fn number(heading: &'static str) -> Self {
        Self {
            heading,
            is_number: true,
        }
    }

    fn class(self) -> Option<&'static str> {
        self.is_number.then_some("number")
    }
}

impl HtmlTable {
    /// The table, or what stands instead.
    ///
    /// The roles are those of a table anyway: browsers forget them where style turns rows into cards.
    pub(crate) fn markup(&self) -> Markup {
        if self.rows.is_empty() {
            return html! { p.quiet { (prose(&self.empty)) } };
        }
        html! {
            table role="table" {
                caption { (self.caption) }
                thead role="rowgroup" {
                    tr role="row" {
                        @for column in &self.columns {
                            th role="columnheader" scope="col" class=[column.class()] { (column.heading) }
                        }
                    }
                }
                tbody role="rowgroup" {
                    @for row in &self.rows { (self.row(row)) }
                }
            }
            @if let Some(rest) = &self.rest { p.quiet { (prose(rest)) } }
        }
    }

    fn row(&self, cells: &[Markup]) -> Markup {
        let mut cells = self.columns.iter().zip(cells);
        let first = cells.next();
        html! {
            tr role="row" {
                @if let Some((column, cell)) = first {
                    th role="rowheader" scope="row" data-heading=(column.heading) class=[column.class()] { (cell) }
                }
                @for (column, cell) in cells {
                    td role="cell" data-heading=(column.heading) class=[column.class()] { div { (cell) } }
                }
            }
        }
    }
}
