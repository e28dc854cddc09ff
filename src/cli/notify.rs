//! `macaque notify test`: sends a sample to every channel, once, and prints what each answered. Needs no cluster.

use std::time::Duration;

use actix::System;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use futures_util::future::join_all;
use macaque_core::words::either;
use serde::Serialize;

use super::args::{GlobalArgs, OutputFormat, format_without_wide};
use super::once::slot_of_request;
use super::output::ShownCell;
use super::{exit, output, setup};
use crate::notify::test_message::test_message;
use crate::notify::{
    self, Channel, Delivery, DeliveryError, DeliveryResult, MessageKind, NotifyClient, OutgoingMessage,
    Placement, Retryable,
};
use crate::platform::Platform;
use crate::settings::NotifySettings;
use crate::telemetry;

/// How long a delivery may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The flags of `macaque notify`.
#[derive(Debug, Args)]
pub(super) struct NotifyArgs {
    /// What to do: `test` sends a sample to every channel at once, whichever kinds and victims it is for
    #[arg(value_enum)]
    action: NotifyAction,
    /// Only to this channel, as the log names it: slack, http/NAME, slack/ROUTE; repeat the flag for several
    #[arg(long, value_name = "NAME")]
    channel: Vec<String>,
    /// Kind of message to send
    #[arg(long, value_name = "KIND", default_value = "disruption")]
    kind: MessageKind,
    /// Output format
    #[arg(short, long, value_parser = format_without_wide(), default_value = "table")]
    output: OutputFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NotifyAction {
    // Send a sample.
    Test,
}

impl ValueEnum for MessageKind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// What a channel answered.
#[derive(Debug, Serialize)]
struct ChannelAnswer {
    channel: String,
    result: AnswerResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What became of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum AnswerResult {
    /// The service accepted it.
    Delivered,
    /// The service answered with the status of success, and the rest of its answer is missing.
    Unconfirmed,
    /// The service cannot take it now, or cannot be reached.
    Unavailable,
    /// The sample was sent, and no clear answer came.
    Unknown,
    /// The service will never accept it like this.
    Refused,
}

/// Sends a sample to every channel, or to those that are named; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &NotifyArgs) -> i32 {
    let settings = match setup::load_notify(global) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let channels = match chosen(settings.notify.channels(), &args.channel) {
        Ok(channels) => channels,
        Err(why) => {
            telemetry::print_error(&why);
            return exit::USAGE;
        }
    };

    let platform = Platform::system();
    let context = setup::context_of(&settings.cluster, &settings.zone);
    let message = test_message(args.kind, slot_of_request(platform.now()), &context);
    let sent = System::new().block_on(send(&settings.notify, &channels, &message, &platform));
    let answers = match sent {
        Ok(answers) => answers,
        Err(why) => {
            telemetry::print_error(&why);
            return exit::USAGE;
        }
    };

    output::write_in(args.output, &answers, |_| page(&answers));
    let is_delivered = |answer: &ChannelAnswer| answer.result == AnswerResult::Delivered;
    if answers.iter().all(is_delivered) {
        exit::OK
    } else {
        exit::CLUSTER
    }
}

/// The channels of these names, or all of them if none is named.
///
/// # Errors
/// No channel is set up, or none has one of the names; and what would be right.
fn chosen(channels: Vec<Channel>, names: &[String]) -> Result<Vec<Channel>, String> {
    if channels.is_empty() {
        let why = "no channel is set up: set one under [notify] in the file, such as notify.slack.token and \
                   notify.slack.channel (docs/notifications.md)";
        return Err(why.to_owned());
    }
    let known: Vec<_> = channels.iter().map(Channel::name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!(
            "--channel: no channel is called {unknown:?}: use {}",
            either(&known)
        ));
    }

    let is_chosen = |channel: &Channel| names.is_empty() || names.iter().any(|name| name == channel.name());
    Ok(channels.into_iter().filter(is_chosen).collect())
}

/// Sends the message to every channel at once, once; returns what each answered.
///
/// # Errors
/// The reason why nothing can be sent.
async fn send(
    settings: &NotifySettings,
    channels: &[Channel],
    message: &OutgoingMessage,
    platform: &Platform,
) -> Result<Vec<ChannelAnswer>, String> {
    let http = NotifyClient::new(channels, &setup::notify_proxies(settings), platform);
    let http = http.map_err(|error| error.to_string())?;
    let deliveries = channels.iter().map(async |channel| {
        let delivery = notify::deliver(&http, channel, message, Placement::Own);
        let result = platform.within(TIMEOUT, delivery).await.unwrap_or_else(|| {
            let why = format!("timed out after {} s", TIMEOUT.as_secs());
            Err(DeliveryError::in_doubt(why))
        });
        answer(channel.name(), result)
    });
    Ok(join_all(deliveries).await)
}

fn answer(channel: &str, result: DeliveryResult) -> ChannelAnswer {
    let (result, why) = match result {
        Ok(Delivery::Confirmed { .. }) => (AnswerResult::Delivered, None),
        Ok(Delivery::Unconfirmed { why }) => (AnswerResult::Unconfirmed, Some(why)),
        Err(error) => {
            let result = match error.retryable {
                Retryable::Yes { .. } => AnswerResult::Unavailable,
                Retryable::InDoubt => AnswerResult::Unknown,
                Retryable::No | Retryable::OutsideThread | Retryable::ChannelGone => AnswerResult::Refused,
            };
            (result, Some(error.why))
        }
    };
    ChannelAnswer {
        channel: channel.to_owned(),
        result,
        why,
    }
}

fn page(answers: &[ChannelAnswer]) -> String {
    let rows = answers.iter().map(|answer| {
        [
            ShownCell::from(answer.channel.clone()),
            ShownCell::result(answer.result.as_str()),
            ShownCell::from(answer.why.clone().unwrap_or_default()),
        ]
    });
    output::table(["CHANNEL", "RESULT", "WHY"], rows)
}

impl AnswerResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Unconfirmed => "unconfirmed",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}
