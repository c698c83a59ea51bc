//! Builds a cluster's programs and images once, and keeps them.

use super::images;
use anyhow::Result;
use testkit::cluster::{Place, modules};

/// Builds every program and image that is missing or older than its source.
pub(crate) async fn all(place: &Place) -> Result<()> {
    modules::all(place).await?;
    let _lock = Place::lock(&place.cache, "build")?;
    images::all(place).await
}
