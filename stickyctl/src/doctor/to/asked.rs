//! What an Ingress asks ingress-nginx for.

use crate::doctor::finding::About;
use crate::doctor::objects::Read;
use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const PREFIX: &str = "nginx.ingress.kubernetes.io/";
/// The cookie's name in ingress-nginx, unless it is set.
const COOKIE: &str = "INGRESSCOOKIE";

/// A path of an Ingress and where it leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// Empty for any host.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) service: String,
}

/// An Ingress as ingress-nginx 1.15.1 reads it: it drops values that it does not understand, one by one
/// (`sessionAffinityAnnotations` in internal/ingress/annotations/sessionaffinity/main.go).
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) about: About,
    values: BTreeMap<&'a str, &'a str>,
    pub(super) ways: Vec<Way>,
    /// Whether browsers come over https.
    pub(super) tls: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn of(read: &'a Read<Ingress>) -> Self {
        let annotations = read.object.metadata.annotations.iter().flatten();
        let values = annotations.filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?, value.as_str()))).collect();
        let spec = read.object.spec.as_ref();
        let rules = spec.iter().flat_map(|spec| spec.rules.iter().flatten());
        let ways = rules.flat_map(|rule| {
            let paths = rule.http.iter().flat_map(|http| &http.paths);
            paths.filter_map(|path| {
                Some(Way { host: rule.host.clone().unwrap_or_default(), path: path.path.clone().unwrap_or_else(slash), service: service(path)? })
            })
        });
        let tls = spec.is_some_and(|spec| spec.tls.as_ref().is_some_and(|tls| !tls.is_empty()));
        Self { about: read.about(), values, ways: ways.collect(), tls }
    }

    /// An annotation's value as it is written.
    pub(super) fn written(&self, key: &str) -> Option<&'a str> {
        self.values.get(key).copied()
    }

    /// An annotation's value, if ingress-nginx understands it.
    pub(super) fn value(&self, key: &str) -> Option<&'a str> {
        self.written(key).map(str::trim).filter(|value| is_valid(key, value))
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, key: &str) -> bool {
        self.value(key).is_some_and(truth)
    }

    pub(super) fn has_affinity(&self) -> bool {
        self.value("affinity").is_some()
    }

    pub(super) fn is_canary(&self) -> bool {
        self.is_on("canary")
    }

    /// Whether the move concerns it at all.
    pub(super) fn is_touched(&self) -> bool {
        self.written("affinity").is_some() || self.is_canary()
    }

    pub(super) fn cookie(&self) -> &'a str {
        self.value("session-cookie-name").unwrap_or(COOKIE)
    }

    /// The cookie's path on a way.
    pub(super) fn cookie_path(&self, way: &Way) -> String {
        self.value("session-cookie-path").map_or_else(|| way.path.clone(), str::to_owned)
    }

    /// Positive seconds.
    pub(super) fn seconds(&self, key: &str) -> Option<u32> {
        self.value(key)?.parse().ok().filter(|seconds| *seconds > 0)
    }

    /// The lifetime of the cookie, if it has one.
    pub(super) fn lifetime(&self) -> Option<u32> {
        self.seconds("session-cookie-max-age").or_else(|| self.seconds("session-cookie-expires"))
    }

    /// Whether the cookie is Secure for browsers over https, and whether the annotation says so.
    pub(super) fn secure(&self) -> bool {
        self.tls || self.is_on("session-cookie-secure")
    }

    /// As the attribute is written: `None`, `Lax` or `Strict`. nginx sends no other spelling.
    pub(super) fn same_site(&self) -> Option<&'a str> {
        self.value("session-cookie-samesite").filter(|value| ["None", "Lax", "Strict"].contains(value))
    }

    pub(super) fn is_balanced(&self) -> bool {
        self.value("affinity-mode") != Some("persistent")
    }

    pub(super) fn is_regex(&self) -> bool {
        self.is_on("use-regex") || self.written("rewrite-target").is_some_and(|target| target.contains('$'))
    }

    /// The paths of its rules, each once.
    pub(super) fn paths(&self) -> BTreeSet<&str> {
        self.ways.iter().map(|way| way.path.as_str()).collect()
    }

    /// Its Services, each once, in alphabetical order.
    pub(super) fn services(&self) -> BTreeSet<&str> {
        self.ways.iter().map(|way| way.service.as_str()).collect()
    }
}

fn slash() -> String {
    "/".to_owned()
}

fn service(path: &HTTPIngressPath) -> Option<String> {
    path.backend.service.as_ref().map(|service| service.name.clone())
}

/// As Go's `strconv.ParseBool`.
fn truth(text: &str) -> bool {
    ["1", "t", "T", "true", "TRUE", "True"].contains(&text)
}

fn is_valid(key: &str, value: &str) -> bool {
    let one_of = |all: &[&str]| all.contains(&value);
    match key {
        "affinity" => value == "cookie",
        "affinity-mode" => one_of(&["balanced", "persistent"]),
        "affinity-canary-behavior" => one_of(&["sticky", "legacy"]),
        "session-cookie-samesite" => ["none", "lax", "strict"].iter().any(|word| word.eq_ignore_ascii_case(value)),
        // `BasicCharsRegex` in parser/validators.go.
        "session-cookie-name" | "session-cookie-domain" => {
            !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        }
        "session-cookie-max-age" | "session-cookie-expires" => value.parse::<i64>().is_ok(),
        "session-cookie-secure"
        | "session-cookie-partitioned"
        | "session-cookie-change-on-failure"
        | "session-cookie-conditional-samesite-none"
        | "canary"
        | "use-regex"
        | "service-upstream" => truth(value) || one_of(&["0", "f", "F", "false", "FALSE", "False"]),
        _ => !value.is_empty(),
    }
}
