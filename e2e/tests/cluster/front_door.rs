//! Asserts all facts of `testkit::front_door`, each with its own objects, against the front door that `STICKY_E2E_FRONT_DOOR` selects. A
//! failure shows a line for every fact.

use anyhow::{Result, ensure};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;
use tempfile::NamedTempFile;
use testkit::door::Door;
use testkit::front_door::bench::{Bench, Route};
use testkit::front_door::facts::{Fact, Setting, data};
use testkit::front_door::probes;
use testkit::kube::site::behind;

/// Facts that are tested in parallel. They mostly wait for the front door to learn about their routes.
const AT_ONCE: usize = 8;
const TRIES: usize = 3;

#[tokio::test]
async fn every_fact_is_so() -> Result<()> {
    let door = Door::asked()?;
    behind(door, "facts", async |site| {
        let begun = Instant::now();
        // With its own host: a release for any host would answer for facts whose routes aren't known yet. Its pods and those of the facts
        // have to fit two cores, half of which kind's own pods ask for.
        let mut spec = NamedTempFile::new()?;
        spec.write_all(br#"{"ingress": {"host": "release.test"}, "resources": {"requests": {"cpu": "10m"}}}"#)?;
        let words = ["--install-front-door", "-f", spec.path().to_str().unwrap()];
        assert!(site.up(&words).await?.ok()?.contains(": 3x1, "));
        let found = &site.status().await?["front_door"];
        assert_eq!(
            (found["kind"].as_str(), found["version"].as_str()),
            (Some(door.word()), Some(door.version())),
            "the facts are of another version"
        );
        let way = site.way().await?;
        let bench = Bench::new(site.space, site.class(), (site.door.name.clone(), site.door_name()), &way.url)?;
        eprintln!("{} {} is up after {:?}", door.name(), door.version(), begun.elapsed());
        let all: Vec<&'static Fact> = data().facts.iter().filter(|fact| fact.is_run()).collect();
        let mut seen = at_rest(&bench, &all).await?;
        eprintln!("{} facts seen after {:?}", seen.len(), begun.elapsed());
        let moves = probes::moves::see(&bench, &mut seen, async |pods| site.ctl(&["scale", &pods.to_string()]).await.map(drop)).await;
        eprintln!("{} facts seen after {:?}", seen.len(), begun.elapsed());
        // What was seen before an error is shown too.
        let compared = compare(door, &all, &seen);
        moves.and(compared)
    })
    .await
}

type Seen = BTreeMap<&'static str, String>;

/// Facts that don't change shared state.
async fn at_rest(bench: &Bench<'_>, all: &[&'static Fact]) -> Result<Seen> {
    let cookies = all.iter().filter_map(|fact| match &fact.setting {
        Setting::Cookie(case) => Some(bench.both(&Route::of(&fact.id, case))),
        Setting::Probe | Setting::Read => None,
    });
    bench.apply(&cookies.flatten().collect::<Vec<_>>()).await?;
    let alone = all.iter().filter(|fact| !probes::moves::IDS.contains(&fact.id.as_str()));
    let look = |fact: &'static Fact| async move { (fact.id.as_str(), look(bench, fact).await) };
    Ok(futures_util::stream::iter(alone).map(|fact| look(fact)).buffer_unordered(AT_ONCE).collect().await)
}

/// Observes one fact. A probe that fails is repeated: a front door that reloads for another fact's route cuts connections, and a failed
/// request shows nothing about cookies.
async fn look(bench: &Bench<'_>, fact: &Fact) -> String {
    let mut failures = String::new();
    for _ in 0..TRIES {
        match probes::see(bench, fact).await {
            Ok(seen) => return seen,
            Err(error) => {
                eprintln!("{}: {error:#}", fact.id);
                failures = format!("FAILED {TRIES} times, the last time: {error:#}");
            }
        }
    }
    failures
}

/// A line for each fact, with a mark on those that differ.
fn compare(door: Door, all: &[&'static Fact], seen: &Seen) -> Result<()> {
    let mut wrong = 0;
    let mut table = String::new();
    for fact in all {
        let (expected, seen) = (fact.expected(door).seen.as_str(), seen.get(fact.id.as_str()).map_or("NOTHING", String::as_str));
        let same = expected == seen;
        wrong += usize::from(!same);
        let mark = if same { "ok  " } else { "DIFF" };
        table.push_str(&format!("{mark} {:<22} {expected}\n", fact.id));
        if !same {
            table.push_str(&format!("     {:<22} {seen}\n", "seen:"));
        }
    }
    eprintln!("{table}");
    ensure!(wrong == 0, "{wrong} of {} facts are not so behind {}:\n{table}", all.len(), door.name());
    Ok(())
}
