//! What requests consist of, from the flags: the first one of a session, and later ones.

use super::error::RequestError;
use super::model::Request;
use super::url::Parts;
use crate::verify::probe::session::shape::{Line, Shape};
use crate::verify::probe::session::template::Template;
use crate::verify::probe::target::Brought;
use http::Method;
use sticky_affinity::jar::Place;

/// The requests of a run, with places for a session's values.
pub(super) struct Shapes {
    pub(super) first: Shape,
    /// One for each path.
    pub(super) later: Vec<Shape>,
    /// The lines of `--header`.
    pub(super) headers: Vec<Line>,
}

impl Request {
    /// Reads the files of `--first-body`, `--body` and `--header`.
    pub(super) fn shapes(&self, parts: &Parts) -> Result<Shapes, RequestError> {
        let (http, captures) = (&self.http, &self.http.captures);
        let path = |flag, text: &str| self.template(flag, text);
        let body = http.body.as_ref().map(|file| file.body("the body of later requests", captures)).transpose()?;
        let method = http.method.clone().unwrap_or(if body.is_some() { Method::POST } else { Method::GET });
        let later = |path| Shape { method: method.clone(), path, body: body.clone() };
        let own = path("URL", &parts.path)?;
        let others = http.paths.iter().map(|one| Ok(later(path("--path", &one.0)?))).collect::<Result<Vec<_>, RequestError>>()?;
        let first_path = http.first.as_ref().map_or_else(|| Ok(own.clone()), |one| path("--first", &one.0))?;
        let first = match &http.first_body {
            Some(file) => Shape { method: Method::POST, path: first_path, body: Some(file.body("the body of first requests", captures)?) },
            None if http.first.is_some() => Shape::get(first_path),
            // A session begins as it goes on.
            None => later(first_path),
        };
        if let Some(index) = first.templates().flat_map(Template::captures).next() {
            return Err(RequestError::CapturedFirst(captures[index].name.clone()));
        }
        let mut headers = Vec::new();
        for file in &http.headers {
            headers.extend(file.headers(captures)?);
        }
        Ok(Shapes { first, later: std::iter::once(later(own)).chain(others).collect(), headers })
    }

    /// The cookies that each session starts with.
    pub(super) fn cookies(&self, site: &Place<'_>) -> Result<Vec<Brought>, RequestError> {
        let mut cookies = Vec::new();
        for offer in self.http.cookies.iter().map(|file| file.cookies(site)).collect::<Result<Vec<_>, _>>()?.concat() {
            // Its braces are its own, unless they name a value that it can have.
            let known = |template: &Template| template.has_session() || template.needs_captures();
            let value = Template::read(&String::from_utf8_lossy(offer.value.as_ref()), &self.http.captures).ok().filter(known);
            if let Some(index) = value.iter().flat_map(Template::captures).next() {
                return Err(RequestError::CapturedInCookie(self.http.captures[index].name.clone()));
            }
            cookies.push(Brought { offer, value });
        }
        Ok(cookies)
    }

    /// A flag's text with places for values.
    pub(super) fn template(&self, flag: &'static str, text: &str) -> Result<Template, RequestError> {
        Template::read(text, &self.http.captures).map_err(|source| RequestError::Template { flag, source })
    }
}
