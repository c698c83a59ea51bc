//! Controllers that `up` doesn't write for, and other people's Ingresses have: two on HAProxy, and the one of F5.

use super::controller::{Controller, named, watch};
use super::model::{Proxy, Unclassed};
use super::options::{Options, words};
use k8s_openapi::api::core::v1::Container;

/// The controller that haproxy-ingress serves, alone or with `/NAME` (`pkg/controller/config/config.go`).
const HAPROXY_INGRESS: &str = "haproxy-ingress.github.io/controller";
/// Likewise of HAProxy Technologies (`documentation/ingressclass.md` of haproxytech/kubernetes-ingress).
const HAPROXYTECH: &str = "haproxy.org/ingress-controller";
/// That of F5 (`internal/k8s/controller.go` of nginx/kubernetes-ingress).
const F5_NGINX: &str = "nginx.org/ingress-controller";

/// What any controller in a container serves.
pub(super) fn recognize(container: &Container) -> Option<Controller> {
    Controller::of(container).or_else(|| other(container))
}

fn other(container: &Container) -> Option<Controller> {
    haproxy_ingress(container).or_else(|| haproxytech(container)).or_else(|| f5_nginx(container))
}

fn haproxy_ingress(container: &Container) -> Option<Controller> {
    if !is_image(container, &["haproxy-ingress"]) && !is_program(container, "haproxy-ingress-controller") {
        return None;
    }
    let options = Options::of_arguments(container);
    Some(Controller {
        proxy: Proxy::HaproxyIngress,
        controller: with_name(HAPROXY_INGRESS, options.get("controller-class")),
        by_name: None,
        only: None,
        unclassed: Unclassed {
            annotation: Some(options.get("ingress-class").unwrap_or("haproxy").to_owned()),
            neither: options.is_on("watch-ingress-without-class"),
        },
        watch: watch(options.get("watch-namespace").map(str::to_owned).into_iter().collect(), None),
        http_port: named(container, &["http"]).unwrap_or(80),
        https_port: Some(named(container, &["https"]).unwrap_or(443)),
    })
}

fn haproxytech(container: &Container) -> Option<Controller> {
    if !is_image(container, &["haproxytech/kubernetes-ingress", "haproxy-kubernetes-ingress"]) {
        return None;
    }
    let options = Options::of_arguments(container);
    let port = |name: &str| options.get(&format!("{name}-bind-port")).and_then(|port| port.parse().ok()).or_else(|| named(container, &[name]));
    Some(Controller {
        proxy: Proxy::Haproxytech,
        controller: with_name(HAPROXYTECH, options.get("ingress.class")),
        by_name: None,
        only: None,
        unclassed: Unclassed {
            annotation: options.get("ingress.class").map(str::to_owned),
            neither: options.get("ingress.class").is_none() || options.is_on("empty-ingress-class"),
        },
        watch: watch(options.get("namespace-whitelist").map(str::to_owned).into_iter().collect(), None),
        http_port: port("http").unwrap_or(8_080),
        https_port: Some(port("https").unwrap_or(8_443)),
    })
}

fn f5_nginx(container: &Container) -> Option<Controller> {
    let images = ["nginx/nginx-ingress", "nginx-ic/nginx-plus-ingress", "nginx-ic-dos/nginx-plus-ingress", "nginx-ic-nap/nginx-plus-ingress"];
    if !is_image(container, &images) && !is_program(container, "nginx-ingress") {
        return None;
    }
    let options = Options::of_flags(container);
    let namespaces = options.get("watch-namespace").map(|all| all.split(',').map(str::to_owned).collect()).unwrap_or_default();
    let class = options.get("ingress-class").unwrap_or("nginx").to_owned();
    Some(Controller {
        proxy: Proxy::F5Nginx,
        controller: F5_NGINX.to_owned(),
        by_name: None,
        unclassed: Unclassed { annotation: Some(class.clone()), neither: false },
        only: Some(class),
        watch: watch(namespaces, options.get("watch-namespace-label")),
        http_port: named(container, &["http"]).unwrap_or(80),
        https_port: Some(named(container, &["https"]).unwrap_or(443)),
    })
}

/// Both HAProxy controllers serve `CONTROLLER/NAME` if they have a name.
fn with_name(controller: &str, name: Option<&str>) -> String {
    name.map_or_else(|| controller.to_owned(), |name| format!("{controller}/{}", name.trim_start_matches('/')))
}

fn is_image(container: &Container, parts: &[&str]) -> bool {
    let image = container.image.as_deref().unwrap_or_default();
    let name = image.split('@').next().unwrap_or_default();
    let path = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name, |(path, _)| path);
    parts.iter().any(|part| path.ends_with(part))
}

fn is_program(container: &Container, name: &str) -> bool {
    words(container).next().is_some_and(|word| word.rsplit('/').next() == Some(name))
}
