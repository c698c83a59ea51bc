//! Getting the app's image to the nodes.

use crate::cluster::connect::Cluster;
use crate::cluster::nodes::Nodes;
use crate::cluster::rollout::pods;
use crate::cluster::up::request::Request;
use crate::exit::{Exit, Explained, Failure};
use crate::image::load::{Loader, load};
use crate::image::name::{HOME_MADE, REPOSITORY, familiar};
use crate::image::{Arch, Content, Made, make, megabytes};
use crate::output::{Mark, Output};
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::Pod;

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
pub(super) async fn provide(
    cluster: &Cluster,
    nodes: Option<&Nodes>,
    spec: &StickyApp,
    request: &Request<'_>,
    output: Output,
) -> Result<(), Failure> {
    if let Some(own) = spec.canary.image.as_ref().filter(|own| spec.canary.pods > 0 && is_of(own, HOME_MADE)) {
        let text = format!("the canary's image {} is not in a registry: the nodes must have it already", familiar(own));
        output.phase(Mark::Warning, "image", &text, None);
    }
    let name = &spec.image.reference();
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
    let made = match make(Content::App, request.app_binary.as_deref(), name, arch, output).await {
        // No flag asks to load it, and a registry has it.
        Err(failure) if failure.exit() == Exit::Prerequisite && !asked && !is_of(name, HOME_MADE) => {
            line.ends(Mark::Skipped, "there is no sticky-app next to stickyctl to load, so the nodes pull it from its registry");
            return Ok(());
        }
        made => made?,
    };
    let mut running = pods::all(&cluster.client, spec).await?;
    // A canary with an image of its own tells nothing about this one.
    running.retain(|pod| spec.canary.image.is_none() || !pods::is_canary(pod));
    if has_it(&running, nodes, spec, &made) {
        line.ends(Mark::Done, &format!("{}, {}, is on the nodes already", familiar(&made.name), megabytes(made.size)));
        return Ok(());
    }
    line.says("loading it");
    load(made.file.path(), &made.name, &loader, request.timeout).await?;
    let into = match &loader {
        Loader::Kind { cluster } => format!("kind cluster {cluster}"),
        Loader::Command { program, .. } => format!("the nodes with {}", program.rsplit('/').next().unwrap_or_default()),
    };
    line.ends(Mark::Done, &format!("{}, {}, loaded into {into}", familiar(&made.name), megabytes(made.size)));
    Ok(())
}

/// Whether every node that the app's pods may go to runs a pod of exactly this image. The nodes' own lists of images have no digests
/// of loaded images.
fn has_it(pods: &[Pod], nodes: Option<&Nodes>, spec: &StickyApp, made: &Made) -> bool {
    // With tolerations, pods may go to nodes with taints too.
    let Some(nodes) = nodes.filter(|_| spec.placement.tolerations.is_empty()) else { return false };
    let mut have = Vec::new();
    for pod in pods {
        let containers = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        for id in containers.map(|container| container.image_id.as_str()).filter(|id| !id.is_empty()) {
            // If another image was loaded under the same name, new pods get whichever came last.
            if !made.digests.iter().any(|digest| id.ends_with(digest.as_str())) {
                return false;
            }
            have.extend(pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()));
        }
    }
    !nodes.open.is_empty() && nodes.open.iter().all(|node| have.contains(&node.as_str()))
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
    fn an_image_that_every_node_runs_is_not_loaded_again() {
        let made =
            Made { file: tempfile::NamedTempFile::new().unwrap(), name: "x".to_owned(), size: 1, digests: ["sha256:c0".into(), "sha256:3a".into()] };
        let pod = |node: &str, id: &str| -> Pod {
            let container = serde_json::json!({"name": "app", "image": "x", "imageID": id, "ready": true, "restartCount": 0});
            serde_json::from_value(
                serde_json::json!({"metadata": {}, "spec": {"nodeName": node, "containers": []}, "status": {"containerStatuses": [container]}}),
            )
            .unwrap()
        };
        let nodes = Nodes { open: vec!["a".to_owned(), "b".to_owned()], ..Nodes::default() };
        let has = |pods: &[Pod]| has_it(pods, Some(&nodes), &StickyApp::default(), &made);
        assert!(has(&[pod("a", "sha256:c0"), pod("b", "docker.io/library/sticky-app@sha256:3a")]));
        assert!(!has(&[pod("a", "sha256:c0")]), "a node without a pod may lack it");
        assert!(!has(&[pod("a", "sha256:c0"), pod("b", "sha256:01d")]), "an older image of the same name");
        assert!(!has(&[pod("a", "sha256:c0"), pod("b", "sha256:c0"), pod("b", "sha256:01d")]), "which of them has the name?");
        assert!(!has(&[]) && !has_it(&[], Some(&Nodes::default()), &StickyApp::default(), &made));
        assert!(!has_it(&[pod("a", "sha256:c0")], None, &StickyApp::default(), &made), "the nodes are not known");
    }

    #[test]
    fn one_processor() {
        let nodes = |all: &[&str]| Nodes {
            count: all.len(),
            architectures: all.iter().map(|arch| (*arch).to_owned()).collect(),
            ingress_ready: false,
            open: Vec::new(),
        };
        assert_eq!(arch(Some(&nodes(&["arm64"]))).unwrap(), Arch::Arm64);
        assert!(arch(Some(&nodes(&["amd64", "arm64"]))).unwrap_err().what.contains("the nodes have amd64 and arm64"));
        assert!(arch(Some(&nodes(&["s390x"]))).is_err());
    }
}
