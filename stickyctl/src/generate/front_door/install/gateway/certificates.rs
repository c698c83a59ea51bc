//! The Job that creates the certificates with which the server and its proxies authenticate each other: Envoy Gateway's own `certgen`
//! (`internal/cmd/certgen.go`). It writes them straight into Secrets, so no file that is ever rendered has a key. Existing Secrets stay as
//! they are. The certificates are valid for five years; to renew them, delete the Secrets and run `up --install-front-door` again.

use super::super::choice::{ENVOY_GATEWAY_NAME, Install};
use super::super::pod::seccomp;
use super::super::rbac::{self, rule};
use super::program::{namespace, secure};
use crate::generate::meta::pairs;
use crate::generate::object::Object;
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec, ServiceAccount};
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// The name of the Job, its ServiceAccount and its Role.
pub const JOB: &str = "envoy-gateway-certgen";
/// The Secret with the server's certificate.
pub(super) const SERVER: &str = "envoy-gateway";
/// A Secret with a random key.
pub(super) const HMAC: &str = "envoy-oidc-hmac";
/// The Secrets that it creates. Those with certificates have the keys `ca.crt`, `tls.crt` and `tls.key`.
pub const SECRETS: [&str; 4] = [SERVER, "envoy", "envoy-rate-limit", HMAC];

/// How long the finished Job stays, in seconds, for whoever looks at its log.
const KEPT: i32 = 60;

/// The Job and its rights, in the order in which they are applied.
pub(super) fn objects(install: &Install) -> Vec<Object> {
    let account = (JOB, install.namespace.as_str());
    let mut all: Vec<Object> = vec![ServiceAccount { metadata: metadata(install), ..ServiceAccount::default() }.into()];
    all.extend(rbac::role(metadata(install), rights(), account));
    all.push(job(install).into());
    all
}

fn metadata(install: &Install) -> ObjectMeta {
    ObjectMeta { name: Some(JOB.to_owned()), ..install.within(&install.namespace) }
}

fn rights() -> Vec<PolicyRule> {
    let names = SECRETS.map(str::to_owned).to_vec();
    // A name can't be asked for before there is one.
    vec![PolicyRule { resource_names: Some(names), ..rule("", &["secrets"], &["get"]) }, rule("", &["secrets"], &["create"])]
}

/// The labels of its pod. The server's Service and Deployment must not select it.
fn labels(install: &Install) -> BTreeMap<String, String> {
    let mut labels = install.labels();
    labels.insert("app.kubernetes.io/component".to_owned(), "front-door-certificates".to_owned());
    labels
}

/// A selector for its pods, as in `a=b,c=d`.
#[must_use]
pub fn selector_text(install: &Install) -> String {
    pairs(&labels(install))
}

fn job(install: &Install) -> Job {
    let container = Container {
        name: JOB.to_owned(),
        image: Some(install.image()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(vec![ENVOY_GATEWAY_NAME.to_owned(), "certgen".to_owned()]),
        args: Some(vec!["--disable-topology-injector".to_owned()]),
        env: Some(vec![namespace()]),
        security_context: Some(secure()),
        ..Container::default()
    };
    Job {
        metadata: metadata(install),
        spec: Some(JobSpec {
            backoff_limit: Some(3),
            ttl_seconds_after_finished: Some(KEPT),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels(install)), ..ObjectMeta::default() }),
                spec: Some(PodSpec {
                    containers: vec![container],
                    enable_service_links: Some(false),
                    // The same pod tries again, so that its last words are at hand.
                    restart_policy: Some("OnFailure".to_owned()),
                    security_context: Some(seccomp()),
                    service_account_name: Some(JOB.to_owned()),
                    ..PodSpec::default()
                }),
            },
            ..JobSpec::default()
        }),
        ..Job::default()
    }
}
