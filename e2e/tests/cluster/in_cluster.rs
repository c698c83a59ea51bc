//! `stickyctl verify --in-cluster` on a real cluster: a verdict of an application behind Traefik, what stays after Ctrl-C, what `--keep`
//! leaves, and the commands of `docs/in-cluster.md`.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};
use testkit::kube::{Space, front_door, in_namespace};
use testkit::{cluster, docs, http, image, wait};
use tokio::process::Command;

const SOON: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(120);

/// The image that the first run loads. Packing it takes seconds, so the other runs use it.
const IMAGE: &str = concat!("docker.io/library/stickyctl:", env!("CARGO_PKG_VERSION"));

/// Two pods that name themselves, and two ways to them: an Ingress with affinity, and its Service without.
const SITE: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: IMAGE
          imagePullPolicy: IfNotPresent
          env:
            - {name: STICKY_BUS, value: memory}
            - {name: STICKY_POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {path: /readyz, port: 9090}, periodSeconds: 1}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {nginx.ingress.kubernetes.io/affinity: cookie}}
spec:
  ingressClassName: nginx
  rules:
    - host: HOST
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
"#;

/// How a run gets its image.
#[derive(Clone, Copy)]
enum By {
    /// It packs and loads it, as on a kind cluster.
    Loading,
    /// The nodes have it.
    Name,
}

/// The static stickyctl, called as a user.
fn stickyctl(space: &Space, by: By, words: &[&str]) -> Result<Command> {
    let mut command = Command::new(image::tool()?);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("STICKY")) {
        command.env_remove(name);
    }
    command.env("KUBECONFIG", space.kube.config()).args(["verify"]).args(words).args(["-n", &space.name, "--in-cluster"]);
    match by {
        By::Loading => command.arg("--image-loader").arg(space.kube.loader()?.join(" ")),
        By::Name => command.args(["--image", IMAGE]),
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// What a run of this namespace created and is still there.
async fn left(space: &Space) -> Result<String> {
    let kinds = "jobs,pods,secrets,serviceaccounts,roles,rolebindings";
    space.run(&["get", kinds, "-l", "app.kubernetes.io/component=verify", "-o", "name", "--ignore-not-found"]).await
}

async fn nothing_left(space: &Space) -> Result<()> {
    wait::until("nothing of the run is left", SOON, async || left(space).await.ok()?.trim().is_empty().then_some(())).await
}

#[tokio::test]
async fn a_run_inside_comes_back_and_leaves_nothing() -> Result<()> {
    in_namespace("inside", async |space| {
        let mut begun = Instant::now();
        let mut took = |step: &str| {
            eprintln!("{step}: {:?}", begun.elapsed());
            begun = Instant::now();
        };
        let address = front_door::install(&space.kube).await?;
        space.create().await?;
        // The strictest profile: whatever the Job lacks, the API server refuses its pod.
        space.run(&["label", "namespace", &space.name, "pod-security.kubernetes.io/enforce=restricted"]).await?;
        space.kube.load_app().await?;
        let (app, host) = (format!("docker.io/library/sticky-app:{}", env!("CARGO_PKG_VERSION")), http::named(&space.name, &address));
        space.apply(&SITE.replace("IMAGE", &app).replace("HOST", &host)).await?;
        space.rollout("deployment/shop").await?;
        served(&host).await?;
        image::tool()?;
        took("an application behind Traefik");
        behind_the_front_door(space).await?;
        took("a run that loads its image");
        let url = format!("http://shop.{}.svc/whoami?token=hunter2", space.name);
        interrupted(space, &url).await?;
        took("a run that is interrupted");
        kept(space, &url).await?;
        took("a run that stays");
        as_the_page_says(space).await?;
        took("the page's commands");
        Ok(())
    })
    .await
}

/// Waits until the front door serves the host.
async fn served(host: &str) -> Result<()> {
    wait::until("the front door serves the application", SOON, async || {
        http::get(format!("http://{host}/whoami")).send().await.ok().filter(|answer| answer.status == 200).map(drop)
    })
    .await
}

/// The whole way with what a run can have: the rights to find a route, a Secret with a header, and each form of the report.
async fn behind_the_front_door(space: &Space) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("headers"), "X-Secret: hunter3\n")?;
    let (header, page, metrics) = (format!("@{}", at("headers")), at("report.html"), at("m.prom"));
    let words = ["ingress/shop", "-o", "json", "--header", &header, "--report", &page, "--metrics-file", &metrics, "--seed", "7"];
    let done = wait::within("the report", LONG, stickyctl(space, By::Loading, &words)?.output()).await??;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let report: Value = serde_json::from_slice(&done.stdout).with_context(|| format!("no report: {said}"))?;
    ensure!(done.status.code() == Some(0) && report["verdict"] == "sticky", "{:?} {report} {said}", done.status);
    ensure!(report["pods"].as_array().is_some_and(|pods| pods.len() == 2), "{report}");
    ensure!(said.contains("plan: 30 sessions") && !said.contains("hunter"), "{said}");
    ensure!(fs::read_to_string(&page)?.contains("<title>stickyctl verify</title>"), "no page");
    ensure!(fs::read_to_string(&metrics)?.contains("verdict=\"sticky\"} 1"), "no metrics");
    nothing_left(space).await?;
    // Of other namespaces or of none, and so not the Job's own.
    let job = said.split_whitespace().find(|word| word.starts_with("stickyctl-verify-")).with_context(|| format!("no job: {said}"))?;
    let kinds = "roles,rolebindings,clusterroles,clusterrolebindings";
    let rights = space.kube.run(&["get", kinds, "-A", "-l", "app.kubernetes.io/component=verify", "-o", "name"]).await?;
    ensure!(!rights.contains(job), "{rights}");
    Ok(())
}

async fn interrupted(space: &Space, url: &str) -> Result<()> {
    let child = stickyctl(space, By::Name, &[url, "--requests", "2000", "--rate", "20", "--yes"])?.spawn()?;
    let pid = Pid::from_raw(child.id().context("it has ended")?.cast_signed()).context("no process")?;
    let runs = async || {
        let pods = space.json(&["get", "pods", "-l", "app.kubernetes.io/component=verify"]).await.ok()?;
        (pods["items"][0]["status"]["phase"] == "Running").then_some(pods)
    };
    let pods = wait::until("the run began", LONG, runs).await?;
    // Its arguments are for everybody who may read pods.
    ensure!(!pods.to_string().contains("hunter"), "{pods}");
    kill_process(pid, Signal::INT)?;
    let done = wait::within("it cleans up", SOON, child.wait_with_output()).await??;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    ensure!(done.status.code() == Some(130) && said.contains("interrupted"), "{:?} {said}", done.status);
    nothing_left(space).await
}

/// The log of a Job that stays has the report, and the printed command deletes all of it.
async fn kept(space: &Space, url: &str) -> Result<()> {
    let done = wait::within("the report", LONG, stickyctl(space, By::Name, &[url, "--keep", "-o", "json"])?.output()).await??;
    let said = String::from_utf8_lossy(&done.stderr);
    let report: Value = serde_json::from_slice(&done.stdout).with_context(|| format!("no report: {said}"))?;
    // Without a cookie, chance picks a pod for each connection.
    ensure!(done.status.code() == Some(3) && report["verdict"] == "not-sticky", "{:?} {report} {said}", done.status);
    ensure!(report["url"].as_str().is_some_and(|shown| shown.ends_with("?token=***")) && !said.contains("hunter"), "{report} {said}");
    let (_, command) = said.split_once("  kubectl delete ").with_context(|| said.to_string())?;
    let words: Vec<&str> = command.lines().next().unwrap_or_default().split_whitespace().collect();
    let log = space.run(&["logs", "-l", "app.kubernetes.io/component=verify", "--tail=-1"]).await?;
    ensure!(log.contains("stickyctl-report ") && left(space).await?.contains("job.batch/"), "{log}");
    space.kube.run(&[&["delete"], &words[..]].concat()).await?;
    nothing_left(space).await
}

/// The commands of the page, in this test's namespace, with the image that its nodes have.
async fn as_the_page_says(space: &Space) -> Result<()> {
    let (program, kubectl) = (image::tool()?, cluster::kubectl()?);
    let functions = format!(
        "stickyctl() {{ case \" $* \" in *' --in-cluster '*) set -- \"$@\" --image '{IMAGE}';; esac; '{}' \"$@\"; }}\nkubectl() {{ '{}' \"$@\"; }}",
        program.display(),
        kubectl.display()
    );
    let here = |line: &str| {
        let line = line.replace("shop.shop.svc", &format!("shop.{}.svc", space.name)).replace("-n shop", &format!("-n {}", space.name));
        line.replace("shop-shop-svc", &format!("shop-{}-svc", space.name))
    };
    for heading in ["Run it inside the cluster", "On a schedule"] {
        for line in docs::commands("docs/in-cluster.md", heading)? {
            let mut shell = Command::new("bash");
            shell.args(["-c", &format!("set -o pipefail\n{functions}\n{}", here(&line))]).env("KUBECONFIG", space.kube.config());
            let done = wait::within(&line, LONG, shell.stdin(Stdio::null()).kill_on_drop(true).output()).await??;
            // This Service has no affinity.
            ensure!(matches!(done.status.code(), Some(0 | 3)), "{line}: {done:?}");
        }
    }
    let log = async || {
        let log = space.run(&["logs", "job/verify-now"]).await.ok()?;
        log.contains("\"schema\": \"stickyctl.verify/v1\"").then_some(log)
    };
    let log = wait::until("the CronJob's run wrote its report", LONG, log).await?;
    ensure!(log.contains("\"verdict\": \"not-sticky\""), "{log}");
    Ok(())
}
