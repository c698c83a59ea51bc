//! ingress-nginx's annotations, of which Traefik's ingress-nginx provider reads some.

use crate::spec::StickyApp;
use crate::spec::ingress::{Persistence, Seconds};
use std::collections::BTreeMap;

/// What every annotation starts with.
pub const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Turns cookie affinity on.
pub(super) const AFFINITY: &str = "affinity";
/// Whether sessions move when pods are added.
pub(super) const MODE: &str = "affinity-mode";
/// Whether a session moves when its pod can't be reached.
pub(super) const CHANGE_ON_FAILURE: &str = "session-cookie-change-on-failure";
/// The cookie's lifetime for browsers that don't know Max-Age.
pub(super) const EXPIRES: &str = "session-cookie-expires";
/// How long the pod may be silent, in seconds.
pub(super) const READ_TIMEOUT: &str = "proxy-read-timeout";
/// How long the client may be silent, in seconds.
pub(super) const SEND_TIMEOUT: &str = "proxy-send-timeout";

/// The default of `websocketTimeout`: as long as the app itself keeps a silent socket.
pub(super) const WEBSOCKET_TIMEOUT: Seconds = Seconds(3_600);

/// All annotations of a spec, without the prefix. Numbers are seconds without a unit: ingress-nginx drops a setting that has one.
pub(super) fn all(spec: &StickyApp) -> BTreeMap<&'static str, String> {
    let cookie = &spec.ingress.cookie;
    let lifetime = cookie.lifetime.0.to_string();
    let timeout = spec.ingress.websocket_timeout.unwrap_or(WEBSOCKET_TIMEOUT).0.to_string();
    let mut all = BTreeMap::from([
        (AFFINITY, "cookie".to_owned()),
        // Written even if it is the default, so that readers need not guess what happens to sessions when pods are added.
        (MODE, Persistence::word(cookie.persistence).to_owned()),
        ("session-cookie-name", spec.cookie_name()),
        // Without it ingress-nginx uses the path of the rule, and page and socket could get two cookies (kubernetes/ingress-nginx#8961).
        ("session-cookie-path", "/".to_owned()),
        ("session-cookie-max-age", lifetime.clone()),
        (EXPIRES, lifetime),
        ("session-cookie-samesite", cookie.same_site.word().to_owned()),
        (CHANGE_ON_FAILURE, cookie.change_on_failure.unwrap_or(true).to_string()),
        (READ_TIMEOUT, timeout.clone()),
        (SEND_TIMEOUT, timeout),
    ]);
    if spec.ingress.secure() {
        // Exactly `true`: `yes` is refused, and `false` has no effect.
        all.insert("session-cookie-secure", "true".to_owned());
    }
    all
}

/// The annotations with the prefix.
pub(super) fn prefixed<'a>(all: impl IntoIterator<Item = (&'a str, String)>) -> BTreeMap<String, String> {
    all.into_iter().map(|(key, value)| (format!("{PREFIX}{key}"), value)).collect()
}
