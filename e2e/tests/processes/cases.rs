//! What a worker keeps for sessions: its limits, its end, and the counts of it.

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use hyper::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::app::App;
use testkit::http::{self, Answer};
use testkit::local::Local;
use testkit::session::Session;
use testkit::{random, wait};

const SOON: Duration = Duration::from_secs(20);

async fn post(url: String, cookie: &str) -> Result<Answer> {
    http::ask(Method::POST, url).cookie(cookie).send().await
}

async fn ask(app: &App, path: &str) -> Result<Value> {
    let answer = post(app.at(path), "").await?;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// Two requests at once load a model once; one more session takes the place of the one that was unused for longest.
#[tokio::test]
async fn models_and_cursors_are_few_and_for_a_while() -> Result<()> {
    let app = App::start(&["--max-models", "1", "--max-cursors", "1", "--use-case-ttl", "2s"]).await?;
    let (one, other) = (random::client_id(), random::client_id());
    let (model, next) = (|id: &str| format!("/model/{id}"), |id: &str| format!("/download/{id}/next"));

    let both = try_join_all((0..8).map(|_| post(app.at(&model(&one)), ""))).await?;
    for answer in both {
        assert_eq!((answer.status, &answer.json()?["cold"]), (200, &json!(true)));
    }
    assert_eq!(ask(&app, &model(&one)).await?["cold"], false);
    let metrics = app.metrics().await?;
    assert_eq!((metrics.counter("model_loads"), metrics.counter("model_hits"), metrics.counter("model_evictions")), (1.0, 1.0, 0.0));
    assert_eq!(ask(&app, &model(&other)).await?["cold"], true);
    assert_eq!(ask(&app, &model(&one)).await?["cold"], true, "the other one took its place");
    assert_eq!(app.metrics().await?.counter("model_evictions"), 2.0);

    for id in [&one, &other] {
        assert_eq!(ask(&app, &format!("/download/{id}?from=5")).await?["next"], 5);
    }
    assert_eq!(ask(&app, &next(&one)).await?["piece"], Value::Null, "the other one took its place");
    assert_eq!(ask(&app, &next(&other)).await?["piece"], 5);
    let metrics = app.metrics().await?;
    let counts = ["cursors_opened", "cursor_evictions", "cursor_misses", "pieces"].map(|name| metrics.counter(name));
    assert_eq!(counts, [2.0, 1.0, 1.0, 1.0]);

    let gone = async || (app.metrics().await.ok()?.counter("use_case_expirations") >= 2.0).then_some(());
    wait::until("both expire without a request", SOON, gone).await?;
    assert_eq!(ask(&app, &next(&other)).await?["piece"], Value::Null);
    assert_eq!(ask(&app, &model(&one)).await?["cold"], true);
    Ok(())
}

/// A worker that waits for a load serves others meanwhile, also while the pod drains.
#[tokio::test]
async fn a_load_blocks_nobody_and_a_draining_pod_still_answers() -> Result<()> {
    let mut app = App::start(&["--drain-delay", "4s", "--drain-window", "1s"]).await?;
    let id = random::client_id();
    ask(&app, &format!("/download/{id}")).await?;
    app.process.signal(Signal::TERM)?;
    wait::until("it drains", SOON, async || app.readyz().await.ok().filter(|answer| answer.status == 503)).await?;
    let mut load = std::pin::pin!(post(app.at(&format!("/model/{id}")), ""));
    let mut meanwhile = 0;
    let loaded = loop {
        tokio::select! {
            loaded = &mut load => break loaded?,
            answer = http::get(app.at("/whoami")).send() => {
                assert_eq!(answer?.status, 200);
                meanwhile += 1;
            }
        }
    };
    assert!(meanwhile > 10, "{meanwhile} answers while a model was loaded");
    assert_eq!((loaded.status, loaded.header("connection").to_lowercase().as_str(), &loaded.json()?["cold"]), (200, "close", &json!(true)));
    assert_eq!(ask(&app, &format!("/download/{id}/next")).await?["piece"], 0);
    assert_eq!(app.process.exit_code(SOON).await?, 0);
    Ok(())
}

/// A client that goes away while its model is loaded takes nothing with it.
#[tokio::test]
async fn a_request_that_ends_early_leaves_the_model_to_others() -> Result<()> {
    let app = App::start(&["--request-timeout", "400ms"]).await?;
    let id = random::client_id();
    let late = post(app.at(&format!("/model/{id}")), "").await?;
    assert_eq!((late.status, late.error_code()?.as_str()), (408, "timeout"), "the load takes longer than a request may");
    let metrics = app.metrics().await?;
    assert_eq!((metrics.counter("model_loads"), metrics.sum("sticky_memory_used_bytes") > 16_384.0), (0.0, true), "its place is kept");
    assert_eq!(ask(&app, &format!("/download/{id}")).await?["next"], 0);
    Ok(())
}

/// A pod that is killed loses the cursors that it had; the session resumes on another one.
#[tokio::test]
async fn a_killed_pod_loses_its_cursors() -> Result<()> {
    let local = Local::start(&["--drain-delay", "200ms", "--drain-window", "300ms"]).await?;
    let mut session = Session::visit(&local.url).await?;
    let ask = async |session: &mut Session, rest: &str| {
        let answer = post(format!("{}{rest}", session.url("download")), &session.jar.header()).await?;
        session.jar.take(&answer);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let pod = ask(&mut session, "").await?["at"].as_str().context("no at")?.to_owned();
    for piece in 0..5 {
        let next = ask(&mut session, "/next").await?;
        assert_eq!((&next["piece"], &next["at"]), (&json!(piece), &json!(pod)), "the cookie leads to the cursor");
    }
    local.ctl(&["kill", &pod]).await?;
    let missed = ask(&mut session, "/next").await?;
    assert_eq!(missed["piece"], Value::Null, "{missed}");
    let moved = missed["at"].as_str().context("no at")?.to_owned();
    assert_ne!(moved, pod);
    assert_eq!(ask(&mut session, "?from=5").await?["at"], json!(moved), "and it has a new pod from then on");
    for piece in 5..12 {
        let next = ask(&mut session, "/next").await?;
        assert_eq!((&next["piece"], &next["at"]), (&json!(piece), &json!(moved)));
    }
    Ok(())
}
