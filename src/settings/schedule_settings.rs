//! The settings of those who show the schedule to others: they need neither a namespace nor the files of secrets.

use macaque_core::schedule::Calendar;

use super::decoder::SettingsDecoder;
use super::mistake::MistakeReported;
use super::{ClusterSettings, SettingMistakes, SettingsSources, finish, process, schedule};

/// The schedule, and what it is shown with.
#[derive(Debug, Clone)]
pub struct ScheduleSettings {
    /// The schedule.
    pub calendar: Calendar,
    /// Whether victims are only reported, and not disrupted.
    pub dry_run: bool,
    /// The namespaces that are named: `[shop]`.
    pub namespaces: String,
    /// The cluster.
    pub cluster: ClusterSettings,
}

/// Loads the schedule, and what it is shown with.
pub fn load_schedule(sources: &SettingsSources) -> Result<ScheduleSettings, SettingMistakes> {
    let mut decoder = sources.decoder();
    let settings = decode(&mut decoder);
    finish(settings, decoder)
}

fn decode(decoder: &mut SettingsDecoder) -> Result<ScheduleSettings, MistakeReported> {
    let calendar = schedule::decode_required_calendar(decoder);
    let dry_run = decoder.boolean("dry_run");
    let namespaces = decoder.list("target.namespaces");
    let cluster = process::decode_cluster(decoder);

    let names: Vec<_> = namespaces?.into_iter().map(|name| name.value).collect();
    Ok(ScheduleSettings {
        calendar: calendar?,
        dry_run: dry_run?.value,
        namespaces: format!("[{}]", names.join(", ")),
        cluster: cluster?,
    })
}
