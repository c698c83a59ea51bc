//! A real Redis on a free port, in its own folder, without persistence.

use crate::process::Process;
use crate::{ports, tools, wait};
use anyhow::{Context, Result, bail};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::process::Signal;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const LIMIT: Duration = Duration::from_secs(20);

/// A Redis that can be stopped, restarted on the same port, and frozen.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    password: Option<String>,
    flags: Vec<String>,
    tls: bool,
    folder: TempDir,
    process: Option<Process>,
}

impl Redis {
    pub async fn start() -> Result<Self> {
        let mut redis = Self::stopped()?;
        redis.start_again().await?;
        Ok(redis)
    }

    /// Starts one that requires a password.
    pub async fn with_password(password: &str) -> Result<Self> {
        let mut redis = Self { password: Some(password.to_owned()), ..Self::stopped()? };
        redis.start_again().await?;
        Ok(redis)
    }

    /// Starts one that requires a password and has more flags.
    pub async fn with_flags(password: &str, flags: &[&str]) -> Result<Self> {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let mut redis = Self { password: Some(password.to_owned()), flags, ..Self::stopped()? };
        redis.start_again().await?;
        Ok(redis)
    }

    /// Starts one that speaks TLS only, with a certificate from its own CA.
    pub async fn with_tls() -> Result<Self> {
        let mut redis = Self { tls: true, ..Self::stopped()? };
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
        for (name, pem) in [("ca.pem", authority.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())] {
            std::fs::write(redis.folder.path().join(name), pem)?;
        }
        redis.start_again().await?;
        Ok(redis)
    }

    /// The CA certificate of a Redis with TLS.
    #[must_use]
    pub fn authority(&self) -> std::path::PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Only chooses the port; [`Redis::start_again`] starts it.
    pub fn stopped() -> Result<Self> {
        Ok(Self { port: ports::free()?, password: None, flags: Vec::new(), tls: false, folder: tempfile::tempdir()?, process: None })
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection that stays open and may do everything, whatever happens to the others.
    pub async fn admin(&self) -> Result<Admin> {
        Ok(Admin(BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).await?)))
    }

    /// `redis://127.0.0.1:PORT`, or `rediss://` with TLS; never with the password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.tls { "rediss" } else { "redis" }, self.port)
    }

    /// The URL with user and password.
    #[must_use]
    pub fn url_with_password(&self) -> String {
        format!("redis://default:{}@127.0.0.1:{}", self.password.as_deref().unwrap_or_default(), self.port)
    }

    /// Starts it on its port and waits until it answers.
    pub async fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new(tools::find("redis-server").context("no redis-server")?);
        let port = self.port.to_string();
        if self.tls {
            let file = |name| self.folder.path().join(name);
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no", "--tls-cert-file"]).arg(file("cert.pem"));
            command.arg("--tls-key-file").arg(file("key.pem")).arg("--tls-ca-cert-file").arg(file("ca.pem"));
        } else {
            command.args(["--port", &port]);
        }
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--enable-debug-command", "local", "--dir"]).arg(self.folder.path());
        if let Some(password) = &self.password {
            command.args(["--requirepass", password]);
        }
        command.args(&self.flags);
        let process = self.process.insert(Process::start(&mut command)?);
        process.line("ready to accept connections", LIMIT, |line| line.contains("Ready to accept connections").then_some(())).await
    }

    /// Kills it, like a crash.
    pub async fn stop(&mut self) -> Result<()> {
        let mut process = self.process.take().context("Redis is not running")?;
        process.signal(Signal::KILL)?;
        process.exit_code(LIMIT).await.map(drop)
    }

    /// Freezes it: it stops answering, and its connections stay open.
    pub fn freeze(&self) -> Result<()> {
        self.process.as_ref().context("Redis is not running")?.signal(Signal::STOP)
    }

    /// Resumes a frozen Redis.
    pub fn thaw(&self) -> Result<()> {
        self.process.as_ref().context("Redis is not running")?.signal(Signal::CONT)
    }

    /// Runs one command and returns the lines of its answer.
    pub async fn command(&self, arguments: &[&str]) -> Result<Vec<String>> {
        let mut cli = tokio::process::Command::new(tools::find("redis-cli").context("no redis-cli (it comes with redis-server)")?);
        cli.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-e"]).args(arguments).kill_on_drop(true);
        if let Some(password) = &self.password {
            cli.env("REDISCLI_AUTH", password);
        }
        let output = wait::within("redis-cli", LIMIT, cli.output()).await??;
        if !output.status.success() {
            bail!("redis-cli {arguments:?}: {}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
    }
}

/// One connection for commands without spaces in their arguments.
#[derive(Debug)]
pub struct Admin(BufReader<TcpStream>);

impl Admin {
    /// Runs a command and returns the first line of its answer.
    ///
    /// # Errors
    /// Redis refuses it.
    pub async fn run(&mut self, command: &str) -> Result<String> {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut line = String::new();
        wait::within(command, LIMIT, self.0.read_line(&mut line)).await??;
        if line.is_empty() || line.starts_with('-') {
            bail!("{command}: {line}");
        }
        Ok(line.trim_end().to_owned())
    }
}
