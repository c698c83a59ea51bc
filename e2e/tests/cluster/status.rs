//! `stickyctl status`, and requests to the app through the front door, for a release on a real cluster.

use anyhow::{Context, Result};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use stickyctl::cluster::answer::{By, answer, spread};
use stickyctl::cluster::connect::{Access, Cluster, connect};
use stickyctl::cluster::doors;
use stickyctl::cluster::release::{Place, Release as Found};
use stickyctl::cluster::status::collect::collect;
use stickyctl::cluster::status::door::Seen;
use stickyctl::cluster::status::model::{BusState, Status};
use stickyctl::cluster::status::table::table;
use stickyctl::exit::{Exit, Explained};
use stickyctl::poll::Deadline;
use testkit::kube::release::NAME;
use testkit::kube::{Release, Space, in_namespace};
use testkit::session::Session;
use testkit::wait;

const SOON: Duration = Duration::from_secs(30);

async fn cluster(space: &Space) -> Result<Cluster> {
    Ok(connect(&Access { kubeconfig: Some(space.kube.config().to_owned()), context: None }).await?)
}

fn place(name: &str, space: &Space) -> Place {
    Place { name: name.to_owned(), namespace: space.name.clone() }
}

async fn status(cluster: &Cluster, space: &Space) -> Result<Status> {
    Ok(collect(cluster, &place(NAME, space), &mut Seen::default()).await?)
}

#[tokio::test]
async fn pods_workers_sockets_route_cookie_redis() -> Result<()> {
    in_namespace("status", async |space| {
        let release = Release::start(space, json!({"mode": "2x2", "drain": {"preStop": "2s", "delay": "8s", "window": "4s"}})).await?;
        let cluster = cluster(space).await?;
        let session = Session::visit(&release.url).await?;
        let socket = session.socket().await?;
        let seen = wait::until("a socket in the status", SOON, async || {
            let seen = status(&cluster, space).await.ok()?;
            (seen.pods.iter().flat_map(|pod| &pod.workers).map(|worker| worker.sockets).sum::<u64>() == 1).then_some(seen)
        })
        .await?;
        eprintln!("{}", table(&seen, None));
        assert_eq!((seen.mode.as_str(), seen.version.as_str(), seen.notes.as_slice()), ("2x2", "0.1.0", &[][..]));
        let holder = seen.pods.iter().flat_map(|pod| pod.workers.iter().map(move |worker| (pod, worker))).find(|(_, worker)| worker.sockets == 1);
        let (pod, worker) = holder.context("no worker has it")?;
        assert_eq!(format!("{}:{}", pod.pod, worker.worker), socket.at());
        assert_eq!(seen.pods.iter().map(|pod| pod.workers.len()).collect::<Vec<_>>(), [2, 2]);
        assert_eq!((seen.redis.state, seen.redis.subscribed, seen.redis.of), (BusState::Ready, 4, 4));
        let door = seen.front_door.context("no front door")?;
        assert_eq!(
            (door.kind.as_str(), door.version.as_deref(), door.class.as_str(), door.ready, door.of),
            ("traefik", Some("3.6.12"), "nginx", 1, 1)
        );
        let (route, cookie) = (seen.route.context("no route")?, seen.cookie.context("no cookie")?);
        assert_eq!((route.host.map(|host| format!("http://{host}")), route.port.as_str()), (Some(release.url.clone()), "80"));
        assert!(session.jar.value(&cookie.name).is_some(), "the front door's cookie is not {}", cookie.name);

        let leaving = pod.pod.clone();
        space.run(&["delete", "pod", &leaving, "--wait=false"]).await?;
        let seen = wait::until("the pod that leaves", SOON, async || {
            let seen = status(&cluster, space).await.ok()?;
            seen.pods.iter().any(|pod| pod.pod == leaving && pod.left_s.is_some()).then_some(seen)
        })
        .await?;
        let text = table(&seen, None);
        eprintln!("{text}");
        let line = text.lines().find(|line| line.starts_with(&leaving)).context("it is not in the table")?;
        assert!(line.contains("draining, "), "{line}");
        let words = ["create", "ingress", "second", "--class=nginx", &format!("--rule=second.{}/*={NAME}:http", space.name)];
        space.run(&words).await?;
        let told = status(&cluster, space).await?.notes;
        assert!(told.len() == 1 && told[0].starts_with(&format!("ingress second also routes to service {NAME}")), "{told:?}");
        let other = collect(&cluster, &place("another", space), &mut Seen::default()).await.unwrap_err();
        assert_eq!((other.exit(), other.to_string()), (Exit::Failed, format!("release another in namespace {} does not exist", space.name)));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_app_answers_through_the_front_door() -> Result<()> {
    in_namespace("answer", async |space| {
        let release = Release::start(space, json!({"mode": "2x2"})).await?;
        let cluster = cluster(space).await?;
        let host = release.url.trim_start_matches("http://");
        let spec = Found::get(&cluster.client, &place(NAME, space)).await?.spec()?;
        let doors = doors::find(&cluster.client, &spec).await?;
        let door = doors.serving(&spec)?.context("no front door")?;
        let until = || Deadline::after(SOON);
        let seen = status(&cluster, space).await?;
        let pods: BTreeSet<String> = seen.pods.iter().map(|pod| pod.pod.clone()).collect();

        let began = Instant::now();
        let heard = answer(&cluster.client, door, Some(host), until()).await?;
        eprintln!("{heard:?} after {:?}", began.elapsed());
        assert!(pods.contains(&heard.pod) && heard.worker.is_some());
        assert_eq!(heard.cookie, seen.cookie.map(|cookie| cookie.name));

        let any = BTreeSet::new();
        let began = Instant::now();
        assert_eq!(spread(&cluster.client, door, Some(host), (2, By::Pod, &any), until()).await?, pods);
        let workers = spread(&cluster.client, door, Some(host), (4, By::Worker, &pods), until()).await?;
        eprintln!("2 pods and 4 workers after {:?}", began.elapsed());
        assert!(pods.iter().all(|pod| [0, 1].iter().all(|worker| workers.contains(&format!("{pod}:{worker}")))), "{workers:?}");

        let soon = || Deadline::after(Duration::from_secs(2));
        let never = spread(&cluster.client, door, Some(host), (3, By::Pod, &any), soon()).await.unwrap_err();
        assert_eq!(never.exit(), Exit::TimedOut);
        assert!(never.to_string().contains(": only 2 answered: "), "{never}");
        let unknown = answer(&cluster.client, door, Some("nobody.example"), soon()).await.unwrap_err();
        assert!(unknown.exit() == Exit::TimedOut && unknown.to_string().contains("404"), "{unknown}");
        Ok(())
    })
    .await
}
