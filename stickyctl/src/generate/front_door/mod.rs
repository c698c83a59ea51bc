//! The Ingress, or the Gateway and its route. Each front door has a file for what it reads and for what it refuses.

pub mod annotations;
mod gateway;
pub mod install;
mod nginx;
mod traefik;

use super::meta::{Component, meta};
use super::object::Object;
use super::service::HTTP;
use crate::spec::ingress::FrontDoor;
use crate::spec::version::Version;
use crate::spec::{Findings, StickyApp};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// Checks what the spec's front door can't do (problems) or what is not known of it (warnings).
#[must_use]
pub fn check(spec: &StickyApp) -> Findings {
    match spec.ingress.front_door {
        FrontDoor::Nginx => nginx::check(spec),
        FrontDoor::Traefik => traefik::check(spec),
        FrontDoor::Gateway => gateway::check(spec),
    }
}

/// Checks whether sessions stick with the Gateway's controller: problems if they never do, warnings if that is unknown. For `render`;
/// `up` knows the controller's version too.
#[must_use]
pub fn affinity(spec: &StickyApp) -> Findings {
    match spec.ingress.front_door {
        FrontDoor::Nginx | FrontDoor::Traefik => Findings::default(),
        FrontDoor::Gateway => gateway::affinity::check(spec),
    }
}

/// The version to write into the spec for a Traefik that was found; none if it reads what is written by default.
#[must_use]
pub fn version_to_write(found: Version) -> Option<Version> {
    traefik::has_own_table(found).then_some(found)
}

/// What brings users in, in the order in which it is applied.
pub(super) fn objects(spec: &StickyApp) -> Vec<Object> {
    match spec.ingress.front_door {
        FrontDoor::Nginx => vec![ingress(spec, nginx::annotations(spec)).into()],
        FrontDoor::Traefik => vec![ingress(spec, traefik::annotations(spec)).into()],
        FrontDoor::Gateway => gateway::objects(spec),
    }
}

/// The Ingress. It always has a class, a path and a path type, without which some versions of ingress-nginx never set the cookie
/// (kubernetes/ingress-nginx#1980, #3989).
fn ingress(spec: &StickyApp, annotations: BTreeMap<String, String>) -> Ingress {
    let host = spec.ingress.host.clone();
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: spec.name.clone(),
            port: Some(ServiceBackendPort { name: Some(HTTP.to_owned()), ..ServiceBackendPort::default() }),
        }),
        ..IngressBackend::default()
    };
    let path = HTTPIngressPath { path: Some("/".to_owned()), path_type: "Prefix".to_owned(), backend };
    let tls = spec.ingress.tls_secret.clone().map(|secret| IngressTLS { hosts: host.clone().map(|host| vec![host]), secret_name: Some(secret) });
    Ingress {
        metadata: ObjectMeta { annotations: Some(annotations), ..meta(spec, Component::App, spec.name.clone()) },
        spec: Some(IngressSpec {
            ingress_class_name: Some(spec.ingress.class.clone()),
            rules: Some(vec![IngressRule { host, http: Some(HTTPIngressRuleValue { paths: vec![path] }) }]),
            tls: tls.map(|tls| vec![tls]),
            ..IngressSpec::default()
        }),
        ..Ingress::default()
    }
}

#[cfg(test)]
mod tests;
