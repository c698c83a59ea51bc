//! Which front door a release gets, or why it gets none. Pure.

use super::controller::USUAL_CONTROLLER;
use super::detect::{Found, Proxy, Watch};
use crate::exit::{Exit, Failure};
use crate::generate::front_door::install::Install;
use crate::spec::StickyApp;
use std::collections::BTreeMap;

/// The front doors of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doors {
    /// Those that run.
    pub found: Vec<Found>,
    /// The controller of each IngressClass.
    pub classes: BTreeMap<String, String>,
    /// The namespaces that were looked at, where there was no right to look at all of them.
    pub only_in: Option<Vec<String>>,
    /// There was no right to read IngressClasses: the release's was taken for the usual one.
    pub class_unread: bool,
}

impl Doors {
    /// Those that take a class, whatever they watch.
    pub fn of_class(&self, class: &str) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.classes.iter().any(|one| one == class))
    }

    /// The front door that serves a release: `None` where none does and one may be installed.
    ///
    /// # Errors
    /// [`Exit::Failed`]: two serve it; another kind than the spec's does; the one that has the class watches other namespaces;
    /// the class is another controller's.
    pub fn serving(&self, spec: &StickyApp) -> Result<Option<&Found>, Failure> {
        let (class, namespace, wanted) = (&spec.ingress.class, &spec.namespace, spec.ingress.front_door);
        let (here, elsewhere): (Vec<&Found>, Vec<&Found>) = self.of_class(class).partition(|found| found.watches(namespace));
        match (here.as_slice(), elsewhere.first()) {
            ([], None) => self.nobody(spec).map(|()| None),
            ([], Some(other)) => Err(failure(format!(
                "class {class} is served by {}, but {} only: it would not see namespace {namespace}",
                at(other),
                where_it_looks(other)
            ))
            .try_this("stickyctl up -f FILE   with another ingress.class, for a front door of its own")
            .try_this(format!("stickyctl up -f FILE   with namespace: one that {} watches", other.workload))),
            ([one], _) if one.proxy == Proxy::Door(wanted) => Ok(Some(one)),
            ([one], _) => Err(match one.proxy {
                Proxy::Door(other) => failure(format!(
                    "class {class} is served by {}, and the spec says {}: what it reads would not be what was written",
                    at(one),
                    Proxy::Door(wanted).name()
                ))
                .try_this(format!("stickyctl up --front-door {}", other.word())),
                Proxy::OtherTraefik => {
                    failure(format!("class {class} is served by {}, which reads none of the annotations that make sessions stick", at(one)))
                        .try_this("--providers.kubernetesingressnginx=true   among Traefik's arguments turns the provider on")
                        .try_this("stickyctl up -f FILE   with another ingress.class")
                }
            }),
            (several, _) => {
                let names: Vec<String> = several.iter().map(|found| at(found)).collect();
                Err(failure(format!("class {class} is served by {} front doors, and each would route it: {}", names.len(), names.join(" and ")))
                    .try_this("kubectl get ingressclass   gives each of them a class (a spec.controller) of its own")
                    .try_this("stickyctl up -f FILE       with the ingress.class of one alone"))
            }
        }
    }

    /// No pod serves the class: fine, unless the class is there and somebody else's.
    fn nobody(&self, spec: &StickyApp) -> Result<(), Failure> {
        let class = &spec.ingress.class;
        let usual = [USUAL_CONTROLLER.to_owned(), Install::of(spec, false).controller()];
        match self.classes.get(class) {
            Some(controller) if !usual.contains(controller) => Err(failure(format!(
                "class {class} belongs to the controller {controller}, which is neither ingress-nginx nor Traefik's provider of that name"
            ))
            .try_this("kubectl get ingressclass   the classes that there are")
            .try_this("stickyctl up -f FILE       with another ingress.class")),
            _ => Ok(()),
        }
    }
}

fn failure(what: String) -> Failure {
    Failure::new(Exit::Failed, what)
}

fn at(found: &Found) -> String {
    format!("{} ({} in {})", found.title(), found.workload, found.namespace)
}

fn where_it_looks(found: &Found) -> String {
    match &found.watch {
        Watch::Everything => "in all namespaces".to_owned(),
        Watch::Namespaces(all) => format!("in {}", all.join(", ")),
        Watch::Selector(selector) => format!("in namespaces with {selector}"),
    }
}
