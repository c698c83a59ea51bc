//! The rules of the sticky sessions demo as plain data and functions.
//!
//! Nothing here knows tokio, axum, hyper, redis or kube, so every rule can be tested with values alone. A message meets them in
//! this order: [`ids`] and [`wire`] when it arrives, [`identity`] and [`version`] when it is answered, [`registry`] when it is written to a
//! socket, [`trace`] for the path that it took, [`presence`] for what a worker announces, and [`topology`] for the pods and workers that
//! the page draws.
//!
//! [`admission`] and [`host`] decide before that which requests are admitted.
//!
//! What a service keeps in its process for a session is in [`download`] and [`model`], on a [`shelf`].
//!
//! The app, `stickyctl` and the tests share [`choice`] and [`mode`] for what an operator chooses, and [`names`] for headers and
//! environment variables. [`readiness`] says when a worker or a pod is ready, and [`drain`] how it leaves. [`limits`] and [`memory`]
//! say what clients may use. What both programs print of others' texts goes through [`harmless`](mod@harmless).

pub mod admission;
pub mod choice;
pub mod cookie;
pub mod download;
pub mod drain;
pub mod duration;
pub mod frames;
pub mod harmless;
pub mod host;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod memory;
pub mod mode;
pub mod model;
pub mod names;
pub mod presence;
pub mod readiness;
pub mod registry;
pub mod shelf;
pub mod stats;
pub mod topology;
pub mod trace;
pub mod version;
pub mod wire;
