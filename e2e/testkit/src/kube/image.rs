//! Loads the app's image into the cluster's nodes.

use super::Kube;
use crate::{bin, image, sh};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The variable with the command that loads an image's archive from stdin, for clusters other than the test cluster. Spaces separate
/// its words.
pub const LOADER: &str = "STICKY_E2E_IMAGE_LOADER";
const LIMIT: Duration = Duration::from_secs(120);

static LOADED: OnceCell<()> = OnceCell::const_new();

impl Kube {
    /// The words of the command that loads an image's archive from stdin.
    ///
    /// # Errors
    /// The variable isn't set, and this isn't a test cluster.
    pub fn loader(&self) -> Result<Vec<String>> {
        if let Ok(words) = std::env::var(LOADER) {
            return Ok(words.split_whitespace().map(str::to_owned).collect());
        }
        let name = self.test_cluster().with_context(|| format!("{LOADER} names no command that loads an image into this cluster"))?;
        let program = bin::path("xtask")?.display().to_string();
        Ok([&program, "cluster", "--name", &name, "load", "-"].map(str::to_owned).into())
    }

    /// Loads the current build of the app's image, once per test binary.
    pub async fn load_app(&self) -> Result<()> {
        LOADED.get_or_try_init(async || self.load(&image::archive()?).await).await.map(drop)
    }

    /// Loads an image's archive.
    pub(super) async fn load(&self, archive: &Path) -> Result<()> {
        let words = self.loader()?;
        let (program, arguments) = words.split_first().with_context(|| format!("{LOADER} is empty"))?;
        let bytes = std::fs::read(archive).with_context(|| format!("no {}", archive.display()))?;
        let mut command = Command::new(program);
        command.args(arguments);
        sh::feed(LIMIT, command, &bytes).await.map(drop)
    }
}
