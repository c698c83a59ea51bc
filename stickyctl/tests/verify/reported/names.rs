//! Several cookies, with one name or with several.

use super::{Report, check, hash, run, turns};
use crate::case::{Case, NOT_STICKY, STICKY, UNCLEAR};
use crate::site::SECRET;
use crate::stub::{Reply, Stub};

/// A balancer that replaces its cookie with every answer, and sets a second one for requests from other sites, which needs TLS.
fn new_with_every_answer(both: bool) -> Stub {
    let (mut next, mut tokens) = (turns(3), Vec::new());
    Stub::new(move |asked| {
        let known = asked.number_in("AWSALB").or_else(|| asked.number_in("AWSALBCORS")).and_then(|token| tokens.get(token as usize).copied());
        let pod: u64 = known.unwrap_or_else(&mut next);
        let token = tokens.len();
        tokens.push(pod);
        let answer = if both { Reply::pod(pod, asked).cookie(format!("AWSALB={token}; Max-Age=604800; Path=/")) } else { Reply::pod(pod, asked) };
        answer.cookie(format!("AWSALBCORS={token}; Max-Age=604800; Path=/; SameSite=None; Secure"))
    })
}

/// Gateway and app set a cookie of one name, each for its own path. The gateway hashes the first one in the request.
fn gateway_and_app(gateway: &'static str, app: &'static str) -> Stub {
    let mut count = 0;
    Stub::new(move |asked| match asked.cookie("JSESSIONID") {
        Some(key) => Reply::pod(hash(&key), asked),
        None => {
            count += 1;
            let key = format!("gateway{count}");
            let answer = Reply::pod(hash(key.as_bytes()), asked).cookie(format!("JSESSIONID={key}; Path={gateway}"));
            answer.cookie(format!("JSESSIONID=app{count}; Path={app}"))
        }
    })
}

/// The balancer hashes the app's session cookie; the app signs it anew in every answer, or sets it once and the balancer learns it.
fn signed_anew(learns: bool) -> Stub {
    let (mut next, mut learnt) = (turns(3), std::collections::BTreeMap::new());
    Stub::new(move |asked| match asked.cookie("sessionid") {
        Some(key) if learns => Reply::pod(learnt.get(&key).copied().unwrap_or_default(), asked),
        Some(key) => Reply::pod(hash(&key), asked).cookie(format!("sessionid=s{}; Path=/", asked.number)),
        None => {
            let (pod, key) = (next(), format!("s{}", asked.number));
            learnt.insert(key.clone().into_bytes(), pod);
            Reply::pod(pod, asked).cookie(format!("sessionid={key}; Path=/"))
        }
    })
}

/// The app's cookies and the balancer's; a proxy in between may join them into one line.
fn joined(between: Option<&'static str>) -> Stub {
    let mut next = turns(3);
    Stub::new(move |asked| match asked.number_in("route") {
        Some(pod) => Reply::pod(pod, asked),
        None => {
            let pod = next();
            let lines = [format!("user={}; SameSite=Lax", asked.number), format!("sid={SECRET}"), format!("route={pod}; Path=/; HttpOnly")];
            let answer = Reply::pod(pod, asked);
            match between {
                Some(between) => answer.cookie(lines.join(between)),
                None => lines.iter().fold(answer, |answer, line| answer.cookie(line)),
            }
        }
    })
}

/// Two versions behind one rule, which picks one by weight: for each request, or for each session. Within a version a cookie holds.
fn two_versions(for_each_session: bool) -> Stub {
    let mut next = [turns(2), turns(2)];
    Stub::new(move |asked| {
        let kept = asked.number_in("version").filter(|_| for_each_session);
        let version = kept.unwrap_or_else(|| u64::from(asked.number % 5 == 0));
        let known = asked.number_in("route").filter(|pod| *pod / 2 == version);
        let pod = known.unwrap_or_else(|| next[version as usize]() + 2 * version);
        let answer = Reply::pod(pod, asked);
        if known.is_none() { answer.cookie(format!("version={version}; Path=/")).cookie(format!("route={pod}; Path=/")) } else { answer }
    })
}

pub(super) const REPORTS: &[Report] = &[
    Report {
        source: "awsdocs/elb-application-load-balancers-user-guide#11",
        does: "AWS ALB sets AWSALB and AWSALBCORS anew with every answer; over plain http the second one doesn't come back",
        case: Case::stub("a new cookie with every answer", || new_with_every_answer(true), STICKY, &[]).beside(&[
            "secure-over-http",
            "cookie-not-honoured",
            "dead-cookie-unsettled",
            "cookie-overwritten",
        ]),
        beside: Case::stub("only the one that needs TLS", || new_with_every_answer(false), UNCLEAR, &["secure-over-http"]),
    },
    Report {
        source: "istio/istio#21280",
        does: "Gateway and app both set JSESSIONID, for different paths; the gateway hashes the one that comes first",
        case: Case::stub("the app's cookie comes first", || gateway_and_app("/", "/app"), NOT_STICKY, &["bound-late"])
            .with(&["/app/page"])
            .beside(&["leaks"]),
        beside: Case::stub("the gateway's cookie comes first", || gateway_and_app("/app", "/"), STICKY, &[])
            .with(&["/app/page"])
            .beside(&["bound-late", "cookie-overwritten"]),
    },
    Report {
        source: "open-craft/opencraft#266",
        does: "The balancer hashes the app's session cookie, and the app signs it anew in every answer",
        case: Case::stub("a key that every answer replaces", || signed_anew(false), NOT_STICKY, &["cookie-overwritten"]).beside(&[
            "cookie-not-honoured",
            "leaks",
            "bound-late",
        ]),
        beside: Case::stub("a key that the balancer learns", || signed_anew(true), STICKY, &[]).beside(&["cookie-overwritten"]),
    },
    Report {
        source: "stoplightio/prism#2676",
        does: "A proxy joins two Set-Cookie lines into one. Browsers keep only the first cookie, which isn't the balancer's",
        case: Case::stub("two cookies in one line", || joined(Some(",")), NOT_STICKY, &["cookie-not-honoured"]).beside(&["cookie-refused"]),
        beside: Case::stub("two cookies in two lines", || joined(None), STICKY, &[]).beside(&["cookie-not-honoured"]),
    },
    Report {
        source: "traefik/traefik#6883",
        does: "Two weighted services have a cookie each; the weight decides for each request, whatever the cookie",
        case: Case::stub("a version by request", || two_versions(false), NOT_STICKY, &["leaks"]).beside(&["cookie-picks-node", "cookie-overwritten"]),
        beside: Case::stub("a version by session", || two_versions(true), STICKY, &[]).with(&["--sessions", "30"]).beside(&["leaks"]),
    },
];

#[tokio::test]
async fn reported_names() {
    check(REPORTS).await;
}

/// The second cookie's value is in the first one's attributes, and stays a secret.
#[tokio::test]
async fn the_reason_tells_of_cookies_in_one_line() {
    let done = run(REPORTS, "stoplightio/prism#2676").await;
    let causes = done.report["reasons"][0]["causes"].as_array().unwrap();
    assert!(causes[0]["cause"].as_str().unwrap().starts_with("A proxy in between joins"), "{causes:?}");
    assert!(done.stdout.contains("joined with sid") && !done.stdout.contains(SECRET), "{}", done.stdout);
}
