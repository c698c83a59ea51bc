//! The cookie's path beside the paths of the rules.

use super::codes::{PATH_NOT_COVERED, PATH_OF_RULE, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::view::{CookiePath, Entry, PathTo, View};
use std::collections::BTreeMap;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    view.entries.iter().flat_map(|entry| [uncovered(view, entry), of_rule(entry)].into_iter().flatten()).collect()
}

/// Whether a path is below a cookie's (RFC 6265 section 5.1.4).
pub(super) fn covers(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

/// The fixed part of a path that may be a regular expression.
fn literal(path: &str) -> &str {
    let end = path.find(['(', '[', '\\', '*', '?', '+', '|', '^', '$', '{']).unwrap_or(path.len());
    &path[..end]
}

fn uncovered(view: &View<'_>, entry: &Entry<'_>) -> Option<Finding> {
    let (path, cookie) = entry.paths.iter().find_map(|to| {
        let cookie = entry.cookie_for(to.service)?;
        let CookiePath::Fixed(path) = &cookie.path else { return None };
        (!covers(path, literal(to.path))).then_some((to, cookie))
    })?;
    let CookiePath::Fixed(of_cookie) = &cookie.path else { return None };
    let (about, key) = if cookie.on_service {
        (view.backends.service(path.service)?.about(), format!("{}.path", cookie.switch))
    } else if entry.controller() == Some(Controller::F5Nginx) {
        (entry.read.about(), cookie.switch.to_owned())
    } else {
        (entry.read.about(), "nginx.ingress.kubernetes.io/session-cookie-path".to_owned())
    };
    Some(PATH_NOT_COVERED.found(
        about,
        annotation(&key),
        format!("Browsers do not send a cookie with Path={of_cookie} to {}, so each request there begins a new session", path.path),
        "Write /",
    ))
}

/// ingress-nginx copies the path of the location that answered.
fn of_rule(entry: &Entry<'_>) -> Option<Finding> {
    if entry.controller() != Some(Controller::IngressNginx) {
        return None;
    }
    let of_rule = |to: &&PathTo<'_>| entry.cookie_for(to.service).is_some_and(|cookie| cookie.path == CookiePath::OfRule);
    let paths: Vec<&PathTo<'_>> = entry.paths.iter().filter(of_rule).collect();
    let field = annotation("nginx.ingress.kubernetes.io/session-cookie-path");
    let fix = "Set nginx.ingress.kubernetes.io/session-cookie-path: /";
    let is_regex = entry.nginx("use-regex") == Some("true") || entry.nginx("rewrite-target").is_some();
    if let Some(expression) = paths.iter().find(|to| is_regex && literal(to.path).len() < to.path.len()) {
        let said = format!("The cookie gets Path={}, which is a regular expression, so no browser sends it back", expression.path);
        return Some(PATH_OF_RULE.found(entry.read.about(), field, said, fix));
    }
    let mut by_service: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for to in paths {
        let all = by_service.entry((to.host, to.service)).or_default();
        if !all.contains(&to.path) {
            all.push(to.path);
        }
    }
    let ((_, service), several) = by_service.into_iter().find(|(_, paths)| paths.len() > 1)?;
    let said = format!("Service {} gets a cookie for each of the paths {}, and each may lead to another pod", service.1, several.join(" and "));
    Some(PATH_OF_RULE.found(entry.read.about(), field, said, fix).at_most(Severity::Warning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_browsers_compare_them() {
        for (cookie, path, expected) in
            [("/", "/a", true), ("/a", "/a", true), ("/a", "/a/b", true), ("/a", "/ab", false), ("/a/", "/a", false), ("/foo", "/", false)]
        {
            assert_eq!(covers(cookie, path), expected, "{cookie} {path}");
        }
        assert_eq!(literal("/app(/|$)(.*)"), "/app");
    }
}
