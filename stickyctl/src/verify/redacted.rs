//! URLs without what may be a secret in them.

/// What a secret is replaced with.
pub(crate) const HIDDEN: &str = "***";

/// A URL or a path that can be shared: without a user name, a password and a fragment, and without the values of its query and of parameters
/// in its path (`;jsessionid=…`). Names are kept. The text need not be a valid URL.
pub(crate) fn redacted(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
    // An authority follows two slashes (RFC 3986 section 3.2).
    let at = place.find("//").map_or(0, |slashes| slashes + 2);
    let (scheme, rest) = place.split_at(at);
    let (authority, path) = if at == 0 { ("", rest) } else { rest.split_at(rest.find('/').unwrap_or(rest.len())) };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path: Vec<String> = path.split('/').map(|segment| pairs(segment, ';', 1)).collect();
    let query = query.map(|query| format!("?{}", pairs(query, '&', 0))).unwrap_or_default();
    format!("{scheme}{host}{}{query}", path.join("/"))
}

/// `NAME=VALUE` pairs without their values; the first `kept` parts are no pairs. A part without a name may be a secret as a whole.
fn pairs(text: &str, separator: char, kept: usize) -> String {
    let hidden = |(place, part): (usize, &str)| match part.split_once('=') {
        _ if place < kept || part.is_empty() => part.to_owned(),
        Some((_, "")) => part.to_owned(),
        Some((_, value)) if is_name(value) => part.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None => HIDDEN.to_owned(),
    };
    text.split(separator).enumerate().map(hidden).collect::<Vec<_>>().join(&separator.to_string())
}

/// Whether a value is only the name of one, as in `?session={SID}`.
fn is_name(value: &str) -> bool {
    let name = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_values_go() {
        for (url, shown) in [
            ("https://shop.example/", "https://shop.example/"),
            ("https://shop.example", "https://shop.example"),
            ("http://[::1]:8080/a?b=c&d=&e&&f=g=h", "http://[::1]:8080/a?b=***&d=&***&&f=***"),
            (
                "https://u:secret@shop.example:8443/login;jsessionid=secret/x;y?next=secret#secret",
                "https://shop.example:8443/login;jsessionid=***/x;***?next=***",
            ),
            ("/login?token=secret", "/login?token=***"),
            ("/?secret", "/?***"),
            ("/a;jsessionid={ID}?s={session}&t={SID}secret&{}={a-b}", "/a;jsessionid={ID}?s={session}&t=***&{}=***"),
            ("//other.example/a@b", "//other.example/a@b"),
            ("login", "login"),
            ("?token=secret", "?token=***"),
            ("", ""),
        ] {
            assert_eq!(redacted(url), shown, "{url}");
        }
    }
}
