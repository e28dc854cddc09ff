//! What is proved for commands that only look: whom a plan concerns and where the cluster is, no more.

use macaque_core::config::ChaosConfig;
use macaque_core::eligibility::OwnPod;

use super::{ClusterSettings, LogSettings, ScheduleNeed, SettingMistakes, SettingsSources};
use super::{decoder, home, identity, plan, process, read_file};

/// What the commands go by that only look: no schedule, and nobody to tell.
#[derive(Debug, Clone)]
pub struct ViewSettings {
    /// On whom, and how.
    pub plan: ChaosConfig,
    /// How to log.
    pub log: LogSettings,
    /// Which cluster to speak to.
    pub cluster: ClusterSettings,
    /// The pod that macaque is, if it runs in one.
    pub identity: Option<OwnPod>,
}

/// Like [`super::load`], for who looks at a cluster and tells nobody: neither a schedule nor the files of secrets are
/// needed, which are seldom where a cluster is looked at from.
pub fn load_view(sources: &SettingsSources) -> Result<ViewSettings, SettingMistakes> {
    let mut d = decoder(read_file(sources), sources);
    let plan = plan::plan(&mut d, ScheduleNeed::Optional, &home(sources));
    let (log, cluster) = (process::log(&mut d), process::cluster(&mut d));
    let mistakes = d.into_mistakes();
    match (plan, log, cluster) {
        (Ok(plan), Ok(log), Ok(cluster)) if mistakes.is_empty() => Ok(ViewSettings {
            plan,
            log,
            cluster,
            identity: identity(sources),
        }),
        _ => Err(SettingMistakes::new(mistakes)),
    }
}
