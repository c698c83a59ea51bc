//! The commands on a cluster. They take plain requests and a [`connect::Cluster`], and return plain results that `show` prints.
//!
//! Pure halves decide over objects that were read; thin halves around them read, apply and wait. [`connect`] is the way to the API
//! server, [`errors`] turns its answers into errors with an exit code. `fake` is an API server for the tests.
//!
//! | file | what |
//! |---|---|
//! | [`up`], [`change`], [`status`], [`forward`], [`down`] | the commands; `change` is `scale` and `mode` |
//! | [`show`] | what they print when they are done |
//! | [`release`], [`namespace`], [`nodes`], [`inventory`], [`doors`] | what there is |
//! | [`replicas`], [`plan`] | what there should be |
//! | [`autoscaler`] | what keeps an autoscaler from working |
//! | [`disrupt`] | making the pods of a workload come and go, and restoring its replica count |
//! | [`apply`], [`rollout`] | getting there, and waiting for it |
//! | [`route`] | what controllers say of a route through a Gateway |
//! | [`permission`], [`permitted`] | the rule that a user lacks, and whether one is lacking |
//! | [`seen`] | an object that may be missing, of an unknown kind, or forbidden |
//! | [`workload`] | an application of somebody else's, and the front door that serves it |
//! | [`kind_name`] | objects as users name them |
//! | [`ready`], [`tunnel`], [`readyz`], [`answer`] | whether pods serve, and talking to them |

#![cfg_attr(not(test), allow(rustdoc::private_intra_doc_links, reason = "the table is for readers of the source"))]

pub mod answer;
pub(crate) mod apply;
pub(crate) mod autoscaler;
pub(crate) mod change;
pub mod connect;
pub(crate) mod disrupt;
pub mod doors;
pub(crate) mod down;
pub mod errors;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod forward;
pub(crate) mod inventory;
pub(crate) mod kind_name;
pub(crate) mod namespace;
pub(crate) mod nodes;
pub(crate) mod permission;
pub(crate) mod permitted;
pub(crate) mod plan;
pub mod plugin;
pub(crate) mod ready;
pub(crate) mod readyz;
pub mod release;
pub(crate) mod replicas;
pub(crate) mod rollout;
pub(crate) mod route;
pub(crate) mod seen;
pub(crate) mod show;
pub mod status;
pub mod tunnel;
pub(crate) mod up;
pub(crate) mod workload;
