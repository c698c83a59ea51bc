//! Decides whether a site keeps its sessions on their pods, from observations made outside of it.
//!
//! This crate is the deciding half of `stickyctl verify`, without network, files, terminal or clock. A front end sends the requests and
//! records what it sees; this crate plans them, keeps the cookies, reads who answered, and judges. `stickyctl` is one front end; a load
//! generator, a browser extension or a canary check could be another.
//!
//! # How a verdict comes about
//!
//! 1. [`plan::rounds`] is the order of requests: *sessions*, each with its own cookies, shuffled in every round, with *controls* (requests
//!    without a cookie) mixed in.
//! 2. [`jar::Jar`] holds a session's cookies as strictly as a browser does, and [`identity::Source`] reads from an answer which pod it came
//!    from. Cookies are never taken for an identity.
//! 3. The front end records every answer as a [`seen::Shot`] and every WebSocket as a [`seen::Socket`] in a [`run::Run`].
//!    Where a log tells who answered, [`identify`] adds that afterwards.
//! 4. [`judge()`] turns the run into a [`verdict::Judgement`]: a verdict on pods, one on workers, reasons with stable [`code::Code`]s, and an
//!    outcome for each [`scenario`]. [`bounds`] has the statistics, and [`moves`] and [`ends`] the rules for moves and broken sockets.
//! 5. [`baseline::compare`] says what changed since an earlier run.
//!
//! # Example
//!
//! A site with three pods, without affinity: requests go to the pods in turn, whatever cookie they send.
//!
//! ```
//! use http::HeaderMap;
//! use std::borrow::Cow;
//! use std::time::{Duration, SystemTime};
//! use sticky_affinity::code::Code;
//! use sticky_affinity::cookie::Offer;
//! use sticky_affinity::identity::Source;
//! use sticky_affinity::jar::{Jar, Place};
//! use sticky_affinity::judge;
//! use sticky_affinity::plan::{Probe, Sample, rounds};
//! use sticky_affinity::run::{Run, Session};
//! use sticky_affinity::scenario::{Chosen, Mark, Name};
//! use sticky_affinity::seen::{Offered, Outcome, Shot, Who};
//! use sticky_affinity::verdict::Verdict;
//!
//! // Stands for the network: an answer has a header that names the pod, and sets a cookie.
//! let mut turn = 0;
//! let mut ask = |_cookies: Option<Vec<u8>>| {
//!     turn += 1;
//!     let mut headers = HeaderMap::new();
//!     headers.insert("x-pod", format!("web-{}", turn % 3).parse().unwrap());
//!     headers.insert("set-cookie", "route=1; Path=/".parse().unwrap());
//!     (200, headers)
//! };
//!
//! let sample = Sample::default(); // 30 sessions of 1 + 12 requests, 60 controls
//! let pod: Source = "header:x-pod".parse().unwrap();
//! let place = Place { host: "shop.example", path: "/", tls: false };
//! let mut jars = vec![Jar::default(); sample.sessions as usize];
//! let mut run = Run { sessions: vec![Session::default(); jars.len()], ..Run::default() };
//!
//! for (n, probe) in rounds(sample, 0, 7).into_iter().flatten().enumerate() {
//!     let now = SystemTime::now();
//!     let mut shot = Shot { at: Duration::from_millis(5 * n as u64), took: Duration::from_millis(1), ..Shot::none() };
//!     let jar = match probe {
//!         Probe::Session(session) => Some(&mut jars[session as usize]),
//!         Probe::Control | Probe::Bare => None,
//!     };
//!     if let Some(jar) = &jar {
//!         shot.carried = jar.names(&place, now).into_iter().map(Cow::into_owned).collect();
//!     }
//!     let (status, headers) = ask(jar.as_ref().and_then(|jar| jar.header(&place, now)));
//!     shot.outcome = Outcome::of(status, pod.read(&headers, b"").map(|pod| Who { pod, worker: None }));
//!     if let Some(jar) = jar {
//!         for offer in Offer::all(&headers, now) {
//!             let (name, attributes, lives) = (offer.label().into_owned(), offer.attributes(), offer.lives(now));
//!             let overwrites = jar.overwrites(&offer, &place, now);
//!             let fate = jar.take(offer, &place, now);
//!             shot.offered.push(Offered { name, attributes, fate, overwrites, lives, value: None });
//!         }
//!     }
//!     match probe {
//!         Probe::Session(session) => run.sessions[session as usize].shots.push(shot),
//!         Probe::Control => run.controls.push(shot),
//!         Probe::Bare => run.replayed.push(shot),
//!     }
//! }
//!
//! let judgement = judge(&run, 0.0);
//! assert_eq!(judgement.pods, Verdict::NotSticky);
//! let reason = &judgement.reasons[0];
//! assert_eq!(reason.code, Code::CookieNotHonoured);
//! println!("{}: {} ({})", reason.code.word(), reason.code.title(), reason.detail);
//! for (cause, attempt) in reason.causes() {
//!     println!("  {cause}: {attempt}");
//! }
//! assert_eq!(judgement.scenario(Name::Spread, &Chosen::default()).mark, Mark::Pass);
//! assert_eq!(judgement.scenario(Name::StickHttp, &Chosen::default()).mark, Mark::Fail);
//! ```

pub mod baseline;
pub mod bounds;
pub mod cache;
pub mod change;
pub mod code;
pub mod cookie;
pub mod disrupt;
pub mod ends;
pub mod fields;
pub mod guard;
pub mod identify;
pub mod identity;
pub mod jar;
mod judge;
pub mod lever;
pub mod log;
pub mod marker;
pub mod migrate;
pub mod moves;
pub mod plan;
mod pods;
pub mod promise;
pub mod run;
pub mod scenario;
pub mod seen;
pub mod symptom;
#[cfg(test)]
mod testing;
pub mod told;
pub mod topic;
pub mod verdict;

pub use judge::judge;
