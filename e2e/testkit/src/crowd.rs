//! Many visitors at once, each with its cookies and its socket, and whatever happens to them.
//!
//! A visitor behaves as a browser does: cookies are kept as they come, for requests and socket alike, and a socket that is
//! closed with 1012 comes back between once and twice the hint, once. Nothing else is ever repeated.

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

/// Between two requests of the crowd, each of its next visitor, on a fresh connection.
const EVERY: Duration = Duration::from_millis(25);
const LONG: Duration = Duration::from_secs(600);
/// For coming back, beyond twice the hint.
const SLACK: Duration = Duration::from_secs(2);
const SOON: Duration = Duration::from_secs(30);

/// One visitor.
#[derive(Debug)]
pub struct Visitor {
    session: RefCell<Session>,
    /// The pod where it began.
    pub home: String,
    /// The pod that holds its socket now; nothing while it is on its way back.
    at: RefCell<Option<String>>,
    ends: Cell<usize>,
    echoes: Cell<usize>,
    answers: RefCell<BTreeSet<String>>,
}

impl Visitor {
    /// How often its socket was closed, each time with 1012.
    #[must_use]
    pub fn ends(&self) -> usize {
        self.ends.get()
    }

    /// The pods that answered its requests.
    #[must_use]
    pub fn answers(&self) -> BTreeSet<String> {
        self.answers.borrow().clone()
    }

    /// The pod that holds its socket.
    #[must_use]
    pub fn at(&self) -> Option<String> {
        self.at.borrow().clone()
    }

    /// Asks with the cookies that it has; the pod that answered.
    ///
    /// # Errors
    /// Anything but 200.
    pub async fn ask(&self) -> Result<String> {
        let session = self.session.borrow().clone();
        let answer = session.sticky("submit", "x").await?;
        ensure!(answer.status == 200, "status {}: {}", answer.status, answer.text());
        self.session.borrow_mut().jar.take(&answer);
        self.answers.borrow_mut().insert(answer.pod());
        Ok(answer.pod())
    }
}

/// The visitors of a site. To be used inside a [`tokio::task::LocalSet`].
#[derive(Debug)]
pub struct Crowd {
    site: String,
    /// All that ever came.
    pub visitors: Vec<Rc<Visitor>>,
    sockets: JoinSet<Result<()>>,
    round: watch::Sender<usize>,
}

impl Crowd {
    /// Nobody yet.
    #[must_use]
    pub fn of(site: &str) -> Self {
        Self { site: site.to_owned(), visitors: Vec::new(), sockets: JoinSet::new(), round: watch::channel(0).0 }
    }

    /// A fresh visitor comes and opens its socket; the pod where both ended up.
    ///
    /// # Errors
    /// They ended up on two.
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

    /// The pods where its visitors began.
    #[must_use]
    pub fn homes(&self) -> BTreeSet<String> {
        self.visitors.iter().map(|visitor| visitor.home.clone()).collect()
    }

    /// Lets its visitors ask, one after another and again and again, for as long as something is done; what that gives.
    ///
    /// # Errors
    /// That failed, or a request did, or a socket ended otherwise than it may.
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

    /// Lets its visitors hold their sockets, and do nothing else, for as long as something is done; what that gives.
    ///
    /// # Errors
    /// That failed, or a socket ended otherwise than it may.
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

    /// Those that began on other pods than these.
    fn of_others(&self, pods: &BTreeSet<String>) -> Vec<Rc<Visitor>> {
        self.visitors.iter().filter(|visitor| !pods.contains(&visitor.home)).cloned().collect()
    }

    /// Waits until the sockets of all that began on other pods are back, on these.
    pub fn coming_back_to(&self, pods: &BTreeSet<String>) -> impl Future<Output = Result<()>> + use<> {
        let (moved, pods) = (self.of_others(pods), pods.clone());
        async move {
            let back = || moved.iter().all(|visitor| visitor.at().is_some_and(|pod| pods.contains(&pod)));
            wait::until("the sockets of pods that are gone are back", SOON, async || back().then_some(())).await
        }
    }

    /// Those that began on one of these pods have been answered by no other, and their sockets were never closed.
    ///
    /// # Errors
    /// Nobody began there, one has been elsewhere, or a request failed.
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

    /// Only these pods are left, and all sockets are back: who was on one of them stayed, and everybody else was told, came back, and has
    /// socket and requests on one pod. How many moved.
    ///
    /// # Errors
    /// It is not so.
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

    /// Every socket answers a message.
    ///
    /// # Errors
    /// One does not, or ended otherwise than it may.
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
        // Between once and twice, spread by the session's own random id.
        let share = f64::from(visitor.session.borrow().id.bytes().fold(0_u8, u8::wrapping_add)) / 255.0;
        tokio::time::sleep(hint.mul_f64(1.0 + share)).await;
        let session = visitor.session.borrow().clone();
        socket = session.socket().await.with_context(|| format!("back from {from}"))?;
        visitor.session.borrow_mut().jar.take(&socket.answer());
        ensure!(told.elapsed() <= hint * 2 + SLACK, "back from {from} after {:?}, with a hint of {hint:?}", told.elapsed());
        visitor.at.replace(Some(socket.pod()));
    }
}
