//! A rollout under load loses nothing, behind either kind of front door: no request fails or is counted twice, and every socket is closed
//! with 1012 and reconnects.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use testkit::door::Door;
use testkit::kube::logs::Logs;
use testkit::kube::release::{NAME, SHARED};
use testkit::kube::{Release, Space, in_namespace};
use testkit::session::Session;
use testkit::turn;
use testkit::wait;
use testkit::ws::End;
use tokio::sync::watch;
use tokio::task::JoinSet;

const PRE_STOP: Duration = Duration::from_secs(2);
const DELAY: Duration = Duration::from_secs(8);
const WINDOW: Duration = Duration::from_secs(4);
const MARGIN: Duration = Duration::from_secs(5);

/// Three pods that drain sooner than by default, with a shorter window and sleep. The delay is the front door's time to switch to other
/// pods, so it stays one second longer than the shortest that a spec allows without a warning.
fn spec() -> Value {
    json!({"mode": "3x1", "drain": {"preStop": "2s", "delay": "8s", "window": "4s"}})
}

/// A socket comes back within twice its hint.
const BACK: Duration = Duration::from_secs(15);
/// The number of open sockets, and of sessions that share the requests.
const SOCKETS: usize = 200;
const SESSIONS: usize = 50;
const EVERY: Duration = Duration::from_millis(20);

/// The drain relies on this: a front door stops using a terminating pod once its readiness fails, long before the pod stops accepting
/// requests. The pod's sessions continue on other pods without errors.
#[tokio::test]
async fn a_front_door_leaves_a_terminating_pod_that_is_not_ready() -> Result<()> {
    let _turn = turn::alone().await;
    let [one, other] = SHARED;
    let (one, other) = tokio::join!(leaves(one), leaves(other));
    one.and(other)
}

async fn leaves(door: Door) -> Result<()> {
    in_namespace("leaving", async |space| {
        let release = Release::behind(door, space, spec()).await?;
        let mut session = Session::visit(&release.url).await?;
        let first = session.sticky("submit", "x").await?;
        let pod = first.pod();
        let (deleted, mut answers, mut last_there) = (Instant::now(), 0, Duration::ZERO);
        space.run(&["delete", "pod", &pod, "--wait=false"]).await?;
        let (mut moved, mut pace) = (None, tokio::time::interval(EVERY));
        while deleted.elapsed() < PRE_STOP + DELAY + WINDOW + MARGIN {
            pace.tick().await;
            let asked = deleted.elapsed();
            let answer = session.sticky("submit", "x").await.with_context(|| format!("{asked:?} after the deletion"))?;
            assert_eq!(answer.status, 200, "{asked:?} after the deletion: {}", answer.text());
            session.jar.take(&answer);
            answers += 1;
            if answer.pod() == pod {
                last_there = asked;
            } else if moved.is_none() {
                moved = Some(asked);
            }
        }
        let moved = moved.context("the session never moved")?;
        eprintln!(
            "{answers} answers, all 200; {name} left the pod {moved:?} after its deletion ({:?} after SIGTERM)",
            moved.saturating_sub(PRE_STOP),
            name = door.name()
        );
        assert!(last_there < moved, "it came back to the pod {last_there:?} after its deletion");
        assert!(moved < PRE_STOP + DELAY, "the pod takes requests for {:?} only, and was left after {moved:?}", PRE_STOP + DELAY);
        Ok(())
    })
    .await
}

#[derive(Debug, Default)]
struct Seen {
    posts: Cell<u64>,
    visits: Cell<u64>,
    opened: Cell<u64>,
    /// The pods of open sockets, by session.
    places: RefCell<BTreeMap<String, String>>,
    failures: RefCell<Vec<String>>,
    returns: RefCell<Vec<(Duration, Duration)>>,
}

fn more(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

#[tokio::test]
async fn a_rollout_under_load_loses_nothing() -> Result<()> {
    let _turn = turn::alone().await;
    let [one, other] = SHARED;
    let (one, other) = tokio::join!(loses_nothing(one), loses_nothing(other));
    one.and(other)
}

async fn loses_nothing(door: Door) -> Result<()> {
    in_namespace("rollout", async |space| {
        let release = Release::behind(door, space, spec()).await?;
        let mut logs = Logs::default();
        logs.look(space).await?;
        let old: BTreeSet<String> = logs.pods().map(str::to_owned).collect();
        assert_eq!(old.len(), 3);

        let seen = std::rc::Rc::new(Seen::default());
        let (stop, stopped) = watch::channel(false);
        let local = tokio::task::LocalSet::new();
        let done = local.run_until(async {
            let mut clients = JoinSet::new();
            for _ in 0..SOCKETS {
                let session = visit(&release, &seen).await?;
                clients.spawn_local(keep_socket(session, seen.clone(), stopped.clone()));
            }
            wait::until("all sockets are open", Duration::from_secs(30), async || (seen.opened.get() == SOCKETS as u64).then_some(())).await?;
            let places = || seen.places.borrow().values().cloned().collect::<BTreeSet<_>>();
            assert_eq!(places(), old, "every pod has sockets");
            clients.spawn_local(post(release.url.clone(), seen.clone(), stopped.clone()));
            let rollout = async {
                space.run(&["rollout", "restart", &format!("deployment/{NAME}")]).await?;
                space.rollout(&format!("deployment/{NAME}")).await?;
                let gone = Instant::now();
                while pods(space).await?.iter().any(|pod| old.contains(pod)) {
                    ensure!(gone.elapsed() < PRE_STOP + DELAY + WINDOW + MARGIN + Duration::from_secs(15), "an old pod stays");
                    logs.look(space).await?;
                }
                // A socket that was closed last may still be reconnecting.
                let all_back = || seen.places.borrow().len() == SOCKETS && places().is_disjoint(&old);
                wait::until("every socket is back", BACK, async || all_back().then_some(())).await?;
                logs.look(space).await
            };
            let begun = Instant::now();
            rollout.await?;
            eprintln!("{}: the rollout took {:?}, until the last old pod was gone", door.name(), begun.elapsed());
            stop.send(true)?;
            while let Some(ended) = clients.join_next().await {
                if let Err(error) = ended? {
                    seen.failures.borrow_mut().push(format!("{error:#}"));
                }
            }
            anyhow::Ok(())
        });
        done.await?;
        let failures = seen.failures.take();
        assert!(failures.is_empty(), "{} of {} failed: {:#?}", failures.len(), seen.posts.get(), &failures[..failures.len().min(20)]);
        let mut returns = seen.returns.take();
        returns.sort_by_key(|(_, back)| *back);
        let (hint, back) = *returns.last().context("no socket was told to go")?;
        eprintln!(
            "{}: {} POSTs; {} sockets closed with 1012, the slowest back after {back:?} (hint {hint:?})",
            door.name(),
            seen.posts.get(),
            returns.len()
        );
        assert!(returns.len() >= SOCKETS, "each of {SOCKETS} sockets was on an old pod, and {} were told to go", returns.len());
        assert!(seen.posts.get() > 500, "{} POSTs are no load", seen.posts.get());

        // The new pods log their totals when they exit.
        let now: BTreeSet<String> = pods(space).await?.into_iter().collect();
        assert_eq!(logs.pods().map(str::to_owned).collect::<BTreeSet<_>>(), now.union(&old).cloned().collect(), "the logs of all pods are followed");
        space.run(&["scale", &format!("deployment/{NAME}"), "--replicas=0"]).await?;
        let totals = logs.totals(1).await?;
        let ok = |status: &str, count: u64| [(status.to_owned(), count)].into();
        assert_eq!(totals.route("/submit"), ok("200", seen.posts.get()), "POSTs at the workers, POSTs at the clients");
        assert_eq!(totals.route("/session"), ok("200", seen.visits.get()));
        assert_eq!(totals.route("/ws"), ok("101", seen.opened.get()));
        Ok(())
    })
    .await
}

async fn pods(space: &Space) -> Result<Vec<String>> {
    let pods = space.pods("app").await?;
    Ok(pods.iter().filter_map(|pod| pod["metadata"]["name"].as_str()).map(str::to_owned).collect())
}

async fn visit(release: &Release<'_>, seen: &Seen) -> Result<Session> {
    let session = Session::visit(&release.url).await?;
    more(&seen.visits);
    Ok(session)
}

/// Fifty requests a second without retries, each on its own connection, whether or not the previous one was answered.
async fn post(url: String, seen: std::rc::Rc<Seen>, stopped: watch::Receiver<bool>) -> Result<()> {
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(std::rc::Rc::new(RefCell::new(Session::visit(&url).await?)));
        more(&seen.visits);
    }
    let (mut tick, mut under_way) = (tokio::time::interval(EVERY), JoinSet::new());
    for n in 0.. {
        tick.tick().await;
        if *stopped.borrow() {
            break;
        }
        let (session, seen) = (sessions[n % SESSIONS].clone(), seen.clone());
        under_way.spawn_local(async move {
            let asking = session.borrow().clone();
            match asking.sticky("submit", &n.to_string()).await {
                Ok(answer) if answer.status == 200 => {
                    more(&seen.posts);
                    session.borrow_mut().jar.take(&answer);
                }
                Ok(answer) => seen.failures.borrow_mut().push(format!("POST {n}: {} {}", answer.status, answer.text())),
                Err(error) => seen.failures.borrow_mut().push(format!("POST {n}: {error:#}")),
            }
        });
    }
    while under_way.join_next().await.is_some() {}
    Ok(())
}

/// A well-behaved socket: closed with 1012, it waits one to two times the hint and reconnects once.
async fn keep_socket(mut session: Session, seen: std::rc::Rc<Seen>, mut stopped: watch::Receiver<bool>) -> Result<()> {
    let mut socket = session.socket().await?;
    more(&seen.opened);
    loop {
        seen.places.borrow_mut().insert(session.id.clone(), socket.pod());
        let end = tokio::select! {
            end = socket.end(Duration::from_secs(300)) => end?,
            _ = stopped.changed() => return socket.close().await,
        };
        seen.places.borrow_mut().remove(&session.id);
        let (told, End::Closed(1012, reason)) = (Instant::now(), &end) else { bail!("a socket at {} ended with {end:?}", socket.at()) };
        let hint: Value = serde_json::from_str(reason)?;
        let hint = Duration::from_millis(hint["retry_ms"].as_u64().with_context(|| format!("no hint in {reason}"))?);
        // The delay that the app asks for: one to two times the hint, spread by the session's random id.
        let share = f64::from(session.id.bytes().fold(0_u8, u8::wrapping_add)) / 255.0;
        tokio::time::sleep(hint.mul_f64(1.0 + share)).await;
        let from = socket.at();
        socket = session.socket().await.with_context(|| format!("back from {from}"))?;
        more(&seen.opened);
        session.jar.take(&socket.answer());
        let back = told.elapsed();
        ensure!(back <= hint * 2 + Duration::from_secs(2), "back from {from} after {back:?}, with a hint of {hint:?}");
        seen.returns.borrow_mut().push((hint, back));
    }
}
