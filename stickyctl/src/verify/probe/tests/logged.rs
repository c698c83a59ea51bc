//! Runs at a site whose answers name no pod, while its log does.

use super::super::{Progress, run};
use super::*;
use crate::verify::logs::{Logs, Which};
use crate::verify::probe::Marking;
use std::collections::BTreeSet;
use std::sync::Mutex;
use sticky_affinity::judge;
use sticky_affinity::marker::Token;
use sticky_affinity::run::{Run, Stopped};
use sticky_affinity::scenario::Name;
use sticky_affinity::told::By;
use sticky_affinity::verdict::{Judgement, Verdict};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// How the site answers and logs.
#[derive(Clone, Copy)]
struct Site {
    /// Whether a cookie decides which pod answers.
    is_sticky: bool,
    /// Whether answers name their pod.
    names: bool,
    /// Whether there is a line about a request with this number.
    logs: fn(u32) -> bool,
    /// Whether a pod that does not know the session answers 404.
    is_lost_elsewhere: bool,
    /// Whether the front door logs addresses that belong to no pod, in place of the pods' own logs.
    is_strange: bool,
}

const SITE: Site = Site { is_sticky: true, names: false, logs: |_| true, is_lost_elsewhere: false, is_strange: false };
/// How long after an answer its line comes.
const LATE: Duration = Duration::from_millis(40);

/// A site that is served, and what it was asked.
struct Served {
    site: Site,
    token: Token,
    logs: Logs,
    /// The heads of all requests.
    heads: Mutex<Vec<String>>,
    turn: Mutex<u64>,
}

impl Served {
    /// The number of the pod that gets a request, and whether it is new to the site.
    fn choose(&self, head: &str) -> (u64, bool) {
        let known = head.split("route=").nth(1).and_then(|rest| rest.split(['\r', ';']).next()?.parse::<u64>().ok()).filter(|pod| *pod < 3);
        let mut turn = self.turn.lock().unwrap();
        *turn += 1;
        // Not in strict turns: every third request would be the same session's.
        let next = (*turn * *turn + *turn / 3) % 3;
        (known.filter(|_| self.site.is_sticky).unwrap_or(next), known.is_none())
    }

    fn writes(&self, head: &str, pod: u64) {
        match self.token.find(head) {
            Some(mark) if !(self.site.logs)(mark) => {}
            _ if self.site.is_strange => self.logs.hears(By::Access, "door", &format!("{} to=10.9.9.{pod}:80", head.replace("\r\n", " "))),
            _ => self.logs.hears(By::Pod, &format!("web-{pod}"), head),
        }
    }

    async fn talk(self: Arc<Self>, mut stream: TcpStream) {
        loop {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { return };
                head.push(byte);
            }
            let head = String::from_utf8(head).unwrap();
            let (pod, is_new) = self.choose(&head);
            self.heads.lock().unwrap().push(head.clone());
            let mut lines = String::new();
            if is_new {
                lines.push_str(&format!("set-cookie: route={pod}; Path=/\r\n"));
            }
            if self.site.names {
                lines.push_str(&format!("x-sticky-pod: web-{pod}\r\n"));
            }
            if let Some(key) = head.lines().find_map(|line| line.to_ascii_lowercase().starts_with("sec-websocket-key:").then(|| line[18..].trim())) {
                let accept = derive_accept_key(key.as_bytes());
                let switching = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n";
                stream.write_all(format!("{switching}sec-websocket-accept: {accept}\r\n{lines}\r\n").as_bytes()).await.unwrap();
                let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
                while futures_util::StreamExt::next(&mut socket).await.is_some_and(|message| message.is_ok()) {}
                // Access logs have an upgrade when it is over.
                self.writes(&head, pod);
                return;
            }
            let home = head.split("home=").nth(1).and_then(|rest| rest.split(['\r', ';']).next()?.parse::<u64>().ok());
            if self.site.is_lost_elsewhere && home.is_none() {
                lines.push_str(&format!("set-cookie: home={pod}; Path=/\r\n"));
            }
            let is_lost = self.site.is_lost_elsewhere && home.is_some_and(|home| home != pod);
            let status = if is_lost { "404 Not Found" } else { "200 OK" };
            if stream.write_all(format!("HTTP/1.1 {status}\r\n{lines}content-length: 0\r\n\r\n").as_bytes()).await.is_err() {
                return;
            }
            let served = Arc::clone(&self);
            tokio::spawn(async move {
                tokio::time::sleep(LATE).await;
                served.writes(&head, pod);
            });
        }
    }
}

/// What a run led to.
struct Done {
    run: Run,
    judgement: Judgement,
    heads: Vec<String>,
    token: Token,
    /// How often the run waited for lines.
    waits: usize,
}

impl Done {
    /// Whether a request's agent and its query have a marker.
    fn is_marked(&self, head: &str) -> (bool, bool) {
        let (first, rest) = head.split_once("\r\n").unwrap();
        let agent = rest.lines().find(|line| line.to_ascii_lowercase().starts_with("user-agent:")).unwrap();
        (self.token.find(agent).is_some(), self.token.find(first).is_some())
    }
}

/// Runs all probes at a site; `change` may change what is asked.
async fn verified(site: Site, change: impl FnOnce(&mut Asking)) -> Done {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut asking = asking(listener.local_addr().unwrap().to_string(), Duration::from_secs(10));
    let token = Token::from_seed(fastrand::u64(..));
    let served = Arc::new(Served {
        site,
        token: token.clone(),
        logs: Logs::deaf(token.clone(), Which::Access("to=(\\S+)".parse().ok())),
        heads: Mutex::default(),
        turn: Mutex::default(),
    });
    let site = {
        let served = Arc::clone(&served);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(Arc::clone(&served).talk(stream));
            }
        })
    };
    asking.pod = Source::pod();
    asking.rate = 2_000.0;
    let from = BTreeSet::from([By::Access, By::Pod]);
    asking.marking = Some(Marking { token, from, in_query: true, or_answers: true, patience: Duration::from_secs(20) });
    change(&mut asking);
    let (book, waits) = (Arc::new(Book::new(asking.sample)), std::cell::Cell::new(0));
    run(&asking, &book, Some(&served.logs), |step| {
        if matches!(step, Progress::Waits { .. }) {
            waits.set(waits.get() + 1);
        }
    })
    .await;
    site.abort();
    let run = book.run();
    let heads = std::mem::take(&mut *served.heads.lock().unwrap());
    Done { judgement: judge(&run, 0.0), run, heads, token: served.token.clone(), waits: waits.get() }
}

fn with_socket(asking: &mut Asking) {
    asking.socket = Some(target::Socket {
        target: asking.target.clone(),
        path: Some(Template::literal("/ws")),
        origin: None,
        subprotocol: None,
        send: None,
        names_in_texts: false,
        largest: MOST_BODY,
    });
}

fn patience(asking: &mut Asking, millis: u64) {
    asking.marking.as_mut().unwrap().patience = Duration::from_millis(millis);
}

#[tokio::test]
async fn lines_tell_of_requests_and_sockets() {
    let done = verified(SITE, |asking| {
        with_socket(asking);
        (asking.reuse, asking.shared, asking.idle) = (true, true, Some(Duration::from_millis(50)));
    })
    .await;
    let (run, judgement) = (&done.run, &done.judgement);
    assert_eq!((judgement.pods, &judgement.reasons[..]), (Verdict::Sticky, &[][..]), "{judgement:?}");
    let found = |name| judgement.scenario(name, &Chosen::default()).detail;
    assert_eq!(found(Name::StickWs), "30 of 30 sockets reached their session's pod");
    assert_eq!(found(Name::WsFirst), "10 of 10 requests after a socket reached its pod");
    assert_eq!(found(Name::Reconnect), "30 of 30 sockets came back to their pod");
    for name in [Name::ParallelFirst, Name::DeadCookie, Name::Reuse, Name::Shared, Name::Attribution] {
        assert!(!found(name).contains("not run") && !found(name).contains("identif"), "{name:?}: {}", found(name));
    }
    // Nothing is left without its pod: neither requests in odd places nor idle sockets.
    let left = run.shots().chain(run.sockets().map(|socket| &socket.opened)).filter(|shot| shot.pod().is_none()).count();
    assert_eq!((left, run.awaited().len(), run.named().answer), (0, 0, 0));
    assert_eq!(run.named().pod_log, run.shots().count() as u64);
    assert!(done.waits >= 2 && run.logs.as_ref().unwrap().waited > Duration::ZERO, "{} {:?}", done.waits, run.logs);
    // Every request has its own marker, in both places; cookies are for paths without it.
    assert!(done.heads.iter().all(|head| done.is_marked(head) == (true, true)));
    let paths: BTreeSet<&str> = done.heads.iter().map(|head| head.split(' ').nth(1).unwrap()).collect();
    assert_eq!(paths.len(), done.heads.len());
}

#[tokio::test]
async fn sessions_that_move() {
    let done = verified(Site { is_sticky: false, ..SITE }, |asking| asking.marking.as_mut().unwrap().in_query = false).await;
    let judgement = &done.judgement;
    assert_eq!((judgement.pods, judgement.reasons[0].code.word()), (Verdict::NotSticky, "cookie-not-honoured"), "{judgement:?}");
    // The sessions that moved were known in time for the requests that only they make.
    assert!(done.run.uncached.len() == 8 && done.run.uncached.iter().all(|(_, shot)| shot.pod().is_some()));
    let bypassing = |head: &&String| head.contains("?stickyctl=");
    assert_eq!(done.heads.iter().filter(bypassing).count(), 8, "only those that no cache may answer have a query");
    assert!(done.heads.iter().all(|head| done.is_marked(head).0));
}

/// The site is not loaded in vain.
#[tokio::test]
async fn without_any_line_the_run_stops() {
    for (site, evident) in [
        (Site { logs: |_| false, ..SITE }, &[][..]),
        (Site { is_strange: true, ..SITE }, &["The log names addresses that belong to no pod of the Service"][..]),
    ] {
        let done = verified(site, |asking| {
            with_socket(asking);
            patience(asking, 300);
        })
        .await;
        assert_eq!((done.run.stopped, done.heads.len(), done.run.sockets().count()), (Some(Stopped::Unlogged), 34, 0));
        let reason = &done.judgement.reasons[0];
        assert_eq!((done.judgement.pods, reason.code.word(), &reason.evident[..]), (Verdict::Inconclusive, "no-log-line", evident), "{reason:?}");
        assert!(done.run.logs.unwrap().waited < Duration::from_secs(5));
    }
}

/// A line that never comes is waited for once.
#[tokio::test]
async fn some_lines_are_missing() {
    let done = verified(Site { logs: |mark| mark % 7 != 3, ..SITE }, |asking| patience(asking, 400)).await;
    assert_eq!((done.judgement.pods, done.judgement.reasons[0].code.word()), (Verdict::Inconclusive, "no-log-line"), "{:?}", done.judgement);
    assert!(done.waits <= 3 && done.run.logs.as_ref().unwrap().waited < Duration::from_secs(4), "{:?}", done.run.logs);
    assert!(done.run.nameless().is_empty(), "they are counted apart");
    let few = verified(Site { logs: |mark| mark % 20 != 3, ..SITE }, |asking| patience(asking, 400)).await;
    assert_eq!(few.judgement.pods, Verdict::Sticky, "{:?}", few.judgement);
}

/// As soon as an answer names its pod, no log is needed, and no request is marked any more.
#[tokio::test]
async fn answers_that_name_their_pod() {
    let site = Site { names: true, logs: |_| false, ..SITE };
    let done = verified(site, |_| ()).await;
    assert_eq!((done.judgement.pods, &done.judgement.reasons[..], done.waits), (Verdict::Sticky, &[][..], 0), "{:?}", done.judgement);
    assert!(done.run.logs.is_none() && done.run.shots().all(|shot| shot.mark.is_none()));
    assert_eq!(done.heads.iter().filter(|head| done.is_marked(head) != (false, false)).count(), 34, "those of the first round");
    // Unless only logs are to tell.
    let site = Site { names: true, ..SITE };
    let done = verified(site, |asking| asking.marking.as_mut().unwrap().or_answers = false).await;
    assert_eq!((done.judgement.pods, done.run.named().answer, done.run.logs.is_some()), (Verdict::Sticky, 0, true));
}

#[tokio::test]
async fn a_symptom_beside_a_log() {
    let lost_when = || vec!["status:404".parse().unwrap()];
    let site = Site { is_sticky: false, is_lost_elsewhere: true, ..SITE };
    let done = verified(site, |asking| asking.lost_when = lost_when()).await;
    assert_eq!((done.judgement.pods, done.judgement.reasons[0].code.word()), (Verdict::NotSticky, "cookie-not-honoured"), "{:?}", done.judgement);
    // Without a line the symptom decides, and the run does not stop.
    let done = verified(Site { logs: |_| false, ..site }, |asking| {
        asking.lost_when = lost_when();
        patience(asking, 200);
    })
    .await;
    assert_eq!((done.judgement.pods, done.judgement.reasons[0].code.word()), (Verdict::NotSticky, "session-lost"), "{:?}", done.judgement);
    assert!(done.run.stopped.is_none() && done.run.logs.is_none() && done.waits == 1);
}
