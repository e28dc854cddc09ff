//! The one table of the fields of a gate: it drives what is refused and suggested, and the documentation is tested
//! against it. A field is decoded in `gates`.

/// A kind of gate: the service that it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateService {
    /// Prometheus, or what speaks its HTTP API.
    Prometheus,
    /// Alertmanager.
    Alertmanager,
    /// Any service over HTTP.
    Http,
}

impl GateService {
    /// Every kind, in the order of asking.
    pub const ALL: [Self; 3] = [Self::Prometheus, Self::Alertmanager, Self::Http];

    /// The section of the TOML file: `guards.http` of `[[guards.http]]`.
    pub fn section(self) -> &'static str {
        match self {
            Self::Prometheus => "guards.prometheus",
            Self::Alertmanager => "guards.alertmanager",
            Self::Http => "guards.http",
        }
    }

    /// The kind of this section.
    pub(super) fn of_section(section: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.section() == section)
    }

    /// The names of its fields.
    pub(super) fn field_names(self) -> Vec<&'static str> {
        let fields = gate_fields().iter();
        let own = fields.filter(|field| field.is_of(self));
        own.map(|field| field.name).collect()
    }
}

/// One field of a gate.
#[derive(Debug, Clone, Copy)]
pub struct GateField {
    /// The name.
    pub name: &'static str,
    /// The only kind of gate that has the field; `None` if all have.
    pub service: Option<GateService>,
    /// The default.
    pub default: FieldDefault,
    /// The meaning, in a sentence.
    pub doc: &'static str,
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

impl GateField {
    /// Whether a gate of this kind has the field.
    pub(super) fn is_of(&self, service: GateService) -> bool {
        self.service.is_none_or(|own| own == service)
    }
}

/// Every field of a gate, in the order of the documentation.
pub fn gate_fields() -> &'static [GateField] {
    FIELDS
}

const fn field(
    name: &'static str,
    service: Option<GateService>,
    default: FieldDefault,
    doc: &'static str,
) -> GateField {
    GateField {
        name,
        service,
        default,
        doc,
    }
}

const ALL: Option<GateService> = None;
const PROMETHEUS: Option<GateService> = Some(GateService::Prometheus);
const ALERTMANAGER: Option<GateService> = Some(GateService::Alertmanager);
const HTTP: Option<GateService> = Some(GateService::Http);

#[rustfmt::skip]
static FIELDS: &[GateField] = &[
    field("name", ALL, FieldDefault::Required, "What reports, messages and the log call the gate: letters, digits, `-`, `_` and `.`."),
    field("url", ALL, FieldDefault::Required, "The address, `http://` or `https://`: the base of a Prometheus or an Alertmanager, the whole URL of an HTTP gate."),
    field("timeout", ALL, FieldDefault::Toml("\"5s\""), "How long the whole answer may take, from 100ms to 30s."),
    field("ca_file", ALL, FieldDefault::Absent, "A PEM file with the CA certificates to trust. Not set: those of the machine."),
    field("token_file", ALL, FieldDefault::Absent, "A file that holds a token, sent as `Authorization: Bearer`, and only over TLS or to a loopback address."),
    field("headers", ALL, FieldDefault::Absent, "More headers to send, such as `{ X-Scope-OrgID = \"team\" }`. Their values are never shown."),
    field("query", PROMETHEUS, FieldDefault::Required, "The PromQL query. `{{namespace}}` and `{{owner}}`, within double quotes, stand for the victim's."),
    field("expect", PROMETHEUS, FieldDefault::Toml("\"empty\""), "The result that means go: `\"empty\"`, `\"nonempty\"`, or `\"true\"` (one value, neither 0 nor NaN)."),
    field("canary", PROMETHEUS, FieldDefault::Absent, "A second query, whose result must not be empty: it shows that the metrics are there."),
    field("matchers", ALERTMANAGER, FieldDefault::Toml("[]"), "The alerts that count, such as `['severity=\"critical\"']`; with several, an alert must match all. Empty: every alert."),
    field("method", HTTP, FieldDefault::Toml("\"GET\""), "`\"GET\"` asks once for a round. `\"POST\"` asks for each victim, which the body names in JSON."),
    field("expect_status", HTTP, FieldDefault::Toml("200"), "The status that means go, from 200 to 599. Redirects are not followed."),
    field("expect_body", HTTP, FieldDefault::Absent, "The whole body that means go, without white space at its ends."),
    field("expect_json", HTTP, FieldDefault::Absent, "A JSON pointer such as `/go`: the value there must equal `equals`."),
    field("equals", HTTP, FieldDefault::Absent, "The value that means go: text, a number, `true` or `false`."),
];
