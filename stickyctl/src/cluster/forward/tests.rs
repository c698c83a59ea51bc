use super::*;
use crate::cluster::doors::{Proxy, Watch};
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
        version: Some("3.6.12".to_owned()),
        namespace: "traefik".to_owned(),
        workload: "deployment/traefik".to_owned(),
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
