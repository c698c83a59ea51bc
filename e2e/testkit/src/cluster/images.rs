//! The names and archives of the images that a cluster needs.

use super::Place;
use anyhow::Result;
use std::path::PathBuf;

/// Debian 12's Redis is 7.0. It carries the official image's name, so that manifests run unchanged: both images start
/// `redis-server` from PATH, and a manifest that spells out the whole command line works with either.
pub const REDIS: &str = "docker.io/library/redis:7.0";

/// The program of the one image that `up` does not import. Only the tests that need it load it, so nobody else waits for it.
pub const METRICS: &str = "metrics-server";

/// Where the OCI archive of the image `name` is kept.
#[must_use]
pub fn archive(place: &Place, name: &str) -> PathBuf {
    place.cache.join("images").join(format!("{name}.tar"))
}

/// The archive of metrics-server's image, for clusters that pull nothing.
///
/// # Errors
/// The cache's folder has no valid path.
pub fn metrics_server() -> Result<PathBuf> {
    Ok(archive(&Place::named("any")?, METRICS))
}
