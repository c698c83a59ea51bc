//! Chooses the pod for the next connection.

use super::event::Event;
use super::target::{PodPort, Target};
use crate::cluster::errors::ApiError;
use kube::Client;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

/// How long a list of pods is reused: fifty connections at once share one.
const BELIEVED: Duration = Duration::from_secs(1);

/// Lists the pods and remembers the one in use.
pub(super) struct Picker {
    client: Client,
    target: Target,
    tell: mpsc::Sender<Event>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    listed: Option<(Instant, Vec<PodPort>)>,
    last: Option<PodPort>,
}

impl Picker {
    pub(super) fn new(client: Client, target: Target, tell: mpsc::Sender<Event>) -> Self {
        Self { client, target, tell, known: Mutex::default() }
    }

    /// A ready pod; one of `tried` only if there is no other.
    pub(super) async fn pick(&self, tried: &[String]) -> Result<Option<PodPort>, ApiError> {
        let mut known = self.known.lock().await;
        let last = known.last.clone();
        let chosen = choose(self.ready(&mut known).await?, last.as_ref(), tried).cloned();
        if let Some(to) = &chosen
            && let Some(from) = known.last.replace(to.clone())
            && from.name != to.name
        {
            // If the channel is full, the event is dropped.
            let _ = self.tell.try_send(Event::Moved { from: from.name, to: to.name.clone() });
        }
        Ok(chosen)
    }

    /// The pod in use, if a pick would list the pods before it names one.
    pub(super) async fn guess(&self) -> Option<PodPort> {
        let known = self.known.lock().await;
        if known.listed.as_ref().is_some_and(fresh) { None } else { known.last.clone() }
    }

    /// The pod that the first connection will get.
    pub(super) async fn first(&self) -> Result<Option<PodPort>, ApiError> {
        let mut known = self.known.lock().await;
        Ok(self.ready(&mut known).await?.first().cloned())
    }

    async fn ready<'a>(&self, known: &'a mut Known) -> Result<&'a [PodPort], ApiError> {
        let listed = match known.listed.take() {
            Some(listed) if fresh(&listed) => listed,
            _ => (Instant::now(), self.target.ready(&self.client).await?),
        };
        Ok(&known.listed.insert(listed).1)
    }

    /// The pods may have changed: the next pick lists them again.
    pub(super) async fn forget(&self) {
        self.known.lock().await.listed = None;
    }
}

fn fresh((at, pods): &(Instant, Vec<PodPort>)) -> bool {
    at.elapsed() < BELIEVED && !pods.is_empty()
}

/// The pod in use as long as it works, so that all connections of a browser reach the same one; else the first that was not tried.
fn choose<'a>(ready: &'a [PodPort], last: Option<&PodPort>, tried: &[String]) -> Option<&'a PodPort> {
    let untried = || ready.iter().filter(|pod| !tried.contains(&pod.name));
    untried().find(|pod| Some(*pod) == last).or_else(|| untried().next()).or_else(|| ready.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pod_in_use_is_kept_until_it_fails_or_goes() {
        let pod = |name: &str| PodPort { namespace: "n".to_owned(), name: name.to_owned(), port: 80 };
        let ready = [pod("a"), pod("b")];
        let tried = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(choose(&ready, None, &[]), Some(&ready[0]));
        assert_eq!(choose(&ready, Some(&pod("b")), &[]), Some(&ready[1]));
        assert_eq!(choose(&ready, Some(&pod("gone")), &[]), Some(&ready[0]));
        assert_eq!(choose(&ready, Some(&pod("b")), &tried(&["b"])), Some(&ready[0]));
        assert_eq!(choose(&ready, None, &tried(&["a", "b"])), Some(&ready[0]), "the only ones there are");
        assert_eq!(choose(&[], Some(&pod("b")), &[]), None);
    }
}
