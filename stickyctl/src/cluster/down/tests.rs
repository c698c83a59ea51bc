//! `down` as a whole against the fake API server.

use super::*;
use crate::cluster::fake::{Fake, place};
use crate::cluster::plan::Plan;
use crate::cluster::show;
use crate::output::recorded::Recorded;
use crate::spec::StickyApp;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::api::DeleteParams;
use serde_json::{Value, json};

async fn release() -> Fake {
    let fake = Fake::new();
    fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
    fake
}

async fn down(fake: &Fake, seen: &'static Recorded, yes: bool, delete_data: bool) -> Result<Done, Failure> {
    let request = Request { place: place(), yes, delete_data, timeout: Duration::from_secs(30) };
    let done = run(&fake.cluster(), &request, seen.output()).await?;
    show::down(done, &request.place, seen.output())?;
    Ok(done)
}

fn configmap(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "sticky-sessions", "labels": labels}})
}

#[tokio::test(start_paused = true)]
async fn everything_that_up_applied_goes_and_the_data_stays() {
    let fake = release().await;
    let seen = Recorded::pipe();
    assert_eq!(down(&fake, seen, true, false).await.unwrap(), Done::Deleted);
    assert_eq!(seen.out(), "sticky-sessions is down\n");
    assert_eq!(
        seen.err(),
        "test, namespace sticky-sessions:\n\n  \
           ingress sticky-sessions\n  deployment sticky-sessions\n  statefulset sticky-sessions-redis\n  \
           service sticky-sessions\n  service sticky-sessions-redis\n  service sticky-sessions-redis-headless\n  \
           poddisruptionbudget sticky-sessions\n  poddisruptionbudget sticky-sessions-redis\n  \
           networkpolicy sticky-sessions\n  networkpolicy sticky-sessions-redis\n  \
           namespace sticky-sessions, if nothing else is in it\n\n\
         ✓ deleted     10 objects\n\
         ✓ drain       all pods are gone; they closed their sockets cleanly\n\
         – namespace   sticky-sessions stays, because it contains persistentvolumeclaim data-sticky-sessions-redis-0\n\
         – data        persistentvolumeclaim data-sticky-sessions-redis-0 stays; --delete-data deletes it\n\n"
    );
    assert_eq!(fake.titles(), ["Namespace sticky-sessions", "PersistentVolumeClaim data-sticky-sessions-redis-0"]);

    // A second time, there is nothing to ask about.
    let seen = Recorded::terminal("n");
    assert_eq!(down(&fake, seen, false, false).await.unwrap(), Done::Nothing);
    assert_eq!(
        seen.err(),
        "there is nothing left of release sticky-sessions in namespace sticky-sessions but persistentvolumeclaim data-sticky-sessions-redis-0; \
         --delete-data deletes it\n"
    );

    let seen = Recorded::terminal("y");
    assert_eq!(down(&fake, seen, false, true).await.unwrap(), Done::Deleted);
    assert!(seen.err().contains("Delete 1 object and namespace sticky-sessions, including Redis's data? [y/N] y\n"), "{}", seen.err());
    assert!(!seen.err().contains("sockets"), "no pods were there: {}", seen.err());
    assert!(seen.err().ends_with("✓ namespace   sticky-sessions deleted\n\n"), "{}", seen.err());
    assert_eq!(fake.titles(), Vec::<String>::new());
    let seen = Recorded::pipe();
    assert_eq!(down(&fake, seen, true, true).await.unwrap(), Done::Nothing);
    assert_eq!((seen.err().as_str(), seen.out().as_str()), ("there is nothing of release sticky-sessions in namespace sticky-sessions\n", ""));
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_put_there_stays() {
    let fake = release().await;
    let labels = json!({"app.kubernetes.io/name": "sticky-sessions", "app.kubernetes.io/managed-by": "stickyctl",
        "app.kubernetes.io/instance": "sticky-sessions", "app.kubernetes.io/component": "app"});
    fake.put(configmap("labelled", labels.clone()));
    fake.put(configmap("plain", json!({})));
    // What Kubernetes puts into every namespace is nobody's.
    fake.put(configmap("kube-root-ca.crt", json!({})));
    let seen = Recorded::pipe();
    down(&fake, seen, true, true).await.unwrap();
    let said = seen.err();
    assert!(said.contains("– namespace   sticky-sessions stays, because it contains configmap labelled and 1 more\n"), "{said}");
    assert!(said.contains("– others      configmap labelled has the release's labels, but somebody else applied it: it stays\n"), "{said}");
    assert_eq!(fake.titles(), ["ConfigMap kube-root-ca.crt", "ConfigMap labelled", "ConfigMap plain", "Namespace sticky-sessions"]);
    fake.put(configmap("second", labels));
    let seen = Recorded::pipe();
    down(&fake, seen, true, true).await.unwrap();
    assert!(seen.err().contains("– others      2 objects have the release's labels, but somebody else applied them: they stay\n"), "{}", seen.err());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_was_there_stays() {
    let fake = Fake::new();
    fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sticky-sessions"}}));
    fake.apply(&Plan::new(StickyApp::default(), None, None, false).unwrap()).await;
    let seen = Recorded::pipe();
    down(&fake, seen, true, true).await.unwrap();
    assert!(!seen.err().contains("namespace sticky-sessions,"), "{}", seen.err());
    assert_eq!(fake.titles(), ["Namespace sticky-sessions"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_without_a_yes() {
    let fake = release().await;
    fake.writes();
    let failure = down(&fake, Recorded::pipe(), false, false).await.unwrap_err();
    assert_eq!((failure.what.as_str(), failure.exit), ("deleting needs a confirmation, and there is no terminal to ask on", Exit::Usage));
    assert_eq!(failure.tries, ["stickyctl down --yes"]);
    let seen = Recorded::terminal("n");
    let failure = down(&fake, seen, false, true).await.unwrap_err();
    assert_eq!((failure.what.as_str(), failure.exit), ("nothing was deleted", Exit::Failed));
    assert!(seen.err().ends_with("Delete 11 objects and namespace sticky-sessions, including Redis's data? [y/N] n\n"), "{}", seen.err());
    assert_eq!(fake.writes(), Vec::<String>::new());
    down(&fake, Recorded::terminal("y"), false, false).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_finalizer_that_nobody_removes() {
    let fake = release().await;
    fake.edit("Service", "sticky-sessions", |object| object["metadata"]["finalizers"] = json!(["a/b"]));
    let seen = Recorded::pipe();
    let failure = down(&fake, seen, true, true).await.unwrap_err();
    assert_eq!(failure.what, "deleting sticky-sessions in namespace sticky-sessions: 0 pods and 1 objects are still there after 30.0 s");
    assert_eq!(failure.tries, ["kubectl get all -n sticky-sessions   shows what is left; it goes by itself, unless a finalizer holds it"]);
    assert_eq!(failure.exit, Exit::TimedOut);
    assert!(seen.err().ends_with("✗ drain       0 pods and 1 objects are still there\n"), "{}", seen.err());

    let fake = release().await;
    fake.edit("Namespace", "sticky-sessions", |object| object["metadata"]["finalizers"] = json!(["a/b"]));
    let failure = down(&fake, Recorded::pipe(), true, true).await.unwrap_err();
    assert_eq!(failure.what, "namespace sticky-sessions is being deleted and does not go away");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_recreated_meanwhile_stays() {
    let fake = release().await;
    let items = inventory::list(&fake.client(), &place()).await.unwrap();
    let service = items.iter().find(|item| item.title() == "service sticky-sessions").unwrap();
    fake.edit("Service", "sticky-sessions", |object| object["metadata"]["uid"] = json!("another"));
    let error = service.delete(&fake.client(), "sticky-sessions").await.unwrap_err();
    assert_eq!(error.to_string(), "deleting service sticky-sessions: the UID in the precondition does not match");
    assert!(fake.get("Service", "sticky-sessions").is_some());
}

/// With the front door that `up` installed, and then with an Ingress of somebody else on it.
#[tokio::test(start_paused = true)]
async fn the_installed_front_door_goes_with_its_last_ingress() {
    use crate::cluster::apply::{Manner, Wanted, apply_patiently};
    use crate::generate::front_door::install::{Install, objects};
    for shared in [false, true] {
        let fake = release().await;
        for object in objects(&Install::of(&StickyApp::default(), false)).iter().filter_map(Wanted::of) {
            apply_patiently(&fake.client(), &object, Manner::default()).await.unwrap();
        }
        if shared {
            let meta = json!({"name": "second", "namespace": "sticky-sessions"});
            fake.put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {"ingressClassName": "nginx"}}));
        }
        let seen = Recorded::terminal("y");
        down(&fake, seen, false, true).await.unwrap();
        let asked = if shared { "11 objects and namespace" } else { "11 objects, the front door and namespace" };
        assert!(seen.err().contains(&format!("Delete {asked} sticky-sessions, including Redis's data? [y/N] y\n")), "{}", seen.err());
        let listed = "  the front door that stickyctl up installed: ingress-nginx 1.15.1 in namespace ingress-nginx\n";
        assert_eq!(seen.err().contains(listed), !shared, "{}", seen.err());
        assert_eq!(seen.err().contains("✓ front door  ingress-nginx 1.15.1 and everything that was installed with it\n"), !shared, "{}", seen.err());
        assert_eq!(fake.titles().is_empty(), !shared, "{:?}", fake.titles());
    }
}

/// An empty namespace that `up` created is all that is left.
#[tokio::test(start_paused = true)]
async fn only_the_namespace() {
    let fake = Fake::new();
    fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
    down(&fake, Recorded::pipe(), true, false).await.unwrap();
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(fake.client(), "sticky-sessions");
    claims.delete("data-sticky-sessions-redis-0", &DeleteParams::default()).await.unwrap();
    let seen = Recorded::terminal("y");
    assert_eq!(down(&fake, seen, false, false).await.unwrap(), Done::Deleted);
    assert_eq!(
        seen.err(),
        "test, namespace sticky-sessions:\n\n  namespace sticky-sessions, if nothing else is in it\n\n\
         Delete namespace sticky-sessions? [y/N] y\n✓ namespace   sticky-sessions deleted\n\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_release_of_helm_is_left_to_helm() {
    let fake = release().await;
    fake.edit("Deployment", "sticky-sessions", |object| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Helm"));
    let failure = down(&fake, Recorded::pipe(), true, false).await.unwrap_err();
    assert_eq!(failure.tries, ["helm uninstall sticky-sessions --namespace sticky-sessions"]);
}

mod gateway;
