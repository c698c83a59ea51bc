//! The front door that serves an application's route.

use super::error::Error;
use super::http_route::Attached;
use super::ingress::Class;
use super::reference::Reference;
use crate::cluster::doors::controller::controller;
use crate::cluster::doors::detect::doors;
use crate::cluster::doors::find::{list, pods_in};
use crate::cluster::doors::{Found, gateway};
use crate::cluster::errors::{ApiError, ask};
use crate::cluster::release::Place;
use crate::gateway_api::{GROUP, GatewayClass};
use crate::generate::rbac::Right;
use crate::spec::gateway::{ENVOY_DOMAIN, domain};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::IngressClass;
use kube::api::ListParams;
use kube::{Api, Client};

/// The API group of IngressClasses.
const INGRESSES: &str = "networking.k8s.io";
/// Marks the class of Ingresses that name none when they are created.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";
/// The namespaces of front doors in the instructions of their projects.
const USUAL: [&str; 3] = ["envoy-gateway-system", "ingress-nginx", "traefik"];

/// The route whose front door is looked for, and where its pods may be.
pub(super) struct Search<'a> {
    pub(super) client: &'a Client,
    /// An Ingress or an HTTPRoute.
    pub(super) route: &'a Reference,
    pub(super) namespace: &'a str,
    /// The only namespace to look for the front door's pods in.
    pub(super) only_in: Option<&'a str>,
    /// What tests an application behind a front door that isn't recognized.
    pub(super) instead: String,
}

/// Pods among which a front door is looked for.
struct Pods {
    all: Vec<Pod>,
    /// Namespaces that were searched and those that must not be, if not all could be searched.
    part: Option<(Vec<String>, Vec<String>)>,
}

impl Search<'_> {
    /// The class of an Ingress and the front door that serves it.
    pub(super) async fn of_ingress(&self, class: Class, reads: &mut Vec<Right>) -> Result<(String, Found), Error> {
        match class {
            Class::Named(name) => {
                reads.push(Right::everywhere(INGRESSES, &["ingressclasses"], &["get"]).named(&name));
                let all: Api<IngressClass> = Api::all(self.client.clone());
                let found = ask(&format!("reading ingressclass {name}"), all.get_opt(&name)).await?;
                let class = found.ok_or_else(|| Error::AbsentClass {
                    route: self.route.clone(),
                    namespace: self.namespace.to_owned(),
                    class: name.clone(),
                })?;
                let pods = self.pods(None).await?;
                Ok((name, self.of_class(&class, pods)?))
            }
            Class::Annotated(value) => {
                let pods = self.pods(None).await?;
                let found = doors(&pods.all, &[]).into_iter().filter(|door| door.unclassed.annotation.as_deref() == Some(&value)).collect();
                let door = self.pick(found, &value, pods, || "that which serves the annotation kubernetes.io/ingress.class".to_owned())?;
                Ok((value, door))
            }
            Class::Neither => self.unclassed(reads).await,
        }
    }

    /// An Ingress without a class is served by a controller that takes those, or else as one of the default class.
    async fn unclassed(&self, reads: &mut Vec<Right>) -> Result<(String, Found), Error> {
        let pods = self.pods(None).await?;
        let found: Vec<Found> = doors(&pods.all, &[]).into_iter().filter(|door| door.unclassed.neither).collect();
        if !found.is_empty() {
            return Ok((String::new(), self.pick(found, "", pods, String::new)?));
        }
        reads.push(Right::everywhere(INGRESSES, &["ingressclasses"], &["list"]));
        let all: Api<IngressClass> = Api::all(self.client.clone());
        let classes = ask("listing IngressClasses, for the default one", all.list(&ListParams::default())).await?;
        let is_default =
            |class: &&IngressClass| class.metadata.annotations.as_ref().and_then(|all| all.get(DEFAULT)).is_some_and(|value| value == "true");
        let default = classes.items.iter().find(is_default);
        let class = default.ok_or_else(|| Error::NoClass { ingress: self.route.clone(), namespace: self.namespace.to_owned() })?;
        Ok((class.metadata.name.clone().unwrap_or_default(), self.of_class(class, pods)?))
    }

    fn of_class(&self, class: &IngressClass, pods: Pods) -> Result<Found, Error> {
        let name = class.metadata.name.clone().unwrap_or_default();
        let found = doors(&pods.all, std::slice::from_ref(class)).into_iter().filter(|door| door.classes.contains(&name)).collect();
        self.pick(found, &name, pods, || controller(class).unwrap_or_default().to_owned())
    }

    /// The one that watches the namespace.
    fn pick(&self, found: Vec<Found>, class: &str, pods: Pods, controller: impl FnOnce() -> String) -> Result<Found, Error> {
        let (mut here, elsewhere): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|door| door.watches(self.namespace));
        let at = |door: &Found| format!("{} ({} in namespace {})", door.title(), door.workload, door.namespace);
        let class = class.to_owned();
        match (here.len(), elsewhere.first()) {
            (1, _) => Ok(here.remove(0)),
            (0, Some(other)) => Err(Error::Elsewhere { class, at: at(other), watched: other.watched(), namespace: self.namespace.to_owned() }),
            (0, None) => Err(self.none(class, controller(), "and no pod is recognized as its front door".to_owned(), pods)),
            _ => Err(Error::SeveralDoors { class, route: self.route.clone(), at: here.iter().map(at).collect() }),
        }
    }

    fn none(&self, class: String, controller: String, why: String, pods: Pods) -> Error {
        match pods.part {
            Some((searched, denied)) => Error::NotSearched { class, searched, denied },
            None => Error::Unrecognized { class, controller, why, instead: self.instead.clone() },
        }
    }

    /// The class of a Gateway and the pods that carry its traffic.
    pub(super) async fn of_gateway(&self, at: &Place, class: &str, attached: &Attached<'_>, reads: &mut Vec<Right>) -> Result<Found, Error> {
        reads.push(Right::everywhere(GROUP, &["gatewayclasses"], &["get"]).named(class));
        let all: Api<GatewayClass> = Api::all(self.client.clone());
        let found = ask(&format!("reading gatewayclass {class}"), all.get_opt(class)).await?;
        let found =
            found.ok_or_else(|| Error::AbsentClass { route: self.route.clone(), namespace: self.namespace.to_owned(), class: class.to_owned() })?;
        let pods = self.pods(Some(&at.namespace)).await?;
        match gateway::carrying(self.client, (at, &found), (attached.plain, attached.secure), &pods.all).await? {
            Some(door) => {
                if domain(&found.spec.controller_name) != ENVOY_DOMAIN {
                    // They say what port of the pods stands behind a listener; Envoy Gateway has a rule for that.
                    reads.push(Right::within(&door.namespace, "", &["services"], &["list"]));
                }
                Ok(door)
            }
            None => Err(self.none(class.to_owned(), found.spec.controller_name, format!("and no pod is marked as one of gateway {at}"), pods)),
        }
    }

    async fn pods(&self, gateways: Option<&str>) -> Result<Pods, ApiError> {
        if let Some(namespace) = self.only_in {
            let doing = format!("looking for the front door in namespace {namespace}");
            let api: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
            let all = match list(&doing, &api).await? {
                Some(all) => all,
                // Asked once more for the API server's own words.
                None => ask(&doing, api.list(&ListParams::default().limit(1))).await?.items,
            };
            return Ok(Pods { all, part: None });
        }
        let likely: Vec<&str> = USUAL.into_iter().chain([self.namespace]).chain(gateways).collect();
        let (all, part) = pods_in(self.client, &likely).await?;
        let part = part.map(|searched| {
            let mut denied: Vec<String> =
                likely.iter().filter(|one| !searched.iter().any(|seen| seen == *one)).map(|one| (*one).to_owned()).collect();
            denied.sort_unstable();
            denied.dedup();
            (searched, denied)
        });
        Ok(Pods { all, part })
    }
}
