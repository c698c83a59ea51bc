//! The cookie as sent, and whether a browser's session with it stays on its pod.

use crate::cookie::SetCookie;
use crate::door::Door;
use crate::front_door::bench::{Bench, WHOAMI, served};
use crate::front_door::facts::{CookieCase, GatewayCase};
use crate::http;
use crate::jar::Jar;
use anyhow::Result;
use std::time::SystemTime;

/// Without affinity, a session stays on one of three pods for this many requests with a chance of one in half a million.
const AGAIN: usize = 12;

/// Sends requests like a browser. The objects exist already, because all cases are applied at once.
pub(super) async fn see(bench: &Bench<'_>, id: &str, case: &CookieCase) -> Result<String> {
    // Some policies make all of our requests reach one pod.
    let pods = if matches!(case.gateway, Some(GatewayCase::Policy(_))) && bench.door == Door::Gateway { 1 } else { bench.pods().await?.len() };
    bench.reached(id, WHOAMI, pods).await?;
    let (mut jar, host) = (Jar::default(), bench.host(id));
    let ask = async |jar: &Jar| {
        let ask = http::get(format!("{}{WHOAMI}", bench.url(id))).cookie(&jar.header_to(&host, WHOAMI));
        served(case.agent.iter().fold(ask, |ask, agent| ask.header("user-agent", agent))).await
    };
    let first = ask(&jar).await?;
    jar.take(&first);
    let shape = |cookie: &SetCookie| cookie.shape(SystemTime::now()).replace(&bench.space.name, "NAMESPACE");
    let cookies: Vec<String> = SetCookie::all(&first).iter().map(|cookie| format!("`{}`", shape(cookie))).collect();
    let mut stays = true;
    for _ in 0..AGAIN {
        let again = ask(&jar).await?;
        stays &= again.pod() == first.pod();
        jar.take(&again);
    }
    let set = if cookies.is_empty() { "no cookie,".to_owned() } else { cookies.join(" and ") };
    Ok(format!("{set} {}", if stays { "sticks" } else { "does not stick" }))
}
