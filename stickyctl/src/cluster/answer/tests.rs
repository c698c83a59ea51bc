#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use http::HeaderMap;

fn reply(status: u16, cookies: &[&str], body: &str) -> Reply {
    let mut headers = HeaderMap::new();
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie.parse().unwrap());
    }
    Reply { status, headers, body: body.to_owned().into() }
}

#[test]
fn who_answered_and_what_goes_back() {
    let body = r#"{"pod":"app-1","worker":2,"version":"0.1.0","cookies":[]}"#;
    let (answer, cookie) = read(&reply(200, &["sticky=dead; Path=/", "sticky=a.b|c; Path=/; HttpOnly", "b=1"], body)).unwrap();
    assert_eq!(answer, Answer { pod: "app-1".to_owned(), worker: Some(2), cookie: Some("sticky".to_owned()) });
    assert_eq!(cookie.as_deref(), Some("b=1; sticky=a.b|c"));
    let (answer, cookie) = read(&reply(200, &[], r#"{"pod":"app"}"#)).unwrap();
    assert_eq!((answer.pod.as_str(), answer.worker, cookie), ("app", None, None));
    assert_eq!(read(&reply(200, &[], "<html>")), None);
}

#[test]
fn names() {
    assert_eq!((name(None), name(Some("demo.example")), name(Some("*.example"))), ("localhost".into(), "demo.example".into(), "any.example".into()));
    assert!(refusal(&reply(404, &[], "")).contains("route") && refusal(&reply(503, &[], "")).contains("no pod"));
}

#[tokio::test(start_paused = true)]
async fn the_last_reason_is_kept_and_a_final_one_ends_it() {
    let soon = || Deadline::after(Duration::from_secs(1));
    let late = patiently::<()>("asking", soon(), async || Err(Reason::Wait("404".to_owned()))).await.unwrap_err();
    assert_eq!((late.exit(), late.to_string().as_str()), (Exit::TimedOut, "asking: not within 1.0 s: 404"));
    let silent = patiently::<()>("asking", soon(), async || std::future::pending().await).await.unwrap_err();
    assert_eq!(silent.to_string(), "asking: not within 1.0 s: there was no answer");
    let over = patiently::<()>("asking", soon(), async || Err(Reason::Tls { status: 308, to: "https://x".to_owned() })).await.unwrap_err();
    assert_eq!(over.exit(), Exit::Failed);
    let mut tries = 0;
    let done = patiently("asking", soon(), async || {
        tries += 1;
        if tries == 1 { Err(Reason::Wait(String::new())) } else { Ok(tries) }
    });
    assert_eq!(done.await.unwrap(), 2);
}
