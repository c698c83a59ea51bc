//! A rollout that does not finish, with an explanation for the user.

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
    /// The deadline passed; it may still finish. The last observed state.
    #[error("rolling out {what}: not finished after {}; last seen: {progress}", short(*timeout))]
    Late { what: String, timeout: Duration, progress: Progress },
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// A rollout that can't finish without a change.
#[derive(Debug, thiserror::Error)]
#[error("rolling out {what}: {}\n\n{}", trouble.kind.words(), self.details())]
pub(crate) struct Stuck {
    /// The name of the Deployment or StatefulSet.
    pub(crate) what: String,
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
            Self::Late { .. } => {
                return vec![
                    "stickyctl status           shows what there is now; the cluster carries on by itself".to_owned(),
                    "stickyctl up --timeout 5m  waits longer".to_owned(),
                ];
            }
            Self::Api(error) => return error.next_steps(),
        };
        let Trouble { pod, container, .. } = &stuck.trouble;
        let mut steps = match stuck.trouble.kind {
            Kind::Image => vec![
                "if the name or tag is wrong     stickyctl up --image NAME:TAG".to_owned(),
                "if it was never loaded          stickyctl up --image-loader 'COMMAND'".to_owned(),
                "if the registry needs a login   image.pullSecret in the spec: stickyctl up -f FILE".to_owned(),
            ],
            Kind::Missing => vec![format!("kubectl describe pod {pod}   names it; once it exists, the pod starts by itself")],
            Kind::Crash => vec![format!("kubectl logs {pod} -c {container}   shows everything that it wrote")],
            Kind::Memory => vec!["for more memory                 resources.limits.memory in the spec: stickyctl up -f FILE".to_owned()],
            Kind::Unschedulable => vec![
                "for fewer pods                  stickyctl scale N".to_owned(),
                "for smaller pods or other nodes resources and placement in the spec: stickyctl up -f FILE".to_owned(),
            ],
            Kind::Refused => vec!["kubectl get resourcequotas,limitranges,events   shows what the namespace allows".to_owned()],
        };
        steps.extend(stuck.before.as_deref().map(|image| format!("to go back                      stickyctl up --image {}", familiar(image))));
        steps
    }
}
