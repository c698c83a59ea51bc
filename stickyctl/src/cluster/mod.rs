//! The commands on a cluster.
//!
//! Pure halves decide over objects that were read; thin halves around them read, apply and wait. [`connect`] is the way to
//! the API server, [`errors`] turns what it says into a failure with an exit code.
//!
//! | file | what |
//! |---|---|
//! | [`up`], [`change`], [`status`], [`forward`], [`down`] | the commands; `change` is `scale` and `mode` |
//! | [`release`], [`nodes`], [`inventory`], [`doors`] | what there is |
//! | [`replicas`], [`plan`] | what is to be |
//! | [`autoscaler`] | what keeps one from its work |
//! | [`apply`], [`rollout`] | making it so, and waiting for it |
//! | [`tunnel`], [`answer`] | talking to pods |

pub mod answer;
pub mod apply;
pub mod autoscaler;
pub mod change;
pub mod connect;
pub mod doors;
pub mod down;
pub mod errors;
pub mod forward;
pub mod inventory;
pub mod nodes;
pub mod plan;
pub mod release;
pub mod replicas;
pub mod rollout;
pub mod status;
pub mod tunnel;
pub mod up;
