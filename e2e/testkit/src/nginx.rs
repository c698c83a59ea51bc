//! A real nginx that hashes the app's cookie, in front of given ports.

use crate::process::Process;
use crate::{http, ports, tools, wait};
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

#[derive(Debug)]
pub struct Nginx {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    process: Process,
    _folder: TempDir,
}

/// A configuration with this http block that keeps all files in nginx's folder. After a reload, an old worker's sockets end soon.
#[must_use]
pub fn frame(http: &str) -> String {
    // By default, a root master runs its workers as a user that can't enter our folder, so they stay root.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        r#"
{user}
worker_processes 1;
worker_shutdown_timeout 300ms;
pid nginx.pid;
error_log stderr notice;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    proxy_http_version 1.1;
    proxy_read_timeout 1h;
{http}
}}
"#
    )
}

/// With the cookie `StickyStr`, its consistent hash picks the pod; without it, pods take turns. Upstream connections are
/// pooled: that hides a pod's workers if the app keeps connections open.
fn config(port: u16, upstreams: &[String]) -> String {
    let servers: String = upstreams.iter().fold(String::new(), |mut all, upstream| {
        let _ = write!(all, " server {upstream} max_fails=0;");
        all
    });
    frame(&format!(
        r"
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    map $cookie_StickyStr $pool {{ default sticky; '' in_turn; }}
    upstream sticky {{ hash $cookie_StickyStr consistent;{servers} keepalive 16; }}
    upstream in_turn {{{servers} keepalive 16; }}

    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://$pool;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_send_timeout 1h;
            # A second try would hide what the first one met.
            proxy_next_upstream off;
        }}
    }}"
    ))
}

impl Nginx {
    /// Starts it in front of these apps (`http://host:port` each) and waits until it forwards requests.
    pub async fn start(apps: &[&str]) -> Result<Self> {
        let (port, folder) = (ports::free()?, tempfile::tempdir()?);
        let upstreams: Vec<_> = apps.iter().map(|url| url.trim_start_matches("http://").trim_end_matches('/').to_owned()).collect();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, config(port, &upstreams))?;
        let mut command = Command::new(tools::find("nginx").context("no nginx")?);
        command.arg("-c").arg(&file).arg("-p").arg(folder.path()).args(["-e", "stderr", "-g", "daemon off;"]);
        let mut process = Process::start(&mut command)?;
        let url = format!("http://127.0.0.1:{port}");
        let answer = wait::until("nginx answers", Duration::from_secs(20), async || {
            if let Some(status) = process.ended() {
                return Some(Err(status));
            }
            http::get(format!("{url}/whoami")).send().await.ok().filter(|a| a.status == 200).map(Ok)
        });
        if let Ok(_answer) = answer.await? {
            return Ok(Self { url, process, _folder: folder });
        }
        bail!("nginx ended:\n{}", process.stderr.text())
    }

    /// The contents of its error log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.stderr.text()
    }
}
