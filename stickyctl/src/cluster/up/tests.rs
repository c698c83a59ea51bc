//! `up` as a whole against the fake API server.

use super::request::{Done, DryRun, Effective, Request, SpecSource, Way};
use super::*;
use crate::cluster::fake::{Fake, Pods, Then, place, pod};
use crate::cluster::release;
use crate::exit::Exit;
use crate::generate::meta::SPEC;
use crate::output::recorded::Recorded;
use crate::spec::tree::merge;
use serde_json::{Value, json};
use std::time::Duration;

mod canary;
mod envoy_gateway;
mod gateway;

/// What was given on the call; the image is one of a registry, so that nothing has to be loaded.
struct Given {
    file: bool,
    given: Value,
}

impl SpecSource for Given {
    fn has_file(&self) -> bool {
        self.file
    }

    fn load(&self, release: Option<Value>) -> Result<Effective, Failure> {
        let mut tree = serde_json::to_value(StickyApp::default()).unwrap();
        merge(&mut tree, json!({"image": {"name": "registry.example/sticky-app:1"}}));
        merge(&mut tree, release.unwrap_or_default());
        merge(&mut tree, self.given.clone());
        let spec = serde_json::from_value(tree).map_err(|why| Failure::new(Exit::Usage, format!("the spec has a problem: {why}")))?;
        Ok(Effective { spec, warnings: Vec::new(), given: self.given.clone() })
    }

    fn place(&self) -> (String, String) {
        (place().name, place().namespace)
    }
}

/// The calls of one test, on one cluster and one terminal or pipe.
struct Site {
    fake: Fake,
    seen: &'static Recorded,
    force_conflicts: bool,
    force: bool,
    install_front_door: bool,
    dry_run: Option<DryRun>,
    context: &'static str,
}

impl Site {
    fn new() -> Self {
        Self {
            fake: Fake::new(),
            seen: Recorded::pipe(),
            force_conflicts: false,
            force: false,
            install_front_door: false,
            dry_run: None,
            context: "test",
        }
    }

    async fn up(&self, given: Value) -> Result<Done, Failure> {
        self.call(&Given { file: false, given }).await
    }

    async fn call(&self, spec: &Given) -> Result<Done, Failure> {
        let request = Request {
            spec,
            app_binary: None,
            loader: None,
            install_front_door: self.install_front_door,
            force_conflicts: self.force_conflicts,
            force: self.force,
            dry_run: self.dry_run,
            timeout: Duration::from_secs(60),
        };
        let cluster = Cluster { context: self.context.to_owned(), ..self.fake.cluster() };
        run(&request, async { Ok(cluster) }, self.seen.output()).await
    }

    fn replicas(&self) -> Value {
        self.fake.get("Deployment", "sticky-sessions").unwrap()["spec"]["replicas"].clone()
    }
}

fn is_up(pods: usize, workers: u16, has_door: bool) -> Done {
    Done::Up {
        name: "sticky-sessions".to_owned(),
        pods,
        workers,
        canary: 0,
        version: "1".to_owned(),
        way: if has_door { Way::Forward } else { Way::None },
    }
}

#[tokio::test(start_paused = true)]
async fn from_an_empty_cluster_to_a_release_that_answers() {
    let site = Site::new();
    site.fake.front_door("nginx");
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, true));
    let said = regex::Regex::new(r"app \.\.\.\w{5},").unwrap().replace(&site.seen.err(), "app ...PODID,").into_owned();
    assert_eq!(
        said,
        "test, namespace sticky-sessions: 3x1 behind ingress-nginx\n\n\
         ✓ cluster     Kubernetes 1.35.4, 1 node\n\
         – image       the nodes pull it from its registry\n\
         ✓ front door  ingress-nginx 1.15.1, class nginx, 1 of 1 ready\n\
         ! ingress-nginx is retired: its last release was in March 2026, and it gets no more fixes.\n  For a new setup: stickyctl up --front-door traefik, or --front-door gateway\n\
         ✓ applied     12 objects: 12 created\n\
         ✓ Redis       sticky-sessions-redis-0 ready\n\
         ✓ pods        3 of 3 ready\n\
         ✓ answer      through the front door: app ...PODID, cookie set, WebSocket open\n"
    );
    let secret = site.fake.get("Secret", "sticky-sessions-redis").unwrap();
    let again = Site { seen: Recorded::pipe(), ..site };
    assert_eq!(again.up(json!({})).await.unwrap(), is_up(3, 1, true));
    assert!(again.seen.err().contains("\n✓ applied     11 objects: 11 unchanged\n"), "{}", again.seen.err());
    assert_eq!(again.fake.get("Secret", "sticky-sessions-redis").unwrap(), secret, "the password is made once");
}

#[tokio::test(start_paused = true)]
async fn without_a_front_door_and_with_one_installed() {
    let mut site = Site::new();
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, false));
    let said = site.seen.err();
    let lines = "! front door  nothing serves class nginx, so no request can reach the app yet\n  \
                 stickyctl up --install-front-door   installs ingress-nginx; any other front door for the class works as well\n";
    assert!(said.contains(lines) && !said.contains("answer"), "{said}");

    (site.seen, site.install_front_door) = (Recorded::pipe(), true);
    site.fake.answers("ingress-nginx-controller", 80);
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, true));
    let said = site.seen.err();
    assert!(said.contains("✓ front door  ingress-nginx 1.15.1, class nginx, installed, 1 of 1 ready\n"), "{said}");
    let titles = site.fake.titles();
    for title in ["IngressClass nginx", "Namespace ingress-nginx", "Deployment ingress-nginx-controller", "Role ingress-nginx-controller"] {
        assert!(titles.iter().any(|one| one == title), "{title} is not in {titles:?}");
    }

    // A kind cluster on a terminal is asked.
    let site = Site { context: "kind-two", seen: Recorded::terminal("n"), ..Site::new() };
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, false));
    assert!(site.seen.err().contains("No front door serves class nginx. Install ingress-nginx? [Y/n] n\n"), "{}", site.seen.err());
    assert!(site.seen.err().contains("Kubernetes 1.35.4, 1 node, kind \"two\""), "{}", site.seen.err());
    let site = Site { context: "kind-two", seen: Recorded::terminal("\n"), ..Site::new() };
    site.fake.answers("ingress-nginx-controller", 80);
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, true), "nothing else reaches it there");
}

/// As with `kind-config.yaml`: the front door is on this machine's port 80.
#[tokio::test(start_paused = true)]
async fn the_hint_is_the_way_to_the_page() {
    let hint = async |context: &'static str, label: &str, given: Value| {
        let site = Site { context, seen: Recorded::terminal(""), ..Site::new() };
        site.fake.front_door("nginx");
        site.fake.edit("Node", "node-1", |node| node["metadata"]["labels"] = json!({"ingress-ready": label}));
        let done = site.up(given).await.unwrap();
        crate::cluster::show::up(&done, site.seen.output()).unwrap();
        let said = site.seen.err();
        said.split("Next:\n").nth(1).and_then(|text| text.lines().next()).unwrap_or_default().trim().to_owned()
    };
    let forward = "stickyctl forward     opens http://localhost:8080/, forwarded to the front door";
    let page = "is the page, served by the front door on your machine's port 80";
    assert_eq!(hint("kind-two", "true", json!({})).await, format!("http://localhost/     {page}"));
    let host = |host: &str| json!({"ingress": {"host": host}});
    assert_eq!(hint("kind-two", "true", host("demo.localhost")).await, format!("http://demo.localhost/  {page}"));
    assert_eq!(hint("kind-two", "true", host("demo.example")).await, forward, "another name does not lead here");
    assert_eq!(hint("kind-two", "", json!({})).await, forward, "a plain kind cluster");
    assert_eq!(hint("prod", "true", json!({})).await, forward, "another machine's port 80");
}

#[tokio::test(start_paused = true)]
async fn a_class_that_is_somebody_elses_stays_theirs() {
    let site = Site { install_front_door: true, ..Site::new() };
    site.fake.put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx", "labels": {"theirs": "yes"}},
        "spec": {"controller": "k8s.io/ingress-nginx"}}));
    let before = site.fake.get("IngressClass", "nginx");
    site.fake.answers("ingress-nginx-controller", 80);
    site.up(json!({})).await.unwrap();
    assert_eq!(site.fake.get("IngressClass", "nginx"), before);

    let foreign = Site::new();
    foreign
        .fake
        .put(json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {"controller": "a/b"}}));
    let failure = foreign.up(json!({})).await.unwrap_err();
    assert_eq!(failure.what, "class nginx belongs to the controller a/b, which is neither ingress-nginx nor Traefik's ingress-nginx provider");
    assert_eq!(foreign.fake.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn dry_runs_store_nothing() {
    let mut site = Site { dry_run: Some(DryRun::Client), ..Site::new() };
    let Done::Client(documents) = site.up(json!({})).await.unwrap() else { panic!("not by the client") };
    assert_eq!(documents.iter().filter(|document| document.contains("kind: Deployment")).count(), 1);
    assert!(documents.iter().any(|document| document.contains("kind: Namespace")));

    site.dry_run = Some(DryRun::Server);
    let Done::Server(lines) = site.up(json!({})).await.unwrap() else { panic!("not by the server") };
    assert!(lines.len() == documents.len() && lines.iter().all(|line| line.starts_with("create     ")), "{lines:?}");
    let warned = "! dry run     the API server did not check 10 objects: their namespace does not exist yet\n";
    assert!(site.seen.err().ends_with(warned), "{}", site.seen.err());
    assert_eq!(site.fake.writes(), Vec::<String>::new());

    site.dry_run = None;
    site.up(json!({})).await.unwrap();
    site.dry_run = Some(DryRun::Server);
    let Done::Server(lines) = site.up(json!({"mode": "5x1"})).await.unwrap() else { panic!("not by the server") };
    let place = lines.iter().position(|line| line == "change     deployment sticky-sessions").unwrap();
    assert!(lines[place..].contains(&"             .spec.replicas: 3 to 5".to_owned()), "{lines:?}");
    assert!(lines.contains(&"unchanged  service sticky-sessions".to_owned()), "{lines:?}");
    site.fake.scale("sticky-sessions", 2, "kubectl");
    let failure = site.up(json!({"mode": "5x1"})).await.unwrap_err();
    assert!(failure.what.contains("deployment sticky-sessions  .spec.replicas  managed by kubectl (scale)"), "{}", failure.what);
}

#[tokio::test(start_paused = true)]
async fn a_number_that_somebody_set_stays() {
    let mut site = Site::new();
    site.up(json!({"mode": "2x1"})).await.unwrap();
    assert_eq!(site.fake.owners("sticky-sessions"), ["stickyctl"]);
    site.fake.scale("sticky-sessions", 3, "kubectl");
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, false), "no mode was given");
    assert_eq!(site.fake.owners("sticky-sessions"), ["kubectl"]);

    let annotation = |site: &Site| site.fake.get("Deployment", "sticky-sessions").unwrap()["metadata"]["annotations"][SPEC].clone();
    let before = annotation(&site);
    site.fake.writes();
    let failure = site.up(json!({"mode": "2x1"})).await.unwrap_err();
    assert!(failure.what.contains("managed by kubectl (scale)"), "{}", failure.what);
    assert_eq!((site.fake.writes(), annotation(&site)), (Vec::new(), before), "nothing was written");

    site.force_conflicts = true;
    assert_eq!(site.up(json!({"mode": "1x1"})).await.unwrap(), is_up(1, 1, false));
    assert_eq!((site.replicas(), site.fake.owners("sticky-sessions")), (json!(1), vec!["stickyctl".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_is_never_fought() {
    let site = Site::new();
    site.up(json!({"mode": "1x1"})).await.unwrap();
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "sticky-sessions"});
    site.fake.put(
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "theirs", "namespace": "sticky-sessions"},
        "spec": {"maxReplicas": 4, "scaleTargetRef": target}}),
    );
    // It is handed over while we own it, and keeps its value.
    site.up(json!({})).await.unwrap();
    assert_eq!((site.replicas(), site.fake.owners("sticky-sessions")), (json!(1), vec!["stickyctl-replicas".to_owned()]));
    site.fake.scale("sticky-sessions", 4, "kube-controller-manager");
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(4, 1, false));
    let failure = site.up(json!({"mode": "2x1"})).await.unwrap_err();
    assert_eq!(failure.what, "an autoscaler owns the replica count (theirs): it would undo a number set here within seconds");
    assert_eq!(
        failure.tries,
        [
            "stickyctl up -f FILE                     with other autoscaling.min and max, or without autoscaling",
            "kubectl delete horizontalpodautoscaler theirs   if it is not the release's own"
        ]
    );
    assert_eq!(site.replicas(), json!(4));
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_of_its_own_comes_and_goes() {
    let mut site = Site::new();
    site.up(json!({"mode": "2x1"})).await.unwrap();
    let scaled = json!({"mode": "2x1", "autoscaling": {"max": 5}});
    site.up(scaled.clone()).await.unwrap();
    let no_api = "! autoscaler  the cluster has no metrics API (metrics.k8s.io), so nothing can scale by CPU usage; install metrics-server\n";
    assert!(site.seen.err().contains(no_api), "{}", site.seen.err());
    assert!(!site.fake.owners("sticky-sessions").contains(&"stickyctl".to_owned()) && site.replicas() == json!(2));

    site.fake.has_metrics_api();
    site.fake.scale("sticky-sessions", 4, "kube-controller-manager");
    site.seen = Recorded::pipe();
    assert_eq!(site.up(scaled).await.unwrap(), is_up(4, 1, false));
    assert!(site.seen.err().contains("✓ autoscaler  2 to 5 pods, at 70% of their CPU requests\n"), "{}", site.seen.err());
    let own = site.fake.get("HorizontalPodAutoscaler", "sticky-sessions").unwrap();
    assert_eq!(own["spec"]["minReplicas"], json!(2), "the minimum does not creep up");

    // A file without it takes it away; the number stays.
    site.seen = Recorded::pipe();
    assert_eq!(site.call(&Given { file: true, given: json!({}) }).await.unwrap(), is_up(4, 1, false));
    let removed = "✓ removed     horizontalpodautoscaler sticky-sessions: no longer in the spec\n";
    assert!(site.seen.err().contains(removed), "{}", site.seen.err());
    assert!(site.fake.get("HorizontalPodAutoscaler", "sticky-sessions").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_release_of_manifests_gets_its_password() {
    let site = Site::new();
    site.fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
    site.up(json!({})).await.unwrap();
    assert!(site.fake.get("Secret", "sticky-sessions-redis").is_some(), "its pods wait for it");
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_is_stuck_names_the_way_back() {
    let site = Site::new();
    site.up(json!({})).await.unwrap();
    site.fake.pods(Pods::container(json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}}), json!({}), 0));
    let failure = site.up(json!({"image": {"name": "registry.example/sticky-app:2"}})).await.unwrap_err();
    assert!(failure.what.starts_with("rolling out sticky-sessions: the image can't be pulled\n"), "{}", failure.what);
    assert_eq!(failure.tries.last().unwrap(), "to go back                      stickyctl up --image registry.example/sticky-app:1");
    assert!(site.seen.err().ends_with("✗ pods        0 of 3 ready: the image can't be pulled\n"), "{}", site.seen.err());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_refused() {
    let site = Site::new();
    site.fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sticky-sessions"}}));
    let deployment = |labels: Value, annotations: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}},
            "metadata": {"name": "sticky-sessions", "namespace": "sticky-sessions", "labels": labels, "annotations": annotations}})
    };
    site.fake.put(deployment(json!({}), json!({})));
    let failure = site.up(json!({})).await.unwrap_err();
    assert_eq!(
        failure.what,
        "deployment sticky-sessions in namespace sticky-sessions has no annotation stickyctl.dev/spec: it is not a stickyctl release"
    );
    assert_eq!(
        failure.tries,
        [
            "stickyctl up --name ANOTHER        creates a release next to it",
            "stickyctl up -f FILE               restores the annotation of a release that lost it"
        ]
    );
    site.fake.put(deployment(json!({}), json!({SPEC: "{"})));
    let failure = site.up(json!({})).await.unwrap_err();
    let start = "can't read the annotation stickyctl.dev/spec of deployment sticky-sessions in namespace sticky-sessions: ";
    assert!(failure.what.starts_with(start), "{}", failure.what);
    assert_eq!(failure.tries, ["stickyctl up -f FILE   writes the annotation again"]);
    site.fake.put(deployment(json!({"app.kubernetes.io/managed-by": "Helm"}), json!({})));
    let failure = site.up(json!({})).await.unwrap_err();
    assert_eq!(
        failure.what,
        "release sticky-sessions in namespace sticky-sessions is managed by Helm: its next upgrade would undo a change made here"
    );
    assert_eq!(failure.tries, ["helm upgrade sticky-sessions CHART --namespace sticky-sessions --reuse-values --set KEY=VALUE"]);
    assert_eq!(site.fake.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_file_is_refused_before_any_cluster_is_asked() {
    let spec = Given { file: true, given: json!({"mode": 5}) };
    let request = Request {
        spec: &spec,
        app_binary: None,
        loader: None,
        install_front_door: false,
        force_conflicts: false,
        force: false,
        dry_run: None,
        timeout: Duration::ZERO,
    };
    let failure = run(&request, async { panic!("it connected") }, Recorded::pipe().output()).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_exists_or_is_going() {
    let site = Site::new();
    let theirs = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sticky-sessions", "labels": {"team": "a"}}});
    site.fake.put(theirs);
    let before = site.fake.get("Namespace", "sticky-sessions");
    site.up(json!({})).await.unwrap();
    assert_eq!(site.fake.get("Namespace", "sticky-sessions"), before, "one that exists is left as it is");

    let site = Site::new();
    site.fake.put(json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "sticky-sessions", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]}}));
    let failure = site.up(json!({})).await.unwrap_err();
    assert_eq!((failure.what.as_str(), failure.exit), ("namespace sticky-sessions is being deleted and does not go away", Exit::TimedOut));
    assert_eq!(failure.tries, ["kubectl get namespace sticky-sessions -o yaml   its conditions name what blocks it"]);
}

#[tokio::test(start_paused = true)]
async fn with_rights_in_one_namespace_only() {
    let site = Site::new();
    site.fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sticky-sessions"}}));
    for path in [
        "/api/v1/nodes",
        "/api/v1/pods",
        "/api/v1/namespaces/sticky-sessions?",
        "/ingressclasses",
        "/namespaces/ingress-nginx/",
        "/namespaces/traefik/",
    ] {
        site.fake.forbid(path);
    }
    site.fake.rule(Some(http::Method::GET), "/api/v1/namespaces/sticky-sessions", Some(0), Then::Silence);
    assert_eq!(site.up(json!({})).await.unwrap(), is_up(3, 1, false));
    let said = site.seen.err();
    assert!(said.contains("✓ cluster     Kubernetes 1.35.4\n"), "{said}");
    let searched = "! front door  searched only in namespace sticky-sessions: no permission to list pods elsewhere\n";
    assert!(said.contains(searched), "{said}");

    let blind = Site::new();
    blind.fake.forbid("/deployments/");
    let failure = blind.up(json!({})).await.unwrap_err();
    assert_eq!(
        failure.what,
        "reading deployment sticky-sessions in namespace sticky-sessions: permission denied: /deployments/ is forbidden: User \"jane\" cannot do that"
    );
}

#[tokio::test(start_paused = true)]
async fn a_front_door_that_does_not_answer() {
    let site = Site::new();
    site.fake.front_door("nginx");
    site.fake.listen("ingress-nginx-controller", 80, |_| pod::Answers::Http(404, Vec::new(), String::new()));
    let failure = site.up(json!({})).await.unwrap_err();
    assert_eq!(
        failure.what,
        "asking the app through ingress-nginx 1.15.1 in namespace ingress-nginx: not within 60.0 s: \
         GET /whoami: status 404: the front door does not have the route yet"
    );
    assert_eq!((failure.tries, failure.exit), (vec!["stickyctl status    shows pods, route and front door".to_owned()], Exit::TimedOut));
    let to = || vec![("location", "https://demo.example/whoami".to_owned())];
    site.fake.listen("ingress-nginx-controller", 80, move |_| pod::Answers::Http(308, to(), String::new()));
    let failure = site.up(json!({})).await.unwrap_err();
    assert_eq!(
        failure.what,
        "asking the app through ingress-nginx 1.15.1 in namespace ingress-nginx: the route accepts only TLS, and plain HTTP was redirected: \
         status 308 to https://demo.example/whoami"
    );
    let release = release::Release::get(&site.fake.client(), &place()).await.unwrap();
    assert_eq!(release.replicas(), 3, "what was applied stays");

    site.up(json!({"ingress": {"host": "demo.example", "tlsSecret": "cert"}})).await.unwrap();
    assert!(site.seen.err().contains("– answer      not tested: the route uses TLS\n"), "{}", site.seen.err());
}
