//! Sites whose answers or sockets name no pod, as people reported them, and similar ones that do.

use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR, all, all_at_once, verify};
use crate::stub::{Asked, Reply, Stub};
use std::time::Duration;

/// A site with affinity, whose answers and sockets `change` may replace.
fn sticky_but(mut change: impl FnMut(&Asked, u64) -> Option<Reply> + Send + 'static) -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| {
        let known = asked.number_in("route");
        turn += u64::from(known.is_none());
        let pod = known.unwrap_or(turn % 3);
        let reply = change(asked, pod).unwrap_or_else(|| Reply::pod(pod, asked));
        if known.is_some() { reply } else { reply.cookie(format!("route={pod}; Path=/")) }
    })
}

/// Every answer has this status, with `headers`.
fn always(status: u16, headers: &'static [(&'static str, &'static str)]) -> Stub {
    Stub::new(move |_| headers.iter().fold(Reply::new(status), |reply, (name, value)| reply.header(name, value)))
}

/// The rule is for another host (kubernetes/ingress-nginx#771).
fn default_backend() -> Stub {
    sticky_but(|asked, _| {
        (!asked.header("host").is_some_and(|host| host.starts_with("shop.example"))).then(|| Reply::new(404).body("default backend - 404"))
    })
}

fn after_login() -> Stub {
    sticky_but(|asked, _| asked.header("authorization").is_none().then(|| Reply::new(401).header("www-authenticate", "Basic")))
}

/// The pod is named in a header that nobody asked for.
fn named_elsewhere() -> Stub {
    sticky_but(|asked, pod| {
        let body = format!(r#"{{"host": "web-{pod}", "asked": {}, "color": "{}"}}"#, asked.number, ["red", "blue"][asked.number as usize % 2]);
        Some(Reply::new(200).header("x-upstream", format!("10.0.0.{pod}:80")).header("x-request-id", asked.number.to_string()).body(body))
    })
}

/// Names that must not get into a command line.
fn hostile_names() -> Stub {
    sticky_but(|_, pod| Some(Reply::new(200).header("x-pod-$'`|", format!("{pod}")).body(format!(r#"{{"pod; rm -rf ~": "web-{pod}"}}"#))))
}

/// The cookie's path is the page's, and the socket has a path beside it.
fn cookie_for(path: &'static str) -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| {
        let known = asked.number_in("route");
        turn += u64::from(known.is_none());
        let pod = known.unwrap_or(turn % 3);
        let reply = Reply::pod(pod, asked);
        if known.is_some() { reply } else { reply.cookie(format!("route={pod}; Path={path}")) }
    })
}

/// Sockets go to pods of another Deployment, with its own pods for the same cookie.
fn own_deployment() -> Stub {
    sticky_but(|asked, pod| asked.is_upgrade().then(|| Reply::pod(10 + pod, asked)))
}

/// Upgrades are refused, as a load balancer does that supports no WebSocket (projectcontour/contour#595).
fn refused(status: u16) -> Stub {
    sticky_but(move |asked, _| asked.is_upgrade().then(|| Reply::new(status)))
}

/// The first socket is cut after a while; the others stay open.
fn one_is_cut(after: Option<Duration>) -> Stub {
    let mut cut = after;
    sticky_but(move |asked, pod| {
        let reply = Reply::pod(pod, asked);
        Some(match asked.is_upgrade().then(|| cut.take()).flatten() {
            Some(after) => reply.cut_after(after),
            None => reply,
        })
    })
}

/// The pod of the first socket dies after a while, and takes the socket along. There are two: a third of the few controls after the death
/// is borderline for telling that a pod is missing among them.
fn one_dies(after: Duration) -> Stub {
    let (mut first, mut turn) = (None, 0);
    Stub::new(move |asked| {
        turn += 1;
        let is_dead = |pod: u64| first.is_some_and(|(dead, at): (u64, Duration)| pod == dead && asked.at > at + after);
        let known = asked.number_in("route").filter(|pod| !is_dead(*pod));
        let pod = known.unwrap_or(if is_dead(turn % 2) { (turn + 1) % 2 } else { turn % 2 });
        let reply = Reply::pod(pod, asked);
        let reply = if known.is_some() { reply } else { reply.cookie(format!("route={pod}; Path=/")) };
        let is_first = asked.is_upgrade() && first.is_none();
        if is_first {
            first = Some((pod, asked.at));
            return reply.cut_after(after);
        }
        reply
    })
}

const SOCKET: &[&str] = &["--ws-url", "/ws"];
const IDLE: &[&str] = &["--ws-url", "/ws", "--idle", "3s", "--skip", "stick-ws,ws-first"];

pub(crate) const CASES: &[Case] = &[
    Case::stub("a default backend", default_backend, UNCLEAR, &["error-rate"]).beside(&["no-identity"]),
    Case::stub("the rule's host", default_backend, STICKY, &[]).with(&["--host", "shop.example"]).beside(&["error-rate"]),
    Case::stub("401 to everyone", after_login, UNCLEAR, &["error-rate"]).beside(&["no-identity"]),
    Case::stub("403 to everyone", || always(403, &[("server", "cloudflare")]), UNCLEAR, &["error-rate"]).beside(&["no-identity"]),
    Case::stub("a challenge", || always(403, &[("cf-mitigated", "challenge")]), UNCLEAR, &["error-rate"]).beside(&["no-identity"]),
    Case::stub("a challenge that is accepted", || always(202, &[("x-amzn-waf-action", "challenge")]), UNCLEAR, &["error-rate"])
        .beside(&["no-identity"]),
    Case::stub("nothing behind the route", || always(503, &[]), UNCLEAR, &["error-rate"]).beside(&["no-identity"]),
    Case::stub("a redirect to a login", || always(302, &[("location", "/login")]), UNCLEAR, &["no-identity"]).beside(&["error-rate"]),
    Case::stub("a page that names no pod", || always(200, &[]), UNCLEAR, &["no-identity"]).beside(&["error-rate"]),
    Case::stub("a pod named elsewhere", named_elsewhere, UNCLEAR, &["no-identity"]).beside(&["error-rate"]),
    Case::stub("the same, as it was suggested", named_elsewhere, STICKY, &[]).with(&["--pod-identity", "json:/host"]).beside(&["no-identity"]),
    Case::stub("hostile names of fields", hostile_names, UNCLEAR, &["no-identity"]),
    Case::stub("a cookie for the page's path only", || cookie_for("/app"), NOT_STICKY, &["socket-elsewhere"])
        .with(&["/app", "--ws-url", "/ws"])
        .beside(&["cookie-path-mismatch", "pods-replaced"]),
    Case::stub("a cookie for page and socket", || cookie_for("/"), STICKY, &[]).with(&["/app", "--ws-url", "/ws"]).beside(&["socket-elsewhere"]),
    Case::stub("sockets of another Deployment", own_deployment, NOT_STICKY, &["socket-elsewhere"]).with(SOCKET).beside(&["pods-replaced"]),
    Case::stub("403 to upgrades", || refused(403), UNCLEAR, &["upgrade-failed"]).with(SOCKET).beside(&["socket-elsewhere"]),
    Case::stub("401 to upgrades", || refused(401), UNCLEAR, &["upgrade-failed"]).with(SOCKET).beside(&["error-rate"]),
    Case::stub("404 to upgrades", || refused(404), UNCLEAR, &["upgrade-failed"]).with(SOCKET).beside(&["error-rate"]),
];

pub(crate) const SILENT: &[Case] = &[
    Case::stub("one silent socket is cut", || one_is_cut(Some(Duration::from_millis(1_500))), STICKY, &["socket-lost"]).with(IDLE).beside(&[
        "idle-timeout",
        "proxy-recycled",
        "pod-terminated",
    ]),
    Case::stub("a silent socket whose pod dies", || one_dies(Duration::from_secs(5)), STICKY, &["pod-terminated"])
        .with(&["--ws-url", "/ws", "--idle", "6s", "--skip", "stick-ws,ws-first"])
        .beside(&["socket-lost", "idle-timeout"]),
    Case::stub("no silent socket is cut", || one_is_cut(None), STICKY, &[]).with(IDLE).beside(&["socket-lost", "idle-timeout"]),
];

#[tokio::test]
async fn reported_answers() {
    all(CASES).await;
}

#[tokio::test]
async fn reported_silence() {
    all_at_once(SILENT).await;
}

/// The first cause of each is the one that the site shows.
#[tokio::test]
async fn causes_are_led_by_what_was_seen() {
    for (stub, flags, seen, cause) in [
        (default_backend as fn() -> Stub, &[][..], "with status 404", "No rule matches the host or the path"),
        (after_login, &[], "with status 401", "logged in"),
        (|| always(403, &[("server", "cloudflare")]), &[], "by way of cloudflare", "logged in"),
        (|| always(403, &[("cf-mitigated", "challenge")]), &[], "the header cf-mitigated marks", "A bot challenge"),
        (|| always(503, &[]), &[], "with status 503", "Nothing that is ready"),
        (|| always(429, &[]), &[], "with status 429", "limits the rate"),
        (|| always(302, &[("location", "/login")]), &[], "302 redirect to /login", "The site redirects"),
        (|| always(200, &[]), &[], "with status 200", "does not name its pod"),
        (named_elsewhere, &[], "JSON field `/host` had 3 values", "names its pod in its own way"),
        (
            || cookie_for("/app"),
            &["/app", "--ws-url", "/ws"],
            "no cookie was sent with them, because route is for the path /app",
            "The cookie's path",
        ),
        (own_deployment, SOCKET, "3 pods that answered no request serve the sockets, and the second socket", "pods of their own"),
        (|| refused(403), SOCKET, "status 403", "another origin"),
        (|| refused(401), SOCKET, "status 401", "logged in"),
        (|| refused(404), SOCKET, "status 404", "does not serve a WebSocket"),
    ] {
        let done = verify(&stub().serve().await, flags).await;
        let reason = &done.report["reasons"][0];
        let told = (reason["detail"].as_str().unwrap(), reason["causes"][0]["cause"].as_str().unwrap());
        assert!(told.0.contains(seen) && told.1.contains(cause), "{seen}: {told:?}");
        let todo = done.report["summary"]["todo"].to_string();
        assert!(todo.contains(cause), "{todo}");
    }
}

#[tokio::test]
async fn fields_are_suggested() {
    let site = named_elsewhere().serve().await;
    let done = verify(&site, &[]).await;
    let candidates = done.report["identity"]["candidates"].as_array().unwrap();
    let places: Vec<_> = candidates.iter().map(|one| (one["where"].as_str().unwrap(), one["values"].as_u64().unwrap())).collect();
    assert_eq!(places, [("json:/host", 3), ("header:x-upstream", 3), ("json:/color", 2)], "{}", done.details());
    assert!(candidates[0]["answers"].as_u64().unwrap() > 150, "{candidates:?}");
    assert!(done.report["summary"]["todo"][0].as_str().unwrap().starts_with("Add `--pod-identity json:/host`"), "{}", done.report["summary"]);
    // A name that is nearly right, and how the table tells it.
    let done = verify(&site, &["--pod-identity", "header:x-upstreams", "-o", "table"]).await;
    assert!(done.stdout.contains("did you mean `--pod-identity header:x-upstream`?"), "{}", done.stdout);
    // Where answers name their pod, nothing is suggested.
    let done = verify(&site, &["--pod-identity", "header:x-upstream"]).await;
    assert_eq!((done.code, &done.report["identity"]["candidates"]), (Some(0), &serde_json::json!([])), "{}", done.details());
    let done = verify(&hostile_names().serve().await, &[]).await;
    assert!(done.report["identity"]["candidates"] == serde_json::json!([]) && !done.stdout.contains("rm -rf"), "{}", done.details());
}

/// The scenario says how many ended, and when.
#[tokio::test]
async fn a_silent_socket_that_is_cut() {
    let done = verify(&one_is_cut(Some(Duration::from_millis(1_500))).serve().await, IDLE).await;
    let (outcome, detail) = done.scenario("idle");
    assert_eq!(outcome, "fail", "{detail}");
    assert!(detail.starts_with("1 of 4 silent sockets was cut after 1.5 s") && detail.ends_with("while the others stayed open"), "{detail}");
    assert_eq!(done.detail("socket-lost"), detail);
}
