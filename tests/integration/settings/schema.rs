//! The schema of the configuration file, beside the settings: it takes what they take (each test of this folder that
//! loads a file looks), and refuses the names and types that they refuse.

use std::sync::LazyLock;

use jsonschema::Validator;
use macaque::settings::{
    self, FieldDefault, FieldType, KeyKind, SettingKey, TableField, TableKind, TextForm, config_schema,
};
use proptest::prelude::*;
use serde_json::Value;

use super::fixture;

static SCHEMA: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft7::new(&config_schema()).expect("the schema is one of draft-07"));

/// Where the schema finds faults in a file, as JSON pointers.
pub(super) fn faults(file: &str) -> Vec<String> {
    let file: toml::Table = file.parse().unwrap();
    let file = serde_json::to_value(file).unwrap();
    let errors = SCHEMA.iter_errors(&file);
    errors.map(|error| error.instance_path().to_string()).collect()
}

/// Asserts that schema and settings refuse this part of a file: the schema at the pointer, the settings by the key.
fn both_refuse(file: &str, pointer: &str, key: &str) {
    let faults = faults(file);
    assert!(
        faults.iter().any(|fault| fault == pointer),
        "the schema finds no fault at {pointer}, but at {faults:?}, in\n{file}"
    );
    let mistakes = fixture().file(file).mistakes();
    assert!(
        mistakes
            .iter()
            .any(|mistake| mistake.starts_with(&format!("{key}: "))),
        "{key}: {mistakes:?} in\n{file}"
    );
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// Values of other types than the kind's.
fn of_other_types(kind: KeyKind) -> &'static [&'static str] {
    match kind {
        KeyKind::Boolean(_) => &["\"true\"", "1", "1.5", "[]", "{}"],
        KeyKind::Count(..) => &["\"2\"", "true", "1.5", "[]", "{}"],
        KeyKind::Text(_) | KeyKind::OptionalText | KeyKind::Duration(_) | KeyKind::Secret => {
            &["5", "true", "1.5", "[]", "{}"]
        }
        KeyKind::List(_) | KeyKind::OptionalList(_) => &["\"text\"", "5", "true", "{}"],
        KeyKind::Choice(..) => &["1.5", "[]", "{}", "-1", "1001", "\"bogus\"", "\"101%\"", "\"\""],
    }
}

#[test]
fn the_schema_is_one_of_draft_07() {
    assert!(jsonschema::draft7::meta::is_valid(&config_schema()));
}

#[test]
fn a_value_of_another_type_is_refused_by_schema_and_settings_for_every_key() {
    for key in settings::keys() {
        for value in of_other_types(key.kind) {
            both_refuse(&format!("{} = {value}", key.path), &pointer(key.path), key.path);
        }
        if let KeyKind::List(_) | KeyKind::OptionalList(_) = key.kind {
            let entry = format!("{}/0", pointer(key.path));
            both_refuse(&format!("{} = [5]", key.path), &entry, key.path);
        }
    }
}

#[test]
fn a_number_is_refused_outside_its_bounds_and_taken_within() {
    let mut checked = 0;
    for key in settings::keys() {
        let KeyKind::Count(_, bounds) = key.kind else {
            continue;
        };
        for number in [bounds.least as i64 - 1, bounds.most as i64 + 1, i64::MAX] {
            both_refuse(&format!("{} = {number}", key.path), &pointer(key.path), key.path);
        }
        for number in [bounds.least, bounds.most] {
            assert_eq!(
                faults(&format!("{} = {number}", key.path)),
                [""; 0],
                "{}",
                key.path
            );
        }
        checked += 1;
    }
    assert!(checked > 8);
}

#[test]
fn every_listed_word_is_taken_in_any_letter_case_and_no_other() {
    let mut checked = 0;
    for key in settings::keys() {
        let TextForm::Words(words) = key.form else {
            continue;
        };
        let (is_list, place) = match key.kind {
            KeyKind::Text(_) => (false, pointer(key.path)),
            _ => (true, format!("{}/0", pointer(key.path))),
        };
        // Turns need slots.
        let cron = if key.path == "disrupt.pace" {
            "schedule.cron = \"@hourly\"\n"
        } else {
            ""
        };
        let line = |word: &str| {
            if is_list {
                format!("{} = [\"{word}\"]", key.path)
            } else {
                format!("{cron}{} = \"{word}\"", key.path)
            }
        };
        for word in words() {
            fixture().file(&line(word)).load();
            fixture()
                .file(&line(&format!(" {} ", word.to_uppercase())))
                .load();
        }
        both_refuse(&line("bogus"), &place, key.path);
        both_refuse(&line(""), &place, key.path);
        checked += 1;
    }
    assert!(checked >= 6);
}

#[test]
fn an_unknown_name_is_refused_in_every_section_and_table() {
    both_refuse("bogus = 1", "", "bogus");
    for section in sections() {
        let key = format!("{section}.bogus");
        both_refuse(&format!("{key} = 1"), &pointer(section), &key);
        both_refuse(&format!("[{section}.bogus]\na = 1"), &pointer(section), &key);
    }
    for kind in TableKind::ALL {
        let section = kind.section();
        let place = format!("{}/0", pointer(section));
        both_refuse(
            &format!("[[{section}]]\nbogus = 1"),
            &place,
            &format!("{section}[1].bogus"),
        );
    }
}

#[test]
fn a_table_in_the_wrong_place_is_refused() {
    for section in sections() {
        for file in [format!("{section} = 3"), format!("[[{section}]]")] {
            both_refuse(&file, &pointer(section), section);
        }
    }
    for kind in TableKind::ALL {
        let section = kind.section();
        for file in [
            format!("[{section}]\nname = \"a\""),
            format!("{section} = [1]"),
            format!("{section} = 3"),
        ] {
            let faults = faults(&file);
            assert!(
                faults.iter().any(|fault| fault.starts_with(&pointer(section))),
                "{faults:?} in\n{file}"
            );
            let mistake = fixture().file(&file).mistake();
            assert!(mistake.starts_with(&format!("{section}: ")), "{mistake}");
        }
    }
    // A table of the right name in another section.
    both_refuse("[[guards.route]]\nname = \"a\"", "/guards", "guards.route");
    both_refuse("[[prometheus]]\nname = \"a\"", "", "prometheus");
    both_refuse("[slack]\nchannel = \"C1\"", "", "slack");
}

/// The sections, each once.
fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = settings::keys().iter().map(SettingKey::section).collect();
    sections.retain(|section| !section.is_empty());
    sections.dedup();
    assert!(sections.len() > 10, "{sections:?}");
    sections
}

#[test]
fn a_field_of_another_type_or_missing_is_refused_by_schema_and_settings_for_every_table() {
    for kind in TableKind::ALL {
        let section = kind.section();
        for field in settings::table_fields().iter().filter(|field| field.is_of(kind)) {
            let key = format!("{section}[1].{}", field.name);
            let place = format!("{}/0", pointer(section));
            let (before, after) = around(kind, field.name);
            for value in field_of_other_types(field) {
                let file = format!("[[{section}]]\n{before}{} = {value}\n{after}", field.name);
                both_refuse(&file, &format!("{place}/{}", field.name), &key);
            }
            if field.default == FieldDefault::Required {
                both_refuse(&format!("[[{section}]]"), &place, &key);
            }
        }
    }
}

/// What must stand before and after a field for the settings to look at it: a route's destination is that of its service.
fn around(kind: TableKind, field: &str) -> (&'static str, &'static str) {
    match (kind, field) {
        (TableKind::Route, "channel") => (
            "to = \"slack\"\n",
            "[notify.slack]\ntoken = \"t\"\nchannel = \"C1\"",
        ),
        (TableKind::Route, "room_id") => (
            "to = \"webex\"\n",
            "[notify.webex]\ntoken = \"t\"\nroom_id = \"r\"",
        ),
        (TableKind::Route, "url" | "url_file") => (
            "to = \"slack-webhook\"\n",
            "[notify.slack_webhook]\nurl = \"https://hooks.example/x\"",
        ),
        _ => ("", ""),
    }
}

fn field_of_other_types(field: &TableField) -> &'static [&'static str] {
    match field.value {
        FieldType::Text(_) | FieldType::Secret | FieldType::Duration => &["5", "true", "[]", "\"\""],
        FieldType::WordOrTrue(_) => &["false", "5", "\"bogus\""],
        FieldType::Number(_) => &["\"200\"", "199", "600", "true"],
        FieldType::Texts(_) => &["\"text\"", "5", "{ a = \"b\" }"],
        FieldType::NamedTexts => &["\"text\"", "5", "[]"],
        FieldType::Scalar => &["[]", "{ a = 1 }"],
    }
}

/// Asserts that the schema takes `line` if the settings do.
fn taken_if_loaded(line: &str) {
    let fixture = fixture().file(line);
    if settings::load(&fixture.sources, fixture.need).is_ok() {
        assert_eq!(faults(line), [""; 0], "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_pattern_never_refuses_what_the_settings_take(
        duration in "( ?[0-9]{1,2}([.,][0-9])? ?(h|hr|hours|m|min|mins|s|sec|seconds|ms|us|µs|ns|d|days|w|wk),?){1,3}",
        clock in "(1d )?[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?",
        number in "[ +0-9:.hmsd-]{0,7}",
        percent in " ?[0-9]{0,4} ?%?",
        range in " ?[0-9]{1,4} ?- ?[0-9]{1,4} ?",
        name in "[a-z0-9.*-]{0,5}",
        journal in "(auto|MEMORY|Memory|configmap/[a-z0-9.-]{1,4}| )?",
    ) {
        for text in [&duration, &clock, &number] {
            for key in ["target.min_age", "limits.cooldown", "recovery.expect", "disrupt.grace_period"] {
                taken_if_loaded(&format!("{key} = \"{text}\""));
            }
        }
        for key in ["guards.min_ready", "guards.nodes_unready"] {
            taken_if_loaded(&format!("{key} = \"{percent}\""));
        }
        for text in [&percent, &range] {
            taken_if_loaded(&format!("disrupt.count = \"{text}\""));
        }
        taken_if_loaded(&format!("target.namespaces = [\"{name}\"]"));
        taken_if_loaded(&format!("journal = \"{journal}\""));
    }
}

#[test]
fn what_may_be_a_secret_is_marked_and_nothing_else() {
    let schema = config_schema();
    let mut marked = Vec::new();
    collect_marked(&schema, "", &mut marked);
    marked.sort();

    let keys = settings::keys().iter().filter(|key| key.kind == KeyKind::Secret);
    let mut expected: Vec<_> = keys.map(|key| pointer(key.path)).collect();
    expected.extend(["/notify/http/url".to_owned(), "/notify/route/url".to_owned()]);
    expected.sort();
    assert_eq!(marked, expected);
}

/// The paths of the properties that are marked as secrets.
fn collect_marked(schema: &Value, path: &str, marked: &mut Vec<String>) {
    if schema["writeOnly"] == true {
        marked.push(path.to_owned());
    }
    let table = if schema["items"].is_object() {
        &schema["items"]
    } else {
        schema
    };
    for (name, property) in table["properties"].as_object().into_iter().flatten() {
        collect_marked(property, &format!("{path}/{name}"), marked);
    }
}
