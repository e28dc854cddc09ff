//! The gaps of a history without a journal, by the numbers of its disruptions alone.

use macaque_core::history::{History, HistoryGap};

/// The disruptions that are missing between two others, by their numbers. Where numbers were given more than once, by
/// the macaques of several clusters or after a new beginning, they prove nothing.
pub(super) fn gaps_by_number(history: &History) -> Vec<HistoryGap> {
    let entries = history.entries().iter();
    let numbered = entries.filter_map(|entry| Some((entry.number?, entry.at)));
    let mut gaps = Vec::new();
    let mut before = None;

    for (number, at) in numbered {
        if let Some((last, from)) = before {
            if number <= last {
                return Vec::new();
            }
            let count = number - last - 1;
            if count > 0 {
                gaps.push(HistoryGap {
                    from: Some(from),
                    to: at,
                    count,
                });
            }
        }
        before = Some((number, at));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::super::test_log::line;
    use super::*;
    use crate::history::read_log;

    fn history(numbers: &[u64]) -> History {
        let lines: String = numbers.iter().copied().map(line).collect();
        read_log(lines.as_bytes()).unwrap().history
    }

    #[test]
    fn a_number_that_is_missing_between_two_others_is_a_gap() {
        let gaps = |numbers: &[u64]| {
            let gaps = gaps_by_number(&history(numbers)).into_iter();
            let gaps = gaps.map(|gap| (gap.from.unwrap().to_string(), gap.to.to_string(), gap.count));
            Vec::from_iter(gaps)
        };
        let at = |second: u64| format!("2026-11-29T12:00:{second:02}Z");
        assert_eq!(gaps(&[]), []);
        assert_eq!(gaps(&[4, 5, 6]), [], "a log may begin anywhere");
        assert_eq!(gaps(&[4, 7, 8, 10]), [(at(4), at(7), 2), (at(8), at(10), 1)]);
    }

    #[test]
    fn numbers_that_were_given_twice_prove_no_gap() {
        let second = line(9).replace("\"number\":9", "\"number\":1");
        let log = [line(3), line(7), second].concat();
        assert_eq!(gaps_by_number(&read_log(log.as_bytes()).unwrap().history), []);
    }
}
