//! A release from `stickyctl up` behind a front door that it installed. The front door has its own IngressClass and namespace, so that
//! tests don't share it.

use super::gateways::owned_by;
use super::release::NAME;
use super::stickyctl::Done;
use super::{Space, in_namespace};
use crate::door::Door;
use crate::process::Process;
use crate::{http, image, wait};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// Deadline for connecting to a Service's address, which not every machine can reach.
const REACH: Duration = Duration::from_secs(3);
const SOON: Duration = Duration::from_secs(30);

/// Makes pods drain sooner than by default. The delay is one second longer than the shortest that a spec allows without a warning.
const QUICK: [(&str, &str); 3] = [("STICKYCTL_DRAIN_PRE_STOP", "2s"), ("STICKYCTL_DRAIN_DELAY", "8s"), ("STICKYCTL_DRAIN_WINDOW", "4s")];

/// Runs a test like [`in_namespace`], with additional names for a front door. Afterwards, also deletes the front door's cluster-scoped
/// objects.
pub async fn behind_its_own_door(purpose: &str, test: impl AsyncFnOnce(&Site) -> Result<()>) -> Result<()> {
    behind(Door::Traefik, purpose, test).await
}

/// Like [`behind_its_own_door`], with either kind of front door.
pub async fn behind(kind: Door, purpose: &str, test: impl AsyncFnOnce(&Site) -> Result<()>) -> Result<()> {
    in_namespace(purpose, async |space| {
        let site = Site { space, kind, door: Space { kube: space.kube.clone(), name: format!("{}-door", space.name) } };
        let done = test(&site).await;
        if done.is_err() {
            site.door.dump();
        }
        done
    })
    .await
}

/// A release and its front door, or their names before they exist.
#[derive(Debug)]
pub struct Site<'a> {
    pub space: &'a Space,
    pub kind: Door,
    pub door: Space,
}

/// A URL of a site, and the tunnel behind it.
#[derive(Debug)]
pub struct Way {
    /// `http://HOST:PORT`.
    pub url: String,
    /// The tunnel's process, if any; it stops when this value is dropped.
    _tunnel: Option<Process>,
}

impl Site<'_> {
    /// The name of its own IngressClass or GatewayClass.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.space.name
    }

    /// The name of the front door's Deployment; for ingress-nginx and Traefik, of its Service too.
    #[must_use]
    pub fn door_name(&self) -> String {
        // Envoy Gateway's proxies look for a Service with a fixed name.
        if self.kind == Door::Gateway { "envoy-gateway".to_owned() } else { self.instance() }
    }

    /// The label `app.kubernetes.io/instance` of all the front door's objects.
    fn instance(&self) -> String {
        let usual = match self.kind {
            Door::Nginx => "ingress-nginx-controller",
            Door::Traefik => "traefik",
            Door::Gateway => "envoy-gateway",
        };
        format!("{usual}-{}", self.class())
    }

    /// The name of the Service that requests go to. Envoy Gateway creates one for each Gateway, once there is a Gateway.
    pub async fn service(&self) -> Result<String> {
        if self.kind != Door::Gateway {
            return Ok(self.door_name());
        }
        let own = owned_by(&self.space.name, NAME);
        self.door.run(&["get", "service", "-l", &own, "-o", "jsonpath={.items[0].metadata.name}"]).await
    }

    /// Runs the first `stickyctl up`, with the app's image, a quick drain, and more arguments. For Envoy Gateway, the
    /// cluster gets its images and the CRDs first.
    pub async fn up(&self, more: &[&str]) -> Result<Done> {
        let class = if self.kind == Door::Gateway {
            self.space.kube.with_envoy_images().await?;
            self.space.kube.with_gateway_crds().await?;
            "STICKYCTL_GATEWAY_CLASS"
        } else {
            "STICKYCTL_INGRESS_CLASS"
        };
        let binary = image::binary()?.display().to_string();
        let loader = self.space.kube.loader()?.join(" ");
        let words = [&["up", "--front-door", self.kind.word(), "--app-binary", &binary, "--image-loader", &loader], more].concat();
        let door = [(class, self.class()), ("STICKYCTL_INGRESS_FRONT_DOOR_NAMESPACE", &self.door.name)];
        self.space.stickyctl_with(&words, &[&QUICK[..], &door].concat()).await
    }

    /// Runs `stickyctl`, which must succeed, and returns its stdout.
    pub async fn ctl(&self, words: &[&str]) -> Result<String> {
        self.space.stickyctl(words).await?.ok().with_context(|| format!("stickyctl {}", words.join(" ")))
    }

    /// `stickyctl status -o json`.
    pub async fn status(&self) -> Result<Value> {
        let text = self.ctl(&["status", "-o", "json"]).await?;
        serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
    }

    /// `stickyctl forward`, on a free port.
    pub async fn forward(&self) -> Result<Way> {
        let mut tunnel = Process::start(self.space.command(&["forward", "--port", "0"])?.as_std_mut())?;
        let stdout = tunnel.stdout.clone();
        let url = tunnel.line("the URL on stdout", SOON, |_| stdout.all().first().cloned()).await?;
        Ok(Way { url: url.trim_end_matches('/').to_owned(), _tunnel: Some(tunnel) })
    }

    /// `kubectl port-forward` to the front door's Service, on a free port.
    pub async fn port_forward(&self) -> Result<Way> {
        let service = format!("service/{}", self.service().await?);
        let mut command = self.space.kube.command(&["-n", &self.door.name, "port-forward", "--address=127.0.0.1", &service, ":80"]);
        let mut tunnel = Process::start(command.as_std_mut())?;
        let said = |line: &str| line.strip_prefix("Forwarding from ").and_then(|rest| Some(rest.split_once(" ->")?.0.to_owned()));
        let address = tunnel.line("its port", SOON, said).await?;
        Ok(Way { url: format!("http://{address}"), _tunnel: Some(tunnel) })
    }

    /// The address of the front door's Service if this machine reaches it, as on the test cluster; it accepts any number of connections.
    /// Otherwise `stickyctl forward`.
    pub async fn way(&self) -> Result<Way> {
        let address = self.door.run(&["get", "service", &self.service().await?, "-o", "jsonpath={.spec.clusterIP}"]).await?;
        let url = format!("http://{address}");
        match wait::within("the Service's address", REACH, http::connect(&url)).await {
            Ok(Ok(_)) => Ok(Way { url, _tunnel: None }),
            _ => self.forward().await,
        }
    }

    /// Everything in the cluster that belongs to the release or its front door: their namespaces, the objects in them, and all objects
    /// with their name.
    pub async fn left(&self) -> Result<BTreeSet<String>> {
        let kinds = self.space.kube.run(&["api-resources", "--verbs=list", "-o", "name"]).await?;
        // Except events, which expire, and volumes, which belong to the cluster.
        let passing = ["events", "events.events.k8s.io", "persistentvolumes", "componentstatuses"];
        let kinds: Vec<&str> = kinds.lines().filter(|kind| !passing.contains(kind)).collect();
        let line = r#"jsonpath={range .items[*]}{.kind}{" "}{.metadata.namespace}{" "}{.metadata.name}{"\n"}{end}"#;
        let all = self.space.kube.run(&["get", &kinds.join(","), "--all-namespaces", "-o", line]).await?;
        Ok(all.lines().filter(|line| line.contains(&self.space.name)).map(str::to_owned).collect())
    }
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        // Blocking, because `drop` can't await. Objects that are already gone are no error.
        let run = |words: &[&str]| {
            let mut command = self.space.kube.command(words);
            let _ = command.as_std_mut().arg("--request-timeout=20s").output();
        };
        let mine = format!("app.kubernetes.io/managed-by=stickyctl,app.kubernetes.io/instance={}", self.instance());
        run(&["delete", "ingressclass,clusterrole,clusterrolebinding", "--wait=false", "-l", &mine]);
        if self.kind == Door::Gateway {
            run(&["delete", "gatewayclass", self.class(), "--wait=false", "--ignore-not-found"]);
            // Its controller goes with its namespace, perhaps before it has removed its finalizer.
            run(&["patch", "gatewayclass", self.class(), "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#]);
        }
    }
}
