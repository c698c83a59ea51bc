//! A release from `stickyctl up` behind a front door that it installed. The front door has its own IngressClass and namespace, so that
//! tests don't share it.

use super::stickyctl::Done;
use super::{Space, in_namespace};
use crate::door::Door;
use crate::process::Process;
use crate::{http, image, wait};
use anyhow::{Context, Result};
use serde_json::Value;
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
    /// The name of its own IngressClass.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.space.name
    }

    /// The name of the front door's Deployment and Service.
    #[must_use]
    pub fn door_name(&self) -> String {
        let usual = match self.kind {
            Door::Nginx => "ingress-nginx-controller",
            Door::Traefik => "traefik",
            Door::Gateway => "envoy",
        };
        format!("{usual}-{}", self.class())
    }

    /// Runs the first `stickyctl up`, with the app's image, a quick drain, and more arguments.
    pub async fn up(&self, more: &[&str]) -> Result<Done> {
        let binary = image::binary()?.display().to_string();
        let loader = self.space.kube.loader()?.join(" ");
        let words = [&["up", "--front-door", self.kind.word(), "--app-binary", &binary, "--image-loader", &loader], more].concat();
        let door = [("STICKYCTL_INGRESS_CLASS", self.class()), ("STICKYCTL_INGRESS_FRONT_DOOR_NAMESPACE", &self.door.name)];
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
        let service = format!("service/{}", self.door_name());
        let mut command = self.space.kube.command(&["-n", &self.door.name, "port-forward", "--address=127.0.0.1", &service, ":80"]);
        let mut tunnel = Process::start(command.as_std_mut())?;
        let said = |line: &str| line.strip_prefix("Forwarding from ").and_then(|rest| Some(rest.split_once(" ->")?.0.to_owned()));
        let address = tunnel.line("its port", SOON, said).await?;
        Ok(Way { url: format!("http://{address}"), _tunnel: Some(tunnel) })
    }

    /// The address of the front door's Service if this machine reaches it, as on the test cluster; it accepts any number of connections.
    /// Otherwise `stickyctl forward`.
    pub async fn way(&self) -> Result<Way> {
        let address = self.door.run(&["get", "service", &self.door_name(), "-o", "jsonpath={.spec.clusterIP}"]).await?;
        let url = format!("http://{address}");
        match wait::within("the Service's address", REACH, http::connect(&url)).await {
            Ok(Ok(_)) => Ok(Way { url, _tunnel: None }),
            _ => self.forward().await,
        }
    }
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        let mine = format!("app.kubernetes.io/managed-by=stickyctl,app.kubernetes.io/instance={}", self.door_name());
        let mut command = self.space.kube.command(&["delete", "ingressclass,clusterrole,clusterrolebinding", "--wait=false", "-l", &mine]);
        // Blocking, because `drop` can't await. Objects that are already gone are no error.
        let _ = command.as_std_mut().arg("--request-timeout=20s").output();
    }
}
