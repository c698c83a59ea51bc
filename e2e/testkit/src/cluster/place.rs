//! Where a cluster and its programs are.

use crate::phase::say;
use crate::tree;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A cluster by its name, and the folders that belong to it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Everything of this one cluster: certificates, logs, process ids, containers, volumes.
    pub state: PathBuf,
    /// Programs and images, shared by all clusters.
    pub cache: PathBuf,
    /// `e2e/cluster`.
    pub source: PathBuf,
}

impl Place {
    /// The folders of the cluster `name`.
    ///
    /// # Errors
    /// A name that can't be part of a path.
    pub fn named(name: &str) -> Result<Self> {
        if name.is_empty() || name.len() > 20 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            bail!("invalid cluster name `{name}`: 1 to 20 characters of a-z, 0-9 and -");
        }
        // Not cargo's target folder, which may be another one for each caller: a second `up` has to find the first.
        let root = tree::root().join("target/cluster");
        // Mounts below it are found in /proc/mounts, where no link stands.
        let root = root.canonicalize().unwrap_or(root);
        let cache = match std::env::var_os("STICKY_CLUSTER_CACHE") {
            Some(folder) if !folder.is_empty() => std::path::absolute(folder)?,
            _ => root.clone(),
        };
        let place = Self { name: name.to_owned(), state: root.join("state").join(name), cache, source: tree::root().join("e2e/cluster") };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte);
        // It stands in configuration files of five syntaxes, and the kernel escapes what it writes into /proc/mounts.
        if !place.state.as_os_str().as_encoded_bytes().iter().copied().all(plain) {
            bail!("{}: check the project out into a folder whose path has only letters, digits and /._-+@", place.state.display());
        }
        let socket = place.socket();
        // The kernel takes no longer path for a socket, and containerd's message about it does not say so.
        if socket.as_os_str().len() > 100 {
            bail!("{} is too long for a socket: check the project out into a folder with a shorter path", socket.display());
        }
        Ok(place)
    }

    /// The administrator's kubeconfig; there once the cluster is being started.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.state.join("kubeconfig")
    }

    /// containerd's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.state.join("containerd.sock")
    }

    /// A path below the state folder, as text for a configuration file.
    #[must_use]
    pub fn text(&self, below: &str) -> String {
        self.state.join(below).display().to_string()
    }

    /// Keeps others out until the value is dropped: two that build the same cache, or start the same cluster.
    ///
    /// # Errors
    /// The lock's file can't be written.
    pub fn lock(folder: &Path, name: &str) -> Result<File> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{name}.lock"));
        let file = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
        if file.try_lock().is_err() {
            say(&format!("== cluster: waiting for another process that holds {}", path.display()));
            file.lock()?;
        }
        Ok(file)
    }
}
