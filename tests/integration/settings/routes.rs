//! The kinds of messages that channels get, and the routes of messages by namespace and team: what they hold, and in which
//! words a mistake is refused.

use jiff::Timestamp;
use macaque::notify::{Channel, MessageKind, MessageKinds, Placement, ServiceChannel};
use macaque_testkit::notify::message;

use super::fixture;

/// A Slack bot, and a Slack webhook.
const SLACK: &str = "[notify.slack]\ntoken = \"t\"\nchannel = \"C1\"\n";
const WEBHOOK: &str = "[notify.slack_webhook]\nurl = \"https://chat.example/canary\"\n";
/// A channel over HTTP.
const HTTP: &str = "[[notify.http]]\nname = \"chat\"\nurl = \"https://chat.example/canary\"\nbody = '{\"text\": {{ headline }}}'\n";

/// The channels to services that a file sets.
fn channels(text: &str) -> Vec<ServiceChannel> {
    let channels = fixture().file(text).load().notify.channels();
    let services = channels.into_iter().map(|channel| match channel {
        Channel::Service(service) => service,
        other => panic!("no service: {other:?}"),
    });
    services.collect()
}

/// The only mistake of a file.
fn mistake(text: &str) -> String {
    fixture().file(text).mistake()
}

#[test]
fn a_service_gets_its_own_kinds_or_those_of_all_services_or_the_default_ones() {
    let held = || MessageKinds::of([MessageKind::Held]);
    for (general, own, expected) in [
        ("", "", MessageKinds::default()),
        ("kinds = [\"held\"]", "", held()),
        ("kinds = [\"idle\"]", "kinds = [\"Held\"]", held()),
        ("kinds = [\"idle\"]", "kinds = [\"all\"]", MessageKinds::all()),
        ("kinds = [\"idle\"]", "kinds = []", MessageKinds::of([])),
        ("kinds = [\"none\"]", "", MessageKinds::of([])),
    ] {
        let channels = channels(&format!("[notify]\n{general}\n{SLACK}{own}\n"));
        assert_eq!(channels[0].kinds, expected, "{general} {own}");
    }
}

#[test]
fn an_environment_variable_lists_kinds_and_may_say_none() {
    let kinds = |words| {
        let fixture = fixture().file(SLACK).env("MACAQUE_NOTIFY__SLACK__KINDS", words);
        let channels = fixture.load().notify.channels();
        match &channels[0] {
            Channel::Service(service) => service.kinds.clone(),
            other => panic!("no service: {other:?}"),
        }
    };
    assert_eq!(kinds("none"), MessageKinds::of([]));
    let two = [MessageKind::Held, MessageKind::Idle];
    assert_eq!(kinds("held, idle"), MessageKinds::of(two));
}

#[test]
fn a_kind_that_there_is_not_is_refused_with_the_nearest_and_the_replaced_key_with_the_new_one() {
    for (text, words) in [
        (
            "[notify]\nkinds = [\"held\",\n\"recovry\"]\n",
            "notify.kinds: \"recovry\" is not a kind of message: did you mean \"recovery\"? (macaque.toml line 3)",
        ),
        (
            "[notify]\nkinds = \"held\"\n",
            "notify.kinds: \"held\" is not a list: use a list of texts in quotes, such as [\"one\", \"two\"] (macaque.toml \
             line 2)",
        ),
        (
            "[notify]\nrecovery = \"bad\"\n",
            "notify.recovery: no setting has this name: did you mean notify.kinds? (macaque.toml line 2)",
        ),
    ] {
        assert_eq!(mistake(text), words);
    }
}

#[test]
fn a_route_is_one_more_channel_at_another_destination() {
    let fixture = fixture();
    let file = fixture.secret("url", "https://chat.example/other\n");
    let text = format!(
        "{SLACK}{WEBHOOK}{HTTP}
[[notify.route]]
name = \"payments\"
teams = [\"payments\"]
to = \"slack\"
channel = \"C2\"
kinds = [\"recovery\"]

[[notify.route]]
name = \"carts\"
namespaces = [\"cart-*\"]
to = \"slack-webhook\"
url_file = {file:?}

[[notify.route]]
name = \"shop\"
namespaces = [\"shop\"]
teams = [\"shop\"]
to = \"http/chat\"
"
    );
    let channels = fixture.file(&text).load().notify.channels();
    let names: Vec<_> = channels.iter().map(Channel::name).collect();
    let expected = [
        "slack",
        "slack-webhook",
        "http/chat",
        "slack/payments",
        "slack-webhook/carts",
        "http/chat/shop",
    ];
    assert_eq!(names, expected);

    let [.., slack, webhook, http] = &channels[..] else {
        panic!("{names:?}")
    };
    let Channel::Service(slack) = slack else {
        panic!("{slack:?}")
    };
    assert_eq!(slack.kinds, MessageKinds::of([MessageKind::Recovery]));
    let sent = slack
        .service
        .request(&message(), Placement::Own, Timestamp::UNIX_EPOCH);
    let body: serde_json::Value = serde_json::from_str(&sent.unwrap().body).unwrap();
    assert_eq!(body["channel"], "C2");
    let Channel::Service(carts) = webhook else {
        panic!("{webhook:?}")
    };
    assert_eq!(carts.kinds, MessageKinds::default());
    assert_eq!(carts.service.url(), "https://chat.example/other");
    assert!(http.concerns("shop", Some("shop")) && !http.concerns("shop", None));
    assert!(!format!("{channels:?}").contains("chat.example"), "{channels:?}");
}

#[test]
fn a_route_gets_the_kinds_that_its_service_would_get_unless_either_chooses() {
    let http = |template: &str| {
        format!(
            "[notify]\nkinds = [\"idle\"]\n[[notify.http]]\nname = \"it\"\nurl = \"https://it.example\"\nkinds = []\n\
             {template}\n[[notify.route]]\nname = \"r\"\nteams = [\"t\"]\nto = \"http/it\"\n"
        )
    };
    let alerts = [
        MessageKind::Failure,
        MessageKind::Recovery,
        MessageKind::Recovered,
    ];
    for (template, route, expected) in [
        ("template = \"incident-io\"", "", MessageKinds::of(alerts)),
        (
            "template = \"incident-io\"",
            "kinds = [\"held\"]",
            MessageKinds::of([MessageKind::Held]),
        ),
        (
            "template = \"discord\"",
            "",
            MessageKinds::of([MessageKind::Idle]),
        ),
    ] {
        let channels = channels(&format!("{}{route}\n", http(template)));
        assert_eq!(channels[1].kinds, expected, "{template} {route}");
    }
}

#[test]
fn a_route_that_leads_nowhere_or_concerns_nobody_is_refused_with_what_would_be_right() {
    let route = |fields: &str| format!("[[notify.route]]\nname = \"r\"\n{fields}");
    let shop = "namespaces = [\"shop\"]\n";
    for (text, words) in [
        (
            format!("{SLACK}{}to = \"slack\"\nchannel = \"C2\"\n", route("")),
            "notify.route[1].namespaces: names none, and teams neither: set one of them, such as namespaces = [\"shop\", \
             \"cart-*\"] or teams = [\"payments\"] (macaque.toml line 4)",
        ),
        (
            route(&format!("{shop}to = \"webex\"\nroom_id = \"r\"\n")),
            "notify.route[1].to: \"webex\" is not set up: set notify.webex.token and notify.webex.room_id (macaque.toml \
             line 4)",
        ),
        (
            route(&format!("{shop}to = \"slak\"\nchannel = \"C2\"\n")),
            "notify.route[1].to: \"slak\" is not a service: did you mean \"slack\"? (macaque.toml line 4)",
        ),
        (
            route(&format!("{shop}to = \"http/none\"\n")),
            "notify.route[1].to: no [[notify.http]] has the name \"none\": add one, or use the name of another service \
             (macaque.toml line 4)",
        ),
        (
            format!(
                "{SLACK}{}",
                route(&format!("{shop}to = \"slack\"\nroom_id = \"r\"\n"))
            ),
            "notify.route[1].room_id: a route to \"slack\" has no room_id: set channel instead (macaque.toml line 8)",
        ),
        (
            format!("{SLACK}{}", route(&format!("{shop}to = \"slack\"\n"))),
            "notify.route[1].channel: is not set: set it to where the messages of this route go (macaque.toml line 4)",
        ),
        (
            format!(
                "{WEBHOOK}{}",
                route(&format!("{shop}to = \"slack-webhook\"\nurl = \"canary\"\n"))
            ),
            "notify.route[1].url: the URL is not https: use an address that begins with https:// (http:// only for a \
             loopback address) (macaque.toml line 7)",
        ),
        (
            format!(
                "{HTTP}{}",
                route(&format!("{shop}to = \"http/chat\"\nurl = \"https://x\"\n"))
            ),
            "notify.route[1].url: a route to \"http/chat\" has no url: leave it out: the messages go where those of the \
             channel go (macaque.toml line 9)",
        ),
        (
            format!(
                "{SLACK}{}",
                route("namespaces = [\"shop\",\n\"Cart?\"]\nto = \"slack\"\nchannel = \"C2\"\n")
            ),
            "notify.route[1].namespaces: no namespace can match \"Cart?\": use lower-case letters, digits, - and * for any \
             characters, such as \"cart-*\" (macaque.toml line 7)",
        ),
    ] {
        assert_eq!(mistake(&text), words);
    }
}

#[test]
fn two_routes_have_two_names_and_there_are_not_more_than_forty() {
    let route = |name: &str| {
        format!("[[notify.route]]\nname = \"{name}\"\nteams = [\"t\"]\nto = \"slack\"\nchannel = \"C2\"\n")
    };
    let twice = format!("{SLACK}{}{}", route("r"), route("r"));
    assert_eq!(
        mistake(&twice),
        "notify.route[2].name: \"r\" is also the name of notify.route[1] (macaque.toml line 4): give each route a name of \
         its own (macaque.toml line 10)"
    );

    let many = |count| (0..count).map(|n| route(&format!("r{n}"))).collect::<String>();
    assert_eq!(channels(&format!("{SLACK}{}", many(40))).len(), 41);
    let refused = mistake(&format!("{SLACK}{}", many(41)));
    assert!(
        refused.contains("notify.route[41].name: is that of route 41, and a file may have 40 at most"),
        "{refused}"
    );
}
