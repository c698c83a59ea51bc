//! Selects the front door for a release, or explains why there is none. No I/O.

use super::controller::USUAL_CONTROLLER;
use super::gateway::{self, Gateways};
use super::model::{Found, Proxy};
use crate::exit::{Exit, Explained};
use crate::generate::front_door::install::Install;
use crate::spec::StickyApp;
use crate::spec::ingress::FrontDoor;
use std::collections::BTreeMap;

/// The front doors of a cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Doors {
    /// All running front doors, sorted by namespace and workload.
    pub found: Vec<Found>,
    /// The controller that each IngressClass names.
    pub classes: BTreeMap<String, String>,
    /// The namespaces that were searched, without permission to search all of them.
    pub only_in: Option<Vec<String>>,
    /// Whether IngressClasses could not be read for lack of permission; the release's class is then assumed to be the usual one.
    pub class_unread: bool,
    /// What there is of the Gateway API, for a release behind it.
    pub gateways: Option<Box<Gateways>>,
}

/// Why no front door can serve a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Each of several would route the release.
    #[error("class {class} is served by {} front doors, and each of them would route it: {}", at.len(), at.join(" and "))]
    Several {
        class: String,
        /// The front doors, as in `Traefik 3.6.12 (deployment/traefik in namespace traefik)`.
        at: Vec<String>,
    },
    /// Another kind than the spec's: it would read other annotations than those that are written.
    #[error("class {class} is served by {at}, but the spec is written for {wanted}")]
    OtherKind {
        class: String,
        at: String,
        /// The name of the kind in the spec.
        wanted: &'static str,
        /// The value of `--front-door` for the one that serves.
        word: &'static str,
    },
    /// A Traefik without its ingress-nginx provider.
    #[error("class {class} is served by {at}, which ignores the annotations that configure session affinity")]
    Unsuited { class: String, at: String },
    /// The front door of the class does not watch the release's namespace.
    #[error("class {class} is served by {at}, which watches {watched} and would not see namespace {namespace}")]
    Elsewhere {
        class: String,
        at: String,
        /// What it watches, as in `only namespace a`.
        watched: String,
        /// The release's namespace.
        namespace: String,
        /// The owner of its pods.
        workload: String,
    },
    /// The class exists for a controller that is neither ingress-nginx nor Traefik.
    #[error("class {class} belongs to the controller {controller}, which is neither ingress-nginx nor Traefik's ingress-nginx provider")]
    Foreign {
        class: String,
        /// Its `spec.controller`.
        controller: String,
    },
    /// The Gateway API doesn't have what the release needs.
    #[error(transparent)]
    Gateway(#[from] gateway::Error),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Gateway(error) => error.exit(),
            _ => Exit::Failed,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Several { .. } => vec![
                "kubectl get ingressclass   then give each of them a class (a spec.controller) of its own".to_owned(),
                "stickyctl up -f FILE       with an ingress.class that only one of them serves".to_owned(),
            ],
            Self::OtherKind { word, .. } => vec![format!("stickyctl up --front-door {word}")],
            Self::Unsuited { .. } => vec![
                "--providers.kubernetesingressnginx=true   as an argument of Traefik enables the provider".to_owned(),
                "stickyctl up -f FILE                      with another ingress.class".to_owned(),
            ],
            Self::Elsewhere { workload, .. } => vec![
                "stickyctl up -f FILE   with another ingress.class, for a front door of its own".to_owned(),
                format!("stickyctl up -f FILE   with a namespace that {workload} watches"),
            ],
            Self::Foreign { .. } => vec![
                "kubectl get ingressclass   lists the classes of the cluster".to_owned(),
                "stickyctl up -f FILE       with another ingress.class".to_owned(),
            ],
            Self::Gateway(error) => error.next_steps(),
        }
    }
}

impl Doors {
    /// The front door that serves a release; `None` if there is none and one may be installed.
    ///
    /// # Errors
    /// The class is taken in a way that doesn't fit.
    pub fn serving(&self, spec: &StickyApp) -> Result<Option<&Found>, Error> {
        if let (FrontDoor::Gateway, Some(gateways)) = (spec.ingress.front_door, &self.gateways) {
            return Ok(gateways.serving(spec)?);
        }
        let (namespace, wanted) = (&spec.namespace, spec.ingress.front_door);
        let class = spec.ingress.class.clone();
        let of_class = self.found.iter().filter(|found| found.classes.contains(&class));
        let (here, elsewhere): (Vec<&Found>, Vec<&Found>) = of_class.partition(|found| found.watches(namespace));
        match (here.as_slice(), elsewhere.first()) {
            ([], None) => self.unserved(spec).map(|()| None),
            ([], Some(other)) => Err(Error::Elsewhere {
                class,
                at: at(other),
                watched: other.watched(),
                namespace: namespace.clone(),
                workload: other.workload.clone(),
            }),
            ([one], _) => match one.proxy {
                Proxy::Door(door) if door == wanted => Ok(Some(one)),
                Proxy::Door(door) => Err(Error::OtherKind { class, at: at(one), wanted: Proxy::Door(wanted).name(), word: door.word() }),
                Proxy::OtherTraefik => Err(Error::Unsuited { class, at: at(one) }),
                Proxy::HaproxyIngress | Proxy::Haproxytech | Proxy::F5Nginx => self.unserved(spec).map(|()| None),
            },
            (several, _) => Err(Error::Several { class, at: several.iter().map(|found| at(found)).collect() }),
        }
    }

    /// No pod serves the class. That is an error only if the class belongs to another controller.
    fn unserved(&self, spec: &StickyApp) -> Result<(), Error> {
        let class = &spec.ingress.class;
        let usual = [USUAL_CONTROLLER.to_owned(), Install::of(spec, false).controller()];
        match self.classes.get(class) {
            Some(controller) if !usual.contains(controller) => Err(Error::Foreign { class: class.clone(), controller: controller.clone() }),
            _ => Ok(()),
        }
    }
}

fn at(found: &Found) -> String {
    format!("{} ({} in namespace {})", found.title(), found.workload, found.namespace)
}
