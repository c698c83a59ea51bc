//! How workers log in, and that nothing shows their secrets.

use super::{SOON, have_redis};
use crate::n_by_n::relay;
use anyhow::Result;
use std::io::Write as _;
use testkit::app::App;
use testkit::redis::Redis;
use testkit::{random, wait, ws};

#[tokio::test]
async fn passwords() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::with_password("hunter2").await?;
    let mut file = tempfile::NamedTempFile::new()?;
    // Editors and `kubectl create secret` leave a newline at the end.
    writeln!(file, "hunter2")?;
    let path = file.path().to_str().unwrap();
    let id = random::client_id();
    for flags in [vec!["--redis-url", &redis.url(), "--redis-password-file", path], vec!["--redis-url", &redis.url_with_password()]] {
        let app = App::start(&flags).await?;
        let mut socket = ws::socket(&app.url, &id).open().await?;
        assert_eq!(relay(&app, &id, "x").await?.json()?["receivers"], 1);
        socket.next_json().await?;
        assert!(!app.process.stderr.text().contains("hunter2"));
    }
    let mut wrong = tempfile::NamedTempFile::new()?;
    write!(wrong, "wrong-password")?;
    let path = wrong.path().to_str().unwrap();
    let app = App::listening(&["--redis-url", &redis.url(), "--redis-password-file", path]).await?;
    let said = wait::until("the log says why", SOON, async || Some(app.process.stderr.text()).filter(|log| log.contains("password"))).await?;
    assert!(!said.contains("wrong-password"));
    let answer = app.readyz().await?;
    assert_eq!(answer.status, 503);
    assert!(answer.json()?["reason"].as_str().is_some_and(|r| !r.is_empty() && !r.contains("wrong-password")));
    Ok(())
}

/// A Redis before version 6 doesn't know HELLO, and repeats the arguments of a command that it doesn't know.
#[tokio::test]
async fn a_password_is_not_in_what_redis_answers() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::with_flags("hunter2", &["--rename-command", "HELLO", ""]).await?;
    let app = App::listening(&["--redis-url", &redis.url_with_password()]).await?;
    let reason = async || app.readyz().await.ok()?.json().ok()?["reason"].as_str().filter(|r| r.contains("unknown command")).map(str::to_owned);
    let reason = wait::until("readiness says why", SOON, reason).await?;
    let answer = relay(&app, &random::client_id(), "x").await?;
    assert_eq!(answer.error_code()?, "relay-unavailable");
    for text in [reason, answer.text(), app.process.stderr.text()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn tls() -> Result<()> {
    if !have_redis() {
        return Ok(());
    }
    let redis = Redis::with_tls().await?;
    let authority = redis.authority();
    let app = App::start(&["--workers", "2", "--redis-url", &redis.url(), "--redis-ca-file", authority.to_str().unwrap()]).await?;
    let id = random::client_id();
    let mut socket = ws::socket(&app.url, &id).open().await?;
    assert_eq!(relay(&app, &id, "x").await?.json()?["receivers"], 1);
    socket.next_json().await?;

    // An unknown CA isn't trusted, and readiness says so.
    let app = App::listening(&["--redis-url", &redis.url()]).await?;
    let reason = async || app.readyz().await.ok()?.json().ok()?["reason"].as_str().filter(|r| r.contains("certificate")).map(str::to_owned);
    wait::until("the certificate is refused", SOON, reason).await?;
    Ok(())
}
