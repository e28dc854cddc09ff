//! Prints the rows of a table one by one, below each other as far as what came before shows how wide they are.

use crate::cli::output::ShownCell;
use crate::text::chars;

/// The spaces between two columns.
const GAP: usize = 2;

/// How wide the columns are so far.
#[derive(Debug, Default)]
pub(super) struct RowPrinter {
    widths: Vec<usize>,
}

impl RowPrinter {
    /// Makes the columns at least so wide: as wide as they will be, as far as that can be known before there is a row.
    pub(super) fn widen_to(&mut self, widths: &[usize]) {
        self.widths.resize(self.widths.len().max(widths.len()), 0);
        for (known, width) in self.widths.iter_mut().zip(widths) {
            *known = (*known).max(*width);
        }
    }

    /// Makes the columns wide enough for these cells.
    pub(super) fn widen(&mut self, cells: &[ShownCell]) {
        let widths = cells.iter().map(|cell| chars(&cell.plain()));
        self.widen_to(&Vec::from_iter(widths));
    }

    /// The line of these cells.
    pub(super) fn line(&mut self, cells: Vec<ShownCell>) -> String {
        self.widen(&cells);
        let cells = cells.iter().zip(&self.widths);
        let padded = cells.map(|(cell, width)| {
            let blanks = width + GAP - chars(&cell.plain());
            cell.painted() + &" ".repeat(blanks)
        });
        String::from_iter(padded).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_below_each_other_and_a_wider_one_moves_those_after_it() {
        let mut printer = RowPrinter::default();
        let cells = |cells: [&str; 3]| Vec::from(cells.map(ShownCell::from));
        printer.widen(&cells(["12:00", "shop", "web-1"]));
        assert_eq!(
            printer.line(cells(["TIME", "NAMESPACE", "POD"])),
            "TIME   NAMESPACE  POD"
        );
        assert_eq!(
            printer.line(cells(["12:00", "shop", "web-1"])),
            "12:00  shop       web-1"
        );
        assert_eq!(
            printer.line(cells(["12:01", "a-long-namespace", "web-1"])),
            "12:01  a-long-namespace  web-1"
        );
        assert_eq!(
            printer.line(cells(["12:02", "a\u{1b}[2J\nb", ""])),
            "12:02  a [2J b"
        );
    }
}
