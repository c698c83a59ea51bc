//! Moves of requests that did not send the cookie that holds their session.

use super::*;

/// A session with a request a second: its pods, each with `+` if the request sends the cookie, `*` if the answer sets it, or both.
fn told(text: &str, lives: Option<u64>) -> Session {
    let mut session = session(&text.replace(['+', '*'], ""));
    for (shot, word) in session.shots.iter_mut().zip(text.split(' ')) {
        shot.carried.extend(word.contains('+').then(|| "s".to_owned()));
        let offered = Offered { lives: lives.map(Duration::from_secs), ..cookie(Fate::Kept) };
        shot.offered.extend(word.contains('*').then_some(offered));
    }
    session
}

/// Thirty such sessions, beginning on each pod in turn: `x`, `y` and `z` stand for a pod and the two others.
fn all(text: &str, lives: Option<u64>) -> Run {
    let pods = ["a", "b", "c"];
    let turned = |n: usize| ["x", "y", "z"].into_iter().zip(0..).fold(text.to_owned(), |text, (sign, m)| text.replace(sign, pods[(n + m) % 3]));
    Run { sessions: (0..30).map(|n| told(&turned(n), lives)).collect(), ..run(EVEN, &[]) }
}

#[test]
fn a_cookie_that_comes_late() {
    let late = all("x y* y+ y+ y+ y+ y+", None);
    finds(&late, Verdict::NotSticky, Some("bound-late"));
    let causes = judge(&late, 0.0).reasons[0].causes();
    assert!(causes[0].0.starts_with("The first answers"), "{causes:?}");
    // It was there in time and is not honored until later.
    let hashed = judge(&all("x* y+ y+ y+ y+ y+ y+", None), 0.0);
    assert!(code(&hashed) == Some("bound-late") && hashed.reasons[0].causes()[0].0.starts_with("The proxy hashes"), "{hashed:?}");
}

#[test]
fn a_cookie_that_expires() {
    let expired = all("x* x+ x+ y* y+ y+ z*", Some(2));
    finds(&expired, Verdict::NotSticky, Some("cookie-short-lived"));
    assert!(judge(&expired, 0.0).reasons[0].detail.ends_with("; s holds the requests that send it, and expires 2 s after it is set"));
    // It should still be there: something else deleted it.
    assert_ne!(code(&judge(&all("x* x+ x+ y* y+ y+ z*", Some(60)), 0.0)), Some("cookie-short-lived"));
    // It comes back, and is not honored.
    assert_ne!(code(&judge(&all("x* x+ x+ y+* y+ y+ z+*", Some(2)), 0.0)), Some("cookie-short-lived"));
}

#[test]
fn a_path_that_leaves_out_a_url() {
    let two = |text| {
        let mut run = all(text, None);
        run.sessions.iter_mut().flat_map(|session| session.shots.iter_mut().enumerate()).for_each(|(n, shot)| shot.path = n % 2);
        run
    };
    finds(&two("x* y* y+ z* z+ x* x+ y*"), Verdict::NotSticky, Some("cookie-path-mismatch"));
    // The other path's requests go anywhere, and leave the cookie alone.
    finds(&two("x* y x+ z x+ y x+ z"), Verdict::NotSticky, Some("cookie-path-mismatch"));
    assert_ne!(code(&judge(&two("x* y+* y+ z+* z+ x+* x+ y+*"), 0.0)), Some("cookie-path-mismatch"), "it sends the cookie");
}

/// Two requests that stayed show nothing.
#[test]
fn chance_is_no_cookie() {
    let mut few = all("x y* y+", None);
    few.sessions.truncate(2);
    assert!(judge(&few, 0.0).reasons[0].evident.is_empty());
}

/// A session whose pod is gone finds another one, or none.
#[test]
fn sessions_of_a_pod_that_is_gone() {
    let gone = |after: &str| {
        let mut run = all("x* x+ x+ x+ x+ x+ x+ x+ x+", None);
        for session in &mut run.sessions {
            if session.shots[0].pod() == Some("a") {
                *session = told(&format!("a* a+ a+ {after}"), None);
            }
        }
        run.controls
            .iter_mut()
            .filter(|shot| shot.at >= Duration::from_secs(3))
            .for_each(|shot| *shot = Shot { at: shot.at, ..crate::testing::shot("b") });
        let judgement = judge(&run, 0.0);
        (judgement.pods, judgement.reasons.iter().map(|reason| reason.code.word()).collect::<Vec<_>>())
    };
    assert_eq!(gone("b+* b+ b+ b+ b+ b+"), (Verdict::Inconclusive, vec!["pods-replaced"]));
    assert_eq!(gone("b+* b+ b+ c+* c+ c+"), (Verdict::Inconclusive, vec!["pods-replaced"]), "a hash ring has grown");
    assert_eq!(gone("b+ c+ b+ c+ b+ c+"), (Verdict::Inconclusive, vec!["pods-replaced", "dead-cookie-unsettled"]));
}
