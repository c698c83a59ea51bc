//! Traefik with its ingress-nginx provider, which reads some of ingress-nginx's annotations, depending on its version.

use super::annotations::{AFFINITY, CHANGE_ON_FAILURE, EXPIRES, MODE, READ_TIMEOUT, SEND_TIMEOUT, all, prefixed};
use crate::spec::ingress::Persistence;
use crate::spec::version::Version;
use crate::spec::{Findings, StickyApp};
use std::collections::BTreeMap;

/// Which of the annotations that stickyctl writes each version reads, from `pkg/provider/kubernetes/ingress-nginx/annotations.go`.
///
/// No version reads `affinity-mode` (all behave like `persistent`) or `session-cookie-change-on-failure`. 3.6.12 takes any
/// `affinity` for cookie affinity, 3.7.13 only `cookie`.
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

/// Whether a version reads other annotations than those that are written if no version is set.
pub(super) fn has_own_table(version: Version) -> bool {
    reads(Some(version)).0 != READS[0].0
}

/// The newest version in the table that is not newer than the wanted one; the first if none or an older one is wanted.
fn reads(wanted: Option<Version>) -> &'static (Version, &'static [&'static str]) {
    let wanted = wanted.unwrap_or(READS[0].0);
    READS.iter().rev().find(|(version, _)| *version <= wanted).unwrap_or(&READS[0])
}

/// Leaves out annotations that Traefik ignores, so that they don't look like settings.
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
            findings.refuse(
                "ingress.frontDoorVersion",
                format!("stickyctl doesn't know which annotations Traefik {wanted} reads; the oldest version that it knows is {}", READS[0].0),
            );
        } else if wanted != *version {
            findings.warn(
                "ingress.frontDoorVersion",
                format!("stickyctl doesn't know which annotations Traefik {wanted} reads, and assumes those of {version}"),
            );
        }
    }
    // Only what the user set: no user relies on a default that Traefik has no setting for.
    if ingress.cookie.persistence == Persistence::Balanced {
        findings.refuse(
            "ingress.cookie.persistence",
            format!("Traefik {version} doesn't read {MODE}: sessions always stay on their pods when pods are added; write persistent"),
        );
    }
    if ingress.cookie.change_on_failure == Some(true) {
        findings.refuse(
            "ingress.cookie.changeOnFailure",
            format!(
                "Traefik {version} doesn't read {CHANGE_ON_FAILURE}: a session whose pod can't be reached gets 502 until the pod is removed; write false"
            ),
        );
    }
    if ingress.websocket_timeout.is_some() && !keys.contains(&READ_TIMEOUT) {
        findings.refuse(
            "ingress.websocketTimeout",
            format!("Traefik {version} doesn't read {READ_TIMEOUT} and {SEND_TIMEOUT}; leave the key out and set the entry point's respondingTimeouts instead"),
        );
    }
    findings
}
