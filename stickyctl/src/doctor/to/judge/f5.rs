//! F5's controller: one annotation on the Ingress has everything about the cookies of all its Services.

use super::haproxy_ingress::longest;
use super::judged::{Judged, Move, on_ingress};
use crate::comparison::Topic;
use crate::doctor::to::asked::Asked;
use crate::spec::version::Version;

/// The first version in which nginx open source has sticky cookies (nginx/kubernetes-ingress#9316).
const OPEN_SOURCE: Version = Version(5, 4, 0);

pub(super) fn judge(one: &Move<'_>, topic: Topic, plain: Judged) -> Judged {
    let asked = one.asked;
    let prefix = if one.version >= OPEN_SOURCE { "nginx.org/" } else { "nginx.com/" };
    let cookies = || on_ingress(asked, format!("{prefix}sticky-cookie-services"), cookies(asked));
    match topic {
        Topic::Switch => plain.needs(cookies()),
        // In the value that the switch has anyway.
        Topic::SameSite if asked.same_site().is_none() => plain.same(),
        Topic::MaxAge if asked.seconds("session-cookie-max-age").is_none() => plain.differs("the browser's session"),
        Topic::Name | Topic::Path | Topic::HttpOnly | Topic::Secure | Topic::SameSite | Topic::Domain | Topic::MaxAge | Topic::Expires => {
            plain.needs(cookies())
        }
        Topic::Mode if !asked.is_balanced() => plain.same(),
        Topic::Canary => plain.lacks("no canary Ingress; splits of a VirtualServer, which replaces both Ingresses"),
        Topic::ServiceUpstream => plain.differs("pods are addressed, so sessions begin to stick; the setting is not carried over"),
        Topic::IdleSocket => {
            let services: Vec<&str> = asked.services().into_iter().collect();
            let judged = plain.needs(on_ingress(asked, "nginx.org/websocket-services", services.join(",")));
            match longest(asked) {
                60 => judged,
                longest => ["nginx.org/proxy-read-timeout", "nginx.org/proxy-send-timeout"]
                    .into_iter()
                    .fold(judged, |judged, key| judged.with(on_ingress(asked, key, format!("{longest}s")))),
            }
        }
        _ => plain,
    }
}

/// As in `serviceName=web route path=/ httponly; serviceName=api route path=/api httponly`.
fn cookies(asked: &Asked<'_>) -> String {
    let one = |service: &str| {
        let path = asked.ways.iter().find(|way| way.service == service).map_or_else(|| "/".to_owned(), |way| asked.cookie_path(way));
        // Cookies of one name must not meet; with a single Service none can.
        let path = if asked.services().len() == 1 && asked.value("session-cookie-path").is_none() { "/".to_owned() } else { path };
        let mut words = vec![format!("serviceName={service}"), asked.cookie().to_owned(), format!("path={path}"), "httponly".to_owned()];
        words.extend(asked.secure().then(|| "secure".to_owned()));
        words.extend(asked.same_site().map(|value| format!("samesite={}", value.to_ascii_lowercase())));
        words.extend(asked.value("session-cookie-domain").map(|domain| format!("domain={domain}")));
        words.extend(asked.lifetime().map(|seconds| format!("expires={seconds}s")));
        words.join(" ")
    };
    asked.services().into_iter().map(one).collect::<Vec<_>>().join(";")
}
