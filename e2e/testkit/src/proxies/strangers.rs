//! Third-party apps, as small as possible: each returns its host name in a different way.

use super::case::Apps;
use crate::process::Process;
use crate::{ports, tools, wait};
use anyhow::{Context, Result, bail};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

const START: Duration = Duration::from_secs(30);

/// Three servers of one kind, in one process.
#[derive(Debug)]
pub(super) struct Strangers {
    /// `127.0.0.1:PORT` of each.
    pub addresses: [String; 3],
    _process: Process,
    _folder: TempDir,
}

const TEXT: &str = r#"
daemon off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    default_type text/plain;
    server { listen 127.0.0.1:PORT0; location / { return 200 "Welcome\nHostname: web-0\nYou asked for $request_uri\n"; } }
    server { listen 127.0.0.1:PORT1; location / { return 200 "Welcome\nHostname: web-1\nYou asked for $request_uri\n"; } }
    server { listen 127.0.0.1:PORT2; location / { return 200 "Welcome\nHostname: web-2\nYou asked for $request_uri\n"; } }
}
"#;

const JSON: &str = r#"
const http = require("node:http");
[PORT0, PORT1, PORT2].forEach((port, n) =>
  http.createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ host: { name: `web-${n}` }, path: request.url }));
  }).listen(port, "127.0.0.1"));
"#;

const HEADER: &str = r#"
import http.server, threading, uuid

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

def serve(n, port):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("X-Served-By", f"web-{n}")
            if "session=" not in self.headers.get("Cookie", ""):
                self.send_header("Set-Cookie", f"session={uuid.uuid4().hex}; Path=/; HttpOnly")
            self.send_header("Content-Length", "0")
            self.end_headers()
        def log_message(self, *words):
            pass
    Server(("127.0.0.1", port), Answer).serve_forever()

for n, port in enumerate([PORT0, PORT1, PORT2]):
    threading.Thread(target=serve, args=(n, port)).start()
"#;

impl Strangers {
    /// Starts them and waits until all three listen.
    pub(super) async fn start(kind: Apps) -> Result<Self> {
        let (name, text) = match kind {
            Apps::Text => ("nginx", TEXT),
            Apps::Json => ("node", JSON),
            Apps::Header => ("python3", HEADER),
            Apps::Pods | Apps::Workers => bail!("{kind:?} are our own"),
        };
        let (ports, folder) = ([ports::free()?, ports::free()?, ports::free()?], tempfile::tempdir()?);
        let text = ports.iter().enumerate().fold(text.to_owned(), |text, (n, port)| text.replace(&format!("PORT{n}"), &port.to_string()));
        let file = folder.path().join("app");
        std::fs::write(&file, text)?;
        let mut command = Command::new(tools::find(name).with_context(|| format!("no {name}"))?);
        if kind == Apps::Text {
            command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c"]);
        }
        let mut process = Process::start(command.arg(&file).current_dir(folder.path()))?;
        for port in ports {
            let what = format!("{name} listens");
            let up = wait::until(&what, START, async || {
                if process.ended().is_some() {
                    return Some(false);
                }
                TcpStream::connect(("127.0.0.1", port)).await.ok().map(|_| true)
            });
            if !up.await? {
                bail!("{name} ended:\n{}", process.stderr.text());
            }
        }
        Ok(Self { addresses: ports.map(|port| format!("127.0.0.1:{port}")), _process: process, _folder: folder })
    }
}
