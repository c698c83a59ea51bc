//! Why there is no report from a run inside the cluster.

use crate::cluster::errors::ApiError;
use crate::cluster::rollout::trouble::Kind;
use crate::exit::{Exit, Explained};
use crate::image::name::familiar;
use crate::output::short;
use crate::relay::Broken;
use std::time::Duration;

/// The Job of a run, for an error's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Of {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) image: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsideError {
    /// The target means something else inside.
    #[error("{0} is this machine; inside the cluster it would be the pod that runs verify")]
    Here(String),
    /// The pod can't start without a change.
    #[error("starting job {} in namespace {}: {}: {said}", of.name, of.namespace, kind.words())]
    Stuck { of: Of, kind: Kind, said: String },
    /// It may still start.
    #[error("starting job {} in namespace {}: not running after {}: {waits}", of.name, of.namespace, short(*after))]
    Late { of: Of, after: Duration, waits: String },
    /// Somebody deleted the pod, or the node is gone.
    #[error("job {} in namespace {}: its pod is gone: {why}", of.name, of.namespace)]
    Gone { of: Of, why: String },
    /// It ended without a whole report. `ended` is how, with its last words.
    #[error("job {} in namespace {}: {broken}; {ended}", of.name, of.namespace)]
    NoReport { of: Of, broken: Broken, ended: String },
    /// Another version wrote it.
    #[error("job {} in namespace {}: its report is not one of this version: {why}", of.name, of.namespace)]
    Foreign { of: Of, why: String },
    /// Ctrl-C, or SIGTERM.
    #[error("interrupted: {0}")]
    Interrupted(&'static str),
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The namespace or the right to create a Job is missing.
    #[error("{error}")]
    Create { error: ApiError, namespace: String },
}

impl Explained for InsideError {
    fn exit(&self) -> Exit {
        match self {
            Self::Here(_) => Exit::Usage,
            Self::Stuck { .. } | Self::Gone { .. } | Self::NoReport { .. } | Self::Foreign { .. } => Exit::Failed,
            Self::Late { .. } => Exit::TimedOut,
            Self::Interrupted(_) => Exit::Interrupted,
            Self::Api(error) | Self::Create { error, .. } => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let image = |of: &Of| {
            vec![
                format!("stickyctl image --tool --out stickyctl.tar    builds {} for another way to the nodes", familiar(&of.image)),
                "--image-loader 'COMMAND'    a command that reads the image's archive from stdin, such as ssh node1 sudo ctr -n k8s.io images import -".to_owned(),
                "--image REGISTRY/stickyctl:VERSION    an image that the nodes can pull".to_owned(),
            ]
        };
        match self {
            Self::Here(_) => vec!["a URL that pods can reach, such as http://SERVICE.NAMESPACE.svc/".to_owned()],
            Self::Stuck { of, kind: Kind::Image, .. } => image(of),
            Self::Stuck { of, kind: Kind::Refused, .. } => {
                vec![
                    format!("kubectl get resourcequotas,limitranges,events -n {}    shows what the namespace allows", of.namespace),
                    "--job-namespace NAME    runs the Job in another namespace".to_owned(),
                ]
            }
            Self::Stuck { .. } | Self::Late { .. } => {
                vec!["the same command with --keep, then kubectl describe pod -l app.kubernetes.io/component=verify".to_owned()]
            }
            Self::Gone { .. } => vec!["the same command again".to_owned()],
            Self::NoReport { of, broken: Broken::Missing, .. } | Self::Foreign { of, .. } => {
                vec![
                    format!("check that {} is stickyctl {}", familiar(&of.image), env!("CARGO_PKG_VERSION")),
                    "--keep    leaves the Job, for kubectl logs".to_owned(),
                ]
            }
            Self::NoReport { .. } => {
                vec!["--sessions and --requests with smaller numbers make a smaller report; the kubelet's containerLogMaxSize limits it".to_owned()]
            }
            Self::Interrupted(_) => Vec::new(),
            Self::Api(error) => error.next_steps(),
            Self::Create { error: ApiError::Forbidden { .. }, namespace } => vec![
                "stickyctl verify TARGET --print-rbac    prints the rights that the run needs; an administrator can grant them".to_owned(),
                "--service-account NAME    uses a ServiceAccount that exists, and creates no Role".to_owned(),
                format!("kubectl auth can-i create jobs -n {namespace}"),
            ],
            Self::Create { error, .. } => {
                let more = error.to_string().contains("not found").then(|| "--job-namespace NAME    a namespace that exists".to_owned());
                more.into_iter().chain(error.next_steps()).collect()
            }
        }
    }
}
