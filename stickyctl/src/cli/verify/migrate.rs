//! Flags that compare two front doors.

use super::place::PlaceArgs;
use crate::cli::complete;
use crate::cli::discreet::discreet;
use crate::cluster::connect::Access;
use crate::cluster::workload::Reference;
use crate::verify::redacted::redacted;
use crate::verify::request::{Host, Site};
use clap::Args;
use std::str::FromStr;

#[derive(Debug, Default, Args)]
pub(super) struct MigrateArgs {
    /// Test what users notice when the site moves away from this front door: a URL, ingress/NAME, httproute/NAME or service/NAME
    #[arg(long, value_name = "OLD", requires = "to", value_parser = discreet::<Door>())]
    from: Option<Door>,
    /// Test the move to this front door, in the same form
    #[arg(
        long,
        value_name = "NEW",
        requires = "from",
        value_parser = discreet::<Door>(),
        conflicts_with_all = [
            "target", "local", "list", "lost_when", "only", "skip", "idle", "reuse", "shared_connection", "require_workers", "baseline", "connect", "pods", "print_rbac", "disrupt", "each_proxy",
        ]
    )]
    to: Option<Door>,
    /// Connect to ADDRESS for the old front door, such as 10.0.0.7:443; repeat for several proxies
    #[arg(long, value_name = "ADDRESS", requires = "to", value_parser = discreet::<Host>())]
    from_connect: Vec<Host>,
    /// Connect to ADDRESS for the new front door
    #[arg(long, value_name = "ADDRESS", requires = "to", value_parser = discreet::<Host>())]
    to_connect: Vec<Host>,
    /// Look for the old front door in this context of the kubeconfig [default: --context]
    #[arg(long, value_name = "NAME", requires = "to", add = complete::context_names())]
    from_context: Option<String>,
    /// Look for the new front door in this context [default: --context]
    #[arg(long, value_name = "NAME", requires = "to", add = complete::context_names())]
    to_context: Option<String>,
    /// Namespace of the old front door's object [default: --namespace]
    #[arg(long, value_name = "NAMESPACE", requires = "to", add = complete::namespace_names())]
    from_namespace: Option<String>,
    /// Namespace of the new front door's object [default: --namespace]
    #[arg(long, value_name = "NAMESPACE", requires = "to", add = complete::namespace_names())]
    to_namespace: Option<String>,
}

/// A front door as users write it.
#[derive(Debug, Clone)]
enum Door {
    Url(String),
    Object(Reference),
}

impl FromStr for Door {
    type Err = DoorError;

    fn from_str(text: &str) -> Result<Self, DoorError> {
        if text.contains("://") {
            return Ok(Self::Url(text.to_owned()));
        }
        Ok(Self::Object(text.parse()?))
    }
}

/// Why a text is no front door.
#[derive(Debug, thiserror::Error)]
#[error("{0}, or a URL such as https://shop.example/")]
struct DoorError(#[from] <Reference as FromStr>::Err);

/// What a migration is tested between.
pub(super) struct Ends {
    pub(super) old: Site,
    pub(super) new: Site,
    pub(super) old_connect: Vec<Host>,
    pub(super) new_connect: Vec<Host>,
}

impl MigrateArgs {
    /// The two front doors, if both are there; `place` has the flags that hold for both.
    pub(super) fn ends(self, place: &PlaceArgs) -> Option<Ends> {
        let access = place.cluster.access();
        let site = |door, context: Option<String>, own: Option<String>| match door {
            Door::Url(url) => Site::Url { url, pods: None },
            Door::Object(reference) => Site::Workload {
                access: Access { context: context.or_else(|| access.context.clone()), ..access.clone() },
                namespace: own.or_else(|| place.namespace.clone()),
                reference,
                hints: place.hints(None),
            },
        };
        Some(Ends {
            old: site(self.from?, self.from_context, self.from_namespace),
            new: site(self.to?, self.to_context, self.to_namespace),
            old_connect: self.from_connect,
            new_connect: self.to_connect,
        })
    }

    /// Values that may be secrets, each with what a report shows of it.
    pub(super) fn hidden(&self) -> impl Iterator<Item = (&str, String)> {
        [&self.from, &self.to]
            .into_iter()
            .flatten()
            .filter_map(|door| if let Door::Url(url) = door { Some((url.as_str(), redacted(url))) } else { None })
    }

    pub(super) const fn is_there(&self) -> bool {
        self.to.is_some()
    }
}
