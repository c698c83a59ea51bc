//! The page, embedded in the binary: it loads nothing from any other site.

use crate::server::admit::{NewSession, last_segment};
use crate::server::reply::Problem;
use crate::server::worker::{Peer, Worker};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use http::{HeaderMap, StatusCode};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

const INDEX: &str = include_str!("../page/index.html");
/// What the page says about itself; also the text of the download.
pub(super) const README_TEXT: &str = include_str!("../page/readme.md");

/// `connect-src 'self'` covers the WebSocket of the same host (CSP level 3).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file as it is and compressed, each with its entity tag. Equal programs send equal tags, whichever pod answers.
struct File {
    name: &'static str,
    kind: &'static str,
    plain: Encoded,
    gzip: Encoded,
}

struct Encoded {
    content: &'static [u8],
    tag: HeaderValue,
}

macro_rules! file {
    ($name:literal, $kind:literal) => {
        File {
            name: $name,
            kind: $kind,
            plain: Encoded::new(include_bytes!(concat!(env!("OUT_DIR"), "/", $name))),
            gzip: Encoded::new(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz"))),
        }
    };
}

/// What the page loads. The build script makes these files of those in `page/`.
static ASSETS: LazyLock<[File; 3]> = LazyLock::new(|| {
    [file!("favicon.svg", "image/svg+xml"), file!("page.js", "text/javascript; charset=utf-8"), file!("style.css", "text/css; charset=utf-8")]
});
static README: LazyLock<File> = LazyLock::new(|| file!("readme.html", "text/html; charset=utf-8"));

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
    let mut answer = html(page, takes_gzip(&headers));
    session.sign(&mut answer);
    Ok(answer)
}

/// `GET /readme`: what sticky sessions are.
pub(super) async fn readme(headers: HeaderMap) -> Response {
    protected(README.answer(&headers))
}

/// `GET /static/{name}`: one file of the page.
pub(super) async fn asset(uri: http::Uri, headers: HeaderMap) -> Response {
    let name = last_segment(&uri);
    let Some(file) = ASSETS.iter().find(|file| file.name == name) else {
        return Problem::new(404, "not-found", "the page has no such file").into_response();
    };
    file.answer(&headers)
}

fn html(page: String, zipped: bool) -> Response {
    // Nothing that a stranger sends is in it, so its compressed length tells nobody the id.
    let compressed = zipped.then(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(page.as_bytes()).and_then(|()| encoder.finish()).ok()
    });
    let (body, is_zipped) = match compressed.flatten() {
        Some(bytes) => (bytes.into(), true),
        None => (page.into(), false),
    };
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if is_zipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    protected(answer)
}

fn protected(mut answer: Response) -> Response {
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

impl Encoded {
    fn new(content: &'static [u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        // Digits and quotes are always a valid value.
        let tag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish())).unwrap_or(HeaderValue::from_static("\"\""));
        Self { content, tag }
    }
}

impl File {
    /// Compressed if the client takes that, and 304 if it has what it would get.
    fn answer(&self, request: &HeaderMap) -> Response {
        let is_zipped = takes_gzip(request);
        let encoded = if is_zipped { &self.gzip } else { &self.plain };
        // A list, and caches compare weakly (RFC 9110 section 13.1.2).
        let mut known = lists(request, IF_NONE_MATCH).map(|tag| tag.trim_start_matches("W/"));
        let is_known = known.any(|tag| tag.as_bytes() == encoded.tag.as_bytes() || tag == "*");
        let mut answer = Response::new(if is_known { axum::body::Body::empty() } else { encoded.content.into() });
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(ETAG, encoded.tag.clone());
        if is_zipped {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if is_known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
        }
        answer
    }
}

/// The members of a header that is a list.
fn lists(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim)
}

/// Whether gzip is acceptable and not less welcome than no encoding (RFC 9110 section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut any, mut plain) = (None, None, None);
    for member in lists(headers, ACCEPT_ENCODING) {
        let (coding, parameters) = member.split_once(';').unwrap_or((member, ""));
        let weight = parameters.trim().strip_prefix("q=").or_else(|| parameters.trim().strip_prefix("Q="));
        let weight = weight.map_or(1.0, |weight| weight.trim().parse::<f32>().unwrap_or(0.0));
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "*" => any = Some(weight),
            "identity" => plain = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= plain.unwrap_or(0.0)
}

// Build scripts have no tests of their own.
#[cfg(test)]
#[path = "../../build/join.rs"]
mod join;
#[cfg(test)]
#[path = "../../build/tokens.rs"]
mod tokens;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn text(name: &str) -> &'static str {
        let file = ASSETS.iter().find(|file| file.name == name).unwrap();
        std::str::from_utf8(file.plain.content).unwrap()
    }

    /// A file that nothing imports would be checked, tested and never served.
    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let (served, head) = match name.rsplit_once('.') {
                Some((_, "js")) => ("page.js", format!("// {name}\n")),
                Some((_, "css")) if name != "style.css" => ("style.css", format!("/* {name} */\n")),
                Some((_, "svg")) => (name.as_str(), String::new()),
                _ => continue,
            };
            assert!(text(served).contains(&head), "{name} is not in {served}");
        }
        assert!(!text("page.js").contains("\nimport ") && !text("page.js").contains("\nexport ") && !text("style.css").contains("@import"));
    }

    fn joined(files: &[(&str, &str)]) -> Result<String, String> {
        let files: BTreeMap<_, _> = files.iter().copied().collect();
        join::modules("a.js", &|name| files.get(name).map(|text| (*text).to_owned()).ok_or_else(|| format!("{name}, which is not there")))
    }

    #[test]
    fn modules_are_joined_in_order() {
        let a = "// About.\nimport { b } from \"./b.js\";\nimport {\n  c, // one\n  d,\n} from \"./c.js\";\n\n/** Doc. */\nconst x = b, y = `${c({ z: \"}\" })} import`; // kept\nexport async function f() {\n  const b = /[/]\"/g, import_ = 4 / 2 / 1;\n}\n";
        let b = "import { d } from \"./c.js\";\nexport const b = (d, 1);\n";
        let c = "export function c() {}\nexport class d {}\n";
        let made = joined(&[("a.js", a), ("b.js", b), ("c.js", c)]).unwrap();
        assert_eq!(
            made,
            "// c.js\nfunction c() {}\nclass d {}\n// b.js\nconst b = (d, 1);\n// a.js\n\nconst x = b, y = `${c({ z: \"}\" })} import`; // kept\nasync function f() {\n  const b = /[/]\"/g, import_ = 4 / 2 / 1;\n}\n"
        );
    }

    #[test]
    fn what_is_not_understood_stops_the_build() {
        let b = ("b.js", "export const b = 1;\n");
        for (a, said) in [
            ("\nimport { b as c } from \"./b.js\";", "a.js:2: only `import {"),
            ("import b from \"./b.js\";", "a.js:1: only `import {"),
            ("import * as b from \"./b.js\";", "a.js:1: only `import {"),
            ("import \"./b.js\";", "a.js:1: only `import {"),
            ("import { b } from \"b\";", "a.js:1: only `import {"),
            ("const c = () => import(\"./b.js\");", "a.js:1: only `import {"),
            ("const c = import.meta.url;", "a.js:1: only `import {"),
            ("import { x } from \"./b.js\";", "a.js:1: b.js exports no `x`"),
            ("import { x } from \"./x.js\";", "a.js imports x.js, which is not there"),
            ("import { a } from \"./a.js\";", "modules import each other: a.js -> a.js"),
            ("export default 1;", "a.js:1: `export default`"),
            ("export let c = 1;", "a.js:1: `export let`"),
            ("const c = 1;\nexport { c };", "a.js:2: `export {`"),
            ("import { b } from \"./b.js\";\nfunction f() {}\nconst a = [1, 2], b = 2;", "a.js:3: `b` is a top-level name of b.js too"),
            ("const { a } = {};", "a.js:1: a top-level declaration must name"),
            ("const a = 1\nconst c = 2;", "a.js:1: this declaration ends without a semicolon"),
            ("const a = `${1`;", "a.js:1: a"),
            ("const a = \"1;", "a.js:1: a string isn't closed"),
            ("const a = (1];", "a.js:1: a bracket closes another kind"),
        ] {
            let found = joined(&[("a.js", a), b]);
            assert!(found.as_ref().is_err_and(|error| error.contains(said)), "{a}\n{found:?}");
        }
        let sheets = |text: &str| join::stylesheets("a.css", &|name| Ok(if name == "a.css" { text } else { "@import \"c.css\";" }.to_owned()));
        assert!(sheets("p { margin: 0; }").unwrap_err().contains("isn't `@import"));
        assert!(sheets("@import \"b.css\";").unwrap_err().contains("b.css: a joined stylesheet can't have @import"));
    }

    #[test]
    fn gzip_only_for_those_who_take_it() {
        let takes = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        for yes in ["gzip", "br, GZIP", "deflate;q=1, gzip;q=0.2", "*", "identity;q=0.5, *;q=0.8", "x-gzip;q=1", "br;q=1.0,gzip;q=0.001"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "br", "identity", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "identity, gzip;q=0.9", "gzip;q=many", "gzipped"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
        let tags: BTreeSet<_> = ASSETS.iter().chain([&*README]).flat_map(|file| [&file.plain.tag, &file.gzip.tag]).collect();
        assert_eq!(tags.len(), 8, "each encoding of each file has its own");
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for placeholder in ["{{client_id}}", "{{page_by}}", "{{expose}}", "{{version}}"] {
            assert!(INDEX.contains(placeholder), "{placeholder}");
        }
        assert!(!std::str::from_utf8(README.plain.content).unwrap().contains("{{"));
    }
}
