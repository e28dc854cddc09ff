//! The difference between two outputs, line by line.

/// A line of both texts, or of one of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Both(&'a str),
    First(&'a str),
    Second(&'a str),
}

/// Both texts in one, with as many lines in common as there can be.
pub(crate) fn difference<'a>(
    first: &'a [String],
    second: &'a [String],
) -> impl Iterator<Item = Line<'a>> + use<'a> {
    // How many lines the rests of the texts have in common, from each pair of lines on.
    let mut common = vec![vec![0_usize; second.len() + 1]; first.len() + 1];
    for i in (0..first.len()).rev() {
        for j in (0..second.len()).rev() {
            common[i][j] = if first[i] == second[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }

    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || match (first.get(i), second.get(j)) {
        (Some(one), Some(other)) if one == other => {
            (i, j) = (i + 1, j + 1);
            Some(Line::Both(one))
        }
        (Some(one), other) if other.is_none() || common[i + 1][j] >= common[i][j + 1] => {
            i += 1;
            Some(Line::First(one))
        }
        (_, Some(other)) => {
            j += 1;
            Some(Line::Second(other))
        }
        (_, None) => None,
    })
}

#[test]
fn a_difference_keeps_the_lines_in_common() {
    let text = |letters: &str| letters.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (first, second) = (text("a b c d"), text("a x c d e"));
    let found: Vec<_> = difference(&first, &second).collect();

    assert_eq!(
        found,
        [
            Line::Both("a"),
            Line::First("b"),
            Line::Second("x"),
            Line::Both("c"),
            Line::Both("d"),
            Line::Second("e")
        ]
    );
}
