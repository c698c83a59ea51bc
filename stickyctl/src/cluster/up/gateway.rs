//! What the cluster's Gateway API decides for a release: the shape of session persistence, the controller, and whether sessions would
//! stick at all. No I/O.
//!
//! An HTTPRoute without session persistence is accepted and routes every request, so nothing else would tell that affinity is missing:
//! neither the API server, which drops a field that its definitions don't have, nor an implementation that ignores the field. So `up`
//! refuses both, unless it is forced.

use crate::cluster::doors::gateway::Gateways;
use crate::cluster::doors::gateway::crd::Definition;
use crate::cluster::doors::{Found, gateway};
use crate::cluster::seen::Seen;
use crate::cluster::up::request::Effective;
use crate::exit::{Exit, Explained};
use crate::gateway_api::Shape;
use crate::gateway_api::implementations::{self, Implementation, Support};
use crate::generate::front_door::install::ENVOY_GATEWAY;
use crate::generate::front_door::install::gateway::crds;
use crate::spec::gateway::API;
use crate::spec::ingress::Persistence;
use crate::spec::version::Version;

/// Written if the definitions have the newer shape and don't say their version.
const NEWER: Version = Version(1, 7, 0);

/// Why a release is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The cluster's definitions have no session persistence.
    #[error("the CRDs in this cluster ({definitions}) have no session persistence, so sessions would not stick")]
    NoField {
        /// As in `Gateway API 1.6.1, standard channel`.
        definitions: String,
        /// Whether the controller is Envoy Gateway.
        is_envoys: bool,
    },
    /// The implementation doesn't do what the route says.
    #[error("GatewayClass {class} belongs to {controller}: {says}{}", offer(.instead))]
    Unsuited {
        class: String,
        controller: String,
        /// A sentence without a full stop.
        says: String,
        /// What the implementation has instead.
        instead: Option<&'static str>,
        /// Whether the definitions are too new for it.
        renamed: bool,
    },
    /// The spec names another controller than the class has.
    #[error("GatewayClass {class} belongs to the controller {real}, but gateway.controller is {said}")]
    OtherController { class: String, real: String, said: String },
    #[error(transparent)]
    Gateway(#[from] gateway::Error),
}

fn offer(offer: &Option<&'static str>) -> String {
    offer.map(|offer| format!("\n\n  instead    {offer}")).unwrap_or_default()
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoField { .. } => Exit::Prerequisite,
            Self::Unsuited { .. } | Self::OtherController { .. } => Exit::Failed,
            Self::Gateway(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let force = "stickyctl up --force   applies it anyway".to_owned();
        match self {
            Self::NoField { is_envoys, .. } => {
                let hashed = "stickyctl up -f FILE   with ingress.cookie.persistence: balanced, for which a policy of Envoy Gateway is enough";
                let steps = other_crds("installs the CRDs of the experimental channel");
                steps.into_iter().chain(is_envoys.then(|| hashed.to_owned())).chain([force]).collect()
            }
            Self::Unsuited { renamed: true, .. } => other_crds("installs the CRDs that it reads").into_iter().chain([force]).collect(),
            Self::Unsuited { .. } => vec![
                "stickyctl up -f FILE   with the gateway.class of another implementation".to_owned(),
                "stickyctl up --front-door traefik   uses an Ingress and Traefik's ingress-nginx provider instead".to_owned(),
                format!("{force}; stickyctl verify then shows what happens"),
            ],
            Self::OtherController { .. } => vec!["stickyctl up -f FILE   without gateway.controller: it is read from the class".to_owned()],
            Self::Gateway(error) => error.next_steps(),
        }
    }
}

/// How to replace the cluster's CRDs. Since v1.5 they come with an admission policy that refuses those of the experimental channel where
/// the standard channel is installed (seen with v1.6.1); the new CRDs bring it along again.
fn other_crds(what: &str) -> [String; 2] {
    let guard = "kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding safe-upgrades.gateway.networking.k8s.io";
    [format!("{guard}\n    lets the next one in, if the cluster has this policy"), format!("{}\n    {what}", crds::GATEWAY_API)]
}

/// What `up` does about session persistence.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Adopted {
    /// What the user should know, one sentence each.
    pub(super) warnings: Vec<String>,
    /// Whether session persistence is left out, because the cluster can't store it and the user forces it.
    pub(super) without: bool,
}

/// Takes over what the cluster decides: the class's controller, and the shape that the definitions have.
///
/// # Errors
/// Sessions would not stick, and it isn't forced.
pub(super) fn adopt(
    effective: &mut Effective,
    (gateways, found): (&Gateways, Option<&Found>),
    definition: &Seen<Definition>,
    force: bool,
) -> Result<Adopted, Error> {
    let mut adopted = Adopted::default();
    let (says_controller, says_api) = (effective.says("gateway.controller"), effective.says("gateway.api"));
    let real = gateways.controller(&effective.spec).to_owned();
    let is_persistent = effective.spec.ingress.cookie.persistence == Persistence::Persistent;
    let spec = &mut effective.spec.gateway;
    spec.class.clone_from(&gateways.class_name);
    if says_controller && real != spec.controller {
        return Err(Error::OtherController { class: spec.class.clone(), real, said: spec.controller.clone() });
    }
    spec.controller = real;
    let written = Shape::of(spec.api.unwrap_or(API));
    let shape = match definition {
        Seen::Absent | Seen::NoKind => return Err(gateway::Error::NoApi.into()),
        Seen::Unread => {
            let version = spec.api.unwrap_or(API);
            adopted.warnings.push(format!("no permission to read CRDs, so session persistence is written for Gateway API {version} (gateway.api)"));
            written
        }
        Seen::Here(definition) => match definition.shape {
            Some(shape) => {
                if says_api && shape != written {
                    let asked = spec.api.unwrap_or(API);
                    adopted.warnings.push(format!("gateway.api is {asked}, but the cluster has {}, which decides", definition.title()));
                }
                spec.api = if shape == written { spec.api } else { version(definition.version, shape) };
                shape
            }
            None if is_persistent && !force => {
                return Err(Error::NoField { definitions: definition.title(), is_envoys: spec.is_envoy() });
            }
            None => {
                if is_persistent {
                    adopted.warnings.push(format!("the CRDs ({}) have no session persistence: the route is applied without it", definition.title()));
                }
                adopted.without = is_persistent;
                return Ok(adopted);
            }
        },
    };
    if is_persistent {
        let version = match found {
            Some(found) => found.version.as_deref(),
            // The one that would be installed.
            None => spec.is_envoy().then_some(ENVOY_GATEWAY),
        };
        let version = version.and_then(|version| version.parse().ok());
        adopted.warnings.extend(judge(&spec.class, &spec.controller, version, shape, force)?);
    }
    Ok(adopted)
}

/// A version whose definitions have the shape; none if it is the one that is written by default.
fn version(found: Option<Version>, shape: Shape) -> Option<Version> {
    let known = found.filter(|version| Shape::of(*version) == shape);
    let usual = match shape {
        Shape::SessionName => API,
        Shape::Cookie => NEWER,
    };
    Some(known.unwrap_or(usual)).filter(|version| Shape::of(*version) != Shape::of(API))
}

/// Whether an implementation keeps sessions on their pods; what is not known for sure is a warning.
fn judge(class: &str, controller: &str, version: Option<Version>, shape: Shape, force: bool) -> Result<Option<String>, Error> {
    let Some(known) = implementations::of(controller) else {
        return Ok(Some(format!("the controller {controller} is not known to honor session persistence; stickyctl verify shows whether it does")));
    };
    let support = known.session_persistence(version, shape);
    let says = known.says(support);
    match support {
        Support::Honoured => Ok(None),
        Support::Commercial | Support::Since(_) | Support::Unknown => Ok(Some(format!("{says}; stickyctl verify shows whether sessions stick"))),
        Support::Renamed | Support::TooOld(_) | Support::Ignored if force => Ok(Some(says)),
        Support::Renamed | Support::TooOld(_) | Support::Ignored => Err(unsuited(class, controller, known, support, says)),
    }
}

fn unsuited(class: &str, controller: &str, known: &Implementation, support: Support, says: String) -> Error {
    let instead = (support == Support::Ignored).then_some(known.instead.text);
    Error::Unsuited { class: class.to_owned(), controller: controller.to_owned(), says, instead, renamed: support == Support::Renamed }
}
