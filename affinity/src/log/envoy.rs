//! Envoy.
//!
//! - Its default text (Envoy, `configuration/observability/access_log/usage`, "Default format string") ends in `"%REQ(:AUTHORITY)%"
//!   "%UPSTREAM_HOST%"`. Istio's (istio/istio, `pilot/pkg/model/`, `EnvoyTextLogFormat`) has six more words after it: cluster, three
//!   addresses, the server name of TLS, and the route. Headers are not escaped, so a client can add quotes; but all of them come before the
//!   upstream, and the line is read from its end.
//! - Envoy Gateway's default (envoyproxy/gateway, `internal/xds/translator/accesslog.go`, `EnvoyTextLogFormat`) is text in the form of JSON, with
//!   `upstream_host`; Istio's JSON has the same key. A client that adds a key `upstream_host` makes it occur twice, which is refused.
//! - After retries, `%UPSTREAM_HOST%` is the last host; `upstream_request_attempt_count`, where a format has it, counts all tries.

use super::json::{Fields, Value};
use super::said::Said;
use super::upstream::Upstream;

/// Words after the upstream in Istio's format.
const ISTIOS: usize = 6;

pub(super) fn text(line: &str) -> Option<Said> {
    let (rest, after) = line.strip_prefix('[')?.rsplit_once('"')?;
    matches!(after.split_whitespace().count(), 0 | ISTIOS).then_some(())?;
    let (rest, host) = rest.rsplit_once('"')?;
    // Six quoted fields in all; more quotes are a client's.
    let is_one = rest.ends_with("\" ") && rest.matches('"').count() >= 10 && rest.contains("] \"");
    is_one.then(|| Said::of(of_host(host), 0))
}

pub(super) fn json(fields: &Fields) -> Option<Said> {
    // An nginx with a field of this name has no such other.
    let is_envoys = ["response_flags", "upstream_cluster", "response_code"].iter().any(|key| fields.contains_key(*key));
    let host = fields.get("upstream_host").filter(|_| is_envoys)?;
    let tries = match fields.get("upstream_request_attempt_count") {
        Some(Value::Number(tries)) => *tries,
        Some(Value::Text(tries)) => tries.parse().unwrap_or(1),
        _ => 1,
    };
    Some(Said::of(host.text().and_then(of_host), u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX)))
}

/// `None` for `-`, and for sockets and pipes.
fn of_host(host: &str) -> Option<Upstream> {
    Upstream::address(host)
}
