//! What is refused before any route sees it: a request whose host, framing or single headers can be read in two ways
//! (RFC 9112). hyper has refused what is no HTTP by then.

use crate::server::reply::Problem;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri, Version};
use sticky_core::host::Host;
use sticky_core::names::header;

/// Headers of which the first would count if there were two: something on the way may have counted the other. `Host` and those of an
/// upgrade are checked on their own, and hyper refuses a second `Content-Length` that differs.
const SINGLE: [HeaderName; 3] = [ORIGIN, CONTENT_TYPE, HeaderName::from_static(header::TRACE)];

/// Checks a head, and brings it to one form: afterwards there is at most one `Host`, it is valid, and the target has a path only.
/// The host of an absolute target replaces the header's (RFC 9112 section 3.2.2).
///
/// # Errors
/// The answer. It closes the connection: where such a request ends is not certain either.
pub fn check<B>(request: &mut Request<B>) -> Result<(), Problem> {
    let checked = check_method(request.method())
        .and_then(|()| check_coding(request.headers()))
        .and_then(|()| check_single(request.headers()))
        .and_then(|()| check_host(request.headers(), request.version()))
        .and_then(|()| take_absolute_target(request));
    checked.map_err(|problem| problem.with(CONNECTION, HeaderValue::from_static("close")))
}

/// The host that a checked request asks for; `None` if a request of HTTP/1.0 names none.
#[must_use]
pub fn host(headers: &HeaderMap) -> Option<Host> {
    Host::parse(headers.get(HOST)?.to_str().ok()?).ok()
}

fn check_method(method: &Method) -> Result<(), Problem> {
    if method == Method::CONNECT {
        return Err(Problem::new(501, "no-tunnel", "CONNECT asks a proxy for a tunnel, and this server is none"));
    }
    Ok(())
}

fn check_single(headers: &HeaderMap) -> Result<(), Problem> {
    match SINGLE.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        Some(twice) => Err(Problem::new(400, "duplicate-header", format!("the request has more than one `{twice}` header; send one"))),
        None => Ok(()),
    }
}

/// hyper accepts any list that ends with `chunked`, and undoes that one only. The rest would be read as data, or as it is by
/// whatever is in front (RFC 9112 section 6.1).
fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let lines = headers.get_all(TRANSFER_ENCODING).iter().map(|v| v.to_str().unwrap_or_default());
    let codings: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    if codings.len() < 2 {
        return Ok(());
    }
    match codings.iter().filter(|coding| coding.eq_ignore_ascii_case("chunked")).count() {
        1 => Err(Problem::new(501, "unknown-coding", "this server knows no transfer coding but `chunked`")),
        _ => Err(Problem::new(400, "bad-coding", "`Transfer-Encoding` names `chunked` more than once")),
    }
}

/// RFC 9112 section 3.2: exactly one `Host`, and a valid one. HTTP/1.0 may omit it.
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), Problem> {
    let mut all = headers.get_all(HOST).iter();
    match (all.next(), all.next()) {
        (Some(host), None) => valid_host("Host", host.as_bytes()).map(drop),
        (Some(_), Some(_)) => Err(Problem::new(400, "bad-host", "the request has more than one `Host` header; send one")),
        (None, _) if version == Version::HTTP_10 => Ok(()),
        (None, _) => Err(Problem::new(400, "bad-host", "the request has no `Host` header")),
    }
}

fn valid_host(what: &str, text: &[u8]) -> Result<Host, Problem> {
    let text = String::from_utf8_lossy(text);
    Host::parse(&text).map_err(|why| Problem::new(400, "bad-host", format!("invalid {what} `{text}`: {why}")))
}

fn take_absolute_target<B>(request: &mut Request<B>) -> Result<(), Problem> {
    let uri = request.uri();
    let Some(authority) = uri.authority() else { return Ok(()) };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(Problem::new(400, "bad-target", "the request target has another scheme than http or https; send its path alone"));
    }
    valid_host("host of the request target", authority.as_str().as_bytes())?;
    let bad = |_| Problem::new(400, "bad-target", "the request target has no host that a header can carry");
    let host = HeaderValue::from_str(authority.as_str()).map_err(bad)?;
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    request.headers_mut().insert(HOST, host);
    *request.uri_mut() = Uri::from(path);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn checked(target: &str, headers: &[(&str, &str)]) -> Result<(String, Option<Host>), u16> {
        let mut request = Request::get(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        check(&mut request).map_err(|problem| problem.into_response().status().as_u16())?;
        Ok((request.uri().to_string(), host(request.headers())))
    }

    fn name(text: &str) -> Option<Host> {
        Some(Host::Name(text.to_owned()))
    }

    #[test]
    fn an_absolute_target_names_the_host() {
        let own = ("host", "localhost:8080");
        assert_eq!(checked("/a?b", &[own]), Ok(("/a?b".to_owned(), name("localhost"))));
        assert_eq!(checked("http://evil.example/a?b", &[own]), Ok(("/a?b".to_owned(), name("evil.example"))));
        assert_eq!(checked("https://evil.example", &[own]), Ok(("/".to_owned(), name("evil.example"))));
        assert_eq!(checked("ftp://localhost/a", &[own]), Err(400));
        assert_eq!(checked("http://me@localhost/a", &[own]), Err(400));
        assert_eq!(checked("http://localhost/a", &[]), Err(400), "the header is required all the same");
    }

    #[test]
    fn what_must_be_single() {
        let own = ("host", "localhost");
        assert_eq!(checked("/", &[own, own]), Err(400));
        for header in SINGLE {
            let header = (header.as_str(), "x");
            assert_eq!(checked("/", &[own, header]).map(drop), Ok(()));
            assert_eq!(checked("/", &[own, header, header]), Err(400), "{header:?}");
        }
        assert_eq!(checked("/", &[own, ("cookie", "a=1"), ("cookie", "b=2")]).map(drop), Ok(()), "a proxy may split it (RFC 9113 section 8.2.3)");
    }

    #[test]
    fn codings() {
        for (codings, status) in
            [(&["Chunked"][..], None), (&["chunked, CHUNKED"], Some(400)), (&["chunked", "chunked"], Some(400)), (&["gzip", "chunked"], Some(501))]
        {
            let mut headers = vec![("host", "localhost")];
            headers.extend(codings.iter().map(|coding| ("transfer-encoding", *coding)));
            assert_eq!(checked("/", &headers).err(), status, "{codings:?}");
        }
    }
}
