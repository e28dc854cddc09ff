//! Microsoft Teams, by a workflow: its settings, the card that carries a message, and the meaning of the answers.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::delivery::{Delivery, DeliveryError, DeliveryResult, ServiceAnswer, judge_status};
use super::kind::MessageKind;
use super::outgoing::{OutgoingMessage, Placement};
use super::service::{
    FieldFault, FieldKind, NotifyService, ServiceField, ServiceRequest, ServiceSpec, check_secret_url,
};
use super::url::destination;
use crate::text::items_within;

const URL: &str = "notify.teams.url";

/// What to do about a URL of a connector.
const WAY_OUT: &str = "in Teams, create a workflow from the template \"Post to a channel when a webhook request is \
                       received\", and use the URL that it shows";

/// The specification of the workflow of Teams.
pub static WORKFLOW: ServiceSpec = ServiceSpec {
    name: "teams",
    title: "Teams",
    gets_all_kinds: false,
    kinds_path: "notify.teams.kinds",
    fields: &[ServiceField {
        path: URL,
        doc: "The URL of a Teams workflow that posts a webhook request to a channel; anyone who knows it can post \
              messages.",
        kind: FieldKind::Secret {
            file_path: "notify.teams.url_file",
            file_doc: "A file that holds the URL of a Teams workflow.",
            check: check_workflow_url,
        },
        old_variable: None,
    }],
    open: |fields| {
        Arc::new(TeamsWorkflow {
            url: fields.secret(URL),
        })
    },
};

/// A workflow of Teams; its URL is the secret.
#[derive(Clone)]
pub struct TeamsWorkflow {
    /// The complete URL.
    pub url: SecretString,
}

impl NotifyService for TeamsWorkflow {
    fn name(&self) -> &str {
        WORKFLOW.name
    }

    fn title(&self) -> &str {
        WORKFLOW.title
    }

    fn url(&self) -> &str {
        self.url.expose_secret()
    }

    fn has_threads(&self) -> bool {
        false
    }

    fn request(
        &self,
        message: &OutgoingMessage,
        placement: Placement<'_>,
        _: Timestamp,
    ) -> Result<ServiceRequest<'_>, DeliveryError> {
        placement.refuse_edit(WORKFLOW.title)?;
        Ok(ServiceRequest::post(self.url.expose_secret(), &payload(message)))
    }

    fn judge(&self, answer: &ServiceAnswer, _: Placement<'_>) -> DeliveryResult {
        judge(answer)
    }

    fn hidden(&self) -> Vec<&str> {
        vec![self.url.expose_secret()]
    }
}

impl fmt::Debug for TeamsWorkflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeamsWorkflow").finish_non_exhaustive()
    }
}

/// Checks the URL of a workflow. Its host is not checked: Microsoft has moved workflows to other hosts before. Only those of
/// the connectors that came before workflows are known to be dead.
///
/// # Errors
/// What is wrong with the URL.
pub fn check_workflow_url(url: &str) -> Result<(), FieldFault> {
    check_secret_url(url)?;
    if is_connector(url) {
        let wrong = "the URL is that of an Office 365 connector, which Microsoft has shut down";
        return Err(FieldFault::new(wrong, WAY_OUT));
    }
    Ok(())
}

fn is_connector(url: &str) -> bool {
    let Ok(url) = destination(url) else {
        return false;
    };
    let host = url.host().unwrap_or_default().to_ascii_lowercase();
    let is_outlook = matches!(host.as_str(), "outlook.office.com" | "outlook.office365.com");
    host == "webhook.office.com"
        || host.ends_with(".webhook.office.com")
        || is_outlook && url.path().starts_with("/webhook")
}

/// How many bytes the lines of a card may take. Teams takes 28 KB in all; headline and footer are at most 400 and 300
/// characters of four bytes each.
const LINES: usize = 20 * 1024;

/// The body of a request to a workflow: a message with one Adaptive Card
/// (<https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>).
///
/// Its texts are runs, which know no markdown, so nothing in them is a link, a mention or bold.
pub fn payload(message: &OutgoingMessage) -> Value {
    let lines: Vec<_> = message.lines().cloned().collect();
    let lines = items_within(&lines, LINES, |line| run(line, json!({})).to_string().len() + 1);

    let headline = json!({"weight": "Bolder", "size": "Medium", "color": color(message)});
    let mut body = vec![run(message.headline(), headline)];
    body.extend(lines.iter().map(|line| run(line, json!({}))));
    body.push(run(message.footer(), json!({"size": "Small", "isSubtle": true})));

    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "body": body,
            },
        }],
    })
}

/// A line of the card, in this style.
fn run(text: &str, mut style: Value) -> Value {
    style["type"] = json!("TextRun");
    style["text"] = json!(without_functions(text));
    json!({"type": "RichTextBlock", "inlines": [style]})
}

/// `text` without `{{`, with which the functions of cards begin that show a date.
fn without_functions(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '{' && plain.ends_with('{') {
            plain.push(' ');
        }
        plain.push(c);
    }
    plain
}

/// The colour of the headline: red if somebody should look, green if a workload is whole again.
fn color(message: &OutgoingMessage) -> &'static str {
    let kinds = MessageKind::of(message);
    if kinds.contains(&MessageKind::Failure) || kinds.contains(&MessageKind::Recovery) {
        "Attention"
    } else if kinds.contains(&MessageKind::Recovered) {
        "Good"
    } else {
        "Default"
    }
}

/// Judges an answer by its status and, if it is an error, by the code in it. A success says only that the workflow was
/// started.
pub fn judge(answer: &ServiceAnswer) -> DeliveryResult {
    let code = error_code(&answer.body);
    judge_status(WORKFLOW.title, answer, code.as_deref())
        .map_err(|error| with_remedy(error, answer.status))?;
    Ok(Delivery::CONFIRMED)
}

/// The code of an error: a word such as `WorkflowTriggerIsNotEnabled`.
fn error_code(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let code = body["error"]["code"].as_str()?;
    let is_code = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_code.then(|| code.to_owned())
}

/// Adds what to do about a workflow that does not take the message.
fn with_remedy(mut error: DeliveryError, status: u16) -> DeliveryError {
    error.why.push_str(match status {
        400 => {
            " (is the workflow turned on, and made from the template \"Post to a channel when a webhook request is \
             received\"?)"
        }
        401 | 403 => " (the workflow must let anyone trigger it, and notify.teams.url must be its whole URL)",
        404 | 410 => " (the workflow is gone: create a new one, and set notify.teams.url)",
        _ => "",
    });
    error
}

#[cfg(test)]
mod tests;
