//! Runs in which no answer, or hardly any, identifies its pod.

use super::*;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A run in which the answers have these statuses in turn, and name no pod.
fn answering(statuses: &[u16]) -> Run {
    let all = sessions(&["-"], 30);
    let mut run = run(&["-"; 60].join(" "), &all.iter().map(String::as_str).collect::<Vec<_>>());
    let shots = run.controls.iter_mut().chain(run.sessions.iter_mut().flat_map(|session| &mut session.shots));
    for (shot, status) in shots.zip(statuses.iter().cycle()) {
        shot.outcome = Outcome::Nameless { status: *status };
    }
    run
}

/// The first reason's code, and the causes that the run gives evidence for.
fn told(run: &Run) -> (&'static str, Vec<&'static str>) {
    let mut judgement = judge(run, 0.0);
    assert_eq!(judgement.pods, Verdict::Inconclusive, "{judgement:?}");
    let reason = judgement.reasons.remove(0);
    (reason.code.word(), reason.evident)
}

fn detail(run: &Run) -> String {
    judge(run, 0.0).reasons.remove(0).detail
}

const LOGIN: &str = "The site answers only clients that are logged in";
const CHALLENGE: &str = "A bot challenge or a firewall answers in the site's place";
const ROUTE: &str = "No rule matches the host or the path, or the app does not have the page";
const BEHIND: &str = "Nothing that is ready is behind the route";
const FAILING: &str = "Pods are failing";
const RATE: &str = "The site limits the rate of requests";

#[test]
fn refusals_by_status() {
    for (statuses, causes) in [
        (&[401][..], &[LOGIN][..]),
        (&[403], &[LOGIN, CHALLENGE]),
        (&[404], &[ROUTE]),
        (&[429], &[RATE]),
        (&[500], &[FAILING]),
        (&[503], &[BEHIND, FAILING]),
        (&[400], &[]),
        (&[404, 404, 401], &[ROUTE, LOGIN]),
        (&[200, 401, 503, 401], &[LOGIN, BEHIND, FAILING]),
    ] {
        assert_eq!(told(&answering(statuses)), ("error-rate", causes.to_vec()), "{statuses:?}");
    }
    // Most answers are pages: they are what to look at.
    for (statuses, cause) in [
        (&[200][..], "The site does not name its pod"),
        (&[200, 200, 503], "The site does not name its pod"),
        (&[302], "The site redirects, and redirects are not followed"),
    ] {
        assert_eq!(told(&answering(statuses)), ("no-identity", vec![cause]), "{statuses:?}");
    }
}

/// AWS WAF's challenge has status 202.
#[test]
fn a_challenge_by_its_header() {
    for status in [202, 403, 429] {
        let mut run = answering(&[status]);
        run.controls.iter_mut().chain(run.sessions.iter_mut().flat_map(|session| &mut session.shots)).for_each(|shot| shot.challenge = Some("x"));
        assert_eq!(told(&run), ("error-rate", vec![CHALLENGE]), "{status}");
    }
}

/// Where some answers name their pod, pods are there; what is turned away are clients without a session, or too many of them.
#[test]
fn refusals_among_answers_of_pods() {
    let refuse = |status, sessions: usize| {
        let mut run = sticky();
        let shots = run.sessions.iter_mut().take(sessions).flat_map(|session| &mut session.shots).chain(run.controls.iter_mut().skip(1));
        shots.for_each(|shot| shot.outcome = Outcome::Nameless { status });
        run
    };
    let login = ["Only logged-in users get to see the pod, and controls do not have a session's login", LOGIN];
    assert_eq!(told(&refuse(401, 10)), ("error-rate", login.to_vec()));
    assert_eq!(told(&refuse(503, 10)), ("error-rate", vec![FAILING, RATE]));
    assert_eq!(told(&refuse(502, 10)), ("error-rate", vec![FAILING]));
}

#[test]
fn hardly_any_answer_is_no_question_of_names() {
    let mut run = answering(&[200]);
    for (n, shot) in run.controls.iter_mut().chain(run.sessions.iter_mut().flat_map(|session| &mut session.shots)).enumerate() {
        if n % 3 > 0 {
            shot.outcome = Outcome::Lost("connection refused".to_owned());
        }
    }
    assert_eq!(told(&run).0, "transport");
}

/// Fields of the run's answers: three pods' names in a header of this name.
fn naming(run: &mut Run, header: &'static str) {
    for n in 0..450 {
        let value = HeaderValue::from_str(&format!("web-{}", n % 3)).unwrap();
        run.fields.take(&HeaderMap::from_iter([(HeaderName::from_static(header), value)]), b"", Some(n % 30 / 3));
    }
}

#[test]
fn a_field_that_may_name_the_pod() {
    let mut run = answering(&[200]);
    run.identity = "header:x-sticky-pod".to_owned();
    naming(&mut run, "x-pod");
    assert_eq!(told(&run), ("no-identity", vec!["The site names its pod in its own way"]));
    assert!(detail(&run).ends_with("; header `x-pod` had 3 values in 450 answers: try `--pod-identity header:x-pod`"), "{}", detail(&run));
    // A name that somebody gave may be misspelled.
    run.identity = "header:x-pod-name".to_owned();
    assert!(detail(&run).ends_with("; did you mean `--pod-identity header:x-pod`? This header had 3 values in 450 answers"), "{}", detail(&run));
    // With several, the most likely one is first.
    run.fields = crate::fields::Fields::default();
    for n in 0..450 {
        let body = format!(r#"{{"color": {}, "hostname": "web-{}"}}"#, n % 2, n % 3);
        run.fields.take(&HeaderMap::new(), body.as_bytes(), None);
    }
    let several = "; JSON field `/hostname` had 3 values in 450 answers: try `--pod-identity json:/hostname`; \
        or `--pod-identity json:/color` (2 values in 450 answers)";
    assert!(detail(&run).ends_with(several), "{}", detail(&run));
    // Errors have another reason, whatever names they carry.
    let mut refused = answering(&[403]);
    naming(&mut refused, "x-pod");
    assert!(!detail(&refused).contains("x-pod"), "{}", detail(&refused));
}

/// An identity that is no pod's: another field may be one.
#[test]
fn another_field_instead_of_a_request_id() {
    let mut ids = sticky();
    for (n, shot) in ids.controls.iter_mut().chain(ids.sessions.iter_mut().flat_map(|session| &mut session.shots)).enumerate() {
        *shot = crate::testing::shot(&format!("id-{n}"));
    }
    naming(&mut ids, "x-node");
    let detail = detail(&ids);
    assert!(detail.contains("they belong to requests") && detail.ends_with("try `--pod-identity header:x-node`"), "{detail}");
}
