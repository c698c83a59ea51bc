//! The way in, whichever the front door.

use super::names;
use crate::spec::{Findings, StickyApp};

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    let ingress = &spec.ingress;
    names::object("ingress.class", &ingress.class, findings);
    if let Some(namespace) = &ingress.front_door_namespace {
        names::namespace("ingress.frontDoorNamespace", namespace, findings);
    }
    if let Some(host) = &ingress.host {
        // A wildcard stands for exactly one label.
        if names::subdomain(host.strip_prefix("*.").unwrap_or(host)).is_err() {
            findings.refuse("ingress.host", format!("`{host}` is no host: write it in lower case without scheme and port, as in demo.example"));
        } else if host.parse::<std::net::IpAddr>().is_ok() {
            findings.refuse("ingress.host", format!("`{host}` is an address, and an Ingress takes names only; leave it out for any host"));
        }
    }
    if let Some(secret) = &ingress.tls_secret {
        names::object("ingress.tlsSecret", secret, findings);
        if ingress.host.is_none() {
            findings.refuse("ingress.tlsSecret", "a front door chooses a certificate by the host's name; write ingress.host too");
        }
    }
    if let Some(timeout) = ingress.websocket_timeout {
        // The app pings every 20 s; a timer below two of them cuts healthy sockets.
        if timeout.0 < 40 {
            findings
                .refuse("ingress.websocketTimeout", format!("{timeout} would cut sockets that live: the app pings every 20 s; write at least 40s"));
        }
    }
}
