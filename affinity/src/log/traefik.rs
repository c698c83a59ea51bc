//! Traefik (traefik/traefik, `pkg/middlewares/accesslog/`).
//!
//! - Common format (`logger_formatters.go`): `HOST - USER [TIME] "METHOD PATH PROTOCOL" STATUS SIZE "REFERER" "USER-AGENT" COUNT "ROUTER"
//!   "SERVICE-URL" DURATIONms`. Nothing is escaped, so a client can add quotes; but all its text comes before the count, and the line is read
//!   from its end.
//! - JSON (`logdata.go`): `ServiceAddr`, or else `ServiceURL`, which is a string since v3 and was an object before. logrus escapes all values.
//! - Both name the last server after retries. `RetryAttempts` counts tries without naming servers; 3.6.12 wrote 0 where it had tried a dead
//!   server before the one that answered (measured), so 0 does not mean that there was no retry.
//! - Both leave out headers by default (`accesslog.fields.headers.defaultmode`): of a marker, only the one in the query is in the line.
//! - `genericCLF` has no upstream.

use super::json::{Fields, Value};
use super::said::Said;
use super::upstream::Upstream;

pub(super) fn common(line: &str) -> Option<Said> {
    let (rest, took) = line.rsplit_once(' ')?;
    is_count(took.strip_suffix("ms")?).then_some(())?;
    let (rest, url) = quoted(rest)?;
    let (rest, _router) = quoted(rest)?;
    let (rest, count) = rest.rsplit_once(' ')?;
    let is_one = (count == "-" || is_count(count)) && rest.ends_with('"') && rest.contains("] \"");
    is_one.then(|| Said::of(of_url(url), 0))
}

/// What is before a quoted text at the end, and the text. Quotes around a missing value may be missing, too.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (rest, text) = match text.strip_suffix('"') {
        Some(inner) => inner.rsplit_once('"')?,
        None => (text.strip_suffix('-')?, "-"),
    };
    Some((rest.strip_suffix(' ')?, text))
}

pub(super) fn json(fields: &Fields) -> Option<Said> {
    let is_traefiks = ["DownstreamStatus", "RequestPath", "RouterName", "ServiceAddr", "ServiceURL"].iter().filter(|key| fields.contains_key(**key));
    // One such key may be anybody's.
    (is_traefiks.count() >= 2).then_some(())?;
    let by_address = fields.get("ServiceAddr").and_then(Value::text).and_then(Upstream::read);
    let by_url = || match fields.get("ServiceURL")? {
        Value::Text(url) => of_url(url),
        Value::Object(url) => Upstream::read(url.get("Host")?.text()?),
        Value::Number(_) | Value::Other => None,
    };
    let retries = if let Some(Value::Number(tries)) = fields.get("RetryAttempts") { u32::try_from(*tries).unwrap_or(u32::MAX) } else { 0 };
    Some(Said::of(by_address.or_else(by_url), retries))
}

/// The server in `http://10.0.0.7:80/path`; `None` for `-`.
fn of_url(url: &str) -> Option<Upstream> {
    let (_, rest) = url.split_once("://")?;
    Upstream::read(rest.split(['/', '?', '#']).next()?)
}

fn is_count(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
