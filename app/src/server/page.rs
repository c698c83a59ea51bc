//! The page, embedded: it works without any other site, and with any one file of this binary.

use crate::server::reply::Problem;
use crate::server::routes::NewSession;
use crate::server::worker::{Peer, Worker};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

const INDEX: &str = include_str!("../page/index.html");
const README: &str = include_str!("../page/readme.html");
const README_TEXT: &str = include_str!("../page/readme.md");

/// `connect-src 'self'` covers the WebSocket of the same host (CSP level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../page/", $name)))),*]
    };
}

const ASSETS: &[(&str, &str)] = assets![
];

/// `GET /`: the page with a new session.
pub async fn index(State(worker): State<Arc<Worker>>, peer: axum::Extension<Peer>, headers: HeaderMap) -> Result<Response, Problem> {
    let session = NewSession::open(&worker, *peer, &headers)?;
    let identity = &worker.desk.identity;
    // None of these needs escaping: base32, a checked pod name and a number, and words of our own.
    let page = INDEX
        .replace("{{client_id}}", session.id.as_str())
        .replace("{{page_by}}", identity.text())
        .replace("{{expose}}", identity.expose.name())
        .replace("{{version}}", env!("CARGO_PKG_VERSION"));
    let mut answer = html(page);
    session.sign(&mut answer);
    Ok(answer)
}

/// `GET /readme`: what sticky sessions are.
pub async fn readme() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let mut body = String::new();
        let options = pulldown_cmark::Options::ENABLE_TABLES;
        pulldown_cmark::html::push_html(&mut body, pulldown_cmark::Parser::new_ext(README_TEXT, options));
        README.replace("{{body}}", &body)
    });
    html(PAGE.clone())
}

fn html(page: String) -> Response {
    let mut answer = Response::new(page.into());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

/// `GET /static/{name}`: one file of the page.
pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, content)) = ASSETS.iter().find(|(known, _)| *known == name) else {
        return Problem::new(404, "not-found", "the page has no such file").into_response();
    };
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let known = headers.get(IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == tag.as_bytes());
    let mut answer = Response::new(if known { axum::body::Body::empty() } else { (*content).into() });
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    answer
}
