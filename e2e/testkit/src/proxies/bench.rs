//! Shared by all cases: programs, and the apps behind the proxies.

use super::case::Apps;
use super::proxy::{Addresses, Programs};
use super::strangers::Strangers;
use crate::app::App;
use crate::ports;
use crate::redis::Redis;
use anyhow::Result;

/// Three pods of sticky-app.
#[derive(Debug)]
pub struct Pods(pub Vec<App>);

impl Pods {
    /// Starts them as `pod-a` to `pod-c`, with more flags. They also accept the host `shop.example`.
    pub async fn start(flags: &[&str]) -> Result<Self> {
        let start = async |name: &str| App::start(&[&["--pod", name, "--allowed-host", "shop.example"], flags].concat()).await;
        let (a, b, c) = tokio::try_join!(start("pod-a"), start("pod-b"), start("pod-c"))?;
        Ok(Self(vec![a, b, c]))
    }

    /// Their addresses, `HOST:PORT`.
    #[must_use]
    pub fn addresses(&self) -> [String; 3] {
        [0, 1, 2].map(|n| self.0.get(n).map(|app| app.url.trim_start_matches("http://").to_owned()).unwrap_or_default())
    }
}

/// The programs and all shared apps.
#[derive(Debug)]
pub struct Bench {
    pub programs: Programs,
    pods: Pods,
    workers: Pods,
    text: Strangers,
    json: Strangers,
    header: Strangers,
    dead: u16,
    _redis: Redis,
}

impl Bench {
    pub async fn start(programs: Programs) -> Result<Self> {
        let redis = Redis::start().await?;
        let url = redis.url();
        let bus = ["--redis-url", &url];
        let two_workers = ["--redis-url", &url, "--redis-prefix", "workers", "--workers", "2"];
        let (pods, workers, text, json, header) = tokio::try_join!(
            Pods::start(&bus),
            Pods::start(&two_workers),
            Strangers::start(Apps::Text),
            Strangers::start(Apps::Json),
            Strangers::start(Apps::Header)
        )?;
        Ok(Self { programs, pods, workers, text, json, header, dead: ports::free()?, _redis: redis })
    }

    /// The addresses of a kind of apps.
    #[must_use]
    pub fn addresses(&self, apps: Apps) -> Addresses {
        let apps = match apps {
            Apps::Pods => self.pods.addresses(),
            Apps::Workers => self.workers.addresses(),
            Apps::Text => self.text.addresses.clone(),
            Apps::Json => self.json.addresses.clone(),
            Apps::Header => self.header.addresses.clone(),
        };
        self.with(apps)
    }

    /// The addresses for a case with these apps.
    #[must_use]
    pub fn with(&self, apps: [String; 3]) -> Addresses {
        Addresses { apps, dead: format!("127.0.0.1:{}", self.dead) }
    }
}
