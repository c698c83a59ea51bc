//! The image of the run: one of this very program, loaded into the nodes, or one that they pull.

use super::model::Inside;
use crate::cluster::connect::Cluster;
use crate::cluster::nodes;
use crate::exit::{Exit, Failure};
use crate::image::load::{Loader, load};
use crate::image::name::familiar;
use crate::image::{Arch, Content, make, megabytes};
use crate::output::{Mark, Output};
use crate::spec::image::tool_image;
use std::time::Duration;

/// How long loading may take.
const LOADING: Duration = Duration::from_mins(5);

/// How the image gets to the nodes.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Load(Loader),
    Pull,
    /// No registry has it: the nodes must have it already.
    Hope,
}

/// An image that the user names is loaded only with a loader.
fn way(named: Option<&str>, loader: Option<&Loader>, kind: Option<&str>) -> Way {
    match (loader, kind) {
        (Some(loader), _) => Way::Load(loader.clone()),
        (None, Some(cluster)) if named.is_none() => Way::Load(Loader::Kind { cluster: cluster.to_owned() }),
        _ if named.is_none() && tool_image().starts_with("docker.io/library/") => Way::Hope,
        _ => Way::Pull,
    }
}

/// Gets the image to the nodes, and returns its name.
pub(super) async fn provide(cluster: &Cluster, inside: &Inside, output: Output) -> Result<String, Failure> {
    let name = inside.image.clone().unwrap_or_else(tool_image);
    let loader = match way(inside.image.as_deref(), inside.loader.as_ref(), cluster.kind()) {
        Way::Load(loader) => loader,
        Way::Pull => return Ok(name),
        Way::Hope => {
            output.phase(Mark::Warning, "image", &format!("{} is not in a registry: the nodes must have it already", familiar(&name)), None);
            return Ok(name);
        }
    };
    let line = output.live("image");
    line.says("building the archive");
    let made = make(Content::Tool, inside.program.as_deref(), &name, arch(cluster).await?, output).await?;
    line.says("loading it");
    load(made.file.path(), &made.name, &loader, LOADING).await?;
    let into = match &loader {
        Loader::Kind { cluster } => format!("kind cluster {cluster}"),
        Loader::Command { program, .. } => format!("the nodes with {}", program.rsplit('/').next().unwrap_or_default()),
    };
    line.ends(Mark::Done, &format!("{}, {}, loaded into {into}", familiar(&made.name), megabytes(made.size)));
    Ok(made.name)
}

/// The architecture that all nodes share; without permission to list them, this machine's.
async fn arch(cluster: &Cluster) -> Result<Arch, Failure> {
    let nodes = nodes::read(&cluster.client).await?.unwrap_or_default();
    let known = match nodes.architectures.as_slice() {
        [] => Arch::here(),
        [one] => [Arch::Amd64, Arch::Arm64].into_iter().find(|arch| arch.word() == one),
        _ => None,
    };
    known.ok_or_else(|| {
        Failure::new(
            Exit::Prerequisite,
            "building the image of stickyctl: it is built for one architecture, amd64 or arm64, which all nodes must have",
        )
        .try_this("--image REGISTRY/stickyctl:VERSION    uses a multi-platform image from a registry")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded() {
        let command = Loader::Command { program: "cat".to_owned(), arguments: Vec::new() };
        assert_eq!(way(None, None, Some("two")), Way::Load(Loader::Kind { cluster: "two".to_owned() }));
        assert_eq!(way(Some("registry.example/stickyctl:1"), None, Some("two")), Way::Pull);
        assert_eq!(way(None, Some(&command), None), Way::Load(command.clone()));
        assert_eq!(way(None, None, None), Way::Hope, "a development build names no registry");
        assert_eq!(tool_image(), format!("docker.io/library/stickyctl:{}", env!("CARGO_PKG_VERSION")));
    }
}
