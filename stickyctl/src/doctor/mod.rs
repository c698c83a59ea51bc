//! `stickyctl doctor`: reads objects, and finds what will break affinity, without any traffic.
//!
//! `objects` is what was read, from a cluster or from files. Each check in `checks` is a function from objects to findings. `report`
//! writes them down.

mod finding;
mod objects;
