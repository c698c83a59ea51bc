//! ingress-nginx, and JSON of any nginx.
//!
//! - ingress-nginx's default is `upstreaminfo` (kubernetes/ingress-nginx, `docs/user-guide/nginx-configuration/log-format.md`):
//!   `… "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name]
//!   $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`. Newer versions log `$uri` in place of the
//!   request line, without the query: there only the `User-Agent` has the marker.
//! - nginx escapes `"` in variables (`log_format`, `escape=default`), so the quotes in a line are the format's own. `$req_id` at the end is the
//!   client's `X-Request-ID`, spaces included: the fields are read from the last quote on.
//! - `$upstream_addr` is a list if several servers were asked: `, ` separates tries, ` : ` the groups before and after an internal redirect. The
//!   last entry answered. Where no server could be selected, it is the name of the group (nginx, `ngx_http_upstream_module`, variables).
//! - JSON is what users write into `log-format-upstream` (kubernetes/ingress-nginx, issues 1664 and 10566: `upstream_addr`, `upstreamAddr`) or
//!   `log-format` (nginx/kubernetes-ingress, whose default format has no upstream). Fields are found by name.

use super::json::{Fields, Value};
use super::said::Said;
use super::upstream::{Upstream, Upstreams};

/// Names of the field, in lower case without `_`, `-` and `.`: alone, or with the names of the objects around it.
const NAMES: [&str; 5] = ["upstreamaddr", "upstreamaddress", "upstreamhost", "upstreamip", "upstreamserver"];
/// Objects inside objects that are searched.
const DEPTH: usize = 4;

pub(super) fn upstreaminfo(line: &str) -> Option<Said> {
    // Three quoted fields: request, referer, user agent.
    let [head, _, status, _, _, _, rest] = line.split('"').collect::<Vec<_>>().try_into().ok()?;
    if !head.ends_with("] ") || status.split_whitespace().count() != 2 {
        return None;
    }
    let mut words = rest.split_whitespace().peekable();
    is_number(words.next()?).then_some(())?;
    is_number(words.next()?).then_some(())?;
    is_bracketed(words.next()?).then_some(())?;
    // Before 0.25 there was no alternative upstream.
    words.next_if(|word| is_bracketed(word));
    let addresses = entries(&mut words)?;
    for _ in ["length", "time", "status"] {
        let all = entries(&mut words)?;
        (all.len() == addresses.len() && all.iter().all(|one| *one == "-" || is_number(one))).then_some(())?;
    }
    Some(said(&addresses))
}

/// Reads a JSON object with a field for `$upstream_addr`.
pub(super) fn json(fields: &Fields) -> Option<Said> {
    let mut found = Vec::new();
    collect(fields, "", DEPTH, &mut found);
    // Two fields that disagree tell nothing.
    let first = found.first()?;
    if found.iter().any(|other| other != first) {
        return None;
    }
    let mut words = first.split_whitespace().peekable();
    // Nothing stands for no server where values are escaped as JSON.
    let all = if first.trim().is_empty() { Vec::new() } else { entries(&mut words)? };
    words.next().is_none().then(|| said(&all))
}

fn collect<'a>(fields: &'a Fields, around: &str, depth: usize, found: &mut Vec<&'a str>) {
    for (key, value) in fields {
        let name: String = around.chars().chain(key.chars()).filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
        match value {
            Value::Text(text) if NAMES.iter().any(|wanted| name.ends_with(wanted)) => found.push(text),
            Value::Object(inner) if depth > 0 => collect(inner, &name, depth - 1, found),
            _ => {}
        }
    }
}

/// Reads a list of more than one entry as nginx writes it; `None` if it is none.
pub(super) fn list(text: &str) -> Option<Said> {
    let mut words = text.split_whitespace().peekable();
    let all = entries(&mut words)?;
    (words.next().is_none() && all.len() > 1).then(|| said(&all))
}

/// The entries of the list that begins with the next word.
fn entries<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Option<Vec<&'a str>> {
    let mut all = Vec::new();
    loop {
        let word = words.next()?;
        match word.strip_suffix(',') {
            Some(word) => all.push(word),
            None => {
                all.push(word);
                if words.next_if_eq(&":").is_none() {
                    return Some(all);
                }
            }
        }
    }
}

/// The last entry answered, unless it is no address: `-`, a socket of nginx's own, or the name of a group without a server that could be asked.
fn said(all: &[&str]) -> Said {
    let Some((last, before)) = all.split_last() else { return Said::Nobody };
    let Some(answered) = Upstream::address(last) else { return Said::Nobody };
    let tried: Vec<Upstream> = before.iter().filter_map(|one| Upstream::address(one)).collect();
    let retries = u32::try_from(tried.len()).unwrap_or(u32::MAX);
    Said::Upstreams(Upstreams { answered, tried, retries })
}

/// Whether it is a count, or seconds.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn is_bracketed(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']')
}
