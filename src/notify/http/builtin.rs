//! The templates that macaque brings along, one for each service.

use secrecy::{ExposeSecret, SecretString};

use super::format::BodyFormat;
use crate::notify::kind::MessageKind;

/// A template that macaque brings along.
#[derive(Debug, Clone, Copy)]
pub struct BuiltInTemplate {
    /// The name in the configuration.
    pub name: &'static str,
    /// The service.
    pub service: &'static str,
    /// The template, which renders JSON.
    pub source: &'static str,
    /// The names of the secrets that it writes into the body.
    pub secrets: &'static [&'static str],
    /// What the URL must have behind its `?`, if it does not say otherwise.
    pub query: Option<(&'static str, &'static str)>,
    /// The kinds of messages that a channel gets unless it chooses, if they are not those of every channel.
    pub kinds: Option<&'static [MessageKind]>,
}

impl BuiltInTemplate {
    /// The format of its bodies.
    pub const FORMAT: BodyFormat = BodyFormat::Json;

    /// The template of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut all = BUILT_IN.iter();
        all.find(|template| template.name.eq_ignore_ascii_case(name))
    }

    /// The URL with the query that the service needs.
    pub fn complete(&self, url: &SecretString) -> SecretString {
        let Some((name, value)) = self.query else {
            return url.clone();
        };
        let url = url.expose_secret();
        let (before, query) = url.split_once('?').unwrap_or((url, ""));
        let is_set = query.split('&').any(|pair| pair.split('=').next() == Some(name));
        match query {
            _ if is_set => url.into(),
            "" => format!("{before}?{name}={value}").into(),
            query => format!("{before}?{query}&{name}={value}").into(),
        }
    }
}

/// Every template that macaque brings along, in the order of the documents.
pub static BUILT_IN: &[BuiltInTemplate] = &[
    BuiltInTemplate {
        name: "discord",
        service: "Discord",
        source: include_str!("../../../config/templates/discord.json"),
        secrets: &[],
        // Else Discord also says so of a message that it does not keep.
        query: Some(("wait", "true")),
        kinds: None,
    },
    BuiltInTemplate {
        name: "google-chat",
        service: "Google Chat",
        source: include_str!("../../../config/templates/google-chat.json"),
        secrets: &[],
        // Else the key of a thread has no effect.
        query: Some(("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD")),
        kinds: None,
    },
    BuiltInTemplate {
        name: "incident-io",
        service: "incident.io",
        source: include_str!("../../../config/templates/incident-io.json"),
        secrets: &[],
        query: None,
        // Each opens or resolves an alert.
        kinds: Some(&[
            MessageKind::Failure,
            MessageKind::Recovery,
            MessageKind::Recovered,
        ]),
    },
    BuiltInTemplate {
        name: "mattermost",
        service: "Mattermost",
        source: include_str!("../../../config/templates/mattermost.json"),
        secrets: &[],
        query: None,
        kinds: None,
    },
    BuiltInTemplate {
        name: "ntfy",
        service: "ntfy",
        source: include_str!("../../../config/templates/ntfy.json"),
        secrets: &["topic"],
        query: None,
        kinds: None,
    },
    BuiltInTemplate {
        name: "pagerduty-change",
        service: "PagerDuty",
        source: include_str!("../../../config/templates/pagerduty-change.json"),
        secrets: &["routing_key"],
        query: None,
        kinds: None,
    },
    BuiltInTemplate {
        name: "rocket-chat",
        service: "Rocket.Chat",
        source: include_str!("../../../config/templates/rocket-chat.json"),
        secrets: &[],
        query: None,
        kinds: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gets_the_query_that_its_service_needs_once() {
        let discord = BuiltInTemplate::named("Discord").unwrap();
        for (url, complete) in [
            (
                "https://discord.com/api/webhooks/1/x",
                "https://discord.com/api/webhooks/1/x?wait=true",
            ),
            ("https://d.example/x?", "https://d.example/x?wait=true"),
            (
                "https://d.example/x?thread_id=5",
                "https://d.example/x?thread_id=5&wait=true",
            ),
            ("https://d.example/x?wait=false", "https://d.example/x?wait=false"),
        ] {
            assert_eq!(discord.complete(&url.into()).expose_secret(), complete);
        }
        let ntfy = BuiltInTemplate::named("ntfy").unwrap();
        assert_eq!(
            ntfy.complete(&"https://ntfy.sh".into()).expose_secret(),
            "https://ntfy.sh"
        );
    }
}
