//! Why sockets reach other pods than their session, or are refused, although requests stay.

use super::nobody::BEHIND;
use crate::code::Code;
use crate::jar::Withheld;
use crate::run::Run;
use crate::seen::{Outcome, Shot, Socket};
use crate::verdict::Reason;
use std::collections::{BTreeMap, BTreeSet};

const OWN_PODS: &str = "Sockets are served by pods of their own, such as another Deployment";
const OTHER_PATH: &str = "The cookie's path does not cover the socket's path";
const INSECURE: &str = "The cookie is Secure, and the socket's URL is ws://";
const OTHER_HOST: &str = "The socket is on another host than the cookie";
const WRONG_PATH: &str = "The path does not serve a WebSocket";
const ORIGIN: &str = "The site requires another origin or a subprotocol";
const NO_UPGRADE: &str = "A proxy in between drops the upgrade headers";
const LOGIN: &str = "The socket is only for clients that are logged in";

/// Fewer sockets than this may all reach pods that answered no request by chance.
const FEW: usize = 8;

/// The same reason with what its sockets show about the cause: which pods they reached, and which cookies were not sent with them. `place` is
/// that of the sockets among those of their session, if they have one.
pub(super) fn why(run: &Run, reason: Reason, place: Option<usize>) -> Reason {
    [own_pods(run), place.and_then(|place| withheld(run, place))].into_iter().flatten().fold(reason, |mut reason, (cause, seen)| {
        reason.detail = format!("{}; {seen}", reason.detail);
        reason.because(cause)
    })
}

type Evidence = Option<(&'static str, String)>;

/// Whether no pod that holds a socket ever answered a request. If so, it also reports whether a session's sockets stay on one pod.
fn own_pods(run: &Run) -> Evidence {
    let opened = || run.sockets().filter_map(|socket| socket.opened.pod());
    let (requests, sockets): (BTreeSet<&str>, BTreeSet<&str>) = (run.shots().filter_map(Shot::pod).collect(), opened().collect());
    if opened().count() < FEW || !requests.is_disjoint(&sockets) {
        return None;
    }
    let mut seen = match sockets.len() {
        1 => "one pod that answered no request serves all sockets".to_owned(),
        several => format!("{several} pods that answered no request serve the sockets"),
    };
    let pod = |socket: Option<&Socket>| Some(socket?.opened.pod()?.to_owned());
    let pairs: Vec<bool> = run.sessions.iter().filter_map(|session| Some(pod(session.sockets.first())? == pod(session.sockets.get(1))?)).collect();
    if sockets.len() > 1 && !pairs.is_empty() {
        let same = pairs.iter().filter(|same| **same).count();
        seen.push_str(&format!(", and the second socket of a session reached the pod of its first in {same} of {} sessions", pairs.len()));
    }
    Some((OWN_PODS, seen))
}

/// A cookie that requests sent and sockets did not, if it is missing on every socket that went elsewhere.
fn withheld(run: &Run, place: usize) -> Evidence {
    let mut missing: BTreeMap<(&str, &Withheld), usize> = BTreeMap::new();
    let (mut sockets, mut bare) = (0, 0);
    for session in &run.sessions {
        let (Some(home), Some(socket)) = (run.home(session), session.sockets.get(place)) else { continue };
        if socket.met().is_none_or(|pod| pod == home) {
            continue;
        }
        sockets += 1;
        bare += usize::from(socket.opened.carried.is_empty());
        let sent: BTreeSet<&String> = session.shots.iter().flat_map(|shot| &shot.carried).collect();
        let all: BTreeSet<&(String, Withheld)> = socket.opened.withheld.iter().filter(|(name, _)| sent.contains(name)).collect();
        for (name, why) in all {
            *missing.entry((name, why)).or_default() += 1;
        }
    }
    let ((name, why), _) = missing.into_iter().find(|(_, count)| sockets > 0 && *count == sockets)?;
    let (cause, because) = match why {
        Withheld::Path(path) => (OTHER_PATH, format!("is for the path {path}, which does not cover the socket's path")),
        Withheld::Insecure => (INSECURE, "is Secure, and the socket's URL is ws://".to_owned()),
        Withheld::Host => (OTHER_HOST, "is for another host".to_owned()),
    };
    let what = if bare == sockets { "no cookie was sent with them".to_owned() } else { format!("{name} was not sent with them") };
    Some((cause, format!("{what}, because {name} {because}")))
}

/// The same reason with the causes that the statuses of refused sockets point to, those of the most frequent status first.
pub(super) fn refused(run: &Run, reason: Reason) -> Reason {
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for socket in run.sockets() {
        if let Outcome::Nameless { status } = socket.opened.outcome {
            *statuses.entry(status).or_default() += 1;
        }
    }
    let most = statuses.into_iter().max_by_key(|(_, count)| *count).map(|(status, _)| status);
    let causes: &[&'static str] = match most {
        Some(401) => &[LOGIN],
        Some(403) => &[ORIGIN, LOGIN],
        Some(404 | 405) => &[WRONG_PATH],
        // A page where a 101 was wanted, or an app that misses the header `Upgrade` (RFC 9110 section 15.5.22).
        Some(200 | 400 | 426) => &[NO_UPGRADE, WRONG_PATH],
        Some(502..=504) => &[BEHIND],
        _ => &[],
    };
    debug_assert_eq!(reason.code, Code::UpgradeFailed);
    causes.iter().fold(reason, |reason, cause| reason.because(cause))
}
