//! An HTTPRoute: the implementations that serve it, its Services, and the policies for it.

use super::backends::ServiceKey;
use crate::doctor::objects::{Objects, Read};
use crate::gateway_api::envoy::{BackendTrafficPolicy, HashCookie};
use crate::gateway_api::implementations::{self, Implementation};
use crate::gateway_api::{GROUP, HttpRoute};
use crate::spec::gateway::domain;
use std::collections::{BTreeMap, BTreeSet};

/// The implementation behind a Gateway of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behind<'a> {
    /// As in `Gateway edge/web`.
    pub(crate) gateway: String,
    /// `spec.controllerName` of its class.
    pub(crate) controller: &'a str,
    /// What is known of it.
    pub(crate) implementation: Option<&'static Implementation>,
}

/// An HTTPRoute.
#[derive(Debug)]
pub(crate) struct RouteEntry<'a> {
    pub(crate) read: &'a Read<HttpRoute>,
    pub(crate) behind: Vec<Behind<'a>>,
    pub(crate) services: BTreeSet<ServiceKey<'a>>,
    /// Envoy Gateway's policies for the route.
    pub(crate) policies: Vec<&'a Read<BackendTrafficPolicy>>,
}

impl<'a> RouteEntry<'a> {
    /// Whether any rule has `sessionPersistence`.
    pub(crate) fn has_persistence(&self) -> bool {
        self.read.object.spec.rules.iter().any(|rule| rule.session_persistence.is_some())
    }

    /// The cookies that policies for it hash.
    pub(crate) fn hashed(&self) -> impl Iterator<Item = (&'a Read<BackendTrafficPolicy>, Option<&'a HashCookie>)> {
        self.policies.iter().filter_map(|policy| {
            let hash = policy.object.spec.load_balancer.as_ref()?.consistent_hash.as_ref()?;
            (hash.kind == "Cookie").then_some((*policy, hash.cookie.as_ref()))
        })
    }

    /// Whether something keeps its sessions on their pods, as far as its own objects tell.
    pub(crate) fn is_sticky(&self) -> bool {
        self.has_persistence() || self.hashed().next().is_some()
    }

    /// Whether Envoy Gateway serves it.
    pub(crate) fn is_envoys(&self) -> bool {
        self.behind.iter().any(|behind| domain(behind.controller) == crate::spec::gateway::ENVOY_DOMAIN)
    }

    /// As in `HTTPRoute shop/web`.
    pub(crate) fn title(&self) -> String {
        self.read.about().title()
    }
}

pub(super) fn all(objects: &Objects) -> Vec<RouteEntry<'_>> {
    let classes: BTreeMap<&str, &str> =
        objects.gateway_classes.iter().map(|class| (class.key().1, class.object.spec.controller_name.as_str())).collect();
    let gateways: BTreeMap<(&str, &str), &str> =
        objects.gateways.iter().map(|gateway| (gateway.key(), gateway.object.spec.gateway_class_name.as_str())).collect();
    let mut policies: BTreeMap<(&str, &str), Vec<&Read<BackendTrafficPolicy>>> = BTreeMap::new();
    for policy in &objects.policies {
        for target in policy.object.spec.target_refs.iter().filter(|target| target.kind == "HTTPRoute") {
            policies.entry((policy.key().0, target.name.as_str())).or_default().push(policy);
        }
    }
    let one = |read| {
        let route: &Read<HttpRoute> = read;
        let namespace = route.key().0;
        let parents = route.object.spec.parent_refs.iter();
        let is_gateway =
            |kind: Option<&str>, group: Option<&str>| kind.is_none_or(|kind| kind == "Gateway") && group.is_none_or(|group| group == GROUP);
        let behind = parents.filter(|parent| is_gateway(parent.kind.as_deref(), parent.group.as_deref())).filter_map(|parent| {
            let key = (parent.namespace.as_deref().unwrap_or(namespace), parent.name.as_str());
            let controller = *classes.get(gateways.get(&key)?)?;
            let gateway = if key.0.is_empty() { format!("Gateway {}", key.1) } else { format!("Gateway {}/{}", key.0, key.1) };
            Some(Behind { gateway, controller, implementation: implementations::of(controller) })
        });
        let backends = route.object.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
        let is_service = |kind: Option<&str>| kind.is_none_or(|kind| kind == "Service");
        RouteEntry {
            read: route,
            behind: behind.collect(),
            services: backends.filter(|backend| is_service(backend.kind.as_deref())).map(|backend| (namespace, backend.name.as_str())).collect(),
            policies: policies.get(&route.key()).cloned().unwrap_or_default(),
        }
    };
    objects.routes.iter().map(one).collect()
}
