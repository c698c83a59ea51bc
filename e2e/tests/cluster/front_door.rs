//! Asserts all facts of `testkit::front_door`, each with its own objects, against the front door that `STICKY_E2E_FRONT_DOOR` selects, or
//! against Traefik and Envoy Gateway. A failure shows a line for every fact.

use anyhow::{Result, ensure};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use testkit::cluster::REDIS;
use testkit::door::Door;
use testkit::front_door::bench::Bench;
use testkit::front_door::facts::{Fact, Setting, data};
use testkit::front_door::proxies::Proxies;
use testkit::front_door::route::Route;
use testkit::front_door::{probes, tls};
use testkit::kube::gateways::{ENVOY_GATEWAY, ENVOY_NAMESPACE, owned_by};
use testkit::kube::release::NAME;
use testkit::kube::site::behind;
use testkit::kube::{Release, in_namespace};
use testkit::{http, wait};

/// The name of the test's Gateway.
const GATEWAY: &str = "facts";
const SOON: Duration = Duration::from_secs(60);
/// Facts that are tested in parallel. They mostly wait for the front door to learn about their routes.
const AT_ONCE: usize = 8;
const TRIES: usize = 3;

#[tokio::test]
async fn every_fact_is_so() -> Result<()> {
    let door = match Door::asked()? {
        Some(Door::Gateway) => return Ok(()),
        Some(door) => door,
        None => Door::Traefik,
    };
    behind(door, "facts", async |site| {
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
        let name = site.door_name();
        let pods = format!("app.kubernetes.io/instance={name}");
        let proxies = Proxies { kube: site.space.kube.clone(), namespace: site.door.name.clone(), name, pods };
        let bench = Bench::new(site.space, door, site.class(), proxies, &way.url)?;
        all_facts(&bench, async |pods| site.ctl(&["scale", &pods.to_string()]).await.map(drop)).await
    })
    .await
}

/// Behind the Envoy Gateway that all tests share, with a Gateway of its own.
#[tokio::test]
async fn every_fact_is_so_behind_a_gateway() -> Result<()> {
    if Door::asked()?.is_some_and(|door| door != Door::Gateway) {
        return Ok(());
    }
    in_namespace("facts-gateway", async |space| {
        assert!(ENVOY_GATEWAY.contains(&format!(":v{}", Door::Gateway.version())), "the facts are of another version");
        space.kube.with_envoy_gateway().await?;
        space.create().await?;
        // Its listener for https names the certificate. Without one, Envoy Gateway 1.9.1 may never call the Gateway programmed.
        space.apply(&tls::secret(tls::ID)?.to_string()).await?;
        space.apply(&gateway().to_string()).await?;
        let address = space.kube.envoys(&space.name, GATEWAY).await?;
        let release = json!({
            "name": NAME, "namespace": space.name, "redis": {"image": REDIS}, "resources": {"requests": {"cpu": "10m"}},
            "ingress": {"frontDoor": "gateway", "host": http::named("release", &address)},
            "gateway": {"name": GATEWAY, "namespace": space.name},
        });
        Release::of(space, &release).await?;
        let pods = owned_by(&space.name, GATEWAY);
        let name = space.kube.run(&["-n", ENVOY_NAMESPACE, "get", "service", "-l", &pods, "-o", "jsonpath={.items[0].metadata.name}"]).await?;
        let proxies = Proxies { kube: space.kube.clone(), namespace: ENVOY_NAMESPACE.to_owned(), name, pods };
        let bench = Bench::new(space, Door::Gateway, GATEWAY, proxies, &format!("http://{address}"))?;
        all_facts(&bench, async |pods| {
            space.run(&["scale", &format!("deployment/{NAME}"), &format!("--replicas={pods}")]).await?;
            space.rollout(&format!("deployment/{NAME}")).await?;
            wait::until("the pods that are too many are gone", SOON, async || (space.pods("app").await.ok()?.len() == pods).then_some(())).await
        })
        .await
    })
    .await
}

/// A Gateway whose listener for https has the certificate of the fact about `Secure`.
fn gateway() -> Value {
    let any = json!({"namespaces": {"from": "Same"}});
    let secret = json!({"certificateRefs": [{"name": tls::ID}]});
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": GATEWAY},
        "spec": {"gatewayClassName": "eg", "listeners": [
            {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": any},
            {"name": "https", "protocol": "HTTPS", "port": 443, "tls": secret, "allowedRoutes": any},
        ]},
    })
}

/// Observes every fact that is asserted behind the bench's front door. `scale` changes the number of pods and waits until the change is
/// complete.
async fn all_facts(bench: &Bench<'_>, scale: impl AsyncFn(usize) -> Result<()>) -> Result<()> {
    let (door, begun) = (bench.door, Instant::now());
    let all: Vec<&'static Fact> = data().facts.iter().filter(|fact| fact.asserted(door).is_some()).collect();
    let mut seen = at_rest(bench, &all).await?;
    eprintln!("{}: {} facts seen after {:?}", door.name(), seen.len(), begun.elapsed());
    let moves = probes::moves::see(bench, &mut seen, scale).await;
    eprintln!("{}: {} facts seen after {:?}", door.name(), seen.len(), begun.elapsed());
    // What was seen before an error is shown too.
    let compared = compare(door, &all, &seen);
    moves.and(compared)
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
        let (expected, seen) = (fact.asserted(door).unwrap_or_default(), seen.get(fact.id.as_str()).map_or("NOTHING", String::as_str));
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
