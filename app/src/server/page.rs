//! The page, embedded in the binary: it loads nothing from any other site.

use crate::server::admit::{NewSession, last_segment};
use crate::server::reply::Problem;
use crate::server::worker::{Peer, Worker};
use axum::extract::State;
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

/// What the page loads; a test compares this list with the folder.
const ASSETS: &[(&str, &str)] = assets![
    "actions.js",
    "controls-progress.js",
    "controls.css",
    "controls.js",
    "dom.js",
    "draw-burst.js",
    "draw-cord.js",
    "draw-marks.js",
    "draw-nodes.js",
    "draw-pods.js",
    "draw-trace.js",
    "draw.js",
    "facts.js",
    "favicon.svg",
    "fold.js",
    "geometry.js",
    "ids.js",
    "lanes.js",
    "log.js",
    "map.js",
    "page.css",
    "page.js",
    "panel.js",
    "patterns.js",
    "player.js",
    "retry.js",
    "send.js",
    "share.js",
    "sheet.js",
    "socket.js",
    "tally.js",
    "tokens.css",
    "told.js",
    "topology.js",
    "trace.js",
    "tree.js",
    "words.js",
];

/// `GET /`: the page with a new session.
pub(super) async fn index(State(worker): State<Arc<Worker>>, peer: axum::Extension<Peer>, headers: HeaderMap) -> Result<Response, Problem> {
    let session = NewSession::open(&worker, *peer, &headers)?;
    let identity = &worker.desk.identity;
    // None of these needs escaping: base32, a validated pod name with a number, and words of our own.
    let page = INDEX
        .replace("{{client_id}}", session.id.as_str())
        .replace("{{page_by}}", identity.text())
        .replace("{{expose}}", identity.expose.word())
        .replace("{{version}}", env!("CARGO_PKG_VERSION"));
    let mut answer = html(page);
    session.sign(&mut answer);
    Ok(answer)
}

/// `GET /readme`: what sticky sessions are, with a table that the keyboard can scroll if it is wider than the screen.
pub(super) async fn readme() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let mut body = String::new();
        let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_HEADING_ATTRIBUTES;
        pulldown_cmark::html::push_html(&mut body, pulldown_cmark::Parser::new_ext(README_TEXT, options));
        let body = body
            .replace("<table>", r#"<div class="scroll" role="region" aria-labelledby="six" tabindex="0"><table>"#)
            .replace("</table>", "</table></div>");
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
pub(super) async fn asset(uri: http::Uri, headers: HeaderMap) -> Response {
    let name = last_segment(&uri);
    let Some((_, content)) = ASSETS.iter().find(|(known, _)| *known == name) else {
        return Problem::new(404, "not-found", "the page has no such file").into_response();
    };
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    // A list, and caches compare weakly (RFC 9110 section 13.1.2).
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).flat_map(|line| line.split(','));
    let known = known.map(|t| t.trim().trim_start_matches("W/")).any(|t| t == tag || t == "*");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_embedded() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        files.retain(|name| [".js", ".css", ".svg"].iter().any(|ending| name.ends_with(ending)));
        files.sort();
        let embedded: Vec<_> = ASSETS.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, files);
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for placeholder in ["{{client_id}}", "{{page_by}}", "{{expose}}", "{{version}}"] {
            assert!(INDEX.contains(placeholder), "{placeholder}");
        }
        assert!(README.contains("{{body}}"));
    }
}
