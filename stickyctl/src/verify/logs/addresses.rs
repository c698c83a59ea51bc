//! Which pod had an address, and since when. No I/O.

use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use sticky_affinity::log::Upstream;
use sticky_affinity::told::Named;

/// Pods that are remembered; the oldest go first.
const PODS: usize = 10_000;

/// The addresses of pods, of now and of before. An address passes from a pod to another one when pods are replaced: it is the pod's from the
/// pod's creation on, until another pod with it is created.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// By address, for pods with a network of their own.
    of_pods: BTreeMap<IpAddr, Owners>,
    /// By address and port, from EndpointSlices, also for pods in the network of their node.
    of_endpoints: BTreeMap<(IpAddr, u16), Owners>,
    created: BTreeMap<String, Timestamp>,
    service: Names,
}

/// Pods with one address, by their creation.
type Owners = BTreeMap<Timestamp, String>;

/// What the Service is called.
#[derive(Debug, Default)]
struct Names {
    ips: BTreeSet<IpAddr>,
    /// As in `web.shop`.
    full: String,
}

impl Addresses {
    pub(super) fn pods(&mut self, pods: &[Pod]) {
        for pod in pods {
            let (Some(name), Some(created)) = (&pod.metadata.name, &pod.metadata.creation_timestamp) else { continue };
            self.created.insert(name.clone(), created.0);
            let shares_its_node = pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true));
            let status = pod.status.as_ref().filter(|_| !shares_its_node);
            for ip in status.into_iter().flat_map(|status| status.pod_ips.iter().flatten().map(|one| one.ip.as_str()).chain(status.pod_ip.as_deref()))
            {
                if let Ok(ip) = ip.parse::<IpAddr>() {
                    self.of_pods.entry(ip).or_default().insert(created.0, name.clone());
                }
            }
        }
        while self.created.len() > PODS {
            let Some(oldest) = self.created.iter().min_by_key(|(_, created)| **created).map(|(name, _)| name.clone()) else { return };
            self.created.remove(&oldest);
            self.of_pods.values_mut().for_each(|owners| owners.retain(|_, name| *name != oldest));
            self.of_endpoints.values_mut().for_each(|owners| owners.retain(|_, name| *name != oldest));
            self.of_pods.retain(|_, owners| !owners.is_empty());
            self.of_endpoints.retain(|_, owners| !owners.is_empty());
        }
    }

    /// Call it after [`pods`](Self::pods), which knows when they were created. A pod that is known from slices alone has its address since `now`.
    pub(super) fn slices(&mut self, slices: &[EndpointSlice], now: Timestamp) {
        for slice in slices {
            let ports: Vec<u16> = slice.ports.iter().flatten().filter_map(|port| port.port).filter_map(|port| u16::try_from(port).ok()).collect();
            for endpoint in &slice.endpoints {
                let target = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
                let Some(name) = target.and_then(|target| target.name.clone()) else { continue };
                let created = *self.created.entry(name.clone()).or_insert(now);
                for ip in endpoint.addresses.iter().filter_map(|ip| ip.parse::<IpAddr>().ok()) {
                    for port in &ports {
                        self.of_endpoints.entry((ip, *port)).or_default().insert(created, name.clone());
                    }
                }
            }
        }
    }

    pub(super) fn service(&mut self, namespace: &str, service: &Service) {
        let spec = service.spec.as_ref();
        let ips = spec.into_iter().flat_map(|spec| spec.cluster_ips.iter().flatten().chain(&spec.cluster_ip));
        self.service.ips.extend(ips.filter_map(|ip| ip.parse::<IpAddr>().ok()));
        self.service.full = format!("{}.{namespace}", service.metadata.name.as_deref().unwrap_or_default());
    }

    /// What a log calls a server, as the cluster knows it. `at` is when the log was written; without it, the newest pod counts.
    pub(super) fn name(&self, upstream: &Upstream, at: Option<Timestamp>) -> (String, Named) {
        match upstream {
            Upstream::Address(ip, port) => {
                let at_port = port.and_then(|port| self.of_endpoints.get(&(*ip, port)));
                if let Some(pod) = at_port.or_else(|| self.of_pods.get(ip)).and_then(|owners| owner(owners, at)) {
                    return (pod.to_owned(), Named::Pod);
                }
                (upstream.to_string(), if self.service.ips.contains(ip) { Named::Service } else { Named::Address })
            }
            Upstream::Name(name) if self.created.contains_key(name) => (name.clone(), Named::Pod),
            Upstream::Name(name) => {
                let host = name.rsplit_once(':').map_or(name.as_str(), |(host, _)| host);
                let rest = host.strip_prefix(&self.service.full).filter(|_| !self.service.full.is_empty());
                let is_service = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(".svc"));
                (name.clone(), if is_service { Named::Service } else { Named::Server })
            }
        }
    }
}

/// The owner at a time. A line from before the first one is the first one's: clocks of nodes differ a little.
fn owner(owners: &Owners, at: Option<Timestamp>) -> Option<&str> {
    let then =
        at.and_then(|at| owners.range(..=at).next_back()).or_else(|| if at.is_some() { owners.first_key_value() } else { owners.last_key_value() });
    then.map(|(_, pod)| pod.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::{Value, json};

    fn at(seconds: u32) -> Timestamp {
        format!("2026-11-30T09:10:{seconds:02}Z").parse().unwrap()
    }

    fn pod(name: &str, ip: &str, created: u32) -> Pod {
        made(json!({"metadata": {"name": name, "creationTimestamp": at(created).to_string()}, "status": {"podIP": ip, "podIPs": [{"ip": ip}]}}))
    }

    fn made<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn named(known: &Addresses, text: &str, seconds: u32) -> (String, Named) {
        known.name(&Upstream::read(text).unwrap(), Some(at(seconds)))
    }

    #[test]
    fn an_address_passes_from_pod_to_pod() {
        let mut known = Addresses::default();
        known.pods(&[pod("a", "10.0.0.7", 10), pod("b", "fd00::8", 10)]);
        known.pods(&[pod("c", "10.0.0.7", 30)]);
        for (text, seconds, name) in [
            ("10.0.0.7:80", 20, "a"),
            ("10.0.0.7:80", 29, "a"),
            ("10.0.0.7:80", 30, "c"),
            ("10.0.0.7", 5, "a"),
            ("[fd00::8]:80", 40, "b"),
            ("c", 1, "c"),
        ] {
            assert_eq!(named(&known, text, seconds), (name.to_owned(), Named::Pod), "{text} at {seconds}");
        }
        assert_eq!(known.name(&Upstream::read("10.0.0.7:80").unwrap(), None).0, "c");
        assert_eq!(named(&known, "10.0.0.9:80", 20), ("10.0.0.9:80".to_owned(), Named::Address));
        assert_eq!(named(&known, "SRV_1", 20), ("SRV_1".to_owned(), Named::Server));
    }

    #[test]
    fn pods_in_the_network_of_their_node_are_told_apart_by_port() {
        let mut known = Addresses::default();
        let of_node = |name: &str| Pod { spec: made(json!({"hostNetwork": true, "containers": []})), ..pod(name, "192.168.0.1", 10) };
        known.pods(&[of_node("a"), of_node("b")]);
        let slice = |name: &str, port: u16| {
            made(json!({"metadata": {"name": name}, "addressType": "IPv4", "ports": [{"port": port}],
                "endpoints": [{"addresses": ["192.168.0.1"], "targetRef": {"kind": "Pod", "name": name}}]}))
        };
        known.slices(&[slice("a", 8_080), slice("b", 8_081), slice("gone", 9_000)], at(20));
        assert_eq!(named(&known, "192.168.0.1:8080", 30).0, "a");
        assert_eq!(named(&known, "192.168.0.1:8081", 30).0, "b");
        assert_eq!(named(&known, "192.168.0.1:9000", 15), ("gone".to_owned(), Named::Pod), "known from slices alone");
        assert_eq!(named(&known, "192.168.0.1:81", 30).1, Named::Address);
    }

    #[test]
    fn the_services_own_address_is_no_pod() {
        let mut known = Addresses::default();
        known
            .service("shop", &made(json!({"metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7", "fd01::7"]}})));
        for text in ["10.96.0.7:80", "[fd01::7]:80", "web.shop:80", "web.shop.svc.cluster.local:80"] {
            assert_eq!(named(&known, text, 1).1, Named::Service, "{text}");
        }
        assert_eq!(named(&known, "web.shopping:80", 1).1, Named::Server);
        assert_eq!(named(&Addresses::default(), "svc.cluster.local:80", 1).1, Named::Server, "no Service is known");
    }

    #[test]
    fn it_remembers_so_many_pods() {
        let mut known = Addresses::default();
        let many: Vec<Pod> = (0..=PODS)
            .map(|n| {
                let mut one = pod(&format!("p{n}"), &format!("10.1.{}.{}", n / 256, n % 256), 10);
                one.metadata.creation_timestamp.as_mut().unwrap().0 = Timestamp::from_second(i64::try_from(n).unwrap()).unwrap();
                one
            })
            .collect();
        known.pods(&many);
        assert_eq!((named(&known, "10.1.0.0", 1).1, named(&known, "10.1.0.1", 1).1), (Named::Address, Named::Pod));
    }
}
