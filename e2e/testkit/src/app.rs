//! `sticky-app` as a process.

use crate::http::{self, Answer};
use crate::metrics::Metrics;
use crate::process::Process;
use crate::redis::Redis;
use crate::{bin, wait};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// A start takes tens of milliseconds on a quiet machine; this allows for a busy one.
pub const START: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub struct App {
    /// The supervisor; the workers are its children.
    pub process: Process,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    pub admin: String,
}

/// `sticky-app` on ports that the system chooses, with JSON logs.
pub fn command(flags: &[&str]) -> Result<Command> {
    let mut command = Command::new(bin::sticky_app()?);
    // STICKY_... in the developer's own environment must not reach the tests.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY_")) {
        command.env_remove(name);
    }
    command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json"]).args(flags);
    Ok(command)
}

impl App {
    /// Starts `app-1` to `app-PODS` with `workers` workers each on one Redis, for a proxy like nginx: the app sets the cookie,
    /// and the proxy hashes it.
    pub async fn behind_a_door(pods: usize, workers: usize, redis: &Redis) -> Result<Vec<Self>> {
        let (workers, redis) = (workers.to_string(), redis.url());
        let door = r#"{"kind":"nginx","affinity":"cookie","issuer":"app"}"#;
        let mut apps = Vec::new();
        for n in 1..=pods {
            let pod = format!("app-{n}");
            apps.push(Self::start(&["--pod", &pod, "--workers", &workers, "--redis-url", &redis, "--issuer", "app", "--door", door]).await?);
        }
        Ok(apps)
    }

    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// It exits or doesn't listen in time; the error includes its log.
    pub async fn listening(flags: &[&str]) -> Result<Self> {
        Self::from_command(&mut command(flags)?).await
    }

    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// As [`App::listening`], or it isn't ready in time.
    pub async fn start(flags: &[&str]) -> Result<Self> {
        let app = Self::listening(flags).await?;
        app.ready().await?;
        Ok(app)
    }

    /// Starts a prepared command and waits until it listens.
    ///
    /// # Errors
    /// As [`App::listening`].
    pub async fn from_command(command: &mut Command) -> Result<Self> {
        let mut process = Process::start(command)?;
        let (listen, admin) = process
            .line("the line `listening`", START, |line| {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["message"] == "listening").then(|| (line["listen"].as_str().map(str::to_owned), line["admin"].as_str().map(str::to_owned)))
            })
            .await?;
        let (listen, admin) = (listen.context("no listen= in the line `listening`")?, admin.context("no admin= in the line `listening`")?);
        Ok(Self { process, url: format!("http://{listen}"), admin: format!("http://{admin}") })
    }

    pub async fn readyz(&self) -> Result<Answer> {
        http::get(format!("{}/readyz", self.admin)).send().await
    }

    /// Waits until `/readyz` answers 200.
    pub async fn ready(&self) -> Result<()> {
        let ready = wait::until("/readyz answers 200", START, async || self.readyz().await.ok().filter(|a| a.status == 200)).await;
        if ready.is_err() {
            let last = self.readyz().await.map(|a| a.text()).unwrap_or_default();
            bail!("never ready, /readyz says: {last}\n{}", self.process.stderr.text());
        }
        Ok(())
    }

    pub async fn metrics(&self) -> Result<Metrics> {
        let answer = http::get(format!("{}/metrics", self.admin)).send().await?;
        if answer.status != 200 {
            bail!("/metrics answered {}", answer.status);
        }
        Ok(Metrics::parse(&answer.text()))
    }

    pub async fn topology(&self) -> Result<Value> {
        Ok(http::get(format!("{}/topology", self.url)).send().await?.json()?["topology"].take())
    }

    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}
