//! The name of the image, checked and in full.

use crate::exit::{Exit, Explained};
pub(crate) use crate::spec::image::{HOME_MADE, REPOSITORY};
use crate::spec::image::{InvalidImage, check_image};

const DEFAULT_REGISTRY: &str = "docker.io";

/// A name that an archive can't have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidName {
    /// No reference that pins a version.
    #[error("naming the image: {0}")]
    Reference(#[from] InvalidImage),
    /// A digest, which is only known once the image is made.
    #[error("naming the image: `{0}` has a digest, which is only known once the image is built")]
    Digest(String),
}

impl Explained for InvalidName {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Reference(_) => Vec::new(),
            Self::Digest(_) => vec!["--image registry.example/team/sticky-app:1.2.3    use a tag instead".to_owned()],
        }
    }
}

/// The full name, as containerd and Docker keep it: a short name gets `docker.io/library/` in front.
///
/// The rules are those of `splitDockerDomain` in distribution/reference: the part before the first slash is a registry if it has
/// a dot or a port, or is `localhost`.
pub(crate) fn full(name: &str) -> Result<String, InvalidName> {
    check_image(name)?;
    if name.contains('@') {
        return Err(InvalidName::Digest(name.to_owned()));
    }
    let (registry, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => (DEFAULT_REGISTRY, name),
    };
    let registry = if registry == "index.docker.io" { DEFAULT_REGISTRY } else { registry };
    let library = if registry == DEFAULT_REGISTRY && !path.contains('/') { "library/" } else { "" };
    Ok(format!("{registry}/{library}{path}"))
}

/// A full name without the parts that stand for Docker Hub.
pub(crate) fn familiar(full: &str) -> &str {
    let path = full.strip_prefix("docker.io/").unwrap_or(full);
    path.strip_prefix("library/").filter(|_| path.len() < full.len()).unwrap_or(path)
}

/// The tag of a full name.
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
    fn names_that_an_archive_can_not_have() {
        let digest = format!("sticky-app@sha256:{}", "0a".repeat(32));
        for (name, part) in
            [("Sticky:1", "invalid image reference"), ("sticky-app", "neither a tag nor a digest"), ("x:latest", "latest"), (&digest, "has a digest")]
        {
            let failure = full(name).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{name}");
            assert!(failure.to_string().contains(part), "{failure}");
        }
    }
}
