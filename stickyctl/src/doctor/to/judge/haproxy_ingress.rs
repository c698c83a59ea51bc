//! haproxy-ingress: its own annotations on the Ingress. What the `cookie` directive of HAProxy knows goes into
//! `session-cookie-keywords`, in one value.

use super::judged::{Judged, Move, on_ingress};
use crate::comparison::Topic;
use crate::doctor::to::asked::Asked;

const PREFIX: &str = "haproxy-ingress.github.io/";
/// What it has for the keywords by default.
const KEYWORDS: &str = "indirect nocache httponly";

pub(super) fn judge(one: &Move<'_>, topic: Topic, plain: Judged) -> Judged {
    let asked = one.asked;
    let annotation = |key: &str, value: String| on_ingress(asked, format!("{PREFIX}{key}"), value);
    let keywords = || annotation("session-cookie-keywords", keywords(asked));
    match topic {
        Topic::Switch => plain.needs(annotation("affinity", "cookie".to_owned())),
        // The default is the same.
        Topic::Name if asked.value("session-cookie-name").is_none() => plain.same(),
        Topic::Name => plain.needs(annotation("session-cookie-name", asked.cookie().to_owned())),
        Topic::Path if asked.ways.iter().all(|way| asked.cookie_path(way) == "/") => plain.same(),
        Topic::SameSite if asked.same_site().is_none() => plain.same(),
        Topic::MaxAge if asked.seconds("session-cookie-max-age").is_none() => plain.differs("the browser's session"),
        Topic::Secure | Topic::SameSite | Topic::Partitioned | Topic::MaxAge => plain.needs(keywords()),
        Topic::Expires if asked.seconds("session-cookie-max-age").is_none() && asked.lifetime().is_some() => plain.needs(keywords()),
        Topic::Domain => plain.needs(annotation("session-cookie-domain", asked.value("session-cookie-domain").unwrap_or_default().to_owned())),
        Topic::Mode if !asked.is_balanced() => plain.same(),
        Topic::Canary => plain.needs(annotation("blue-green-deploy", "LABEL=OLD=WEIGHT,LABEL=NEW=WEIGHT".to_owned())),
        Topic::CanaryAffinity => plain.differs("sessions stay; legacy is not known"),
        Topic::ServiceUpstream => plain.differs("pods are addressed, so sessions begin to stick; the setting is not carried over"),
        Topic::IdleSocket => {
            let longest = longest(asked);
            if longest > HOUR { plain.needs(annotation("timeout-tunnel", format!("{longest}s"))) } else { plain }
        }
        _ => plain,
    }
}

/// `timeout-tunnel` by default, in seconds.
pub(super) const HOUR: u32 = 3_600;

/// The longer of the two timeouts of ingress-nginx, in seconds.
pub(super) fn longest(asked: &Asked<'_>) -> u32 {
    ["proxy-read-timeout", "proxy-send-timeout"].into_iter().filter_map(|key| asked.seconds(key)).max().unwrap_or(60)
}

fn keywords(asked: &Asked<'_>) -> String {
    let secure = asked.secure().then(|| "secure".to_owned());
    let attributes = attributes(asked).into_iter().map(|attribute| format!("attr {attribute}"));
    [KEYWORDS.to_owned()].into_iter().chain(secure).chain(attributes).collect::<Vec<_>>().join(" ")
}

/// The attributes that HAProxy has no keyword for.
pub(super) fn attributes(asked: &Asked<'_>) -> Vec<String> {
    let same_site = asked.same_site().map(|value| format!("SameSite={value}"));
    let age = asked.lifetime().map(|seconds| format!("Max-Age={seconds}"));
    let partitioned = asked.is_on("session-cookie-partitioned").then(|| "Partitioned".to_owned());
    same_site.into_iter().chain(age).chain(partitioned).collect()
}
