//! Behind the Gateway API.

use super::*;
use crate::gateway_api::Shape;

/// The spec behind a Gateway, with more keys.
fn behind(more: Value) -> Value {
    let mut given = json!({"ingress": {"frontDoor": "gateway"}});
    merge(&mut given, more);
    given
}

fn site() -> Site {
    let site = Site::new();
    site.fake.envoy_gateway();
    site
}

async fn refused(site: &Site, given: Value) -> Failure {
    let failure = site.up(given).await.unwrap_err();
    assert_eq!(site.fake.writes(), Vec::<String>::new(), "nothing was written");
    failure
}

#[tokio::test(start_paused = true)]
async fn from_an_empty_cluster_to_a_gateway_that_answers() {
    let site = site();
    assert_eq!(site.up(behind(json!({}))).await.unwrap(), is_up(3, 1, true));
    let said = regex::Regex::new(r"app \.\.\.\w{5},").unwrap().replace(&site.seen.err(), "app ...PODID,").into_owned();
    assert_eq!(
        said,
        "test, namespace sticky-sessions: 3x1 behind Envoy Gateway\n\n\
         ✓ cluster     Kubernetes 1.35.4, 1 node\n\
         – image       the nodes pull it from its registry\n\
         ✓ front door  Envoy Gateway 1.9.1, class eg, accepted\n\
         ✓ applied     14 objects: 14 created\n\
         ✓ Redis       sticky-sessions-redis-0 ready\n\
         ✓ pods        3 of 3 ready\n\
         ✓ route       accepted by gateway sticky-sessions; 1 of 1 proxies ready\n\
         ✓ answer      through the front door: app ...PODID, cookie set, WebSocket open\n"
    );
    let route = site.fake.get("HTTPRoute", "sticky-sessions").unwrap();
    assert!(route["spec"]["rules"][0]["sessionPersistence"]["sessionName"].is_string(), "{route}");
}

#[tokio::test(start_paused = true)]
async fn the_definitions_decide_the_shape() {
    let mut site = site();
    site.fake.gateway_api("v1.7.0", Some(Shape::Cookie));
    let failure = refused(&site, behind(json!({}))).await;
    assert!(
        failure.what.starts_with("GatewayClass eg belongs to gateway.envoyproxy.io/gatewayclass-controller: Envoy Gateway keeps"),
        "{}",
        failure.what
    );
    site.force = true;
    site.up(behind(json!({"gateway": {"api": "1.6.1"}}))).await.unwrap();
    let said = site.seen.err();
    assert!(
        said.contains("! front door  gateway.api is 1.6.1, but the cluster has Gateway API 1.7.0, experimental channel, which decides\n"),
        "{said}"
    );
    let persistence = site.fake.get("HTTPRoute", "sticky-sessions").unwrap()["spec"]["rules"][0]["sessionPersistence"].clone();
    assert!(persistence["cookie"]["name"].is_string() && persistence["sessionName"].is_null(), "{persistence}");

    let site = self::site();
    site.fake.forbid("/customresourcedefinitions/");
    site.up(behind(json!({}))).await.unwrap();
    let unread = "! front door  no permission to read CRDs, so session persistence is written for Gateway API 1.6.1 (gateway.api)\n";
    assert!(site.seen.err().contains(unread), "{}", site.seen.err());
}

#[tokio::test(start_paused = true)]
async fn definitions_without_the_field() {
    let site = site();
    site.fake.gateway_api("v1.6.1", None);
    let failure = refused(&site, behind(json!({}))).await;
    assert_eq!(
        (failure.what.as_str(), failure.exit),
        (
            "the CRDs in this cluster (Gateway API 1.6.1, standard channel) have no session persistence, so sessions would not stick",
            Exit::Prerequisite
        )
    );
    assert!(failure.tries[0].starts_with("kubectl delete validatingadmissionpolicy,"), "{:?}", failure.tries);
    assert!(failure.tries[1].starts_with("kubectl apply --server-side -f ") && failure.tries[2].contains("balanced"), "{:?}", failure.tries);
    assert_eq!(failure.tries[3..], ["stickyctl up --force   applies it anyway"]);
    site.up(behind(json!({"ingress": {"cookie": {"persistence": "balanced"}}}))).await.unwrap();
    assert!(!site.seen.err().contains("!"), "{}", site.seen.err());

    let site = Site { force: true, ..self::site() };
    site.fake.gateway_api("v1.6.1", None);
    site.up(behind(json!({}))).await.unwrap();
    let route = site.fake.get("HTTPRoute", "sticky-sessions").unwrap();
    assert!(route["spec"]["rules"][0]["sessionPersistence"].is_null(), "{route}");
    let warned = "! front door  the CRDs (Gateway API 1.6.1, standard channel) have no session persistence: the route is applied without it\n";
    assert!(site.seen.err().contains(warned), "{}", site.seen.err());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_the_gateway_api() {
    let site = Site::new();
    let failure = refused(&site, behind(json!({}))).await;
    assert_eq!((failure.what.as_str(), failure.exit), ("this cluster does not have the Gateway API: its CRDs are not installed", Exit::Prerequisite));
    assert!(failure.tries[0].starts_with("kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/"), "{:?}", failure.tries);
}

#[tokio::test(start_paused = true)]
async fn an_implementation_that_ignores_session_persistence() {
    let mut site = site();
    site.fake.gateway_class("traefik", "traefik.io/gateway-controller");
    let given = || behind(json!({"gateway": {"class": "traefik"}}));
    let failure = refused(&site, given()).await;
    let start = "GatewayClass traefik belongs to traefik.io/gateway-controller: Traefik ignores session persistence, so sessions would not stick\n\n  instead    ";
    assert!(failure.what.starts_with(start), "{}", failure.what);
    assert!(failure.tries.iter().any(|step| step.starts_with("stickyctl up --force ")), "{:?}", failure.tries);
    site.force = true;
    site.up(given()).await.unwrap();
    let said = site.seen.err();
    assert!(said.contains("! front door  Traefik ignores session persistence, so sessions would not stick\n"), "{said}");
    assert!(said.contains("✓ route       accepted by gateway sticky-sessions; no pod in this cluster carries its traffic\n"), "{said}");
    assert!(said.ends_with("– answer      not tested: no pod in this cluster carries the Gateway's traffic\n"), "{said}");
    assert!(site.fake.get("BackendTrafficPolicy", "sticky-sessions").is_none(), "the policies are Envoy Gateway's");

    let site = self::site();
    site.fake.gateway_class("new", "example.com/new");
    site.up(behind(json!({"gateway": {"class": "new"}}))).await.unwrap();
    let unknown = "! front door  the controller example.com/new is not known to honor session persistence; stickyctl verify shows whether it does\n";
    assert!(site.seen.err().contains(unknown), "{}", site.seen.err());
}

#[tokio::test(start_paused = true)]
async fn classes_that_nothing_serves() {
    let site = Site::new();
    site.fake.gateway_api("v1.6.1", Some(Shape::SessionName));
    assert_eq!(site.up(behind(json!({}))).await.unwrap(), is_up(3, 1, false));
    let absent = "! front door  nothing serves class eg, so no request can reach the app yet\n";
    assert!(site.seen.err().contains(absent), "{}", site.seen.err());

    let site = self::site();
    site.fake.edit("GatewayClass", "eg", |class| {
        class["status"]["conditions"][0] = json!({"type": "Accepted", "status": "False", "reason": "InvalidParameters", "message": "no such EnvoyProxy",
            "lastTransitionTime": "2026-01-01T00:00:00Z"});
    });
    let failure = refused(&site, behind(json!({}))).await;
    assert_eq!(
        failure.what,
        "GatewayClass eg was rejected by its controller, gateway.envoyproxy.io/gatewayclass-controller: InvalidParameters: no such EnvoyProxy"
    );
    site.fake.edit("GatewayClass", "eg", |class| {
        class["spec"]["controllerName"] = json!("example.com/c");
        class["status"] = json!({});
    });
    let failure = refused(&site, behind(json!({}))).await;
    assert_eq!(failure.what, "no controller has accepted GatewayClass eg: its controller, example.com/c, does not seem to be running");
    let failure = refused(&site, behind(json!({"gateway": {"name": "web", "namespace": "edge"}}))).await;
    assert_eq!(failure.what, "gateway web in namespace edge does not exist, and gateway.name in the spec names it");
    let site = self::site();
    let failure = refused(&site, behind(json!({"gateway": {"controller": "example.com/c"}}))).await;
    assert_eq!(
        failure.what,
        "GatewayClass eg belongs to the controller gateway.envoyproxy.io/gatewayclass-controller, but gateway.controller is example.com/c"
    );
    site.fake.edit("GatewayClass", "eg", |class| class["metadata"]["annotations"] = json!({"stickyctl.dev/watched-namespace": "other"}));
    let failure = refused(&site, behind(json!({}))).await;
    assert_eq!(
        failure.what,
        "class eg is served by Envoy Gateway 1.9.1, which watches only namespace other and would not see namespace sticky-sessions"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_controller_refuses_is_shown() {
    let site = site();
    site.fake.objects_to("HTTPRoute", "Accepted", ["False", "NotAllowedByListeners", "No listener allows the namespace."]);
    let failure = site.up(behind(json!({}))).await.unwrap_err();
    assert_eq!(
        (failure.what.as_str(), failure.exit),
        (
            "routing through gateway sticky-sessions in namespace sticky-sessions (Envoy Gateway 1.9.1): \
             httproute sticky-sessions: Accepted is False (NotAllowedByListeners): No listener allows the namespace",
            Exit::Failed
        )
    );
    assert_eq!(
        failure.tries,
        [
            "allowedRoutes of the Gateway's listener must admit the release's namespace; its owner can change that",
            "kubectl describe httproute sticky-sessions -n sticky-sessions   shows all its conditions"
        ]
    );
    assert!(site.seen.err().ends_with("✗ route       refused by the controller of gateway sticky-sessions\n"), "{}", site.seen.err());

    let site = self::site();
    site.fake.objects_to("BackendTrafficPolicy", "Accepted", ["False", "Conflicted", "Another policy is older"]);
    let failure = site.up(behind(json!({}))).await.unwrap_err();
    assert!(
        failure.what.ends_with("backendtrafficpolicy sticky-sessions: Accepted is False (Conflicted): Another policy is older"),
        "{}",
        failure.what
    );

    let site = self::site();
    site.fake.objects_to("Gateway", "Programmed", ["False", "NoResources", "Envoy replicas unavailable"]);
    let failure = site.up(behind(json!({}))).await.unwrap_err();
    assert_eq!(
        (failure.what.as_str(), failure.exit),
        (
            "routing through gateway sticky-sessions in namespace sticky-sessions (Envoy Gateway 1.9.1): not accepted within 60.0 s: \
             gateway sticky-sessions: Programmed is False (NoResources): Envoy replicas unavailable",
            Exit::TimedOut
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_an_address_works_all_the_same() {
    let site = site();
    site.fake.objects_to("Gateway", "Programmed", ["False", "AddressNotAssigned", "No addresses have been assigned to the Gateway"]);
    assert_eq!(site.up(behind(json!({}))).await.unwrap(), is_up(3, 1, true));
    let said = site.seen.err();
    let warned = "✓ route       accepted by gateway sticky-sessions; 1 of 1 proxies ready\n\
                  ! gateway sticky-sessions: Programmed is False (AddressNotAssigned): No addresses have been assigned to the Gateway\n";
    assert!(said.contains(warned) && said.contains("✓ answer      through"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_existing_gateway_stays_as_it_is() {
    let site = site();
    let spec = json!({"gatewayClassName": "eg", "listeners": [{"name": "web", "port": 8888, "protocol": "HTTP", "hostname": "*.example.com"}]});
    site.fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "edge"}}));
    site.fake.put(
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "shared", "namespace": "edge"}, "spec": spec}),
    );
    site.fake.answers("envoy-edge-shared", 8_888);
    let given = behind(json!({"gateway": {"name": "shared", "namespace": "edge", "section": "web"}}));
    assert_eq!(site.up(given).await.unwrap(), is_up(3, 1, true));
    assert!(site.seen.err().contains("✓ route       accepted by gateway shared; 1 of 1 proxies ready\n"), "{}", site.seen.err());
    assert!(site.fake.get("Gateway", "sticky-sessions").is_none());
    assert_eq!(site.fake.get("Gateway", "shared").unwrap()["spec"], spec);
}

#[tokio::test(start_paused = true)]
async fn from_an_ingress_to_a_gateway_and_back() {
    let mut site = site();
    site.fake.front_door("nginx");
    site.fake.put(
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "theirs", "namespace": "sticky-sessions"}, "spec": {}}),
    );
    site.up(json!({})).await.unwrap();
    site.seen = Recorded::pipe();
    site.up(behind(json!({}))).await.unwrap();
    assert!(site.seen.err().contains("✓ removed     ingress sticky-sessions: no longer in the spec\n"), "{}", site.seen.err());
    assert!(site.fake.get("Ingress", "sticky-sessions").is_none() && site.fake.get("Ingress", "theirs").is_some());
    // What another manager labelled as the release's stays.
    let labels = site.fake.get("HTTPRoute", "sticky-sessions").unwrap()["metadata"]["labels"].clone();
    site.fake.put(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "theirs", "namespace": "sticky-sessions", "labels": labels}, "spec": {"parentRefs": [{"name": "sticky-sessions"}]}}));

    site.seen = Recorded::pipe();
    site.up(json!({"ingress": {"frontDoor": "nginx"}})).await.unwrap();
    let said = site.seen.err();
    for title in ["httproute", "gateway", "backendtrafficpolicy"] {
        assert!(said.contains(&format!("✓ removed     {title} sticky-sessions: no longer in the spec\n")), "{said}");
    }
    let titles = site.fake.titles();
    assert!(titles.contains(&"HTTPRoute theirs".to_owned()) && !titles.contains(&"Gateway sticky-sessions".to_owned()), "{titles:?}");
}

#[tokio::test(start_paused = true)]
async fn with_rights_in_one_namespace_only() {
    let site = site();
    site.fake.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sticky-sessions"}}));
    for path in [
        "/api/v1/nodes",
        "/api/v1/pods",
        "/ingressclasses",
        "/gatewayclasses",
        "/customresourcedefinitions",
        "/namespaces/ingress-nginx/",
        "/namespaces/traefik/",
        "/namespaces/envoy-gateway-system/",
    ] {
        site.fake.forbid(path);
    }
    assert_eq!(site.up(behind(json!({}))).await.unwrap(), is_up(3, 1, true));
    let said = site.seen.err();
    assert!(said.contains("✓ front door  Envoy Gateway, class eg, accepted\n"), "{said}");
    assert!(said.ends_with("– answer      not tested: no pod in this cluster carries the Gateway's traffic\n"), "{said}");

    // Who may not see routes at all can still have an Ingress.
    let site = Site::new();
    site.fake.forbid("/apis/gateway.networking.k8s.io/");
    site.fake.forbid("/apis/gateway.envoyproxy.io/");
    site.up(json!({})).await.unwrap();
}
