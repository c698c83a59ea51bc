//! Sessions while pods or the front door come and go. These facts run one after another, because each affects all routes.

use super::told::sent;
use crate::cookie::SetCookie;
use crate::door::Door;
use crate::front_door::bench::{Bench, WHOAMI};
use crate::front_door::route::{Mode, Route};
use crate::kube::release::NAME;
use crate::{random, wait, ws};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The facts that this module observes.
pub const IDS: [&str; 11] = [
    "up-default",
    "up-balanced",
    "up-persistent",
    "gone-balanced",
    "gone-persistent",
    "down-balanced",
    "down-persistent",
    "socket-and-edit",
    "restart",
    "two-proxies-balanced",
    "two-proxies-persistent",
];

const SESSIONS: usize = 40;
const SOON: Duration = Duration::from_secs(120);

/// The routes, each with its own Service.
const ROUTES: [(&str, Option<Mode>); 3] = [("default", None), ("balanced", Some(Mode::Balanced)), ("persistent", Some(Mode::Persistent))];

/// A session: its cookie and its pod.
struct Visitor {
    cookie: SetCookie,
    home: String,
}

/// Observes all of [`IDS`] and adds them to `seen`, which is useful after an error too. `scale` changes the number of pods and waits until
/// the change is complete.
pub async fn see(bench: &Bench<'_>, seen: &mut BTreeMap<&'static str, String>, scale: impl AsyncFn(usize) -> Result<()>) -> Result<()> {
    let mut objects = Vec::new();
    for (id, mode) in ROUTES {
        let route = mode.into_iter().fold(Route::sticky(id), Route::mode);
        objects.extend(bench.both(&route));
    }
    bench.apply(&objects).await?;
    let few = bench.pods().await?.len();
    let mut crowds = visit(bench, few).await?;
    seen.insert("socket-and-edit", socket_and_edit(bench, ROUTES[0].0).await?);

    scale(2 * few).await?;
    let mut up = Vec::new();
    for ((id, _), crowd) in ROUTES.iter().zip(&crowds) {
        bench.reached(id, WHOAMI, 2 * few).await?;
        let (moved, fresh) = ask_again(bench, id, crowd, |_| true).await?;
        up.push(share(moved, crowd.len(), fresh));
    }
    for (id, said) in ["up-default", "up-balanced", "up-persistent"].into_iter().zip(up) {
        seen.insert(id, said);
    }

    crowds = visit(bench, 2 * few).await?;
    let victim = bench.pods().await?.pop_first().context("no pods")?;
    bench.space.run(&["delete", "pod", &victim]).await?;
    bench.space.rollout(&format!("deployment/{NAME}")).await?;
    seen.extend(others(bench, &crowds, ["gone-balanced", "gone-persistent"]).await?);

    crowds = visit(bench, 2 * few).await?;
    scale(few).await?;
    seen.extend(others(bench, &crowds, ["down-balanced", "down-persistent"]).await?);

    let id = ROUTES[2].0;
    let crowd = join(bench, id).await?;
    bench.proxies.replace().await?;
    bench.reached(id, WHOAMI, few).await?;
    let (moved, fresh) = ask_again(bench, id, &crowd, |_| true).await?;
    seen.insert("restart", share(moved, crowd.len(), fresh));
    if bench.door != Door::Nginx {
        two_proxies(bench, seen).await?;
    }
    Ok(())
}

/// Whether sessions move although their pods still exist.
async fn others(bench: &Bench<'_>, crowds: &[Vec<Visitor>], ids: [&'static str; 2]) -> Result<Vec<(&'static str, String)>> {
    let left = bench.pods().await?;
    let mut seen = Vec::new();
    for (n, id) in [1, 2].into_iter().zip(ids) {
        settled(bench, ROUTES[n].0, &left).await?;
        let (moved, _) = ask_again(bench, ROUTES[n].0, &crowds[n], |visitor| left.contains(&visitor.home)).await?;
        // Maglev, Envoy's hash, may move one in a thousand of them.
        let maglev = bench.door == Door::Gateway && id == "down-balanced";
        seen.push((
            id,
            match moved {
                0 | 1 if maglev => "at most one moves",
                0 => "none moves",
                _ => "some move",
            }
            .to_owned(),
        ));
    }
    Ok(seen)
}

async fn visit(bench: &Bench<'_>, pods: usize) -> Result<Vec<Vec<Visitor>>> {
    let mut crowds = Vec::new();
    for (id, _) in ROUTES {
        bench.reached(id, WHOAMI, pods).await?;
        crowds.push(join(bench, id).await?);
    }
    Ok(crowds)
}

async fn join(bench: &Bench<'_>, id: &str) -> Result<Vec<Visitor>> {
    let mut crowd = Vec::new();
    for _ in 0..SESSIONS {
        let first = bench.whoami(id, "").await?;
        let cookie = SetCookie::all(&first).pop().context("no cookie")?;
        // The first request with the cookie binds the session. The one without a cookie may have been routed by
        // something else.
        let home = bench.whoami(id, &sent(&cookie)).await?.pod();
        crowd.push(Visitor { cookie, home });
    }
    Ok(crowd)
}

/// Sends a request for the selected visitors; counts those on another pod, and those with a new cookie.
async fn ask_again(bench: &Bench<'_>, id: &str, crowd: &[Visitor], which: impl Fn(&Visitor) -> bool) -> Result<(usize, usize)> {
    let (mut asked, mut moved, mut fresh) = (0, 0, 0);
    for visitor in crowd.iter().filter(|visitor| which(visitor)) {
        let (mut away, mut new) = (false, false);
        for _ in 0..2 {
            let answer = bench.whoami(id, &sent(&visitor.cookie)).await?;
            away |= answer.pod() != visitor.home;
            new |= !SetCookie::all(&answer).is_empty();
        }
        (asked, moved, fresh) = (asked + 1, moved + usize::from(away), fresh + usize::from(new));
    }
    ensure!(asked > 0, "nobody is left to ask at {id}");
    Ok((moved, fresh))
}

/// On a hash ring, half of the sessions move when 3 pods become 6, give or take the error of a sample of 40.
fn share(moved: usize, of: usize, fresh: usize) -> String {
    let cookies = if fresh == 0 { "no new cookie".to_owned() } else { format!("{fresh} new cookies") };
    match moved * 100 / of {
        0 if moved == 0 && fresh == 0 => format!("0 of {of} sessions move"),
        35..=70 => format!("35 to 70 % of {of} sessions move, {cookies}"),
        _ => format!("{moved} of {of} sessions move, {cookies}"),
    }
}

/// Waits until the front door has dropped the pods that are gone and knows the new ones: first requests reach all existing pods and no
/// others.
async fn settled(bench: &Bench<'_>, id: &str, left: &BTreeSet<String>) -> Result<()> {
    bench.reached(id, WHOAMI, left.len()).await?;
    let mut row = 0;
    wait::until("the front door has forgotten the pods that are gone", SOON, async || {
        row = if bench.whoami(id, "").await.is_ok_and(|answer| left.contains(&answer.pod())) { row + 1 } else { 0 };
        (row >= 6 * left.len()).then_some(())
    })
    .await
}

/// Whether two pods of the front door agree: sessions that began at one send their cookies to the other.
async fn two_proxies(bench: &Bench<'_>, seen: &mut BTreeMap<&'static str, String>) -> Result<()> {
    let proxies = bench.proxies.scale(2).await?;
    let few = bench.pods().await?.len();
    for (n, fact) in [(1, "two-proxies-balanced"), (2, "two-proxies-persistent")] {
        let id = ROUTES[n].0;
        let (one, other) = (bench.through(&proxies[0]), bench.through(&proxies[1]));
        for proxy in [&one, &other] {
            proxy.reached(id, WHOAMI, few).await?;
        }
        let crowd = join(&one, id).await?;
        let (moved, fresh) = ask_again(&other, id, &crowd, |_| true).await?;
        seen.insert(fact, share(moved, crowd.len(), fresh));
    }
    bench.proxies.scale(1).await.map(drop)
}

async fn socket_and_edit(bench: &Bench<'_>, id: &str) -> Result<String> {
    let mut socket = ws::socket(&bench.url(id), &random::client_id()).open().await?;
    // A new route: once it works, the effects of the edit are complete.
    let edited = format!("{id}-edited");
    bench.apply(&[bench.route(&Route::sticky(id)), bench.route(&Route::sticky(&edited).rules(&[("/", id)]))].concat()).await?;
    bench.reached(&edited, WHOAMI, 1).await?;
    Ok(if socket.echo("still there?").await.is_ok() { "stays open" } else { "ends" }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(share(0, 40, 0), "0 of 40 sessions move");
        assert_eq!(share(20, 40, 0), "35 to 70 % of 40 sessions move, no new cookie");
        assert_eq!(share(1, 40, 1), "1 of 40 sessions move, 1 new cookies");
        assert_eq!(share(0, 40, 2), "0 of 40 sessions move, 2 new cookies");
    }
}
