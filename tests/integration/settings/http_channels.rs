//! Channels over HTTP, which the file alone sets: what they hold, and in which words a mistake in one is refused.

use macaque::notify::{Channel, MessageKind};

use super::{SettingsFixture, fixture};

/// What a secret holds in these tests; it must appear in no output.
const CANARY: &str = "canary-9c1d";

/// A channel with all that it needs but the template.
const CHANNEL: &str = "[[notify.http]]\nname = \"a\"\nurl = \"https://a.example/canary-9c1d\"\n";

/// The only mistake of a channel with these fields, less the file's name.
fn mistake(fields: &str) -> String {
    mistake_in(&fixture(), fields)
}

fn mistake_in(fixture: &SettingsFixture, fields: &str) -> String {
    std::fs::write(fixture.path("macaque.toml"), format!("{CHANNEL}{fields}\n")).unwrap();
    let mistake = fixture.mistake();
    assert!(!mistake.contains(CANARY), "{mistake}");
    mistake.replace("macaque.toml ", "")
}

fn channels(text: &str) -> Vec<Channel> {
    fixture().file(text).load().notify.channels()
}

#[test]
fn channels_come_in_the_order_of_the_file_under_their_names() {
    let second = CHANNEL.replace("\"a\"", "\"B.2\"");
    let text = format!("{second}template = \"discord\"\n{CHANNEL}template = \"NTFY\"\n");
    let fixture = fixture();
    let topic = fixture.secret("topic", "t");
    let text = format!("{text}secret_files = {{ topic = {topic:?} }}\n");
    let channels = fixture.file(&text).load().notify.channels();
    let names: Vec<_> = channels.iter().map(Channel::name).collect();
    assert_eq!(names, ["http/B.2", "http/a"]);
}

#[test]
fn a_channel_gets_its_own_kinds_or_those_of_its_template_or_those_of_all() {
    let kinds = |text: &str| {
        let channels = channels(text);
        let Channel::Service(channel) = &channels[0] else {
            panic!("{channels:?}");
        };
        let kinds = channel.kinds.clone();
        let has = move |kind: &MessageKind| kinds.has_any(&[*kind]);
        MessageKind::ALL.into_iter().filter(has).collect::<Vec<_>>()
    };
    let general = "notify.kinds = [\"digest\"]\n";
    let discord = format!("{general}{CHANNEL}template = \"discord\"\n");
    let incident = format!("{general}{CHANNEL}template = \"incident-io\"\n");
    assert_eq!(kinds(&discord), [MessageKind::Digest]);
    assert_eq!(
        kinds(&format!("{discord}kinds = [\"pause\"]")),
        [MessageKind::Pause]
    );
    let alerts = [
        MessageKind::Failure,
        MessageKind::Recovery,
        MessageKind::Recovered,
    ];
    assert_eq!(kinds(&incident), alerts);
    assert_eq!(
        kinds(&format!("{incident}kinds = [\"failure\"]")),
        [MessageKind::Failure]
    );
}

#[test]
fn each_mistake_names_its_field_its_line_and_what_would_be_right() {
    for (fields, words) in [
        (
            "",
            "notify.http[1].template: is not set: set it, or body or body_file: use \"discord\"",
        ),
        (
            "template = \"slack\"",
            "notify.http[1].template: \"slack\" is not a template of macaque's: use \"discord\"",
        ),
        (
            "template = \"mattermos\"",
            "is not a template of macaque's: did you mean \"mattermost\"? (line 4)",
        ),
        (
            "template = \"discord\"\nbody = \"x\"",
            "notify.http[1].template: is set, and so is body: keep one of the two (line 4)",
        ),
        (
            "body = \"1\"\nbody_file = \"x\"",
            "notify.http[1].body: is set, and so is body_file: keep one",
        ),
        (
            "template = \"discord\"\ncontent_type = \"text/plain\"",
            "notify.http[1].template: is set, and so is content_type, although the template has its own: leave out content_type",
        ),
        (
            "template = \"discord\"\nurl_file = \"x\"",
            "notify.http[1].url: is set, and so is url_file: keep one of the two (line 3)",
        ),
        (
            "template = \"ntfy\"",
            "notify.http[1].secret_files: has no topic, which the template needs: set it to a file: secret_files = { topic = \"/etc/macaque/topic\" } (line 1)",
        ),
        (
            "template = \"pagerduty-change\"",
            "notify.http[1].secret_files: has no routing_key",
        ),
        (
            "template = \"discord\"\nmethod = \"GET\"",
            "notify.http[1].method: \"GET\" is not a method that carries a message: use \"POST\", \"PUT\" or \"PATCH\" (line 5)",
        ),
        (
            "template = \"discord\"\nmethod = 1",
            "notify.http[1].method: 1 is not a method",
        ),
        (
            "template = \"discord\"\nheaders = \"canary-9c1d\"",
            "notify.http[1].headers: is not a table of headers",
        ),
        (
            "template = \"discord\"\nheaders = { Authorization = \"Bearer canary-9c1d\" }",
            "notify.http[1].headers: Authorization cannot be set: write the token to a file, and set token_file, or name it in header_files (line 5)",
        ),
        (
            "template = \"discord\"\nheaders = { Content-Type = \"canary-9c1d\" }",
            "notify.http[1].headers: Content-Type is set by macaque itself",
        ),
        (
            "template = \"discord\"\nheader_files = [\"canary-9c1d\"]",
            "notify.http[1].header_files: is not a table of files: use a table of files, such as { X-Api-Key =",
        ),
        (
            "template = \"discord\"\nheader_files = { X-Key = 3 }",
            "notify.http[1].header_files: the value of \"X-Key\" is not text",
        ),
        (
            "template = \"discord\"\nheader_files = { X-Key = \"canary-9c1d\" }",
            "notify.http[1].header_files: X-Key: cannot read the file that it names: No such file",
        ),
        (
            "template = \"discord\"\nsecret_files = { key = \"canary-9c1d\" }",
            "notify.http[1].secret_files: key: cannot read the file that it names: No such file",
        ),
        (
            "template = \"discord\"\nsecret_files = { \"a-b\" = \"x\" }",
            "notify.http[1].secret_files: \"a-b\" cannot be written in a template: use letters, digits and _",
        ),
        (
            "template = \"discord\"\ntoken_file = \"canary-9c1d\"",
            "notify.http[1].token_file: cannot read the file that it names",
        ),
        (
            "body_file = \"/absent/body.json\"",
            "notify.http[1].body_file: cannot read \"/absent/body.json\": No such file or directory",
        ),
        (
            "body = \"{}\"\ncontent_type = \"application/zip\"",
            "notify.http[1].content_type: \"application/zip\" is no media type whose texts macaque can escape: use JSON,",
        ),
        (
            "body = \"{}\"\ncontent_type = \"text/plain\\n\\u00e9\"",
            "notify.http[1].content_type: the value of Content-Type is empty, or has a character that no header has",
        ),
        ("body = \"\"", "notify.http[1].body: is empty"),
        (
            "body = '''{\n \"a\": {{ headlin }}\n}'''",
            "notify.http[1].body: line 2 of the template: headlin is not defined (for a message of kind disruption): use a name that docs/notifications.md lists",
        ),
        (
            "body = '{{ headline|shout }}'",
            "notify.http[1].body: line 1 of the template: shout is not a filter (for a message of kind disruption): use one of minijinja's, or plain, markdown, limit or limit_bytes (line 4)",
        ),
        (
            "body = '{{ headline'",
            "notify.http[1].body: line 1 of the template: syntax error: unexpected end of input, expected end of variable block",
        ),
        (
            "body = '{\"a\": \"{{ headline }}\"}'",
            "notify.http[1].body: it renders text that is not JSON: look at line 1, column 9 of what it renders (for a message of kind disruption): write {{ headline }} without quotes around it, for a value has its own (line 4)",
        ),
        (
            "body = '{{ secrets.key }}'",
            "secrets.key is not defined (for a message of kind disruption): name its file in secret_files (line 4)",
        ),
        (
            "body = '{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}'",
            "it does too much: it loops too often, or makes too much text (for a message of kind disruption): loop over lines alone",
        ),
        (
            "body = '\"{% for x in range(9999) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}\"'",
            "it renders more than 256 KiB",
        ),
        (
            "template = \"discord\"\nkinds = [\"disruptions\"]",
            "notify.http[1].kinds: \"disruptions\" is not a kind of message: did you mean \"disruption\"?",
        ),
        (
            "template = \"discord\"\nheader = { a = \"b\" }",
            "notify.http[1].header: no field of this channel has this name: did you mean headers?",
        ),
        (
            "template = \"discord\"\nquery = \"x\"",
            "notify.http[1].query: no field of this channel has this name",
        ),
    ] {
        let mistake = mistake(fields);
        assert!(mistake.contains(words), "{fields}:\n  {mistake}\n  {words}");
    }
}

#[test]
fn there_are_not_more_than_twenty() {
    let channel = |n| {
        format!("[[notify.http]]\nname = \"c{n}\"\nurl = \"https://a.example\"\ntemplate = \"discord\"\n")
    };
    let many = |count| (0..count).map(channel).collect::<String>();
    assert_eq!(channels(&many(20)).len(), 20);
    assert_eq!(
        fixture().file(&many(21)).mistake(),
        "notify.http[21].name: is that of channel 21, and a file may have 20 at most: remove some channels (macaque.toml line 81)"
    );
}

#[test]
fn a_name_and_a_url_are_required_and_checked() {
    let rest = "template = \"discord\"\n";
    for (text, words) in [
        (
            "[[notify.http]]\nurl = \"https://a\"\n",
            "notify.http[1].name: is not set: set it to the name that the log shows",
        ),
        (
            "[[notify.http]]\nname = \"a b\"\nurl = \"https://a\"\n",
            "notify.http[1].name: \"a b\" is not a valid name: use letters, digits, -, _ and ., with a letter or a digit first, such as \"on-call\"",
        ),
        (
            "[[notify.http]]\nname = \"a\"\n",
            "notify.http[1].url: is not set: set it or url_file, such as url = \"https://chat.example/hooks/macaque\"",
        ),
        (
            "[[notify.http]]\nname = \"a\"\nurl = \"http://canary-9c1d.example\"\n",
            "notify.http[1].url: the URL would send a secret unencrypted: use an address that begins with https://",
        ),
        (
            "[[notify.http]]\nname = \"a\"\nurl = \"https://u:canary-9c1d@a.example\"\n",
            "notify.http[1].url: the URL contains a user name",
        ),
        (
            "[notify.http]\nname = \"a\"\n",
            "notify.http: is a table, but channels are a list of tables: write [[notify.http]], and the fields of the channel below",
        ),
    ] {
        let mistake = fixture().file(&format!("{text}{rest}")).mistake();
        assert!(mistake.contains(words) && !mistake.contains(CANARY), "{mistake}");
    }
    let twice = fixture()
        .file(&format!("{CHANNEL}{rest}{CHANNEL}{rest}"))
        .mistake();
    let words = "notify.http[2].name: \"a\" is also the name of notify.http[1] (macaque.toml line 1): give each channel a name of its own";
    assert!(twice.starts_with(words), "{twice}");
}

#[test]
fn a_file_that_cannot_be_used_is_reported_and_what_it_holds_is_not() {
    let fixture = fixture();
    let empty = fixture.secret("empty", " \n");
    let lines = fixture.secret("lines", "canary-9c1d\ncanary-9c1d\n");
    let words = fixture.secret("words", "Bearer canary-9c1d\n");
    let template = fixture.secret("body.json", "{\n\n{{ canary }}{{ 'canary-9c1d' + 1 }}");
    for (fields, expected) in [
        (
            format!("token_file = {empty:?}"),
            "notify.http[1].token_file: \"empty\" is empty: write the secret to it (line 5)",
        ),
        (
            format!("token_file = {words:?}"),
            "notify.http[1].token_file: the secret contains a space or another invalid character: copy it again (line 5)",
        ),
        (
            format!("header_files = {{ X-Key = {empty:?} }}"),
            "notify.http[1].header_files: X-Key: \"empty\" is empty",
        ),
        (
            format!("header_files = {{ X-Key = {lines:?} }}"),
            "notify.http[1].header_files: the value of X-Key is empty, or has a character that no header has",
        ),
        (
            format!("header_files = {{ Host = {words:?} }}"),
            "notify.http[1].header_files: Host is set by macaque itself",
        ),
        (
            format!("header_files = {{ X-Key = {words:?} }}\nheaders = {{ x-key = \"v\" }}"),
            "notify.http[1].header_files: X-Key is set, and headers sets it too: keep one of the two",
        ),
        (
            format!("secret_files = {{ key = {empty:?} }}"),
            "notify.http[1].secret_files: key: \"empty\" is empty",
        ),
        (
            format!("secret_files = {{ key = {lines:?} }}"),
            "notify.http[1].secret_files: key: the secret contains a space or another invalid character",
        ),
    ] {
        let mistake = mistake_in(&fixture, &format!("template = \"discord\"\n{fields}"));
        assert!(mistake.contains(expected), "{mistake}");
    }

    let both = format!("template = \"discord\"\nheader_files = {{ Authorization = {words:?} }}\n");
    let token = fixture.secret("token", "t");
    let mistake = mistake_in(&fixture, &format!("{both}token_file = {token:?}"));
    assert!(
        mistake.contains("Authorization is set, and token_file sets it too"),
        "{mistake}"
    );
    std::fs::write(fixture.path("macaque.toml"), format!("{CHANNEL}{both}")).unwrap();
    fixture.load();

    let mistake = mistake_in(&fixture, &format!("body_file = {template:?}"));
    assert!(
        mistake.contains("notify.http[1].body_file: line 3 of \"body.json\": canary is not defined"),
        "{mistake}"
    );
}
