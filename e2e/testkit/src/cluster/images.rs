//! Names and archives of the images that a cluster needs.

use super::Place;
use anyhow::Result;
use std::path::PathBuf;

/// Debian 12's Redis, which is 7.0, under the official image's name, so that manifests run unchanged. Both images start `redis-server`
/// from PATH, and a manifest with the full command line works with either.
pub const REDIS: &str = "docker.io/library/redis:7.0";

/// The program of the one image that `up` doesn't import. Only the tests that need it load it, so other tests don't wait for it.
pub const METRICS: &str = "metrics-server";

/// The path of an image's OCI archive in the cache.
#[must_use]
pub fn archive(place: &Place, name: &str) -> PathBuf {
    place.cache.join("images").join(format!("{name}.tar"))
}

/// The archive of metrics-server's image, for clusters that can't pull images.
pub fn metrics_server() -> Result<PathBuf> {
    Ok(archive(&Place::named("any")?, METRICS))
}
