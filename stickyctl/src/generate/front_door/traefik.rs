//! Traefik by its ingress-nginx provider, which reads some of ingress-nginx' annotations: which, depends on the version.

use super::annotations::{AFFINITY, CHANGE_ON_FAILURE, EXPIRES, MODE, READ_TIMEOUT, SEND_TIMEOUT, all, prefixed};
use crate::spec::ingress::{Persistence, Version};
use crate::spec::{Findings, StickyApp};
use std::collections::BTreeMap;

/// What a version reads of the annotations that are ever written here, from its `pkg/provider/kubernetes/ingress-nginx/annotations.go`.
///
/// None of them reads `affinity-mode` (each behaves like `persistent`) or `session-cookie-change-on-failure`. An affinity other
/// than `cookie` counts as cookie in 3.6.12 and as none in 3.7.13.
const READS: &[(Version, &[&str])] = &[
    (
        Version(3, 6, 12),
        &[AFFINITY, "session-cookie-name", "session-cookie-path", "session-cookie-max-age", "session-cookie-samesite", "session-cookie-secure"],
    ),
    (
        Version(3, 7, 13),
        &[
            AFFINITY,
            "session-cookie-name",
            "session-cookie-path",
            "session-cookie-max-age",
            EXPIRES,
            "session-cookie-samesite",
            "session-cookie-secure",
            READ_TIMEOUT,
            SEND_TIMEOUT,
        ],
    ),
];

/// Whether what a version reads is something else than what is written where no version is named.
pub(super) fn has_own_table(version: Version) -> bool {
    reads(Some(version)).0 != READS[0].0
}

/// The newest version of the table that is not newer than the wanted one; its first where none or an older one is wanted.
fn reads(wanted: Option<Version>) -> &'static (Version, &'static [&'static str]) {
    let wanted = wanted.unwrap_or(READS[0].0);
    READS.iter().rev().find(|(version, _)| *version <= wanted).unwrap_or(&READS[0])
}

/// What it does not read is left out, so that nobody takes it for a setting.
pub(super) fn annotations(spec: &StickyApp) -> BTreeMap<String, String> {
    let (_, keys) = reads(spec.ingress.front_door_version);
    prefixed(all(spec).into_iter().filter(|(key, _)| keys.contains(key)))
}

pub(super) fn check(spec: &StickyApp) -> Findings {
    let mut findings = Findings::default();
    let ingress = &spec.ingress;
    let (version, keys) = reads(spec.ingress.front_door_version);
    if let Some(wanted) = ingress.front_door_version {
        if wanted < READS[0].0 {
            findings
                .refuse("ingress.frontDoorVersion", format!("what Traefik {wanted} reads is not known here; {} is the oldest that is", READS[0].0));
        } else if wanted != *version {
            findings.warn("ingress.frontDoorVersion", format!("what Traefik {wanted} reads is not known here; it is taken for {version}"));
        }
    }
    // Only what somebody chose: a default that Traefik has no word for is no surprise to anybody.
    if ingress.cookie.persistence == Persistence::Balanced {
        findings.refuse(
            "ingress.cookie.persistence",
            format!("Traefik {version} does not read {MODE}: sessions stay where they are when pods come, whatever is written; write persistent"),
        );
    }
    if ingress.cookie.change_on_failure == Some(true) {
        findings.refuse(
            "ingress.cookie.changeOnFailure",
            format!(
                "Traefik {version} does not read {CHANGE_ON_FAILURE}: a session on a pod that can't be reached gets 502 until the pod is taken out, whatever is written; write false"
            ),
        );
    }
    if ingress.websocket_timeout.is_some() && !keys.contains(&READ_TIMEOUT) {
        findings.refuse(
            "ingress.websocketTimeout",
            format!("Traefik {version} does not read {READ_TIMEOUT} and {SEND_TIMEOUT}; leave it out, and set the entry point's respondingTimeouts instead"),
        );
    }
    findings
}
