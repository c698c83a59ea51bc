//! Image references: the repositories of the app's image, and what a release may name.

use super::names::is_subdomain;

/// The repository of an image that is built locally and that no registry has.
pub(crate) const HOME_MADE: &str = "docker.io/library/sticky-app";

/// The repository of the image that a release has unless its spec names another. The programs of a published version are built
/// with `STICKY_BUILD_IMAGE`, the full name of the repository that their image was pushed to.
pub(crate) const REPOSITORY: &str = match option_env!("STICKY_BUILD_IMAGE") {
    Some(repository) => repository,
    None => HOME_MADE,
};

/// The image of stickyctl itself, of this version: beside that of the app.
pub(crate) fn tool_image() -> String {
    let registry = REPOSITORY.rsplit_once('/').map_or("", |(registry, _)| registry);
    format!("{registry}/stickyctl:{}", env!("CARGO_PKG_VERSION"))
}

/// Why an image reference is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidImage {
    /// Not of the form of a reference.
    #[error("invalid image reference `{0}`: write it as registry.example/team/sticky-app:1.2.3")]
    Form(String),
    /// Nothing tells one version from another.
    #[error("image reference `{0}` has neither a tag nor a digest, so nobody can tell which version runs; append a version, as in :1.2.3")]
    Untagged(String),
    /// A tag that moves.
    #[error("image reference `{0}`: the tag `latest` may be another image tomorrow, and a rollout would look like a restart; write a version")]
    Latest(String),
}

/// Checks that a reference pins a version: it has a tag or a digest, and the tag is not `latest`.
pub(crate) fn check_image(reference: &str) -> Result<(), InvalidImage> {
    let wrong = || InvalidImage::Form(reference.to_owned());
    let (named, digest) = reference.split_once('@').map_or((reference, None), |(named, digest)| (named, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Err(wrong());
    }
    // A colon before the last slash belongs to the port of a registry.
    let slash = named.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = named[slash..].find(':').map_or((named, None), |at| (&named[..slash + at], Some(&named[slash + at + 1..])));
    let mut parts = name.split('/').peekable();
    let first = parts.peek().copied().unwrap_or_default();
    if name.contains('/') && (first.contains(['.', ':']) || first == "localhost") {
        parts.next();
        let (host, port) = first.split_once(':').map_or((first, None), |(host, port)| (host, Some(port)));
        if !is_subdomain(&host.to_ascii_lowercase()) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(wrong());
        }
    }
    if !parts.all(path_part) || name.len() > 255 {
        return Err(wrong());
    }
    match tag {
        None if digest.is_none() => Err(InvalidImage::Untagged(reference.to_owned())),
        Some("latest") if digest.is_none() => Err(InvalidImage::Latest(reference.to_owned())),
        Some(tag) if !tag_fits(tag) => Err(wrong()),
        _ => Ok(()),
    }
}

/// Whether a text is a digest, `sha256:` and 64 hex digits.
pub(crate) fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
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
}
