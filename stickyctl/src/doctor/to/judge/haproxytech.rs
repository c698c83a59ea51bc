//! HAProxy's own controller: one annotation on the Service for a plain cookie, and a Backend resource for one with attributes.

use super::haproxy_ingress::{HOUR, attributes, longest};
use super::judged::{Judged, Move, on_services};
use crate::comparison::Topic;
use crate::doctor::to::asked::Asked;
use crate::doctor::to::change::{Becomes, Setting};

pub(super) fn judge(one: &Move<'_>, topic: Topic, plain: Judged) -> Judged {
    let asked = one.asked;
    match topic {
        Topic::Switch if has_attributes(asked) => {
            let named = format!("{}/{}", asked.about.namespace, asked.about.name);
            needs_all(plain, on_services(asked, "haproxy.org/cr-backend", named.trim_start_matches('/'))).with(backend(asked))
        }
        Topic::Switch => needs_all(plain, on_services(asked, "haproxy.org/cookie-persistence", asked.cookie())),
        // Named by the switch.
        Topic::Name => plain.same(),
        Topic::Path if asked.ways.iter().all(|way| asked.cookie_path(way) == "/") => plain.same(),
        Topic::SameSite if asked.same_site().is_none() => plain.same(),
        Topic::HttpOnly if !has_attributes(asked) => plain.differs("off, unless a Backend resource has it; scripts of the page can read the cookie"),
        Topic::MaxAge if asked.seconds("session-cookie-max-age").is_none() => plain.differs("the browser's session"),
        Topic::HttpOnly | Topic::Secure | Topic::SameSite | Topic::Partitioned | Topic::Domain | Topic::MaxAge => plain.needs(backend(asked)),
        Topic::Expires if asked.seconds("session-cookie-max-age").is_none() && asked.lifetime().is_some() => plain.needs(backend(asked)),
        Topic::Mode if !asked.is_balanced() => plain.same(),
        Topic::Canary => {
            let share = asked.value("canary-weight").unwrap_or("PERCENT");
            needs_all(plain, on_services(asked, "haproxy.org/route-acl", &format!("rand(100) lt {share}")))
                .differs("requests go by chance, each anew: sessions change between the versions")
        }
        Topic::ServiceUpstream => plain.differs("pods are addressed, so sessions begin to stick"),
        Topic::IdleSocket => {
            let longest = longest(asked);
            let setting = Setting { object: "the controller's ConfigMap".to_owned(), key: "timeout-tunnel".to_owned(), value: format!("{longest}s") };
            if longest > HOUR { plain.needs(setting) } else { plain }
        }
        _ => plain,
    }
}

/// Whether the cookie has more than a name.
fn has_attributes(asked: &Asked<'_>) -> bool {
    asked.secure() || !attributes(asked).is_empty() || asked.value("session-cookie-domain").is_some()
}

fn needs_all(plain: Judged, settings: Vec<Setting>) -> Judged {
    Judged { becomes: Becomes::NeedsSetting, settings, ..plain }
}

/// The cookie of a Backend, which replaces all annotations of the Service.
fn backend(asked: &Asked<'_>) -> Setting {
    let mut fields = vec![format!("name: {}", asked.cookie())];
    fields.extend(["type: insert", "indirect: true", "nocache: true", "dynamic: true", "httponly: true"].map(str::to_owned));
    if asked.secure() {
        fields.push("secure: true".to_owned());
    }
    let all = |name: &str, values: Vec<String>| {
        let values: Vec<String> = values.iter().map(|value| format!("{{value: {value}}}")).collect();
        format!("{name}: [{}]", values.join(", "))
    };
    if let Some(domain) = asked.value("session-cookie-domain") {
        fields.push(all("domain", vec![domain.to_owned()]));
    }
    if !attributes(asked).is_empty() {
        fields.push(all("attr", attributes(asked)));
    }
    Setting {
        object: format!("Backend {}/{} (ingress.v3.haproxy.org)", asked.about.namespace, asked.about.name),
        key: "spec.cookie".to_owned(),
        value: format!("{{{}}}", fields.join(", ")),
    }
}
