//! Why sessions move at sites that people reported, each beside a site that is alike.

use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR, all, verify};
use crate::stub::{Asked, Reply, Stub};
use std::collections::HashMap;
use std::time::Duration;

const PODS: u64 = 3;
const LARGE: &[&str] = &["--sessions", "30", "--requests", "12"];

/// Numbers that look random, and are the same in each run.
fn hash(n: u64) -> u64 {
    let mixed = (n ^ (n >> 7)).wrapping_add(0x9E37_79B9).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 33
}

/// A session, by a cookie of the application, and whether it is new.
fn session(asked: &Asked) -> (u64, bool) {
    asked.number_in("sid").map_or((asked.number, true), |known| (known, false))
}

/// Sessions go anywhere until `is_bound` is true of the session's number of requests and its age, and to one pod each after that.
fn settles(is_bound: impl Fn(u64, Duration) -> bool + Send + 'static) -> Stub {
    let mut seen: HashMap<u64, (u64, Duration)> = HashMap::new();
    Stub::new(move |asked| {
        let (id, is_new) = session(asked);
        let (count, since) = seen.entry(id).or_insert((0, asked.at));
        *count += 1;
        let pod = if is_bound(*count, asked.at - *since) { hash(id) } else { hash(asked.number) } % PODS;
        let reply = Reply::pod(pod, asked);
        if is_new { reply.cookie(format!("sid={id}; Path=/")) } else { reply }
    })
}

/// The application sets the cookie that the proxy looks at on a later page, as after a login. With the second answer it is the report
/// kubernetes/ingress-nginx#3769.
fn by_answer(k: u64) -> Stub {
    settles(move |count, _| count >= k)
}

/// The proxy's cookie names the pod. The application's answers set `Set-Cookie` lines of their own after it, as `app` says.
fn beside_app(app: impl Fn(&Asked) -> Option<String> + Send + 'static) -> Stub {
    let mut turn = 0;
    Stub::new(move |asked| {
        let known = asked.number_in("route").filter(|pod| *pod < PODS);
        let pod = known.unwrap_or_else(|| {
            turn += 1;
            hash(turn) % PODS
        });
        let mut reply = Reply::pod(pod, asked);
        if known.is_none() {
            reply = reply.cookie(format!("route={pod}; Path=/"));
        }
        match app(asked) {
            Some(line) => reply.cookie(line),
            None => reply,
        }
    })
}

/// The cookie picks one of `nodes` groups of pods, and a pod in it answers at random. With `leak` the cookie picks a pod, and one request in
/// so many goes to any pod of the same group.
fn by_node(nodes: u64, pods: u64, leak: Option<u64>) -> Stub {
    Stub::new(move |asked| {
        let (known, any) = (asked.number_in("node"), hash(asked.number * 31) % (nodes * pods));
        let pod = known.unwrap_or(any);
        let leaks = known.is_some() && leak.is_none_or(|leak| asked.number % leak == 0);
        let reply = Reply::pod(if leaks { pod / pods * pods + hash(asked.number) % pods } else { pod }, asked);
        if known.is_none() { reply.cookie(format!("node={pod}; Path=/")) } else { reply }
    })
}

/// The server keeps sessions by what `find` finds in a request, and hands out a new one with `give` to others. No cookie is set.
fn by_value(find: impl Fn(&Asked) -> Option<u64> + Send + 'static, give: impl Fn(Reply, u64) -> Reply + Send + 'static) -> Stub {
    Stub::new(move |asked| match find(asked) {
        Some(id) => Reply::pod(hash(id) % PODS, asked),
        None => give(Reply::pod(hash(asked.number) % PODS, asked), asked.number),
    })
}

fn in_header(name: &'static str) -> Stub {
    by_value(move |asked| asked.header(name)?.parse().ok(), move |reply, id| reply.header(name, format!("{id}")))
}

fn in_body(before: &'static str, after: &'static str) -> Stub {
    by_value(|asked| asked.query("session_hash")?.parse().ok(), move |reply, id| reply.body(format!("{before}{:08}{after}", id)))
}

pub(crate) const CASES: &[Case] = &[
    Case::stub("bound by the third answer", || by_answer(3), NOT_STICKY, &["bound-late"]).with(LARGE).beside(&["leaks", "cookie-not-honoured"]),
    Case::stub("bound by the sixth answer", || by_answer(6), NOT_STICKY, &["bound-late"]).with(LARGE).beside(&["leaks", "cookie-picks-node"]),
    Case::stub("bound by the last answer but one", || by_answer(12), NOT_STICKY, &["cookie-not-honoured"]).with(LARGE).beside(&["bound-late"]),
    // Each of several proxies may pick another server until they have told one another (haproxy/haproxy#2196).
    Case::stub("bound after 400 ms", || settles(|_, age| age > Duration::from_millis(400)), NOT_STICKY, &["bound-late"])
        .with(&["--sessions", "30", "--requests", "12", "--rate", "400"])
        .beside(&["leaks", "cookie-not-honoured"]),
    Case::stub(
        "bound at once, but for one answer in ten",
        || {
            Stub::new(|asked| {
                let (id, is_new) = session(asked);
                let reply = Reply::pod(if asked.number % 10 == 3 { hash(asked.number) } else { hash(id) } % PODS, asked);
                if is_new { reply.cookie(format!("sid={id}; Path=/")) } else { reply }
            })
        },
        NOT_STICKY,
        &["leaks"],
    )
    .with(LARGE)
    .beside(&["bound-late", "cookie-picks-node", "cookie-overwritten"]),
    // The proxy's cookie has the name of the application's, such as JSESSIONID (kubernetes/ingress-nginx#2735).
    Case::stub(
        "the application overwrites the proxy's cookie on each answer",
        || beside_app(|asked| Some(format!("route=app-{}; Path=/", asked.number))),
        NOT_STICKY,
        &["cookie-overwritten"],
    )
    .beside(&["cookie-not-honoured", "leaks"]),
    Case::stub(
        "the application overwrites it on later answers only",
        || beside_app(|asked| asked.number_in("route").is_some().then(|| format!("route=app-{}; Path=/", asked.number))),
        NOT_STICKY,
        &["cookie-overwritten"],
    )
    .beside(&["cookie-not-honoured", "leaks"]),
    Case::stub(
        "the application repeats the proxy's cookie on each answer",
        || beside_app(|asked| asked.number_in("route").map(|pod| format!("route={pod}; Path=/"))),
        STICKY,
        &[],
    )
    .beside(&["cookie-overwritten"]),
    Case::stub(
        "the application renews a cookie of its own on each answer",
        || beside_app(|asked| Some(format!("session={}; Path=/", asked.number))),
        STICKY,
        &[],
    )
    .beside(&["cookie-overwritten"]),
    // The proxy hashes the application's cookie, which has a new value in each answer, as in open-craft/opencraft#266.
    Case::stub(
        "hash of a cookie that each answer renews",
        || {
            Stub::new(|asked| {
                let pod = asked.number_in("session").map_or(hash(asked.number * 7), hash) % PODS;
                Reply::pod(pod, asked).cookie(format!("session={}; Path=/", asked.number))
            })
        },
        NOT_STICKY,
        &["cookie-overwritten"],
    )
    .beside(&["cookie-not-honoured", "bound-late"]),
    // Nobody reads it.
    Case::stub(
        "no affinity, and a cookie that each answer renews",
        || Stub::new(|asked| Reply::pod(hash(asked.number) % PODS, asked).cookie(format!("session={}; Path=/", asked.number))),
        NOT_STICKY,
        &["cookie-not-honoured"],
    )
    .beside(&["cookie-overwritten"]),
    // The load balancer's cookie picks a node, and kube-proxy any pod (kubernetes-sigs/aws-load-balancer-controller#136).
    Case::stub("a cookie for one of two nodes with two pods", || by_node(2, 2, None), NOT_STICKY, &["cookie-picks-node"]).with(LARGE).beside(&[
        "leaks",
        "cookie-not-honoured",
        "paths-disagree",
    ]),
    Case::stub("a cookie for one of three nodes with three pods", || by_node(3, 3, None), NOT_STICKY, &["cookie-picks-node"])
        .with(LARGE)
        .beside(&["leaks", "cookie-not-honoured"]),
    Case::stub("a node with two pods is all there is", || by_node(1, 2, None), NOT_STICKY, &["cookie-not-honoured"])
        .with(LARGE)
        .beside(&["cookie-picks-node"]),
    Case::stub("a cookie for a pod, but one answer in fifteen from another on its node", || by_node(3, 3, Some(15)), NOT_STICKY, &["leaks"])
        .with(LARGE)
        .beside(&["cookie-picks-node"]),
    // agentic-community/mcp-gateway-registry#960
    Case::stub("an MCP server's session", || in_header("mcp-session-id"), UNCLEAR, &["session-not-in-cookie"]).beside(&["no-affinity-cookie"]),
    // gradio-app/gradio#10487
    Case::stub("a session_hash in JSON", || in_body(r#"{"session_hash": ""#, r#""}"#), UNCLEAR, &["session-not-in-cookie"])
        .beside(&["no-affinity-cookie"]),
    // Affinity by a parameter of the URL, as in haproxy/haproxy#1078.
    Case::stub("a session in each link", || in_body("<a href=\"/shop;jsessionid=", "\">"), UNCLEAR, &["session-not-in-cookie"])
        .beside(&["no-affinity-cookie"]),
    // modelcontextprotocol/java-sdk#332
    Case::stub(
        "a session that a stream of events begins with",
        || in_body("data: /messages/?session_id=", "\n\n"),
        UNCLEAR,
        &["session-not-in-cookie"],
    )
    .beside(&["no-affinity-cookie"]),
    Case::stub("a request ID", || in_header("x-request-id"), NOT_STICKY, &["no-affinity-cookie"]).beside(&["session-not-in-cookie"]),
    Case::stub("a token against forgery", || in_body(r#"{"csrf_token": ""#, r#""}"#), NOT_STICKY, &["no-affinity-cookie"])
        .beside(&["session-not-in-cookie"]),
    Case::stub("a session's name that all share", || in_header_always("x-session-name"), NOT_STICKY, &["no-affinity-cookie"])
        .beside(&["session-not-in-cookie"]),
    // It is sent back, and nobody reads it.
    Case::stub("a session that is captured in vain", || in_header("x-session-id"), NOT_STICKY, &["value-not-honoured"])
        .with(&["--capture", "ID=header:x-session-id", "--path", "/?other={ID}"])
        .beside(&["session-not-in-cookie"]),
    Case::stub("an MCP server's session, captured", || in_header("mcp-session-id"), STICKY, &[])
        .with(&["--capture", "ID=header:mcp-session-id", "--header", "@tests/verify/data/mcp.headers"])
        .beside(&["session-not-in-cookie", "no-affinity-cookie"]),
];

fn in_header_always(name: &'static str) -> Stub {
    Stub::new(move |asked| Reply::pod(hash(asked.number) % PODS, asked).header(name, "guest"))
}

#[tokio::test]
async fn reported_moves() {
    all(CASES).await;
}

/// The details say from when on sessions stay, which cookie is overwritten, and where a session is.
#[tokio::test]
async fn the_details_of_moves() {
    let of = async |stub: Stub, flags: &[&str], code: &str| {
        let done = verify(&stub.serve().await, flags).await;
        assert!(!done.detail(code).is_empty(), "{}", done.details());
        done
    };
    let third = of(by_answer(3), LARGE, "bound-late").await;
    assert!(third.detail("bound-late").contains("each session stays from its 3rd answer on"), "{}", third.details());
    let node = of(by_node(2, 2, None), LARGE, "cookie-picks-node").await;
    assert!(node.detail("cookie-picks-node").ends_with("there are 2 such groups, of 2 and 2 pods"), "{}", node.details());
    let app = of(beside_app(|asked| Some(format!("route=app-{}; Path=/", asked.number))), &[], "cookie-overwritten").await;
    assert!(app.detail("cookie-overwritten").ends_with("16 of 16 requests with the first value reached the first answer's pod"), "{}", app.details());
    let mcp = verify(&in_header("mcp-session-id").serve().await, &["-o", "table"]).await;
    for says in ["a value of its own at header:mcp-session-id", "The session is not in a cookie", "--capture NAME=header:HEADER"] {
        assert!(mcp.stdout.contains(says), "{says}: {}", mcp.stdout);
    }
}
