//! Against the fake API server: what is sent, what is refused, and what a person reads about it.

use super::*;
use crate::cluster::fake::{Fake, Then, place};
use crate::cluster::plan::Plan;
use crate::exit::Failure;
use crate::spec::StickyApp;
use serde_json::json;
use sticky_core::mode::Mode;

fn plan(mode: &str) -> Plan {
    Plan::new(StickyApp { mode: mode.parse::<Mode>().unwrap(), ..StickyApp::default() }, None, None, true).unwrap()
}

async fn apply_all(fake: &Fake, plan: &Plan, manner: Manner) -> Result<Vec<Outcome>, Error> {
    let client = fake.client();
    rehearse(&client, &plan.objects, manner).await?;
    let mut outcomes = Vec::new();
    for object in &plan.objects {
        outcomes.push(apply_patiently(&client, object, manner).await?);
    }
    Ok(outcomes)
}

#[tokio::test(start_paused = true)]
async fn created_unchanged_and_changed() {
    let fake = Fake::new();
    let first = apply_all(&fake, &plan("3x1"), Manner::default()).await.unwrap();
    assert!(first.len() > 8 && first.iter().all(|outcome| *outcome == Outcome::Created), "{first:?}");
    assert_eq!(fake.writes().len(), first.len(), "each object is written once");
    let again = apply_all(&fake, &plan("3x1"), Manner::default()).await.unwrap();
    assert!(again.iter().all(|outcome| *outcome == Outcome::Unchanged), "{again:?}");
    let other = apply_all(&fake, &plan("5x1"), Manner::default()).await.unwrap();
    let changed: Vec<&Vec<String>> = other.iter().filter_map(|one| if let Outcome::Changed(fields) = one { Some(fields) } else { None }).collect();
    assert!(changed.iter().any(|fields| fields.contains(&".spec.replicas: 3 to 5".to_owned())), "{changed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_conflict_names_fields_and_managers_and_writes_nothing() {
    let fake = Fake::new();
    apply_all(&fake, &plan("3x1"), Manner::default()).await.unwrap();
    fake.scale("sticky-sessions", 4, "kubectl");
    fake.writes();
    let error: Failure = apply_all(&fake, &plan("5x1"), Manner::default()).await.unwrap_err().into();
    assert_eq!(
        error.what,
        "applying: others manage a field; nothing was written\n\n  deployment sticky-sessions  .spec.replicas  managed by kubectl (scale)"
    );
    assert_eq!(
        error.tries,
        [
            "stickyctl up                     without a mode: keeps the number of pods",
            "stickyctl scale N                takes over the number of pods",
            "stickyctl up --force-conflicts   takes ownership of every field listed above",
        ]
    );
    assert_eq!((error.exit, fake.writes()), (Exit::Failed, Vec::new()));

    fake.edit("Deployment", "sticky-sessions", |object| {
        object["spec"]["minReadySeconds"] = json!(9);
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("theirs:1");
        let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {"f:image": {}}}}}}});
        let theirs = json!({"manager": "kustomize", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields});
        object["metadata"]["managedFields"].as_array_mut().unwrap().push(theirs);
    });
    let error: Failure = apply_all(&fake, &plan("5x1"), Manner::default()).await.unwrap_err().into();
    assert!(error.what.starts_with("applying: others manage 2 fields; nothing was written\n\n"), "{}", error.what);
    let line = "  deployment sticky-sessions  .spec.template.spec.containers[name=\"app\"].image  managed by kustomize";
    assert!(error.what.lines().any(|one| one == line), "{}", error.what);
    assert_eq!(error.tries, ["stickyctl up --force-conflicts   takes ownership of every field listed above"]);

    apply_all(&fake, &plan("5x1"), Manner { force: true, dry_run: false }).await.unwrap();
    let live = fake.get("Deployment", "sticky-sessions").unwrap();
    assert_eq!((&live["spec"]["replicas"], fake.owners("sticky-sessions")), (&json!(5), vec![MANAGER.to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn what_is_late_is_waited_for_and_what_never_comes_ends() {
    let fake = Fake::new();
    let message = "Internal error occurred: failed calling webhook \"validate.nginx.ingress.kubernetes.io\": failed to call webhook: Post \"https://x\": \
                   dial tcp 10.96.0.1:443: connect: connection refused";
    let down = json!({"kind": "Status", "status": "Failure", "code": 500, "reason": "InternalError", "message": message});
    fake.rule(Some(http::Method::PATCH), "/ingresses/", Some(3), Then::Status(down.clone()));
    apply_all(&fake, &plan("3x1"), Manner::default()).await.unwrap();

    fake.rule(Some(http::Method::PATCH), "/ingresses/", None, Then::Status(down));
    let began = tokio::time::Instant::now();
    let error: Failure = apply_all(&fake, &plan("3x1"), Manner::default()).await.unwrap_err().into();
    assert_eq!((error.what, error.exit), (format!("applying ingress sticky-sessions: {message}"), Exit::Failed));
    assert_eq!(error.tries, ["kubectl get validatingwebhookconfigurations   delete one that belongs to a front door that no longer exists"]);
    assert!((60..65).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn every_other_refusal() {
    let refused = async |method: Option<http::Method>, path: &str, then: Then| -> (String, Vec<String>, Exit) {
        let fake = Fake::new();
        fake.rule(method, path, None, then);
        let error: Failure = apply_all(&fake, &plan("3x1"), Manner::default()).await.unwrap_err().into();
        (error.what, error.tries, error.exit)
    };
    let status = |code: u16, reason: &str, message: &str, details: serde_json::Value| {
        Then::Status(json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message, "details": details}))
    };
    let unknown = status(404, "Failed to parse error data", "404 page not found", json!(null));
    let (what, ..) = refused(None, "/statefulsets/", unknown).await;
    assert_eq!(what, "applying statefulset sticky-sessions-redis: this cluster does not have the kind");

    let (what, tries, exit) = refused(None, "/services/", status(403, "Forbidden", "services is forbidden: User \"jane\"", json!({}))).await;
    assert_eq!(what, "applying service sticky-sessions-redis-headless: permission denied: services is forbidden: User \"jane\"");
    assert_eq!(tries, ["kubectl auth can-i --list    shows what you may do; an administrator of the cluster can grant more"]);
    assert_eq!(exit, Exit::Prerequisite);

    let (what, tries, exit) = refused(None, "/services/", Then::Silence).await;
    assert_eq!(what, "applying service sticky-sessions-redis-headless: the API server did not answer within 20 s");
    assert_eq!((tries, exit), (vec!["kubectl cluster-info".to_owned()], Exit::TimedOut));

    let invalid = status(422, "Invalid", "Service \"x\" is invalid: spec.clusterIP: field is immutable", json!({}));
    let (what, tries, exit) = refused(Some(http::Method::PATCH), "/services/", invalid).await;
    assert_eq!(what, "applying service sticky-sessions-redis-headless: Service \"x\" is invalid: spec.clusterIP: field is immutable");
    assert_eq!((tries, exit), (Vec::new(), Exit::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_goes_meanwhile() {
    let fake = Fake::new();
    let plan = plan("3x1");
    let wanted = plan.objects.iter().find(|object| object.is("Service")).unwrap();
    let error: Failure = apply_patiently(&fake.client(), wanted, Manner::default()).await.unwrap_err().into();
    let title = wanted.title();
    assert_eq!(error.what, format!("applying {title}: namespace {} was deleted meanwhile", place().namespace));
    assert_eq!(error.tries, ["stickyctl up    creates it again"]);
}
