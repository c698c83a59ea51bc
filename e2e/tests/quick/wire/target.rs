//! The sites that the suite runs against.

use anyhow::Result;
use std::any::Any;
use std::collections::HashSet;
use std::time::Duration;
use testkit::app::App;
use testkit::http;
use testkit::local::Local;
use testkit::redis::Redis;
use testkit::tools;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    App1,
    App4,
    Local3x1,
    Local1x4,
}

/// A running site, with everything that a case may know about it.
pub(super) struct Target {
    pub url: String,
    pub kind: Kind,
    _keep: Box<dyn Any>,
}

impl Target {
    /// Starts a site; `None` if a program is missing.
    pub(super) async fn start(kind: Kind, flags: &[&str]) -> Result<Option<Self>> {
        let with = |first: &[&'static str]| [first, flags].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
        fn flat(flags: &[String]) -> Vec<&str> {
            flags.iter().map(String::as_str).collect()
        }
        let (url, keep): (_, Box<dyn Any>) = match kind {
            Kind::App1 => {
                let app = App::start(&flat(&with(&["--pod", "app-1"]))).await?;
                (app.url.clone(), Box::new(app))
            }
            Kind::App4 => {
                if !tools::present(&["redis-server"]) {
                    return Ok(None);
                }
                let redis = Redis::start().await?;
                let mut all = with(&["--pod", "app-1", "--workers", "4"]);
                all.extend(["--redis-url".to_owned(), redis.url()]);
                let app = App::start(&flat(&all)).await?;
                (app.url.clone(), Box::new((app, redis)))
            }
            Kind::Local3x1 => {
                let local = Local::start(flags).await?;
                (local.url.clone(), Box::new(local))
            }
            Kind::Local1x4 => {
                let local = Local::start(&flat(&with(&["--mode", "1x4"]))).await?;
                (local.url.clone(), Box::new(local))
            }
        };
        let target = Self { url, kind, _keep: keep };
        target.known().await?;
        Ok(Some(target))
    }

    /// Waits until every worker's own topology shows every worker as ready. Over a bus, workers learn about each other a moment later.
    async fn known(&self) -> Result<()> {
        let mut complete = HashSet::new();
        let all = self.pods() * self.workers();
        testkit::wait::until("every worker knows every worker", Duration::from_secs(10), async || {
            let answer = http::get(self.at("/topology")).send().await.ok()?;
            let topology = answer.json().ok()?["topology"].take();
            let workers: Vec<_> = topology["pods"].as_array()?.iter().filter_map(|pod| pod["workers"].as_array()).flatten().collect();
            if workers.len() == all && workers.iter().all(|w| w["state"] == "ready") {
                complete.insert(answer.place().ok()?);
            }
            (complete.len() == all).then_some(())
        })
        .await
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// How an answer's place (`pod:worker`) is written in texts.
    pub(super) fn text_of(&self, place: &str) -> String {
        if self.workers() > 1 { place.to_owned() } else { place.rsplit_once(':').map_or(place, |(pod, _)| pod).to_owned() }
    }

    /// What the answer of a publish calls the bus.
    pub(super) fn bus(&self) -> &'static str {
        if self.kind == Kind::App4 { "redis" } else { "the memory bus" }
    }

    pub(super) fn workers(&self) -> usize {
        match self.kind {
            Kind::App1 | Kind::Local3x1 => 1,
            Kind::App4 | Kind::Local1x4 => 4,
        }
    }

    pub(super) fn pods(&self) -> usize {
        if self.kind == Kind::Local3x1 { 3 } else { 1 }
    }

    pub(super) fn is_local(&self) -> bool {
        matches!(self.kind, Kind::Local3x1 | Kind::Local1x4)
    }
}
