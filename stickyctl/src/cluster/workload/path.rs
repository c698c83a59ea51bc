//! A path to request, from the path of a rule. No I/O.

use regex::Regex;

/// How a rule compares the path of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// As it is written, or as a prefix: the path itself matches.
    Literally,
    /// As a regular expression that matches from the start.
    FromStart,
    /// As a regular expression that matches the whole path, as Envoy's do.
    Whole,
}

/// What stands for anything in a regular expression (`regex-syntax`, `is_meta_character`).
const META: &[char] = &['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

/// A path that a rule matches; `None` if its regular expression matches none of those that are likely. They are its literal beginning, and
/// the same with a slash or a word more, or a character less.
pub(super) fn concrete(path: &str, compared: Compared) -> Option<String> {
    let path = if path.is_empty() { "/" } else { path };
    if compared == Compared::Literally || !path.contains(META) {
        return Some(path.to_owned());
    }
    let text = path.trim_start_matches('^');
    let pattern = if compared == Compared::Whole { format!("^(?:{text})$") } else { format!("^(?:{text})") };
    let pattern = Regex::new(&pattern).ok()?;
    let literal = text.split(META).next().unwrap_or_default();
    let mut shorter = literal.chars();
    // `/apps?` begins with a literal whose last character is optional.
    shorter.next_back();
    let more = ["", "a", "1", "/", "/a"].map(|end| format!("{literal}{end}"));
    let likely = more.into_iter().chain([shorter.as_str().to_owned()]);
    likely.into_iter().find(|path| path.starts_with('/') && pattern.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_match() {
        for (path, compared, expected) in [
            ("", Compared::Literally, Some("/")),
            ("/app", Compared::Literally, Some("/app")),
            ("/a.b(c", Compared::Literally, Some("/a.b(c")),
            ("/app", Compared::FromStart, Some("/app")),
            ("/app(/|$)(.*)", Compared::FromStart, Some("/app")),
            ("/()(.*)", Compared::FromStart, Some("/")),
            ("/(.*)", Compared::FromStart, Some("/")),
            ("^/api/v[0-9]+/.*", Compared::FromStart, None),
            ("/user/[0-9]+", Compared::Whole, Some("/user/1")),
            ("/user/.+", Compared::Whole, Some("/user/a")),
            ("/apps?", Compared::Whole, Some("/apps")),
            ("/app/.*", Compared::Whole, Some("/app/")),
            ("/app(/.*)", Compared::Whole, Some("/app/")),
            ("/(?!admin).*", Compared::FromStart, None),
            ("/shop/[a-z]{12}", Compared::Whole, None),
        ] {
            assert_eq!(concrete(path, compared).as_deref(), expected, "{path}");
        }
    }
}
