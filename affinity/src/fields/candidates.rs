//! Which fields may name the pod, where nothing that was looked for does.

use super::{Field, Fields};
use std::cmp::Reverse;

/// The most values of a field that may name pods.
const MOST_VALUES: u64 = 64;
/// Fewer answers with a field say nothing about it.
const FEW: u64 = 6;
/// How alike two names have to be for one to be taken for the other, 0 to 1.
const ALIKE: f64 = 0.85;

/// A field that may name the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is, in the form of `--pod-identity`.
    pub place: String,
    /// How many values it had.
    pub values: u64,
    /// How many answers had it.
    pub answers: u64,
}

impl Fields {
    /// Fields that may name the pod, the most likely first, with names that are safe in a command line: those with 2 to 64 values that repeat, that several clients met, and that are
    /// in most answers. Fields whose names tell that they are something else, such as a date or a length, are left out.
    #[must_use]
    pub fn candidates(&self) -> Vec<Candidate> {
        let mut all: Vec<(Rank, Field<'_>)> =
            self.all().filter(|field| self.may_name(field)).filter_map(|field| Some((rank(&field)?, field))).collect();
        all.sort_by_key(|(rank, field)| (*rank, Reverse(field.answers), field.values));
        all.into_iter().map(|(_, Field { place, values, answers, .. })| Candidate { place, values, answers }).collect()
    }

    /// The field that may have been meant by a place that no answer has: one with nearly the same name. It may have a single value.
    #[must_use]
    pub fn meant_by(&self, place: &str) -> Option<Candidate> {
        let (kind, name) = place.split_once(':')?;
        let wanted = plain(name);
        let alike = |field: &Field<'_>| {
            let (own, same) = (plain(field.name), field.place.starts_with(kind));
            let is_part = own.len() > 2 && wanted.len() > 2 && (own.contains(&wanted) || wanted.contains(&own));
            let alike = if is_part { 1.0 } else { strsim::jaro_winkler(&own, &wanted) };
            alike + if same { 0.01 } else { 0.0 }
        };
        let is_common = |field: &Field<'_>| !field.is_full && field.values <= MOST_VALUES && field.answers * 5 >= self.answers * 4;
        let known = self.all().filter(|field| field.place != place && is_common(field) && rank(field).is_some());
        let best = known.map(|field| (alike(&field), field)).filter(|(alike, _)| *alike >= ALIKE).max_by(|one, other| one.0.total_cmp(&other.0))?.1;
        Some(Candidate { place: best.place, values: best.values, answers: best.answers })
    }

    fn may_name(&self, field: &Field<'_>) -> bool {
        let Field { answers, values, once, shared, is_full, .. } = *field;
        let spread = (2..=MOST_VALUES).contains(&values) && !is_full;
        // With many pods, one may answer once, or a single client only.
        let repeats = once * 10 <= values && shared * 2 > values;
        spread && repeats && answers >= FEW && answers * 5 >= self.answers * 4
    }
}

/// How likely a field names a pod, the most likely first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Pod,
    Host,
    Server,
    Other,
    Number,
    Within,
}

/// By the words of its name; `None` if it is certainly something else, or if a shell would not take it as a word.
fn rank(field: &Field<'_>) -> Option<Rank> {
    // A name that the site chose becomes part of a command that users copy.
    if field.name.bytes().any(|byte| !byte.is_ascii_alphanumeric() && !b"-_./".contains(&byte)) {
        return None;
    }
    let words = words(field.name);
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    Some(match () {
        () if has(OTHERS) => return None,
        () if has(&["worker", "pid", "process", "thread", "zone", "region", "pop"]) => Rank::Within,
        () if has(&["pod", "podname"]) => Rank::Pod,
        () if has(&["host", "hostname", "container", "replica", "instance", "machine", "task"]) => Rank::Host,
        () if has(&["server", "backend", "upstream", "node", "served", "handled"]) => Rank::Server,
        () if field.is_text => Rank::Other,
        () => Rank::Number,
    })
}

/// Words in the names of fields about the answer, the request, the session or a cache.
const OTHERS: &[&str] = &[
    "age",
    "agent",
    "alt",
    "cache",
    "code",
    "connection",
    "content",
    "cookie",
    "count",
    "csrf",
    "date",
    "duration",
    "elapsed",
    "encoding",
    "etag",
    "expires",
    "keep",
    "language",
    "latency",
    "length",
    "limit",
    "link",
    "location",
    "method",
    "modified",
    "ms",
    "nonce",
    "path",
    "policy",
    "ranges",
    "ratelimit",
    "referer",
    "remaining",
    "request",
    "reset",
    "retry",
    "runtime",
    "session",
    "size",
    "span",
    "status",
    "time",
    "timestamp",
    "timing",
    "token",
    "trace",
    "traceparent",
    "ttl",
    "type",
    "uptime",
    "uri",
    "url",
    "user",
    "vary",
];

/// The words of a name, in lower case: `x-podName` has `x`, `pod` and `name`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphabetic() || (letter.is_ascii_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_ascii_lowercase();
        if let (true, Some(word)) = (letter.is_ascii_alphabetic(), words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A name without case, marks and a leading `x`.
fn plain(name: &str) -> String {
    let words = words(name);
    words.iter().skip(usize::from(words.len() > 1 && words[0] == "x")).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::{HeaderMap, HeaderName, HeaderValue};

    /// The fields of 120 answers to 20 sessions and as many controls on 3 pods, where `fill` gives an answer's headers and body.
    fn fields(fill: impl Fn(u32, u32) -> (Vec<(&'static str, String)>, String)) -> Fields {
        let mut fields = Fields::default();
        for n in 0..120 {
            let session = (n % 2 == 0).then_some(n / 2 % 20);
            let (headers, body) = fill(n, n % 7 % 3);
            let headers: HeaderMap =
                headers.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap())).collect();
            fields.take(&headers, body.as_bytes(), session);
        }
        fields
    }

    fn places(fields: &Fields) -> Vec<String> {
        fields.candidates().into_iter().map(|one| format!("{} {}/{}", one.place, one.values, one.answers)).collect()
    }

    #[test]
    fn what_has_a_few_values_that_repeat() {
        let seen = fields(|n, pod| {
            let headers = vec![
                ("server", "nginx".to_owned()),
                ("date", format!("Mon, {} Nov", n / 40)),
                ("x-request-id", n.to_string()),
                ("x-runtime", format!("0.{}", n % 3)),
                ("x-served-by", format!("10.0.0.{pod}")),
                ("x-color", ["red", "blue"][n as usize % 2].to_owned()),
                ("x-worker", (n % 4).to_string()),
            ];
            (headers, format!(r#"{{"info": {{"podName": "web-{pod}"}}, "length": {pod}, "n": {n}, "shard": {pod}}}"#))
        });
        let wanted = ["json:/info/podName 3/120", "header:x-served-by 3/120", "header:x-color 2/120", "json:/shard 3/120", "header:x-worker 4/120"];
        assert_eq!(places(&seen), wanted);
    }

    #[test]
    fn what_belongs_to_a_session_or_to_few_answers() {
        let seen = fields(|n, pod| {
            let mut headers = vec![("x-visitor", (n / 2 % 20 + n % 2 * 100 * (n + 1)).to_string())];
            headers.extend((n % 3 == 0).then(|| ("x-pod", pod.to_string())));
            (headers, String::new())
        });
        assert_eq!(places(&seen), [""; 0]);
    }

    #[test]
    fn a_name_that_is_nearly_right() {
        let seen = fields(|n, pod| (vec![("x-pod", format!("web-{pod}")), ("x-request-id", n.to_string())], r#"{"hostName": "a"}"#.to_owned()));
        let meant = |place| seen.meant_by(place).map(|one| one.place);
        for place in ["header:x-pod-name", "header:pod", "header:x-podd", "json:/pod"] {
            assert_eq!(meant(place).as_deref(), Some("header:x-pod"), "{place}");
        }
        assert_eq!(meant("json:/hostname").as_deref(), Some("json:/hostName"), "a constant one may still be what was meant");
        for place in ["header:x-request", "header:x-replica", "regex:(web-.)", "header:x"] {
            assert_eq!(meant(place), None, "{place}");
        }
    }

    #[test]
    fn words_of_names() {
        assert_eq!(words("/info/podName"), ["info", "pod", "name"]);
        assert_eq!(
            (words("X-POD_2"), plain("X-Pod-Name"), plain("x")),
            (vec!["x".to_owned(), "pod".to_owned()], "podname".to_owned(), "x".to_owned())
        );
    }
}
