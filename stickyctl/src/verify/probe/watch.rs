//! The readiness of the pods during a run, as reported by a cluster or by the local demo. A move away from a pod that is not ready is forced.

use super::book::Book;
use crate::cluster::errors::sentence;
use crate::cluster::ready::is_ready;
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
use sticky_affinity::seen::{PodState, What};
use sticky_core::readiness::State;

/// The source of the pods' states.
pub(crate) enum Witness {
    /// A cluster: the pods in a namespace that match a label selector.
    Cluster {
        client: Client,
        namespace: String,
        selector: String,
    },
    Local(client::Client),
}

/// How often the local demo is polled.
const LOOK: Duration = Duration::from_millis(200);

/// Records the pods' states in the book for as long as it is polled. `ready` is notified when the first states are known or could not be read.
/// `warns` is called once if no pod's state can be read.
pub(crate) async fn pods(witness: &Witness, book: &Arc<Book>, ready: tokio::sync::oneshot::Sender<()>, warns: impl Fn(&str)) -> Infallible {
    let mut told = Told { book, known: BTreeMap::new(), ready: Some(ready), listed: BTreeMap::new(), warned: false };
    match witness {
        Witness::Cluster { client, namespace, selector } => {
            let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
            let mut events = watcher(pods, watcher::Config::default().labels(selector)).default_backoff().boxed();
            while let Some(event) = events.next().await {
                let Some(trouble) = told.hears(event) else { continue };
                let (trouble, attempt) = match trouble {
                    Trouble::Nobody => {
                        (format!("no pod matches the label selector {selector}"), format!("kubectl get pods -n {namespace} --show-labels"))
                    }
                    Trouble::Refused(why) => (why, format!("kubectl auth can-i watch pods -n {namespace}")),
                };
                warns(&format!(
                    "watching pods in namespace {namespace}: {trouble}. Until that works, the causes of moves are unknown. Try `{attempt}`"
                ));
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
    let state = match () {
        () if pod.metadata.deletion_timestamp.is_some() => PodState::Terminating,
        () if is_ready(pod) => PodState::Ready,
        () => PodState::NotReady,
    };
    Some((pod.metadata.name.clone()?, state))
}

struct Told<'a> {
    book: &'a Book,
    known: BTreeMap<String, PodState>,
    ready: Option<tokio::sync::oneshot::Sender<()>>,
    /// A list that is still incomplete.
    listed: BTreeMap<String, PodState>,
    warned: bool,
}

/// Why no state can be read.
#[derive(Debug, PartialEq)]
enum Trouble {
    /// No pod matches the selector.
    Nobody,
    /// The cluster refused, or did not answer.
    Refused(String),
}

impl Told<'_> {
    /// Takes an event. Returns why there is no pod, once.
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
            // The watcher retries; until then the pods keep their last states.
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

    /// Takes a complete list: a known pod that is not in it is gone.
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
            // Fails only after the run, when the receiver is gone.
            let _ = ready.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_affinity::plan::Sample;

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
