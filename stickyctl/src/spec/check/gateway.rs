//! The Gateway's keys, each by itself.

use super::{ingress, names};
use crate::spec::gateway::Gateway;
use crate::spec::ingress::FrontDoor;
use crate::spec::names::{is_controller, is_subdomain};
use crate::spec::{Findings, StickyApp};

/// The most host names that a route may have (`HTTPRouteSpec` in the Gateway API's CRDs).
const MOST_HOSTNAMES: usize = 16;

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    let gateway = &spec.gateway;
    if spec.ingress.front_door != FrontDoor::Gateway {
        if *gateway != Gateway::default() {
            findings.warn(
                "gateway",
                format!("ignored with ingress.frontDoor {}; write gateway there, or leave the group out", spec.ingress.front_door.word()),
            );
        }
        return;
    }
    names::object("gateway.class", &gateway.class, findings);
    if !is_controller(&gateway.controller) {
        findings.refuse(
            "gateway.controller",
            format!(
                "invalid controller `{}`: write the class's spec.controllerName, which is a domain and a path, as in \
                 gateway.envoyproxy.io/gatewayclass-controller",
                gateway.controller
            ),
        );
    }
    if let Some(name) = &gateway.name {
        names::object("gateway.name", name, findings);
    }
    if let Some(namespace) = &gateway.namespace {
        names::namespace("gateway.namespace", namespace, findings);
        if gateway.name.is_none() {
            findings.refuse("gateway.namespace", "it is the namespace of an existing Gateway; set gateway.name too, or leave the key out");
        }
    }
    if let Some(section) = gateway.section.as_deref().filter(|section| !is_subdomain(section)) {
        findings.refuse("gateway.section", format!("invalid listener `{section}`: write the name of a listener of the Gateway, as in https"));
    }
    hostnames(spec, findings);
}

fn hostnames(spec: &StickyApp, findings: &mut Findings) {
    let all: Vec<&String> = spec.ingress.host.iter().chain(&spec.gateway.hostnames).collect();
    for (place, host) in spec.gateway.hostnames.iter().enumerate() {
        let path = format!("gateway.hostnames[{place}]");
        ingress::host(&path, host, findings);
        if all.iter().filter(|other| **other == host).count() > 1 {
            findings.refuse(&path, format!("{host} is there more than once, counting ingress.host; write it once"));
        }
    }
    if all.len() > MOST_HOSTNAMES {
        findings
            .refuse("gateway.hostnames", format!("a route has at most {MOST_HOSTNAMES} host names, and these are {} with ingress.host", all.len()));
    }
}
