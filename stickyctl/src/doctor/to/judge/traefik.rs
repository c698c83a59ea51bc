//! Traefik's ingress-nginx provider: it reads the same Ingress, so settings are annotations of it.

use super::judged::{Judged, Move, on_ingress};
use crate::comparison::Topic;
use crate::doctor::to::asked::PREFIX;
use crate::doctor::to::change::{Becomes, Setting};
use crate::spec::version::Version;

/// From this version on, only `affinity: cookie` turns affinity on (pkg/provider/kubernetes/ingress-nginx, v3.7.13).
const ONLY_COOKIE: Version = Version(3, 7, 13);

pub(super) fn judge(one: &Move<'_>, topic: Topic, plain: Judged) -> Judged {
    let asked = one.asked;
    let annotation = |key: &str, value: &str| on_ingress(asked, format!("{PREFIX}{key}"), value);
    match topic {
        Topic::Switch if asked.has_affinity() => plain,
        Topic::Switch if one.version < ONLY_COOKIE => {
            plain.differs("turns cookie affinity on, as any value does; remove the annotation if that is not wanted")
        }
        Topic::Switch => Judged { then: "dropped as well".to_owned(), ..plain.same() },
        Topic::Name if asked.value("session-cookie-name").is_none() && asked.written("session-cookie-name").is_some() => {
            plain.differs("characters that a cookie's name can't have become _")
        }
        Topic::Path if asked.value("session-cookie-path").is_some() || asked.paths().iter().all(|path| *path == "/") => plain.same(),
        Topic::Path => plain.differs("/; write the path, so that both do the same").with(annotation("session-cookie-path", "/")),
        Topic::Secure if asked.is_on("session-cookie-secure") => plain.same(),
        Topic::Secure => plain.needs(annotation("session-cookie-secure", "true")),
        Topic::SameSite if asked.same_site().is_none() => {
            plain.differs("the attribute is sent; nginx knows only None, Lax and Strict and sends none")
        }
        Topic::MaxAge if asked.value("session-cookie-max-age") == Some("0") => {
            plain.differs("no lifetime; with ingress-nginx, the cookie expires at once")
        }
        Topic::MaxAge if asked.seconds("session-cookie-max-age").is_some() => plain.same(),
        Topic::Expires if plain.becomes == Becomes::Unsupported && asked.seconds("session-cookie-max-age").is_none() => {
            match asked.seconds("session-cookie-expires") {
                Some(seconds) => plain.needs(annotation("session-cookie-max-age", &seconds.to_string())),
                None => plain,
            }
        }
        Topic::Mode if !asked.is_balanced() => plain.same(),
        Topic::Mode => plain.differs("no session moves, and new pods stay idle until new sessions come"),
        Topic::SharedName => plain.differs(
            "the path of both is /, so each takes the other's sessions; give each Service a cookie name of its own, in an Ingress of its own",
        ),
        Topic::IdleSocket if plain.becomes == Becomes::NeedsSetting => {
            let longest = ["proxy-read-timeout", "proxy-send-timeout"].into_iter().filter_map(|key| asked.seconds(key)).max().unwrap_or(60);
            plain.needs(Setting {
                object: "Traefik's arguments".to_owned(),
                key: "--entryPoints.NAME.transport.respondingTimeouts.readTimeout".to_owned(),
                value: format!("{longest}s"),
            })
        }
        _ => plain,
    }
}
