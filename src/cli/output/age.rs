//! How long ago something was, as kubectl writes it in the column AGE.

use jiff::Timestamp;

/// The time from `then` to `now` in one or two units, as kubectl writes it: `45s`, `3m20s`, `2h`, `5d3h`; `-` if `then`
/// is not known.
pub(in crate::cli) fn age(then: Option<Timestamp>, now: Timestamp) -> String {
    let Some(then) = then else {
        return "-".to_owned();
    };

    let seconds = now.duration_since(then).as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: i64, unit: char, small: i64, small_unit: char| match small {
        0 => format!("{large}{unit}"),
        small => format!("{large}{unit}{small}{small_unit}"),
    };
    match seconds {
        ..120 => format!("{seconds}s"),
        120..600 => two(minutes, 'm', seconds % 60, 's'),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, 'h', minutes % 60, 'm'),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, 'd', hours % 24, 'h'),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn an_age_has_the_units_that_matter_at_its_size() {
        let now: Timestamp = "2027-03-01T09:30:00Z".parse().unwrap();
        for (seconds, expected) in [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (3_600, "60m"),
            (11_100, "3h5m"),
            (100_000, "27h"),
            (180_000, "2d2h"),
            (864_000, "10d"),
        ] {
            let then = now - SignedDuration::from_secs(seconds);
            assert_eq!(age(Some(then), now), expected, "{seconds}");
        }
        assert_eq!(age(None, now), "-");
    }
}
