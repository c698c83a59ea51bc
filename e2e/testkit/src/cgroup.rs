//! A control group with a memory limit, for processes that must stay inside it.

use crate::{random, wait};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where groups can be: version 2, then version 1, each with the file of its limit and the file of the most that was used.
const KINDS: [(&str, &str, &str); 2] =
    [("/sys/fs/cgroup", "memory.max", "memory.peak"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes")];

/// A group without processes at first.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    peak: &'static str,
}

impl Group {
    /// A group whose processes may use `limit` bytes together; `None` if this user can't make one here.
    #[must_use]
    pub fn with_memory(limit: u64) -> Option<Self> {
        KINDS.into_iter().find_map(|(base, file, peak)| {
            let path = Path::new(base).join(format!("sticky-test-{}", random::word()));
            std::fs::create_dir(&path).ok()?;
            let group = Self { path, peak };
            // Without the memory controller there is no such file, and it can't be created.
            let limited = group.path.join(file).exists() && std::fs::write(group.path.join(file), limit.to_string()).is_ok();
            limited.then_some(group)
        })
    }

    /// The same command, run inside the group.
    #[must_use]
    pub fn command(&self, inner: &Command) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", r#"echo $$ > "$0" && exec "$@""#]).arg(self.path.join("cgroup.procs")).arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// The most that its processes have used, in bytes.
    pub fn most_used(&self) -> Result<u64> {
        let file = self.path.join(self.peak);
        let text = std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        Ok(text.trim().parse()?)
    }

    /// Removes it, once its processes are gone.
    pub async fn remove(self) -> Result<()> {
        wait::until("the group is empty", Duration::from_secs(10), async || std::fs::remove_dir(&self.path).ok()).await
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It stays behind if a process is still in it.
        let _ = std::fs::remove_dir(&self.path);
    }
}
