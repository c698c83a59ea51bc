//! `--print-rbac`: the Roles that a run needs.

use super::error::RequestError;
use super::identity::PodIdentity;
use super::model::Request;
use super::site::Site;
use super::workload::locate;
use crate::cluster::workload::{Needs, Workload, rights};
use crate::exit::{Exit, Failure};
use crate::generate::object::Object;
use crate::generate::rbac::grant;
use crate::generate::write::yaml;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// The account in the bindings.
const ACCOUNT: &str = "stickyctl-verify";
/// The namespaces that are searched for front doors without permission to search all.
const SEARCHED: [&str; 3] = ["envoy-gateway-system", "ingress-nginx", "traefik"];

impl Request {
    /// A ServiceAccount and what it needs for this run, as YAML. Reads the application's objects, and sends it nothing.
    ///
    /// # Errors
    /// The site is not an application on a cluster, or it can't be found.
    pub(crate) async fn rbac(&self) -> Result<String, Failure> {
        let Site::Workload { access, namespace, reference, hints } = &self.site else { return Err(RequestError::RbacOfWhat.into()) };
        let found = locate(access, namespace.as_deref(), reference, hints).await?.workload;
        let objects = objects(&found, self.needs());
        let text = yaml(&objects).map_err(|why| Failure::new(Exit::Failed, why.to_string()))?;
        let command = format!("stickyctl verify {reference} -n {}", found.route_namespace);
        Ok(format!("{}{}", heading(&command, &found), text.trim_end()))
    }

    /// Which logs the run reads.
    pub(crate) const fn needs(&self) -> Needs {
        let (access_log, pod_log) = match &self.pod_identity {
            Some(PodIdentity::Answer(_)) => (false, false),
            Some(PodIdentity::AccessLog(_)) => (true, false),
            Some(PodIdentity::PodLog) => (false, true),
            None => (true, true),
        };
        Needs { access_log, pod_log, inside: false }
    }
}

fn objects(found: &Workload, needs: Needs) -> Vec<Object> {
    let metadata = ObjectMeta { name: Some(ACCOUNT.to_owned()), namespace: Some(found.namespace.clone()), ..ObjectMeta::default() };
    let account = ServiceAccount { metadata, ..ServiceAccount::default() };
    let granted = grant(&rights(found, needs), &BTreeMap::new(), (ACCOUNT, &found.namespace));
    std::iter::once(account.into()).chain(granted).collect()
}

fn heading(command: &str, found: &Workload) -> String {
    let door = &found.door.namespace;
    let of_gateway = found.gateway.as_ref().is_some_and(|gateway| gateway.namespace == *door);
    let known = SEARCHED.contains(&door.as_str()) || found.route_namespace == *door || of_gateway;
    let elsewhere = if known { String::new() } else { format!(" --front-door-namespace {door}") };
    format!(
        "# All that `{command}{elsewhere}` needs, for the ServiceAccount {ACCOUNT} in namespace {}.\n\
         # For a user instead, write `kind: User` and `apiGroup: rbac.authorization.k8s.io` into the subjects.\n",
        found.namespace
    )
}
