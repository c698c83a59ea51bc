//! Where facts are seen: a release behind the front door, and Services and Ingresses beside its own.

use super::facts::CookieCase;
use crate::http::{self, Answer, Ask};
use crate::kube::Space;
use crate::kube::release::NAME;
use crate::wait;
use anyhow::{Context, Result, ensure};
use hyper::Uri;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// What answers with the pod's name, by any method that asks.
pub const WHOAMI: &str = "/whoami";
/// A front door that is slow to hear of pods: ingress-nginx looks at most every 3.3 s, and each of its workers every second.
const SOON: Duration = Duration::from_secs(60);
/// Answers in a row after which every worker of the front door knows the route.
const IN_A_ROW: usize = 12;

/// A release and a way through its front door.
#[derive(Debug)]
pub struct Bench<'a> {
    /// Where the release is.
    pub space: &'a Space,
    /// The IngressClass of the front door.
    pub class: String,
    /// The namespace of the front door, and its Deployment's and Service's name.
    pub door: (String, String),
    host: String,
    port: u16,
}

/// An Ingress to be.
#[derive(Debug, Clone)]
pub struct Route {
    name: String,
    host: String,
    annotations: Vec<(String, String)>,
    rules: Vec<(String, String)>,
    secret: Option<String>,
}

impl Route {
    /// On the Service of its own name, at `/`, without annotations.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), host: name.to_owned(), annotations: Vec::new(), rules: vec![("/".into(), name.into())], secret: None }
    }

    /// With cookie affinity.
    #[must_use]
    pub fn sticky(name: &str) -> Self {
        Self::named(name).with("affinity", "cookie")
    }

    /// One of the table.
    #[must_use]
    pub fn of(name: &str, case: &CookieCase) -> Self {
        let route = case.annotations.iter().fold(Self::named(name), |route, (key, value)| route.with(key, value));
        route.rules(&[(&case.path, name)])
    }

    /// With an annotation.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((format!("nginx.ingress.kubernetes.io/{key}"), value.to_owned()));
        self
    }

    /// At these paths, each of a Service.
    #[must_use]
    pub fn rules(mut self, rules: &[(&str, &str)]) -> Self {
        self.rules = rules.iter().map(|(path, service)| ((*path).to_owned(), (*service).to_owned())).collect();
        self
    }

    /// At the host of another.
    #[must_use]
    pub fn at(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// With a certificate.
    #[must_use]
    pub fn tls(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }
}

impl<'a> Bench<'a> {
    /// Behind a front door that is reached at a URL.
    ///
    /// # Errors
    /// It has no host.
    pub fn new(space: &'a Space, class: &str, door: (String, String), way: &str) -> Result<Self> {
        let uri: Uri = way.parse().context("not a URL")?;
        let (host, port) = (uri.host().context("no host")?.to_owned(), uri.port_u16().unwrap_or(80));
        Ok(Self { space, class: class.to_owned(), door, host, port })
    }

    /// The host of a fact. It holds the front door's address, for our own client.
    #[must_use]
    pub fn host(&self, id: &str) -> String {
        http::named(&format!("{id}.{}", self.space.name), &self.host)
    }

    /// The site of a fact.
    #[must_use]
    pub fn url(&self, id: &str) -> String {
        format!("http://{}:{}", self.host(id), self.port)
    }

    /// Names of the pods that serve.
    ///
    /// # Errors
    /// kubectl failed.
    pub async fn pods(&self) -> Result<BTreeSet<String>> {
        let pods = self.space.pods("app").await?;
        let lives = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(lives.filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
    }

    /// A Service on the release's pods.
    #[must_use]
    pub fn service(&self, name: &str) -> Value {
        self.service_of(name, &json!({"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": "app"}))
    }

    /// A Service on pods with these labels.
    #[must_use]
    pub fn service_of(&self, name: &str, labels: &Value) -> Value {
        let port = json!({"name": "http", "port": 80, "targetPort": 8080});
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": labels, "ports": [port]}})
    }

    /// An Ingress.
    #[must_use]
    pub fn ingress(&self, route: &Route) -> Value {
        let paths = route.rules.iter().map(|(path, service)| {
            let kind = if path.contains('[') { "ImplementationSpecific" } else { "Prefix" };
            json!({"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": {"number": 80}}}})
        });
        let host = self.host(&route.host);
        let mut spec = json!({"ingressClassName": self.class, "rules": [{"host": host, "http": {"paths": paths.collect::<Vec<_>>()}}]});
        if let Some(secret) = &route.secret {
            spec["tls"] = json!([{"hosts": [host], "secretName": secret}]);
        }
        let annotations: serde_json::Map<_, _> = route.annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": route.name, "annotations": annotations}, "spec": spec})
    }

    /// A route on a Service of its own.
    #[must_use]
    pub fn both(&self, route: &Route) -> Vec<Value> {
        vec![self.service(&route.name), self.ingress(route)]
    }

    /// Applies objects.
    ///
    /// # Errors
    /// One is refused.
    pub async fn apply(&self, objects: &[Value]) -> Result<()> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.space.apply(&list.to_string()).await.map(drop)
    }

    /// Waits until a site's route is known and leads to `count` pods, and then to nothing else for a while.
    ///
    /// # Errors
    /// It does not.
    pub async fn reached(&self, id: &str, path: &str, count: usize) -> Result<()> {
        let (mut seen, mut row) = (BTreeSet::new(), 0);
        let (url, mut last) = (format!("{}{path}", self.url(id)), String::new());
        let what = format!("{id} leads to {count} pods");
        let done = wait::until(&what, SOON, async || {
            match http::get(&url).send().await {
                Ok(answer) if answer.status == 200 && !answer.pod().is_empty() => {
                    row += 1;
                    seen.insert(answer.pod());
                }
                other => {
                    row = 0;
                    last = other.map_or_else(|error| format!("{error:#}"), |answer| format!("{} {}", answer.status, answer.text()));
                }
            }
            (seen.len() >= count && row >= IN_A_ROW).then_some(())
        });
        done.await.with_context(|| format!("seen {seen:?}, last trouble: {last}"))
    }

    /// A request for a site's `whoami` that the app has to answer.
    ///
    /// # Errors
    /// It did not.
    pub async fn whoami(&self, id: &str, cookie: &str) -> Result<Answer> {
        served(http::get(format!("{}{WHOAMI}", self.url(id))).cookie(cookie)).await
    }
}

/// An answer with 200 and a pod's name.
///
/// # Errors
/// It is another one.
pub async fn served(ask: Ask) -> Result<Answer> {
    let answer = ask.send().await?;
    ensure!(answer.status == 200 && !answer.pod().is_empty(), "{} {}", answer.status, answer.text());
    Ok(answer)
}
