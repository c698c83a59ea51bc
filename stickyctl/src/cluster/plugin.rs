//! The program that a kubeconfig names for credentials (client-go's credential plugins).

use crate::exit::{Exit, Explained};
use kube::Config;
use kube::client::AuthError;
use std::time::Duration;

/// The program of a kubeconfig.
pub(super) struct Plugin {
    command: String,
    /// How to install it, as the kubeconfig says.
    hint: Option<String>,
}

/// A program that gave no credentials. Neither its arguments nor what it wrote to stdout is in the text: both may be secrets.
#[derive(Debug, thiserror::Error)]
#[error("running {command}, which the kubeconfig names for credentials: {why}")]
pub struct PluginError {
    command: String,
    why: String,
    steps: Vec<String>,
}

impl Plugin {
    /// The one that a configuration names, if it has no other credentials.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let exec = config.auth_info.exec.as_ref()?;
        Some(Self { command: exec.command.clone()?, hint: exec.install_hint.clone() })
    }

    /// From the error of kube, which ran it.
    pub(super) fn failed(&self, error: &AuthError) -> PluginError {
        match error {
            AuthError::AuthExecStart(why) => {
                let hint = self.hint.iter().flat_map(|hint| hint.lines()).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
                let install = format!("install {}, or put it into PATH", self.command);
                self.error(why.to_string(), std::iter::once(install).chain(hint).collect())
            }
            AuthError::AuthExecRun { out, .. } => {
                // Empty if the program could write to the terminal itself.
                let said = String::from_utf8_lossy(&out.stderr);
                let said = said.trim().lines().next_back().map(|line| format!(": {line}")).unwrap_or_default();
                self.error(format!("{}{said}", out.status), Self::by_hand())
            }
            // The other texts may quote what the program wrote.
            _ => self.error("it wrote no credentials that can be used".to_owned(), Self::by_hand()),
        }
    }

    /// It did not end in time.
    pub(super) fn late(&self, most: Duration) -> PluginError {
        self.error(format!("it did not end within {} s", most.as_secs_f32()), Self::by_hand())
    }

    fn by_hand() -> Vec<String> {
        vec!["kubectl auth whoami    runs it too, and shows what it asks for".to_owned()]
    }

    fn error(&self, why: String, steps: Vec<String>) -> PluginError {
        PluginError { command: self.command.clone(), why, steps }
    }
}

impl Explained for PluginError {
    fn exit(&self) -> Exit {
        Exit::Prerequisite
    }

    fn next_steps(&self) -> Vec<String> {
        self.steps.clone()
    }
}
