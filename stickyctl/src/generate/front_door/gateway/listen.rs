//! The Gateway and who may use the release's certificate.

use crate::gateway_api::{
    AllowedRoutes, CertificateRef, GROUP, Gateway, GatewaySpec, GrantFrom, GrantTo, Listener, ListenerTls, ReferenceGrant, ReferenceGrantSpec,
    RouteNamespaces,
};
use crate::generate::meta::{Component, meta};
use crate::spec::StickyApp;
use crate::spec::gateway::{HTTP, HTTPS};

/// A Gateway for this release alone. Its listeners take any host name: the route names the hosts, and with `ingress.tlsSecret` all
/// of them have the one certificate.
pub(super) fn gateway(spec: &StickyApp) -> Gateway {
    let mut listeners = vec![listener(HTTP, 80, "HTTP", None)];
    if let Some(secret) = &spec.ingress.tls_secret {
        let certificate = CertificateRef { name: secret.clone() };
        let tls = ListenerTls { certificate_refs: vec![certificate] };
        listeners.push(listener(HTTPS, 443, "HTTPS", Some(tls)));
    }
    Gateway {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: GatewaySpec { gateway_class_name: spec.gateway.class.clone(), listeners },
        ..Gateway::default()
    }
}

/// Routes of other namespaces can't attach. That is the default, written because readers ask who can take over the host.
fn listener(name: &str, port: u16, protocol: &str, tls: Option<ListenerTls>) -> Listener {
    let namespaces = RouteNamespaces { from: Some("Same".to_owned()) };
    Listener {
        name: name.to_owned(),
        port,
        protocol: protocol.to_owned(),
        tls,
        allowed_routes: Some(AllowedRoutes { namespaces: Some(namespaces) }),
        ..Listener::default()
    }
}

/// Lets Gateways of another namespace use the certificate; `None` if the Gateway is in the release's namespace, where it may
/// anyway. The route needs no grant: it is the Gateway's listener that admits routes of other namespaces.
pub(super) fn grant(spec: &StickyApp) -> Option<ReferenceGrant> {
    let namespace = spec.gateway.namespace.as_ref().filter(|namespace| **namespace != spec.namespace)?;
    let secret = spec.ingress.tls_secret.as_ref()?;
    let from = GrantFrom { group: GROUP.to_owned(), kind: "Gateway".to_owned(), namespace: namespace.clone() };
    let to = GrantTo { group: String::new(), kind: "Secret".to_owned(), name: Some(secret.clone()) };
    Some(ReferenceGrant {
        metadata: meta(spec, Component::App, spec.name.clone()),
        spec: ReferenceGrantSpec { from: vec![from], to: vec![to] },
        ..ReferenceGrant::default()
    })
}
