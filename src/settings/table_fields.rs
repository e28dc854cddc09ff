//! The one table of the fields of the tables that a file may hold several of: it drives what is refused and suggested, and
//! the documentation is tested against it. A field is decoded in `gates`, or in `notify`.

use FieldType::{Duration, NamedTexts, Number, Scalar, Secret, Text, Texts, WordOrTrue};

use super::forms::{ANY, KINDS, NAME, NumberBounds, STATUSES, TextForm};
use crate::notify::http::{BUILT_IN, HttpChannelMethod};

/// A kind of table of which a file may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// The gate that asks Prometheus, or what speaks its HTTP API.
    Prometheus,
    /// The gate that asks Alertmanager.
    Alertmanager,
    /// The gate that asks any service over HTTP.
    HttpGate,
    /// The channel over HTTP with a template.
    HttpChannel,
    /// The route of messages about some namespaces or teams.
    Route,
}

impl TableKind {
    /// Every kind; gates in the order of asking.
    pub const ALL: [Self; 5] = [
        Self::Prometheus,
        Self::Alertmanager,
        Self::HttpGate,
        Self::HttpChannel,
        Self::Route,
    ];

    /// The section of the TOML file: `guards.http` of `[[guards.http]]`.
    pub fn section(self) -> &'static str {
        match self {
            Self::Prometheus => "guards.prometheus",
            Self::Alertmanager => "guards.alertmanager",
            Self::HttpGate => "guards.http",
            Self::HttpChannel => "notify.http",
            Self::Route => "notify.route",
        }
    }

    /// What a table of this kind is called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Prometheus | Self::Alertmanager | Self::HttpGate => "gate",
            Self::HttpChannel => "channel",
            Self::Route => "route",
        }
    }

    /// How many of them a file may hold; `None` is any number. A channel and a route have a queue each, and a name in the
    /// journal.
    pub(super) fn most(self) -> Option<usize> {
        match self {
            Self::Prometheus | Self::Alertmanager | Self::HttpGate => None,
            Self::HttpChannel => Some(20),
            Self::Route => Some(40),
        }
    }

    /// Whether it is a gate.
    pub fn is_gate(self) -> bool {
        GATE.contains(&self)
    }

    /// The kind of this section.
    pub(super) fn of_section(section: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.section() == section)
    }

    /// The field of this name.
    pub(super) fn field(self, name: &str) -> Option<&'static TableField> {
        table_fields()
            .iter()
            .find(|field| field.name == name && field.is_of(self))
    }

    /// The names of its fields.
    pub(super) fn field_names(self) -> Vec<&'static str> {
        let fields = table_fields().iter();
        let own = fields.filter(|field| field.is_of(self));
        own.map(|field| field.name).collect()
    }
}

/// One field of such a table.
#[derive(Debug, Clone, Copy)]
pub struct TableField {
    /// The name.
    pub name: &'static str,
    /// The kinds of table that have the field.
    pub kinds: &'static [TableKind],
    /// The type of its value.
    pub value: FieldType,
    /// The default.
    pub default: FieldDefault,
    /// The meaning, in a sentence.
    pub doc: &'static str,
}

/// The type of a field's value.
#[derive(Debug, Clone, Copy)]
pub enum FieldType {
    /// Text, which is not empty.
    Text(TextForm),
    /// Text that may be a secret.
    Secret,
    /// A word, or `true`, which is meant as that word.
    WordOrTrue(fn() -> Vec<&'static str>),
    /// A number with a unit, such as `5s`.
    Duration,
    /// A whole number.
    Number(NumberBounds),
    /// A list of texts.
    Texts(TextForm),
    /// A table of texts.
    NamedTexts,
    /// Text, a number, `true` or `false`.
    Scalar,
}

/// The default of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldDefault {
    /// There is none: the field must be set.
    Required,
    /// The field is absent by default.
    Absent,
    /// This value, as TOML.
    Toml(&'static str),
}

impl TableField {
    /// Whether a table of this kind has the field.
    pub fn is_of(&self, kind: TableKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether it holds a table of texts.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.value, FieldType::NamedTexts)
    }
}

/// Every field, in the order of the documentation.
pub fn table_fields() -> &'static [TableField] {
    FIELDS
}

const fn field(
    name: &'static str,
    kinds: &'static [TableKind],
    value: FieldType,
    default: FieldDefault,
    doc: &'static str,
) -> TableField {
    TableField {
        name,
        kinds,
        value,
        default,
        doc,
    }
}

const GATE: &[TableKind] = &[
    TableKind::Prometheus,
    TableKind::Alertmanager,
    TableKind::HttpGate,
];
const PROMETHEUS: &[TableKind] = &[TableKind::Prometheus];
const ALERTMANAGER: &[TableKind] = &[TableKind::Alertmanager];
const HTTP_GATE: &[TableKind] = &[TableKind::HttpGate];
const HTTP_CHANNEL: &[TableKind] = &[TableKind::HttpChannel];
const ROUTE: &[TableKind] = &[TableKind::Route];

const TEXT: FieldType = Text(ANY);
const MATCHER: TextForm = TextForm::Any(&["severity=\"critical\""]);
const POINTER: TextForm = TextForm::Like(r"^\s*/", &["/go", "/status/allowed"]);
const GATE_METHOD: TextForm = TextForm::Words(|| vec!["GET", "POST"]);
const CHANNEL_METHOD: TextForm =
    TextForm::Words(|| HttpChannelMethod::ALL.map(HttpChannelMethod::as_str).into());
const TEMPLATE: TextForm = TextForm::Words(|| BUILT_IN.iter().map(|template| template.name).collect());
const NAMESPACES: TextForm = TextForm::Like(r"^\s*[a-z0-9*-]+\s*$", &["shop", "cart-*"]);
const TARGET: TextForm = TextForm::Like(
    r"^\s*(http/.+|[a-z-]+)\s*$",
    &["slack", "slack-webhook", "webex", "teams", "webhook", "http/NAME"],
);

#[rustfmt::skip]
static FIELDS: &[TableField] = &[
    field("name", GATE, Text(NAME), FieldDefault::Required, "What reports, messages and the log call the gate: letters, digits, `-`, `_` and `.`."),
    field("url", GATE, TEXT, FieldDefault::Required, "The address, `http://` or `https://`: the base of a Prometheus or an Alertmanager, the whole URL of an HTTP gate."),
    field("timeout", GATE, Duration, FieldDefault::Toml("\"5s\""), "How long the whole answer may take, from 100ms to 30s."),
    field("ca_file", GATE, TEXT, FieldDefault::Absent, "A PEM file with the CA certificates to trust. Not set: those of the machine."),
    field("token_file", GATE, TEXT, FieldDefault::Absent, "A file that holds a token, sent as `Authorization: Bearer`, and only over TLS or to a loopback address."),
    field("headers", GATE, NamedTexts, FieldDefault::Absent, "More headers to send, such as `{ X-Scope-OrgID = \"team\" }`. Their values are never shown."),
    field("query", PROMETHEUS, TEXT, FieldDefault::Required, "The PromQL query. `{{namespace}}` and `{{owner}}`, within double quotes, stand for the victim's."),
    field("expect", PROMETHEUS, WordOrTrue(|| vec!["empty", "nonempty", "true"]), FieldDefault::Toml("\"empty\""), "The result that means go: `\"empty\"`, `\"nonempty\"`, or `\"true\"` (one value, neither 0 nor NaN)."),
    field("canary", PROMETHEUS, TEXT, FieldDefault::Absent, "A second query, whose result must not be empty: it shows that the metrics are there."),
    field("matchers", ALERTMANAGER, Texts(MATCHER), FieldDefault::Toml("[]"), "The alerts that count, such as `['severity=\"critical\"']`; with several, an alert must match all. Empty: every alert."),
    field("method", HTTP_GATE, Text(GATE_METHOD), FieldDefault::Toml("\"GET\""), "`\"GET\"` asks once for a round. `\"POST\"` asks for each victim, which the body names in JSON."),
    field("expect_status", HTTP_GATE, Number(STATUSES), FieldDefault::Toml("200"), "The status that means go, from 200 to 599. Redirects are not followed."),
    field("expect_body", HTTP_GATE, TEXT, FieldDefault::Absent, "The whole body that means go, without white space at its ends."),
    field("expect_json", HTTP_GATE, Text(POINTER), FieldDefault::Absent, "A JSON pointer such as `/go`: the value there must equal `equals`."),
    field("equals", HTTP_GATE, Scalar, FieldDefault::Absent, "The value that means go: text, a number, `true` or `false`."),
    field("name", HTTP_CHANNEL, Text(NAME), FieldDefault::Required, "What the log and the metrics call the channel: letters, digits, `-`, `_` and `.`."),
    field("url", HTTP_CHANNEL, Secret, FieldDefault::Absent, "The whole URL, `https://`, or `http://` for a loopback address. Required, or `url_file`."),
    field("url_file", HTTP_CHANNEL, TEXT, FieldDefault::Absent, "A file that holds the URL, if whoever knows it can send messages."),
    field("method", HTTP_CHANNEL, Text(CHANNEL_METHOD), FieldDefault::Toml("\"POST\""), "`\"POST\"`, `\"PUT\"` or `\"PATCH\"`."),
    field("token_file", HTTP_CHANNEL, TEXT, FieldDefault::Absent, "A file that holds a token, sent as `Authorization: Bearer`."),
    field("headers", HTTP_CHANNEL, NamedTexts, FieldDefault::Absent, "More headers to send, such as `{ X-Team = \"shop\" }`. Their values are never shown."),
    field("header_files", HTTP_CHANNEL, NamedTexts, FieldDefault::Absent, "More headers to send, each with the file that holds its value: `{ X-Api-Key = \"/etc/macaque/key\" }`."),
    field("secret_files", HTTP_CHANNEL, NamedTexts, FieldDefault::Absent, "Files that hold what the template writes into the body: with `{ key = \"/etc/macaque/key\" }` it is `{{ secrets.key }}`."),
    field("template", HTTP_CHANNEL, Text(TEMPLATE), FieldDefault::Absent, "A template that macaque brings along: `discord`, `google-chat`, `incident-io`, `mattermost`, `ntfy`, `pagerduty-change` or `rocket-chat`. Required, or `body` or `body_file`."),
    field("body", HTTP_CHANNEL, TEXT, FieldDefault::Absent, "The template of the body, in minijinja's syntax."),
    field("body_file", HTTP_CHANNEL, TEXT, FieldDefault::Absent, "A file that holds the template of the body."),
    field("content_type", HTTP_CHANNEL, TEXT, FieldDefault::Toml("\"application/json\""), "The media type of the body, which decides how texts are escaped: JSON, XML, HTML, `application/x-www-form-urlencoded`, or `text/…` for none."),
    field("kinds", HTTP_CHANNEL, Texts(KINDS), FieldDefault::Absent, "The kinds of messages that it gets. Not set: those of `notify.kinds`; with `incident-io`, `failure`, `recovery` and `recovered`."),
    field("name", ROUTE, Text(NAME), FieldDefault::Required, "What the log and the metrics call the route: letters, digits, `-`, `_` and `.`."),
    field("namespaces", ROUTE, Texts(NAMESPACES), FieldDefault::Toml("[]"), "The namespaces of the victims that it is about, such as `[\"shop\", \"cart-*\"]`; `*` stands for any characters. Empty: every namespace."),
    field("teams", ROUTE, Texts(ANY), FieldDefault::Toml("[]"), "The teams of the victims that it is about, as the annotation `macaque/team` names them. Empty: every team, and none. `namespaces` or `teams` must be set; a victim must match both if both are."),
    field("to", ROUTE, Text(TARGET), FieldDefault::Required, "The service that delivers it, which must be set up: `slack`, `slack-webhook`, `webex`, `teams`, `webhook` or `http/NAME`."),
    field("channel", ROUTE, TEXT, FieldDefault::Absent, "The Slack channel to write to, by its ID or name. Required with `to = \"slack\"`."),
    field("room_id", ROUTE, TEXT, FieldDefault::Absent, "The Webex room to write to. Required with `to = \"webex\"`."),
    field("url", ROUTE, Secret, FieldDefault::Absent, "The URL to post to. Required, or `url_file`, with `to = \"slack-webhook\"`, `\"teams\"` or `\"webhook\"`."),
    field("url_file", ROUTE, TEXT, FieldDefault::Absent, "A file that holds the URL to post to."),
    field("kinds", ROUTE, Texts(KINDS), FieldDefault::Absent, "The kinds of messages that it gets. Not set: those that its service would get without `kinds` of its own."),
];
