//! A run: sends requests and opens sockets by the plan, each session with its own jar, and records what it sees.

mod answer;
mod ask;
mod asking;
mod book;
pub(crate) mod capture;
mod connect;
mod error;
mod follow;
mod pace;
mod pulse;
mod redirect;
mod refusal;
mod replays;
mod rewound;
mod room;
mod run;
mod running;
pub(crate) mod shape;
mod shared;
mod shoot;
mod socket;
mod sockets;
mod state;
pub(crate) mod target;
pub(crate) mod template;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
mod trust;
mod values;
pub(crate) mod watch;
mod way;

pub(crate) use asking::Asking;
pub(crate) use book::Book;
pub(crate) use run::run;
