//! How cookie affinity behaves by controller: one value, behind `doctor`'s checks, `doctor --to` and `docs/front-doors.md`.

mod controller;
pub mod keys;

pub use controller::Controller;
