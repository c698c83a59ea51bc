//! One connection to one port of a pod, through the API server and the kubelet.

use super::spdy::stream::{Stream, Told};
use std::time::Duration;

/// A reason is complete before its connection ends; this is for servers that send it later.
const REASON: Duration = Duration::from_millis(500);

/// The bytes of a connection. `shutdown` ends what goes to the pod, dropping it ends both directions. containerd closes a connection
/// 1 s after either direction has ended, so only what needs no answer should be shut down.
pub(crate) type Link = Stream;

/// Why a link ended, if the pod's side knows.
#[derive(Debug)]
pub(crate) struct Trouble {
    port: u16,
    told: Told,
}

impl Trouble {
    pub(super) const fn new(port: u16, told: Told) -> Self {
        Self { port, told }
    }

    /// The reason of the pod's side, once the link has ended.
    pub(crate) async fn reason(self) -> Option<String> {
        let said = tokio::time::timeout(REASON, self.told.text()).await.ok().flatten()?;
        Some(brief(&said, self.port))
    }
}

/// The kubelet's text names the sandbox, its network namespace and both address families before the cause.
fn brief(said: &str, port: u16) -> String {
    if said.contains("connection refused") {
        return format!("nothing is listening on port {port} (connection refused)");
    }
    let line = said.lines().next().unwrap_or_default().trim();
    line.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_not_the_plumbing() {
        let long = "error forwarding port 9 to pod 3f2a, uid : failed to execute portforward in network namespace \"/var/run/netns/cni-1\": \
                    failed to connect to localhost:9 inside namespace \"3f2a\", IPv4: dial tcp4 127.0.0.1:9: connect: connection refused IPv6 ...";
        assert_eq!(brief(long, 9), "nothing is listening on port 9 (connection refused)");
        assert_eq!(brief("container not running (abc)\nmore", 9), "container not running (abc)");
    }
}
