//! What a Gateway can't do, or does another way than the spec asks.

use super::persistence::has_session_persistence;
use crate::spec::gateway::{API, Gateway, HTTP, HTTPS};
use crate::spec::ingress::{Ingress, SameSite, needs_secure};
use crate::spec::version::Version;
use crate::spec::{Findings, StickyApp};

/// The first version of the Gateway API with session persistence.
const FIRST: Version = Version(1, 1, 0);
/// The last minor version whose shape of session persistence is known.
const LAST: Version = Version(1, 7, 0);

pub(crate) fn check(spec: &StickyApp) -> Findings {
    let mut findings = Findings::default();
    ignored(spec, &mut findings);
    if has_session_persistence(spec) {
        version(&spec.gateway, &mut findings);
        attributes(spec, &mut findings);
    }
    if spec.gateway.name.is_some() {
        attached(spec, &mut findings);
    } else {
        section(spec, &mut findings);
    }
    if !spec.gateway.is_envoy() {
        without_policies(spec, &mut findings);
    }
    findings
}

/// Keys that other front doors read.
fn ignored(spec: &StickyApp, findings: &mut Findings) {
    let ingress = &spec.ingress;
    if ingress.class != Ingress::default().class {
        findings.warn("ingress.class", "ignored: a Gateway has a GatewayClass; set gateway.class instead");
    }
    if ingress.front_door_version.is_some() {
        findings.warn("ingress.frontDoorVersion", "ignored: it is used for traefik only; leave the key out");
    }
}

/// Whether the CRDs have `sessionPersistence`.
fn version(gateway: &Gateway, findings: &mut Findings) {
    let path = "gateway.api";
    let api = gateway.api.unwrap_or(API);
    if api < FIRST {
        findings.refuse(
            path,
            format!(
                "Gateway API {api} has no session persistence, so nothing would stick; install the experimental CRDs of {API}, or with Envoy Gateway \
                 set ingress.cookie.persistence to balanced"
            ),
        );
    } else if (api.0, api.1) > (LAST.0, LAST.1) {
        findings.warn(path, format!("stickyctl doesn't know how Gateway API {api} writes session persistence, and assumes the way of {LAST}"));
    }
}

/// Attributes that `sessionPersistence` has no field for. Only what the user set is refused.
fn attributes(spec: &StickyApp, findings: &mut Findings) {
    let cookie = &spec.ingress.cookie;
    // With Envoy Gateway there is another way.
    let instead = if spec.gateway.is_envoy() { ", or set ingress.cookie.persistence to balanced" } else { "" };
    if cookie.same_site != SameSite::Lax {
        findings.refuse(
            "ingress.cookie.sameSite",
            format!("session persistence of the Gateway API sets no SameSite, and most browsers assume Lax then; write Lax{instead}"),
        );
    }
    if cookie.secure == Some(true) {
        findings.refuse("ingress.cookie.secure", format!("session persistence of the Gateway API doesn't set Secure; leave the key out{instead}"));
    } else if cookie.secure.is_none() && spec.ingress.tls_secret.is_some() {
        findings.warn(
            "ingress.cookie.secure",
            format!(
                "session persistence of the Gateway API doesn't set Secure, so browsers send the cookie over plain HTTP too; write false to accept \
                 that{instead}"
            ),
        );
    }
    if needs_secure(&spec.cookie_name()) {
        findings.refuse(
            "ingress.cookie.name",
            format!(
                "browsers drop a cookie of this name without Secure, which session persistence of the Gateway API doesn't set; choose another \
                 name{instead}"
            ),
        );
    }
}

/// An existing Gateway is its owner's.
fn attached(spec: &StickyApp, findings: &mut Findings) {
    if spec.gateway.class != Gateway::default().class {
        findings.warn("gateway.class", "ignored: the Gateway in gateway.name has its own class; leave the key out");
    }
    if let Some(secret) = &spec.ingress.tls_secret {
        findings.warn(
            "ingress.tlsSecret",
            format!(
                "an existing Gateway is left as it is; a listener of its owner has to name the certificate, in certificateRefs: Secret {secret} in \
                 namespace {}",
                spec.namespace
            ),
        );
    }
}

/// The listener of the release's own Gateway.
fn section(spec: &StickyApp, findings: &mut Findings) {
    let path = "gateway.section";
    match spec.gateway.section.as_deref() {
        None | Some(HTTP) => {}
        Some(HTTPS) if spec.ingress.tls_secret.is_some() => {}
        Some(HTTPS) => findings.refuse(path, "the release's own Gateway listens for HTTPS only with a certificate; set ingress.tlsSecret too"),
        Some(other) => findings.refuse(
            path,
            format!(
                "the release's own Gateway has no listener `{other}`; write {HTTP} or {HTTPS}, or attach to an existing Gateway with gateway.name"
            ),
        ),
    }
}

/// What only Envoy Gateway's policies can do.
fn without_policies(spec: &StickyApp, findings: &mut Findings) {
    let ingress = &spec.ingress;
    let controller = &spec.gateway.controller;
    if !has_session_persistence(spec) {
        findings.refuse(
            "ingress.cookie.persistence",
            format!("balanced takes a policy of Envoy Gateway, and {controller} is another controller, so nothing would stick; write persistent"),
        );
    }
    if ingress.cookie.change_on_failure == Some(true) {
        findings.refuse(
            "ingress.cookie.changeOnFailure",
            format!("the Gateway API leaves it to {controller} what happens to a session whose pod can't be reached; leave the key out"),
        );
    }
    if ingress.websocket_timeout.is_some() {
        findings.refuse(
            "ingress.websocketTimeout",
            format!("the Gateway API has no timeout for silent connections; leave the key out, and set it in the way of {controller}"),
        );
    }
    let policy = &spec.network_policy;
    if policy.enabled && policy.allow_from.is_empty() && ingress.front_door_namespace.is_none() {
        let usual = ingress.namespace();
        findings.warn(
            "ingress.frontDoorNamespace",
            format!("the network policy admits {usual} only, where the proxies of {controller} may not run; set it to their namespace"),
        );
    }
}
