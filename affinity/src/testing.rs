//! Observations of tests, in a few letters.

use crate::run::Session;
use crate::seen::{Outcome, Shot, Who};
use std::time::Duration;

/// An answer of a pod; `-` is a 502 that identifies no pod.
pub(crate) fn shot(pod: &str) -> Shot {
    let outcome = match pod {
        "-" => Outcome::Nameless { status: 502 },
        pod => Outcome::By(Who { pod: pod.to_owned(), worker: Some("0".to_owned()) }),
    };
    Shot { took: Duration::from_millis(1), outcome, ..Shot::none() }
}

/// A session with one request a second, by its pods.
pub(crate) fn session(pods: &str) -> Session {
    Session { shots: timed(pods.split(' ').map(shot).collect(), 1.0), ..Session::default() }
}

/// The same requests, `step` seconds apart.
pub(crate) fn timed(mut shots: Vec<Shot>, step: f64) -> Vec<Shot> {
    shots.iter_mut().enumerate().for_each(|(n, shot)| shot.at = Duration::from_secs_f64(n as f64 * step));
    shots
}
