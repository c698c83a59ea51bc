//! ingress-nginx 1.15.1, the last version: it reads all annotations.

use super::annotations::{all, prefixed};
use crate::spec::{Findings, StickyApp};
use std::collections::BTreeMap;

pub(super) fn annotations(spec: &StickyApp) -> BTreeMap<String, String> {
    prefixed(all(spec))
}

pub(super) fn check(spec: &StickyApp) -> Findings {
    let mut findings = Findings::default();
    if spec.ingress.cookie.secure == Some(false) && spec.ingress.tls_secret.is_some() {
        findings.refuse(
            "ingress.cookie.secure",
            "ingress-nginx always adds Secure if a request came over TLS, so false has no effect; leave the key out",
        );
    }
    if spec.ingress.front_door_version.is_some() {
        findings.refuse(
            "ingress.frontDoorVersion",
            "it is used for traefik only, and ingress-nginx is assumed to be 1.15.1, its last version; leave the key out",
        );
    }
    findings
}
