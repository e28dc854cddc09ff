//! Where settings come from: the file, the environment and the flags, merged over the defaults; and what the process
//! knows of the pod that it runs in.

use std::fmt;
use std::path::{Path, PathBuf};

use macaque_core::eligibility::OwnPod;

use super::decoder::SettingsDecoder;
use super::environment;
use super::file_snapshot::{DEFAULT_FILE, FileSnapshot};
use super::given_value::flag_origin;
use super::keys::{self, keys};
use super::layer::SettingsLayer;
use super::mistake::SettingMistake;
use super::process::ClusterSettings;
use crate::k8s::ContextNamespace;

/// Finds the namespace of the kubeconfig's context in use, if there is one; else says why not.
pub type ContextLookup = fn(&ClusterSettings) -> Result<Option<ContextNamespace>, String>;

/// Where settings come from, beside the defaults.
#[derive(Clone, Default)]
pub struct SettingsSources {
    /// The file of `--config`. Without it `MACAQUE_CONFIG` names one, or [`DEFAULT_FILE`] is read if it exists.
    pub file: Option<PathBuf>,
    /// The environment's variables; those that do not begin with `MACAQUE_` are ignored.
    pub env: Vec<(String, String)>,
    /// The flags that were given. A list may be given by several flags.
    pub flags: Vec<FlagSetting>,
    /// The namespace of the service account, in a cluster: the target if no other is set.
    pub service_account_namespace: Option<String>,
    /// The host's name: in a pod, where a service account has a namespace, that is the pod's name unless
    /// `MACAQUE_POD_NAME` says otherwise.
    pub host_name: Option<String>,
    /// Finds the namespace of the context, for a command that a person types: the target if no other is set, outside a
    /// pod.
    pub context_namespace: Option<ContextLookup>,
}

/// A flag that sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagSetting {
    /// The key's path.
    pub key: &'static str,
    /// The value, as text.
    pub value: String,
    /// The flag's name, with its dashes.
    pub name: &'static str,
}

impl SettingsSources {
    /// Reads the file, and merges all layers for decoding.
    pub(super) fn decoder(&self) -> SettingsDecoder {
        self.decoder_of(&self.read_file())
    }

    /// Merges all layers for decoding, with the file as it was.
    pub(super) fn decoder_of(&self, file: &FileSnapshot) -> SettingsDecoder {
        SettingsDecoder::new(self.layers_of(file))
    }

    /// Reads the file; returns all layers, the later over the earlier.
    pub(super) fn layers(&self) -> Vec<SettingsLayer> {
        self.layers_of(&self.read_file())
    }

    fn layers_of(&self, file: &FileSnapshot) -> Vec<SettingsLayer> {
        // A file that cannot be read may set anything: what it would have set is not missing as well.
        let from_file = file.layer().unwrap_or_else(|mistake| {
            let meant = keys().iter().map(|key| key.path.to_owned()).collect();
            SettingsLayer {
                mistakes: vec![mistake],
                meant,
                ..SettingsLayer::default()
            }
        });

        vec![
            SettingsLayer::defaults(keys()),
            from_file,
            environment::read(&self.env),
            read_flags(&self.flags),
        ]
    }

    /// Reads the file as it is now.
    pub fn read_file(&self) -> FileSnapshot {
        let variable = environment::find(&self.env, environment::CONFIG);
        match (&self.file, variable) {
            (Some(path), _) => FileSnapshot::read(path, Some("--config")),
            (None, Some(path)) => FileSnapshot::read(Path::new(path), Some(environment::CONFIG)),
            (None, None) => FileSnapshot::read(Path::new(DEFAULT_FILE), None),
        }
    }

    /// The namespace of the service account, if there is one.
    pub(super) fn account_namespace(&self) -> Option<&str> {
        let namespace = self.service_account_namespace.as_deref().map(str::trim);
        namespace.filter(|name| !name.is_empty())
    }

    /// The namespace that macaque runs in, if that is known.
    pub fn own_namespace(&self) -> Option<&str> {
        let named = environment::find(&self.env, environment::POD_NAMESPACE);
        named.or(self.account_namespace())
    }

    /// The namespace of the context, unless macaque runs in a pod or the command does not use it.
    ///
    /// # Errors
    /// The reason why there is none.
    pub(super) fn context_namespace(
        &self,
        cluster: &ClusterSettings,
    ) -> Result<Option<ContextNamespace>, String> {
        match self.context_namespace {
            Some(lookup) if self.own_namespace().is_none() => lookup(cluster),
            _ => Ok(None),
        }
    }

    /// The pod that macaque is, if that is known.
    pub(super) fn own_pod(&self) -> Option<OwnPod> {
        let variable = |name| environment::find(&self.env, name).map(str::to_owned);
        let around = self.service_account_namespace.clone();
        let host_name = around.as_ref().and(self.host_name.clone());
        let pod = variable(environment::POD_NAME).or(host_name)?;
        let namespace = variable(environment::POD_NAMESPACE).or(around)?;
        Some(OwnPod { namespace, name: pod })
    }
}

/// The layer of the flags.
fn read_flags(flags: &[FlagSetting]) -> SettingsLayer {
    let mut layer = SettingsLayer::default();
    for flag in flags {
        match keys::find(flag.key) {
            Some(key) => layer.add_text(key, &flag.value, &flag_origin(flag.name)),
            None => layer.refuse(
                SettingMistake {
                    key: flag.name.to_owned(),
                    source: None,
                    wrong: format!("sets {}, which is not a setting", flag.key),
                    right: Some("this is a defect of macaque, please report it".to_owned()),
                },
                None,
            ),
        }
    }

    layer
}

impl fmt::Debug for SettingsSources {
    /// Shows which variables and flags there are, not their values: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        let flags: Vec<_> = self.flags.iter().map(|flag| flag.name).collect();
        f.debug_struct("SettingsSources")
            .field("file", &self.file)
            .field("env", &variables)
            .field("flags", &flags)
            .field("service_account_namespace", &self.service_account_namespace)
            .field("host_name", &self.host_name)
            .finish()
    }
}
