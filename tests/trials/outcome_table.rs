//! The table: faults by outcomes, for each number of replicas.

use std::fmt;

use crate::verdict::{SlotOutcome, TrialVerdict};

/// The outcomes of one fault with one number of replicas.
#[derive(Debug, Clone, Default)]
struct OutcomeCell {
    trials: usize,
    none: usize,
    once: usize,
    more: usize,
    late: usize,
    unreported: usize,
    recovered: usize,
}

/// What the columns of a table are called: the outcomes of a trial, and the three numbers.
pub(crate) type TableHead = [&'static str; 4];

/// The columns of trials of rounds.
pub(crate) const ROUNDS: TableHead = [
    "none / once / more than once",
    "late",
    "reports lost",
    "served after the fault",
];

/// The columns of trials of recoveries.
pub(crate) const RECOVERIES: TableHead = [
    "ends reported: none / one / more than one",
    "unwatched",
    "not reported",
    "over in time",
];

/// All outcomes so far.
pub(crate) struct OutcomeTable<F> {
    head: TableHead,
    replicas: Vec<usize>,
    rows: Vec<(F, Vec<OutcomeCell>)>,
    wrong: Vec<String>,
}

impl<F: Copy + PartialEq + fmt::Display> OutcomeTable<F> {
    pub(crate) fn new(head: TableHead, faults: &[F], replicas: &[usize]) -> Self {
        let row = |fault: &F| (*fault, vec![OutcomeCell::default(); replicas.len()]);
        Self {
            head,
            replicas: replicas.to_owned(),
            rows: faults.iter().map(row).collect(),
            wrong: Vec::new(),
        }
    }

    /// Counts the outcome of one trial.
    pub(crate) fn record(&mut self, fault: F, replicas: usize, verdict: TrialVerdict) {
        let column = self.replicas.iter().position(|known| *known == replicas).unwrap();
        let (_, cells) = self.rows.iter_mut().find(|(known, _)| *known == fault).unwrap();
        let cell = &mut cells[column];
        cell.trials += 1;

        match verdict.slot {
            SlotOutcome::None => cell.none += 1,
            SlotOutcome::Once => cell.once += 1,
            SlotOutcome::MoreThanOnce => cell.more += 1,
        }

        cell.late += verdict.late;
        cell.unreported += verdict.unreported;
        cell.recovered += usize::from(verdict.recovered);
        let wrong = verdict.wrong.into_iter();
        self.wrong
            .extend(wrong.map(|words| format!("{fault}, {replicas} replicas: {words}")));
    }

    /// Whether every promise was kept: never more than was ordered, nothing unreported, a later slot run in every trial.
    pub(crate) fn is_good(&self) -> bool {
        let total = self.total();
        self.wrong.is_empty() && total.more == 0 && total.unreported == 0 && total.recovered == total.trials
    }

    fn total(&self) -> OutcomeCell {
        sum(self.rows.iter().flat_map(|(_, cells)| cells))
    }
}

fn sum<'a>(cells: impl Iterator<Item = &'a OutcomeCell>) -> OutcomeCell {
    cells.fold(OutcomeCell::default(), |sum, cell| OutcomeCell {
        trials: sum.trials + cell.trials,
        none: sum.none + cell.none,
        once: sum.once + cell.once,
        more: sum.more + cell.more,
        late: sum.late + cell.late,
        unreported: sum.unreported + cell.unreported,
        recovered: sum.recovered + cell.recovered,
    })
}

impl<F: fmt::Display> fmt::Display for OutcomeTable<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = self
            .replicas
            .iter()
            .map(|count| format!("{count} replica{}", if *count == 1 { "" } else { "s" }));
        let heads: Vec<_> = heads.collect();
        let [outcomes, late, unreported, recovered] = self.head;
        writeln!(
            f,
            "| fault | trials | {}: {outcomes} | {late} | {unreported} | {recovered} |",
            heads.join(" · ")
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, cells: &[OutcomeCell]| {
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
                all.unreported,
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
