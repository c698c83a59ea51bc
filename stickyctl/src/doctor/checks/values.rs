//! Values that a controller rejects or drops, by the rules of ingress-nginx 1.15.1 (`sessionAffinityAnnotations` in
//! `internal/ingress/annotations/sessionaffinity/main.go`) and Traefik 3.6.12's provider, both tested (`docs/front-doors.md`).

use super::codes::{LIFETIME_ZERO, VALUE_DROPPED, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::{Finding, Severity};
use crate::doctor::view::{Entry, View};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_ingresses = view.entries.iter().filter(|entry| entry.reads_nginx()).flat_map(|entry| {
        let is_traefik = entry.controller() == Some(Controller::TraefikNginx);
        entry.annotations().filter_map(move |(key, value)| {
            let name = key.strip_prefix("nginx.ingress.kubernetes.io/")?;
            let timeouts = ["proxy-read-timeout", "proxy-send-timeout"];
            if entry.cookie().is_none() && name != "affinity" && !timeouts.contains(&name) {
                return None;
            }
            if let Some(expired) = expired(entry, key, name, value, is_traefik) {
                return Some(expired);
            }
            let (severity, consequence, fix) = if is_traefik { traefik(name, value)? } else { nginx(name, value)? };
            Some(VALUE_DROPPED.found(entry.read.about(), annotation(key), consequence, fix).at_most(severity))
        })
    });
    of_ingresses.chain(traefiks_own(view)).collect()
}

/// How bad, what follows, what to write.
type Fault = (Severity, String, &'static str);

fn nginx(name: &str, value: &str) -> Option<Fault> {
    let rejects = |what: &str| format!("ingress-nginx rejects `{value}`: {what}");
    let is_bool = matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True" | "0" | "f" | "F" | "false" | "FALSE" | "False");
    match name {
        "affinity" if value != "cookie" => {
            Some((Severity::Error, rejects("it sets no cookie, and sessions do not stick"), "Write cookie, the only value"))
        }
        "affinity-mode" if !["balanced", "persistent"].contains(&value) => {
            Some((Severity::Warning, rejects("the mode stays balanced, which moves sessions on every scale-up"), "Write persistent or balanced"))
        }
        "affinity-canary-behavior" if !["sticky", "legacy"].contains(&value) => {
            Some((Severity::Warning, rejects("sticky applies"), "Write sticky or legacy"))
        }
        "session-cookie-name" if !is_basic(value) => Some((
            Severity::Warning,
            rejects("the cookie is INGRESSCOOKIE, as that of every Ingress without a name"),
            "Use letters, digits, hyphens and underscores",
        )),
        "session-cookie-max-age" | "session-cookie-expires" if !is_seconds(value) => {
            Some((Severity::Warning, rejects("the cookie lasts until the browser exits"), "Write seconds without a unit, as in \"3600\""))
        }
        "session-cookie-samesite" if !["none", "lax", "strict"].contains(&value.to_ascii_lowercase().as_str()) => {
            Some((Severity::Warning, rejects("the cookie has no SameSite"), "Write None, Lax or Strict"))
        }
        "session-cookie-samesite" if !["None", "Lax", "Strict"].contains(&value) => Some((
            Severity::Warning,
            format!("nginx drops SameSite={value}: it knows None, Lax and Strict only with a capital"),
            "Write None, Lax or Strict",
        )),
        "session-cookie-secure" if !is_bool => {
            Some((Severity::Warning, rejects("Secure is set only on answers over https"), "Write \"true\" or \"false\""))
        }
        "session-cookie-change-on-failure" | "session-cookie-conditional-samesite-none" if !is_bool => {
            Some((Severity::Warning, rejects("it stays off"), "Write \"true\" or \"false\""))
        }
        "proxy-read-timeout" | "proxy-send-timeout" if value.parse::<u32>().is_err() => {
            Some((Severity::Warning, rejects("60 s apply, or what the ConfigMap says"), "Write seconds without a unit, as in \"3600\""))
        }
        _ => None,
    }
}

fn traefik(name: &str, value: &str) -> Option<Fault> {
    let drops = |what: &str| format!("Traefik drops `{value}`: {what}");
    match name {
        "affinity" if value != "cookie" => {
            Some((Severity::Warning, format!("Traefik 3.6 takes `{value}` for cookie; later versions do not"), "Write cookie"))
        }
        "session-cookie-name" if !is_basic(value) => Some((
            Severity::Note,
            format!("Traefik replaces characters in the cookie's name `{value}`"),
            "Use letters, digits, hyphens and underscores",
        )),
        "session-cookie-max-age" if value.parse::<i64>().is_err() => {
            Some((Severity::Warning, drops("the cookie lasts until the browser exits"), "Write seconds without a unit, as in \"3600\""))
        }
        "session-cookie-samesite" if !["none", "lax", "strict"].contains(&value.to_ascii_lowercase().as_str()) => {
            Some((Severity::Warning, drops("the cookie has no SameSite"), "Write None, Lax or Strict"))
        }
        "session-cookie-secure" if !["true", "false"].contains(&value) => {
            Some((Severity::Warning, drops("the cookie is not Secure"), "Write \"true\" or \"false\""))
        }
        _ => None,
    }
}

/// `Max-Age` of 0 or less. Traefik sets none for 0, and `Max-Age=0` for less.
fn expired(entry: &Entry<'_>, key: &str, name: &str, value: &str, is_traefik: bool) -> Option<Finding> {
    let seconds: i64 = value.parse().ok().filter(|_| name == "session-cookie-max-age")?;
    let is_expired = seconds < 0 || (seconds == 0 && !is_traefik);
    is_expired.then(|| {
        LIFETIME_ZERO.found(
            entry.read.about(),
            annotation(key),
            format!("Browsers delete a cookie with Max-Age={} at once, so no request sends it back", if is_traefik { 0 } else { seconds }),
            "Remove the annotation for a cookie that lasts until the browser exits, or write a positive number of seconds",
        )
    })
}

/// Traefik's own annotations, on the Services that its Ingresses lead to.
fn traefiks_own<'a>(view: &'a View<'_>) -> impl Iterator<Item = Finding> + use<'a> {
    view.objects.services.iter().flat_map(|service| {
        let annotations = service.object.metadata.annotations.iter().flatten();
        annotations.filter_map(|(key, value)| {
            let name = key.strip_prefix("traefik.ingress.kubernetes.io/service.sticky.cookie")?;
            let is_bool = ["true", "false"].contains(&value.as_str());
            let (consequence, fix) = match name {
                "" | ".secure" | ".httponly" if !is_bool => {
                    ("Traefik can't read the annotations of this Service and ignores them", "Write \"true\" or \"false\"")
                }
                ".maxage" if value.parse::<i64>().is_err() => {
                    ("Traefik can't read the annotations of this Service and ignores them", "Write seconds without a unit, as in \"3600\"")
                }
                ".maxage" if value.parse::<i64>().is_ok_and(|seconds| seconds < 0) => {
                    return Some(LIFETIME_ZERO.found(
                        service.about(),
                        annotation(key),
                        "Browsers delete the cookie at once, so no request sends it back",
                        "Write a positive number of seconds",
                    ));
                }
                _ => return None,
            };
            Some(VALUE_DROPPED.found(service.about(), annotation(key), format!("{consequence}: `{value}` has the wrong form"), fix))
        })
    })
}

/// `BasicCharsRegex` of ingress-nginx (`internal/ingress/annotations/parser/validators.go`).
fn is_basic(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/:".contains(c))
}

/// `(^0|-?[1-9]\d*$)`, as ingress-nginx matches it.
fn is_seconds(text: &str) -> bool {
    let digits = text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    text.starts_with('0') || text[text.len() - digits..].contains(|c: char| c != '0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_as_ingress_nginx_takes_them() {
        assert_eq!(["3600", "0", "-1", "h1", "01"].map(is_seconds), [true; 5]);
        assert_eq!(["1h", "", "h0", "60s"].map(is_seconds), [false; 4]);
    }
}
