//! What a cluster, or the one that runs here, says of the pods during a run: whether each is ready. A move away from one that is not is forced.

use super::probe::Book;
use super::seen::{PodState, What};
use crate::cluster::rollout::trouble::is_ready;
use crate::local::client;
use futures_util::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use sticky_app::core::topology::State;

/// Who says how the pods are.
pub enum Witness {
    /// A cluster, for the pods of a namespace that a selector chooses.
    Cluster {
        /// The client.
        client: Client,
        /// The namespace.
        namespace: String,
        /// The selector.
        selector: String,
    },
    /// The one that runs here.
    Local(client::Client),
}

/// Between two looks at the one that runs here.
const LOOK: Duration = Duration::from_millis(200);

/// Writes into the book what becomes of the pods, for as long as it is asked. `ready` is told once the first look is done, or failed.
pub async fn pods(witness: &Witness, book: &Arc<Book>, ready: tokio::sync::oneshot::Sender<()>) -> Infallible {
    let mut told = Told { book, known: BTreeMap::new(), ready: Some(ready) };
    match witness {
        Witness::Cluster { client, namespace, selector } => {
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            let mut events = watcher(pods, watcher::Config::default().labels(selector)).default_backoff().boxed();
            let mut listed = BTreeMap::new();
            while let Some(event) = events.next().await {
                match event {
                    Ok(Event::Init) => listed.clear(),
                    Ok(Event::InitApply(pod)) => listed.extend(state(&pod)),
                    Ok(Event::InitDone) => told.all(std::mem::take(&mut listed)),
                    Ok(Event::Apply(pod)) => told.some(state(&pod)),
                    Ok(Event::Delete(pod)) => told.some(pod.metadata.name.map(|name| (name, PodState::Gone))),
                    // It is tried again; until then nobody says how pods are, which is no news of them.
                    Err(_) => told.looked(),
                }
            }
        }
        Witness::Local(client) => loop {
            match client.find().await {
                Ok(Some(status)) => {
                    let state = |state| if state == State::Ready { PodState::Ready } else { PodState::NotReady };
                    told.all(status.pods.into_iter().map(|pod| (pod.pod, state(pod.state))).collect());
                }
                Ok(None) | Err(_) => told.looked(),
            }
            tokio::time::sleep(LOOK).await;
        },
    }
    std::future::pending().await
}

fn state(pod: &Pod) -> Option<(String, PodState)> {
    Some((pod.metadata.name.clone()?, if is_ready(pod) { PodState::Ready } else { PodState::NotReady }))
}

struct Told<'a> {
    book: &'a Book,
    known: BTreeMap<String, PodState>,
    ready: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Told<'_> {
    /// The whole list: who is not in it is gone.
    fn all(&mut self, list: BTreeMap<String, PodState>) {
        let gone: Vec<String> = self.known.keys().filter(|pod| !list.contains_key(*pod)).cloned().collect();
        self.some(list.into_iter().chain(gone.into_iter().map(|pod| (pod, PodState::Gone))));
        self.looked();
    }

    fn some(&mut self, pods: impl IntoIterator<Item = (String, PodState)>) {
        let first = self.ready.is_some();
        for (pod, state) in pods {
            if self.known.insert(pod.clone(), state) != Some(state) {
                self.book.happened(What::Pod { pod, state }, first);
            }
        }
    }

    fn looked(&mut self) {
        if let Some(ready) = self.ready.take() {
            // Nobody waits any more where the run is over.
            let _ = ready.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::plan::Sample;

    #[test]
    fn only_what_is_new_is_written_down() {
        let book = Book::new(Sample::default());
        let (sender, _receiver) = tokio::sync::oneshot::channel();
        let mut told = Told { book: &book, known: BTreeMap::new(), ready: Some(sender) };
        let list = |pods: &[(&str, PodState)]| pods.iter().map(|(pod, state)| ((*pod).to_owned(), *state)).collect::<BTreeMap<_, _>>();
        told.all(list(&[("a", PodState::Ready), ("b", PodState::NotReady)]));
        told.all(list(&[("a", PodState::Ready), ("b", PodState::Ready)]));
        told.all(list(&[("b", PodState::Ready)]));
        let seen: Vec<_> = book.run().events.into_iter().map(|event| (event.at.is_zero(), event.what)).collect();
        let pod = |pod: &str, state| What::Pod { pod: pod.to_owned(), state };
        assert_eq!(
            seen,
            [
                (true, pod("a", PodState::Ready)),
                (true, pod("b", PodState::NotReady)),
                (false, pod("b", PodState::Ready)),
                (false, pod("a", PodState::Gone))
            ]
        );
    }
}
