//! Which front door serves a class, read from the controllers that run.
//!
//! The IngressClass does not tell: its `spec.controller` is `k8s.io/ingress-nginx` for ingress-nginx and for Traefik's provider
//! of that name alike. So `controller` reads a pod's image, arguments and environment as the two programs do, [`detect`]
//! makes a list of front doors of that, [`serving`] decides which one a release gets or why none, and [`mod@find`] reads the
//! objects from the cluster.
//!
//! | door | takes a class |
//! |---|---|
//! | ingress-nginx | whose `spec.controller` is `--controller-class`; with `--ingress-class-by-name` also the one named `--ingress-class` |
//! | Traefik, ingress-nginx provider | the same, by the options of the same names (without dashes between words) |
//! | Traefik, its own Ingress provider | whose `spec.controller` is `traefik.io/ingress-controller`, by name if told; reads none of our annotations |
//!
//! All three may be told to watch some namespaces only. A Traefik that is set up by a file, not by arguments or variables,
//! is not seen: nothing in its pods says what it serves.

mod controller;
pub mod detect;
pub mod find;
pub mod options;
pub mod serving;

pub use detect::{Door, Found, Proxy, Watch};
pub use find::find;
pub use serving::Doors;

#[cfg(test)]
mod tests;
