//! One probe: a request or a handshake with a session's cookies, and what its answer says.

use super::Asking;
use super::book::{Book, Seat};
use super::socket::{self, Held};
use crate::verify::ask::{self, Answer, Question, Way};
use crate::verify::cookie::Offer;
use crate::verify::jar::{Jar, Place};
use crate::verify::seen::{Offered, Outcome, Shot, Socket, Who};
use crate::verify::target::{self, Body, Target, path_of};
use http::HeaderMap;
use http::header::{AGE, HeaderName, SET_COOKIE};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};
use sticky_app::core::ids::ClientId;

/// A request that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub path: &'a str,
    /// Which of the paths that is.
    pub place: usize,
    pub jar: Option<&'a Mutex<Jar>>,
    pub body: Option<&'a Body>,
    pub way: Way,
    pub round: u32,
}

/// Makes a request on a connection of its own; the answer beside what is noted of it.
pub(super) async fn shoot(asking: &Asking, book: &Book, request: Request<'_>) -> (Shot, Option<Answer>) {
    let place = place(&asking.target, request.path);
    let (header, carried) = cookies(request.jar, &place);
    let at = Instant::now();
    let question = Question { path: request.path, cookies: header.as_deref(), body: request.body, way: request.way };
    let answer = ask::once(&asking.target, question).await;
    let blank =
        Shot { round: request.round, at: book.since(at), took: at.elapsed(), carried, way: request.way.to, path: request.place, ..Shot::none() };
    noted(asking, blank, answer, request.jar, &place)
}

/// What an answer is in the book.
pub(super) fn noted(
    asking: &Asking,
    blank: Shot,
    answer: Result<Answer, String>,
    jar: Option<&Mutex<Jar>>,
    place: &Place<'_>,
) -> (Shot, Option<Answer>) {
    match answer {
        Err(why) => (Shot { outcome: Outcome::Lost(why), ..blank }, None),
        Ok(answer) => {
            let offered = offered(asking.show_values, &answer.headers, jar, place);
            let outcome = who(asking, &answer);
            let aside = if matches!(outcome, Outcome::Nameless { .. }) { answer.aside().map(|aside| cut(&aside)) } else { None };
            (Shot { outcome, offered, aside, cached: is_cached(&answer.headers), ..blank }, Some(answer))
        }
    }
}

/// Opens a session's socket with its cookies, which the 101 may add to, and holds it. What became of it is in its seat.
pub(super) async fn open(
    asking: &Asking,
    socket: &target::Socket,
    book: &Arc<Book>,
    (session, seat, way): (u64, Seat, Way),
    jar: &Mutex<Jar>,
) -> Option<Held> {
    let path = socket.path.clone().unwrap_or_else(|| format!("/ws/{}", client_id(asking.seed, session)));
    let place = place(&socket.target, &path);
    let (header, carried) = cookies(Some(jar), &place);
    let at = Instant::now();
    let names = |headers: &HeaderMap, text: &[u8]| asking.pod.read(headers, text).is_some();
    let opened = socket::open(socket, (&path, way), header.as_deref(), names).await;
    let blank = Shot { at: book.since(at), took: at.elapsed(), carried, way: way.to, ..Shot::none() };
    let (answer, line) = match opened {
        Ok((answer, line)) => (Ok(answer), line),
        Err(why) => (Err(why), None),
    };
    let (mut opened, answer) = noted(asking, blank, answer, Some(jar), &place);
    // A refusal may come from a pod, and is no socket of its.
    let refusal = answer.filter(|answer| answer.status != 101);
    if let Some(answer) = &refusal {
        opened.outcome = Outcome::Nameless { status: answer.status };
    }
    let refused_by = refusal.and_then(|answer| named(asking, &answer));
    book.note(|run| seat.take(run, Socket { opened, refused_by, end: None }));
    line.map(|line| Held::new(line, Arc::clone(book), seat, asking.app))
}

/// A sticky-app's id for a session: nobody else's, of the seed of this run and the session's number.
pub(super) fn client_id(seed: u64, session: u64) -> String {
    let noise = fastrand::Rng::with_seed(seed ^ (session << 32)).u64(..);
    ClientId::from_random((u128::from(noise) << 64 | u128::from(session)).to_be_bytes()).as_str().to_owned()
}

/// Where a path is, as far as cookies care.
pub(super) fn place<'a>(target: &'a Target, path: &'a str) -> Place<'a> {
    Place { host: &target.host, path: path_of(path), tls: target.tls.is_some() }
}

/// The `Cookie` header for a place, and the names in it.
fn cookies(jar: Option<&Mutex<Jar>>, place: &Place<'_>) -> (Option<String>, Vec<String>) {
    let Some(jar) = jar else { return (None, Vec::new()) };
    let (jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
    (jar.header(place, now), jar.names(place, now).into_iter().take(COOKIES).map(cut).collect())
}

/// Whom an answer names.
pub(super) fn named(asking: &Asking, answer: &Answer) -> Option<Who> {
    let pod = asking.pod.read(&answer.headers, &answer.body)?;
    Some(Who { pod, worker: asking.worker.read(&answer.headers, &answer.body) })
}

fn who(asking: &Asking, answer: &Answer) -> Outcome {
    let status = answer.status;
    // A proxy's own error page may carry the name of whom it asked last, or of the one before.
    let is_error = status == 429 || status >= 500;
    named(asking, answer).filter(|_| !is_error).map_or(Outcome::Nameless { status }, Outcome::By)
}

/// The most cookies of one request or answer that are written down: as many as a browser has room for at least (RFC 6265 section 6.1). The
/// jar takes them all.
const COOKIES: usize = 50;
/// The most of a cookie's name, attributes or value that is written down, in bytes.
const LONGEST: usize = 256;

/// A stranger's text, as much of it as is written down.
pub(super) fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

/// Cookies of an answer, in order; the last one of a name is what the jar keeps.
fn offered(show_values: bool, headers: &HeaderMap, jar: Option<&Mutex<Jar>>, place: &Place<'_>) -> Vec<Offered> {
    // Without a jar its cookies are nobody's.
    let Some(jar) = jar else { return Vec::new() };
    let (mut jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
    let lines = headers.get_all(SET_COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut offered = Vec::new();
    for offer in lines.filter_map(|line| Offer::read(line, now)) {
        let (name, attributes, value) = (cut(&offer.name), cut(&offer.attributes()), show_values.then(|| cut(&offer.value)));
        let (lives, fate) = (offer.lives(now), jar.take(offer, place, now));
        if offered.len() < COOKIES {
            offered.push(Offered { name, attributes, fate, lives, value });
        }
    }
    offered
}

/// Whether a cache says that the answer is its own: an age (RFC 9111 section 5.1), a hit (RFC 9211 and what was usual before it).
fn is_cached(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let aged = text(AGE).and_then(|age| age.trim().parse::<u64>().ok()).is_some_and(|age| age > 0);
    let hit = ["cache-status", "x-cache", "cf-cache-status", "x-cache-status"]
        .into_iter()
        .any(|name| text(HeaderName::from_static(name)).is_some_and(|said| said.to_ascii_lowercase().split([',', ';', ' ']).any(is_hit)));
    aged || hit
}

/// Words for an answer that was stored: `hit`, `tcp_mem_hit`, `refreshhit`, and nginx's and Cloudflare's for one that is old and served.
fn is_hit(word: &str) -> bool {
    let word = word.trim();
    word == "hit" || word.ends_with("_hit") || matches!(word, "refreshhit" | "stale" | "updating" | "revalidated")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_caches_say() {
        let said = |name: &'static str, value: &'static str| {
            is_cached(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert!(said("age", "12") && said("x-cache", "HIT from edge") && said("cache-status", "edge; hit; ttl=3") && said("cf-cache-status", "HIT"));
        assert!(said("x-cache", "TCP_MEM_HIT from edge") && said("x-cache", "RefreshHit from cloudfront") && said("x-cache-status", "STALE"));
        assert!(!said("age", "0") && !said("x-cache", "MISS") && !said("cache-status", "edge; fwd=miss") && !said("x-cache", "white"));
    }
    /// A request is kept in mind for the whole run, whatever came with it.
    #[test]
    fn what_is_written_down_of_cookies_is_bounded() {
        let (jar, place) = (Mutex::new(Jar::default()), Place { host: "shop.example", path: "/", tls: false });
        let lines =
            (0..90).map(|n| (SET_COOKIE, format!("n{n}{}=\"{}\"; Path=/; SameSite={}", "n".repeat(2_000), "v".repeat(2_000), "x".repeat(2_000))));
        let headers = HeaderMap::from_iter(lines.map(|(name, line)| (name, HeaderValue::from_str(&line).unwrap())));
        let read = offered(true, &headers, Some(&jar), &place);
        let long = read.iter().flat_map(|one| [&one.name, &one.attributes].into_iter().chain(&one.value)).map(String::len).max();
        assert_eq!((read.len(), long), (COOKIES, Some(LONGEST)));
        let (header, carried) = cookies(Some(&jar), &place);
        assert_eq!((header.unwrap().matches("; ").count(), carried.len(), carried[0] == read[0].name), (89, COOKIES, true));
    }
}
