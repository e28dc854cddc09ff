//! Secrets: where they come from, where they may be sent, and that they are never shown.

use macaque::notify::{Channel, MessageKind, MessageKinds};

use super::{fixture, secret_of};

/// What a secret holds in these tests; it must appear in no output.
const CANARY: &str = "xoxb-canary-7f3a";

/// A signing secret of the right form: 24 bytes.
fn signing_secret() -> String {
    format!("whsec_{}", "canary7f".repeat(4))
}

#[test]
fn a_secret_is_given_by_value_or_by_file() {
    let fixture = fixture();
    let path = fixture.secret("token", "from-file\r\n");
    let fixture = fixture
        .env("MACAQUE_NOTIFY__SLACK__TOKEN_FILE", &path)
        .env("MACAQUE_SLACK_CHANNEL", "C1")
        .env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL", "http://127.0.0.1:9/hook");
    let setup = fixture.load();

    assert_eq!(secret_of(&setup, "slack"), "from-file");
    assert_eq!(secret_of(&setup, "slack-webhook"), "http://127.0.0.1:9/hook");

    let mistake = fixture.env("MACAQUE_SLACK_TOKEN", CANARY).mistake();
    assert!(
        mistake.starts_with("notify.slack.token: is set, and so is notify.slack.token_file"),
        "{mistake}"
    );
}

#[test]
fn a_secret_file_that_cannot_be_used_is_reported_with_its_path() {
    let fixture = fixture().env("MACAQUE_SLACK_CHANNEL", "C1");
    let absent = fixture.path("absent").display().to_string();
    let empty = fixture.secret("empty", "\n");
    let fixture = fixture.flag("notify.slack.token_file", "--token-file", &absent);
    let mistake = fixture.mistake();

    assert!(
        mistake.contains("cannot read \"absent\": No such file or directory"),
        "{mistake}"
    );

    let mistake = fixture
        .flag("notify.slack.token_file", "--token-file", &empty)
        .mistake();

    assert!(mistake.contains("\"empty\" is empty"), "{mistake}");
}

#[test]
fn a_file_without_an_end_or_larger_than_a_secret_can_be_is_refused_with_its_key_and_its_name() {
    let slack = fixture().env("MACAQUE_SLACK_CHANNEL", "C1");
    let endless = slack.flag("notify.slack.token_file", "--token-file", "/dev/zero");
    assert_eq!(
        endless.mistake(),
        "notify.slack.token_file: cannot read \"/dev/zero\": it is larger than 1 MiB: mount the secret there, or fix the \
         path (flag --token-file)"
    );

    let fixture = fixture();
    let just_fits = fixture.secret("secret", &format!("{}x", "\n".repeat(1024 * 1024 - 1)));
    let gate = |file: &str| {
        format!("[[guards.http]]\nname = \"a\"\nurl = \"https://gate.example\"\ntoken_file = \"{file}\"\n")
    };
    let fixture = fixture.file(&gate(&just_fits));
    fixture.load();
    let too_large = fixture.secret("secret", &format!("{}x", "\n".repeat(1024 * 1024)));
    let mistake = fixture.file(&gate(&too_large)).mistake();
    assert!(
        mistake.starts_with("guards.http[1].token_file: cannot read \"secret\": it is larger than 1 MiB"),
        "{mistake}"
    );
}

#[test]
fn a_token_and_its_destination_belong_together() {
    let mistake = fixture().env("MACAQUE_SLACK_TOKEN", CANARY).mistake();
    assert!(
        mistake.starts_with("notify.slack.channel: is not set, but notify.slack.token "),
        "{mistake}"
    );

    let mistake = fixture().file("[notify.webex]\nroom_id = \"r\"").mistake();
    assert!(
        mistake.starts_with("notify.webex.token: is not set, but notify.webex.room_id "),
        "{mistake}"
    );
    assert!(mistake.contains("macaque.toml line 2"), "{mistake}");
}

#[test]
fn an_address_that_would_leak_a_secret_is_refused() {
    for url in ["http://slack.com/api", "slack.com", "https://user@slack.com/api"] {
        let mistake = fixture().env("MACAQUE_NOTIFY__SLACK__API_URL", url).mistake();
        assert!(mistake.contains("https://"), "{mistake}");
    }

    let setup = fixture()
        .env("MACAQUE_SLACK_TOKEN", "t")
        .env("MACAQUE_SLACK_CHANNEL", "c")
        .env("MACAQUE_NOTIFY__SLACK__API_URL", "http://localhost:1/api/")
        .load();

    assert_eq!(
        setup.notify.text("notify.slack.api_url"),
        Some("http://localhost:1/api")
    );
}

#[test]
fn blanks_and_line_breaks_around_a_secret_in_a_file_do_not_count() {
    let url = "https://discord.com/api/webhooks/1/x/slack?thread_id=5";
    for text in [
        url.to_owned(),
        format!("{url}\n"),
        format!("{url}\r\n\r\n"),
        format!(" {url} \n"),
        format!("\t{url}\t"),
        format!("\u{feff}{url}\r\n"),
    ] {
        let fixture = fixture();
        let path = fixture.secret("url", &text);
        let setup = fixture
            .env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL_FILE", &path)
            .load();
        assert_eq!(secret_of(&setup, "slack-webhook"), url, "{text:?}");
    }

    for text in [" \n", "\u{feff}", "\n\n"] {
        let fixture = fixture();
        let path = fixture.secret("url", text);
        let mistake = fixture
            .env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL_FILE", &path)
            .mistake();
        assert!(mistake.contains("\"url\" is empty"), "{mistake}");
    }
}

#[test]
fn each_fault_of_a_url_has_its_own_remedy() {
    const WEBHOOK: &str = "MACAQUE_NOTIFY__SLACK_WEBHOOK__URL";
    const API: &str = "MACAQUE_NOTIFY__SLACK__API_URL";
    for (variable, url, wrong, remedy) in [
        (
            WEBHOOK,
            "https://a.example/x#top",
            "has a part after #",
            "leave out # and",
        ),
        (WEBHOOK, "http://a.example/x", "unencrypted", "https://"),
        (
            WEBHOOK,
            "https://u:p@a.example/x",
            "user name",
            "leave out the user name",
        ),
        (WEBHOOK, "a.example/x", "is not", "https://"),
        (
            API,
            "https://a.example/api?x=y",
            "has a part after ?",
            "leave out ? and",
        ),
        (
            API,
            "https://a.example/api#x",
            "has a part after #",
            "leave out # and",
        ),
        (API, "http://a.example/api", "unencrypted", "https://"),
    ] {
        let mistake = fixture().env(variable, url).mistake();
        assert!(mistake.contains(wrong) && mistake.contains(remedy), "{mistake}");
    }
}

#[test]
fn a_secret_is_never_shown_by_a_setup_that_is_good() {
    let fixture = fixture();
    let path = fixture.secret("token", CANARY);
    let fixture = fixture
        .env("MACAQUE_SLACK_TOKEN", CANARY)
        .env("MACAQUE_SLACK_CHANNEL", "C1")
        .env("MACAQUE_NOTIFY__WEBEX__TOKEN_FILE", &path)
        .env("MACAQUE_WEBEX_ROOM_ID", "r")
        .env("MACAQUE_NOTIFY__PROXY", &format!("http://me:{CANARY}@proxy"))
        .env(
            "MACAQUE_NOTIFY__TEAMS__URL",
            &format!("https://relay.example/{CANARY}"),
        )
        .env(
            "MACAQUE_NOTIFY__WEBHOOK__URL",
            &format!("https://receiver.example/{CANARY}"),
        )
        .env("MACAQUE_NOTIFY__WEBHOOK__SECRET", &signing_secret())
        .env(
            "MACAQUE_NOTIFY__SLACK_WEBHOOK__URL",
            &format!("https://hooks.slack.com/{CANARY}"),
        );
    let shown = format!("{:?} {:#?} {:?}", fixture.load(), fixture.load(), fixture.sources);

    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn the_proxy_of_the_chat_services_is_a_url_or_off_by_value_or_by_file() {
    let proxies = |value: &str| {
        let by_value = fixture().env("MACAQUE_NOTIFY__PROXY", value).load().notify;
        let fixture = fixture();
        let path = fixture.secret("proxy", &format!("{value}\n"));
        let by_file = fixture.env("MACAQUE_NOTIFY__PROXY_FILE", &path).load().notify;
        let shown = format!("{:?}", by_value.proxies());
        assert_eq!(shown, format!("{:?}", by_file.proxies()));
        shown
    };

    assert_eq!(proxies("off"), "Some(Direct)");
    let proxy = "Some(Fixed(Proxy(socks5://proxy:1080 (notify.proxy))))";
    assert_eq!(proxies(&format!("socks5://me:{CANARY}@proxy")), proxy);
    assert!(fixture().load().notify.proxies().is_none());
}

#[test]
fn a_secret_is_never_shown_by_a_mistake() {
    let env = [
        ("MACAQUE_SLACK_TOKEN", format!("{CANARY} with blanks")),
        ("MACAQUE_SLACK_TOKN", CANARY.to_owned()),
        ("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL", format!("ftp://{CANARY}")),
        (
            "MACAQUE_NOTIFY__WEBEX__API_URL",
            format!("https://me:{CANARY}@webex"),
        ),
        ("MACAQUE_NOTIFY__PROXY", format!("ftp://me:{CANARY}@proxy")),
        (
            "MACAQUE_NOTIFY__WEBHOOK__SECRET",
            signing_secret()[6..].to_owned(),
        ),
        ("MACAQUE_NOTIFY__WEBHOOK__SECRET", format!("whsec_{CANARY}")),
        ("MACAQUE_NOTIFY__WEBHOOK__SECRET", signing_secret()),
        (
            "MACAQUE_NOTIFY__WEBHOOK__URL",
            format!("http://receiver/{CANARY}"),
        ),
        (
            "MACAQUE_NOTIFY__TEAMS__URL",
            format!("https://a.webhook.office.com/{CANARY}"),
        ),
        ("MACAQUE_NOTIFY__PROXY", format!("http://me:{CANARY}@")),
        ("MACAQUE_NOTIFY__PROXY", format!("me:{CANARY}@proxy:port")),
    ];
    let files = [
        format!("[notify.slack]\ntoken = \"{CANARY}"),
        format!("[notify.slack]\ntoken = {CANARY}"),
        format!("[notify.slack]\ntoken = '{CANARY}' x"),
        format!("[notify.slack]\ntoken = \"{CANARY}\\q\""),
        format!("[notify.slack]\ntoken = [\"{CANARY}\"]"),
        format!("[notify.slack]\ntoken = {{ value = \"{CANARY}\" }}"),
        format!("[notify.slack]\ntoken = \"a\"\ntoken = \"{CANARY}\""),
        format!("[notify]\nslack = \"{CANARY}\""),
        format!("[notify.slack]\ntokn = \"{CANARY}\""),
        format!("[notify.slack]\ntoken_file = \"{CANARY}\""),
        format!("[notify.slack_webhook]\nurl_file = \"https://hooks.slack.com/{CANARY}\""),
        format!("[notify.webhook]\nsecret = \"{CANARY}\""),
        format!("[notify.webhook]\nsecret_file = \"{CANARY}\""),
        format!("[notify.webhook]\nsecrets = \"{CANARY}\""),
        format!("[notify.teams]\nurl = \"https://webhook.office.com/{CANARY}\""),
        format!("[notify]\nproxy = \"me:{CANARY}@\""),
        format!("[notify]\nproxy_file = \"me:{CANARY}@proxy\""),
    ];

    for file in &files {
        let fixture = fixture().file(file);
        let shown = format!("{:?} {}", fixture.mistakes(), fixture.try_load().unwrap_err());
        assert!(!shown.contains("canary"), "{shown}");
    }

    for (name, value) in &env {
        let fixture = fixture().env(name, value);
        let shown = format!("{:?} {:?}", fixture.mistakes(), fixture.try_load());
        assert!(!shown.contains("canary"), "{shown}");
    }

    let both = fixture()
        .env("MACAQUE_SLACK_TOKEN", CANARY)
        .env("MACAQUE_NOTIFY__SLACK__TOKEN", "other-canary");

    assert!(!both.mistake().contains("canary"), "{}", both.mistake());
}

#[test]
fn a_signing_secret_of_another_form_is_a_mistake_that_says_what_is_right() {
    let with = |secret: &str| {
        fixture()
            .env("MACAQUE_NOTIFY__WEBHOOK__URL", "https://receiver.example/events")
            .env("MACAQUE_NOTIFY__WEBHOOK__SECRET", secret)
    };
    for (secret, wrong) in [
        ("canary", "the secret does not begin with whsec_"),
        ("whsec_canary7f", "the secret has fewer than 24 bytes"),
        (
            &format!("{} canary", signing_secret()),
            "secret number 2 does not begin with whsec_",
        ),
    ] {
        let mistake = with(secret).mistake();
        assert!(
            mistake.starts_with(&format!("notify.webhook.secret: {wrong}")),
            "{mistake}"
        );
        assert!(
            mistake.contains("openssl rand -base64 32") && !mistake.contains("canary"),
            "{mistake}"
        );
    }

    let older = format!("whsec_{}", "b1der7f3".repeat(4));
    let by_value = with(&format!("{} {older}", signing_secret()));
    let by_file = fixture();
    let path = by_file.secret("secrets", &format!("{}\n{older}\n", signing_secret()));
    let by_file = by_file
        .env("MACAQUE_NOTIFY__WEBHOOK__URL", "https://receiver.example/events")
        .env("MACAQUE_NOTIFY__WEBHOOK__SECRET_FILE", &path);
    for rotated in [by_value, by_file] {
        let channels = rotated.load().notify.channels();
        let Some(Channel::Service(channel)) = channels.first() else {
            panic!("the webhook is a channel");
        };
        assert_eq!(channel.service.hidden()[1..3], [&signing_secret(), &older]);
    }
}

#[test]
fn an_event_is_not_sent_unsigned_and_not_in_the_clear() {
    let mistake = fixture()
        .env("MACAQUE_NOTIFY__WEBHOOK__URL", "https://receiver.example/events")
        .mistake();
    assert!(
        mistake.starts_with("notify.webhook.secret: is not set, but notify.webhook.url "),
        "{mistake}"
    );
    let mistake = fixture()
        .env("MACAQUE_NOTIFY__WEBHOOK__URL", "http://receiver.example/events")
        .env("MACAQUE_NOTIFY__WEBHOOK__SECRET", &signing_secret())
        .mistake();
    assert!(mistake.contains("would send a secret unencrypted"), "{mistake}");
}

#[test]
fn the_url_of_a_connector_of_teams_is_refused_with_the_way_out() {
    let mistake = fixture()
        .env(
            "MACAQUE_NOTIFY__TEAMS__URL",
            "https://contoso.webhook.office.com/webhookb2/canary",
        )
        .mistake();
    assert!(
        mistake.starts_with("notify.teams.url: the URL is that of an Office 365 connector"),
        "{mistake}"
    );
    assert!(
        mistake.contains("Post to a channel when a webhook request is received"),
        "{mistake}"
    );
    assert!(!mistake.contains("canary"), "{mistake}");
}

#[test]
fn the_webhook_gets_every_kind_unless_its_own_key_chooses() {
    let kinds = |variables: &[(&str, &str)]| {
        let fixture = fixture()
            .env("MACAQUE_NOTIFY__WEBHOOK__URL", "https://receiver.example/events")
            .env("MACAQUE_NOTIFY__WEBHOOK__SECRET", &signing_secret())
            .env("MACAQUE_NOTIFY__KINDS", "pause");
        let fixture = variables
            .iter()
            .fold(fixture, |fixture, (name, value)| fixture.env(name, value));
        let channels = fixture.load().notify.channels();
        let Some(Channel::Service(channel)) = channels.into_iter().next() else {
            panic!("the webhook is a channel");
        };
        channel.kinds
    };
    assert_eq!(kinds(&[]), MessageKinds::all());
    let own = [("MACAQUE_NOTIFY__WEBHOOK__KINDS", "digest")];
    assert_eq!(kinds(&own), MessageKinds::of([MessageKind::Digest]));
}
