//! The memory that this process may use, from its control groups.

use std::path::{Path, PathBuf};

/// The memory that this process and its siblings may use together, in bytes: the limit of its control group, or of the group around
/// it, if that is lower. Half of the machine's memory if there is no limit, and 1 GiB if the system names neither.
#[must_use]
pub fn memory_limit() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let file = |path| read(Path::new(path)).unwrap_or_default();
    choose(limit(&file("/proc/self/cgroup"), &file("/proc/self/mountinfo"), read), total(&file("/proc/meminfo")))
}

fn choose(limit: Option<u64>, total: Option<u64>) -> u64 {
    // A limit beyond the machine's memory limits nothing.
    let real = limit.filter(|limit| total.is_none_or(|total| *limit <= total));
    real.or_else(|| total.map(|total| total / 2)).unwrap_or(1_024 * 1_024 * 1_024)
}

/// `MemTotal` of /proc/meminfo, in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let kib = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.split_whitespace().next()?;
    kib.parse::<u64>().ok().map(|kib| kib * 1_024)
}

/// The lowest limit on the way from the process's group up to the root, for version 1 and version 2 of control groups.
///
/// `cgroup` is /proc/self/cgroup (cgroups(7)), `mountinfo` is /proc/self/mountinfo (proc_pid_mountinfo(5)).
fn limit(cgroup: &str, mountinfo: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let groups = cgroup.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        match controllers {
            "" => Some((Version::Two, path)),
            _ => controllers.split(',').any(|one| one == "memory").then_some((Version::One, path)),
        }
    });
    let files = groups.flat_map(|(version, path)| {
        let mounts = mountinfo.lines().filter_map(move |line| Mount::of(line, version));
        mounts.flat_map(move |mount| mount.folders(path)).map(move |folder| folder.join(version.file()))
    });
    // `max` is no number, and version 1 writes no limit as a number beyond any memory.
    files.filter_map(|file| read(&file)?.trim().parse::<u64>().ok()).filter(|bytes| *bytes < 1 << 60).min()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    const fn file(self) -> &'static str {
        match self {
            Self::One => "memory.limit_in_bytes",
            Self::Two => "memory.max",
        }
    }
}

/// Where groups are mounted, and which group is at the top there.
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
}

impl<'a> Mount<'a> {
    /// The mount of a line, if it is one of groups that limit memory.
    fn of(line: &'a str, version: Version) -> Option<Self> {
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        let mut kind = kind.split(' ');
        let (name, options) = (kind.next()?, kind.nth(1).unwrap_or_default());
        let fits = match version {
            Version::One => name == "cgroup" && options.split(',').any(|option| option == "memory"),
            Version::Two => name == "cgroup2",
        };
        fits.then_some(Self { root, point })
    }

    /// The folders of the group `path` and of those around it.
    fn folders(&self, path: &str) -> Vec<PathBuf> {
        // In a container, the group may be named from outside, while the mount shows only what is inside.
        let inside = Path::new(path).strip_prefix(self.root).unwrap_or(Path::new(""));
        inside.ancestors().map(|part| Path::new(self.point).join(part)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const MIB: u64 = 1_024 * 1_024;
    const TWO: &str = "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:5 - cgroup2 cgroup2 rw,nsdelegate";
    const ONE: &str =
        "30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";

    fn with(cgroup: &str, mountinfo: &str, files: &[(&str, &str)]) -> Option<u64> {
        let files: HashMap<_, _> = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        limit(cgroup, mountinfo, |path| files.get(path).cloned())
    }

    #[test]
    fn version_2_in_a_container() {
        assert_eq!(with("0::/\n", TWO, &[("/sys/fs/cgroup/memory.max", "268435456\n")]), Some(256 * MIB));
        assert_eq!(with("0::/\n", TWO, &[("/sys/fs/cgroup/memory.max", "max\n")]), None);
        assert_eq!(with("0::/\n", TWO, &[]), None, "the root group has no such file");
    }

    #[test]
    fn the_lowest_of_the_groups_around_it_holds() {
        let files = [
            ("/sys/fs/cgroup/kubepods/pod1/memory.max", "268435456"),
            ("/sys/fs/cgroup/kubepods/pod1/app/memory.max", "max"),
            ("/sys/fs/cgroup/kubepods/memory.max", "1073741824"),
        ];
        assert_eq!(with("0::/kubepods/pod1/app\n", TWO, &files), Some(256 * MIB));
    }

    #[test]
    fn version_1() {
        let groups = "5:cpu:/\n4:memory:/docker/abc\n0::/\n";
        let file = "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes";
        assert_eq!(with(groups, ONE, &[(file, "268435456")]), Some(256 * MIB));
        assert_eq!(with(groups, ONE, &[(file, "9223372036854771712")]), None, "no limit");
        let inside = ONE.replace("0:32 / ", "0:32 /docker/abc ");
        assert_eq!(with(groups, &inside, &[("/sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456")]), Some(256 * MIB));
    }

    #[test]
    fn both_versions_at_once() {
        let mounts = format!("{ONE}\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw");
        let files = [("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "134217728"), ("/sys/fs/cgroup/unified/b/memory.max", "268435456")];
        assert_eq!(with("4:hugetlb,memory:/a\n0::/b\n", &mounts, &files), Some(128 * MIB));
    }

    #[test]
    fn a_group_outside_of_the_mount_falls_back_to_its_top() {
        let mount = TWO.replace("0:27 / ", "0:27 /../other ");
        assert_eq!(with("0::/x/y", &mount, &[("/sys/fs/cgroup/memory.max", "268435456")]), Some(256 * MIB));
        assert_eq!(with("nonsense\n1:\n", "nonsense", &[]), None);
    }

    #[test]
    fn without_a_limit_half_of_the_machine() {
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 * MIB));
        assert_eq!(choose(Some(256 * MIB), Some(1_024 * MIB)), 256 * MIB);
        assert_eq!(choose(Some(2_048 * MIB), Some(1_024 * MIB)), 512 * MIB);
        assert_eq!((choose(None, Some(1_024 * MIB)), choose(None, None)), (512 * MIB, 1_024 * MIB));
    }
}
