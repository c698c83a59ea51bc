//! Sessions while pods come and go: `stickyctl scale` moves only sessions of deleted pods, `stickyctl mode` fails no request, and `up`
//! keeps what they set.

use anyhow::{Result, ensure};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};
use testkit::crowd::Crowd;
use testkit::http;
use testkit::kube::release::{NAME, render, spec};
use testkit::kube::site::behind_its_own_door;
use testkit::kube::{Space, in_namespace};
use testkit::session::Session;
use testkit::wait;
use tokio::task::{JoinSet, LocalSet};

const SESSIONS: usize = 40;
const SOON: Duration = Duration::from_secs(30);

/// Names of the app's pods. Terminating ones are gone by the time `scale` and `mode` exit.
pub(crate) async fn pods(space: &Space) -> Result<BTreeSet<String>> {
    let pods = space.pods("app").await?;
    Ok(pods.iter().filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
}

async fn timed(space: &Space, words: &[&str]) -> Result<String> {
    let begun = Instant::now();
    let said = space.stickyctl(words).await?.ok()?;
    eprintln!("{} after {:?}", words.join(" "), begun.elapsed());
    Ok(said)
}

#[tokio::test]
async fn scaling_moves_sessions_of_vanished_pods_only() -> Result<()> {
    behind_its_own_door("scale", async |site| {
        assert!(site.up(&["--install-front-door"]).await?.ok()?.contains(": 3x1, "));
        let way = site.way().await?;
        LocalSet::new().run_until(up_and_down(site.space, &way.url)).await
    })
    .await
}

/// Three pods become six and three again, under a crowd. Run it inside a [`LocalSet`].
pub(crate) async fn up_and_down(space: &Space, url: &str) -> Result<()> {
    let mut crowd = Crowd::of(url);
    for _ in 0..SESSIONS {
        crowd.join().await?;
    }
    let first = pods(space).await?;
    assert_eq!((first.len(), crowd.homes()), (3, first.clone()), "the sessions are on all pods");

    assert_eq!(crowd.asks_during(timed(space, &["scale", "6"])).await?, format!("{NAME} is 6x1"));
    crowd.sockets_answer().await?;
    crowd.stays_on(&first).await?;
    let six = pods(space).await?;
    assert!(six.len() == 6 && six.is_superset(&first), "{first:?} became {six:?}");
    // New sessions reach every new pod, and are used below.
    let begun = Instant::now();
    while crowd.homes() != six {
        ensure!(begun.elapsed() < SOON, "fresh sessions land on {:?} only", crowd.homes());
        crowd.join().await?;
    }
    eprintln!("{} fresh sessions until every new pod had one", crowd.visitors.len() - SESSIONS);

    assert_eq!(crowd.asks_during(timed(space, &["scale", "3"])).await?, format!("{NAME} is 3x1"));
    let three = pods(space).await?;
    assert!(three.len() == 3 && three.is_subset(&six), "{six:?} became {three:?}");
    let back = crowd.coming_back_to(&three);
    crowd.asks_during(back).await?;
    let moved = crowd.settled_on(&three).await?;
    eprintln!("{moved} sessions moved, {} stayed", crowd.visitors.len() - moved);
    Ok(())
}

#[tokio::test]
async fn a_change_of_mode_fails_no_request_and_up_keeps_it() -> Result<()> {
    behind_its_own_door("mode", async |site| {
        let up = async || {
            let begun = Instant::now();
            // Without flags, it uses the release's own settings.
            let said = site.ctl(&["up"]).await?;
            eprintln!("{said} after {:?}", begun.elapsed());
            anyhow::Ok(said)
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(site.up(&["--install-front-door"]).await?.ok()?, format!("{NAME} is up: 3x1, version {version}"));
        let way = site.way().await?;
        let three = pods(site.space).await?;
        assert_eq!(trickle(&way.url, timed(site.space, &["mode", "1x4"])).await?, format!("{NAME} is 1x4"));
        let one = pods(site.space).await?;
        assert!(one.len() == 1 && one.is_disjoint(&three), "{three:?} became {one:?}");
        assert_eq!(up().await?, format!("{NAME} is up: 1x4, version {version}"));
        assert_eq!(pods(site.space).await?, one, "up changed what was as it should be");

        assert_eq!(trickle(&way.url, timed(site.space, &["mode", "3x1"])).await?, format!("{NAME} is 3x1"));
        timed(site.space, &["scale", "5"]).await?;
        let five = pods(site.space).await?;
        assert_eq!(up().await?, format!("{NAME} is up: 5x1, version {version}"));
        assert_eq!((five.len(), pods(site.space).await?), (5, five), "up changed what was as it should be");
        Ok(())
    })
    .await
}

/// Waits for this many more requests.
async fn asked_more(asked: &Cell<usize>, count: usize) -> Result<()> {
    let enough = asked.get() + count;
    wait::until("more requests", SOON, async || (asked.get() >= enough).then_some(())).await
}

/// Ten requests a second, each on its own connection, whether or not the previous one was answered. They start before `work` and end
/// after it. Some have a session's cookies, some are from new clients. There are no retries, and none may fail.
pub(crate) async fn trickle<T>(url: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    const EVERY: Duration = Duration::from_millis(100);
    /// Requests before and after `work`.
    const AROUND: usize = 20;
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(Rc::new(RefCell::new(Session::visit(url).await?)));
    }
    let (asked, failures) = (Cell::new(0_usize), Rc::new(RefCell::new(Vec::new())));
    let is_over = Cell::new(false);
    let requests = async {
        let (mut tick, mut under_way) = (tokio::time::interval(EVERY), JoinSet::new());
        for session in sessions.iter().cycle() {
            tick.tick().await;
            if is_over.get() {
                break;
            }
            let n = asked.replace(asked.get() + 1);
            let (session, newcomers, failures) = (session.clone(), (n % 3 == 0).then(|| format!("{url}/session")), failures.clone());
            under_way.spawn_local(async move {
                let asking = session.borrow().clone();
                let answer = match &newcomers {
                    Some(url) => http::get(url).send().await,
                    None => asking.sticky("submit", "x").await,
                };
                match answer {
                    Ok(answer) if answer.status == 200 && newcomers.is_none() => session.borrow_mut().jar.take(&answer),
                    Ok(answer) if answer.status == 200 => {}
                    Ok(answer) => failures.borrow_mut().push(format!("request {n}: {} {}", answer.status, answer.text())),
                    Err(error) => failures.borrow_mut().push(format!("request {n}: {error:#}")),
                }
            });
        }
        while under_way.join_next().await.is_some() {}
    };
    let around = async {
        asked_more(&asked, AROUND).await?;
        let done = work.await;
        asked_more(&asked, AROUND).await?;
        is_over.set(true);
        done
    };
    let (done, ()) = LocalSet::new().run_until(async { tokio::join!(around, requests) }).await;
    let done = done?;
    let failures = failures.borrow();
    ensure!(failures.is_empty(), "{} of {} requests failed: {:#?}", failures.len(), asked.get(), &failures[..failures.len().min(20)]);
    ensure!(asked.get() > 100, "{} requests are no trickle", asked.get());
    eprintln!("{} requests, all 200", asked.get());
    Ok(done)
}

/// kubectl owns all fields of a release that it applied.
#[tokio::test]
async fn a_release_that_kubectl_applied_is_scaled() -> Result<()> {
    in_namespace("kubectl", async |space| {
        space.kube.load_app().await?;
        let rendered = render(&spec(space, json!({"mode": "1x1", "resources": {"requests": {"cpu": "10m"}}})).await?).await?;
        space.kube.feed(&["-n", &space.name, "apply", "-f", "-"], &rendered).await?;
        space.password(NAME).await?;
        space.rollout(&format!("deployment/{NAME}")).await?;
        for (words, mode) in [(["scale", "2"], "2x1"), (["mode", "1x2"], "1x2")] {
            assert_eq!(space.stickyctl(&words).await?.ok()?, format!("{NAME} is {mode}"));
        }
        Ok(())
    })
    .await
}
