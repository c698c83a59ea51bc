//! One probe: a request or a handshake with a session's cookies, and the record of its answer.

use super::answer::Answer;
use super::ask::{self, Connection, Question};
use super::asking::Asking;
use super::book::{Book, Seat};
use super::error::ProbeError;
use super::session::shape::{Filled, Shape, header, lines};
use super::session::state::{State, held};
use super::session::template::Place;
use super::session::values::Values;
use super::socket::{self, Handshake, Held};
use super::target;
use super::way::Way;
use http::HeaderMap;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};
use sticky_affinity::cache::is_cached;
use sticky_affinity::cookie::Offer;
use sticky_affinity::guard::challenge;
use sticky_affinity::jar::{self, Jar, Withheld};
use sticky_affinity::seen::{Offered, Outcome, Shot, Socket, Who};
use sticky_affinity::symptom;
use sticky_core::ids::ClientId;

/// A request to send.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) shape: &'a Shape,
    /// Index of the path.
    pub(super) place: usize,
    pub(super) jar: Option<&'a Mutex<Jar>>,
    pub(super) values: &'a Mutex<Values>,
    /// Whether its answer is the first of a session, with what the session captures.
    pub(super) is_first: bool,
    pub(super) way: Way,
    pub(super) round: u32,
    /// The session's number; none for a request that belongs to no session.
    pub(super) client: Option<u32>,
}

impl Request<'_> {
    /// The request with its session's values; `None` if it names one that the session lacks.
    pub(super) fn filled(&self, asking: &Asking) -> Option<Filled> {
        self.shape.filled(&asking.target.headers, &held(self.values), self.is_first)
    }
}

/// Sends a request on its own connection. Returns its record and the answer itself; `None` if it names a value that its session lacks.
pub(super) async fn shoot(asking: &Asking, book: &Book, request: Request<'_>) -> Option<(Shot, Option<Answer>)> {
    Some(send(asking, book, request, &request.filled(asking)?).await)
}

/// Sends a request on its own connection, with its session's values in it. Returns its record and the answer itself.
pub(super) async fn send(asking: &Asking, book: &Book, request: Request<'_>, filled: &Filled) -> (Shot, Option<Answer>) {
    send_on(asking, book, &mut None, request, filled).await
}

/// The same on a connection that is kept open, and opened if there is none. A connection that fails is gone afterwards.
pub(super) async fn send_on(
    asking: &Asking,
    book: &Book,
    line: &mut Option<Connection>,
    request: Request<'_>,
    filled: &Filled,
) -> (Shot, Option<Answer>) {
    let place = asking.target.place(&filled.path);
    let (header, carried) = cookies(request.jar, &place);
    let at = Instant::now();
    // What is captured is in the first answer only: later ones may be streams without an end.
    let whole = asking.target.whole_bodies || (request.is_first && asking.captures.iter().any(|capture| capture.source.is_in_body()));
    let mark = book.mark(asking.marking.as_ref());
    let marked = mark.as_ref().map_or(Cow::Borrowed(filled), |mark| Cow::Owned(mark.on(filled)));
    let question = Question { filled: &marked, cookies: header.as_deref(), way: request.way, whole };
    let answer = ask::over(&asking.target, line, question).await;
    let blank = Shot {
        round: request.round,
        at: book.since(at),
        took: at.elapsed(),
        carried,
        way: request.way.to,
        path: request.place,
        mark: mark.map(|mark| mark.number),
        ..Shot::none()
    };
    let jar = if request.is_first { None } else { request.jar };
    let before = before(asking, jar);
    let (mut shot, answer) = noted(asking, blank, answer, request.jar, &place);
    if let (Some(jar), Some(before), Some(true)) = (jar, before, shot.symptom) {
        *held(jar) = before;
    }
    let mut values = held(request.values);
    if let Some(answer) = answer.as_ref().filter(|_| request.is_first) {
        values.take(&asking.captures, &answer.headers, &answer.body);
    }
    shot.aside = shot.aside.map(|aside| values.hidden(&asking.captures, &aside));
    if let Some(answer) = answer.as_ref().filter(|answer| !Outcome::is_error(answer.status)) {
        book.note(|run| run.fields.take(&answer.headers, &answer.body, request.client));
    }
    (book.afford(shot), answer)
}

/// A jar as it is before a later answer, if that may lose its session: a pod that doesn't know a session offers a new one, which must not
/// replace the one that is judged.
fn before(asking: &Asking, jar: Option<&Mutex<Jar>>) -> Option<Jar> {
    jar.filter(|_| !asking.lost_when.is_empty()).map(|jar| held(jar).clone())
}

/// The record of an answer.
fn noted(
    asking: &Asking,
    blank: Shot,
    answer: Result<Answer, ProbeError>,
    jar: Option<&Mutex<Jar>>,
    place: &jar::Place<'_>,
) -> (Shot, Option<Answer>) {
    match answer {
        Err(why) => (Shot { outcome: Outcome::Lost(why.to_string()), ..blank }, None),
        Ok(answer) => {
            let offered = offered(asking.show_values, &answer.headers, jar, place);
            let outcome = Outcome::of(answer.status, named(asking, &answer));
            let symptom = symptom::lost(&asking.lost_when, answer.status, &answer.headers, &answer.body);
            let aside = if matches!(outcome, Outcome::Nameless { .. }) { answer.aside().map(|aside| cut(&aside)) } else { None };
            let challenge = challenge(&answer.headers);
            (Shot { outcome, offered, aside, challenge, cached: is_cached(&answer.headers), symptom, ..blank }, Some(answer))
        }
    }
}

/// Opens a session's socket with its cookies, which the 101 response may add to, and holds it. The result goes to its seat in the book. A
/// socket that names a value that the session lacks isn't opened.
pub(super) async fn open(
    asking: &Asking,
    socket: &target::Socket,
    book: &Arc<Book>,
    (session, seat, way): (u64, Seat, Way),
    state: &State,
) -> Option<Held> {
    let (jar, mut handshake) = (&state.jar, handshake(asking, socket, (session, way), &held(&state.values))?);
    let mark = book.mark(asking.marking.as_ref());
    if let Some(mark) = &mark {
        handshake.path = mark.path(&handshake.path).into_owned();
        mark.sign(&mut handshake.headers);
    }
    let place = socket.target.place(&handshake.path);
    let ((header, carried), withheld) = (cookies(Some(jar), &place), withheld(jar, &place));
    let at = Instant::now();
    let names = |headers: &HeaderMap, text: &[u8]| asking.who(headers, text).is_some();
    let opened = socket::open(socket, &handshake, header.as_deref(), names).await;
    let blank = Shot { at: book.since(at), took: at.elapsed(), carried, withheld, way: way.to, mark: mark.map(|mark| mark.number), ..Shot::none() };
    let (answer, line) = match opened {
        Ok((answer, line)) => (Ok(answer), line),
        Err(why) => (Err(why), None),
    };
    let before = before(asking, Some(jar));
    let (mut opened, answer) = noted(asking, blank, answer, Some(jar), &place);
    if let (Some(before), Some(true)) = (before, opened.symptom) {
        *held(jar) = before;
    }
    // A refusal may come from a pod, but it is not a socket on that pod.
    let refusal = answer.filter(|answer| answer.status != 101);
    if let Some(answer) = &refusal {
        opened.outcome = Outcome::Nameless { status: answer.status };
    }
    let refused_by = refusal.and_then(|answer| named(asking, &answer));
    let opened = book.afford(opened);
    book.note(|run| seat.take(run, Socket { opened, refused_by, end: None }));
    line.map(|line| Held::new(line, Arc::clone(book), seat, asking.app))
}

/// How to open a session's socket; `None` if it names a value that the session lacks.
fn handshake(asking: &Asking, socket: &target::Socket, (session, way): (u64, Way), values: &Values) -> Option<Handshake> {
    let path = match &socket.path {
        Some(path) => path.filled(values, Place::Path)?.into_owned(),
        None => format!("/ws/{}", client_id(asking.seed, session)),
    };
    let subprotocol = match &socket.subprotocol {
        Some(name) => Some(header(name, values)?),
        None => None,
    };
    let say = match &socket.send {
        Some(text) => Some(text.filled(values, if text.is_json() { Place::Json } else { Place::Plain })?.into_owned()),
        None => None,
    };
    Some(Handshake { path, headers: lines(&socket.target.headers, values, false)?, subprotocol, say, way })
}

/// A client id of sticky-app for a session: unique, and derived from the run's seed and the session's number.
pub(super) fn client_id(seed: u64, session: u64) -> String {
    let noise = fastrand::Rng::with_seed(seed ^ (session << 32)).u64(..);
    ClientId::from_random((u128::from(noise) << 64 | u128::from(session)).to_be_bytes()).as_str().to_owned()
}

/// The `Cookie` header for a place, and the names in it.
fn cookies(jar: Option<&Mutex<Jar>>, place: &jar::Place<'_>) -> (Option<Vec<u8>>, Vec<String>) {
    let Some(jar) = jar else { return (None, Vec::new()) };
    let (jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
    (jar.header(place, now), jar.names(place, now).into_iter().take(COOKIES).map(|name| cut(&name)).collect())
}

/// The stored cookies that are not sent to a place, by name, and why.
fn withheld(jar: &Mutex<Jar>, place: &jar::Place<'_>) -> Vec<(String, Withheld)> {
    let (jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
    let short = |why| if let Withheld::Path(path) = why { Withheld::Path(cut(&path)) } else { why };
    jar.withheld(place, now).take(COOKIES).map(|(name, why)| (cut(&name), short(why))).collect()
}

/// The pod and the worker that an answer identifies.
pub(super) fn named(asking: &Asking, answer: &Answer) -> Option<Who> {
    asking.who(&answer.headers, &answer.body)
}

/// The most cookies of a request or an answer that are recorded: as many as browsers keep at least (RFC 6265 section 6.1). The jar takes
/// all of them.
const COOKIES: usize = 50;
/// The longest recorded name, attributes or value of a cookie, in bytes.
const LONGEST: usize = 256;

/// A text from the site, cut to the recorded length.
pub(super) fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(LONGEST)].to_owned()
}

/// The cookies that an answer sets, in order; of equal names the jar keeps the last.
fn offered(show_values: bool, headers: &HeaderMap, jar: Option<&Mutex<Jar>>, place: &jar::Place<'_>) -> Vec<Offered> {
    // Without a jar they belong to no session.
    let Some(jar) = jar else { return Vec::new() };
    let (mut jar, now) = (jar.lock().unwrap_or_else(PoisonError::into_inner), SystemTime::now());
    let mut offered = Vec::new();
    for offer in Offer::all(headers, now) {
        let value = show_values.then(|| cut(&String::from_utf8_lossy(&offer.value)));
        let (name, attributes) = (cut(&offer.label()), cut(&offer.attributes()));
        let (lives, overwrites) = (offer.lives(now), jar.overwrites(&offer, place, now));
        let fate = jar.take(offer, place, now);
        if offered.len() < COOKIES {
            offered.push(Offered { name, attributes, fate, overwrites, lives, value });
        }
    }
    offered
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use http::HeaderValue;
    use http::header::SET_COOKIE;

    /// Every request stays in memory for the whole run, whatever came with it.
    #[test]
    fn what_is_written_down_of_cookies_is_bounded() {
        let (jar, place) = (Mutex::new(Jar::default()), jar::Place { host: "shop.example", path: "/", tls: false });
        let lines =
            (0..90).map(|n| (SET_COOKIE, format!("n{n}{}=\"{}\"; Path=/; SameSite={}", "n".repeat(1_000), "v".repeat(1_000), "x".repeat(2_000))));
        let headers = HeaderMap::from_iter(lines.map(|(name, line)| (name, HeaderValue::from_str(&line).unwrap())));
        let read = offered(true, &headers, Some(&jar), &place);
        let long = read.iter().flat_map(|one| [&one.name, &one.attributes].into_iter().chain(&one.value)).map(String::len).max();
        assert_eq!((read.len(), long), (COOKIES, Some(LONGEST)));
        let (header, carried) = cookies(Some(&jar), &place);
        let separators = header.unwrap().into_iter().filter(|byte| *byte == b';').count();
        assert_eq!((separators, carried.len(), carried[0] == read[0].name), (89, COOKIES, true));
    }
}
