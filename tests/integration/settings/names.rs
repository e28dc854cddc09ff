//! What is no setting, is contradicted or cannot be read: in which words it is refused.

use super::fixture;

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
    let mistake = fixture()
        .file("dry_run = true\n\n[disrupt]\n# how\nmethd = \"evict\"")
        .mistake();
    assert_eq!(
        mistake,
        "disrupt.methd: no setting has this name: did you mean disrupt.method? (macaque.toml line 5)"
    );
}

#[test]
fn an_unknown_section_is_reported_once() {
    let mistake = fixture()
        .file("[disrpt]\nmethod = \"evict\"\ncount = 3")
        .mistake();
    assert_eq!(
        mistake,
        "disrpt: no setting has this name: did you mean disrupt? (macaque.toml line 1)"
    );
}

#[test]
fn a_key_that_resembles_none_is_answered_with_what_there_is() {
    let mistake = fixture().file("[log]\nrotation = 3").mistake();
    assert_eq!(
        mistake,
        "log.rotation: no setting has this name: in [log] use level or format (macaque.toml line 2)"
    );
}

#[test]
fn a_section_for_a_service_of_a_template_is_answered_with_the_template() {
    for (section, template) in [
        ("notify.discord", "discord"),
        ("notify.google_chat", "google-chat"),
        ("notify.ntfy", "ntfy"),
    ] {
        let mistake = fixture()
            .file(&format!("[{section}]\nurl = \"https://chat.example\""))
            .mistake();
        assert_eq!(
            mistake,
            format!(
                "{section}: no setting has this name: write [[notify.http]] with template = \"{template}\" \
                 (macaque.toml line 1)"
            )
        );
    }
}

#[test]
fn a_quoted_dotted_key_is_not_a_path() {
    let mistake = fixture().file("\"disrupt.count\" = 3").mistake();
    assert!(
        mistake.starts_with("disrupt.count: no setting has this name: write it without the quotes"),
        "{mistake}"
    );
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest() {
    let mistake = fixture().env("MACAQUE_DISRUPT_COUNT", "3").mistake();
    assert_eq!(
        mistake,
        "MACAQUE_DISRUPT_COUNT: no setting has this variable: did you mean MACAQUE_DISRUPT__COUNT? (environment)"
    );
}

#[test]
fn a_misspelt_key_is_not_missing_as_well() {
    let mistake = fixture()
        .scheduled()
        .file("[schedule]\ncorn = \"@hourly\"")
        .mistake();
    assert!(mistake.contains("did you mean schedule.cron?"), "{mistake}");
}

#[test]
fn text_that_is_no_toml_is_reported_with_line_and_column() {
    let mistake = fixture()
        .scheduled()
        .file("dry_run = true\n[disrupt]\ncount = = 3\n")
        .mistake();
    assert!(mistake.starts_with("macaque.toml: not TOML: "), "{mistake}");
    assert!(mistake.ends_with("(line 3, column 9)"), "{mistake}");
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let mut fixture = fixture();
    fixture.sources.file = Some(fixture.path("absent.toml"));
    let mistake = fixture.scheduled().without_a_namespace().mistake();
    assert!(
        mistake.starts_with("--config: cannot read \"absent.toml\": No such file"),
        "{mistake}"
    );
}

#[test]
fn every_mistake_is_reported_at_once_with_key_and_source() {
    let mistakes = fixture()
        .scheduled()
        .without_a_namespace()
        .file(
            "dryrun = false\n\
             [disrupt]\nmethod = \"kill\"\ncount = 20\nattempts = 10\ngrace_period = \"0s\"\n\
             [log]\nlevel = \"loud\"\n",
        )
        .env("MACAQUE_TIMEZONE", "Europe/Pari")
        .flag("log.format", "--log-format", "xml")
        .mistakes();

    assert_eq!(
        mistakes
            .iter()
            .map(|mistake| mistake.split(':').next().unwrap())
            .collect::<Vec<_>>(),
        [
            "dryrun",
            "schedule.cron",
            "schedule.timezone",
            "target.namespaces",
            "disrupt.method",
            "disrupt.grace_period",
            "disrupt.attempts",
            "log.level",
            "log.format",
        ]
    );
    assert_eq!(
        mistakes[4],
        "disrupt.method: \"kill\" is not a method: use \"evict\" or \"delete\" (macaque.toml line 3)"
    );
    assert!(
        mistakes[2].ends_with("(environment variable MACAQUE_TIMEZONE)"),
        "{}",
        mistakes[2]
    );
    assert_eq!(
        mistakes[8],
        "log.format: \"xml\" is not a format: use auto, text or json (flag --log-format)"
    );
}

#[test]
fn the_old_and_the_new_name_may_not_contradict_each_other() {
    let mistake = fixture()
        .env("MACAQUE_CRONTAB", "0 1 * * *")
        .env("MACAQUE_SCHEDULE__CRON", "0 2 * * *")
        .mistake();

    assert_eq!(
        mistake,
        "schedule.cron: MACAQUE_SCHEDULE__CRON is \"0 2 * * *\", but MACAQUE_CRONTAB is \"0 1 * * *\": \
         both name this setting: keep one (environment)"
    );
}
