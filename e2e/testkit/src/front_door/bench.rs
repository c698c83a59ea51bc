//! The setup for testing facts: a release behind the front door, with more Services and routes on its pods.

use super::proxies::Proxies;
use super::route::Route;
use super::{gateway, ingress};
use crate::door::Door;
use crate::http::{self, Answer, Ask};
use crate::kube::Space;
use crate::kube::release::NAME;
use crate::wait;
use anyhow::{Context, Result, ensure};
use hyper::Uri;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A path that answers with the pod's name, for any method.
pub const WHOAMI: &str = "/whoami";
/// Front doors learn about pods slowly: ingress-nginx syncs at most every 3.3 s, and each of its workers every second. A busy machine
/// multiplies that.
const SOON: Duration = Duration::from_secs(120);
/// After this many answers in a row, every worker of the front door knows the route.
const IN_A_ROW: usize = 12;

/// A release and a route through its front door.
#[derive(Debug, Clone)]
pub struct Bench<'a> {
    pub space: &'a Space,
    pub door: Door,
    /// The IngressClass of the front door, or the name of the Gateway.
    pub class: String,
    pub proxies: Arc<Proxies>,
    host: String,
    port: u16,
    /// One of its pods, `ADDRESS:PORT`, instead of its Service.
    proxy: Option<String>,
}

impl<'a> Bench<'a> {
    /// A bench behind a front door that is reachable at the URL `way`.
    pub fn new(space: &'a Space, door: Door, class: &str, proxies: Proxies, way: &str) -> Result<Self> {
        let uri: Uri = way.parse().context("not a URL")?;
        let (host, port) = (uri.host().context("no host")?.to_owned(), uri.port_u16().unwrap_or(80));
        Ok(Self { space, door, class: class.to_owned(), proxies: Arc::new(proxies), host, port, proxy: None })
    }

    /// The same bench through one of the front door's pods, at `ADDRESS:PORT`. Only [`Self::reached`] and [`Self::whoami`] use it.
    #[must_use]
    pub fn through(&self, proxy: &str) -> Self {
        Self { proxy: Some(proxy.to_owned()), ..self.clone() }
    }

    fn get(&self, id: &str, path: &str) -> Ask {
        match &self.proxy {
            Some(proxy) => http::get(format!("http://{proxy}{path}")).header("host", &self.host(id)),
            None => http::get(format!("{}{path}", self.url(id))),
        }
    }

    /// A fact's host name. It contains the front door's address, which our client uses.
    #[must_use]
    pub fn host(&self, id: &str) -> String {
        http::named(&format!("{id}.{}", self.space.name), &self.host)
    }

    /// The URL of a fact's site, without a slash at the end.
    #[must_use]
    pub fn url(&self, id: &str) -> String {
        format!("http://{}:{}", self.host(id), self.port)
    }

    /// Names of the release's app pods, except terminating ones.
    pub async fn pods(&self) -> Result<BTreeSet<String>> {
        let pods = self.space.pods("app").await?;
        let lives = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(lives.filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
    }

    /// A Service for the release's app pods.
    #[must_use]
    pub fn service(&self, name: &str) -> Value {
        self.service_of(name, &json!({"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": "app"}))
    }

    /// A Service for pods with these labels.
    #[must_use]
    pub fn service_of(&self, name: &str, labels: &Value) -> Value {
        let port = json!({"name": "http", "port": 80, "targetPort": 8080});
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": labels, "ports": [port]}})
    }

    /// The objects of a route, without its Service.
    #[must_use]
    pub fn route(&self, route: &Route) -> Vec<Value> {
        let host = self.host(&route.host);
        match self.door {
            Door::Nginx | Door::Traefik => ingress::objects(&self.class, &host, route),
            Door::Gateway => gateway::objects(&self.class, &host, route),
        }
    }

    /// A route with its own Service.
    #[must_use]
    pub fn both(&self, route: &Route) -> Vec<Value> {
        [vec![self.service(&route.name)], self.route(route)].concat()
    }

    /// Applies objects. Envoy Gateway may learn of a route before its policy, and then serves it without one for a moment: this waits until
    /// each policy has a status, which comes with its route.
    pub async fn apply(&self, objects: &[Value]) -> Result<()> {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        self.space.apply(&list.to_string()).await?;
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let policies: BTreeSet<String> = objects.iter().filter(|object| object["kind"] == "BackendTrafficPolicy").map(name).collect();
        if policies.is_empty() {
            return Ok(());
        }
        wait::until("each policy has a status", SOON, async || {
            let all = self.space.json(&["get", "backendtrafficpolicies.gateway.envoyproxy.io"]).await.ok()?;
            let read = all["items"].as_array()?.iter().filter(|one| one["status"]["ancestors"].as_array().is_some_and(|all| !all.is_empty()));
            policies.is_subset(&read.map(name).collect()).then_some(())
        })
        .await
    }

    /// Waits until a site's route reaches `count` pods, and no others for a while.
    pub async fn reached(&self, id: &str, path: &str, count: usize) -> Result<()> {
        let (mut seen, mut row) = (BTreeSet::new(), 0);
        let mut last = String::new();
        let what = format!("{id} leads to {count} pods");
        let done = wait::until(&what, SOON, async || {
            match self.get(id, path).send().await {
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

    /// Requests a site's `whoami`, which the app has to answer.
    pub async fn whoami(&self, id: &str, cookie: &str) -> Result<Answer> {
        served(self.get(id, WHOAMI).cookie(cookie)).await
    }
}

/// Sends a request whose answer must be a 200 with a pod's name.
///
/// # Errors
/// The status isn't 200, or the answer has no pod's name.
pub async fn served(ask: Ask) -> Result<Answer> {
    let answer = ask.send().await?;
    ensure!(answer.status == 200 && !answer.pod().is_empty(), "{} {}", answer.status, answer.text());
    Ok(answer)
}
