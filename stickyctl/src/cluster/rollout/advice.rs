//! What to try about a rollout's trouble; it depends on whose pods they are.

use super::trouble::{Kind, Trouble};
use crate::image::name::familiar;

/// The part of a release whose rollout is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    App,
    /// The app's canary, which may have an image of its own.
    Canary,
    /// The release's own Redis, a StatefulSet.
    Redis,
    /// The front door that `up` installs. Its image is part of this version of stickyctl.
    FrontDoor,
    /// The Job that creates the certificates of an Envoy Gateway that `up` installs; it has the same image.
    Certificates,
}

const MEMORY: &str = "for more memory                 ";
const SMALLER: &str = "for smaller pods or other nodes ";
const NO_CANARY: &str = "to go on without a canary       stickyctl up --canary 0";
const OWN_DOOR: &str = "for a front door of your own    stickyctl up, once one serves the class";

/// Next steps for a trouble of a part. `image` is the image of the container that has it.
pub(super) fn steps(part: Part, trouble: &Trouble, namespace: &str, image: Option<&str>) -> Vec<String> {
    let Trouble { pod, container, .. } = trouble;
    let describe = |why: &str| format!("kubectl describe pod {pod} -n {namespace}   {why}");
    let in_spec = |what: &str, key: &str| format!("{what}{key} in the spec: stickyctl up -f FILE");
    match (trouble.kind, part) {
        (Kind::Image, Part::App) => vec![
            "if the name or tag is wrong     stickyctl up --image NAME:TAG".to_owned(),
            "if it was never loaded          stickyctl up --image-loader 'COMMAND'".to_owned(),
            in_spec("if the registry needs a login   ", "image.pullSecret"),
        ],
        (Kind::Image, Part::Canary) => vec![
            in_spec("if the name or tag is wrong     ", "canary.image"),
            in_spec("if the registry needs a login   ", "image.pullSecret"),
            NO_CANARY.to_owned(),
        ],
        (Kind::Image, Part::Redis) => {
            let elsewhere = in_spec("for the same image elsewhere    ", "redis.image");
            [elsewhere].into_iter().chain(load(image)).chain([in_spec("for a Redis of your own         ", "redis.url")]).collect()
        }
        (Kind::Image, Part::FrontDoor | Part::Certificates) => {
            load(image).into_iter().chain([describe("shows every attempt"), OWN_DOOR.to_owned()]).collect()
        }
        (Kind::Missing, _) => vec![describe("names it; once it exists, the pod starts by itself")],
        (Kind::Crash, Part::Certificates) if pod.is_empty() => {
            vec![format!("kubectl get events -n {namespace}   shows what its pods ran into")]
        }
        (Kind::Crash, _) => vec![format!("kubectl logs {pod} -c {container} -n {namespace}   shows everything that it wrote")],
        (Kind::Memory, Part::App | Part::Canary) => vec![in_spec(MEMORY, "resources.limits.memory")],
        (Kind::Memory, Part::Redis) => vec![in_spec(MEMORY, "redis.resources.limits.memory")],
        (Kind::Unschedulable, Part::App) => {
            vec!["for fewer pods                  stickyctl scale N".to_owned(), in_spec(SMALLER, "resources and placement")]
        }
        (Kind::Unschedulable, Part::Canary) => vec![NO_CANARY.to_owned(), in_spec(SMALLER, "resources and placement")],
        (Kind::Unschedulable, Part::Redis) => vec![in_spec(SMALLER, "redis.resources, redis.storageClass and placement")],
        (Kind::Memory | Kind::Unschedulable, Part::FrontDoor | Part::Certificates) => vec![describe("shows what it needs"), OWN_DOOR.to_owned()],
        (Kind::Refused, _) => vec![format!("kubectl get resourcequotas,limitranges,events -n {namespace}   shows what the namespace allows")],
    }
}

/// An image that is named by its digest has to be pulled: a loaded one has no digest of a registry.
fn load(image: Option<&str>) -> Option<String> {
    let image = image.filter(|image| !image.contains('@'))?;
    Some(format!("if kind's nodes can't pull it   kind load docker-image {}", familiar(image)))
}
