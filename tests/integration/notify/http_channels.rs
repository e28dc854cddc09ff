//! Promises about `[[notify.http]]` over HTTP: what each template sends, whatever the answer, and that nothing shows a secret.

use std::sync::Arc;

use macaque::notify::delivery::Retryable;
use macaque::notify::http::BUILT_IN;
use macaque::notify::{
    Channel, DeliveryError, MessageContext, OutgoingMessage, Placement, RecoveryMessage, RoundMessage,
    deliver,
};
use macaque::settings::{self, ScheduleNeed, SettingsSources, ValidSettings};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::refusal::Refusal;
use macaque_testkit::CANARY;
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{http, message, recovery, round};
use macaque_testkit::server_answer::{reply, reply_with};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{DELIVERED, with_retries};

/// A file of settings, with files of secrets beside it.
struct HttpSettings {
    dir: TempDir,
}

impl HttpSettings {
    fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    /// The path of a file with this text, as TOML.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("{:?}", path.display().to_string())
    }

    fn load(&self, text: &str) -> ValidSettings {
        load_with(&self.dir, text, &[])
    }

    /// The only channel of a file.
    fn channel(&self, text: &str) -> Channel {
        let mut channels = self.load(text).notify.channels();
        assert_eq!(channels.len(), 1, "{channels:?}");
        channels.remove(0)
    }
}

/// The settings of a file with this text in `dir`, and of these variables.
pub(super) fn load_with(dir: &TempDir, text: &str, variables: &[(&str, &str)]) -> ValidSettings {
    let path = dir.path().join("macaque.toml");
    std::fs::write(&path, text).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    let sources = SettingsSources {
        file: Some(path),
        env: variables.collect(),
        service_account_namespace: Some("own".into()),
        ..SettingsSources::default()
    };
    settings::load(&sources, ScheduleNeed::Optional).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// A channel with one of macaque's templates, and whatever it needs.
fn built_in(settings: &HttpSettings, name: &str, address: &str) -> Channel {
    let secret = settings.file("secret", CANARY);
    settings.channel(&format!(
        "[[notify.http]]\nname = \"it\"\nurl = \"http://{address}/hook?a=b\"\ntemplate = {name:?}\nkinds = [\"all\"]\n\
         secret_files = {{ topic = {secret}, routing_key = {secret} }}\n"
    ))
}

/// The messages whose bodies are recorded.
fn recorded() -> Vec<(&'static str, OutgoingMessage)> {
    let webhook = Outcome::Refused(Refusal::Webhook {
        name: "guard.example.com".to_owned(),
        message: "<!here> see [this](https://evil.example/?a=\"b\") @everyone *now*".to_owned(),
        temporary: false,
    });
    let context = MessageContext {
        cluster: Some("staging".to_owned()),
        ..MessageContext::default()
    };
    let in_context = |report| RoundMessage::in_context(Arc::new(report), &context).into();
    let recovered = |verdict| {
        let report = Arc::new(recovery("web-1", verdict));
        RecoveryMessage::in_context(report, &context).into()
    };
    vec![
        ("disruption", in_context(round([("web-1", Outcome::Evicted)]))),
        ("refusal", in_context(round([("web-1", webhook)]))),
        ("recovery", recovered(RecoveryVerdict::Unrecovered)),
        ("recovered", recovered(RecoveryVerdict::Recovered)),
    ]
}

#[actix_rt::test]
async fn a_channel_sends_what_its_template_renders_with_what_its_files_hold() {
    let service = ChatServer::answering([reply(200, "ok")]).await;
    let settings = HttpSettings::new();
    let token = settings.file("token", "file-token\n");
    let header = settings.file("header", " GenieKey 1 2\r\n");
    let secret = settings.file("secret", "\u{feff}file-secret\n");
    let template = settings.file(
        "body.txt",
        "{{ secrets.key }}: {{ headline }}\n{% for line in lines %}- {{ line }}\n{% endfor %}",
    );
    let url = settings.file("url", &format!("http://{}/a?b=c\n", service.address));
    let channel = settings.channel(&format!(
        "[[notify.http]]\nname = \"on-call\"\nmethod = \"put\"\nurl_file = {url}\ncontent_type = \"text/plain; charset=utf-8\"\n\
         token_file = {token}\nheaders = {{ X-Team = \"shop\" }}\nheader_files = {{ X-Key = {header} }}\n\
         secret_files = {{ key = {secret} }}\nbody_file = {template}\n"
    ));
    assert_eq!(channel.name(), "http/on-call");
    assert_eq!(
        deliver(&http(), &channel, &message(), Placement::Own).await,
        DELIVERED
    );

    let requests = service.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().map(str::to_ascii_lowercase).collect();
    assert_eq!(lines.remove(0), "put /a?b=c http/1.1");
    for line in [
        "authorization: bearer file-token",
        "x-team: shop",
        "x-key: geniekey 1 2",
        "content-type: text/plain; charset=utf-8",
    ] {
        assert_eq!(
            lines.iter().filter(|own| *own == line).count(),
            1,
            "{line}: {lines:?}"
        );
    }
    let expected = "file-secret: evicted 1 pod, 1 with unknown outcome\n";
    assert!(body.starts_with(expected), "{body}");
    assert!(body.contains("\n- shop/web-1: evicted\n"), "{body}");
}

#[actix_rt::test]
async fn each_template_of_macaques_sends_what_is_recorded() {
    let mut differing = String::new();
    for template in BUILT_IN {
        let service = ChatServer::answering([reply(204, "")]).await;
        let settings = HttpSettings::new();
        let channel = built_in(&settings, template.name, &service.address);
        let mut sent = json!({});
        for (kind, message) in recorded() {
            assert_eq!(
                deliver(&http(), &channel, &message, Placement::Own).await,
                DELIVERED
            );
            let request = service.requests().pop().unwrap();
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            let query = template
                .query
                .map_or_else(String::new, |(name, value)| format!("&{name}={value}"));
            assert!(
                head.starts_with(&format!("POST /hook?a=b{query} HTTP/1.1\r\n")),
                "{head}"
            );
            assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
            sent[kind] = serde_json::from_str(body).unwrap();
        }

        let path = format!(
            "{}/tests/integration/notify/templates/{}.json",
            env!("CARGO_MANIFEST_DIR"),
            template.name
        );
        let expected: Value =
            std::fs::read_to_string(&path).map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        if sent != expected {
            let shown = format!("{sent:#}").replace('\u{200b}', "\\u200b");
            differing += &format!("\n{path}:\n{shown}\n");
        }
    }
    assert!(differing.is_empty(), "what belongs in these files is:{differing}");
}

#[actix_rt::test]
async fn a_channel_is_retried_as_any_other_and_a_refusal_is_final() {
    let settings = HttpSettings::new();
    let later = "{\"message\":\"slow down\"}";
    let service = ChatServer::answering([reply(429, later), reply(503, ""), reply(200, "")]).await;
    let (delivery, pauses) = with_retries(&built_in(&settings, "discord", &service.address)).await;
    assert_eq!(
        (delivery, pauses.len(), service.requests().len()),
        (DELIVERED, 2, 3)
    );
    let bodies: Vec<_> = service
        .requests()
        .iter()
        .map(|request| request.split_once("\r\n\r\n").unwrap().1.to_owned())
        .collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");

    for status in [400, 401, 403, 404, 410, 413, 422] {
        let service = ChatServer::answering([reply(status, "{\"error\":\"no\"}")]).await;
        let (delivery, _) = with_retries(&built_in(&settings, "ntfy", &service.address)).await;
        let why = format!("http/it answered {status}: no");
        assert_eq!(delivery, Err(DeliveryError::permanent(why)));
        assert_eq!(service.requests().len(), 1);
    }
}

#[actix_rt::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = ChatServer::answering([reply(200, "")]).await;
    let location = format!("Location: http://{}/", elsewhere.address);
    let service = ChatServer::answering([reply_with(307, &location)]).await;
    let settings = HttpSettings::new();
    let (delivery, _) = with_retries(&built_in(&settings, "mattermost", &service.address)).await;
    let error = delivery.unwrap_err();
    assert_eq!(error.why, "http/it answered 307: redirects are not followed");
    assert_eq!(error.retryable, Retryable::No);
    assert!(elsewhere.requests().is_empty());
}

#[actix_rt::test]
async fn a_message_that_the_template_cannot_render_is_not_sent() {
    let service = ChatServer::answering([reply(200, "")]).await;
    let settings = HttpSettings::new();
    // No sample has this seed.
    let channel = settings.channel(&format!(
        "[[notify.http]]\nname = \"it\"\nurl = \"http://{}/\"\n\
         body = '''[{{% if about == \"round\" and round.seed == 42 %}}{{{{ round.nothing }}}}{{% endif %}}]'''\n",
        service.address
    ));
    let (delivery, _) = with_retries(&channel).await;
    let why = "the template of http/it failed: line 1: round.nothing is not defined";
    assert_eq!(delivery, Err(DeliveryError::permanent(why)));
    assert!(service.requests().is_empty());
}

#[actix_rt::test]
async fn nothing_shows_what_a_channel_keeps_secret_whatever_the_service_echoes() {
    let secrets = ["path", "token", "header", "file", "body"].map(|name| format!("{CANARY}-{name}"));
    let [path, token, header, file, body] = &secrets;
    let echo = format!(
        "{path} Bearer {token} {header} {file} {body} {}",
        secrets.join("\\n").replace('-', "\\u002d")
    );
    let answer = format!("{{\"message\":\"{echo}\"}}");
    let service = ChatServer::answering([reply(400, &answer), reply(500, &answer)]).await;

    let settings = HttpSettings::new();
    let token = settings.file("token", token);
    let file = settings.file("file", file);
    let body = settings.file("secret", body);
    let loaded = settings.load(&format!(
        "[[notify.http]]\nname = \"it\"\nurl = \"http://{}/{path}\"\ntoken_file = {token}\n\
         headers = {{ X-Key = \"{header}\" }}\nheader_files = {{ X-File = {file} }}\n\
         secret_files = {{ key = {body} }}\nbody = '{{\"key\": {{{{ secrets.key }}}} }}'\n",
        service.address
    ));
    let channel = loaded.notify.channels().remove(0);

    let mut shown = format!("{loaded:?} {channel:?}");
    for _ in 0..2 {
        let error = deliver(&http(), &channel, &message(), Placement::Own)
            .await
            .unwrap_err();
        shown += &format!("{error} {error:?}");
    }
    assert!(shown.contains("http/it answered 400: [hidden]"), "{shown}");
    assert!(shown.contains("http/it answered 500: [hidden]"), "{shown}");
    assert!(!shown.contains("CANARY"), "{shown}");
    let (_, sent) = service.requests()[0]
        .split_once("\r\n\r\n")
        .map(|(head, body)| (head.to_owned(), body.to_owned()))
        .unwrap();
    assert!(sent.contains(&secrets[4]), "the key was sent: {sent}");
}
