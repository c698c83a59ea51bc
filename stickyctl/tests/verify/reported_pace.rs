//! Sites that do not answer, that are far away, or that follow connections; names and certificates as people have them.

use crate::case::{Case, STICKY, UNCLEAR, all, command, done, verify};
use crate::site::{Served, Site, Tls, Trust};
use crate::stub::{Asked, Reply, Stub};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The pod is in the cookie, and cookies are given out in turn; `attributes` follow the value.
fn by_cookie(asked: &Asked, turn: &mut u64, attributes: &str) -> Reply {
    match asked.number_in("pod") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            *turn += 1;
            Reply::pod(*turn % 3, asked).cookie(format!("pod={}; Path=/{attributes}", *turn % 3))
        }
    }
}

fn sticky() -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| by_cookie(asked, &mut turn, ""))
}

/// A connection's first request picks the pod, by its cookie or in turn, and all later ones go there too: F5 BIG-IP without a OneConnect profile
/// (cloudflare/cloudflare-docs#28594), and HAProxy's backends on one HTTP/2 connection as haproxy/haproxy#2295 saw them.
fn by_connection() -> Stub {
    let (mut turn, mut pods) = (0, HashMap::new());
    Stub::new(move |asked| match pods.get(&asked.connection) {
        Some(pod) => Reply::pod(*pod, asked),
        None => {
            pods.insert(asked.connection, asked.number_in("pod").unwrap_or((turn + 1) % 3));
            by_cookie(asked, &mut turn, "")
        }
    })
}

/// A proxy whose pods are gone: each request with an unknown cookie value goes to any pod and gets a new cookie, of which the proxy remembers
/// only the first for each old value. Parallel requests end with a cookie that it does not know (as in kubernetes/ingress-nginx#7960 and
/// traefik/traefik#3975, where the session then moves from pod to pod).
fn remembers_the_first_replacement() -> Stub {
    let (mut turn, mut replaced) = (0, HashMap::<String, u64>::new());
    Stub::new(move |asked| {
        turn += 1;
        let value = asked.cookie("route").map(|value| String::from_utf8(value).unwrap());
        let known = value.as_deref().and_then(|value| value.strip_prefix('k')).and_then(|pod| pod.split('-').next()?.parse().ok());
        match (known, value) {
            (Some(pod), _) => Reply::pod(pod, asked),
            (None, None) => Reply::pod(turn % 3, asked).cookie(format!("route=k{}-{turn}; Path=/", turn % 3)),
            // Its replacement was forgotten: any pod, and no cookie.
            (None, Some(value)) if value.starts_with("forgotten") => Reply::pod(turn % 3, asked),
            (None, Some(value)) => {
                let first = replaced.insert(value, turn).is_none();
                let new = if first { format!("k{}-{turn}", turn % 3) } else { format!("forgotten-{turn}") };
                Reply::pod(turn % 3, asked).cookie(format!("route={new}; Path=/"))
            }
        }
    })
}

pub(crate) const CASES: &[Case] = &[
    Case::stub("connections that pick the pod", by_connection, STICKY, &["shared-connection"]).with(&["--shared-connection"]),
    Case::stub("cookies that pick it on any connection", sticky, STICKY, &[]).with(&["--shared-connection"]).beside(&["shared-connection"]),
    Case::stub("connections that pick the pod, each with one session", by_connection, STICKY, &[]).beside(&["shared-connection"]),
    Case::stub("a replacement that parallel requests lose", remembers_the_first_replacement, STICKY, &["dead-cookie-unsettled"]),
    Case::stub("a new cookie for each unknown one", sticky, STICKY, &[]).beside(&["dead-cookie-unsettled"]),
    Case::stub("nobody answers", || Stub::new(|_| Reply::never()), UNCLEAR, &["transport"]).with(QUICK).beside(&["error-rate"]),
];

const QUICK: &[&str] = &["--timeout", "800ms"];

#[tokio::test]
async fn connections_and_dead_cookies() {
    all(CASES).await;
}

/// The first round is lost, and nothing else is sent: not even the sockets.
#[tokio::test]
async fn a_run_that_nobody_answers_ends_after_its_first_round() {
    let site = Stub::new(|_| Reply::never()).serve().await;
    let done = verify(&site, &[QUICK, &["--ws-url", "/ws", "--reuse", "--idle", "5m"]].concat()).await;
    // 15 sessions, and the first of 9 rounds' 30 controls.
    let first = 15 + 30 / 9;
    assert_eq!((done.code, done.reasons(), site.state.counts()), (Some(6), vec!["transport"], (first, 0)), "{}", done.details());
    let says = "nobody answered in the first round, so the rest was not sent";
    assert!(done.detail("transport").contains(says) && done.stderr.contains(says), "{} {}", done.details(), done.stderr);
    for name in ["stick-http", "stick-ws", "dead-cookie", "reuse", "idle"] {
        assert_eq!(done.scenario(name), ("skip".to_owned(), "not run: nobody answered in the first round".to_owned()));
    }
    let (planned, sent) = (&done.report["plan"], &done.report["sent"]);
    assert_eq!((sent["probes"].as_u64(), sent["sockets"].as_u64()), (Some(first), Some(0)));
    assert!(planned["probes"].as_u64() > Some(100) && planned["sockets"].as_u64() > Some(0), "{planned}");
}

/// A site that answers once may be one that is only slow to start.
#[tokio::test]
async fn one_answer_in_the_first_round_lets_the_run_go_on() {
    let mut turn = 0;
    let slow_to_start = Stub::new(move |asked| match asked.number {
        5 | 19.. => by_cookie(asked, &mut turn, ""),
        _ => Reply::never(),
    });
    let site = slow_to_start.serve().await;
    let done = verify(&site, QUICK).await;
    assert_eq!(done.report["sent"]["probes"].as_u64(), Some(site.state.counts().0), "{}", done.details());
    assert!(site.state.counts().0 > 15 * 9 && done.scenario("stick-http").0 != "fail", "{}", done.details());
}

/// What a stub saw of requests that overlap.
#[derive(Default)]
struct Overlap {
    /// When each request came, and its session's cookie.
    asked: Vec<(Duration, Option<Vec<u8>>)>,
}

impl Overlap {
    /// The most requests under way at once, if each takes `took`.
    fn most(&self, took: Duration) -> usize {
        self.asked.iter().map(|(at, _)| self.asked.iter().filter(|(other, _)| other <= at && *other + took > *at).count()).max().unwrap_or_default()
    }

    /// The requests of one session that overlap, if each takes `took`.
    fn of_one_session(&self, took: Duration) -> usize {
        let mut last: HashMap<&[u8], Duration> = HashMap::new();
        let sent = self.asked.iter().filter_map(|(at, cookie)| Some((*at, cookie.as_deref()?)));
        sent.filter(|(at, cookie)| last.insert(cookie, *at).is_some_and(|before| before + took > *at)).count()
    }
}

fn far_away(took: Duration) -> (Stub, Arc<Mutex<Overlap>>) {
    let overlap = Arc::new(Mutex::new(Overlap::default()));
    let (seen, mut turn) = (Arc::clone(&overlap), 0);
    let stub = Stub::new(move |asked| {
        let cookie = asked.cookie("s");
        seen.lock().unwrap().asked.push((asked.at, cookie.clone()));
        turn += 1;
        let pod = cookie.as_deref().and_then(|cookie| std::str::from_utf8(cookie).ok()?.parse::<u64>().ok()).unwrap_or(turn);
        let reply = Reply::pod(pod % 3, asked).after(took);
        if cookie.is_some() { reply } else { reply.cookie(format!("s={turn}; Path=/")) }
    });
    (stub, overlap)
}

/// Sessions overlap where answers take long, and one session's requests never do. A site nearby gets few at once.
#[tokio::test]
async fn sessions_overlap_at_a_distant_site() {
    const ROUNDS: &[&str] = &["--only", "spread", "--sessions", "30", "--requests", "8", "--rate", "400"];
    let took = Duration::from_millis(150);
    let (stub, overlap) = far_away(took);
    let done = verify(&stub.serve().await, ROUNDS).await;
    let overlap = overlap.lock().unwrap();
    // Requests come a little later than the answers before them left.
    let (most, own) = (overlap.most(took), overlap.of_one_session(took - Duration::from_millis(20)));
    assert!((12..=64).contains(&most) && own == 0 && done.code == Some(0), "{most} {own} {}", done.details());
}

/// More at once would only wait there: all 56 requests of a round would take 1.1 s, and eight take 160 ms.
#[tokio::test]
async fn a_site_that_answers_one_request_at_a_time_gets_no_more_of_them() {
    let site = Site { latency: 20, serial: true, ..Site::default() }.serve().await;
    let done = verify(&site, &["--only", "spread", "--sessions", "40", "--requests", "4", "--timeout", "900ms"]).await;
    assert_eq!((done.code, done.reasons(), done.report["lost"].as_u64()), (Some(0), vec![], Some(0)), "{}", done.details());
}

#[tokio::test]
async fn the_plan_says_how_long_it_takes() {
    let site = sticky().serve().await;
    for (flags, says) in [
        (&["--rate", "200"][..], "about 2 s at 200 requests/s; longer if the site is slow"),
        (&["--rate", "2000", "--duration", "2s"], "spread over 2 s; longer if the site is slow"),
    ] {
        let done = verify(&site, flags).await;
        assert!(done.stderr.contains(says), "{}", done.stderr);
    }
}

/// Before the first request: no number of them would find the host.
#[tokio::test]
async fn a_name_without_an_address_ends_at_once() {
    let mut site = sticky().serve().await;
    let flags = &["--ws-url", "ws://nobody.invalid/ws"][..];
    for (url, flags, host, step) in [
        ("http://nobody.invalid/", &[][..], "nobody.invalid", "--connect ADDRESS"),
        ("http://127.0.0.1/", &["--connect", "proxy.invalid:80"], "proxy.invalid", "--connect 10.0.0.7:443"),
        (&site.url.clone(), flags, "nobody.invalid", "--connect ADDRESS"),
    ] {
        site.url = url.to_owned();
        let done = verify(&site, flags).await;
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{}", done.stderr);
        assert!(done.stderr.contains(&format!("cannot resolve {host}")) && done.stderr.contains(step), "{}", done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0));
}

/// The name that DNS, `Host`, cookies and certificates have.
#[tokio::test]
async fn an_internationalized_name() {
    let hosts = Arc::new(Mutex::new(Vec::new()));
    let (seen, mut turn) = (Arc::clone(&hosts), 0);
    let stub = Stub::new(move |asked| {
        seen.lock().unwrap().extend(asked.header("host").map(str::to_owned));
        by_cookie(asked, &mut turn, "; Domain=xn--mller-kva.example")
    });
    let mut site = stub.serve().await;
    let address = site.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let connect = format!("--connect={address}");
    site.flags = vec![connect];
    for (url, flags) in [("http://müller.example/", &[][..]), ("http://127.0.0.1/", &["--host", "Müller.example"])] {
        site.url = url.to_owned();
        let done = verify(&site, flags).await;
        assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{} {}", done.details(), done.stderr);
    }
    let mut hosts = std::mem::take(&mut *hosts.lock().unwrap());
    hosts.dedup();
    assert_eq!(hosts, ["xn--mller-kva.example"]);
}

const fn tls(trust: Trust) -> Option<Tls> {
    Some(Tls { http2: false, trust })
}

async fn over_tls(trust: Trust) -> Served {
    Site { tls: tls(trust), ..Site::default() }.serve().await
}

/// As `openssl req -x509` makes it, and as curl takes it with --cacert.
#[tokio::test]
async fn a_self_signed_certificate_is_trusted_by_itself() {
    let site = over_tls(Trust::ItsOwnAuthority).await;
    for flags in [&[][..], &["--ws-url", "/ws"]] {
        let done = verify(&site, flags).await;
        assert_eq!((done.code, done.reasons()), (Some(0), vec![]), "{} {}", done.details(), done.stderr);
    }
    let other_name = verify(&site, &["--host", "other.example"]).await.detail("transport");
    assert!(other_name.contains("the certificate is for shop.example, not for other.example: use --host NAME"), "{other_name}");
}

/// The reason names the flags, and one round is enough to find it.
#[tokio::test]
async fn a_certificate_that_is_not_trusted() {
    let mut site = over_tls(Trust::Wrong).await;
    let wrong = verify(&site, &[]).await;
    // The system's authorities.
    site.flags.retain(|flag| !flag.starts_with("--ca"));
    let unknown = done(command(&site, &[]).output().await.unwrap());
    for done in [wrong, unknown] {
        let detail = done.detail("transport");
        assert!(detail.contains("--ca FILE") && detail.contains("--insecure") && detail.contains("in the first round"), "{detail}");
        assert_eq!((done.code, done.report["sent"]["probes"].as_u64()), (Some(6), Some(18)), "{detail}");
    }
}
