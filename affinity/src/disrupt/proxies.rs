//! Whether the proxies of one site send a session to the same pod.
//!
//! Each proxy issues some cookies, and each cookie is sent through all proxies. Proxies that derive the pod from the cookie agree, except for a
//! moment while they know different pods; proxies whose cookie has a server's position or name never do (haproxytech/kubernetes-ingress#461).

use super::judge::{Finding, seconds};
use crate::code::Code;
use crate::scenario::Mark;
use std::collections::BTreeSet;
use std::time::Duration;

/// One cookie, sent through every proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The proxy that issued it, by its index.
    pub issuer: usize,
    /// The pod that answered through each proxy; `None` without an answer that identifies one.
    pub pods: Vec<Option<String>>,
}

impl Row {
    /// Whether no two proxies reached different pods.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.pods.iter().flatten().collect::<BTreeSet<_>>().len() < 2
    }
}

/// All cookies, sent through every proxy once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// When it ended, since the start of the first one.
    pub at: Duration,
    /// By cookie.
    pub rows: Vec<Row>,
}

/// Whether proxies agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// [`Mark::Skip`] if it can't be told.
    pub mark: Mark,
    /// What was seen, in a clause without a capital or a full stop.
    pub detail: String,
    /// Why it is not [`Mark::Pass`].
    pub finding: Option<Finding>,
    /// How long it took until they agreed, if they did not at once.
    pub after: Option<Duration>,
    /// The last round before they agreed, or the last one.
    pub rows: Vec<Row>,
}

/// Judges the rounds of so many proxies. The last round is the one in which they agree, if they do. `unsteady` is the number of cookies with
/// which a single proxy reached several pods.
#[must_use]
pub fn judge(proxies: usize, rounds: &[Round], unsteady: usize) -> Agreement {
    let skip = |code, detail: String| Agreement {
        mark: Mark::Skip,
        finding: Some(Finding { code, detail: detail.clone(), mark: Mark::Skip }),
        detail,
        after: None,
        rows: rounds.last().map(|round| round.rows.clone()).unwrap_or_default(),
    };
    let Some(last) = rounds.last().filter(|_| proxies > 1) else {
        return skip(Code::SingleBackendPath, format!("there is {proxies} proxy, and it takes two to disagree"));
    };
    let pods: BTreeSet<&String> = rounds.iter().flat_map(|round| &round.rows).flat_map(|row| row.pods.iter().flatten()).collect();
    let asked = last.rows.len();
    let silent: Vec<usize> = (0..proxies).filter(|proxy| !last.rows.iter().any(|row| row.pods.get(*proxy).is_some_and(Option::is_some))).collect();
    match () {
        () if pods.is_empty() => return skip(Code::NoIdentity, "no answer identified its pod".to_owned()),
        () if pods.len() < 2 => return skip(Code::SingleBackendPath, "one pod answered through all proxies".to_owned()),
        () if unsteady > 0 => {
            return skip(Code::CookieNotHonoured, format!("{unsteady} of {asked} cookies did not keep to one pod even through one proxy"));
        }
        () if !silent.is_empty() => {
            let names: Vec<String> = silent.iter().map(|proxy| (proxy + 1).to_string()).collect();
            return skip(Code::Transport, format!("no pod answered through proxy {}", names.join(", ")));
        }
        () => {}
    }
    let apart = |round: &Round| round.rows.iter().filter(|row| !row.agrees()).count();
    let worst = rounds.iter().rev().find(|round| apart(round) > 0);
    let rows = worst.unwrap_or(last).rows.clone();
    match (apart(last), worst) {
        (0, None) => {
            let detail = format!("{proxies} proxies send each of {asked} cookies to the same pod");
            Agreement { mark: Mark::Pass, detail, finding: None, after: None, rows }
        }
        (0, Some(worst)) => {
            let detail =
                format!("{proxies} proxies disagreed about {} of {asked} cookies at first, and agreed after {}", apart(worst), seconds(last.at));
            Agreement { mark: Mark::Pass, detail, finding: None, after: Some(last.at), rows }
        }
        (some, _) => {
            let detail = format!("{proxies} proxies send {some} of {asked} cookies to different pods, still after {}", seconds(last.at));
            let finding = Finding { code: Code::ProxyDisagreement, detail: detail.clone(), mark: Mark::Fail };
            Agreement { mark: Mark::Fail, detail, finding: Some(finding), after: None, rows }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(at: f64, rows: &[(usize, &[&str])]) -> Round {
        let pod = |pod: &&str| (*pod != "-").then(|| (*pod).to_owned());
        let rows = rows.iter().map(|(issuer, pods)| Row { issuer: *issuer, pods: pods.iter().map(pod).collect() }).collect();
        Round { at: Duration::from_secs_f64(at), rows }
    }

    #[test]
    fn proxies_agree_at_once_later_or_never() {
        let apart: &[(usize, &[&str])] = &[(0, &["a", "b"]), (1, &["b", "b"])];
        let together: &[(usize, &[&str])] = &[(0, &["a", "a"]), (1, &["b", "b"])];
        let at_once = judge(2, &[round(0.1, together)], 0);
        assert_eq!((at_once.mark, at_once.after), (Mark::Pass, None));
        let later = judge(2, &[round(0.1, apart), round(1.0, apart), round(2.1, together)], 0);
        assert_eq!((later.mark, later.after), (Mark::Pass, Some(Duration::from_secs_f64(2.1))));
        assert_eq!(later.detail, "2 proxies disagreed about 1 of 2 cookies at first, and agreed after 2.1 s");
        let never = judge(2, &[round(0.1, apart), round(10.0, apart)], 0);
        assert_eq!((never.mark, never.finding.map(|finding| finding.code)), (Mark::Fail, Some(Code::ProxyDisagreement)));
    }

    #[test]
    fn what_proves_nothing() {
        let code = |proxies, rows: &[(usize, &[&str])]| judge(proxies, &[round(0.1, rows)], 0).finding.map(|finding| finding.code);
        assert_eq!(code(1, &[(0, &["a"])]), Some(Code::SingleBackendPath));
        assert_eq!(code(2, &[(0, &["a", "a"]), (1, &["a", "a"])]), Some(Code::SingleBackendPath));
        assert_eq!(code(2, &[(0, &["-", "-"])]), Some(Code::NoIdentity));
        assert_eq!(code(2, &[(0, &["a", "-"]), (0, &["b", "-"])]), Some(Code::Transport));
        assert_eq!(judge(2, &[], 0).mark, Mark::Skip);
        let flaps = judge(2, &[round(0.1, &[(0, &["a", "b"])])], 1);
        assert_eq!((flaps.mark, flaps.finding.map(|finding| finding.code)), (Mark::Skip, Some(Code::CookieNotHonoured)));
    }
}
