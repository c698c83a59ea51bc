//! What a cluster, or the one that runs here, says of the pods during a run: whether each is ready. A move away from one that is not is forced.

use super::probe::Book;
use super::seen::{PodState, What};
use crate::cluster::errors::sentence;
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

/// Writes into the book what becomes of the pods, for as long as it is asked. `ready` is told once the first look is done, or failed; `warns`
/// hears once why nothing will come of it.
pub async fn pods(witness: &Witness, book: &Arc<Book>, ready: tokio::sync::oneshot::Sender<()>, warns: impl Fn(&str)) -> Infallible {
    let mut told = Told { book, known: BTreeMap::new(), ready: Some(ready), listed: BTreeMap::new(), warned: false };
    match witness {
        Witness::Cluster { client, namespace, selector } => {
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            let mut events = watcher(pods, watcher::Config::default().labels(selector)).default_backoff().boxed();
            while let Some(event) = events.next().await {
                let Some(trouble) = told.hears(event) else { continue };
                let (trouble, attempt) = match trouble {
                    Trouble::Nobody => (format!("no pod there has the labels {selector}"), format!("kubectl get pods -n {namespace} --show-labels")),
                    Trouble::Refused(why) => (why, format!("kubectl auth can-i watch pods -n {namespace}")),
                };
                warns(&format!("watching the pods of {namespace}: {trouble}; until that works no move has a cause. Try `{attempt}`"));
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
    /// A list that is not whole yet.
    listed: BTreeMap<String, PodState>,
    warned: bool,
}

/// Why nobody says how pods are.
#[derive(Debug, PartialEq)]
enum Trouble {
    /// No pod was chosen.
    Nobody,
    /// The cluster said no, or nothing.
    Refused(String),
}

impl Told<'_> {
    /// What a cluster says; the first time that it says of no pod, why.
    fn hears(&mut self, event: Result<Event<Pod>, watcher::Error>) -> Option<Trouble> {
        let trouble = match event {
            Ok(Event::Init) => {
                self.listed.clear();
                return None;
            }
            Ok(Event::InitApply(pod)) => {
                self.listed.extend(state(&pod));
                return None;
            }
            Ok(Event::InitDone) => {
                let list = std::mem::take(&mut self.listed);
                self.all(list);
                Trouble::Nobody
            }
            Ok(Event::Apply(pod)) => {
                self.some(state(&pod));
                return None;
            }
            Ok(Event::Delete(pod)) => {
                self.some(pod.metadata.name.map(|name| (name, PodState::Gone)));
                return None;
            }
            // It is tried again; until then nobody says how pods are, which is no news of them.
            Err(error) => {
                self.looked();
                Trouble::Refused(match &error {
                    watcher::Error::InitialListFailed(why) | watcher::Error::WatchStartFailed(why) | watcher::Error::WatchFailed(why) => {
                        sentence(why)
                    }
                    other => other.to_string(),
                })
            }
        };
        (self.known.is_empty() && !std::mem::replace(&mut self.warned, true)).then_some(trouble)
    }

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

    fn told(book: &Book, ready: tokio::sync::oneshot::Sender<()>) -> Told<'_> {
        Told { book, known: BTreeMap::new(), ready: Some(ready), listed: BTreeMap::new(), warned: false }
    }

    fn pod() -> Pod {
        Pod { metadata: kube::core::ObjectMeta { name: Some("a".to_owned()), ..Default::default() }, ..Pod::default() }
    }

    #[test]
    fn who_is_told_of_no_pod_is_told_why_once() {
        let book = Book::new(Sample::default());
        let (sender, mut receiver) = tokio::sync::oneshot::channel();
        let mut nobody = told(&book, sender);
        assert_eq!((nobody.hears(Ok(Event::Init)), nobody.hears(Ok(Event::InitDone))), (None, Some(Trouble::Nobody)));
        assert!(receiver.try_recv().is_ok() && nobody.hears(Ok(Event::InitDone)).is_none());
        let (sender, mut receiver) = tokio::sync::oneshot::channel();
        let mut refused = told(&book, sender);
        let trouble = refused.hears(Err(watcher::Error::NoResourceVersion));
        assert!(matches!(&trouble, Some(Trouble::Refused(why)) if why.contains("resourceVersion")), "{trouble:?}");
        assert!(receiver.try_recv().is_ok() && refused.hears(Err(watcher::Error::NoResourceVersion)).is_none());
        let (sender, _receiver) = tokio::sync::oneshot::channel();
        let forbidden: kube::core::Status = serde_json::from_str(r#"{"status": "Failure", "message": "pods is forbidden", "code": 403}"#).unwrap();
        let forbidden = watcher::Error::InitialListFailed(kube::Error::Api(Box::new(forbidden)));
        assert_eq!(told(&book, sender).hears(Err(forbidden)), Some(Trouble::Refused("pods is forbidden".to_owned())));
        let (sender, _receiver) = tokio::sync::oneshot::channel();
        let mut served = told(&book, sender);
        let events =
            [Ok(Event::Init), Ok(Event::InitApply(pod())), Ok(Event::InitDone), Err(watcher::Error::NoResourceVersion), Ok(Event::Delete(pod()))];
        assert!(events.into_iter().all(|event| served.hears(event).is_none()), "what stops later is tried again");
    }

    #[test]
    fn only_what_is_new_is_written_down() {
        let book = Book::new(Sample::default());
        let (sender, _receiver) = tokio::sync::oneshot::channel();
        let mut told = told(&book, sender);
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
