//! `POST /control` of the front door: what the buttons of the page change.
//!
//! Nobody but this machine may use it, and on this machine no page but the demo's own: any site that the user visits can send requests to
//! loopback, and can give loopback a name of its own (DNS rebinding).

use super::api::{Change, Status};
use super::refused::Refused;
use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, FORWARDED, HOST, HeaderValue, ORIGIN, VIA};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::sync::Arc;
use sticky_app::server::{ClientBody, Problem, requested_host};
use sticky_core::limits::BODY_GRACE;
use sticky_core::wire::object;

pub(super) const PATH: &str = "/control";

/// Largest body in bytes; a change has less than 100.
const MOST_BODY: usize = 1_024;

/// Begins a change of the demo, and returns the status right after.
pub(super) type Controls = Arc<dyn Fn(Change) -> Result<Status, Refused> + Send + Sync>;

/// Answers a request to [`PATH`] whose head was checked. `controls` are missing where the page has none.
///
/// # Errors
/// The answer; nothing has changed.
pub(super) async fn answer(controls: Option<&Controls>, request: Request<ClientBody>) -> Result<Response, Problem> {
    if request.method() != Method::POST {
        return Err(Problem::new(405, "wrong-method", "this route answers POST only").with(ALLOW, HeaderValue::from_static("POST")));
    }
    let off = "the page has controls only if the demo listens on loopback and has no --allowed-host; use stickyctl instead";
    let change = controls.ok_or_else(|| Problem::new(403, "control-off", off))?;
    admit(request.headers())?;
    let body = body(request).await?;
    let asked: Change = object(&body).map_err(|why| Problem::new(400, "bad-change", format!("the body is no change: {why}")))?;
    let status = change(asked).map_err(|refused| Problem::new(refused.status().as_u16(), refused.code(), refused.to_string()))?;
    let mut answer = Json(status).into_response();
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    Ok(answer)
}

/// Only a page that this front door served on a name of loopback passes.
fn admit(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |code, message| Err(Problem::new(403, code, message));
    if !requested_host(headers).is_some_and(|host| host.is_loopback()) {
        return refused("foreign-host", "controls work only if the page is open as localhost or a loopback address");
    }
    // A tunnel may rewrite the Host, and connects from loopback.
    if headers.contains_key("x-forwarded-for") || headers.contains_key(FORWARDED) || headers.contains_key(VIA) {
        return refused("proxied", "controls don't work through a proxy; open the page on the machine of the demo");
    }
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    // Scheme and port count: another port of this machine is another site.
    if !text(ORIGIN).eq_ignore_ascii_case(&format!("http://{}", text(HOST))) {
        return refused("foreign-origin", "controls need an Origin header that equals the requested host and port");
    }
    // Forms and scripts of other sites can send only other types without asking first (CORS).
    let kind = text(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return refused("not-json", "controls need the header `Content-Type: application/json`");
    }
    Ok(())
}

async fn body(request: Request<ClientBody>) -> Result<Bytes, Problem> {
    let slow = |_| Problem::new(408, "slow-body", format!("the body did not arrive within {} s", BODY_GRACE.as_secs()));
    let read = tokio::time::timeout(BODY_GRACE, Limited::new(request.into_body(), MOST_BODY).collect()).await.map_err(slow)?;
    let body = read.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
        Some(_) => Problem::new(413, "too-large", format!("the body is larger than {MOST_BODY} bytes")),
        None => Problem::bad_body(&*error),
    })?;
    Ok(body.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        admit(&map).map_or_else(|problem| format!("{problem:?}"), |()| "admitted".to_owned())
    }

    #[test]
    fn only_its_own_page_passes() {
        let json = ("content-type", "application/json");
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("LocalHost:80", "HTTP://localhost:80"),
            ("127.0.0.1", "http://127.0.0.1"),
        ] {
            assert_eq!(code(&[("host", host), ("origin", origin), json]), "admitted", "{host} {origin}");
        }
        let utf8 = ("content-type", "Application/JSON; charset=utf-8");
        assert_eq!(code(&[("host", "localhost"), ("origin", "http://localhost"), utf8]), "admitted");
    }

    #[test]
    fn what_other_pages_and_proxies_can_send_is_refused() {
        let (host, origin, json) = (("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080"), ("content-type", "application/json"));
        for (headers, expected) in [
            (vec![origin, json], "foreign-host"),
            (vec![("host", "evil.example:8080"), ("origin", "http://evil.example:8080"), json], "foreign-host"),
            (vec![host, json], "foreign-origin"),
            (vec![host, ("origin", "null"), json], "foreign-origin"),
            (vec![host, ("origin", "http://evil.example"), json], "foreign-origin"),
            (vec![host, ("origin", "http://127.0.0.1:3000"), json], "foreign-origin"),
            (vec![host, ("origin", "http://localhost:8080"), json], "foreign-origin"),
            (vec![host, ("origin", "https://127.0.0.1:8080"), json], "foreign-origin"),
            (vec![host, ("origin", "http://127.0.0.1:8080.evil.example"), json], "foreign-origin"),
            (vec![host, origin], "not-json"),
            (vec![host, origin, ("content-type", "text/plain")], "not-json"),
            (vec![host, origin, ("content-type", "application/jsonp")], "not-json"),
            (vec![host, origin, json, ("x-forwarded-for", "203.0.113.7")], "proxied"),
            (vec![host, origin, json, ("forwarded", "for=203.0.113.7")], "proxied"),
            (vec![host, origin, json, ("via", "1.1 tunnel")], "proxied"),
        ] {
            let answer = code(&headers);
            assert!(answer.contains(expected) && answer.contains("403"), "{headers:?}: {answer}");
        }
    }
}
