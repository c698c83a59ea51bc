//! The way to an application of somebody else's on a cluster, through the front door that serves it.

use super::error::RequestError;
use super::way::{Front, Way};
use crate::cluster::connect::{Access, Cluster, connect};
use crate::cluster::forward;
use crate::cluster::permitted::denied;
use crate::cluster::tunnel::Target;
use crate::cluster::workload::{self, Hints, Needs, Reference, Workload, find, rights};
use crate::generate::rbac::Right;
use crate::verify::logs::Sources;
use crate::verify::probe::watch::Witness;

/// An application that was found, and the cluster that it is on.
pub(crate) struct Located {
    pub(crate) cluster: Cluster,
    pub(crate) workload: Workload,
}

/// Finds an application. Without a namespace, in the one that the kubeconfig's context has, or that this process runs in.
pub(crate) async fn locate(access: &Access, namespace: Option<&str>, reference: &Reference, hints: &Hints) -> Result<Located, RequestError> {
    let cluster = connect(access).await?;
    let namespace = namespace.unwrap_or(cluster.client.default_namespace()).to_owned();
    let workload = find(&cluster.client, &namespace, reference, hints).await?;
    Ok(Located { cluster, workload })
}

impl Located {
    /// The pods of the front door, at the port that users reach it by.
    fn target(&self) -> Result<Target, RequestError> {
        let found = &self.workload;
        if !found.tls {
            return Ok(Target::from(&found.door));
        }
        let host = found.host.clone().unwrap_or_else(|| "HOST".to_owned());
        let door = || format!("{} ({} in namespace {})", found.door.title(), found.door.workload, found.door.namespace);
        Target::secure(&found.door).ok_or_else(|| RequestError::NoHttpsPort {
            route: found.route.to_string(),
            door: door(),
            url: format!("https://{host}{}", found.path),
        })
    }

    /// Opens the way: a tunnel, or from inside the cluster the addresses of the front door's pods.
    pub(super) async fn open(self) -> Result<Way, RequestError> {
        let target = self.target()?;
        let Self { cluster, workload } = self;
        let client = cluster.client.clone();
        if let Some(missing) = denied(&client, &unused(&workload, cluster.inside)).await.into_iter().next() {
            return Err(RequestError::Denied(missing));
        }
        if workload.door.ready() == 0 {
            return Err(RequestError::NotReady { door: workload.door.title(), namespace: workload.door.namespace.clone() });
        }
        let (addresses, tunnel) = if cluster.inside {
            (target.addresses(&client).await.map_err(workload::Error::from)?, None)
        } else {
            let tunnel = forward::tunnel(&client, target.clone(), 0).await?;
            (vec![tunnel.addr().to_string()], Some(tunnel))
        };
        let notes = notes(&workload);
        let (namespace, selector) = (workload.namespace, workload.selector);
        let scheme = if workload.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}{}", workload.host.as_deref().unwrap_or("127.0.0.1"), workload.path);
        let witness = Witness::Cluster { client: client.clone(), namespace: namespace.clone(), selector: selector.clone() };
        let front = Front { pods: target.clone(), product: workload.door.product, promise: workload.promise };
        let logs = Sources { client, door: Some(target), namespace, selector, service: workload.service };
        Ok(Way { url, addresses, tunnel, witness: Some(witness), front: Some(front), logs: Some(logs), is_here: false, notes })
    }
}

/// The rights of a run that finding the application did not use, without those for logs: answers may name their pods.
fn unused(workload: &Workload, inside: bool) -> Vec<Right> {
    let needs = Needs { access_log: false, pod_log: false, inside };
    let all = rights(workload, needs);
    all.into_iter().filter(|right| !workload.reads.contains(right)).collect()
}

/// What was found, one line each.
fn notes(found: &Workload) -> Vec<String> {
    let host = found.host.as_deref().unwrap_or("any host");
    let class = if found.class.is_empty() { "no class".to_owned() } else { format!("class {}", found.class) };
    let pods = if found.pods.len() == 1 { "1 ready pod".to_owned() } else { format!("{} ready pods", found.pods.len()) };
    let (door, tls) = (&found.door, if found.tls { " over TLS" } else { "" });
    let mut notes = vec![
        format!("{} in namespace {}: {host}{}{tls}, {class}", found.route, found.route_namespace, found.path),
        format!("front door: {}, {} in namespace {}", door.title(), door.workload, door.namespace),
        format!("service/{} in namespace {}: {pods} ({})", found.service, found.namespace, found.selector),
    ];
    if !found.others.is_empty() {
        let others: Vec<&str> = found.others.iter().map(|other| other.name.as_str()).collect();
        notes.push(format!("The same rule sends requests to service {} too, whose pods are not watched.", others.join(", ")));
    }
    notes
}
