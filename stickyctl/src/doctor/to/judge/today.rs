//! The topics that an Ingress touches, and what it has with ingress-nginx.

use super::judged::Move;
use crate::comparison::Topic;
use crate::doctor::to::asked::Asked;
use crate::doctor::to::target::Target;

/// What an Ingress has today.
#[derive(Debug)]
pub(super) struct Today {
    pub(super) topic: Topic,
    /// The annotation for it, whether or not it is set.
    pub(super) key: Option<&'static str>,
    /// Its value, or the default that the Ingress relies on.
    pub(super) value: String,
}

/// Settings that matter only if they are set. The value of a switch must be true.
const SET: [(Topic, &str, bool); 8] = [
    (Topic::SameSite, "session-cookie-samesite", false),
    (Topic::OldBrowsers, "session-cookie-conditional-samesite-none", true),
    (Topic::Partitioned, "session-cookie-partitioned", true),
    (Topic::Domain, "session-cookie-domain", false),
    (Topic::MaxAge, "session-cookie-max-age", false),
    (Topic::Expires, "session-cookie-expires", false),
    (Topic::DeadPod, "session-cookie-change-on-failure", true),
    (Topic::ServiceUpstream, "service-upstream", true),
];

/// In the order in which a reader decides.
pub(super) fn all(one: &Move<'_>) -> Vec<Today> {
    let asked = one.asked;
    if asked.is_canary() {
        return canary(asked);
    }
    let mut all = Vec::new();
    let mut add = |topic, key: Option<&'static str>, value: String| all.push(Today { topic, key, value });
    if asked.has_affinity() {
        add(Topic::Switch, Some("affinity"), "cookie".to_owned());
        add(Topic::Name, Some("session-cookie-name"), set_or(asked, "session-cookie-name", "INGRESSCOOKIE"));
        let path = if asked.is_regex() { "the rule's path, a regular expression" } else { "the rule's path" };
        add(Topic::Path, Some("session-cookie-path"), set_or(asked, "session-cookie-path", path));
        add(Topic::HttpOnly, None, "always".to_owned());
        if asked.secure() {
            add(Topic::Secure, Some("session-cookie-secure"), set_or(asked, "session-cookie-secure", "added over https"));
        }
        for (topic, key, is_switch) in SET {
            if let Some(value) = asked.value(key).filter(|_| !is_switch || asked.is_on(key)) {
                add(topic, Some(key), value.to_owned());
            }
        }
        add(Topic::Mode, Some("affinity-mode"), set_or(asked, "affinity-mode", "balanced"));
        add(Topic::UnknownValue, None, "the cookies that browsers have".to_owned());
        if [Target::HaproxyIngress, Target::Haproxytech].contains(&one.target) {
            add(Topic::AppSees, None, "yes".to_owned());
        }
        if one.target == Target::Traefik {
            add(Topic::Terminating, None, "gets no more requests".to_owned());
        }
        let timers = ["proxy-read-timeout", "proxy-send-timeout"].into_iter().filter_map(|key| Some((key, asked.value(key)?)));
        match timers.max_by_key(|(_, value)| value.parse::<u32>().ok()) {
            Some((key, value)) => add(Topic::IdleSocket, Some(key), format!("{value} s")),
            // Nothing works there without a setting.
            None if one.target == Target::F5Nginx => add(Topic::IdleSocket, None, "60 s".to_owned()),
            None => {}
        }
    } else if let Some(value) = asked.written("affinity").filter(|_| one.target == Target::Traefik) {
        add(Topic::Switch, Some("affinity"), format!("{value}, which ingress-nginx drops"));
    }
    let others = one.neighbours.on_its_services(asked);
    if !others.is_empty() {
        add(Topic::SharedService, None, format!("with Ingress {}", others.join(", ")));
    }
    let apart = one.neighbours.kept_apart_by_path(asked);
    if asked.has_affinity() && !apart.is_empty() && loses_paths(one) {
        let name = asked.cookie();
        add(Topic::SharedName, None, format!("{name} of Service {} has another path", apart.join(", ")));
    }
    all
}

/// Whether every cookie's path becomes `/`.
fn loses_paths(one: &Move<'_>) -> bool {
    match one.target {
        Target::Traefik => one.asked.value("session-cookie-path").is_none(),
        Target::Gateway => one.version >= crate::spec::version::Version(1, 10, 0),
        Target::HaproxyIngress | Target::Haproxytech => true,
        Target::F5Nginx => false,
    }
}

fn canary(asked: &Asked<'_>) -> Vec<Today> {
    let how = ["canary-weight", "canary-by-header", "canary-by-cookie"].into_iter().filter_map(|key| Some(format!("{key} {}", asked.value(key)?)));
    let how: Vec<String> = how.collect();
    let mut all = vec![Today { topic: Topic::Canary, key: Some("canary"), value: how.join(", ") }];
    if asked.value("affinity-canary-behavior") == Some("legacy") {
        all.push(Today { topic: Topic::CanaryAffinity, key: Some("affinity-canary-behavior"), value: "legacy".to_owned() });
    }
    all
}

fn set_or(asked: &Asked<'_>, key: &str, default: &str) -> String {
    match (asked.value(key), asked.written(key)) {
        (Some(value), _) => value.to_owned(),
        (None, Some(written)) => format!("{written}, which ingress-nginx drops ({default})"),
        (None, None) => format!("not set ({default})"),
    }
}
