//! ingress-nginx' annotations, which Traefik's provider of that name reads in part.

use crate::spec::StickyApp;
use crate::spec::ingress::{Persistence, Seconds};
use std::collections::BTreeMap;

/// What every one of them begins with.
pub const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// The cookie's switch.
pub(super) const AFFINITY: &str = "affinity";
/// Whether sessions move when pods come.
pub(super) const MODE: &str = "affinity-mode";
/// Whether a session moves when its pod can't be reached.
pub(super) const CHANGE_ON_FAILURE: &str = "session-cookie-change-on-failure";
/// Lifetime for browsers that know no Max-Age.
pub(super) const EXPIRES: &str = "session-cookie-expires";
/// Silence from the pod.
pub(super) const READ_TIMEOUT: &str = "proxy-read-timeout";
/// Silence to the pod.
pub(super) const SEND_TIMEOUT: &str = "proxy-send-timeout";

/// Silence on a WebSocket that is put up with where nothing was said: as long as the app itself puts up with.
const WEBSOCKET_TIMEOUT: Seconds = Seconds(3_600);

/// All that the spec says, without the prefix. Numbers are seconds without a unit: with one, ingress-nginx drops the setting.
pub(super) fn all(spec: &StickyApp) -> BTreeMap<&'static str, String> {
    let cookie = &spec.ingress.cookie;
    let lifetime = cookie.lifetime.0.to_string();
    let timeout = spec.ingress.websocket_timeout.unwrap_or(WEBSOCKET_TIMEOUT).0.to_string();
    let mut all = BTreeMap::from([
        (AFFINITY, "cookie".to_owned()),
        // Said even where it is the default: what a session does when pods come should be read, not guessed.
        (MODE, Persistence::word(cookie.persistence).to_owned()),
        ("session-cookie-name", spec.cookie_name()),
        // ingress-nginx takes the rule's path otherwise, and page and socket could get two cookies (kubernetes/ingress-nginx#8961).
        ("session-cookie-path", "/".to_owned()),
        ("session-cookie-max-age", lifetime.clone()),
        (EXPIRES, lifetime),
        ("session-cookie-samesite", cookie.same_site.word().to_owned()),
        (CHANGE_ON_FAILURE, cookie.change_on_failure.unwrap_or(true).to_string()),
        (READ_TIMEOUT, timeout.clone()),
        (SEND_TIMEOUT, timeout),
    ]);
    if spec.ingress.secure() {
        // To the word: `yes` is refused, and `false` is the same as nothing.
        all.insert("session-cookie-secure", "true".to_owned());
    }
    all
}

/// With the prefix, as an Ingress has them.
pub(super) fn prefixed<'a>(all: impl IntoIterator<Item = (&'a str, String)>) -> BTreeMap<String, String> {
    all.into_iter().map(|(key, value)| (format!("{PREFIX}{key}"), value)).collect()
}
