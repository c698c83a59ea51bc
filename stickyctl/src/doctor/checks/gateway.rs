//! Session persistence of HTTPRoutes, and Envoy Gateway's policies that hash a cookie.

use super::codes::{HASH_WITHOUT_TTL, PERSISTENCE_DROPPED, PERSISTENCE_IGNORED, PERSISTENCE_UNSURE, POLICY_UNACCEPTED, POLICY_UNTARGETED};
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::objects::Origin;
use crate::doctor::view::{RouteEntry, View};
use crate::gateway_api::Shape;
use crate::gateway_api::implementations::Support;
use std::collections::BTreeSet;

const FIELD: &str = "spec.rules[].sessionPersistence";
/// Where kubectl keeps what was applied.
const APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_routes = view.routes.iter().flat_map(|route| dropped(view, route).into_iter().chain(ignored(view, route)));
    of_routes.chain(policies(view)).collect()
}

/// What the definition of HTTPRoute doesn't have, the API server drops; only what was applied still has it.
fn dropped(view: &View<'_>, route: &RouteEntry<'_>) -> Option<Finding> {
    let definition = view.objects.definition.as_ref()?;
    let applied = route.read.object.metadata.annotations.as_ref().and_then(|all| all.get(APPLIED)).map_or("", String::as_str);
    let wanted = |field: &str| match view.objects.origin {
        Origin::Cluster => applied.contains(&format!("\"{field}\"")),
        Origin::Files => route.has_persistence(),
    };
    let persistence = || route.read.object.spec.rules.iter().filter_map(|rule| rule.session_persistence.as_ref());
    let title = definition.title();
    match definition.shape {
        None if wanted("sessionPersistence") => Some(PERSISTENCE_DROPPED.found(
            route.read.about(),
            FIELD,
            format!("The cluster's HTTPRoute ({title}) has no sessionPersistence, so the API server drops the field, and sessions do not stick"),
            "Install the CustomResourceDefinitions of the experimental channel, and apply the route again",
        )),
        Some(Shape::Cookie) if wanted("sessionName") && persistence().any(|one| one.cookie.is_none()) => Some(
            PERSISTENCE_DROPPED
                .found(
                    route.read.about(),
                    FIELD,
                    format!("The cluster's HTTPRoute ({title}) calls it cookie.name, so the API server drops sessionName, and the cookie gets another name"),
                    "Write cookie: {name: NAME} in place of sessionName",
                )
                .at_most(Severity::Warning),
        ),
        _ => None,
    }
}

fn ignored(view: &View<'_>, route: &RouteEntry<'_>) -> Vec<Finding> {
    if !route.has_persistence() {
        return Vec::new();
    }
    let shape = view.objects.definition.as_ref().and_then(|definition| definition.shape).unwrap_or_default();
    let of_gateway = route.behind.iter().filter_map(|behind| {
        let Some(known) = behind.implementation else {
            let said = format!("{} is implemented by {}, of which nothing is known", behind.gateway, behind.controller);
            return Some(PERSISTENCE_UNSURE.found(route.read.about(), FIELD, said, "stickyctl verify shows whether sessions stick"));
        };
        let support = known.session_persistence(None, shape);
        let said = format!("{}: {}", behind.gateway, known.says(support));
        match support {
            Support::Ignored | Support::TooOld(_) => {
                Some(PERSISTENCE_IGNORED.found(route.read.about(), FIELD, said, format!("Use {} instead", known.instead.text.replace('`', ""))))
            }
            Support::Commercial | Support::Unknown => {
                Some(PERSISTENCE_UNSURE.found(route.read.about(), FIELD, said, "stickyctl verify shows whether sessions stick"))
            }
            // Versions before are years old.
            Support::Since(_) if route.is_envoys() => None,
            Support::Since(_) | Support::Renamed => {
                let found = PERSISTENCE_UNSURE.found(route.read.about(), FIELD, said, "stickyctl verify shows whether sessions stick");
                Some(found.at_most(Severity::Note))
            }
            Support::Honoured => None,
        }
    });
    of_gateway.collect()
}

fn policies(view: &View<'_>) -> Vec<Finding> {
    let routes: BTreeSet<(&str, &str)> = view.routes.iter().map(|route| route.read.key()).collect();
    let mut all = Vec::new();
    for policy in &view.objects.policies {
        let Some(hash) = policy.object.spec.load_balancer.as_ref().and_then(|balancer| balancer.consistent_hash.as_ref()) else { continue };
        let about = policy.about();
        let on_cluster = view.objects.origin == Origin::Cluster;
        let missing = policy
            .object
            .spec
            .target_refs
            .iter()
            .find(|target| target.kind == "HTTPRoute" && !routes.contains(&(policy.key().0, target.name.as_str())));
        if let Some(target) = missing.filter(|_| view.objects.has_all("HTTPRoutes")) {
            all.push(POLICY_UNTARGETED.found(
                about,
                "spec.targetRefs",
                format!("HTTPRoute {} does not exist in this namespace, so the policy has no effect", target.name),
                "Name an HTTPRoute of this namespace",
            ));
            continue;
        }
        if hash.kind == "Cookie" && hash.cookie.as_ref().is_some_and(|cookie| cookie.ttl.is_none()) {
            all.push(HASH_WITHOUT_TTL.found(
                about.clone(),
                "spec.loadBalancer.consistentHash.cookie.ttl",
                "Without a ttl, Envoy sets no cookie, so requests are hashed only if something else sets it",
                "Set ttl: 0s for a cookie that lasts until the browser exits",
            ));
        }
        let ancestors = policy.object.status.iter().flat_map(|status| &status.ancestors);
        let accepted: Vec<_> = ancestors.flat_map(|ancestor| &ancestor.conditions).filter(|condition| condition.type_ == "Accepted").collect();
        if !on_cluster || (!accepted.is_empty() && accepted.iter().all(|condition| condition.status == "True")) {
            continue;
        }
        let (said, fix) = match accepted.iter().find(|condition| condition.status != "True") {
            Some(refused) => (format!("Envoy Gateway refused it, {}: {}", refused.reason, refused.message), "Correct what the message says"),
            None => (
                "It has no status, so no Envoy Gateway took it up".to_owned(),
                "Restart Envoy Gateway if it started before its definitions, and check the namespaces that it watches",
            ),
        };
        all.push(POLICY_UNACCEPTED.found(about, "status.ancestors", said, fix));
    }
    all
}
