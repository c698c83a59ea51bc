//! Reads from one container what it serves, by the rules of ingress-nginx (`pkg/flags/flags.go`) and Traefik
//! (`filterIngressClass` of its providers). No I/O.

use super::model::{Proxy, Unclassed, Watch};
use super::options::{Options, port, words};
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::Container;
use k8s_openapi::api::networking::v1::IngressClass;

/// The controller that ingress-nginx and Traefik's provider of its name serve by default.
pub(super) const USUAL_CONTROLLER: &str = "k8s.io/ingress-nginx";
const USUAL_CLASS: &str = "nginx";
/// The controller of Traefik's own Ingress provider (`pkg/provider/kubernetes/ingress/kubernetes.go`).
const TRAEFIK_CONTROLLER: &str = "traefik.io/ingress-controller";
/// The annotation that the same provider serves, unless it is configured for another one.
const OWN_ANNOTATION: &str = "traefik";
const PROVIDER: &str = "providers.kubernetesingressnginx";
const OWN_PROVIDER: &str = "providers.kubernetesingress";

/// A controller as the options in its container configure it.
pub(super) struct Controller {
    pub(super) proxy: Proxy,
    pub(super) controller: String,
    /// A class that it serves by name, whatever its controller.
    pub(super) by_name: Option<String>,
    /// The only class that it serves among those with the right controller.
    pub(super) only: Option<String>,
    pub(super) unclassed: Unclassed,
    pub(super) watch: Watch,
    pub(super) http_port: u16,
    pub(super) https_port: Option<u16>,
}

impl Controller {
    pub(super) fn of(container: &Container) -> Option<Self> {
        Self::nginx(container).or_else(|| Self::traefik(container))
    }

    fn nginx(container: &Container) -> Option<Self> {
        let image = container.image.as_deref().unwrap_or_default();
        // The second form is how mirrors flatten the first.
        let by_image = image.contains("ingress-nginx/controller") || image.contains("ingress-nginx-controller");
        let by_program = words(container).any(|word| word.rsplit('/').next() == Some("nginx-ingress-controller"));
        if !by_image && !by_program {
            return None;
        }
        let options = Options::of_arguments(container);
        let class = options.get("ingress-class").unwrap_or(USUAL_CLASS).to_owned();
        let port = |name: &str| options.get(&format!("{name}-port")).and_then(|port| port.parse().ok()).or_else(|| named(container, &[name]));
        Some(Self {
            proxy: Proxy::Door(FrontDoor::Nginx),
            controller: options.get("controller-class").unwrap_or(USUAL_CONTROLLER).to_owned(),
            by_name: options.is_on("ingress-class-by-name").then(|| class.clone()),
            only: None,
            unclassed: Unclassed { annotation: Some(class), neither: options.is_on("watch-ingress-without-class") },
            watch: watch(options.get("watch-namespace").map(str::to_owned).into_iter().collect(), options.get("watch-namespace-selector")),
            http_port: port("http").unwrap_or(80),
            https_port: Some(port("https").unwrap_or(443)),
        })
    }

    fn traefik(container: &Container) -> Option<Self> {
        let options = Options::of_traefik(container);
        let of = |part: &str, key: &str| options.get(&format!("{part}.{key}")).map(str::to_owned);
        let listens = |names: &[&str]| {
            let address = names.iter().find_map(|name| options.get(&format!("entrypoints.{name}.address")));
            address.and_then(port).or_else(|| named(container, names))
        };
        let (http_port, https_port) = (listens(&["web", "http"]).unwrap_or(80), listens(&["websecure", "https"]));
        if options.has_part(PROVIDER) {
            let class = of(PROVIDER, "ingressclass").unwrap_or_else(|| USUAL_CLASS.to_owned());
            return Some(Self {
                proxy: Proxy::Door(FrontDoor::Traefik),
                controller: of(PROVIDER, "controllerclass").unwrap_or_else(|| USUAL_CONTROLLER.to_owned()),
                by_name: options.is_on(&format!("{PROVIDER}.ingressclassbyname")).then(|| class.clone()),
                only: None,
                unclassed: Unclassed { annotation: Some(class), neither: options.is_on(&format!("{PROVIDER}.watchingresswithoutclass")) },
                watch: watch(of(PROVIDER, "watchnamespace").into_iter().collect(), of(PROVIDER, "watchnamespaceselector").as_deref()),
                http_port,
                https_port,
            });
        }
        let only = of(OWN_PROVIDER, "ingressclass");
        options.has_part(OWN_PROVIDER).then(|| Self {
            proxy: Proxy::OtherTraefik,
            controller: TRAEFIK_CONTROLLER.to_owned(),
            by_name: None,
            // `shouldProcessIngress` of the provider: without a class of its own it also serves Ingresses that name none.
            unclassed: Unclassed { annotation: Some(only.clone().unwrap_or_else(|| OWN_ANNOTATION.to_owned())), neither: only.is_none() },
            only,
            watch: watch(of(OWN_PROVIDER, "namespaces").map(|all| all.split(',').map(str::to_owned).collect()).unwrap_or_default(), None),
            http_port,
            https_port,
        })
    }

    /// Whether it serves a class.
    pub(super) fn takes(&self, class: &IngressClass) -> bool {
        let name = class.metadata.name.as_deref();
        let by_controller = controller(class) == Some(&self.controller);
        match &self.only {
            Some(only) => by_controller && name == Some(only),
            None => by_controller || (self.by_name.is_some() && name == self.by_name.as_deref()),
        }
    }
}

/// The controller that an IngressClass names.
pub(crate) fn controller(class: &IngressClass) -> Option<&str> {
    class.spec.as_ref()?.controller.as_deref()
}

pub(super) fn watch(namespaces: Vec<String>, selector: Option<&str>) -> Watch {
    match selector {
        Some(selector) => Watch::Selector(selector.to_owned()),
        None if namespaces.is_empty() => Watch::Everything,
        None => Watch::Namespaces(namespaces),
    }
}

/// A container port by one of its usual names.
pub(super) fn named(container: &Container, names: &[&str]) -> Option<u16> {
    let ports = container.ports.iter().flatten();
    ports.filter(|port| port.name.as_deref().is_some_and(|name| names.contains(&name))).find_map(|port| u16::try_from(port.container_port).ok())
}
