//! Sessions that carry a value besides cookies.

use super::*;
use crate::scenario::{Chosen, Mark, Name};

/// The same run, whose later requests carry `{SID}`.
fn carrying(mut run: Run) -> Run {
    run.values = vec!["{SID}".to_owned()];
    run
}

fn moving() -> Run {
    let all: Vec<String> = (0..30).map(|n| (0..13).map(|m| ["a", "b", "c"][(n + m) % 3]).collect::<Vec<_>>().join(" ")).collect();
    run(EVEN, &all.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_value_that_decides_nothing() {
    finds(&moving(), Verdict::NotSticky, Some("no-affinity-cookie"));
    let run = carrying(moving());
    finds(&run, Verdict::NotSticky, Some("value-not-honoured"));
    let detail = &judge(&run, 0.0).reasons[0].detail;
    assert!(detail.ends_with("and 360 later requests sent {SID}"), "{detail}");
    // Another cookie of the site changes nothing.
    let mut run = run;
    run.sessions.iter_mut().for_each(|session| session.shots[0].offered.push(cookie(Fate::Kept)));
    finds(&run, Verdict::NotSticky, Some("value-not-honoured"));
}

#[test]
fn a_value_whose_hash_leads_elsewhere() {
    let all: Vec<String> = (0..30).map(|n| format!("{} {}", ["a", "b", "c"][n % 3], [["b", "c", "a"][n % 3]; 12].join(" "))).collect();
    let run = run(EVEN, &all.iter().map(String::as_str).collect::<Vec<_>>());
    let run = carrying(run);
    finds(&run, Verdict::NotSticky, Some("bound-late"));
    assert!(judge(&run, 0.0).reasons[0].causes()[0].0.contains("a value that the first answer hands out"));
}

#[test]
fn what_holds_a_session_has_its_name() {
    let mut run = carrying(sticky());
    run.replayed = "a b c a b c a b c a b c".split(' ').map(shot).collect();
    let found = |run: &Run| judge(run, 0.0).scenario(Name::Attribution, &Chosen::default());
    assert_eq!(found(&run).detail, "4 of 12 stayed without {SID}: {SID} holds them");
    run.sessions[0].shots[1].carried.push("s".to_owned());
    assert_eq!(found(&run).detail, "4 of 12 stayed without {SID} and cookies: {SID} and cookies hold them");
    run.replayed = ["a"; 12].map(shot).into();
    let judgement = judge(&run, 0.0);
    assert_eq!((judgement.pods, code(&judgement), found(&run).mark), (Verdict::Inconclusive, Some("not-by-cookie"), Mark::Fail));
}

/// One session in ten may lack it, as one answer in ten may be an error.
#[test]
fn first_answers_without_the_value() {
    let mut run = carrying(sticky());
    let lacks = |run: &mut Run, count: usize| {
        for session in run.sessions.iter_mut().take(count) {
            session.lacks = Some("SID=header:x-session".to_owned());
            session.shots.truncate(1);
        }
    };
    lacks(&mut run, 3);
    finds(&run, Verdict::Sticky, None);
    lacks(&mut run, 4);
    let judgement = judge(&run, 0.0);
    assert_eq!((judgement.pods, code(&judgement)), (Verdict::Inconclusive, Some("error-rate")));
    assert!(judgement.reasons[0].detail.starts_with("only 26 of 30 first answers had the value that --capture SID=header:x-session reads"));
    assert!(judgement.reasons[0].causes()[0].0.contains("--capture"));
    lacks(&mut run, 30);
    assert_eq!(judge(&run, 0.0).reasons[0].detail, "no first answer had the value that --capture SID=header:x-session reads: 0 of 30");
}
