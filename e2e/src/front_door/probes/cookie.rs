//! The cookie on the wire, and whether a session of a browser that gets it stays.

use super::{Bench, SetCookie, StrictJar, served};
use crate::front_door::CookieCase;
use crate::front_door::bench::WHOAMI;
use crate::http;
use anyhow::Result;
use std::time::SystemTime;

/// By luck one in half a million sessions without affinity stays for so many requests on one of three pods.
const AGAIN: usize = 12;

/// Asks as a browser does. Its objects are there: all cases are applied at once.
pub(super) async fn see(bench: &Bench<'_>, id: &str, case: &CookieCase) -> Result<String> {
    bench.reached(id, WHOAMI, bench.pods().await?.len()).await?;
    let mut jar = StrictJar::of(&bench.host(id));
    let ask = async |jar: &StrictJar| {
        let ask = http::get(format!("{}{WHOAMI}", bench.url(id))).cookie(&jar.header(WHOAMI));
        served(case.agent.iter().fold(ask, |ask, agent| ask.header("user-agent", agent))).await
    };
    let first = ask(&jar).await?;
    jar.take(&first);
    let cookies: Vec<String> = SetCookie::all(&first).iter().map(|cookie| format!("`{}`", cookie.shape(SystemTime::now()))).collect();
    let mut stays = true;
    for _ in 0..AGAIN {
        let again = ask(&jar).await?;
        stays &= again.pod() == first.pod();
        jar.take(&again);
    }
    let set = if cookies.is_empty() { "no cookie,".to_owned() } else { cookies.join(" and ") };
    Ok(format!("{set} {}", if stays { "sticks" } else { "does not stick" }))
}
