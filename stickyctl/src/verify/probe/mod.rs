//! A run: sends requests and opens sockets by the plan, each session with its own jar, and records what it sees.

mod answer;
mod ask;
mod asking;
mod book;
pub(crate) mod client;
mod connect;
mod error;
mod follow;
mod listening;
mod marking;
mod pace;
mod progress;
pub(crate) mod proxies;
mod pulse;
mod redirect;
mod refusal;
mod replays;
mod rewound;
mod room;
mod run;
mod running;
pub(crate) mod session;
mod settle;
mod shared;
mod shoot;
mod socket;
mod sockets;
pub(crate) mod steady;
pub(crate) mod target;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod trust;
pub(crate) mod watch;
mod way;

pub(crate) use asking::Asking;
pub(crate) use book::Book;
pub(crate) use marking::Marking;
pub(crate) use progress::Progress;
pub(crate) use run::run;
