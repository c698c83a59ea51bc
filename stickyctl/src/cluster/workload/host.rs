//! A host to request, from hosts that may have wildcards. No I/O.

/// The label that stands for a wildcard.
const ANY: &str = "any";

/// A host that a pattern matches, such as `any.example.com` for `*.example.com`.
pub(super) fn concrete(pattern: &str) -> String {
    pattern.replacen('*', ANY, 1)
}

/// Whether a pattern matches a host: the same one, or any that has more labels in front, where the pattern has a wildcard.
pub(super) fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(rest) => host.len() > rest.len() && host.to_ascii_lowercase().ends_with(&rest.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// A host that a route and a listener both accept; `None` is any, and `Err` says that they have none in common.
pub(super) fn both(route: &[String], listener: Option<&str>) -> Result<Option<String>, ()> {
    let listener = listener.filter(|host| !host.is_empty());
    let (Some(listener), false) = (listener, route.is_empty()) else {
        return Ok(route.first().map(String::as_str).or(listener).map(concrete));
    };
    // The narrower of the two is concrete enough for both.
    let common = route.iter().find_map(|own| if matches(listener, own) { Some(own.as_str()) } else { matches(own, listener).then_some(listener) });
    common.map(|host| Some(concrete(host))).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert_eq!([concrete("*.shop.example"), concrete("shop.example")], ["any.shop.example", "shop.example"]);
        assert!(matches("*.example", "a.example") && matches("*.example", "*.b.example") && matches("A.example", "a.EXAMPLE"));
        assert!(!matches("*.example", "example") && !matches("a.example", "b.example") && !matches("*.example", ".example"));
    }

    #[test]
    fn what_route_and_listener_share() {
        let own = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>();
        for (route, listener, expected) in [
            (own(&[]), None, Ok(None)),
            (own(&[]), Some("*.example"), Ok(Some("any.example"))),
            (own(&["a.example"]), None, Ok(Some("a.example"))),
            (own(&["other", "a.example"]), Some("*.example"), Ok(Some("a.example"))),
            (own(&["*.example"]), Some("b.example"), Ok(Some("b.example"))),
            (own(&["*.a.example"]), Some("*.example"), Ok(Some("any.a.example"))),
            (own(&["*.example"]), Some("*.example"), Ok(Some("any.example"))),
            (own(&["a.example"]), Some("b.example"), Err(())),
        ] {
            assert_eq!(both(&route, listener), expected.map(|host| host.map(str::to_owned)), "{route:?} {listener:?}");
        }
    }
}
