//! Many visitors at once, each with its own cookies and socket, and a record of what happens to them.
//!
//! A visitor behaves like the page in a browser. It keeps cookies as they come, for requests and socket alike. When its socket is closed
//! with 1012, it reconnects once, after one to two times the hinted delay. It never retries anything else.

use crate::session::Session;
use crate::wait;
use crate::ws::{End, Ws};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Interval between two requests of the crowd. Visitors take turns, each on a fresh connection.
const EVERY: Duration = Duration::from_millis(25);
const LONG: Duration = Duration::from_secs(600);
/// Time to reconnect, on top of twice the hint.
const SLACK: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Visitor {
    session: RefCell<Session>,
    /// The pod that answered its first request.
    pub home: String,
    /// The pod that holds its socket; `None` while it reconnects.
    at: RefCell<Option<String>>,
    ends: Cell<usize>,
    echoes: Cell<usize>,
    answers: RefCell<BTreeSet<String>>,
}

impl Visitor {
    /// How often its socket was closed. The code was 1012 each time.
    #[must_use]
    pub fn ends(&self) -> usize {
        self.ends.get()
    }

    #[must_use]
    pub fn answers(&self) -> BTreeSet<String> {
        self.answers.borrow().clone()
    }

    #[must_use]
    pub fn at(&self) -> Option<String> {
        self.at.borrow().clone()
    }

    /// Sends a request with its cookies and returns the pod that answered.
    ///
    /// # Errors
    /// The status isn't 200.
    pub async fn ask(&self) -> Result<String> {
        let session = self.session.borrow().clone();
        let answer = session.sticky("submit", "x").await?;
        ensure!(answer.status == 200, "status {}: {}", answer.status, answer.text());
        self.session.borrow_mut().jar.take(&answer);
        self.answers.borrow_mut().insert(answer.pod());
        Ok(answer.pod())
    }
}

/// The visitors of a site. Use it inside a [`tokio::task::LocalSet`].
#[derive(Debug)]
pub struct Crowd {
    site: String,
    /// All visitors, including those whose pod is gone.
    pub visitors: Vec<Rc<Visitor>>,
    sockets: JoinSet<Result<()>>,
    round: watch::Sender<usize>,
}

impl Crowd {
    #[must_use]
    pub fn of(site: &str) -> Self {
        Self { site: site.to_owned(), visitors: Vec::new(), sockets: JoinSet::new(), round: watch::channel(0).0 }
    }

    /// Adds a visitor, opens its socket, and returns the pod that both reached.
    ///
    /// # Errors
    /// They reached two different pods.
    pub async fn join(&mut self) -> Result<String> {
        let session = Session::visit(&self.site).await?;
        let answer = session.sticky("submit", "x").await?;
        let (socket, home) = (session.socket().await?, answer.pod());
        ensure!(answer.status == 200 && socket.pod() == home, "{} by {home}, the socket at {}", answer.status, socket.at());
        let visitor = Rc::new(Visitor {
            session: RefCell::new(session),
            home: home.clone(),
            at: RefCell::new(Some(home.clone())),
            ends: Cell::new(0),
            echoes: Cell::new(*self.round.borrow()),
            answers: RefCell::default(),
        });
        self.sockets.spawn_local(hold(visitor.clone(), socket, self.round.subscribe()));
        self.visitors.push(visitor);
        Ok(home)
    }

    #[must_use]
    pub fn homes(&self) -> BTreeSet<String> {
        self.visitors.iter().map(|visitor| visitor.home.clone()).collect()
    }

    /// Keeps visitors sending requests in turn while `work` runs, and returns its result.
    ///
    /// # Errors
    /// `work` or a request fails, or a socket closes without 1012.
    pub async fn asks_during<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let visitors = self.visitors.clone();
        let asking = async {
            let mut tick = tokio::time::interval(EVERY);
            for visitor in visitors.iter().cycle() {
                tick.tick().await;
                visitor.ask().await.with_context(|| format!("a request of a visitor of {}", visitor.home))?;
            }
            bail!("nobody asks")
        };
        let work = async {
            tokio::select! {
                done = work => done,
                failed = asking => failed,
            }
        };
        self.holds_during(work).await
    }

    /// Keeps visitors holding their sockets, without requests, while `work` runs, and returns its result.
    ///
    /// # Errors
    /// `work` fails, or a socket closes without 1012.
    pub async fn holds_during<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let sockets = async {
            match self.sockets.join_next().await {
                Some(ended) => ended?.and_then(|()| bail!("a socket is not held any more")),
                None => bail!("nobody has a socket"),
            }
        };
        tokio::select! {
            done = work => done,
            failed = sockets => failed,
        }
    }

    /// Visitors that began on any other pod.
    fn of_others(&self, pods: &BTreeSet<String>) -> Vec<Rc<Visitor>> {
        self.visitors.iter().filter(|visitor| !pods.contains(&visitor.home)).cloned().collect()
    }

    /// Waits until every visitor that began on another pod has its socket back, on one of these pods.
    pub fn coming_back_to(&self, pods: &BTreeSet<String>) -> impl Future<Output = Result<()>> + use<> {
        let (moved, pods) = (self.of_others(pods), pods.clone());
        async move {
            let back = || moved.iter().all(|visitor| visitor.at().is_some_and(|pod| pods.contains(&pod)));
            wait::until("the sockets of pods that are gone are back", SOON, async || back().then_some(())).await
        }
    }

    /// Asserts that visitors that began on one of these pods were answered by no other pod, and that their sockets were never closed.
    ///
    /// # Errors
    /// No visitor began there, one was answered by another pod, or a request failed.
    pub async fn stays_on(&self, pods: &BTreeSet<String>) -> Result<()> {
        let mut count = 0;
        for visitor in self.visitors.iter().filter(|visitor| pods.contains(&visitor.home)) {
            for _ in 0..3 {
                visitor.ask().await?;
            }
            let home = BTreeSet::from([visitor.home.clone()]);
            ensure!((visitor.answers(), visitor.at(), visitor.ends()) == (home, Some(visitor.home.clone()), 0), "it moved: {visitor:?}");
            count += 1;
        }
        ensure!(count > 0, "no session has its home on {pods:?}");
        Ok(())
    }

    /// Asserts that only these pods are left and all sockets are back. Visitors of these pods stayed. All others got a close frame,
    /// reconnected, and have their socket and requests on one pod. Returns how many moved.
    pub async fn settled_on(&mut self, pods: &BTreeSet<String>) -> Result<usize> {
        self.sockets_answer().await?;
        self.stays_on(pods).await?;
        let moved = self.of_others(pods);
        for visitor in &moved {
            ensure!(visitor.ends() >= 1, "its pod is gone, and its socket was not told: {visitor:?}");
            let now = visitor.ask().await?;
            ensure!(Some(now) == visitor.at(), "socket and requests of a session that moved are not on one pod: {visitor:?}");
        }
        Ok(moved.len())
    }

    /// Asserts that every socket answers a message.
    pub async fn sockets_answer(&mut self) -> Result<()> {
        self.round.send_modify(|round| *round += 1);
        let (round, visitors) = (*self.round.borrow(), self.visitors.clone());
        let late = || visitors.iter().filter(|visitor| visitor.echoes.get() != round).count();
        let all = self.asks_during(wait::until("every socket answers", SOON, async || (late() == 0).then_some(())));
        all.await.with_context(|| format!("{} sockets have not answered", late()))
    }
}

async fn hold(visitor: Rc<Visitor>, mut socket: Ws, mut round: watch::Receiver<usize>) -> Result<()> {
    loop {
        let end = tokio::select! {
            end = socket.end(LONG) => end?,
            changed = round.changed() => {
                changed?;
                let heard = socket.echo("still there?").await.with_context(|| format!("the socket of a visitor of {}", visitor.home))?;
                ensure!(heard["text"].as_str().is_some_and(|text| text.ends_with("still there?")), "{heard}");
                visitor.echoes.set(*round.borrow_and_update());
                continue;
            }
        };
        let (told, from) = (Instant::now(), socket.at());
        let End::Closed(1012, reason) = &end else { bail!("a socket at {from} ended with {end:?}") };
        visitor.ends.set(visitor.ends.get() + 1);
        visitor.at.replace(None);
        let hint: Value = serde_json::from_str(reason)?;
        let hint = Duration::from_millis(hint["retry_ms"].as_u64().with_context(|| format!("no hint in {reason}"))?);
        // One to two times the hint, spread by the session's random id.
        let share = f64::from(visitor.session.borrow().id.bytes().fold(0_u8, u8::wrapping_add)) / 255.0;
        tokio::time::sleep(hint.mul_f64(1.0 + share)).await;
        let session = visitor.session.borrow().clone();
        socket = session.socket().await.with_context(|| format!("back from {from}"))?;
        visitor.session.borrow_mut().jar.take(&socket.answer());
        ensure!(told.elapsed() <= hint * 2 + SLACK, "back from {from} after {:?}, with a hint of {hint:?}", told.elapsed());
        visitor.at.replace(Some(socket.pod()));
    }
}
