use super::*;
use crate::cluster::doors::{Marks, Proxy, Watch};
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
}
