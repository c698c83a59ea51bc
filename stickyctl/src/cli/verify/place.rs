//! The flags that say where on a cluster the tested site is.

use crate::cli::cluster::ClusterArgs;
use crate::cli::complete;
use crate::cluster::release::Place;
use crate::cluster::workload::Hints;
use clap::Args;

/// The namespace of a release, if none is given.
const OF_A_RELEASE: &str = "sticky-sessions";

#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    /// The name of the release
    #[arg(long, env = "STICKYCTL_NAME", default_value = "sticky-sessions")]
    name: String,
    /// The namespace [default: sticky-sessions for a release, and the context's for ingress/NAME, httproute/NAME or service/NAME]
    #[arg(short, long, env = "STICKYCTL_NAMESPACE", add = complete::namespace_names())]
    pub(super) namespace: Option<String>,
    /// Look for the front door's pods only in NAMESPACE [default: all, or the usual ones if not all may be listed]
    #[arg(long, value_name = "NAMESPACE", add = complete::namespace_names())]
    pub(super) front_door_namespace: Option<String>,
    /// Print the Roles that this run needs, as YAML for kubectl apply, and exit
    #[arg(long)]
    pub(super) print_rbac: bool,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
}

impl PlaceArgs {
    pub(super) fn release(&self) -> Place {
        Place { name: self.name.clone(), namespace: self.of_a_release() }
    }

    pub(super) fn of_a_release(&self) -> String {
        self.namespace.clone().unwrap_or_else(|| OF_A_RELEASE.to_owned())
    }

    /// `path` is for a route whose path is a regular expression.
    pub(super) fn hints(&self, path: Option<&str>) -> Hints {
        Hints { front_door_namespace: self.front_door_namespace.clone(), path: path.map(str::to_owned) }
    }
}
