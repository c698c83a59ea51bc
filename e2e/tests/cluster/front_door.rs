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
use testkit::kube::site::{Site, behind};

/// Facts that are tested in parallel. They mostly wait for the front door to learn about their routes.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn every_fact_is_so() -> Result<()> {
    let door = Door::asked()?;
    behind(door, "facts", async |site| {
        let begun = Instant::now();
        // With its own host: a release for any host would answer for facts whose routes aren't known yet.
        let mut spec = NamedTempFile::new()?;
        spec.write_all(br#"{"ingress": {"host": "release.test"}}"#)?;
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
        seen.extend(while_pods_change(site, &bench).await?);
        eprintln!("{} facts seen after {:?}", seen.len(), begun.elapsed());
        compare(door, &all, &seen)
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
    let look = |fact: &'static Fact| async move {
        let seen = probes::see(bench, fact).await.unwrap_or_else(|error| format!("FAILED: {error:#}"));
        (fact.id.as_str(), seen)
    };
    Ok(futures_util::stream::iter(alone).map(|fact| look(fact)).buffer_unordered(AT_ONCE).collect().await)
}

/// Facts that change pods or the front door.
async fn while_pods_change(site: &Site<'_>, bench: &Bench<'_>) -> Result<Seen> {
    probes::moves::see(bench, async |pods| site.ctl(&["scale", &pods.to_string()]).await.map(drop)).await
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
