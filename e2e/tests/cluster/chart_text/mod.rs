//! The chart without a cluster: it is faultless to helm, makes the generator's objects, and refuses what the spec's checks
//! refuse. Asked for with the cluster's tests (`testkit::kube`), because helm is built with the cluster's programs.

mod notes;
mod parity;
mod refuses;

use testkit::kube::helm::{Helm, Said, chart};

/// `helm template` with a values file.
fn template(helm: &Helm, name: &str, namespace: &str, values: &str) -> Said {
    helm.run(&["template", name, &chart(), "--namespace", namespace, "--no-hooks", "--values", "-"], values).unwrap()
}
