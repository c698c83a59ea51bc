//! Getting the app's image to the nodes.

use crate::cluster::connect::Cluster;
use crate::cluster::nodes::Nodes;
use crate::cluster::up::request::Request;
use crate::exit::{Exit, Explained, Failure};
use crate::image::load::{Loader, load};
use crate::image::name::{HOME_MADE, REPOSITORY, familiar};
use crate::image::{Arch, make, megabytes};
use crate::output::{Mark, Output};

/// How an image gets to the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// It is built here and loaded.
    Load(Loader),
    /// The nodes pull it.
    Pull,
    /// No registry has it, and there is no way to load it: the nodes must have it already.
    Hope,
}

fn way(name: &str, loader: Option<Loader>, kind: Option<&str>) -> Way {
    match (loader, kind) {
        (Some(loader), _) => Way::Load(loader),
        (None, Some(cluster)) if is_own(name) => Way::Load(Loader::Kind { cluster: cluster.to_owned() }),
        (None, _) if is_of(name, HOME_MADE) => Way::Hope,
        _ => Way::Pull,
    }
}

/// Whether an image is one that some version of stickyctl builds, in any spelling of its name.
pub(super) fn is_own(name: &str) -> bool {
    is_of(name, HOME_MADE) || is_of(name, REPOSITORY)
}

fn is_of(name: &str, repository: &str) -> bool {
    let full = crate::image::name::full(name).unwrap_or_default();
    full.strip_prefix(repository).is_some_and(|rest| rest.starts_with(':'))
}

/// Loads the image into the nodes, or reports how they will get it.
///
/// # Errors
/// There is no binary to build it from, no loader, or loading failed.
pub(super) async fn provide(cluster: &Cluster, nodes: Option<&Nodes>, name: &str, request: &Request<'_>, output: Output) -> Result<(), Failure> {
    let asked = request.loader.is_some();
    let loader = match way(name, request.loader.clone(), cluster.kind()) {
        Way::Load(loader) => loader,
        Way::Pull => {
            output.phase(Mark::Skipped, "image", "the nodes pull it from its registry", None);
            return Ok(());
        }
        Way::Hope => {
            output.phase(Mark::Warning, "image", &format!("{} is not in a registry: the nodes must have it already", familiar(name)), None);
            output.note("  Load it with --image-loader 'COMMAND', or push it to a registry and use --image REGISTRY/NAME:TAG");
            return Ok(());
        }
    };
    let arch = arch(nodes)?;
    let line = output.live("image");
    line.says("building the archive");
    let made = match make(request.app_binary.as_deref(), name, arch, output).await {
        // No flag asks to load it, and a registry has it.
        Err(failure) if failure.exit() == Exit::Prerequisite && !asked && !is_of(name, HOME_MADE) => {
            line.ends(Mark::Skipped, "there is no sticky-app next to stickyctl to load, so the nodes pull it from its registry");
            return Ok(());
        }
        made => made?,
    };
    line.says("loading it");
    load(made.file.path(), &made.name, &loader, request.timeout).await?;
    let into = match &loader {
        Loader::Kind { cluster } => format!("kind cluster {cluster}"),
        Loader::Command { program, .. } => format!("the nodes with {}", program.rsplit('/').next().unwrap_or_default()),
    };
    line.ends(Mark::Done, &format!("{}, {}, loaded into {into}", familiar(&made.name), megabytes(made.size)));
    Ok(())
}

/// The architecture that all nodes share.
fn arch(nodes: Option<&Nodes>) -> Result<Arch, Failure> {
    let all = nodes.map(|nodes| nodes.architectures.as_slice()).unwrap_or_default();
    let known = match all {
        [] => Arch::here(),
        [one] => [Arch::Amd64, Arch::Arm64].into_iter().find(|arch| arch.word() == one),
        _ => None,
    };
    known.ok_or_else(|| {
        let which = if all.is_empty() { "this machine has another one".to_owned() } else { format!("the nodes have {}", all.join(" and ")) };
        Failure::new(Exit::Prerequisite, format!("building the image: it is built for one architecture, amd64 or arm64, but {which}"))
            .try_this("stickyctl up --image REGISTRY/NAME:TAG   uses a multi-platform image from a registry")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_image_is_loaded_unasked() {
        let kind = |cluster: &str| Way::Load(Loader::Kind { cluster: cluster.to_owned() });
        assert_eq!(way("sticky-app:0.1.0", None, Some("kind")), kind("kind"));
        assert_eq!(way("docker.io/library/sticky-app:0.1.0", None, Some("two")), kind("two"));
        assert_eq!(way("docker.io/library/sticky-app:0.1.0", None, None), Way::Hope);
        assert_eq!(way("registry.example/sticky-app:0.1.0", None, Some("kind")), Way::Pull);
        assert_eq!(way("docker.io/library/sticky-apples:1", None, Some("kind")), Way::Pull);
        assert!(is_of("docker.io/library/sticky-app:2", HOME_MADE) && is_of("ghcr.io/us/sticky-app:2", "ghcr.io/us/sticky-app"));
        assert!(!is_of("ghcr.io/us/sticky-apples:2", "ghcr.io/us/sticky-app"));
        let command = Loader::Command { program: "cat".to_owned(), arguments: Vec::new() };
        assert_eq!(way("registry.example/sticky-app:1", Some(command.clone()), Some("kind")), Way::Load(command), "said is said");
    }

    #[test]
    fn one_processor() {
        let nodes =
            |all: &[&str]| Nodes { count: all.len(), architectures: all.iter().map(|arch| (*arch).to_owned()).collect(), ingress_ready: false };
        assert_eq!(arch(Some(&nodes(&["arm64"]))).unwrap(), Arch::Arm64);
        assert!(arch(Some(&nodes(&["amd64", "arm64"]))).unwrap_err().what.contains("the nodes have amd64 and arm64"));
        assert!(arch(Some(&nodes(&["s390x"]))).is_err());
    }
}
