//! The Ingress, for any front door.

use super::names;
use crate::spec::names::is_subdomain;
use crate::spec::{Findings, StickyApp};

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    let ingress = &spec.ingress;
    names::object("ingress.class", &ingress.class, findings);
    if let Some(namespace) = &ingress.front_door_namespace {
        names::namespace("ingress.frontDoorNamespace", namespace, findings);
    }
    if let Some(name) = &ingress.host {
        host("ingress.host", name, findings);
    }
    if let Some(secret) = &ingress.tls_secret {
        names::object("ingress.tlsSecret", secret, findings);
        if ingress.host.is_none() {
            findings.refuse("ingress.tlsSecret", "a front door picks the certificate by host name; set ingress.host too");
        }
    }
    if let Some(timeout) = ingress.websocket_timeout {
        // The app pings every 20 s; a timeout of less than two pings cuts healthy sockets.
        if timeout.0 < 40 {
            findings.refuse(
                "ingress.websocketTimeout",
                format!("{timeout} would cut healthy sockets, because the app pings every 20 s; write at least 40s"),
            );
        }
    }
}

/// A host name, with an optional wildcard.
pub(super) fn host(path: &str, host: &str, findings: &mut Findings) {
    // A wildcard stands for exactly one label.
    if !is_subdomain(host.strip_prefix("*.").unwrap_or(host)) {
        findings.refuse(
            path,
            format!(
                "invalid host `{host}`: a host name has lower-case letters, digits, hyphens and dots (RFC 1123), and neither a scheme nor a port"
            ),
        );
    } else if host.parse::<std::net::IpAddr>().is_ok() {
        findings.refuse(path, format!("invalid host `{host}`: a route takes host names, not IP addresses; leave the key out to accept any host"));
    }
}
