//! What to try about a reason if the site is the demo on this machine: it has no Ingress, and no cluster behind it.

use super::model::Advice;
use sticky_affinity::code::Code;
use sticky_affinity::verdict::Reason;

/// Causes of a reason and what to try: those with evidence first, then the others, the most common first.
pub(super) fn causes(reason: &Reason, is_here: bool) -> Vec<Advice> {
    let advice = |(cause, attempt): &(&'static str, &'static str)| Advice { cause, attempt, evident: reason.evident.contains(cause) };
    match own(reason.code).filter(|_| is_here) {
        Some(own) => own.iter().map(advice).collect(),
        None => reason.causes().iter().filter(|(cause, attempt)| !is_here || !(is_elsewhere(cause) || is_elsewhere(attempt))).map(advice).collect(),
    }
}

const NO_AFFINITY: (&str, &str) = ("The demo runs without affinity", "stickyctl down --local; then stickyctl up --local, whose affinity is a cookie");

/// Causes that only the demo on this machine has, where those of any site name commands or settings that it lacks.
const fn own(code: Code) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match code {
        Code::NoAffinityCookie | Code::CookieNotHonoured => &[NO_AFFINITY],
        Code::SingleReadyPod => &[
            ("The demo has one pod, as in mode 1x4", "stickyctl scale 3 --local; or judge workers with --require-workers"),
            ("The other pods are not ready", "stickyctl status --local"),
        ],
        Code::SingleBackendPath => &[("Only one pod is ready", "stickyctl status --local; stickyctl scale 3 --local, then run again")],
        Code::SingleWorker => &[
            ("Pods have one worker each, as in mode 3x1", "remove --require-workers; or switch with stickyctl mode 1x4 --local"),
            ("Answers do not identify their worker", "--worker-identity header:NAME, json:/POINTER or regex:PATTERN"),
        ],
        Code::RelayMissed => &[("Redis is unreachable, or a worker does not listen to it", "stickyctl status --local; read the demo's log")],
        Code::PodTerminated => &[("The pod was killed", "nothing to fix after stickyctl kill POD --local")],
        Code::Goodbye => &[("A change of pods or workers: status 1001 or 1012", "nothing to fix if they came back")],
        Code::PodsReplaced => &[("A change of the mode or of the number of pods during the run", "run again when it has finished")],
        Code::MovedForced => &[("A change of the mode, or a killed pod, during the run", "nothing to fix; run again to test the demo at rest")],
        _ => return None,
    })
}

/// Whether a text is about a cluster or a front door that the demo does not have.
fn is_elsewhere(text: &str) -> bool {
    const WORDS: &str =
        "Ingress ingress nginx Traefik HAProxy Gateway HTTPRoute Envoy kubectl controller session-cookie- probe Service rule proxy proxies";
    WORDS.split(' ').any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::recorded::is_local;
    use sticky_affinity::scenario::Name;

    fn reason(code: Code) -> Reason {
        Reason::new(code, Name::StickHttp, "")
    }

    #[test]
    fn nothing_that_the_demo_does_not_have() {
        for code in Code::ALL {
            for Advice { cause, attempt, .. } in causes(&reason(*code), true) {
                let text = format!("{cause}: {attempt}");
                assert!(!is_elsewhere(&text) && is_local(&text), "{}: {text}", code.word());
            }
            assert_eq!(causes(&reason(*code), false).len(), code.causes().len());
        }
        assert!(causes(&reason(Code::NoAffinityCookie), true)[0].cause.contains("without affinity"));
    }
}
