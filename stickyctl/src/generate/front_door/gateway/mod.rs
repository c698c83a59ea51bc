//! A Gateway, its HTTPRoute, and the policies for what the Gateway API can't say.

mod policy;
mod route;

use crate::gateway_api::{AllowedRoutes, CertificateRef, Gateway, GatewaySpec, Listener, ListenerTls, RouteNamespaces};
use crate::generate::meta::{Component, meta};
use crate::generate::object::Object;
use crate::spec::{Findings, StickyApp};

/// Checks what the Gateway API or its implementation can't do.
pub(super) fn check(_: &StickyApp) -> Findings {
    Findings::default()
}

/// The Gateway, unless one exists already, the route, and the policies.
pub(super) fn objects(spec: &StickyApp) -> Vec<Object> {
    let mut all = Vec::new();
    if spec.gateway.name.is_none() {
        all.push(gateway(spec).into());
    }
    all.push(route::route(spec).into());
    all.extend(policy::policies(spec));
    all
}

fn gateway(spec: &StickyApp) -> Gateway {
    let listener = |name: &str, port, protocol: &str, tls| Listener {
        name: name.to_owned(),
        hostname: spec.ingress.host.clone(),
        port,
        protocol: protocol.to_owned(),
        tls,
        allowed_routes: Some(AllowedRoutes { namespaces: Some(RouteNamespaces { from: Some("Same".to_owned()) }) }),
    };
    let tls = spec.ingress.tls_secret.clone().map(|name| ListenerTls { certificate_refs: vec![CertificateRef { name, namespace: None }] });
    let https = tls.map(|tls| listener("https", 443, "HTTPS", Some(tls)));
    Gateway {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: GatewaySpec {
            gateway_class_name: spec.gateway.class.clone(),
            listeners: std::iter::once(listener("http", 80, "HTTP", None)).chain(https).collect(),
        },
        status: None,
    }
}
