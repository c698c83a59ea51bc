//! One request over https with `openssl s_client`, because the tests' own client speaks only plain http.

use super::bench::{Bench, WHOAMI};
use super::route::Route;
use crate::cookie::SetCookie;
use crate::process::Process;
use crate::{sh, wait};
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::process::Command;

const SOON: Duration = Duration::from_secs(120);
const ANSWER: Duration = Duration::from_secs(15);
/// The id of the fact, and the name of the Secret with its certificate.
pub const ID: &str = "secure-by-itself";

/// The Secret with a new certificate for a host.
///
/// # Errors
/// No key could be generated.
pub fn secret(host: &str) -> Result<Value> {
    let made = rcgen::generate_simple_self_signed(vec![host.to_owned()])?;
    let data = json!({"tls.crt": STANDARD.encode(made.cert.pem()), "tls.key": STANDARD.encode(made.signing_key.serialize_pem())});
    Ok(json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": ID}, "data": data}))
}

/// Whether the cookie in an answer over https is Secure if no annotation asks for it.
pub async fn secure_by_itself(bench: &Bench<'_>) -> Result<String> {
    let host = bench.host(ID);
    bench.apply(&[vec![secret(&host)?], bench.both(&Route::sticky(ID).tls(ID))].concat()).await?;
    let request = format!("GET {WHOAMI} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let (mut tries, mut last) = (0, String::new());
    let answer = wait::until("the app's answer over https", SOON, async || {
        let text = ask(bench, &host, &request).await.unwrap_or_else(|error| format!("{error:#}"));
        let done = text.starts_with("HTTP/1.1 200") && text.to_ascii_lowercase().contains("\nx-sticky-pod: ");
        tries += 1;
        last.clone_from(&text);
        done.then_some(text)
    })
    .await
    .with_context(|| format!("{tries} tries, the last one: {last}"))?;
    let lines = answer.lines().filter_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")));
    let cookies: Vec<SetCookie> = lines.filter_map(|(_, line)| SetCookie::parse(line)).collect();
    Ok(format!("`{}`", cookies.first().context("no cookie")?.shape(SystemTime::now())))
}

/// One request through a tunnel of its own: kubectl ends a tunnel as soon as the pod resets one of its connections, which a server does
/// that closes while the client's last bytes are on their way. All later requests through it would be refused.
async fn ask(bench: &Bench<'_>, host: &str, request: &str) -> Result<String> {
    let service = format!("service/{}", bench.proxies.name);
    let mut tunnel = bench.space.kube.command(&["-n", &bench.proxies.namespace, "port-forward", "--address=127.0.0.1", &service, ":443"]);
    let mut tunnel = Process::start(tunnel.as_std_mut())?;
    let said = |line: &str| Some(line.strip_prefix("Forwarding from ")?.split_once(" ->")?.0.to_owned());
    let address = tunnel.line("its port", ANSWER, said).await?;
    let mut client = Command::new("openssl");
    // -quiet also waits for the answer after the end of stdin.
    client.args(["s_client", "-quiet", "-connect", &address, "-servername", host]);
    sh::feed(ANSWER, client, request.as_bytes()).await
}
