//! The cluster's network: a namespace, a veth pair into it, and two routes.
//!
//! All addresses are from 198.18.0.0/15, which is reserved for benchmarks of network devices (RFC 2544). No network routes them and no
//! private network should use them, so the rest of the machine isn't affected.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use testkit::cluster::Place;
use testkit::sh;

/// The maximum number of clusters on a machine.
const SLOTS: u8 = 16;

/// The addresses of one cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Net {
    slot: u8,
}

impl Net {
    pub(crate) fn namespace(self) -> String {
        format!("sticky-{}", self.slot)
    }
    pub(crate) fn link(self) -> String {
        format!("sticky-{}-h", self.slot)
    }
    pub(crate) fn host(self) -> String {
        format!("198.18.{}.254", self.slot)
    }
    pub(crate) fn node(self) -> String {
        format!("198.18.{}.1", self.slot)
    }
    /// The range for a node's pods, up to 254. Each cluster has eight such ranges, so that it can have more nodes.
    pub(crate) fn pods(self) -> String {
        format!("198.18.{}.0/24", 128 + 8 * u16::from(self.slot))
    }
    fn in_services(self, last: u8) -> String {
        format!("198.19.{}.{last}", 16 * u16::from(self.slot))
    }
    pub(crate) fn services(self) -> String {
        format!("{}/20", self.in_services(0))
    }
    pub(crate) fn first_service(self) -> String {
        self.in_services(1)
    }
    pub(crate) fn dns(self) -> String {
        self.in_services(10)
    }

    /// The network that a cluster recorded when it started.
    pub(crate) fn recorded(place: &Place) -> Result<Self> {
        let path = place.state.join("slot");
        let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
        match text.trim().parse() {
            Ok(slot) if slot < SLOTS => Ok(Self { slot }),
            _ => bail!("{} holds `{}`", path.display(), text.trim()),
        }
    }

    /// Claims the first free slot by creating its namespace: the kernel creates a name only once.
    pub(crate) async fn claim(place: &Place) -> Result<Self> {
        let mut last = None;
        for net in (0..SLOTS).map(|slot| Self { slot }) {
            match sh::run(&format!("ip netns add {}", net.namespace())).await {
                Ok(_) => {
                    fs::write(place.state.join("slot"), net.slot.to_string())?;
                    return Ok(net);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no slot")?.context(format!("none of {SLOTS} network namespaces could be made (`ip netns` lists them)")))
    }

    /// Whether its namespace exists.
    pub(crate) fn exists(self) -> bool {
        Path::new("/run/netns").join(self.namespace()).exists()
    }

    /// Creates links and routes. Some kernels have no dummy device, so the node's address is on the inner end of the pair.
    pub(crate) async fn connect(self) -> Result<()> {
        let (ns, link, host, node) = (self.namespace(), self.link(), self.host(), self.node());
        for line in [
            format!("ip -n {ns} link set lo up"),
            format!("ip link add {link} type veth peer name node0 netns {ns}"),
            format!("ip addr add {host}/24 dev {link}"),
            format!("ip link set {link} up"),
            format!("ip -n {ns} addr add {node}/24 dev node0"),
            format!("ip -n {ns} link set node0 up"),
            format!("ip -n {ns} route add default via {host}"),
            format!("ip route replace {} via {node}", self.pods()),
            format!("ip route replace {} via {node}", self.services()),
            format!("nsenter --net=/run/netns/{ns} sysctl -qw net.ipv4.ip_forward=1"),
        ] {
            sh::run(&line).await?;
        }
        Ok(())
    }

    /// Removes everything; the routes disappear with the link.
    pub(crate) async fn remove(self) -> Result<()> {
        let links = sh::run("ip -o link show").await?;
        if links.contains(&format!(": {}@", self.link())) {
            sh::run(&format!("ip link del {}", self.link())).await?;
        }
        if self.exists() {
            sh::run(&format!("ip netns del {}", self.namespace())).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_slot_stays_inside_the_test_range() {
        let net = Net { slot: SLOTS - 1 };
        assert_eq!((net.pods(), net.services()), ("198.18.248.0/24".to_owned(), "198.19.240.0/20".to_owned()));
        // An interface's name has at most 15 bytes.
        assert!(net.link().len() <= 15);
    }
}
