//! The forms of Kubernetes names and labels.

/// A DNS-1123 label.
pub(super) fn is_label(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// A DNS-1123 subdomain: labels joined by dots.
pub(super) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The value of a label.
pub(super) fn is_label_value(value: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63
        && value.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
        && edge(value.chars().next())
        && edge(value.chars().next_back())
}

/// The key of a label or a taint, with an optional prefix.
pub(super) fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_subdomain)
}

/// The name of a GatewayClass's controller: a domain and a path, at most 253 characters (`GatewayController` in the Gateway API).
pub(super) fn is_controller(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&c);
    let (domain, path) = name.split_once('/').unwrap_or((name, ""));
    name.len() <= 253 && is_subdomain(domain) && !path.is_empty() && path.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_nodes_and_controllers() {
        assert!(is_label_key("topology.kubernetes.io/zone") && is_label_key("pool") && is_label_value("") && is_label_value("a.b_c-D"));
        assert!(is_controller("traefik.io/gateway-controller") && is_controller("a/b/c") && is_controller("example/X:1"));
        assert!(!is_controller("eg") && !is_controller("a.b/") && !is_controller("A.b/c") && !is_controller("a/b c"));
        assert!(!is_label_key("") && !is_label_key("a/b/c") && !is_label_key("UPPER.example/x") && !is_label_value("-x") && !is_label_value("a b"));
    }
}
