//! Runs the table of proxies again and again, to find verdicts that are wrong once in a hundred runs.

use anyhow::{Context, Result};
use std::time::Instant;
use testkit::proxies::bench::Bench;
use testkit::proxies::proxy::Programs;
use testkit::proxies::run;

/// Runs the table `rounds` times, reports each round and each wrong verdict, and returns the number of wrong ones.
///
/// # Errors
/// A program is missing, or an app can't be started.
pub(crate) async fn run(rounds: usize, mut tell: impl FnMut(&str)) -> Result<usize> {
    let programs = Programs::find()?.context("a program is missing: `cargo xtask test` installs what the tests need")?;
    let bench = Bench::start(programs).await?;
    let mut all = 0;
    for round in 1..=rounds {
        let (began, mut asked, mut wrong) = (Instant::now(), 0, 0);
        run::all(
            &bench,
            |_| true,
            |case, seen| {
                asked += 1;
                let text = match seen {
                    Ok(seen) => seen.wrong(),
                    Err(error) => Some(format!("=== {}: {error:#}", case.name)),
                };
                if let Some(text) = text {
                    wrong += 1;
                    tell(&text);
                }
            },
        )
        .await;
        all += wrong;
        tell(&format!("round {round} of {rounds}: {wrong} of {asked} wrong, {:.1} s", began.elapsed().as_secs_f64()));
    }
    Ok(all)
}
