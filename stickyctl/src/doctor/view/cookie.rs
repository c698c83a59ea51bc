//! The affinity cookie, as a controller reads it from annotations.

use crate::comparison::Controller;
use std::collections::BTreeMap;

/// The cookie of ingress-nginx and haproxy-ingress if none is named.
const USUAL: &str = "INGRESSCOOKIE";

/// Where the cookie is sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CookiePath {
    /// Below this path.
    Fixed(String),
    /// Below the path of the rule that set it.
    OfRule,
}

/// What happens to sessions when pods come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The cookie is a key on a hash ring: some sessions move.
    Balanced,
    /// The cookie names a pod.
    Persistent,
}

/// An affinity cookie with the values that its controller makes of the annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// `None` if the controller makes a name up.
    pub(crate) name: Option<String>,
    pub(crate) path: CookiePath,
    pub(crate) mode: Mode,
    /// As it is written.
    pub(crate) same_site: Option<String>,
    /// Whether Secure is always set.
    pub(crate) secure: bool,
    /// Whether the controller adds Secure to answers over https.
    pub(crate) secure_by_itself: bool,
    /// The annotation that turns it on.
    pub(crate) switch: &'static str,
    /// Whether that is on the Service.
    pub(crate) on_service: bool,
}

type Annotations = BTreeMap<String, String>;

/// The cookie for a Service; `None` if the controller keeps no sessions there.
pub(super) fn read(controller: Controller, ingress: Option<&Annotations>, service: Option<&Annotations>, name: &str) -> Option<Cookie> {
    match controller {
        Controller::IngressNginx | Controller::TraefikNginx => nginx(controller, ingress?),
        Controller::Traefik => traefik(service?),
        Controller::HaproxyIngress => haproxy_ingress(ingress, service),
        Controller::Haproxytech => haproxytech(service?),
        Controller::F5Nginx => f5_nginx(ingress?, name),
        Controller::Gateway => None,
    }
}

fn nginx(controller: Controller, ingress: &Annotations) -> Option<Cookie> {
    let get = |key: &str| ingress.get(&format!("nginx.ingress.kubernetes.io/{key}")).map(String::as_str);
    let is_traefik = controller == Controller::TraefikNginx;
    // Traefik 3.6 takes any value (docs/front-doors.md, tested).
    let on = get("affinity").is_some_and(|value| value == "cookie" || (is_traefik && !value.is_empty()));
    let path = get("session-cookie-path").map(|path| CookiePath::Fixed(path.to_owned()));
    let usual = if is_traefik { CookiePath::Fixed("/".to_owned()) } else { CookiePath::OfRule };
    on.then(|| Cookie {
        name: Some(get("session-cookie-name").filter(|name| !name.is_empty()).unwrap_or(USUAL).to_owned()),
        path: path.unwrap_or(usual),
        mode: if is_traefik || get("affinity-mode") == Some("persistent") { Mode::Persistent } else { Mode::Balanced },
        same_site: get("session-cookie-samesite").map(str::to_owned),
        secure: get("session-cookie-secure") == Some("true"),
        secure_by_itself: !is_traefik,
        switch: "nginx.ingress.kubernetes.io/affinity",
        on_service: false,
    })
}

fn traefik(service: &Annotations) -> Option<Cookie> {
    let get = |key: &str| service.get(&format!("traefik.ingress.kubernetes.io/service.sticky.cookie{key}")).map(String::as_str);
    (get("") == Some("true")).then(|| Cookie {
        name: get(".name").map(str::to_owned),
        path: CookiePath::Fixed(get(".path").unwrap_or("/").to_owned()),
        mode: Mode::Persistent,
        same_site: get(".samesite").map(str::to_owned),
        secure: get(".secure") == Some("true"),
        secure_by_itself: false,
        switch: "traefik.ingress.kubernetes.io/service.sticky.cookie",
        on_service: true,
    })
}

fn haproxy_ingress(ingress: Option<&Annotations>, service: Option<&Annotations>) -> Option<Cookie> {
    let of = |all: Option<&Annotations>, key: &str| {
        let get = |prefix: &str| all?.get(&format!("{prefix}{key}")).cloned();
        get("haproxy-ingress.github.io/").or_else(|| get("ingress.kubernetes.io/"))
    };
    // A Service's annotation goes before an Ingress's.
    let get = |key: &str| of(service, key).or_else(|| of(ingress, key));
    (get("affinity").as_deref() == Some("cookie")).then(|| Cookie {
        name: Some(get("session-cookie-name").unwrap_or_else(|| USUAL.to_owned())),
        path: CookiePath::Fixed("/".to_owned()),
        mode: Mode::Persistent,
        // Its switch sets None and Secure together.
        same_site: None,
        secure: get("session-cookie-same-site").as_deref() == Some("true"),
        secure_by_itself: false,
        switch: "haproxy-ingress.github.io/affinity",
        on_service: of(service, "affinity").is_some(),
    })
}

fn haproxytech(service: &Annotations) -> Option<Cookie> {
    let prefixes = ["haproxy.org/", "haproxy.com/", "ingress.kubernetes.io/"];
    let get = |key: &str| prefixes.iter().find_map(|prefix| service.get(&format!("{prefix}{key}")));
    let name = get("cookie-persistence").or_else(|| get("cookie-persistence-no-dynamic"))?;
    Some(Cookie {
        name: Some(name.clone()),
        path: CookiePath::Fixed("/".to_owned()),
        mode: Mode::Persistent,
        same_site: None,
        secure: false,
        secure_by_itself: false,
        switch: "haproxy.org/cookie-persistence",
        on_service: true,
    })
}

/// `serviceName=coffee-svc srv_id expires=1h path=/coffee`, with `;` between Services.
fn f5_nginx(ingress: &Annotations, service: &str) -> Option<Cookie> {
    let text = ["nginx.org/sticky-cookie-services", "nginx.com/sticky-cookie-services"].iter().find_map(|key| ingress.get(*key))?;
    let of_service = text.split(';').map(str::trim).find_map(|one| one.strip_prefix("serviceName=")?.strip_prefix(service)?.strip_prefix(' '))?;
    let mut words = of_service.split_ascii_whitespace();
    let name = words.next()?.to_owned();
    let options: Vec<&str> = words.collect();
    let value = |key: &str| options.iter().find_map(|option| option.strip_prefix(key)?.strip_prefix('='));
    Some(Cookie {
        name: Some(name),
        // Without a path, browsers take the folder of the page; nginx sets none.
        path: value("path").map_or(CookiePath::OfRule, |path| CookiePath::Fixed(path.to_owned())),
        mode: Mode::Persistent,
        same_site: value("samesite").map(str::to_owned),
        secure: options.contains(&"secure"),
        secure_by_itself: false,
        switch: "nginx.org/sticky-cookie-services",
        on_service: false,
    })
}
