//! A release that `stickyctl up` made, behind a front door that it installed: class and namespace of its own, so that tests don't
//! share one.

use super::stickyctl::Done;
use super::{Space, in_namespace};
use crate::door::Door;
use crate::process::Process;
use crate::{http, image, wait};
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;

/// How long this machine may take to reach a Service's address, if it can.
const REACH: Duration = Duration::from_secs(3);
const SOON: Duration = Duration::from_secs(30);

/// Pods that leave sooner than the default's: the delay is one second more than the least that a spec takes without a warning.
const QUICK: [(&str, &str); 3] = [("STICKYCTL_DRAIN_PRE_STOP", "2s"), ("STICKYCTL_DRAIN_DELAY", "8s"), ("STICKYCTL_DRAIN_WINDOW", "4s")];

/// Runs a test as [`in_namespace`] does, with names for a front door besides. What of the door has no namespace is deleted
/// afterwards too.
///
/// # Errors
/// The test's own.
pub async fn behind_its_own_door(purpose: &str, test: impl AsyncFnOnce(&Site) -> Result<()>) -> Result<()> {
    behind(Door::Traefik, purpose, test).await
}

/// The same with a front door of either kind.
///
/// # Errors
/// The test's own.
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

/// A release and its front door, or the names for them.
#[derive(Debug)]
pub struct Site<'a> {
    /// Where the release is.
    pub space: &'a Space,
    /// Which front door it has.
    pub kind: Door,
    /// Where its front door is.
    pub door: Space,
}

/// A way to a site.
#[derive(Debug)]
pub struct Way {
    /// `http://HOST:PORT`.
    pub url: String,
    /// The tunnel, where it is one; it ends with this value.
    _tunnel: Option<Process>,
}

impl Site<'_> {
    /// The IngressClass: nobody else's.
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
        };
        format!("{usual}-{}", self.class())
    }

    /// `stickyctl up` with further words, for the first time: with the app's image and quick to drain.
    ///
    /// # Errors
    /// It could not be started, or did not end.
    pub async fn up(&self, more: &[&str]) -> Result<Done> {
        let binary = image::binary()?.display().to_string();
        let loader = self.space.kube.loader()?.join(" ");
        let words = [&["up", "--front-door", self.kind.word(), "--app-binary", &binary, "--image-loader", &loader], more].concat();
        let door = [("STICKYCTL_INGRESS_CLASS", self.class()), ("STICKYCTL_INGRESS_FRONT_DOOR_NAMESPACE", &self.door.name)];
        self.space.stickyctl_with(&words, &[&QUICK[..], &door].concat()).await
    }

    /// The answer of a call that goes well.
    ///
    /// # Errors
    /// It did not.
    pub async fn ctl(&self, words: &[&str]) -> Result<String> {
        self.space.stickyctl(words).await?.ok().with_context(|| format!("stickyctl {}", words.join(" ")))
    }

    /// `stickyctl status -o json`.
    ///
    /// # Errors
    /// It failed, or wrote no JSON.
    pub async fn status(&self) -> Result<Value> {
        let text = self.ctl(&["status", "-o", "json"]).await?;
        serde_json::from_str(&text).with_context(|| format!("no JSON: {text}"))
    }

    /// `stickyctl forward`, on a free port.
    ///
    /// # Errors
    /// It gave no URL.
    pub async fn forward(&self) -> Result<Way> {
        let mut tunnel = Process::start(self.space.command(&["forward", "--port", "0"])?.as_std_mut())?;
        let stdout = tunnel.stdout.clone();
        let url = tunnel.line("the URL on stdout", SOON, |_| stdout.all().first().cloned()).await?;
        Ok(Way { url: url.trim_end_matches('/').to_owned(), _tunnel: Some(tunnel) })
    }

    /// `kubectl port-forward` to the front door's Service, on a free port.
    ///
    /// # Errors
    /// It did not come up.
    pub async fn port_forward(&self) -> Result<Way> {
        let service = format!("service/{}", self.door_name());
        let mut command = self.space.kube.command(&["-n", &self.door.name, "port-forward", "--address=127.0.0.1", &service, ":80"]);
        let mut tunnel = Process::start(command.as_std_mut())?;
        let said = |line: &str| line.strip_prefix("Forwarding from ").and_then(|rest| Some(rest.split_once(" ->")?.0.to_owned()));
        let address = tunnel.line("its port", SOON, said).await?;
        Ok(Way { url: format!("http://{address}"), _tunnel: Some(tunnel) })
    }

    /// The front door's Service where this machine reaches it, as on the test cluster, which takes any number of connections;
    /// else `stickyctl forward`.
    ///
    /// # Errors
    /// Neither leads there.
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
        // Blocking, as a value that is dropped can't wait; what is gone already is no error.
        let _ = command.as_std_mut().arg("--request-timeout=20s").output();
    }
}
