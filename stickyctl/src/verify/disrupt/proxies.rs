//! Compares the proxies of a site.

use super::error::Error;
use super::naming::name;
use crate::cluster::tunnel::{Target, Tunnel};
use crate::output::{Mark, Output};
use crate::verify::logs::Logs;
use crate::verify::probe::steady::Crowd;
use crate::verify::probe::watch::Witness;
use crate::verify::probe::{Asking, proxies};
use crate::verify::request::Way;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use sticky_affinity::disrupt::proxies::{Agreement, judge};
use sticky_affinity::scenario;

/// How long proxies may take to agree: ingress-nginx takes up to 4.5 s to learn of a change.
const PATIENCE: Duration = Duration::from_secs(10);

/// Apart from disruptions, which count from 0.
const TURN: u32 = 90;

/// Proxies that were compared.
#[derive(Debug, Clone)]
pub(crate) struct Proxies {
    /// The names of their pods, or their addresses.
    pub(crate) names: Vec<String>,
    pub(crate) agreement: Agreement,
}

/// Sends each proxy's cookies through all of them: the addresses that the run uses if there are several, or else each ready pod of the front
/// door, by a tunnel of its own.
///
/// # Errors
/// There are no proxies to tell apart, or they can't be reached.
pub(crate) async fn compare(asking: &Asking, logs: Option<&Logs>, way: &Way, output: Output) -> Result<Proxies, Error> {
    let mut asking = asking.clone();
    let mut tunnels = Vec::new();
    let mut names = asking.target.addresses.clone();
    if names.len() < 2 {
        let (front, client) = match (&way.front, &way.witness) {
            (Some(front), Some(Witness::Cluster { client, .. })) => (front, client),
            _ => return Err(Error::NoProxies(format!("the run uses one address, {}", names.join(", ")))),
        };
        let pods = front.pods.ready(client).await.map_err(crate::cluster::disrupt::Error::from)?;
        names = pods.iter().map(|pod| pod.name.clone()).collect();
        for pod in pods.into_iter().take(proxies::MOST) {
            let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let tunnel = Tunnel::open(client.clone(), Target::One(pod), listen).await;
            tunnels.push(tunnel.map_err(|why| Error::NoProxies(why.to_string()))?);
        }
        asking.target.addresses = tunnels.iter().map(|tunnel| tunnel.addr().to_string()).collect();
    }
    names.truncate(proxies::MOST);
    asking.target.addresses.truncate(proxies::MOST);
    let line = output.live("proxies");
    let book = Arc::new(Crowd::of(&asking).book(TURN));
    let seen = if names.len() < 2 {
        proxies::Compared { rounds: Vec::new(), unsteady: 0 }
    } else {
        proxies::compare(&asking, &book, (PATIENCE, async || name(&asking, &book, logs).await), |what| line.says(what)).await
    };
    let agreement = judge(names.len(), &seen.rounds, seen.unsteady);
    let mark = match agreement.mark {
        scenario::Mark::Pass => Mark::Done,
        scenario::Mark::Fail => Mark::Failed,
        scenario::Mark::Skip => Mark::Skipped,
    };
    line.ends(mark, &agreement.detail);
    Ok(Proxies { names, agreement })
}
