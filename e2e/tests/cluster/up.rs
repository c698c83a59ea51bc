//! `stickyctl up` in an empty namespace, as for a new user: the page, both modes, the tunnels, and nothing left after `down`.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::browser::Look;
use testkit::jar::Jar;
use testkit::kube::release::NAME;
use testkit::kube::site::{Site, behind_its_own_door};
use testkit::page::Page;
use testkit::{http, tools, wait};

const SOON: Duration = Duration::from_secs(30);
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The kinds of objects in a release and a front door; there may be several of each.
const KINDS: [&str; 17] = [
    "Namespace",
    "Deployment",
    "StatefulSet",
    "Pod",
    "Service",
    "Ingress",
    "IngressClass",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Secret",
    "PersistentVolumeClaim",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "EndpointSlice",
];

#[tokio::test]
async fn six_buttons_in_both_modes_and_nothing_is_left() -> Result<()> {
    if !tools::present(&["chromium", "chromedriver"]) {
        return Ok(());
    }
    behind_its_own_door("up", async |site| {
        assert_eq!(site.left().await?, BTreeSet::new(), "the names are taken");
        let begun = Instant::now();
        assert_eq!(site.up(&["--install-front-door"]).await?.ok()?, format!("{NAME} is up: 3x1, version {VERSION}"));
        eprintln!("up after {:?}", begun.elapsed());
        let forward = site.forward().await?;
        let page = Page::open(&forward.url, &Look::default()).await?;
        agrees(site, &forward.url, 3, 1).await?;
        page.six_buttons_of_3x1().await?;
        page.nothing_from_elsewhere().await?;

        page.browser.eval("window.same = true").await?;
        let begun = Instant::now();
        assert_eq!(site.ctl(&["mode", "1x4"]).await?, format!("{NAME} is 1x4"));
        eprintln!("mode 1x4 after {:?}", begun.elapsed());
        // The page's pod is gone, and its socket reconnects by itself.
        let pods = pods(site).await?;
        page.until_map(&pods.iter().map(String::as_str).collect::<Vec<_>>(), 4).await?;
        page.connected().await?;
        assert_eq!(page.browser.eval("return window.same").await?, true, "the page was loaded again");
        agrees(site, &forward.url, 1, 4).await?;
        // Console messages about the closed socket aren't errors of the fresh page.
        page.browser.console().await?;
        page.load(&forward.url).await?;
        page.six_buttons_of_1x4().await?;
        page.nothing_from_elsewhere().await?;

        let plain = site.port_forward().await?;
        page.load(&plain.url).await?;
        for op in ["http-sticky", "ws", "queue"] {
            assert_eq!(page.send(op).await?.arrived, 1, "{op} through kubectl port-forward");
        }
        drop((page, plain, forward));

        let all = site.left().await?;
        let kinds: BTreeSet<&str> = all.iter().filter_map(|line| line.split(' ').next()).collect();
        let missing: Vec<_> = KINDS.iter().filter(|kind| !kinds.contains(*kind)).collect();
        assert!(missing.is_empty(), "nothing is found of {missing:?}, so that nothing is left of it says nothing: {all:?}");
        let begun = Instant::now();
        assert_eq!(site.ctl(&["down", "--yes", "--delete-data"]).await?, format!("{NAME} is down"));
        eprintln!("down after {:?}", begun.elapsed());
        assert_eq!(site.left().await?, BTreeSet::new(), "left by down");
        Ok(())
    })
    .await
}

/// Names of the app's pods, according to kubectl.
async fn pods(site: &Site<'_>) -> Result<BTreeSet<String>> {
    let pods = site.space.pods("app").await?;
    Ok(pods.iter().filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
}

/// `status` agrees with kubectl, with an answer through the front door, and with the page's one socket.
async fn agrees(site: &Site<'_>, url: &str, pods: usize, workers: usize) -> Result<()> {
    let mut last = Value::Null;
    let settled = wait::until("one socket in the status", SOON, async || {
        last = site.status().await.ok()?;
        let workers = last["pods"].as_array()?.iter().flat_map(|pod| pod["workers"].as_array().into_iter().flatten());
        (workers.filter_map(|worker| worker["sockets"].as_u64()).sum::<u64>() == 1).then_some(())
    });
    settled.await.with_context(|| format!("{last}"))?;
    assert_eq!((&last["name"], &last["mode"], &last["version"]), (&json!(NAME), &json!(format!("{pods}x{workers}")), &json!(VERSION)));
    assert_eq!((&last["notes"], &last["redis"]["state"], &last["redis"]["subscribed"]), (&json!([]), &json!("ready"), &json!(pods * workers)));
    let shown = last["pods"].as_array().context("no pods")?;
    let names: BTreeSet<String> = shown.iter().filter_map(|pod| pod["pod"].as_str()).map(str::to_owned).collect();
    assert_eq!(names, self::pods(site).await?);
    assert_eq!(names.len(), pods);
    for pod in shown {
        let ready = pod["workers"].as_array().into_iter().flatten().filter(|worker| worker["state"] == "ready");
        assert_eq!((&pod["state"], ready.count()), (&json!("ready"), workers), "{pod}");
    }
    let door = &last["front_door"];
    assert_eq!((&door["kind"], &door["class"], &door["namespace"]), (&json!("traefik"), &json!(site.class()), &json!(site.door.name)));
    assert_eq!((&door["ready"], &last["route"]["class"]), (&json!(1), &json!(site.class())));
    let (mut jar, answer) = (Jar::default(), http::get(format!("{url}/whoami")).send().await?);
    jar.take(&answer);
    let cookie = last["cookie"]["name"].as_str().context("no cookie")?;
    ensure!(jar.value(cookie).is_some(), "the front door sets {}, not {cookie}", jar.header());
    Ok(())
}
