//! Reads the Ingress or the HTTPRoute of an application, and follows it to its front door.

use super::door::Search;
use super::error::Error;
use super::hints::Hints;
use super::ingress::Class;
use super::lead::Lead;
use super::reference::{Kind, Reference};
use super::{http_route, ingress};
use crate::cluster::doors::Found;
use crate::cluster::errors::ask;
use crate::cluster::release::Place;
use crate::cluster::seen::is_no_kind;
use crate::gateway_api::{GROUP, Gateway, HttpRoute};
use crate::generate::rbac::Right;
use k8s_openapi::api::networking::v1::Ingress;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};

/// The API group of Ingresses.
const INGRESSES: &str = "networking.k8s.io";

/// The route of an application, with the Service that it is followed to; none for the first.
pub(super) enum Route {
    Ingress { ingress: Box<Ingress>, service: Option<String> },
    Http { route: Box<HttpRoute>, service: Option<Place> },
}

/// A route that was followed.
pub(super) struct Followed {
    pub(super) lead: Lead,
    pub(super) class: String,
    pub(super) gateway: Option<Place>,
    pub(super) door: Found,
}

impl Route {
    /// Reads what a reference names; for a Service the only route that leads to it.
    /// `reads` gets the rights that it took.
    pub(super) async fn of(client: &Client, namespace: &str, reference: &Reference, reads: &mut Vec<Right>) -> Result<(Reference, Self), Error> {
        let name = &reference.name;
        let absent = || Error::Absent { reference: reference.clone(), namespace: namespace.to_owned() };
        let doing = format!("reading {reference} in namespace {namespace}");
        let route = match reference.kind {
            Kind::Ingress => {
                reads.push(Right::within(namespace, INGRESSES, &["ingresses"], &["get"]).named(name));
                let all: Api<Ingress> = Api::namespaced(client.clone(), namespace);
                let ingress = ask(&doing, all.get_opt(name)).await?.ok_or_else(absent)?;
                Self::Ingress { ingress: Box::new(ingress), service: None }
            }
            Kind::HttpRoute => {
                reads.push(Right::within(namespace, GROUP, &["httproutes"], &["get"]).named(name));
                let all: Api<HttpRoute> = Api::namespaced(client.clone(), namespace);
                let found = ask(&doing, async {
                    match all.get(name).await {
                        Err(kube::Error::Api(status)) if is_no_kind(&status) => Ok(Err(Error::NoGatewayApi(reference.clone()))),
                        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Err(absent())),
                        found => found.map(Ok),
                    }
                });
                Self::Http { route: Box::new(found.await??), service: None }
            }
            Kind::Service => {
                reads.push(Right::within(namespace, INGRESSES, &["ingresses"], &["list"]));
                reads.push(Right::within(namespace, GROUP, &["httproutes"], &["list"]));
                return Self::to_service(client, namespace, name).await;
            }
        };
        Ok((reference.clone(), route))
    }

    async fn to_service(client: &Client, namespace: &str, name: &str) -> Result<(Reference, Self), Error> {
        let at = Place { name: name.to_owned(), namespace: namespace.to_owned() };
        let ingresses: Api<Ingress> = Api::namespaced(client.clone(), namespace);
        let doing = format!("listing the Ingresses in namespace {namespace}, for one that leads to service {name}");
        let ingresses = ask(&doing, ingresses.list(&ListParams::default())).await?.items;
        let routes: Api<HttpRoute> = Api::namespaced(client.clone(), namespace);
        let doing = format!("listing the HTTPRoutes in namespace {namespace}, for one that leads to service {name}");
        let routes = ask(&doing, async {
            match routes.list(&ListParams::default()).await {
                Err(kube::Error::Api(status)) if is_no_kind(&status) => Ok(Vec::new()),
                found => found.map(|list| list.items),
            }
        });
        let ingresses = ingresses.into_iter().filter(|one| ingress::leads_to(one, name)).map(|one| {
            let reference = Reference { kind: Kind::Ingress, name: one.name_any() };
            (reference, Self::Ingress { ingress: Box::new(one), service: Some(name.to_owned()) })
        });
        let routes = routes.await?.into_iter().filter(|one| http_route::leads_to(one, &at)).map(|one| {
            let reference = Reference { kind: Kind::HttpRoute, name: one.name_any() };
            (reference, Self::Http { route: Box::new(one), service: Some(at.clone()) })
        });
        let mut found: Vec<(Reference, Self)> = ingresses.chain(routes).collect();
        if found.len() > 1 {
            let routes = found.into_iter().map(|(reference, _)| reference).collect();
            return Err(Error::SeveralRoutes { name: at.name, namespace: at.namespace, routes });
        }
        let unrouted = Error::Unrouted { name: at.name.clone(), namespace: at.namespace.clone() };
        let services: Api<k8s_openapi::api::core::v1::Service> = Api::namespaced(client.clone(), namespace);
        match found.pop() {
            Some(found) => Ok(found),
            None if ask(&format!("reading service {at}"), services.get_opt(name)).await?.is_none() => {
                Err(Error::Absent { reference: Reference { kind: Kind::Service, name: at.name }, namespace: at.namespace })
            }
            None => Err(unrouted),
        }
    }

    /// Follows it to the Service, and finds the front door.
    pub(super) async fn follow(
        self,
        client: &Client,
        namespace: &str,
        name: &Reference,
        hints: &Hints,
        reads: &mut Vec<Right>,
    ) -> Result<Followed, Error> {
        let nothing = |instead| Error::NoBackend { route: name.clone(), namespace: namespace.to_owned(), instead };
        let only_in = hints.front_door_namespace.as_deref();
        let search = |lead: &Lead| Search { client, route: name, namespace, only_in, instead: instead(lead) };
        match self {
            Self::Ingress { ingress, service } => {
                let lead = ingress::lead(&ingress, service.as_deref()).map_err(nothing)?;
                let (class, door) = search(&lead).of_ingress(Class::of(&ingress), reads).await?;
                Ok(Followed { lead, class, gateway: None, door })
            }
            Self::Http { route, service } => {
                let mut first = None;
                for (at, parent) in http_route::parents(&route) {
                    reads.push(Right::within(&at.namespace, GROUP, &["gateways"], &["get"]).named(&at.name));
                    match gateway(client, namespace, name, &at).await {
                        Ok(gateway) => {
                            let Some(attached) = http_route::attached(&route, parent, &gateway) else {
                                let why = "none of whose listeners accepts it".to_owned();
                                first.get_or_insert(unattached(name, namespace, &at, why));
                                continue;
                            };
                            let lead = http_route::lead(&route, service.as_ref(), &attached).map_err(nothing)?;
                            let class = gateway.spec.gateway_class_name.clone();
                            let door = search(&lead).of_gateway(&at, &class, &attached, reads).await?;
                            return Ok(Followed { lead, class, gateway: Some(at), door });
                        }
                        Err(why @ Error::NoGateway { .. }) => _ = first.get_or_insert(why),
                        Err(why) => return Err(why),
                    }
                }
                let none = || Error::NoGateway {
                    route: name.clone(),
                    namespace: namespace.to_owned(),
                    gateway: "no Gateway".to_owned(),
                    why: "so no front door serves it".to_owned(),
                };
                Err(first.unwrap_or_else(none))
            }
        }
    }
}

async fn gateway(client: &Client, namespace: &str, name: &Reference, at: &Place) -> Result<Gateway, Error> {
    let all: Api<Gateway> = Api::namespaced(client.clone(), &at.namespace);
    let found = ask(&format!("reading gateway {at}"), all.get_opt(&at.name)).await?;
    found.ok_or_else(|| unattached(name, namespace, at, "which does not exist".to_owned()))
}

fn unattached(route: &Reference, namespace: &str, gateway: &Place, why: String) -> Error {
    Error::NoGateway { route: route.clone(), namespace: namespace.to_owned(), gateway: format!("gateway {gateway}"), why }
}

/// What tests an application whose front door isn't recognized.
fn instead(lead: &Lead) -> String {
    let (scheme, host) = (if lead.tls { "https" } else { "http" }, lead.host.as_deref().unwrap_or("HOST"));
    let path = lead.path.as_deref().unwrap_or("/");
    format!("stickyctl verify {scheme}://{host}{path} --pod-identity WHERE   tests it from outside, by what its answers say of their pod")
}
