//! Simulated sites without affinity, which must never be called sticky.

use super::*;
use crate::plan::{Probe, Sample, rounds};
use fastrand::Rng;
use std::collections::HashMap;

/// If as many moves are tolerated as chance makes, few moves prove nothing.
#[test]
fn a_tolerated_rate_is_no_affinity() {
    let mut open = 0;
    for (shares, sessions, later, tolerated) in [([0.98, 0.02], 200, 50, 0.05), ([0.9, 0.1], 200, 12, 0.25), ([0.95, 0.05], 200, 12, 0.15)] {
        for seed in 0..20 {
            let judgement = judge(&simulated(&shares, Sample { sessions, later, controls: 60 }, seed, random), tolerated);
            let is_open = (judgement.pods, code(&judgement)) == (Verdict::Inconclusive, Some("unbalanced-control"));
            // By chance there may be more moves than are tolerated.
            assert!(is_open || judgement.pods == Verdict::NotSticky, "{shares:?}, seed {seed}: {judgement:?}");
            open += u32::from(is_open);
        }
    }
    assert!(open > 50, "{open} of 60");
}

/// A site without affinity, whose pods have these shares, in a run with this sample.
fn simulated(shares: &[f64], sample: Sample, seed: u64, mut choose: impl FnMut(&mut Rng, &[f64]) -> usize) -> Run {
    let mut rng = Rng::with_seed(seed);
    let mut run = Run { sessions: vec![Session::default(); sample.sessions as usize], ..Run::default() };
    for (n, probe) in rounds(sample, 0, seed).into_iter().flatten().enumerate() {
        let mut shot = shot(["a", "b", "c", "d"][choose(&mut rng, shares)]);
        shot.at = Duration::from_secs(n as u64);
        match probe {
            Probe::Session(n) => run.sessions[n as usize].shots.push(shot),
            Probe::Control => run.controls.push(shot),
            Probe::Bare => run.replayed.push(shot),
        }
    }
    run
}

fn random(rng: &mut Rng, shares: &[f64]) -> usize {
    let mut left = rng.f64();
    shares
        .iter()
        .position(|share| {
            left -= share;
            left < 0.0
        })
        .unwrap_or(0)
}

/// No site without affinity is ever called sticky: random, round robin, weighted round robin or unbalanced, with any sample.
#[test]
fn no_affinity_is_never_called_sticky() {
    let mut verdicts: HashMap<&str, usize> = HashMap::new();
    for seed in 0..400 {
        let small = Sample { sessions: 2 + (seed % 5) as u32, later: 1 + (seed % 4) as u32, controls: 6 };
        for sample in [Sample::default(), small] {
            let mut turn = 0;
            for run in [
                simulated(&[0.5, 0.5], sample, seed, random),
                simulated(&[0.9, 0.05, 0.05], sample, seed, random),
                simulated(&[0.25; 4], sample, seed, random),
                simulated(&[1.0; 3], sample, seed, |_, _| {
                    turn += 1;
                    turn % 3
                }),
                simulated(&[1.0; 4], sample, seed, |_, _| {
                    turn += 1;
                    [0, 0, 1, 0, 2, 0, 3][turn % 7]
                }),
            ] {
                let judgement = judge(&run, 0.0);
                assert_ne!(judgement.pods, Verdict::Sticky, "seed {seed}, {sample:?}: {judgement:?}");
                *verdicts.entry(if judgement.pods == Verdict::NotSticky { "not" } else { "inconclusive" }).or_default() += 1;
            }
        }
    }
    // The default sample is always large enough.
    assert!(verdicts["not"] >= 400 * 5, "{verdicts:?}");
}
