//! A client's whole conversation with an app that sets the cookie.

use crate::wire::target::Target;
use anyhow::Result;
use serde_json::json;
use std::collections::HashSet;
use testkit::jar::Jar;
use testkit::session::Session;
use testkit::{http, random};

/// The app sets the cookie, and a proxy would hash it.
pub(super) const FLAGS: &[&str] = &["--issuer", "app"];

/// The page, the socket, and the four ways to send, in the order in which the page uses them.
pub(super) async fn a_conversation(target: &Target) -> Result<()> {
    let page = http::get(target.at("/")).send().await?;
    assert_eq!(page.status, 200);
    let mut jar = Jar::default();
    jar.take(&page);
    let text = page.text();
    let meta = |name: &str| {
        let start = text.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no meta {name}"));
        text[start..].split("content=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let id = meta("sticky-client");
    assert!(id.len() == 26 && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')), "{id}");
    assert_eq!(meta("sticky-page-by"), target.text_of(&page.place()?));

    let (cookie, cookies) = (jar.header(), jar.names());
    assert!(cookies.contains(&"StickyStr"), "{cookies:?}");
    let mut ws = testkit::ws::socket(&target.url, &id).cookie(&cookie).open().await?;
    assert_eq!(ws.identity(), target.text_of(&ws.at()));

    let send = |route: &str| http::post(target.at(&format!("/{route}/{id}")), &json!({"text": "hello", "op": "echo"})).cookie(&cookie).send();
    let answer = send("submit").await?;
    let by = target.text_of(&answer.place()?);
    assert_eq!((answer.status, answer.json()?), (200, json!({"text": format!("[{by}]  hello"), "cookies": cookies})));

    let frame = ws.echo("hello").await?;
    assert_eq!(frame, json!({"text": format!("[{}]  hello", ws.identity())}));

    let answer = send("without-redis").await?;
    let place = answer.place()?;
    let by = target.text_of(&place);
    if place == ws.at() {
        assert_eq!((answer.status, answer.json()?), (200, json!({"text": format!("[{by}] replying with ws"), "delivered": 1, "cookies": cookies})));
        assert_eq!(ws.next_json().await?, json!({"text": format!("[{by}]  hello")}));
    } else {
        assert_eq!(
            (answer.status, answer.json()?),
            (200, json!({"text": format!("[{by}] no connection to {id}"), "delivered": 0, "cookies": cookies}))
        );
    }

    let answer = send("with-redis").await?;
    let by = target.text_of(&answer.place()?);
    assert_eq!(
        (answer.status, answer.json()?),
        (200, json!({"text": format!("[{by}] publishing to {}", target.bus()), "receivers": 1, "cookies": cookies}))
    );
    assert_eq!(ws.next_json().await?, json!({"text": format!("[{}]  hello", ws.identity())}), "the holder's identity, not the publisher's");
    ws.close().await
}

/// `StickyStr` has exactly the format that proxies hash, and no other cookie has that name.
pub(super) async fn the_cookie_of_the_app(target: &Target) -> Result<()> {
    for path in ["/", "/session"] {
        let answer = http::get(target.at(path)).send().await?;
        let set: Vec<_> =
            answer.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()).filter(|v| v.starts_with("StickyStr=")).collect();
        assert_eq!(set.len(), 1, "{path}: {:?}", answer.headers);
        let (value, attributes) = set[0].split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; SameSite=Lax");
        let (letters, by) = value.trim_start_matches("StickyStr=").split_once("-by-").unwrap();
        assert!(letters.len() == 8 && letters.bytes().all(|b| b.is_ascii_lowercase()), "{value}");
        assert_eq!(by, target.text_of(&answer.place()?));
        if path == "/session" {
            assert_eq!(answer.json()?["sticky_str"], format!("{letters}-by-{by}"));
        }
    }
    Ok(())
}

pub(super) async fn both_fields_are_optional(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    for body in [json!({}), json!({"text": ""}), json!({"op": "echo"}), json!({"something": "else"})] {
        let answer = session.post("submit", &body, "").await?;
        assert_eq!(
            (answer.status, answer.json()?),
            (200, json!({"text": format!("[{}]  ", target.text_of(&answer.place()?)), "cookies": []})),
            "{body}"
        );
    }
    let mut ws = session.socket().await?;
    ws.send(&json!({})).await?;
    assert_eq!(ws.next_json().await?, json!({"text": format!("[{}]  ", ws.identity())}));
    Ok(())
}

pub(super) async fn texts_come_back_as_they_went(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let mut ws = session.socket().await?;
    let longest = "é".repeat(2_048);
    let texts = [
        " leading and trailing ",
        "naïve ☃ 𝄞 👩‍👩‍👧",
        "</script><script>alert(1)</script>",
        "\"quoted\" \\ back/slash",
        "line\nfeed\r\n\ttab",
        "\u{0}\u{1}\u{7f}\u{80}",
        "\u{2028}\u{2029}\u{feff}\u{202e}abc",
        "{\"text\":\"nested\"}",
        "%00%2e%2e",
        longest.as_str(),
    ];
    for text in texts {
        let answer = session.sticky("submit", text).await?;
        let by = target.text_of(&answer.place()?);
        assert_eq!((answer.status, answer.json()?["text"].as_str().unwrap()), (200, format!("[{by}]  {text}").as_str()));
        assert_eq!(ws.echo(text).await?["text"].as_str().unwrap(), format!("[{}]  {text}", ws.identity()));
        let answer = session.sticky("with-redis", text).await?;
        assert_eq!((answer.status, &answer.json()?["receivers"]), (200, &json!(1)));
        assert_eq!(ws.next_json().await?["text"].as_str().unwrap(), format!("[{}]  {text}", ws.identity()), "through the bus");
    }
    Ok(())
}

/// An answer names the cookies that reached the app, and never tells their values; without any the list is empty.
pub(super) async fn answers_name_the_cookies(target: &Target) -> Result<()> {
    let session = Session::visit(&target.url).await?;
    let _ws = session.socket().await?;
    for route in ["submit", "without-redis", "with-redis"] {
        for (cookie, names) in [("", vec![]), ("a=1; secret=hunter2; a=3; junk", vec!["a", "secret", "a"])] {
            let answer = session.post(route, &json!({"text": "x"}), cookie).await?;
            assert_eq!((answer.status, &answer.json()?["cookies"]), (200, &json!(names)), "{route}");
            assert!(!answer.text().contains("hunter2"), "{route}: {}", answer.text());
        }
    }
    Ok(())
}

/// Any replica accepts an id that another one issued.
pub(super) async fn any_well_formed_id_is_served(target: &Target) -> Result<()> {
    let edges = ["a".repeat(26), "7".repeat(26), "2".repeat(26), "abcdefghijklmnopqrstuvwxyz".to_owned()];
    for id in edges.into_iter().chain((0..64).map(|_| random::client_id())) {
        let answer = http::post(target.at(&format!("/submit/{id}")), &json!({"text": "x"})).send().await?;
        assert_eq!(
            (answer.status, answer.json()?),
            (200, json!({"text": format!("[{}]  x", target.text_of(&answer.place()?)), "cookies": []})),
            "{id}"
        );
    }
    Ok(())
}

pub(super) async fn ids_are_new_each_time(target: &Target) -> Result<()> {
    let mut seen = HashSet::new();
    for _ in 0..20 {
        assert!(seen.insert(Session::visit(&target.url).await?.id));
    }
    Ok(())
}
