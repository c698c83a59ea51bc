//! The implementations of the Gateway API that all test releases share: Envoy Gateway with the class `eg`, and Traefik, which has no
//! session persistence, with the class `traefik`.

use super::Kube;
use crate::cluster::crds::{self, GatewayApi};
use crate::cluster::{Place, images};
use anyhow::{Context, Result};
use std::fs::File;
use tokio::sync::OnceCell;

pub const ENVOY_GATEWAY: &str = include_str!("../../../cluster/envoy-gateway.yaml");
pub const TRAEFIK: &str = include_str!("../../../cluster/traefik-gateway.yaml");

/// The namespace of Envoy Gateway and all its proxies.
pub const ENVOY_NAMESPACE: &str = "envoy-gateway-system";
/// The namespace of Traefik.
pub const TRAEFIK_NAMESPACE: &str = "traefik-gateway";

static LOADED: OnceCell<()> = OnceCell::const_new();

impl Kube {
    /// Loads the images of Envoy Gateway and its proxies into the test cluster, once per test binary. Other clusters pull them.
    pub async fn with_envoy_images(&self) -> Result<()> {
        if self.test_cluster().is_none() {
            return Ok(());
        }
        let load = async || {
            let place = Place::named("any")?;
            for name in [images::ENVOY_GATEWAY, images::ENVOY] {
                self.load(&images::archive(&place, name)).await?;
            }
            Ok(())
        };
        LOADED.get_or_try_init(load).await.map(drop)
    }

    /// Installs the CRDs of the Gateway API's experimental channel and those of Envoy Gateway, unless they are installed.
    pub async fn with_gateway_crds(&self) -> Result<()> {
        let _lock = lock()?;
        self.gateway_crds().await
    }

    /// Installs Envoy Gateway if necessary, and waits until it serves its class.
    pub async fn with_envoy_gateway(&self) -> Result<()> {
        let _lock = lock()?;
        self.with_envoy_images().await?;
        self.gateway_crds().await?;
        self.feed(&["apply", "--server-side", "-f", "-"], ENVOY_GATEWAY).await?;
        self.run(&["-n", ENVOY_NAMESPACE, "wait", "--for=condition=Complete", "job/certgen", "--timeout=120s"]).await?;
        self.serves(ENVOY_NAMESPACE, "envoy-gateway", "eg").await
    }

    /// Installs Traefik with its provider for the Gateway API if necessary, and waits until it serves its class.
    pub async fn with_traefik_gateway(&self) -> Result<()> {
        let _lock = lock()?;
        self.gateway_crds().await?;
        self.feed(&["apply", "--server-side", "-f", "-"], TRAEFIK).await?;
        self.serves(TRAEFIK_NAMESPACE, "traefik", "traefik").await
    }

    /// The address of that Traefik's Service, where every listener is at port 80.
    pub async fn traefik_gateway(&self) -> Result<String> {
        self.run(&["-n", TRAEFIK_NAMESPACE, "get", "service", "traefik", "-o", "jsonpath={.spec.clusterIP}"]).await
    }

    async fn serves(&self, namespace: &str, deployment: &str, class: &str) -> Result<()> {
        self.run(&["-n", namespace, "rollout", "status", &format!("deployment/{deployment}"), "--timeout=120s"]).await?;
        self.run(&["wait", "--for=condition=Accepted", &format!("gatewayclass/{class}"), "--timeout=60s"]).await.map(drop)
    }

    async fn gateway_crds(&self) -> Result<()> {
        // Applying them takes seconds even if nothing changes. This one is applied last.
        let marker = "customresourcedefinition/securitypolicies.gateway.envoyproxy.io";
        if self.run(&["get", marker, "--ignore-not-found", "-o", "name"]).await?.is_empty() {
            self.with_crds(&GatewayApi::Experimental.manifest().await?).await?;
            self.with_crds(&crds::envoy_gateway().await?).await?;
        }
        Ok(())
    }

    /// Waits until Envoy Gateway has programmed a Gateway of the class `eg` and all its proxies are ready. Returns the address of their
    /// Service, where each listener has its own port.
    pub async fn envoys(&self, namespace: &str, gateway: &str) -> Result<String> {
        let name = format!("gateway/{gateway}");
        self.run(&["-n", namespace, "wait", "--for=condition=Programmed", &name, "--timeout=120s"]).await?;
        let own = owned_by(namespace, gateway);
        self.run(&["-n", ENVOY_NAMESPACE, "rollout", "status", "deployment", "-l", &own, "--timeout=120s"]).await?;
        let address = self.run(&["-n", ENVOY_NAMESPACE, "get", "service", "-l", &own, "-o", "jsonpath={.items[*].spec.clusterIP}"]).await?;
        Ok(address.split_whitespace().next().context("the Gateway has no Service")?.to_owned())
    }
}

/// A selector for what Envoy Gateway creates for a Gateway.
#[must_use]
pub fn owned_by(namespace: &str, gateway: &str) -> String {
    format!("gateway.envoyproxy.io/owning-gateway-namespace={namespace},gateway.envoyproxy.io/owning-gateway-name={gateway}")
}

/// Tests that apply the same objects at once would conflict.
fn lock() -> Result<File> {
    let lock = File::create(std::env::temp_dir().join("sticky-e2e-gateways.lock"))?;
    lock.lock()?;
    Ok(lock)
}
