//! What else answers carry: their headers and the fields of their JSON bodies, by how many values each has and who met them.
//!
//! A field with a few values that many sessions share may name the pod ([`Fields::candidates`]); one whose values no two sessions share may
//! be where the site hands out the session ([`Fields::handed_out`]). Values are kept as hashes only, because they may be secrets.
//!
//! Memory is bounded, whatever the site sends: 64 headers and 192 JSON fields with names of up to 128 bytes, and 256 values of each, which
//! is below 4 MiB.

mod candidates;
mod handed_out;
mod text;

pub use candidates::Candidate;

use http::HeaderMap;
use http::header::SET_COOKIE;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The most headers, and the most JSON fields, that are counted: the first ones.
const MOST_HEADERS: usize = 64;
const MOST_JSON: usize = 192;
/// The most values of a field that are counted.
const MOST_VALUES: usize = 256;
/// The longest header name or JSON pointer, in bytes; fields with longer ones are left out.
const LONGEST: usize = 128;
/// The largest body that is searched, in bytes.
const MOST_BODY: usize = 64 << 10;
/// How deep objects and arrays are searched, and the most fields and elements of each.
const DEEPEST: usize = 4;
const WIDEST: usize = 64;

/// The fields of all answers of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    answers: u64,
    headers: BTreeMap<String, Counts>,
    json: BTreeMap<String, Counts>,
    /// Sessions in texts, by where they are.
    texts: BTreeMap<&'static str, Counts>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counts {
    answers: u64,
    /// By the value's hash.
    values: BTreeMap<u64, Met>,
    is_full: bool,
    is_text: bool,
}

/// Who met a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Met {
    count: u32,
    client: Option<u32>,
    is_shared: bool,
}

/// A field, and how its values are spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// Where it is, in the form of `--pod-identity` and `--capture`: `header:NAME` or `json:/POINTER`.
    pub place: String,
    /// The header's name, or the JSON pointer.
    pub name: &'a str,
    /// How many answers have it.
    pub answers: u64,
    /// How many values it has. Up to 256 are counted.
    pub values: u64,
    /// Whether it has more values than are counted.
    pub is_full: bool,
    /// How many of its values came once only.
    pub once: u64,
    /// How many of its values several clients met. A session is one client, and so is each request without a session.
    pub shared: u64,
    /// Whether some values are not numbers.
    pub is_text: bool,
}

impl Fields {
    /// Counts the fields of an answer. `client` is the session that asked, by its number; `None` is a client of its own, such as a control.
    ///
    /// A body counts if it is a JSON object or array of up to 64 KiB: its texts and numbers, up to four levels deep, and up to 64 of them in
    /// each object or array. Of a header that is repeated, the first value counts. `Set-Cookie` never does.
    pub fn take(&mut self, headers: &HeaderMap, body: &[u8], client: Option<u32>) {
        self.answers += 1;
        for name in headers.keys().filter(|name| *name != SET_COOKIE) {
            let value = headers.get(name).map(|value| value.as_bytes().trim_ascii()).unwrap_or_default();
            let is_text = value.iter().any(|byte| !byte.is_ascii_digit());
            count(&mut self.headers, MOST_HEADERS, name.as_str(), value, is_text, client);
        }
        for (place, value) in text::sessions(headers, body) {
            self.texts.entry(place).or_default().count(value, true, client);
        }
        let is_json = body.len() <= MOST_BODY && matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
        if let Some(value) = is_json.then(|| serde_json::from_slice(body).ok()).flatten() {
            self.walk(&value, "", DEEPEST, client);
        }
    }

    fn walk(&mut self, value: &Value, pointer: &str, depth: usize, client: Option<u32>) {
        match value {
            Value::String(text) => count(&mut self.json, MOST_JSON, pointer, text.trim().as_bytes(), true, client),
            Value::Number(number) => count(&mut self.json, MOST_JSON, pointer, number.to_string().as_bytes(), false, client),
            Value::Object(fields) if depth > 0 => {
                for (name, value) in fields.iter().take(WIDEST) {
                    let name: Cow<'_, str> = if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() };
                    if pointer.len() + name.len() < LONGEST {
                        self.walk(value, &format!("{pointer}/{name}"), depth - 1, client);
                    }
                }
            }
            Value::Array(all) if depth > 0 => {
                for (place, value) in all.iter().take(WIDEST).enumerate() {
                    self.walk(value, &format!("{pointer}/{place}"), depth - 1, client);
                }
            }
            _ => {}
        }
    }

    /// How many answers were counted.
    #[must_use]
    pub const fn answers(&self) -> u64 {
        self.answers
    }

    /// All fields: headers, then JSON fields, each by name.
    pub fn all(&self) -> impl Iterator<Item = Field<'_>> {
        let headers = self.headers.iter().map(|(name, counts)| counts.field(format!("header:{name}"), name));
        headers.chain(self.json.iter().map(|(name, counts)| counts.field(format!("json:{name}"), name)))
    }
}

fn count(all: &mut BTreeMap<String, Counts>, most: usize, name: &str, value: &[u8], is_text: bool, client: Option<u32>) {
    if !all.contains_key(name) {
        if all.len() == most || name.len() > LONGEST {
            return;
        }
        all.insert(name.to_owned(), Counts::default());
    }
    if let Some(counts) = all.get_mut(name) {
        counts.count(value, is_text, client);
    }
}

impl Counts {
    fn count(&mut self, value: &[u8], is_text: bool, client: Option<u32>) {
        self.answers += 1;
        self.is_text |= is_text;
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let room = self.values.len() < MOST_VALUES;
        match self.values.entry(hasher.finish()) {
            Entry::Occupied(mut met) => {
                let met = met.get_mut();
                met.count = met.count.saturating_add(1);
                met.is_shared |= client.is_none() || client != met.client;
            }
            Entry::Vacant(new) if room => {
                new.insert(Met { count: 1, client, is_shared: false });
            }
            Entry::Vacant(_) => self.is_full = true,
        }
    }

    fn field<'a>(&self, place: String, name: &'a str) -> Field<'a> {
        let many = |is: fn(&Met) -> bool| self.values.values().filter(|met| is(met)).count() as u64;
        Field {
            place,
            name,
            answers: self.answers,
            values: self.values.len() as u64,
            is_full: self.is_full,
            once: many(|met| met.count == 1),
            shared: many(|met| met.is_shared),
            is_text: self.is_text,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn field<'a>(fields: &'a Fields, place: &str) -> Option<Field<'a>> {
        fields.all().find(|field| field.place == place)
    }

    #[test]
    fn who_meets_a_value() {
        let mut fields = Fields::default();
        for n in 0..12 {
            let (session, pod) = (n % 4, format!("web-{}", n % 2));
            let body = format!(r#"{{"on": {{"a/b": "{pod}"}}, "session": "s{session}", "id": {n}, "up": true, "list": [{{"x": 1}}]}}"#);
            fields.take(&headers(&[("x-pod", &pod), ("set-cookie", "a=b")]), body.as_bytes(), Some(session));
        }
        let seen = |place| field(&fields, place).map(|one| (one.answers, one.values, one.once, one.shared, one.is_text));
        assert_eq!(seen("header:x-pod"), Some((12, 2, 0, 2, true)));
        assert_eq!(seen("json:/on/a~1b"), Some((12, 2, 0, 2, true)));
        assert_eq!(seen("json:/session"), Some((12, 4, 0, 0, true)), "each session has its own");
        assert_eq!(seen("json:/id"), Some((12, 12, 12, 0, false)), "each answer has its own");
        assert_eq!(seen("json:/list/0/x"), Some((12, 1, 0, 1, false)));
        assert_eq!((seen("json:/up"), seen("header:set-cookie"), fields.answers()), (None, None, 12));
        // Requests without a session share a value as soon as it comes twice.
        let mut controls = Fields::default();
        (0..2).for_each(|_| controls.take(&headers(&[("x-pod", "a")]), b"", None));
        assert_eq!(field(&controls, "header:x-pod").map(|one| one.shared), Some(1));
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        let mut fields = Fields::default();
        let long = format!(r#"{{"pod": "{}"}}"#, "x".repeat(MOST_BODY));
        let deep = r#"{"a": {"a": {"a": {"a": {"a": 1}}}}}"#;
        for body in ["", "hello", "{", "\"pod\"", "<html>", &long, deep, &format!(r#"{{"{}": 1}}"#, "k".repeat(LONGEST))] {
            fields.take(&HeaderMap::new(), body.as_bytes(), None);
        }
        assert_eq!((fields.all().count(), fields.answers()), (0, 8));
        fields.take(&HeaderMap::new(), br#" [{"pod": "a"}]"#, None);
        assert_eq!(fields.all().map(|one| one.place).collect::<Vec<_>>(), ["json:/0/pod"]);
    }

    /// A site that sends new fields with new values in each answer.
    #[test]
    fn memory_is_bounded() {
        let mut fields = Fields::default();
        for n in 0..1_200 {
            let wide = |of: usize| (0..60).map(move |place| format!("{:x<100}", format!("f{}", place + of * (n % 4))));
            let names: Vec<String> = wide(60).collect();
            let value = format!("{n}{}", "v".repeat(300));
            let headers = headers(&names.iter().map(|name| (name.as_str(), value.as_str())).collect::<Vec<_>>());
            let body: serde_json::Map<String, Value> = wide(60).map(|name| (name, value.clone().into())).collect();
            fields.take(&headers, &serde_json::to_vec(&body).unwrap(), Some(n as u32));
        }
        assert_eq!((fields.headers.len(), fields.json.len()), (MOST_HEADERS, MOST_JSON));
        let all = || fields.headers.iter().chain(&fields.json);
        assert!(all().all(|(name, counts)| name.len() <= LONGEST && counts.values.len() <= MOST_VALUES && name.capacity() <= LONGEST));
        assert!(all().any(|(_, counts)| counts.is_full) && all().map(|(_, counts)| counts.values.len()).sum::<usize>() > 60_000);
        // A node of a B-tree has room for 11 entries, and is at least 5/11 full; beside them it has some pointers.
        let entry = |size: usize| size * 11 / 5 + 8;
        let most = entry(size_of::<(String, Counts)>()) + LONGEST + MOST_VALUES * entry(size_of::<(u64, Met)>());
        assert!((MOST_HEADERS + MOST_JSON) * most < 4 << 20, "{most}");
    }
}
