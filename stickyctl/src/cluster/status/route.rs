//! Route and cookie, from the Ingress as it is on the cluster; it may have changed since it was applied.

use super::model::{Cookie, Route};
use crate::generate::front_door::annotations::PREFIX;
use crate::spec::ingress::FrontDoor;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;

/// The first path of the first rule: our Ingress has no other.
pub(super) fn route(ingress: &Ingress, service: Option<&Service>) -> Option<Route> {
    let spec = ingress.spec.as_ref()?;
    let rule = spec.rules.iter().flatten().next()?;
    let path = rule.http.as_ref()?.paths.first()?;
    let backend = path.backend.service.as_ref()?;
    let port = backend.port.as_ref();
    let number = port.and_then(|port| port.number).or_else(|| named(service?, port?.name.as_deref()?));
    Some(Route {
        host: rule.host.clone().filter(|host| !host.is_empty()),
        path: path.path.clone().unwrap_or_else(|| "/".to_owned()),
        service: backend.name.clone(),
        port: number.map(|number| number.to_string()).or_else(|| port?.name.clone()).unwrap_or_default(),
        class: spec.ingress_class_name.clone(),
        tls: spec.tls.as_ref().is_some_and(|tls| !tls.is_empty()),
        hosts: Vec::new(),
        gateway: None,
    })
}

fn named(service: &Service, name: &str) -> Option<i32> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    ports.iter().find(|port| port.name.as_deref() == Some(name)).map(|port| port.port)
}

/// One note for each other Ingress of the release's Service.
///
/// Measured with ingress-nginx 1.15.1 and Traefik 3.6.12: the first keeps affinity per Service, with type and mode of the oldest Ingress
/// and the cookie of the last one (kubernetes/ingress-nginx#14042); the second keeps it per Ingress.
pub(super) fn others(ingresses: &[Ingress], service: &str, door: FrontDoor) -> Vec<String> {
    let leads = |ingress: &Ingress| {
        let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
        let paths = rules.flat_map(|rule| rule.http.iter().flat_map(|http| &http.paths));
        paths.filter_map(|path| path.backend.service.as_ref()).any(|backend| backend.name == service)
    };
    let name = |ingress: &Ingress| ingress.metadata.name.clone().unwrap_or_default();
    let effect = match door {
        FrontDoor::Nginx => "ingress-nginx has one affinity per Service, with the mode of the oldest Ingress and the cookie of the last",
        FrontDoor::Traefik | FrontDoor::Gateway => "its requests have that Ingress's affinity, with a cookie of its own or none",
    };
    ingresses
        .iter()
        .filter(|ingress| name(ingress) != service && leads(ingress))
        .map(|ingress| format!("ingress {} also routes to service {service}: {effect}", name(ingress)))
        .collect()
}

/// The cookie as this front door applies it; `None` without affinity. Without an annotation the front door's own default applies:
/// ingress-nginx takes `balanced`, and stays on a pod that fails. Traefik supports neither setting: its sessions stay when pods are added,
/// and stay on a pod until it is removed.
pub(super) fn cookie(ingress: &Ingress, door: FrontDoor) -> Option<Cookie> {
    let all = ingress.metadata.annotations.as_ref()?;
    let said = |key: &str| all.get(&format!("{PREFIX}{key}")).map(String::as_str);
    said("affinity")?;
    let (persistence, moves_on_failure) = match door {
        FrontDoor::Nginx => (
            said("affinity-mode").filter(|mode| *mode == "persistent").unwrap_or("balanced"),
            said("session-cookie-change-on-failure") == Some("true"),
        ),
        FrontDoor::Traefik | FrontDoor::Gateway => ("persistent", false),
    };
    Some(Cookie {
        name: said("session-cookie-name").unwrap_or("INGRESSCOOKIE").to_owned(),
        persistence: persistence.to_owned(),
        path: said("session-cookie-path").unwrap_or("/").to_owned(),
        max_age: said("session-cookie-max-age").and_then(|seconds| seconds.parse().ok()),
        same_site: said("session-cookie-samesite").map(str::to_owned),
        moves_on_failure,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::generate::object::Object;
    use crate::generate::objects;
    use crate::spec::StickyApp;

    fn ingress(spec: &StickyApp) -> Ingress {
        let found = objects(spec, false).into_iter().find_map(|object| if let Object::Ingress(ingress) = object { Some(*ingress) } else { None });
        found.unwrap()
    }

    fn service(spec: &StickyApp) -> Service {
        let ours = |object| if let Object::Service(service) = object { Some(*service) } else { None };
        objects(spec, false).into_iter().filter_map(ours).find(|service| service.metadata.name.as_ref() == Some(&spec.name)).unwrap()
    }

    fn spec(door: FrontDoor) -> StickyApp {
        let mut spec = StickyApp::default();
        spec.ingress.front_door = door;
        spec
    }

    #[test]
    fn what_is_rendered_is_read_back() {
        let nginx = spec(FrontDoor::Nginx);
        let seen = cookie(&ingress(&nginx), FrontDoor::Nginx).unwrap();
        assert_eq!(
            (seen.name, seen.persistence.as_str(), seen.max_age, seen.moves_on_failure),
            (nginx.cookie_name(), "persistent", Some(172_800), true)
        );
        assert_eq!((seen.path.as_str(), seen.same_site.as_deref()), ("/", Some("Lax")));
        let seen = cookie(&ingress(&spec(FrontDoor::Traefik)), FrontDoor::Traefik).unwrap();
        assert_eq!((seen.persistence.as_str(), seen.moves_on_failure), ("persistent", false));
    }

    #[test]
    fn the_front_doors_own_defaults() {
        let bare = ingress(&spec(FrontDoor::Traefik));
        let seen = cookie(&bare, FrontDoor::Nginx).unwrap();
        assert_eq!((seen.persistence.as_str(), seen.moves_on_failure), ("balanced", false), "Traefik's Ingress behind ingress-nginx");
        let mut none = bare;
        none.metadata.annotations = None;
        assert_eq!(cookie(&none, FrontDoor::Nginx), None);
    }

    #[test]
    fn a_second_ingress_of_the_service_is_noted() {
        let spec = StickyApp::default();
        let own = ingress(&spec);
        let mut second = own.clone();
        second.metadata.name = Some("second".to_owned());
        let mut elsewhere = ingress(&StickyApp { name: "elsewhere".to_owned(), ..spec.clone() });
        elsewhere.metadata.name = Some("third".to_owned());
        let all = [own, second, elsewhere];
        assert_eq!(others(&all[..1], &spec.name, FrontDoor::Nginx), Vec::<String>::new());
        let told = others(&all, &spec.name, FrontDoor::Nginx);
        assert!(told.len() == 1 && told[0].starts_with("ingress second also routes to service") && told[0].contains("oldest"), "{told:?}");
        assert!(others(&all, &spec.name, FrontDoor::Traefik)[0].contains("of its own"));
    }

    #[test]
    fn the_route_and_its_ports_number() {
        let mut hosted = spec(FrontDoor::Nginx);
        let any = route(&ingress(&hosted), Some(&service(&hosted))).unwrap();
        assert_eq!((any.host, any.path.as_str(), any.service.as_str(), any.port.as_str()), (None, "/", "sticky-sessions", "80"));
        hosted.ingress.host = Some("demo.example".to_owned());
        let one = route(&ingress(&hosted), None).unwrap();
        assert_eq!((one.host.as_deref(), one.port.as_str(), one.class.as_deref()), (Some("demo.example"), "http", Some("nginx")));
        assert_eq!(route(&Ingress::default(), None), None);
    }
}
