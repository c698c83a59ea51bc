//! What requests consist of, with places for a session's values: the first one of a session, and later ones.

use super::template::{Place, Template};
use super::values::Values;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// A request before a session's values are put into it.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: Template,
    pub(crate) body: Option<Body>,
}

/// A request as it is sent, apart from cookies.
#[derive(Debug, Clone)]
pub(in crate::verify::probe) struct Filled {
    pub(in crate::verify::probe) method: Method,
    /// With its query.
    pub(in crate::verify::probe) path: String,
    pub(in crate::verify::probe) headers: HeaderMap,
    /// The body and its content type.
    pub(in crate::verify::probe) body: Option<(Bytes, &'static str)>,
}

impl Shape {
    pub(crate) fn get(path: Template) -> Self {
        Self { method: Method::GET, path, body: None }
    }

    /// Whether it can be sent only once an answer had the value of a capture.
    pub(crate) fn needs_captures(&self) -> bool {
        self.templates().any(Template::needs_captures)
    }

    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.path).chain(self.body.as_ref().map(|body| &body.text))
    }

    /// The request with a session's values; `None` if it names one that is missing. A first request has no value of a capture yet, and leaves
    /// out header lines with one.
    pub(in crate::verify::probe) fn filled(&self, headers: &[Line], values: &Values, is_first: bool) -> Option<Filled> {
        let body = match &self.body {
            Some(body) => Some((Bytes::from(body.text.filled(values, body.place())?.into_owned()), body.kind)),
            None => None,
        };
        let path = self.path.filled(values, Place::Path)?.into_owned();
        Some(Filled { method: self.method.clone(), path, headers: lines(headers, values, is_first)?, body })
    }
}

/// A line of `--header`.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: HeaderName,
    pub(crate) value: Template,
}

/// Header lines with a session's values, marked as sensitive; see [`Shape::filled`].
pub(in crate::verify::probe) fn lines(lines: &[Line], values: &Values, is_first: bool) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines.iter().filter(|line| !is_first || !line.value.needs_captures()) {
        headers.append(line.name.clone(), header(&line.value, values)?);
    }
    Some(headers)
}

/// A header's value with a session's values, marked as sensitive.
pub(in crate::verify::probe) fn header(template: &Template, values: &Values) -> Option<HeaderValue> {
    // Captured values have no control characters, so that only a template can be in the way, which was checked when it was read.
    let mut value = HeaderValue::from_bytes(template.filled(values, Place::Plain)?.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) text: Template,
    pub(crate) kind: &'static str,
}

const JSON: &str = "application/json";

impl Body {
    /// JSON if the text is a JSON object or array, whatever values it gets; otherwise form data.
    pub(crate) fn new(text: Template) -> Self {
        Self { kind: if text.is_json() { JSON } else { "application/x-www-form-urlencoded" }, text }
    }

    fn place(&self) -> Place {
        if self.kind == JSON { Place::Json } else { Place::Form }
    }
}
