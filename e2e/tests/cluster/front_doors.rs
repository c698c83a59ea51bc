//! The front doors that `up` installs: a real API server accepts them, Traefik and Envoy Gateway run with only their own permissions, and
//! `stickyctl` finds them again.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;
use stickyctl::cluster::connect::{Access, Cluster, connect};
use stickyctl::cluster::doors::{Proxy, find, used_by};
use stickyctl::cluster::errors::ApiError;
use stickyctl::generate::front_door::install::{Install, TRAEFIK, objects};
use stickyctl::generate::object::Object;
use stickyctl::generate::write;
use stickyctl::spec::StickyApp;
use stickyctl::spec::ingress::FrontDoor;
use testkit::door::Door;
use testkit::jar::Jar;
use testkit::kube::front_door;
use testkit::kube::release::NAME;
use testkit::kube::site::{Site, behind};
use testkit::kube::{Space, in_namespace};
use testkit::{http, wait};

const SOON: Duration = Duration::from_secs(60);
/// Three pods that return their names, with a Service and an Ingress with a cookie.
const PROBES: &str = include_str!("smoke.yaml");
/// A host with TLS.
const HOST: &str = "probe.test";

/// A spec whose front door has its own IngressClass and namespace.
fn spec(door: FrontDoor, release: &Space, home: &Space) -> StickyApp {
    let mut spec = StickyApp { namespace: release.name.clone(), ..StickyApp::default() };
    spec.ingress.front_door = door;
    spec.ingress.front_door_namespace = Some(home.name.clone());
    spec.ingress.class = home.name.clone();
    spec.gateway.class = home.name.clone();
    spec
}

/// A second namespace for a test.
fn home(of: &Space) -> Space {
    Space { kube: of.kube.clone(), name: format!("{}-door", of.name) }
}

fn list(objects: &[Object]) -> String {
    write::json(objects).unwrap()
}

/// Dry-runs all objects, and a pod as the Deployment would create it, because Pod Security rejects only pods.
#[tokio::test]
async fn all_are_accepted_exposed_and_not() -> Result<()> {
    in_namespace("doors", async |space| {
        space.create().await?;
        space.kube.with_gateway_crds().await?;
        for door in [FrontDoor::Nginx, FrontDoor::Traefik, FrontDoor::Gateway] {
            for exposed in [false, true] {
                let home = Space { kube: space.kube.clone(), name: format!("{}-{}-{exposed}", space.name, door.word()) };
                let all = objects(&Install::of(&spec(door, space, &home), exposed));
                // The namespace and the service account have to exist before a dry run can use them.
                home.apply(&list(&all[..2])).await?;
                let said = home.kube.feed(&["apply", "--server-side", "--dry-run=server", "-f", "-"], &list(&all)).await?;
                let accepted = said.lines().filter(|line| line.ends_with("serverside-applied (server dry run)"));
                assert_eq!(accepted.count(), all.len(), "{door:?}, exposed {exposed}: {said}");
                let pod = home.kube.feed(&["create", "--dry-run=server", "-o", "json", "-f", "-"], &pod(all.last().unwrap(), &home.name)).await?;
                let pod: Value = serde_json::from_str(&pod)?;
                // Envoy Gateway starts the pods with the host ports itself.
                let host = (exposed && door != FrontDoor::Gateway).then_some(80);
                assert_eq!(pod["spec"]["containers"][0]["ports"][0]["hostPort"].as_i64(), host, "{pod}");
            }
        }
        Ok(())
    })
    .await
}

fn pod(deployment: &Object, namespace: &str) -> String {
    let template = serde_json::to_value(deployment).unwrap()["spec"]["template"].clone();
    let metadata = json!({"name": "tried", "namespace": namespace, "labels": template["metadata"]["labels"]});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}).to_string()
}

#[tokio::test]
async fn traefik_serves_one_namespace_with_the_rights_it_has() -> Result<()> {
    in_namespace("route", async |space| {
        let home = home(space);
        let spec = spec(FrontDoor::Traefik, space, &home);
        let install = Install::of(&spec, false);
        let all = list(&objects(&install));
        space.create().await?;
        space.kube.feed(&["apply", "--server-side", "-f", "-"], &all).await?;
        let done = served(space, &home, &spec, &install).await;
        if done.is_err() {
            home.dump();
        }
        // Cluster-scoped objects aren't deleted with the namespaces.
        space.kube.feed(&["delete", "--wait=false", "-f", "-"], &all).await?;
        done
    })
    .await
}

async fn served(space: &Space, home: &Space, spec: &StickyApp, install: &Install) -> Result<()> {
    let probes: Vec<String> = PROBES.split("\n---\n").filter(|document| document.contains("name: probe")).map(str::to_owned).collect();
    let probes = probes.join("\n---\n");
    ensure!(probes.contains("ingressClassName: nginx\n"), "the probes have another class");
    home.rollout(&format!("deployment/{}", install.name())).await?;
    let address = home.run(&["get", "service", &install.name(), "-o", "jsonpath={.spec.clusterIP}"]).await?;
    let host = http::named(&space.name, &address);
    let class = format!("ingressClassName: {}\n", install.class);
    space.apply(&probes.replace("ingressClassName: nginx\n", &class).replace("HOST", &host)).await?;
    space.rollout("deployment/probe").await?;
    front_door::cookies_stick(&host).await?;
    let status = space.json(&["get", "ingress", "probe"]).await?["status"]["loadBalancer"]["ingress"][0]["hostname"].clone();
    assert_eq!(status, format!("{}.{}.svc", install.name(), home.name), "where it can be reached, as the Ingress has it");
    tls(space, &address).await?;
    rights(space, home, install).await?;
    found_again(home, spec).await?;
    found_with_few_rights(home, spec).await
}

/// The front door serves the certificate from the Secret in the release's namespace.
async fn tls(space: &Space, address: &str) -> Result<()> {
    let made = rcgen::generate_simple_self_signed(vec![HOST.to_owned()])?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("cert.pem");
    std::fs::write(&file, made.cert.pem())?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"},
        "stringData": {"tls.crt": made.cert.pem(), "tls.key": made.signing_key.serialize_pem()},
    });
    space.apply(&secret.to_string()).await?;
    let patch = json!({"spec": {
        "tls": [{"hosts": [HOST], "secretName": "cert"}],
        "rules": [{"host": HOST, "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "probe", "port": {"number": 8080}}}}]}}],
    }});
    space.run(&["patch", "ingress", "probe", "--type=merge", "-p", &patch.to_string()]).await?;
    let shown = || {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-connect", &format!("{address}:443"), "-servername", HOST, "-verify_hostname", HOST, "-verify_return_error"]);
        let done = client.arg("-CAfile").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    };
    wait::until("the Secret's certificate is shown", SOON, async || shown().then_some(())).await
}

/// It can read Secrets in the release's namespace, and in no other.
async fn rights(space: &Space, home: &Space, install: &Install) -> Result<()> {
    let account = format!("system:serviceaccount:{}:{}", home.name, install.name());
    for (namespace, resource, expected) in [
        (space.name.as_str(), "secrets", true),
        (&home.name, "secrets", false),
        ("kube-system", "secrets", false),
        ("", "secrets", false),
        ("", "pods", false),
        ("", "ingressclasses", true),
    ] {
        let group = if resource == "ingressclasses" { "networking.k8s.io" } else { "" };
        let asked = json!({"verb": "list", "resource": resource, "group": group, "namespace": namespace});
        assert_eq!(may(space, &account, &asked).await?, expected, "{asked}");
    }
    Ok(())
}

/// Whether the API server allows a user something.
async fn may(space: &Space, user: &str, attributes: &Value) -> Result<bool> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": user, "resourceAttributes": attributes},
    });
    let answer: Value = serde_json::from_str(&space.kube.feed(&["create", "-o", "json", "-f", "-"], &review.to_string()).await?)?;
    answer["status"]["allowed"].as_bool().with_context(|| format!("no answer: {answer}"))
}

/// From nothing to a site that answers, and back to nothing but the CRDs.
#[tokio::test]
async fn envoy_gateway_comes_with_up_and_goes_with_down() -> Result<()> {
    behind(Door::Gateway, "gateway-door", async |site| {
        let said = site.up(&["--install-front-door", "--mode", "2x1"]).await?;
        let err = said.stderr.clone();
        said.ok()?;
        eprintln!("{err}");
        assert!(err.contains(&format!("class {}, installed", site.class())), "{err}");
        let way = site.way().await?;
        let mut jar = Jar::default();
        let first = http::get(format!("{}/whoami", way.url)).send().await?;
        jar.take(&first);
        for _ in 0..10 {
            let again = http::get(format!("{}/whoami", way.url)).cookie(&jar.header()).send().await?;
            assert_eq!(again.pod(), first.pod(), "with the cookies {:?}", jar.names());
        }
        drop(way);
        few_rights(site).await?;
        let log = site.door.run(&["logs", "deployment/envoy-gateway"]).await?;
        assert!(!log.contains("forbidden"), "{log}");
        only_one_in_a_namespace(site).await?;
        assert_eq!(site.ctl(&["down", "--yes", "--delete-data"]).await?, format!("{NAME} is down"));
        assert_eq!(site.left().await?, BTreeSet::new(), "left by down");
        let crds = site.space.kube.run(&["get", "crd", "httproutes.gateway.networking.k8s.io", "-o", "name"]).await?;
        assert!(crds.ends_with("httproutes.gateway.networking.k8s.io"), "others may use them: {crds}");
        Ok(())
    })
    .await
}

async fn few_rights(site: &Site<'_>) -> Result<()> {
    let (release, home, class) = (site.space.name.as_str(), site.door.name.as_str(), site.class());
    let server = format!("system:serviceaccount:{home}:envoy-gateway");
    for (verb, group, resource, namespace, name, expected) in [
        ("list", "", "secrets", release, "", true),
        ("list", "", "secrets", home, "", true),
        ("list", "", "secrets", "kube-system", "", false),
        ("list", "", "secrets", "", "", false),
        ("create", "", "secrets", home, "", false),
        ("list", "", "pods", "", "", false),
        ("create", "apps", "deployments", home, "", true),
        ("create", "apps", "deployments", release, "", false),
        ("list", "gateway.networking.k8s.io", "gateways", "", "", false),
        ("patch", "gateway.networking.k8s.io", "gatewayclasses", "", class, true),
        ("patch", "gateway.networking.k8s.io", "gatewayclasses", "", "another", false),
    ] {
        let asked = json!({"verb": verb, "group": group, "resource": resource, "namespace": namespace, "name": name});
        assert_eq!(may(site.space, &server, &asked).await?, expected, "{asked}");
    }
    Ok(())
}

/// A second class in the same namespace would take the first one's server.
async fn only_one_in_a_namespace(site: &Site<'_>) -> Result<()> {
    let before = site.door.run(&["get", "configmap", "envoy-gateway-config", "-o", "jsonpath={.data}"]).await?;
    let variables = [("STICKYCTL_GATEWAY_CLASS", "another-class"), ("STICKYCTL_INGRESS_FRONT_DOOR_NAMESPACE", site.door.name.as_str())];
    let said = site.space.stickyctl_with(&["up", "--front-door", "gateway", "--install-front-door"], &variables).await?.failed(1)?;
    assert!(said.contains("has one already"), "{said}");
    let after = site.door.run(&["get", "configmap", "envoy-gateway-config", "-o", "jsonpath={.data}"]).await?;
    assert_eq!(before, after);
    Ok(())
}

async fn cluster(kubeconfig: &std::path::Path) -> Result<Cluster> {
    Ok(connect(&Access { kubeconfig: Some(kubeconfig.to_owned()), context: None }).await?)
}

async fn found_again(home: &Space, spec: &StickyApp) -> Result<()> {
    let client = cluster(home.kube.config()).await?.client;
    let doors = find(&client, spec).await?;
    assert_eq!((doors.only_in.as_ref(), doors.class_unread), (None, false));
    let found = doors.serving(spec)?.context("nothing serves the class")?;
    assert_eq!((found.proxy, found.version.as_deref()), (Proxy::Door(FrontDoor::Traefik), Some(TRAEFIK)));
    assert_eq!((found.ready(), found.pods.len(), found.ours, found.pods[0].http_port), (1, 1, true, 8_000));
    assert_eq!(used_by(&client, &spec.ingress.class).await?, [format!("{}/probe", spec.namespace)]);
    let mut other = spec.clone();
    other.ingress.front_door = FrontDoor::Nginx;
    assert!(doors.serving(&other).is_err(), "Traefik is no ingress-nginx");
    Ok(())
}

/// A user who may only list pods in the front door's namespace.
async fn found_with_few_rights(home: &Space, spec: &StickyApp) -> Result<()> {
    home.run(&["create", "serviceaccount", "few"]).await?;
    home.run(&["create", "role", "few", "--verb=list", "--resource=pods"]).await?;
    home.run(&["create", "rolebinding", "few", "--role=few", &format!("--serviceaccount={}:few", home.name)]).await?;
    let token = home.run(&["create", "token", "few"]).await?;
    let mut config = home.kube.json(&["config", "view", "--raw", "--minify"]).await?;
    config["users"][0]["user"] = json!({"token": token});
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, config.to_string())?;
    let doors = find(&cluster(&file).await?.client, spec).await?;
    assert_eq!((doors.only_in.as_deref(), doors.class_unread), (Some(&[home.name.clone()][..]), true));
    assert!(doors.serving(spec)?.is_some());
    let nobody = used_by(&cluster(&file).await?.client, &spec.ingress.class).await.unwrap_err();
    assert!(matches!(nobody, ApiError::Forbidden { .. }), "{nobody}");
    Ok(())
}
