//! The keys that a spec has, and the nearest one to a key that it doesn't have.

/// How a key's value is written where only text is at hand, as in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As it is.
    Text,
    /// As YAML: a number, a truth value, a list in brackets, a map in braces.
    Yaml,
}

/// Every key whose value is no further group of keys, in the order of the spec.
pub const KEYS: &[(&str, Written)] = &[
    ("name", Written::Text),
    ("namespace", Written::Text),
    ("mode", Written::Text),
    ("image.name", Written::Text),
    ("image.pullPolicy", Written::Text),
    ("image.pullSecret", Written::Text),
    ("resources.requests.cpu", Written::Text),
    ("resources.requests.memory", Written::Text),
    ("resources.limits.cpu", Written::Text),
    ("resources.limits.memory", Written::Text),
    ("relay.fanout", Written::Text),
    ("limits.maxBody", Written::Yaml),
    ("limits.maxText", Written::Yaml),
    ("limits.maxFrame", Written::Yaml),
    ("limits.maxSockets", Written::Yaml),
    ("limits.maxRequests", Written::Yaml),
    ("limits.socketsPerSession", Written::Yaml),
    ("limits.newSessionsPerMinute", Written::Yaml),
    ("exposeIdentity", Written::Text),
    ("drain.preStop", Written::Text),
    ("drain.delay", Written::Text),
    ("drain.window", Written::Text),
    ("drain.grace", Written::Text),
    ("redis.url", Written::Text),
    ("redis.password.secret", Written::Text),
    ("redis.password.key", Written::Text),
    ("redis.image", Written::Text),
    ("redis.storage", Written::Text),
    ("redis.storageClass", Written::Text),
    ("redis.maxmemory", Written::Text),
    ("redis.resources.requests.cpu", Written::Text),
    ("redis.resources.requests.memory", Written::Text),
    ("redis.resources.limits.cpu", Written::Text),
    ("redis.resources.limits.memory", Written::Text),
    ("ingress.frontDoor", Written::Text),
    ("ingress.frontDoorVersion", Written::Text),
    ("ingress.frontDoorNamespace", Written::Text),
    ("ingress.class", Written::Text),
    ("ingress.host", Written::Text),
    ("ingress.tlsSecret", Written::Text),
    ("ingress.cookie.name", Written::Text),
    ("ingress.cookie.persistence", Written::Text),
    ("ingress.cookie.lifetime", Written::Text),
    ("ingress.cookie.sameSite", Written::Text),
    ("ingress.cookie.secure", Written::Yaml),
    ("ingress.cookie.changeOnFailure", Written::Yaml),
    ("ingress.websocketTimeout", Written::Text),
    ("ingress.trustedProxies", Written::Yaml),
    ("autoscaling.min", Written::Yaml),
    ("autoscaling.max", Written::Yaml),
    ("autoscaling.cpu", Written::Yaml),
    ("placement.nodeSelector", Written::Yaml),
    ("placement.tolerations", Written::Yaml),
    ("networkPolicy.enabled", Written::Yaml),
    ("networkPolicy.allowFrom", Written::Yaml),
    ("metrics.namespace", Written::Text),
];

/// The candidate that `word` was probably meant to be: a third of its letters may be wrong, case and dashes don't count.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Where a key stands whose last part is `key`, if there is one place only.
#[must_use]
pub fn elsewhere(key: &str) -> Option<&'static str> {
    let mut places = KEYS.iter().map(|(path, _)| *path).filter(|path| path.rsplit('.').next() == Some(key));
    places.next().filter(|_| places.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let keys = ["name", "namespace", "mode", "exposeIdentity"];
        assert_eq!(nearest("namspace", keys), Some("namespace"));
        assert_eq!(nearest("expose-identity", keys), Some("exposeIdentity"));
        assert_eq!(nearest("nmae", keys), Some("name"));
        assert_eq!(nearest("replicas", keys), None);
    }

    #[test]
    fn right_key_wrong_place() {
        assert_eq!(elsewhere("host"), Some("ingress.host"));
        assert_eq!(elsewhere("memory"), None, "there are several");
    }
}
