//! The image's name: checked, and written out in full.

use crate::exit::{Exit, Failure};
use crate::spec::image::check_image;
pub use crate::spec::image::{HOME_MADE, REPOSITORY};

const DEFAULT_REGISTRY: &str = "docker.io";

/// The name in full, as containerd and Docker keep it: `docker.io/library/` before a short one.
///
/// The rules are those of `splitDockerDomain` in distribution/reference: what stands before the first slash is a registry
/// where it has a dot or a port, or is `localhost`.
///
/// # Errors
/// It is no reference, or one without a tag ([`Exit::Usage`]).
pub fn full(name: &str) -> Result<String, Failure> {
    check_image(name).map_err(|why| Failure::new(Exit::Usage, format!("naming the image: {why}")))?;
    if name.contains('@') {
        return Err(Failure::new(Exit::Usage, format!("naming the image: `{name}` has a digest, and the digest is what comes out of making it"))
            .try_this("--image registry.example/team/sticky-app:1.2.3    a tag instead"));
    }
    let (registry, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => (DEFAULT_REGISTRY, name),
    };
    let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry };
    let library = if registry == DEFAULT_REGISTRY && !path.contains('/') { "library/" } else { "" };
    Ok(format!("{registry}/{library}{path}"))
}

/// A full name as people know it: without what Docker's own registry adds.
#[must_use]
pub fn familiar(full: &str) -> &str {
    let path = full.strip_prefix("docker.io/").unwrap_or(full);
    path.strip_prefix("library/").filter(|_| path.len() < full.len()).unwrap_or(path)
}

/// What stands after the colon of a full name.
pub(super) fn tag(full: &str) -> &str {
    full.rsplit_once(':').map_or("", |(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_full_and_back() {
        let rows = [
            ("sticky-app:0.1.0", "docker.io/library/sticky-app:0.1.0", "sticky-app:0.1.0"),
            ("library/sticky-app:1", "docker.io/library/sticky-app:1", "sticky-app:1"),
            ("team/sticky-app:1", "docker.io/team/sticky-app:1", "team/sticky-app:1"),
            ("docker.io/sticky-app:1", "docker.io/library/sticky-app:1", "sticky-app:1"),
            ("index.docker.io/sticky-app:1", "docker.io/library/sticky-app:1", "sticky-app:1"),
            ("docker.io/library/sticky-app:1", "docker.io/library/sticky-app:1", "sticky-app:1"),
            ("localhost/sticky-app:1", "localhost/sticky-app:1", "localhost/sticky-app:1"),
            ("localhost:5000/sticky-app:1", "localhost:5000/sticky-app:1", "localhost:5000/sticky-app:1"),
            ("reg.example/library/x:1", "reg.example/library/x:1", "reg.example/library/x:1"),
        ];
        for (name, whole, known) in rows {
            let found = full(name).unwrap();
            assert_eq!((found.as_str(), familiar(&found)), (whole, known), "{name}");
        }
        assert_eq!(tag("localhost:5000/sticky-app:1.2-x"), "1.2-x");
    }

    #[test]
    fn what_is_no_name_of_an_archive() {
        let digest = format!("sticky-app@sha256:{}", "0a".repeat(32));
        for (name, part) in
            [("Sticky:1", "no image reference"), ("sticky-app", "neither tag nor digest"), ("x:latest", "latest"), (&digest, "has a digest")]
        {
            let failure = full(name).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage, "{name}");
            assert!(failure.what.contains(part), "{}", failure.what);
        }
    }
}
