//! The chart without a cluster: `helm lint` passes, its objects match the generator's, and it rejects values that would break a release.
//! These tests run with the cluster's tests (`testkit::kube`), because Helm is built with the cluster's programs.

mod gateway;
mod notes;
mod parity;
mod refuses;

use testkit::kube::helm::{Helm, Said, chart};

/// `helm template` with a values file.
fn template(helm: &Helm, name: &str, namespace: &str, values: &str) -> Said {
    helm.run(&["template", name, &chart(), "--namespace", namespace, "--no-hooks", "--values", "-"], values).unwrap()
}
