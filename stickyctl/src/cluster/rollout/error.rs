//! A rollout that does not finish, with an explanation for the user.

use super::advice::{self, Part};
use super::progress::Progress;
use super::trouble::{Kind, Trouble};
use crate::cluster::errors::ApiError;
use crate::exit::{Exit, Explained};
use crate::image::name::familiar;
use crate::output::short;
use std::time::Duration;

/// Why waiting for a rollout ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It can't finish without a change.
    #[error(transparent)]
    Stuck(Box<Stuck>),
    /// The deadline passed; it may still finish. The last observed state, and what to try about its trouble, if it has one.
    #[error("rolling out {what}: not finished after {}; last seen: {progress}", short(*timeout))]
    Late { what: String, timeout: Duration, progress: Progress, advice: Vec<String> },
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// A rollout that can't finish without a change.
#[derive(Debug, thiserror::Error)]
#[error("rolling out {what}: {}\n\n{}", trouble.kind.words(), self.details())]
pub(crate) struct Stuck {
    /// The name of the Deployment or StatefulSet.
    pub(crate) what: String,
    pub(crate) part: Part,
    pub(crate) namespace: String,
    pub(crate) trouble: Trouble,
    pub(crate) progress: Progress,
    /// The last line that the container wrote.
    pub(crate) last_words: Option<String>,
    pub(crate) node: Option<String>,
    pub(crate) image: Option<String>,
    /// The previous image, if it was another one.
    pub(crate) before: Option<String>,
}

impl Error {
    /// A short form for the phase's line; the error's full text follows it.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Stuck(stuck) => format!("{} of {} ready: {}", stuck.progress.ready, stuck.progress.wanted, stuck.trouble.kind.words()),
            Self::Late { progress, .. } => progress.to_string(),
            Self::Api(error) => error.to_string(),
        }
    }
}

impl Stuck {
    pub(super) fn steps(&self) -> Vec<String> {
        advice::steps(self.part, &self.trouble, &self.namespace, self.image.as_deref())
    }

    fn details(&self) -> String {
        let mut lines = Vec::new();
        let mut line = |name: &str, text: &str| lines.push(format!("  {name:<8} {text}"));
        if !self.trouble.pod.is_empty() {
            let node = self.node.as_ref().map(|node| format!(", on node {node}")).unwrap_or_default();
            line("pod", &format!("{}{node}", self.trouble.pod));
        }
        if let Some(image) = self.image.as_deref().filter(|_| self.trouble.kind == Kind::Image) {
            line("image", familiar(image));
        }
        line("reason", &self.trouble.said);
        if let Some(words) = &self.last_words {
            line("log", words);
        }
        match self.progress.old {
            0 => {}
            1 => line("serving", "the old pod keeps serving; no session has moved"),
            old => line("serving", &format!("the {old} old pods keep serving; no session has moved")),
        }
        lines.join("\n")
    }
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Stuck(_) => Exit::Failed,
            Self::Late { .. } => Exit::TimedOut,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let stuck = match self {
            Self::Stuck(stuck) => stuck,
            Self::Late { advice, .. } => {
                let wait = [
                    "stickyctl status           shows what there is now; the cluster carries on by itself",
                    "stickyctl up --timeout 5m  waits longer",
                ];
                return advice.iter().cloned().chain(wait.map(str::to_owned)).collect();
            }
            Self::Api(error) => return error.next_steps(),
        };
        let mut steps = stuck.steps();
        steps.extend(stuck.before.as_deref().map(|image| format!("to go back                      stickyctl up --image {}", familiar(image))));
        steps
    }
}
