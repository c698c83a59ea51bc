//! Which front door serves a class, read from the controllers that run.
//!
//! The IngressClass doesn't tell: its `spec.controller` is `k8s.io/ingress-nginx` both for ingress-nginx and for Traefik's provider
//! of that name. So `controller` and `others` read a pod's image, arguments and environment as the programs do, `detect` turns that into a
//! list of front doors, [`serving`] decides which of them a release gets or why none, and [`mod@find`] reads the objects from the
//! cluster.
//!
//! | front door | takes a class |
//! |---|---|
//! | ingress-nginx | whose `spec.controller` is `--controller-class`; with `--ingress-class-by-name` also the one named `--ingress-class` |
//! | Traefik, ingress-nginx provider | the same, by options of the same names (without dashes between words) |
//! | Traefik, its own Ingress provider | whose `spec.controller` is `traefik.io/ingress-controller`, by name if configured; ignores all our annotations |
//! | haproxy-ingress | whose `spec.controller` is `haproxy-ingress.github.io/controller`, or that with `/` and `--controller-class` |
//! | HAProxy Technologies' | whose `spec.controller` is `haproxy.org/ingress-controller`, or that with `/` and `--ingress.class` |
//! | F5's | named `-ingress-class`, if its `spec.controller` is `nginx.org/ingress-controller` |
//!
//! No release of ours goes through the last three.
//!
//! A release behind the Gateway API is simpler: [`gateway`].
//!
//! All can be restricted to some namespaces. A Traefik that is configured by a file, not by arguments or variables, isn't
//! recognized: nothing in its pods says what it serves.

pub(crate) mod access_log;
pub(crate) mod controller;
pub(crate) mod detect;
pub mod find;
pub mod gateway;
pub(crate) mod model;
mod options;
mod others;
pub(crate) mod serving;

pub use find::{find, used_by};
pub use model::{Door, Found, Marks, Proxy, Unclassed, Watch};
pub use serving::Doors;

#[cfg(test)]
mod tests;
