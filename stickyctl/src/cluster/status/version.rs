//! Which version a pod runs: what it is told to report, or else what its image is called.

use k8s_openapi::api::core::v1::PodSpec;
use sticky_core::names::env;

/// The value of a variable of the first container.
pub(super) fn value<'a>(pod: &'a PodSpec, name: &str) -> Option<&'a str> {
    pod.containers.first()?.env.as_ref()?.iter().find(|variable| variable.name == name)?.value.as_deref()
}

/// What the pods report, or else the tag of their image; empty without a container.
pub(super) fn version(pod: Option<&PodSpec>) -> String {
    let reported = pod.and_then(|pod| value(pod, env::REPORT_VERSION)).map(str::to_owned);
    reported.or_else(|| pod?.containers.first()?.image.as_deref().map(tag)).unwrap_or_default()
}

/// The tag of an image, or the start of its digest.
fn tag(image: &str) -> String {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    // A colon before the last slash belongs to a registry's port.
    let tag = name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    match (tag, digest) {
        (Some(tag), _) => tag.to_owned(),
        (None, Some(digest)) => digest.chars().take("sha256:".len() + 12).collect(),
        (None, None) => "latest".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        assert_eq!(tag("sticky-app:0.1.0"), "0.1.0");
        assert_eq!(tag("registry.example:5000/a/sticky-app:0.1.0@sha256:0123456789abcdef"), "0.1.0");
        assert_eq!(tag("registry.example:5000/sticky-app@sha256:0123456789abcdef"), "sha256:0123456789ab");
        assert_eq!(tag("registry.example:5000/sticky-app"), "latest");
    }
}
