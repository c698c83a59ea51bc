//! Folders of a cluster and its programs.

use crate::phase::say;
use crate::tree;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A cluster by its name, and the folders that belong to it.
#[derive(Debug, Clone)]
pub struct Place {
    pub name: String,
    /// This cluster's own files: certificates, logs, process ids, containers, volumes.
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
    /// The name can't be part of a path.
    pub fn named(name: &str) -> Result<Self> {
        if name.is_empty() || name.len() > 20 || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            bail!("invalid cluster name `{name}`: 1 to 20 characters of a-z, 0-9 and -");
        }
        // Not cargo's target folder, which can differ by caller: a second `up` has to find the first.
        let root = tree::root().join("target/cluster");
        // Mounts below it are looked up in /proc/mounts, whose paths have no symbolic links.
        let root = root.canonicalize().unwrap_or(root);
        let cache = match std::env::var_os("STICKY_CLUSTER_CACHE") {
            Some(folder) if !folder.is_empty() => std::path::absolute(folder)?,
            _ => root.clone(),
        };
        let place = Self { name: name.to_owned(), state: root.join("state").join(name), cache, source: tree::root().join("e2e/cluster") };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte);
        // The path is used in configuration files of five syntaxes, and the kernel escapes paths in /proc/mounts.
        if !place.state.as_os_str().as_encoded_bytes().iter().copied().all(plain) {
            bail!("{}: check the project out into a folder whose path has only letters, digits and /._-+@", place.state.display());
        }
        let socket = place.socket();
        // The kernel limits the path of a socket, and containerd's error doesn't mention that.
        if socket.as_os_str().len() > 100 {
            bail!("{} is too long for a socket: check the project out into a folder with a shorter path", socket.display());
        }
        Ok(place)
    }

    /// The administrator's kubeconfig; it exists once the cluster starts.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.state.join("kubeconfig")
    }

    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.state.join("containerd.sock")
    }

    /// A path below the state folder, as a string for configuration files.
    #[must_use]
    pub fn text(&self, below: &str) -> String {
        self.state.join(below).display().to_string()
    }

    /// Takes a lock until the value is dropped, so that no two processes build the same cache or start the same cluster.
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
