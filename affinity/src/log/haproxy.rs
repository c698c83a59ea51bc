//! HAProxy's `option httplog` (HAProxy, `doc/configuration.txt`, "HTTP log format").
//!
//! - `CLIENT:PORT [DATE] FRONTEND BACKEND/SERVER TIMES STATUS BYTES - - TERMINATION CONNECTIONS QUEUES {…} {…} "REQUEST"`, perhaps after a syslog
//!   header. All that a client sent comes after the server, and HAProxy escapes `"` in it; the line is read from the date on.
//! - A server is a *name*, never an address. haproxytech/kubernetes-ingress calls its slots `SRV_1`, `SRV_2`, … and gives a slot to another pod
//!   when pods come and go. jcmoraisjr/haproxy-ingress calls them `srv001`, …, or by address or pod with `backend-server-naming: ip` or `pod`
//!   (`docs/configuration/keys.md`).
//! - haproxytech/kubernetes-ingress's own default (`log-format`) has neither the query nor the `User-Agent`, so that no marker is in it.
//! - The last of the five numbers of connections counts retries; `+` before it means that another server was asked.

use super::said::Said;
use super::upstream::Upstream;

pub(super) fn httplog(line: &str) -> Option<Said> {
    let (head, rest) = line.split_once(" [")?;
    let (before, client) = head.rsplit_once(' ').unwrap_or(("", head));
    // A syslog header ends in a colon.
    (is_client(client) && (before.is_empty() || before.ends_with(':'))).then_some(())?;
    let (date, rest) = rest.split_once("] ")?;
    is_date(date).then_some(())?;
    let words: Vec<&str> = rest.split_whitespace().take(10).collect();
    let [_frontend, server, times, status, bytes, _, _, _, connections, queues] = words[..] else { return None };
    // The first quote is the request's, which comes later.
    let is_one = !words.concat().contains('"')
        && is_numbers(times, 5)
        && is_numbers(status, 1)
        && is_numbers(bytes, 1)
        && is_numbers(connections, 5)
        && is_numbers(queues, 2);
    is_one.then_some(())?;
    let (_backend, server) = server.split_once('/')?;
    let retries = connections.rsplit('/').next()?.trim_start_matches('+').parse().unwrap_or(0);
    // `<NOSRV>` is no name.
    Some(Said::of(Upstream::read(server), retries))
}

fn is_client(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(ip, port)| is_numbers(port, 1) && ip.bytes().all(|byte| byte.is_ascii_hexdigit() || b".:[]".contains(&byte)))
}

/// As in `30/Nov/2026:09:10:11.123`.
fn is_date(text: &str) -> bool {
    text.len() >= 20 && text.matches('/').count() == 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/:.+- ".contains(&byte))
}

/// Whether it is so many whole numbers, with `/` between them; each may have a sign.
fn is_numbers(text: &str, count: usize) -> bool {
    let is_number = |one: &str| {
        let digits = one.trim_start_matches(['+', '-']);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split('/').count() == count && text.split('/').all(is_number)
}
