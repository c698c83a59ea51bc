//! Reading the `Cookie` header, and the app's own cookie, `StickyStr`.

/// The cookie that the app sets with `--issuer app`.
pub const STICKY_STR: &str = "StickyStr";

/// Each `name=value` of a `Cookie` header, in order, duplicates kept (RFC 6265 section 5.4 sends the longer path first).
pub fn pairs(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| pair.trim().split_once('='))
}

/// The first value that `name` has in a `Cookie` header.
#[must_use]
pub fn value<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    pairs(header).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// A new `StickyStr`: eight random letters, `-by-`, and the identity that issued it.
#[must_use]
pub fn sticky_str(random: [u8; 8], identity: &str) -> String {
    let letters: String = random.iter().map(|b| char::from(b'a' + b % 26)).collect();
    format!("{letters}-by-{identity}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_stay_in_order_and_junk_is_passed_over() {
        let header = "a=1; b=2;a=3; junk ; c=x=y";
        assert_eq!(pairs(header).collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("a", "3"), ("c", "x=y")]);
        assert_eq!((value(header, "a"), value(header, "z")), (Some("1"), None));
    }

    #[test]
    fn the_seeds_shape() {
        assert_eq!(sticky_str([0, 25, 26, 51, 255, 1, 2, 3], "app-1:2"), "azazvbcd-by-app-1:2");
    }
}
