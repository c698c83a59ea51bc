//! ingress-nginx 1.15.1, its last version: it reads all of the annotations.

use super::annotations::{all, prefixed};
use crate::spec::{Findings, StickyApp};
use std::collections::BTreeMap;

pub(super) fn annotations(spec: &StickyApp) -> BTreeMap<String, String> {
    prefixed(all(spec))
}

pub(super) fn check(spec: &StickyApp) -> Findings {
    let mut findings = Findings::default();
    if spec.ingress.cookie.secure == Some(false) && spec.ingress.tls_secret.is_some() {
        findings.refuse("ingress.cookie.secure", "ingress-nginx adds Secure by itself where a request came over TLS, so false changes nothing; leave it out");
    }
    if spec.ingress.front_door_version.is_some() {
        findings.refuse("ingress.frontDoorVersion", "it is looked at for traefik only; ingress-nginx is taken as 1.15.1, its last version. Leave it out");
    }
    findings
}
