//! Names: DNS-1123 labels and subdomains, labels, image references.

use crate::spec::{Findings, StickyApp};

/// The longest name of a release. `-redis-headless` is appended for a Service (63 characters at most), and a ReplicaSet's
/// hash and a pod's own five characters for a pod.
const LONGEST_NAME: usize = 40;

/// Namespaces that belong to the cluster.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

pub(super) fn check(spec: &StickyApp, findings: &mut Findings) {
    // A Service's name is a DNS-1035 label, which begins with a letter.
    if let Err(why) = label(&spec.name) {
        findings.refuse("name", why);
    } else if !spec.name.starts_with(|c: char| c.is_ascii_lowercase()) {
        findings.refuse("name", format!("`{}` must begin with a letter, because a Service is named so", spec.name));
    } else if spec.name.len() > LONGEST_NAME {
        findings.refuse("name", format!("it has {} characters; {LONGEST_NAME} are the most, since names of objects append to it", spec.name.len()));
    }
    namespace("namespace", &spec.namespace, findings);
    if SYSTEM.contains(&spec.namespace.as_str()) {
        findings.refuse("namespace", format!("{} belongs to the cluster itself; choose another", spec.namespace));
    }
    image("image.name", &spec.image.name, findings);
    if let Some(secret) = &spec.image.pull_secret {
        object("image.pullSecret", secret, findings);
    }
    if let Some(metrics) = &spec.metrics.namespace {
        namespace("metrics.namespace", metrics, findings);
    }
    for (key, value) in &spec.placement.node_selector {
        if !label_key(key) || !label_value(value) {
            findings.refuse("placement.nodeSelector", format!("`{key}: {value}` is no label of a node"));
        }
    }
    for (place, toleration) in spec.placement.tolerations.iter().enumerate() {
        if !label_key(&toleration.key) || !toleration.value.as_deref().is_none_or(label_value) {
            findings.refuse(&format!("placement.tolerations[{place}]"), "key and value are those of a taint, as in `dedicated` and `web`");
        }
    }
}

/// A namespace's name.
pub(super) fn namespace(path: &str, name: &str, findings: &mut Findings) {
    if let Err(why) = label(name) {
        findings.refuse(path, why);
    }
}

/// The name of a Secret, a class and the like: a DNS-1123 subdomain.
pub(super) fn object(path: &str, name: &str, findings: &mut Findings) {
    if let Err(why) = subdomain(name) {
        findings.refuse(path, why);
    }
}

/// A DNS-1123 label.
fn label(name: &str) -> Result<(), String> {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    let fits = (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-');
    if fits { Ok(()) } else { Err(format!("`{name}` is no name: 1 to 63 of a-z, 0-9 and -, with no - at either end")) }
}

/// DNS-1123 labels joined by dots.
pub(super) fn subdomain(name: &str) -> Result<(), String> {
    if name.len() <= 253 && name.split('.').all(|part| label(part).is_ok()) {
        return Ok(());
    }
    Err(format!("`{name}` is no name: parts of a-z, 0-9 and -, joined by dots, 253 characters at most"))
}

fn label_value(value: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63
        && value.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
        && edge(value.chars().next())
        && edge(value.chars().next_back())
}

fn label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && label_value(name) && prefix.is_none_or(|prefix| subdomain(prefix).is_ok())
}

/// An image reference with a tag or a digest.
pub(super) fn image(path: &str, reference: &str, findings: &mut Findings) {
    if let Err(why) = check_image(reference) {
        findings.refuse(path, why);
    }
}

/// Whether a reference of an image names one that can be told from any other: with a tag or a digest, and not `latest`.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn check_image(reference: &str) -> Result<(), String> {
    let wrong = || format!("`{reference}` is no image reference: write it as registry.example/team/sticky-app:1.2.3");
    let (named, digest) = reference.split_once('@').map_or((reference, None), |(named, digest)| (named, Some(digest)));
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").ok_or_else(wrong)?;
        if hex.len() != 64 || !hex.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)) {
            return Err(wrong());
        }
    }
    // A colon before the last slash is a registry's port.
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = named[slash..].find(':').map_or((named, None), |at| (&named[..slash + at], Some(&named[slash + at + 1..])));
    let mut parts = name.split('/').peekable();
    let first = parts.peek().copied().unwrap_or_default();
    if name.contains('/') && (first.contains(['.', ':']) || first == "localhost") {
        parts.next();
        let (host, port) = first.split_once(':').map_or((first, None), |(host, port)| (host, Some(port)));
        if subdomain(&host.to_ascii_lowercase()).is_err() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(wrong());
        }
    }
    if !parts.all(path_part) || name.len() > 255 {
        return Err(wrong());
    }
    match tag {
        None if digest.is_none() => {
            Err(format!("`{reference}` has neither tag nor digest, so nobody could tell which version runs; write :1.2.3 after it"))
        }
        Some("latest") if digest.is_none() => {
            Err("the tag `latest` means another image tomorrow, and a rollout could not be told from a restart; write a version".to_owned())
        }
        Some(tag) if !tag_fits(tag) => Err(wrong()),
        _ => Ok(()),
    }
}

fn path_part(part: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let edge = |c: Option<u8>| c.is_some_and(plain);
    part.bytes().all(|c| plain(c) || matches!(c, b'-' | b'_' | b'.')) && edge(part.bytes().next()) && edge(part.bytes().next_back())
}

fn tag_fits(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && tag.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
        && !tag.starts_with(['-', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images() {
        let digest = format!("sticky-app@sha256:{}", "0a".repeat(32));
        for good in ["sticky-app:0.1.0", "localhost:5000/a/b:v1", "reg.example/x_y/z:1", "docker.io/library/redis:7.2-bookworm", &digest] {
            assert_eq!(check_image(good), Ok(()), "{good}");
        }
        for bad in ["", "sticky-app", "sticky-app:latest", "Sticky:1", "a//b:1", "a b:1", "a:", "x@sha256:12", "reg:99999/x:1", "/x:1"] {
            assert!(check_image(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_of_nodes() {
        assert!(label_key("topology.kubernetes.io/zone") && label_key("pool") && label_value("") && label_value("a.b_c-D"));
        assert!(!label_key("") && !label_key("a/b/c") && !label_key("UPPER.example/x") && !label_value("-x") && !label_value("a b"));
    }
}
