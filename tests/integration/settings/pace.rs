//! The pace of rounds: what is taken, and what suits neither the schedule nor the count.

use std::time::Duration;

use macaque_core::config::DisruptionPace;

use super::fixture;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn pace(file: &str) -> DisruptionPace {
    let file = format!("schedule.cron = \"*/30 9-16 * * Mon-Fri\"\n{file}");
    fixture().file(&file).load().config.disrupt.pace
}

#[test]
fn the_pace_is_that_of_the_file() {
    assert_eq!(pace(""), DisruptionPace::Count);
    let rota = |every, seed| DisruptionPace::Rota { every, seed };
    assert_eq!(pace("disrupt.pace = \"rota\""), rota(10 * DAY, 0));
    assert_eq!(
        pace("[disrupt]\npace = \"Rota\"\nevery = \"7d\"\nrota_seed = 9007199254740991"),
        rota(7 * DAY, (1 << 53) - 1)
    );
    let chance = DisruptionPace::Chance { every: 30 * DAY };
    assert_eq!(pace("disrupt.pace = \"chance\"\ndisrupt.every = \"30d\""), chance);
}

#[test]
fn the_environment_sets_the_pace_too() {
    let fixture = fixture()
        .file("schedule.cron = \"@hourly\"")
        .env("MACAQUE_DISRUPT__PACE", "rota")
        .env("MACAQUE_DISRUPT__EVERY", "2d")
        .env("MACAQUE_DISRUPT__ROTA_SEED", "3");
    let pace = fixture.load().config.disrupt.pace;
    assert_eq!(
        pace,
        DisruptionPace::Rota {
            every: 2 * DAY,
            seed: 3
        }
    );
}

#[test]
fn what_suits_neither_schedule_nor_count_is_refused_with_what_would_be_right() {
    let half_hours = "schedule.cron = \"*/30 * * * *\"\n";
    for (file, words) in [
        (
            "disrupt.pace = \"rotta\"",
            "use \"count\", \"rota\" or \"chance\"",
        ),
        ("disrupt.every = \"30s\"", "is less than a minute"),
        (
            "disrupt.every = \"366d\"",
            "is longer than a year: use \"365d\" or less",
        ),
        (
            "disrupt.rota_seed = -1",
            "-1 is too few: use 0 to 9007199254740991",
        ),
        (
            "disrupt.pace = \"rota\"\ndisrupt.every = \"29m\"",
            "is less than the 30m between two slots of schedule.cron: use \"30m\" or more",
        ),
        (
            "disrupt.pace = \"rota\"\ndisrupt.count = \"30%\"",
            "\"30%\" changes from round to round",
        ),
        (
            "disrupt.pace = \"rota\"\ndisrupt.count = \"1-3\"",
            "use a whole number, or another disrupt.pace",
        ),
    ] {
        let mistake = fixture().file(&format!("{half_hours}{file}")).mistake();
        assert!(mistake.contains(words), "{file}: {mistake}");
    }

    let each_minute = "schedule.cron = \"* * * * *\"\ndisrupt.pace = \"rota\"\ndisrupt.every = \"70d\"";
    let mistake = fixture().file(each_minute).mistake();
    assert!(
        mistake.contains("has more than 100000 slots of schedule.cron"),
        "{mistake}"
    );
}

#[test]
fn turns_need_a_schedule() {
    for pace in ["rota", "chance"] {
        let mistake = fixture().file(&format!("disrupt.pace = \"{pace}\"")).mistake();
        assert!(
            mistake.contains("and that is not set: set schedule.cron"),
            "{mistake}"
        );
    }
}
