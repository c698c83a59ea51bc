//! A kind and a name, as kubectl writes them: `deployment/shop`.

/// The kind in lower case, and the name; `None` without both. The name becomes a part of the API server's paths, so it has only characters that
/// names of objects have: lowercase letters, digits, hyphens and dots (RFC 1123).
pub(crate) fn split(text: &str) -> Option<(String, &str)> {
    let (kind, name) = text.split_once('/')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte));
    is_name.then(|| (kind.to_ascii_lowercase(), name))
}
