//! Balancers that don't do what the cookie says, or not always.

use super::{Report, check, run, turns};
use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR};
use crate::stub::{Reply, Stub};

/// A canary that gets half of the requests, whatever their cookie; or half of the new sessions.
fn canary(of_sessions: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| {
        let (sent, is_canary) = (asked.number_in("route"), crate::site::hash(asked.number).is_multiple_of(2));
        match sent {
            Some(pod) if of_sessions || !is_canary && pod < 3 => Reply::pod(pod, asked),
            _ => {
                let pod = if is_canary { 3 } else { next() };
                Reply::pod(pod, asked).cookie(format!("route={pod}; Path=/"))
            }
        }
    })
}

/// One new session in three is answered by a retry, which sets no cookie.
fn retries(sets: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("route") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let (pod, is_retry) = (next(), crate::site::hash(asked.number).is_multiple_of(3));
            let answer = Reply::pod(pod, asked);
            if sets || !is_retry { answer.cookie(format!("route={pod}; Path=/")) } else { answer }
        }
    })
}

/// Two proxies behind one address write the time of expiry into the cookie, each by its own clock.
fn two_clocks(apart: u64) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| {
        let now = 1_000 + if crate::site::hash(asked.connection).is_multiple_of(2) { apart } else { 0 };
        let sent = asked.cookie("route").and_then(|value| String::from_utf8(value).ok());
        let known = sent.as_deref().and_then(|value| value.split_once('.')).and_then(|(pod, ends)| Some((pod.parse().ok()?, ends.parse().ok()?)));
        match known.filter(|(_, ends): &(u64, u64)| *ends > now) {
            Some((pod, _)) => Reply::pod(pod, asked),
            None => {
                let pod = next();
                Reply::pod(pod, asked).cookie(format!("route={pod}.{}; Path=/", now + 300))
            }
        }
    })
}

/// A pod goes away, and the proxy balances its sessions request by request; or it binds them to another one.
fn a_pod_goes(binds_again: bool) -> Stub {
    let mut next = turns(2);
    let mut any = turns(3);
    Stub::new(move |asked| {
        let (sent, is_gone) = (asked.number_in("route"), asked.number > 80);
        match sent {
            Some(pod) if !(is_gone && pod == 2) => Reply::pod(pod, asked),
            _ => {
                let pod = if is_gone { next() } else { any() };
                let answer = Reply::pod(pod, asked);
                if sent.is_none() || binds_again { answer.cookie(format!("route={pod}; Path=/")) } else { answer }
            }
        }
    })
}

/// Two gateways: one of them has ejected a pod for a while, and sends that pod's sessions elsewhere.
fn ejected_by_one(ejects: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("route") {
        Some(pod) if ejects && pod == 1 && crate::site::hash(asked.connection).is_multiple_of(2) => Reply::pod(2, asked),
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let pod = next();
            Reply::pod(pod, asked).cookie(format!("route={pod}; Path=/"))
        }
    })
}

/// Every client without a cookie goes to the first server.
fn first_server(only: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| {
        let pod = asked.number_in("route").unwrap_or_else(|| if only { 0 } else { next() });
        Reply::pod(pod, asked).cookie(format!("route={pod}; Path=/"))
    })
}

/// A client without the balancer's cookie is sent to the same URL once more, to see whether it keeps cookies.
fn challenge(forgets: bool) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("__tfw") {
        Some(pod) if forgets => Reply::pod((pod + asked.number) % 3, asked),
        Some(pod) => Reply::pod(pod, asked),
        None => Reply::new(302).header("location", asked.path.clone()).cookie(format!("__tfw={}; Path=/", next())),
    })
}

/// The balancer chooses for the first request of each connection.
fn by_connection() -> Stub {
    let (mut next, mut chosen) = (turns(3), std::collections::BTreeMap::new());
    Stub::new(move |asked| {
        let sent = asked.number_in("BIGipServer");
        let pod = *chosen.entry(asked.connection).or_insert_with(|| sent.unwrap_or_else(&mut next));
        let answer = Reply::pod(pod, asked);
        if sent.is_none() { answer.cookie(format!("BIGipServer={pod}; Path=/")) } else { answer }
    })
}

pub(super) const REPORTS: &[Report] = &[
    Report {
        source: "kubernetes/ingress-nginx#3717",
        does: "A canary gets its share of the requests, whatever their cookie",
        case: Case::stub("a canary by request", || canary(false), NOT_STICKY, &["cookie-not-honoured"])
            .with(&["--sessions", "30"])
            .beside(&["cookie-picks-node"]),
        beside: Case::stub("a canary by session", || canary(true), STICKY, &[]).with(&["--sessions", "30"]).beside(&["cookie-not-honoured"]),
    },
    Report {
        source: "traefik/traefik#3975",
        does: "If the first attempt fails and a retry succeeds, the answer sets no cookie",
        case: Case::stub("retries that set no cookie", || retries(false), NOT_STICKY, &["bound-late"]).beside(&["leaks", "no-affinity-cookie"]),
        beside: Case::stub("retries that set it", || retries(true), STICKY, &[]).beside(&["bound-late"]),
    },
    Report {
        source: "envoyproxy/envoy#44111",
        does: "Two proxies behind one address stamp the cookie by clocks that differ; one takes the other's for expired and replaces it",
        case: Case::stub("two clocks", || two_clocks(1_000), NOT_STICKY, &["leaks"]).with(&["--sessions", "30"]).beside(&["cookie-short-lived"]),
        beside: Case::stub("two clocks that agree", || two_clocks(0), STICKY, &[]).with(&["--sessions", "30"]).beside(&["leaks"]),
    },
    Report {
        source: "kubernetes/ingress-nginx#7960",
        does: "A pod goes away, and its sessions are balanced request by request from then on",
        case: Case::stub("sessions of a dead pod wander", || a_pod_goes(false), UNCLEAR, &["pods-replaced", "dead-cookie-unsettled"]),
        beside: Case::stub("sessions of a dead pod are bound again", || a_pod_goes(true), UNCLEAR, &["pods-replaced"])
            .beside(&["dead-cookie-unsettled"]),
    },
    Report {
        source: "istio/istio#41674",
        does: "One of two gateways behind one address has ejected a pod, and sends that pod's sessions elsewhere",
        case: Case::stub("ejected by one gateway", || ejected_by_one(true), NOT_STICKY, &["leaks"]).with(&["--sessions", "30"]),
        beside: Case::stub("ejected by none", || ejected_by_one(false), STICKY, &[]).with(&["--sessions", "30"]).beside(&["leaks"]),
    },
    Report {
        source: "traefik/traefik#5521",
        does: "Every client without a cookie reaches the first server",
        case: Case::stub("the first server for all", || first_server(true), UNCLEAR, &["single-backend-path"]).beside(&["unbalanced-control"]),
        beside: Case::stub("the servers in turn", || first_server(false), STICKY, &[]).beside(&["single-backend-path"]),
    },
    Report {
        source: "tempesta-tech/tempesta#1075",
        does: "A client without the cookie gets it with a redirect to the same URL, which no pod answers",
        case: Case::stub("a challenge, and then a pod", || challenge(false), STICKY, &[]).with(&["--sessions", "30"]),
        beside: Case::stub("a challenge, and then any pod", || challenge(true), NOT_STICKY, &["cookie-not-honoured"]).with(&["--sessions", "30"]),
    },
    Report {
        source: "cloudflare/cloudflare-docs#28594",
        does: "The balancer reads the cookie of a connection's first request only. A CDN in front sends several sessions over one connection (`--shared-connection`)",
        case: Case::stub("a pod by connection", by_connection, STICKY, &["shared-connection"]).with(&["--shared-connection"]),
        beside: Case::stub("a pod by connection, with connections of their own", by_connection, STICKY, &[]).beside(&["shared-connection"]),
    },
];

#[tokio::test]
async fn reported_balancers() {
    check(REPORTS).await;
}

/// The evidence decides which cause comes first.
#[tokio::test]
async fn a_cookie_that_comes_late() {
    let done = run(REPORTS, "traefik/traefik#3975").await;
    assert!(done.detail("bound-late").ends_with("the answers before did not set it"), "{}", done.details());
    let causes = done.report["reasons"][0]["causes"].as_array().unwrap();
    assert!(causes[0]["cause"].as_str().unwrap().starts_with("The first answers"), "{causes:?}");
}
