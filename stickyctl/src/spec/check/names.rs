//! Names of objects, labels of nodes, image references.

use crate::spec::image::{check_image, is_digest};
use crate::spec::names::{is_label, is_label_key, is_label_value, is_subdomain};
use crate::spec::{Findings, StickyApp};

/// What a DNS-1123 label looks like.
const LABEL: &str = "a name has 1 to 63 lower-case letters, digits and hyphens, and starts and ends with a letter or digit (RFC 1123)";

/// The longest name of a release, in characters: `-redis-headless` is appended for a Service (63 at most), and the hash of a
/// ReplicaSet and five more for a pod.
const LONGEST_NAME: usize = 40;

/// Namespaces of the cluster itself.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    // The name of a Service is a DNS-1035 label, which starts with a letter.
    if !is_label(&spec.name) {
        findings.refuse("name", format!("invalid name `{}`: {LABEL}", spec.name));
    } else if !spec.name.starts_with(|c: char| c.is_ascii_lowercase()) {
        findings.refuse("name", format!("invalid name `{}`: it must start with a letter, because a Service has it too (RFC 1035)", spec.name));
    } else if spec.name.len() > LONGEST_NAME {
        findings.refuse(
            "name",
            format!(
                "invalid name: it has {} characters, and at most {LONGEST_NAME} leave room for what the names of objects append",
                spec.name.len()
            ),
        );
    }
    namespace("namespace", &spec.namespace, findings);
    if SYSTEM.contains(&spec.namespace.as_str()) {
        findings.refuse("namespace", format!("{} belongs to the cluster itself; choose another namespace", spec.namespace));
    }
    image("image.name", &spec.image.name, findings);
    if let Some(digest) = &spec.image.digest {
        if !is_digest(digest) {
            findings.refuse("image.digest", format!("invalid digest `{digest}`: write sha256: and 64 lower-case hex digits"));
        } else if spec.image.name.contains('@') {
            findings.refuse("image.digest", "image.name has a digest too; write it in one of the two keys");
        }
    }
    if let Some(secret) = &spec.image.pull_secret {
        object("image.pullSecret", secret, findings);
    }
    if spec.network_policy.restrict_egress && !spec.network_policy.enabled {
        findings.refuse("networkPolicy.restrictEgress", "it takes a NetworkPolicy, and networkPolicy.enabled is false");
    }
    if let Some(metrics) = &spec.metrics.namespace {
        namespace("metrics.namespace", metrics, findings);
    }
    for (key, value) in &spec.placement.node_selector {
        if !is_label_key(key) || !is_label_value(value) {
            findings.refuse("placement.nodeSelector", format!("invalid label `{key}: {value}`: a key is [PREFIX/]NAME, and names and values have up to 63 letters, digits, hyphens, underscores and dots"));
        }
    }
    for (place, toleration) in spec.placement.tolerations.iter().enumerate() {
        if !is_label_key(&toleration.key) || !toleration.value.as_deref().is_none_or(is_label_value) {
            findings.refuse(
                &format!("placement.tolerations[{place}]"),
                "invalid key or value: both have the form of a label, as in `dedicated` and `web`",
            );
        }
    }
}

/// The name of a namespace: a DNS-1123 label.
pub(super) fn namespace(path: &str, name: &str, findings: &mut Findings) {
    if !is_label(name) {
        findings.refuse(path, format!("invalid name `{name}`: {LABEL}"));
    }
}

/// The name of a Secret, an IngressClass and the like: a DNS-1123 subdomain.
pub(super) fn object(path: &str, name: &str, findings: &mut Findings) {
    if !is_subdomain(name) {
        let why = "a name has up to 253 lower-case letters, digits, hyphens and dots, and each part starts and ends with a letter or digit";
        findings.refuse(path, format!("invalid name `{name}`: {why} (RFC 1123)"));
    }
}

/// An image reference that pins a version.
pub(super) fn image(path: &str, reference: &str, findings: &mut Findings) {
    if let Err(why) = check_image(reference) {
        findings.refuse(path, why.to_string());
    }
}
