//! The table: faults by outcomes, for each number of replicas.

use std::fmt;

use crate::verdict::{Served, Verdict};

/// The outcomes of one fault with one number of replicas.
#[derive(Debug, Clone, Default)]
struct Cell {
    trials: usize,
    none: usize,
    once: usize,
    more: usize,
    late: usize,
    untold: usize,
    recovered: usize,
}

/// All outcomes so far.
pub(crate) struct Table<F> {
    replicas: Vec<usize>,
    rows: Vec<(F, Vec<Cell>)>,
    wrong: Vec<String>,
}

impl<F: Copy + PartialEq + fmt::Display> Table<F> {
    pub(crate) fn new(faults: &[F], replicas: &[usize]) -> Self {
        let row = |fault: &F| (*fault, vec![Cell::default(); replicas.len()]);
        Self {
            replicas: replicas.to_owned(),
            rows: faults.iter().map(row).collect(),
            wrong: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, fault: F, replicas: usize, verdict: Verdict) {
        let column = self.replicas.iter().position(|known| *known == replicas).unwrap();
        let (_, cells) = self.rows.iter_mut().find(|(known, _)| *known == fault).unwrap();
        let cell = &mut cells[column];
        cell.trials += 1;
        match verdict.served {
            Served::None => cell.none += 1,
            Served::Once => cell.once += 1,
            Served::MoreThanOnce => cell.more += 1,
        }
        cell.late += verdict.late;
        cell.untold += verdict.untold;
        cell.recovered += usize::from(verdict.recovered);
        let wrong = verdict.wrong.into_iter();
        self.wrong
            .extend(wrong.map(|words| format!("{fault}, {replicas} replicas: {words}")));
    }

    /// Whether every promise was kept: never more than was ordered, nothing untold, every trial served in the end.
    pub(crate) fn is_good(&self) -> bool {
        let total = self.total();
        self.wrong.is_empty() && total.more == 0 && total.untold == 0 && total.recovered == total.trials
    }

    fn total(&self) -> Cell {
        sum(self.rows.iter().flat_map(|(_, cells)| cells))
    }
}

fn sum<'a>(cells: impl Iterator<Item = &'a Cell>) -> Cell {
    cells.fold(Cell::default(), |sum, cell| Cell {
        trials: sum.trials + cell.trials,
        none: sum.none + cell.none,
        once: sum.once + cell.once,
        more: sum.more + cell.more,
        late: sum.late + cell.late,
        untold: sum.untold + cell.untold,
        recovered: sum.recovered + cell.recovered,
    })
}

impl<F: fmt::Display> fmt::Display for Table<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = self
            .replicas
            .iter()
            .map(|count| format!("{count} replica{}", if *count == 1 { "" } else { "s" }));
        let heads: Vec<_> = heads.collect();
        writeln!(
            f,
            "| fault | trials | {}: none / once / more than once | late | notices lost | served after the fault |",
            heads.join(" · ")
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cells: &[Cell]| {
            let all = sum(cells.iter());
            let served: Vec<_> = cells
                .iter()
                .map(|cell| format!("{} / {} / {}", cell.none, cell.once, cell.more))
                .collect();
            writeln!(
                f,
                "| {name} | {} | {} | {} | {} | {} of {} |",
                all.trials,
                served.join(" · "),
                all.late,
                all.untold,
                all.recovered,
                all.trials
            )
        };
        for (fault, cells) in &self.rows {
            line(f, &fault.to_string(), cells)?;
        }
        let columns: Vec<_> = (0..self.replicas.len())
            .map(|column| sum(self.rows.iter().map(|(_, cells)| &cells[column])))
            .collect();
        line(f, "**all**", &columns)?;
        for words in &self.wrong {
            writeln!(f, "WRONG: {words}")?;
        }
        Ok(())
    }
}
