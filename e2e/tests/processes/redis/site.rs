//! A small site behind a link that can fail.

use super::{SOON, until_status};
use crate::n_by_n::{relay, text};
use anyhow::Result;
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::redis::{Admin, Redis};
use testkit::wire::Wire;
use testkit::ws::{self, Ws};
use testkit::{random, wait};

/// docs/operations.md promises 3 s; the rest is for a machine that runs all tests at once.
pub(super) const BACK: Duration = Duration::from_secs(4);

/// A worker pair with one socket, behind a link that can fail.
pub(super) struct Site {
    pub(super) redis: Redis,
    pub(super) admin: Admin,
    pub(super) wire: Wire,
    pub(super) app: App,
    pub(super) id: String,
    pub(super) socket: Ws,
}

pub(super) async fn site(redis: Redis, flags: &[&str]) -> Result<Site> {
    let (admin, wire) = (redis.admin().await?, Wire::to(redis.port()).await?);
    let url = wire.url();
    let app = App::start(&[&["--workers", "2", "--redis-url", &url], flags].concat()).await?;
    let id = random::client_id();
    let socket = ws::socket(&app.url, &id).open().await?;
    Ok(Site { redis, admin, wire, app, id, socket })
}

impl Site {
    pub(super) async fn run(&mut self, commands: &[&str]) -> Result<()> {
        for command in commands {
            self.admin.run(command).await?;
        }
        Ok(())
    }

    pub(super) async fn cut(&mut self) -> Result<()> {
        self.run(&["CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub"]).await
    }

    /// Waits until relays are refused on every worker.
    pub(super) async fn is_away(&self, what: &str) -> Result<()> {
        wait::until(&format!("{what}: the relay is off"), SOON, async || {
            let readiness = self.app.readyz().await.ok()?.json().ok()?;
            (readiness["status"] == "degraded" && readiness["workers_on_the_bus"] == 0).then_some(())
        })
        .await?;
        let answer = relay(&self.app, &self.id, "refused").await?;
        assert_eq!((answer.status, answer.error_code()?.as_str()), (503, "relay-unavailable"), "{what}");
        assert!(answer.error_message()?.starts_with("not sent"), "{what}: {}", answer.text());
        Ok(())
    }

    /// Waits for a relay that arrives, on both workers, and holds the time to the promise.
    pub(super) async fn is_back(&mut self, what: &str, usable: Instant) -> Result<()> {
        until_status(&self.app, 200, "ready").await?;
        let word = random::word();
        let (told, taken) = (format!("{what}: a relay is taken"), async || relay(&self.app, &self.id, &word).await.ok().filter(|a| a.status == 200));
        let answer = wait::until(&told, SOON, taken).await?;
        let back = usable.elapsed();
        assert_eq!(answer.json()?["receivers"], 1, "{what}");
        while text(&mut self.socket).await? != format!("[{}]  {word}", self.socket.identity()) {}
        eprintln!("relay after {what}: {back:?}");
        assert!(back < BACK, "{what}: {back:?}");
        assert_eq!(self.app.metrics().await?.counter("worker_restarts"), 0.0, "{what}");
        Ok(())
    }
}
