//! What belongs together among the objects, resolved once for all checks.
//!
//! [`entry`] is an Ingress with its controller and its paths, [`cookie`] the affinity that its controller reads, [`route`] an HTTPRoute
//! with the implementations that serve it, and [`backends`] finds Services and the workloads behind them. Everything is indexed by key,
//! so that the work grows with the number of objects.

mod backends;
mod class;
mod cookie;
mod entry;
mod route;
mod settings;
mod whole;

pub(crate) use backends::ServiceKey;
pub(crate) use class::Class;
pub(crate) use cookie::{Cookie, CookiePath, Mode};
pub(crate) use entry::{Entry, PathTo};
pub(crate) use route::RouteEntry;
pub(crate) use whole::View;
