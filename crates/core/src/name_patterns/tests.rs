use super::*;

fn patterns(texts: &[&str]) -> NamePatterns {
    NamePatterns::new(texts.iter().map(|text| NamePattern::new(text)).collect())
}

#[test]
fn a_star_stands_for_any_characters_and_a_question_mark_for_one() {
    for (glob, name, expected) in [
        ("cart", "cart", true),
        ("cart", "cart-1", false),
        ("cart-*", "cart-", true),
        ("cart-*", "cart-eu-1", true),
        ("cart-*", "cart", false),
        ("*-canary", "cart-canary", true),
        ("*-canary", "cart-canary-2", false),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b", "ab-ab", true),
        ("*a*b", "ab-ba", false),
        ("db-?", "db-1", true),
        ("db-?", "db-", false),
        ("db-?", "db-12", false),
        ("?*", "", false),
        ("*", "", true),
        ("**", "web", true),
        ("", "", true),
        ("", "a", false),
    ] {
        assert_eq!(Glob::new(glob).matches(name), expected, "{glob} and {name}");
    }
}

#[test]
fn a_glob_covers_another_if_it_matches_whatever_that_one_matches() {
    for (glob, other, expected) in [
        ("*", "cart-*", true),
        ("cart-*", "cart-*", true),
        ("cart*", "cart-*", true),
        ("cart-*", "cart*", false),
        ("cart-?", "cart-*", false),
        ("cart-?", "cart-?", true),
        ("cart-*", "cart-?", true),
        ("?*", "*", false),
        ("*-canary", "*-eu-canary", true),
        ("cart-1", "cart-?", false),
    ] {
        let covers = Glob::new(glob).covers(&Glob::new(other));
        assert_eq!(covers, expected, "{glob} and {other}");
    }
}

#[test]
fn the_last_pattern_that_matches_decides() {
    for (list, name, expected) in [
        (&[][..], "web", true),
        (&["cart-*"], "cart-1", true),
        (&["cart-*"], "web", false),
        (&["cart-*", "!*-canary"], "cart-canary", false),
        (&["cart-*", "!*-canary", "cart-eu-canary"], "cart-eu-canary", true),
        (&["!db"], "db", false),
        (&["!db", "!queue-*"], "web", true),
    ] {
        assert_eq!(patterns(list).includes(name), expected, "{list:?} and {name}");
    }
}

#[test]
fn a_pattern_that_a_later_one_contradicts_entirely_is_useless() {
    let useless = |list: &[&str]| {
        let list = patterns(list);
        let found = list.useless();
        found.map(|(pattern, by)| (pattern.to_string(), by.to_string()))
    };
    let pair = |pattern: &str, by: &str| Some((pattern.to_owned(), by.to_owned()));

    assert_eq!(useless(&["cart", "!cart"]), pair("cart", "!cart"));
    assert_eq!(useless(&["web", "cart-*", "!cart*"]), pair("cart-*", "!cart*"));
    assert_eq!(
        useless(&["!cart-canary", "cart-*"]),
        pair("!cart-canary", "cart-*")
    );
    assert_eq!(useless(&["cart-*", "!cart-canary"]), None);
    assert_eq!(useless(&["cart-*", "cart-1", "!web"]), None);
}

#[test]
fn patterns_are_shown_as_they_are_written() {
    assert_eq!(patterns(&["cart-*", "! db"]).to_string(), "[cart-*, !db]");
    assert_eq!(patterns(&[]).to_string(), "[]");
}
