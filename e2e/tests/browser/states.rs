//! What the page says in each state is true: affinity off, the bus away, nobody there; what went along, why it missed, and what Enter does.

use anyhow::Result;
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;
use testkit::browser::Look;
use testkit::local::{Local, Runtime};
use testkit::page::Page;
use testkit::redis::Redis;
use testkit::{ports, tools};

fn have_browser() -> bool {
    tools::present(&["chromium", "chromedriver"])
}

/// What an element shows.
async fn text(page: &Page, selector: &str) -> Result<String> {
    let shown = page.browser.eval(&format!("return document.querySelector('{selector}').innerText")).await?;
    Ok(shown.as_str().unwrap_or_default().to_owned())
}

/// How many elements there are.
async fn count(page: &Page, selector: &str) -> Result<u64> {
    Ok(page.browser.eval(&format!("return document.querySelectorAll('{selector}').length")).await?.as_u64().unwrap())
}

/// All that the six "why" say.
async fn reasons(page: &Page) -> Result<String> {
    let said = page.browser.eval("return [...document.querySelectorAll('.explain')].map(e => e.textContent).join('\\n')").await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

/// Enter sends by the button used last, an empty text is refused, and the button named after a miss arrives.
#[tokio::test]
async fn the_field_and_the_reason() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    let sent = async |op: &str| -> Result<u64> { Ok(page.score(op).await?.sent) };
    page.browser.eval("document.getElementById('message').focus()").await?;
    page.key(Key::Enter).await?;
    page.settled("http-rr", 1).await?;
    page.send("ws").await?;
    assert_eq!(text(&page, "#field-hint").await?, "Enter sends by WebSockets only.");
    page.browser.eval("document.getElementById('message').focus()").await?;
    page.key(Key::Enter).await?;
    page.settled("ws", 2).await?;

    page.browser.eval("const m = document.getElementById('message'); m.value = '   '; m.dispatchEvent(new Event('input'))").await?;
    for press in [".send", ".many"] {
        page.click(&format!("li.act[data-op=\"queue\"] {press}")).await?;
        assert_eq!(text(&page, "#field-hint[role=alert]").await?, "Type a message first.");
    }
    page.key(Key::Enter).await?;
    assert_eq!((sent("queue").await?, sent("ws").await?), (0, 2), "nothing is counted");
    let at = page
        .browser
        .eval("return [document.activeElement.id, document.activeElement.ariaInvalid, document.activeElement.getAttribute('aria-describedby')]")
        .await?;
    assert_eq!(at, json!(["message", "true", "field-hint"]));
    page.browser.client.find(Locator::Css("#message")).await?.send_keys("x").await?;
    assert_eq!(text(&page, "#field-hint:not([role])").await?, "Enter sends by WebSockets only.");
    assert_eq!(count(&page, "#message[aria-invalid]").await?, 0);

    // The page and its socket are on one pod, so the cookie leads there, and each pod has one worker.
    page.until_it_misses("mem-rr").await?;
    let because = text(&page, "#because").await?;
    assert_eq!(because, "No cookie went along, so the front door took the next pod. sticky HTTP & in-memory WebSocket would have arrived.");
    page.click("#because .instead").await?;
    let score = page.settled("mem-sticky", 1).await?;
    assert_eq!((score.sent, score.arrived), (1, 1));
    assert_eq!(count(&page, "#because[hidden]").await?, 1);
    assert_eq!(
        page.browser.eval("return document.activeElement.closest('.act').dataset.op").await?,
        "mem-sticky",
        "the focus stays with what was pressed"
    );
    page.misses_in_part("mem-rr").await?;
    page.click("#because .instead").await?;
    assert_eq!(page.settled("mem-sticky", 21).await?.arrived, 21, "after twenty it sends twenty");

    // One pod with four workers: the cookie chooses no worker.
    local.ctl(&["mode", "1x4"]).await?;
    page.browser.until("the mode is 1x4", "return document.body.dataset.mode === '1x4' && document.body.dataset.socket === 'live'").await?;
    page.until_it_misses("mem-sticky").await?;
    let because = text(&page, "#because").await?;
    assert_eq!(because, "The cookie chose the pod; its workers take turns. publish to the queue would have arrived.");
    assert!(reasons(&page).await?.contains("often the wrong one of its 4 workers"));
    let before = sent("queue").await?;
    page.click("#because .instead").await?;
    assert_eq!(page.settled("queue", before + 1).await?.arrived, before + 1);
    assert!(text(&page, "#log").await?.contains("publishing to the memory bus"));
    let all = text(&page, "body").await? + &reasons(&page).await?;
    assert!(!all.to_lowercase().contains("redis"), "the memory bus is not Redis: {all}");
    page.nothing_from_elsewhere().await
}

/// What went along is what the answer names.
#[tokio::test]
async fn the_answer_tells_what_went_along() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&[]).await?;
    let page = Page::open_bent(&local.url, "window.told = body.cookies; if ('bent' in window) body.cookies = window.bent;").await?;
    let said = async |bent: &str, op: &str| -> Result<(String, String, u64)> {
        page.browser.eval(bent).await?;
        page.send(op).await?;
        let caption = text(&page, "#caption").await?.split(" reached").next().unwrap().to_owned();
        Ok((caption, text(&page, "#ledger li").await?.split(" to ").next().unwrap().to_owned(), count(&page, "#map .cookie").await?))
    };
    let expect = |caption: &str, step: &str, dots| (caption.to_owned(), format!("1{step}"), dots);
    let (with, without, unknown) =
        (expect("POST with the cookie", "POST, cookie sent,", 1), expect("POST without a cookie", "POST, no cookie,", 0), expect("POST", "POST", 0));
    assert_eq!(said("", "http-sticky").await?, with);
    assert_eq!(page.browser.eval("return window.told").await?, json!(["sticky_local"]));
    assert_eq!(said("window.bent = []", "http-sticky").await?, without);
    assert_eq!(said("window.bent = undefined", "http-sticky").await?, unknown);
    assert_eq!(said("window.bent = ['other']", "http-rr").await?, with);
    assert_eq!(said("delete window.bent", "http-rr").await?, expect("POST", "POST, no cookie,", 0));
    assert_eq!(page.browser.eval("return window.told").await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn affinity_off() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let local = Local::start(&["--affinity", "off"]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.send("http-sticky").await?;
    assert!(text(&page, "#caption").await?.starts_with("POST without a cookie reached app-"));
    assert!(text(&page, "#ledger").await?.contains("POST, no cookie, to app-"));
    assert_eq!(count(&page, "#map .cookie").await?, 0);
    let score = page.send_twenty("http-sticky").await?;
    assert!(score.pods().len() == 3 && text(&page, "#caption").await?.starts_with("20 POSTs without a cookie reached"), "{score:?}");
    assert_eq!(count(&page, "#map .cookie").await?, 0);
    page.until_it_misses("mem-sticky").await?;
    assert_eq!(text(&page, "#because").await?, "Affinity is off, so the front door took the next pod. publish to the queue would have arrived.");
    let said = reasons(&page).await?;
    assert!(!said.contains("keeps you on one pod") && !said.contains("reaches the pod") && said.matches("ffinity is off").count() == 4, "{said}");

    // Switched on while the page is open: it says so at once, and what went along is still what each answer tells.
    let on = "return fetch('control', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{\"affinity\":\"cookie\"}'}).then(answer => answer.status)";
    assert_eq!(page.browser.eval(on).await?, 200);
    page.browser.until("the page has heard of it", "return document.querySelector('[data-node=door]').dataset.affinity === 'cookie'").await?;
    assert!(reasons(&page).await?.contains("keeps you on one pod"));
    assert!(text(&page, "#because").await?.starts_with("Affinity is off, so"), "that message was sent before");
    page.send("http-sticky").await?;
    assert!(text(&page, "#caption").await?.starts_with("POST without a cookie reached app-"), "the first answer brings the cookie");
    page.send("http-sticky").await?;
    assert!(text(&page, "#caption").await?.starts_with("POST with the cookie reached app-"));
    page.nothing_from_elsewhere().await
}

/// Redis dies: one press and twenty say it, and the lanes end where the messages did.
#[tokio::test]
async fn the_bus_is_away() -> Result<()> {
    if !have_browser() || !tools::present(&["redis-server"]) {
        return Ok(());
    }
    let mut redis = Redis::start().await?;
    let local = Local::start(&["--redis-url", &redis.url()]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.until_map(&["app-1", "app-2", "app-3"], 1).await?;
    assert_eq!(page.send("queue").await?.arrived, 1);
    assert!(text(&page, "#log").await?.contains("publishing to redis"));

    redis.stop().await?;
    page.browser.until("the map shows that the bus is down", "return document.querySelector('[data-node=bus]').dataset.state === 'down'").await?;
    // Workers hear of each other by the bus. The pods that no report names any more are still there.
    page.browser.until("two pods are not seen", "return document.querySelectorAll('[data-pod][data-state=unseen]').length === 2").await?;
    page.until_map(&["app-1", "app-2", "app-3"], 1).await?;
    assert_eq!(page.browser.eval("return document.body.dataset.mode").await?, "3x1");
    assert!(reasons(&page).await?.contains("Right now the workers can't reach Redis: a miss."));

    let hops = async || -> Result<Vec<String>> {
        Ok(serde_json::from_value(page.browser.eval("return [...document.querySelectorAll('#map [data-hop]')].map(e => e.dataset.hop)").await?)?)
    };
    let score = page.send("queue").await?;
    assert_eq!((score.arrived, score.missed), (1, 1));
    let caption = text(&page, "#caption").await?;
    assert!(caption.contains(", which can't reach Redis, so it published nothing (503): ") && caption.ends_with("missed."), "{caption}");
    assert!(text(&page, "#ledger").await?.contains("no connection to Redis"));
    let at = caption.split_whitespace().find(|word| word.starts_with("app-")).unwrap().trim_end_matches(',').to_owned();
    let at = if at.contains(':') { at } else { format!("{at}:0") };
    let drawn = hops().await?;
    assert_eq!(drawn.iter().filter(|hop| **hop == format!("door>{at}:post") || **hop == format!("{at}>:publish")).count(), 2, "{drawn:?}");
    assert_eq!(count(&page, "#map .missring").await?, 1, "{drawn:?}");
    let because = text(&page, "#because").await?;
    assert_eq!(because, "sticky HTTP & in-memory WebSocket would have arrived.");
    page.click("#because .instead").await?;
    assert_eq!(page.settled("mem-sticky", 1).await?.arrived, 1, "it was true");

    let score = page.send_twenty("queue").await?;
    assert_eq!((score.arrived, score.missed), (1, 21));
    let caption = text(&page, "#caption").await?;
    assert!(caption.contains("nothing could be published because the workers can't reach Redis: ") && caption.ends_with("20 missed."), "{caption}");
    let drawn = hops().await?;
    let ends: Vec<_> = drawn.iter().filter(|hop| hop.ends_with(">:publish")).collect();
    assert!(ends.len() == 3 && count(&page, "#map .missring").await? == 3 && !drawn.iter().any(|hop| hop.contains("bus")), "{drawn:?}");

    redis.start_again().await?;
    page.browser.until("all pods are seen", "return document.querySelectorAll('[data-pod][data-state=ready]').length === 3 && document.querySelector('[data-node=bus]').dataset.state === 'ok'").await?;
    assert_eq!(page.send("queue").await?.arrived, 2);
    Ok(())
}

/// Nothing answers any more: the map is grey and the sentence is in the past tense. Both recover.
#[tokio::test]
async fn nobody_is_there() -> Result<()> {
    if !have_browser() {
        return Ok(());
    }
    let port = ports::free()?.to_string();
    let local = Local::start_in(Runtime::new()?, &["--port", &port]).await?;
    let page = Page::open(&local.url, &Look::default()).await?;
    page.send("ws").await?;
    let at = page.score("ws").await?.by.into_iter().next().unwrap();
    drop(local);
    page.browser.until("the map is grey", "return document.querySelector('#map.gone svg') !== null").await?;
    let said = text(&page, "#caption").await?;
    assert_eq!(said, format!("Your socket was on {at}. Nothing answers any more; the map shows what was there last."));
    assert_eq!(page.browser.eval("return +getComputedStyle(document.querySelector('#map svg')).opacity < .6").await?, true);
    page.send("mem-rr").await?;
    assert_eq!(text(&page, "#caption").await?, "POST got no answer because the connection failed: missed.");
    assert_eq!(count(&page, "#because[hidden]").await?, 1, "no button arrives");
    let _local = Local::start_in(Runtime::new()?, &["--port", &port]).await?;
    page.connected().await?;
    assert_eq!(count(&page, "#map.gone").await?, 0);
    assert_eq!(page.send("ws").await?.arrived, 2);
    Ok(())
}
