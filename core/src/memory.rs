//! How much memory clients may use: a worker's share of the pod's limit, and the price of what it holds for them.
//!
//! A process that exceeds its cgroup's limit is killed with everything that it holds. So each connection, socket and unfinished
//! message has a price, the sum of the prices stays below a budget, and what would exceed it is refused.

/// The price of an HTTP connection in bytes: 13 KiB if it is idle, 24 KiB with the longest unfinished head (measured), and what the
/// kernel needs for it.
pub const CONNECTION: usize = 28 * 1_024;
/// The price of a socket in bytes: 4 KiB if it is idle, 13 KiB after the head of a frame of 16 KiB (measured), and what the kernel
/// needs for it.
pub const SOCKET: usize = 16 * 1_024;
/// Bytes of an unfinished message that the price of a socket covers, so that common messages always pass.
pub const UNFINISHED: usize = 4 * 1_024;
/// Bytes of queued frames that the price of a socket covers.
pub const QUEUED: usize = 2 * 1_024;

/// The price of a download's cursor: 200 bytes with its place on the shelf, and what the allocator adds.
pub const CURSOR: usize = 256;
/// The price of a session's model: its weights, and its place on the shelf.
pub const MODEL: usize = crate::model::WEIGHTS + 1_024;

/// What a process without clients needs.
const PROCESS: u64 = 8 * 1_024 * 1_024;
/// The smallest budget: enough to answer that there is no room.
const LEAST: u64 = 1_024 * 1_024;

/// The budget of one worker in bytes, in a pod that may use `limit` bytes and has `workers` processes besides the supervisor.
///
/// A fifth of the limit stays free: for what the prices leave out, such as fragmentation and the buffers of the kernel.
#[must_use]
pub fn budget(limit: u64, workers: u16) -> usize {
    let processes = u64::from(workers.max(1));
    let usable = (limit / 5 * 4).saturating_sub(PROCESS * (processes + 1));
    usize::try_from((usable / processes).max(LEAST)).unwrap_or(usize::MAX)
}

/// The most that a budget's connections may use, and the most that its sockets may use. Neither can crowd out the other.
#[must_use]
pub const fn most_of_a_kind(budget: usize) -> usize {
    budget / 4 * 3
}

/// The most that connections and sockets may use together. The rest stays free for messages and bodies.
#[must_use]
pub const fn most_held(budget: usize) -> usize {
    budget / 8 * 7
}

/// The most that messages and bodies may use. The rest stays free for connections and sockets.
#[must_use]
pub const fn most_in_flight(budget: usize) -> usize {
    budget / 2
}

/// The most that cursors and models may use. It is less than what [`most_held`] leaves free, so messages always have room beside them.
#[must_use]
pub const fn most_kept(budget: usize) -> usize {
    budget / 16
}

/// The sockets for which a budget has room.
#[must_use]
pub const fn sockets(budget: usize) -> usize {
    most_of_a_kind(budget) / SOCKET
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1_024 * 1_024;

    #[test]
    fn the_workers_of_a_pod_stay_below_its_limit() {
        for limit in [64 * MIB, 128 * MIB, 256 * MIB, 1_024 * MIB, 64 * 1_024 * MIB] {
            for workers in [1_u16, 2, 4] {
                let all = budget(limit, workers) as u64 * u64::from(workers) + PROCESS * (u64::from(workers) + 1);
                assert!(all <= limit, "{limit} {workers}: {all}");
            }
        }
    }

    #[test]
    fn a_small_limit_leaves_a_little() {
        assert_eq!(budget(0, 4), budget(16 * MIB, 1));
        assert!(sockets(budget(0, 1)) > 0 && most_of_a_kind(budget(0, 1)) > CONNECTION);
    }

    #[test]
    fn ten_thousand_sockets_fit_into_half_a_gibibyte() {
        assert!(sockets(budget(512 * MIB, 1)) > 10_000);
        assert!(4 * sockets(budget(512 * MIB, 4)) > 10_000);
    }

    #[test]
    fn a_default_shelf_of_models_fits_into_a_quarter_of_a_gibibyte() {
        assert!(most_kept(budget(256 * MIB, 1)) > 512 * MODEL && most_kept(budget(256 * MIB, 4)) > 128 * MODEL);
        assert!(most_kept(budget(0, 1)) > 3 * MODEL, "the smallest budget has room for a few");
    }

    #[test]
    fn no_kind_takes_everything() {
        let budget = budget(256 * MIB, 1);
        assert!(most_of_a_kind(budget) + 100 * SOCKET < most_held(budget), "upgrades beside idle connections");
        assert!(most_of_a_kind(budget) + 100 * CONNECTION < most_held(budget), "requests beside sockets");
    }
}
