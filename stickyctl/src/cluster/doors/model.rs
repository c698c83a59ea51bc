//! A front door as it was found on a cluster.

use crate::spec::ingress::FrontDoor;

/// The kinds of controllers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// A controller that reads the ingress-nginx annotations.
    Door(FrontDoor),
    /// Traefik with its own Ingress provider, which ignores all of them.
    OtherTraefik,
    /// haproxy-ingress, of the community.
    HaproxyIngress,
    /// The HAProxy Kubernetes Ingress Controller, of HAProxy Technologies.
    Haproxytech,
    /// The NGINX Ingress Controller of F5.
    F5Nginx,
}

impl Proxy {
    /// The product. Traefik has the same name with and without its ingress-nginx provider; a Gateway's name depends on its controller,
    /// so this is that of the usual one ([`Found::product`] has the real one).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Door(FrontDoor::Nginx) => "ingress-nginx",
            Self::Door(FrontDoor::Gateway) => "Envoy Gateway",
            Self::Door(FrontDoor::Traefik) | Self::OtherTraefik => "Traefik",
            Self::HaproxyIngress => "haproxy-ingress",
            Self::Haproxytech => "HAProxy Kubernetes Ingress Controller",
            Self::F5Nginx => "F5 NGINX Ingress Controller",
        }
    }
}

/// The namespaces whose Ingresses a controller reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// All namespaces: the controller's arguments restrict nothing.
    Everything,
    /// The named ones only.
    Namespaces(Vec<String>),
    /// Those that match a label selector.
    Selector(String),
}

/// A pod of a front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// `metadata.name`; its namespace is [`Found::namespace`].
    pub name: String,
    /// Whether it is ready and not terminating.
    pub ready: bool,
    /// The node, once the pod is scheduled.
    pub node: Option<String>,
    /// The pod's port for plain HTTP.
    pub http_port: u16,
    /// The pod's port for HTTPS, if its arguments or its container name one.
    pub https_port: Option<u16>,
}

/// How the pods of a front door are recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marks {
    /// By the arguments of their containers, which also say what port they listen on.
    Arguments,
    /// By their labels: the proxies of a Gateway have arguments that tell nothing.
    Labels {
        /// As in `a=b,c=d`.
        selector: String,
        /// The port for plain HTTP in each of them.
        port: u16,
        /// The port for HTTPS in each of them, if a listener has it.
        https_port: Option<u16>,
    },
}

/// What a controller serves besides the Ingresses of its classes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unclassed {
    /// The value of the annotation `kubernetes.io/ingress.class` that it serves.
    pub annotation: Option<String>,
    /// Whether it serves Ingresses that have neither a class nor that annotation.
    pub neither: bool,
}

/// A front door that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which controller it is.
    pub proxy: Proxy,
    /// The name of the product, as in `Traefik`.
    pub product: String,
    /// The version of the controller, from its image's tag.
    pub version: Option<String>,
    /// The namespace of its pods.
    pub namespace: String,
    /// The owner of its pods, as in `deployment/traefik`.
    pub workload: String,
    /// How its pods are recognized.
    pub marks: Marks,
    /// Names of the IngressClasses that it serves, or the GatewayClass.
    pub classes: Vec<String>,
    /// What it serves besides those.
    pub unclassed: Unclassed,
    /// The namespaces that it watches.
    pub watch: Watch,
    /// Its pods without terminating ones; the newest ready pod first.
    pub pods: Vec<Door>,
    /// Whether `up` installed it.
    pub ours: bool,
}

impl Found {
    /// How many of its pods are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.pods.iter().filter(|pod| pod.ready).count()
    }

    /// Name and version, as in `Traefik 3.6.12`.
    #[must_use]
    pub fn title(&self) -> String {
        let version = self.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let without = if self.proxy == Proxy::OtherTraefik { " without its ingress-nginx provider" } else { "" };
        format!("{}{version}{without}", self.product)
    }

    /// What it watches, as in `only namespace a`.
    #[must_use]
    pub(crate) fn watched(&self) -> String {
        match &self.watch {
            Watch::Everything => "all namespaces".to_owned(),
            Watch::Namespaces(all) => format!("only namespace {}", all.join(", ")),
            Watch::Selector(selector) => format!("only namespaces with the labels {selector}"),
        }
    }

    /// Whether it watches a namespace. The labels of namespaces aren't known here, so a selector may match any.
    #[must_use]
    pub fn watches(&self, namespace: &str) -> bool {
        match &self.watch {
            Watch::Everything | Watch::Selector(_) => true,
            Watch::Namespaces(all) => all.iter().any(|one| one == namespace),
        }
    }
}
