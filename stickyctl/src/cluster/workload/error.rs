//! Why an application could not be found on a cluster.

use super::reference::{Kind, Reference};
use crate::cluster::errors::ApiError;
use crate::cluster::permission::rule;
use crate::cluster::release::Place;
use crate::exit::{Exit, Explained};

/// Why the way to an application could not be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// No such object in the namespace.
    #[error("{reference} does not exist in namespace {namespace}")]
    Absent { reference: Reference, namespace: String },
    /// The cluster has no HTTPRoutes at all.
    #[error("can't read {0}: this cluster does not have the Gateway API, since its CRDs are not installed")]
    NoGatewayApi(Reference),
    /// A Service that nothing in its namespace routes to.
    #[error("no Ingress and no HTTPRoute in namespace {namespace} leads to service {name}, so no front door serves it")]
    Unrouted { name: String, namespace: String },
    /// A Service with several ways to it.
    #[error("{} routes in namespace {namespace} lead to service {name}: {}", routes.len(), list(routes))]
    SeveralRoutes { name: String, namespace: String, routes: Vec<Reference> },
    /// A route without a Service behind it: what it has instead.
    #[error("{route} in namespace {namespace} {instead}, so there is no Service whose pods could answer")]
    NoBackend { route: Reference, namespace: String, instead: String },
    /// A path that only requests of a certain kind reach.
    #[error("can't tell what path to request: {route} in namespace {namespace} has the path {path}, which is a regular expression")]
    Pattern { route: Reference, namespace: String, path: String, host: Option<String> },
    /// The Service of a route is missing.
    #[error("{route} in namespace {namespace} leads to service {service}, which does not exist")]
    NoService { route: Reference, namespace: String, service: Place },
    /// A Service that stands for something outside the cluster, or whose endpoints somebody else writes.
    #[error("service {0} selects no pods: it has no selector")]
    NoSelector(Place),
    /// An Ingress without a class that nothing serves.
    #[error("{ingress} in namespace {namespace} has no class: neither ingressClassName nor the annotation kubernetes.io/ingress.class")]
    NoClass { ingress: Reference, namespace: String },
    /// The class doesn't exist.
    #[error("{route} in namespace {namespace} has class {class}, but there is no such {}", kind(route.kind))]
    AbsentClass { route: Reference, namespace: String, class: String },
    /// The class's controller is none that is known here, or none of its pods is recognized.
    #[error("can't find the pods that serve class {class}: its controller is {controller}, {why}")]
    Unrecognized { class: String, controller: String, why: String, instead: String },
    /// No pod serves the class in the namespaces that may be searched.
    #[error("can't find the pods that serve class {class}: {}", unsearched(searched, denied))]
    NotSearched { class: String, searched: Vec<String>, denied: Vec<String> },
    /// Front doors serve the class, and none watches the namespace.
    #[error("class {class} is served by {at}, which watches {watched} and does not see namespace {namespace}")]
    Elsewhere { class: String, at: String, watched: String, namespace: String },
    /// Each of several would route it.
    #[error("class {class} is served by {} front doors, and each of them routes {route}: {}", at.len(), at.join(" and "))]
    SeveralDoors { class: String, route: Reference, at: Vec<String> },
    /// The Gateway of an HTTPRoute.
    #[error("{route} in namespace {namespace} attaches to {gateway}, {why}")]
    NoGateway { route: Reference, namespace: String, gateway: String, why: String },
    /// The API server did not answer as it should.
    #[error(transparent)]
    Api(#[from] ApiError),
}

fn list(routes: &[Reference]) -> String {
    routes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn unsearched(searched: &[String], denied: &[String]) -> String {
    let denied = if denied.is_empty() { String::new() } else { format!(" or of namespace {}", denied.join(", ")) };
    let searched = if searched.is_empty() { String::new() } else { format!("; they are not in namespace {}", searched.join(", ")) };
    format!("permission denied to list the pods of all namespaces{denied}{searched}")
}

const fn kind(of: Kind) -> &'static str {
    match of {
        Kind::HttpRoute => "GatewayClass",
        Kind::Ingress | Kind::Service => "IngressClass",
    }
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Api(error) => error.exit(),
            Self::NoGatewayApi(_) | Self::Unrecognized { .. } | Self::NotSearched { .. } => Exit::Prerequisite,
            Self::SeveralRoutes { .. } | Self::Pattern { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Absent { reference, namespace } => vec![
                format!("kubectl get {} -n {namespace}   lists those that exist", plural(reference.kind)),
                format!("kubectl get {} -A   searches all namespaces; -n NAMESPACE selects one", plural(reference.kind)),
            ],
            Self::NoGatewayApi(_) => vec!["kubectl get ingress -A   lists what verify ingress/NAME can test".to_owned()],
            Self::Unrouted { namespace, .. } => vec![
                format!("kubectl get ingress,httproute -n {namespace}   lists the routes and their backends"),
                "stickyctl verify URL   tests a site that is reached in another way".to_owned(),
            ],
            Self::SeveralRoutes { namespace, routes, .. } => routes.iter().map(|route| format!("stickyctl verify {route} -n {namespace}")).collect(),
            Self::NoBackend { route, namespace, .. } | Self::NoClass { ingress: route, namespace } | Self::NoGateway { route, namespace, .. } => {
                vec![describe(route, namespace)]
            }
            Self::Pattern { host, .. } => {
                let host = host.as_deref().unwrap_or("HOST");
                vec![
                    "--path /PATH   names a path that it matches".to_owned(),
                    format!("stickyctl verify https://{host}/PATH   tests the site by its URL"),
                ]
            }
            Self::NoService { service, .. } => vec![format!("kubectl get services -n {}   lists those that exist", service.namespace)],
            Self::NoSelector(service) => vec![
                format!("kubectl get endpointslices -n {} -l kubernetes.io/service-name={}", service.namespace, service.name),
                "stickyctl verify URL --pod-identity WHERE   tests a site whose pods this cluster does not know".to_owned(),
            ],
            Self::AbsentClass { route, .. } => vec![format!("kubectl get {}   lists the classes of the cluster", kind(route.kind).to_lowercase())],
            Self::Unrecognized { instead, .. } => vec![instead.clone()],
            Self::NotSearched { .. } => vec![
                "--front-door-namespace NAMESPACE   names the one where its pods run".to_owned(),
                format!("{}   is the rule that a Role in that namespace needs", rule("", "pods", "list")),
            ],
            Self::Elsewhere { class, .. } => vec![format!("kubectl get ingressclass {class} -o yaml   names its controller")],
            Self::SeveralDoors { .. } => {
                vec!["--front-door-namespace NAMESPACE   selects the one whose pods run there".to_owned()]
            }
            Self::Api(error) => error.next_steps(),
        }
    }
}

fn describe(route: &Reference, namespace: &str) -> String {
    format!("kubectl describe {} {} -n {namespace}", route.kind.word(), route.name)
}

const fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Ingress => "ingresses",
        Kind::HttpRoute => "httproutes",
        Kind::Service => "services",
    }
}
