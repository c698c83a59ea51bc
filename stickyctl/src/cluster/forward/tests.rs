use super::*;
use crate::cluster::doors::{Marks, Proxy, Unclassed, Watch};
use crate::spec::ingress::FrontDoor;

fn at() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))
}

#[test]
fn the_url_that_a_browser_can_open() {
    assert_eq!(url(None, at()), "http://127.0.0.1:8080/");
    assert_eq!(url(Some("demo.localhost"), at()), "http://demo.localhost:8080/");
    assert_eq!(url(Some("demo.example"), at()), "http://127.0.0.1:8080/", "with a note: this machine does not know the name");
    assert_eq!(url(Some("notlocalhost"), at()), "http://127.0.0.1:8080/");
}

#[test]
fn a_host_is_explained() {
    let door = Found {
        proxy: Proxy::Door(FrontDoor::Traefik),
        product: "Traefik".to_owned(),
        version: Some("3.6.12".to_owned()),
        namespace: "traefik".to_owned(),
        workload: "deployment/traefik".to_owned(),
        marks: Marks::Arguments,
        classes: Vec::new(),
        unclassed: Unclassed::default(),
        watch: Watch::Everything,
        pods: Vec::new(),
        ours: false,
    };
    let said = |host, tls| notes(&door, host, tls, at()).join("\n");
    assert!(said(None, false).contains("Traefik 3.6.12 in namespace traefik") && !said(None, false).contains("Host:"));
    assert!(!said(Some("demo.localhost"), false).contains("Host:"));
    assert!(said(Some("*.demo.example"), false).contains("--resolve any.demo.example:8080:127.0.0.1 http://any.demo.example:8080/"));
    assert!(said(Some("demo.example"), true).contains("redirect"));
    assert!(said(None, false).contains("ready yet"));
}

mod against_a_cluster {
    use super::super::*;
    use crate::cluster::fake::{Fake, place};
    use crate::cluster::plan::Plan;
    use crate::exit::Failure;

    async fn release() -> Fake {
        let fake = Fake::new();
        fake.apply(&Plan::new(StickyApp::default(), None, None, true).unwrap()).await;
        fake
    }

    async fn refused(fake: &Fake) -> Failure {
        open(&fake.cluster(), &place(), 0).await.map(|way| way.url()).unwrap_err().into()
    }

    #[tokio::test]
    async fn the_front_door_is_found_by_what_the_ingress_says_now() {
        let fake = release().await;
        fake.front_door("theirs");
        fake.edit("Ingress", "sticky-sessions", |ingress| {
            ingress["spec"]["ingressClassName"] = serde_json::json!("theirs");
            ingress["spec"]["rules"][0]["host"] = serde_json::json!("demo.localhost");
        });
        let way = open(&fake.cluster(), &place(), 0).await.unwrap();
        assert_eq!(way.url(), format!("http://demo.localhost:{}/", way.tunnel.addr().port()));
        assert_eq!((way.tls, way.notes().len()), (false, 1));
        assert_eq!(
            way.notes()[0],
            "This is ingress-nginx 1.15.1 in namespace ingress-nginx, which keeps each session on its pod. \
             A port-forward to the app's Service would send everything to one pod."
        );
    }

    #[tokio::test]
    async fn nothing_to_forward_to() {
        let fake = release().await;
        let failure = refused(&fake).await;
        assert_eq!(
            (failure.what.as_str(), failure.exit),
            ("no front door serves class nginx, so there is nothing to forward to", Exit::Prerequisite)
        );
        assert_eq!(
            failure.tries,
            [
                "stickyctl up --install-front-door                        installs ingress-nginx",
                "stickyctl up --install-front-door --front-door traefik   installs Traefik"
            ]
        );
        fake.edit("Ingress", "sticky-sessions", |ingress| ingress["metadata"]["name"] = serde_json::json!("other"));
        let fake = Fake::new();
        let failure = refused(&fake).await;
        assert_eq!(failure.what, "release sticky-sessions in namespace sticky-sessions does not exist");

        let fake = Fake::new();
        let mut plan = Plan::new(StickyApp::default(), None, None, true).unwrap();
        plan.objects.retain(|object| !object.is("Ingress"));
        fake.apply(&plan).await;
        let failure = refused(&fake).await;
        assert_eq!(failure.what, "release sticky-sessions in namespace sticky-sessions has no Ingress any more, so no front door routes to it");
        assert_eq!(failure.tries, ["stickyctl up    creates it again"]);
    }

    fn through_gateway(more: serde_json::Value) -> StickyApp {
        let mut tree = serde_json::to_value(StickyApp::default()).unwrap();
        crate::spec::tree::merge(&mut tree, serde_json::json!({"ingress": {"frontDoor": "gateway"}}));
        crate::spec::tree::merge(&mut tree, more);
        serde_json::from_value(tree).unwrap()
    }

    #[tokio::test]
    async fn a_gateways_proxies_are_found_by_what_the_route_says_now() {
        let fake = Fake::new();
        fake.envoy_gateway();
        fake.apply(&Plan::new(through_gateway(serde_json::json!({})), None, None, true).unwrap()).await;
        let way = open(&fake.cluster(), &place(), 0).await.unwrap();
        assert_eq!(way.url(), format!("http://127.0.0.1:{}/", way.tunnel.addr().port()));
        assert_eq!(
            way.notes(),
            ["This is Envoy Gateway 1.9.1 in namespace envoy-gateway-system, which keeps each session on its pod. \
              A port-forward to the app's Service would send everything to one pod."]
        );
        // Somebody moved the route to another Gateway.
        let spec = serde_json::json!({"gatewayClassName": "eg", "listeners": [{"name": "tls", "port": 443, "protocol": "HTTPS"}]});
        let meta = serde_json::json!({"name": "shared", "namespace": "default"});
        fake.put(serde_json::json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": meta, "spec": spec}));
        fake.edit("HTTPRoute", "sticky-sessions", |route| {
            route["spec"]["parentRefs"] = serde_json::json!([{"name": "shared", "namespace": "default"}]);
            route["spec"]["hostnames"] = serde_json::json!(["demo.localhost"]);
        });
        let way = open(&fake.cluster(), &place(), 0).await.unwrap();
        assert_eq!((way.url(), way.tls), (format!("http://demo.localhost:{}/", way.tunnel.addr().port()), true));
    }

    #[tokio::test]
    async fn no_route_no_class_and_no_proxies() {
        let fake = Fake::new();
        fake.envoy_gateway();
        fake.gateway_class("traefik", "traefik.io/gateway-controller");
        let mut plan = Plan::new(through_gateway(serde_json::json!({"gateway": {"class": "traefik"}})), None, None, true).unwrap();
        fake.apply(&plan).await;
        let failure = refused(&fake).await;
        assert_eq!(
            (failure.what.as_str(), failure.exit),
            (
                "no pod in this cluster carries the traffic of gateway sticky-sessions in namespace sticky-sessions (Traefik), \
                 so there is nothing to forward to",
                Exit::Prerequisite
            )
        );
        fake.gateway_class("traefik", "gateway.envoyproxy.io/absent");
        fake.edit("GatewayClass", "traefik", |class| class["status"] = serde_json::json!({}));
        let failure = refused(&fake).await;
        assert_eq!(failure.what, "no front door serves class traefik, so there is nothing to forward to");
        assert_eq!(failure.tries, ["stickyctl up --install-front-door --front-door gateway   installs Envoy Gateway"]);

        let fake = Fake::new();
        fake.envoy_gateway();
        plan.objects.retain(|object| !object.is("HTTPRoute"));
        fake.apply(&plan).await;
        let failure = refused(&fake).await;
        assert_eq!(failure.what, "release sticky-sessions in namespace sticky-sessions has no HTTPRoute any more, so no front door routes to it");
    }
}
