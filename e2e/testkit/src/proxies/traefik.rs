//! A real Traefik on loopback, with cookie affinity from a file.

use super::proxy::Addresses;
use crate::process::Process;
use crate::{cluster, ports, wait};
use anyhow::{Result, bail};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A start takes less than a second on a quiet machine.
const START: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Traefik {
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    process: Process,
    _folder: TempDir,
}

impl Traefik {
    /// Starts the Traefik of the test cluster, built if it is missing, with a sticky cookie of this name. `None` without Go.
    ///
    /// # Errors
    /// It cannot be built, exits, or doesn't answer in time; the error includes its log.
    pub async fn start(addresses: &Addresses, cookie: &str) -> Result<Option<Self>> {
        let Some(program) = cluster::tool("traefik").await? else { return Ok(None) };
        let (port, folder) = (ports::free()?, tempfile::tempdir()?);
        let servers: Vec<String> = addresses.apps.iter().map(|address| format!("          - url: http://{address}")).collect();
        let config = format!(
            "http:\n  routers:\n    shop:\n      rule: PathPrefix(`/`)\n      service: shop\n  services:\n    shop:\n      loadBalancer:\n        sticky:\n          cookie:\n            name: {cookie}\n        servers:\n{}\n",
            servers.join("\n")
        );
        let file = folder.path().join("shop.yaml");
        std::fs::write(&file, config)?;
        let mut command = Command::new(program);
        command.arg(format!("--entryPoints.web.address=127.0.0.1:{port}")).arg(format!("--providers.file.filename={}", file.display()));
        command.args(["--global.checkNewVersion=false", "--global.sendAnonymousUsage=false", "--log.level=WARN"]).current_dir(folder.path());
        let mut process = Process::start(&mut command)?;
        let up = wait::until("Traefik has read its file", START, async || {
            if let Some(status) = process.ended() {
                return Some(Err(status));
            }
            // It listens before it has read the file, and answers 404 until then.
            TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            let answer = crate::http::get(format!("http://127.0.0.1:{port}/whoami")).send().await.ok()?;
            (answer.status == 200).then_some(Ok(()))
        });
        if let Ok(Ok(())) = up.await {
            return Ok(Some(Self { origin: format!("http://127.0.0.1:{port}"), process, _folder: folder }));
        }
        bail!("Traefik does not answer:\n{}\n{}", process.stdout.text(), process.stderr.text())
    }

    /// Its output so far.
    #[must_use]
    pub fn log(&self) -> String {
        [self.process.stdout.text(), self.process.stderr.text()].join("\n")
    }
}
