//! From an Ingress to its class, and from the class to the controller that serves it.

use crate::cluster::doors::{Found, Proxy};
use crate::comparison::Controller;
use crate::doctor::objects::{Objects, Read};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use std::collections::BTreeMap;

/// The annotation that `ingressClassName` replaced.
const OLD: &str = "kubernetes.io/ingress.class";
/// On the class of Ingresses that name none.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

/// How an Ingress names its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class<'a> {
    /// `spec.ingressClassName`.
    Named(&'a str),
    /// The old annotation. Controllers compare it with an argument of theirs, and need no IngressClass.
    Annotated(&'a str),
    /// None, and this one is the cluster's default.
    Default(&'a str),
    /// None, and there is no default.
    None,
}

impl<'a> Class<'a> {
    pub(crate) const fn name(self) -> Option<&'a str> {
        match self {
            Self::Named(name) | Self::Annotated(name) | Self::Default(name) => Some(name),
            Self::None => None,
        }
    }
}

/// Who serves a class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Served {
    /// The controller, if it is one of those that are compared.
    pub(crate) controller: Option<Controller>,
    /// Whether an IngressClass or a running controller says so. Otherwise it is a guess by annotations.
    pub(crate) certain: bool,
    /// The `spec.controller` of the class, if it exists.
    pub(crate) named: Option<String>,
    /// The running controllers that serve the class and watch the namespace, as places in the list of doors.
    pub(crate) doors: Vec<usize>,
    /// Those that serve it and do not watch the namespace.
    pub(crate) blind: Vec<usize>,
    /// The version of the controller, if one runs.
    pub(crate) version: Option<String>,
}

/// The classes of a cluster, and its controllers.
pub(super) struct Classes<'a, 'd> {
    classes: BTreeMap<&'a str, &'a Read<IngressClass>>,
    default: Option<&'a str>,
    doors: &'d [Found],
}

impl<'a, 'd> Classes<'a, 'd> {
    pub(super) fn new(objects: &'a Objects, doors: &'d [Found]) -> Self {
        let is_default =
            |class: &&Read<IngressClass>| class.object.metadata.annotations.as_ref().and_then(|all| all.get(DEFAULT)).is_some_and(|on| on == "true");
        Self {
            classes: objects.classes.iter().map(|class| (class.key().1, class)).collect(),
            default: objects.classes.iter().find(is_default).map(|class| class.key().1),
            doors,
        }
    }

    /// The class of an Ingress.
    pub(super) fn class(&self, ingress: &'a Ingress) -> Class<'a> {
        named(ingress).or(self.default.map(Class::Default)).unwrap_or(Class::None)
    }

    /// Who serves a class in a namespace. `guess` is the controller whose annotations the Ingress has.
    pub(super) fn served(&self, class: Class<'_>, namespace: &str, guess: Option<Controller>) -> Served {
        let name = class.name();
        let object = name.and_then(|name| self.classes.get(name));
        let named = object.and_then(|class| class.object.spec.as_ref()?.controller.clone());
        let by_class = |door: &Found| name.is_some_and(|name| door.classes.iter().any(|one| one == name));
        // Without an IngressClass, the controller's own arguments decide.
        let serves = |door: &Found| match class {
            Class::Annotated(name) => by_class(door) || door.unclassed.annotation.as_deref() == Some(name),
            Class::None => door.unclassed.neither,
            Class::Named(_) | Class::Default(_) => by_class(door),
        };
        let (doors, blind): (Vec<usize>, Vec<usize>) =
            (0..self.doors.len()).filter(|place| serves(&self.doors[*place])).partition(|place| self.doors[*place].watches(namespace));
        let running = doors.first().map(|place| &self.doors[*place]);
        let by_name = || named.as_deref().map(of_name);
        let controller = match (running, by_name()) {
            (Some(door), _) => of_proxy(door.proxy),
            (None, Some(known)) => known,
            (None, None) => guess,
        };
        let certain = running.is_some() || named.is_some();
        Served { controller, certain, named, version: running.and_then(|door| door.version.clone()), doors, blind }
    }
}

/// The class that an Ingress names.
pub(super) fn named(ingress: &Ingress) -> Option<Class<'_>> {
    let new = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref()).map(Class::Named);
    new.or_else(|| ingress.metadata.annotations.as_ref().and_then(|all| all.get(OLD)).map(|class| Class::Annotated(class)))
}

/// The controller with this name in an IngressClass.
fn of_name(named: &str) -> Option<Controller> {
    match named.split('/').next().unwrap_or_default() {
        // Traefik's provider has the same name; a running one tells.
        "k8s.io" if named == "k8s.io/ingress-nginx" => Some(Controller::IngressNginx),
        "traefik.io" => Some(Controller::Traefik),
        "haproxy-ingress.github.io" => Some(Controller::HaproxyIngress),
        "haproxy.org" => Some(Controller::Haproxytech),
        "nginx.org" => Some(Controller::F5Nginx),
        _ => None,
    }
}

const fn of_proxy(proxy: Proxy) -> Option<Controller> {
    match proxy {
        Proxy::Door(FrontDoor::Nginx) => Some(Controller::IngressNginx),
        Proxy::Door(FrontDoor::Traefik) => Some(Controller::TraefikNginx),
        Proxy::Door(FrontDoor::Gateway) => Some(Controller::Gateway),
        Proxy::OtherTraefik => Some(Controller::Traefik),
        Proxy::HaproxyIngress => Some(Controller::HaproxyIngress),
        Proxy::Haproxytech => Some(Controller::Haproxytech),
        Proxy::F5Nginx => Some(Controller::F5Nginx),
    }
}
