//! Drives the page in a browser as a user does: its six buttons, their scores and the map.

use crate::browser::{Browser, Look};
use crate::wait;
use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    pub sent: u64,
    /// Messages whose reply arrived.
    pub arrived: u64,
    /// Messages whose reply can no longer arrive.
    pub missed: u64,
    /// The workers that the messages reached, each as `pod:worker`.
    pub by: BTreeSet<String>,
}

impl Score {
    /// The pods of the workers in `by`.
    #[must_use]
    pub fn pods(&self) -> BTreeSet<&str> {
        self.by.iter().map(|place| place.split(':').next().unwrap_or_default()).collect()
    }
}

/// The page of a site in its own browser.
#[derive(Debug)]
pub struct Page {
    pub browser: Browser,
}

impl Page {
    /// Opens the page of a site and waits for its socket.
    pub async fn open(url: &str, look: &Look) -> Result<Self> {
        let page = Self { browser: Browser::start(look).await? };
        page.load(url).await?;
        Ok(page)
    }

    /// Opens the page of a site where the script `bend` sees each answer to `/submit` before the page does, and can change its `body` and
    /// its `headers`.
    pub async fn open_bent(url: &str, bend: &str) -> Result<Self> {
        let page = Self { browser: Browser::start(&Look::default()).await? };
        let script = format!(
            "const real = window.fetch.bind(window);
             window.fetch = async (...all) => {{
               const answer = await real(...all);
               if (!String(all[0].url || all[0]).includes('submit/')) return answer;
               const body = await answer.json(), headers = new Headers(answer.headers);
               {bend}
               return new Response(JSON.stringify(body), {{status: answer.status, headers}});
             }};"
        );
        page.browser.before_page(&script).await?;
        page.load(url).await?;
        Ok(page)
    }

    /// Loads or reloads the page of a site and waits for its socket.
    pub async fn load(&self, url: &str) -> Result<()> {
        self.browser.open(&format!("{}/", url.trim_end_matches('/'))).await?;
        self.connected().await
    }

    /// Waits until its socket is open.
    pub async fn connected(&self) -> Result<()> {
        self.browser
            .until("the socket is open", "return document.body.dataset.socket === 'live' && document.querySelectorAll('[data-pod]').length > 0")
            .await
            .map(drop)
    }

    pub async fn score(&self, op: &str) -> Result<Score> {
        let data = self.browser.eval(&format!("return {{...document.querySelector('li.act[data-op=\"{op}\"]').dataset}}")).await?;
        let number = |name: &str| data[name].as_str().unwrap_or("0").parse::<u64>().with_context(|| format!("{name} of {data}"));
        let by: BTreeMap<String, u64> = serde_json::from_str(data["by"].as_str().unwrap_or("{}"))?;
        Ok(Score { sent: number("sent")?, arrived: number("arrived")?, missed: number("missed")?, by: by.into_keys().collect() })
    }

    /// Waits until a button has sent `sent` messages and all of them are settled.
    pub async fn settled(&self, op: &str, sent: u64) -> Result<Score> {
        self.browser
            .until(
                &format!("{sent} of {op} have come or can't come any more"),
                &format!(
                    "const d = document.querySelector('li.act[data-op=\"{op}\"]').dataset, busy = +document.body.dataset.busy;
                     return +d.sent === {sent} && +d.arrived + +d.missed === {sent} && busy === 0"
                ),
            )
            .await?;
        self.score(op).await
    }

    /// Presses a button once.
    ///
    /// # Errors
    /// It can't be pressed, or its message isn't settled in time.
    pub async fn send(&self, op: &str) -> Result<Score> {
        let sent = self.score(op).await?.sent;
        self.click(&format!("li.act[data-op=\"{op}\"] .send")).await?;
        self.settled(op, sent + 1).await
    }

    /// Presses a button's "send 20".
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_twenty(&self, op: &str) -> Result<Score> {
        let sent = self.score(op).await?.sent;
        self.click(&format!("li.act[data-op=\"{op}\"] .many")).await?;
        self.settled(op, sent + 20).await
    }

    /// Presses a button until the sentence tells of a miss. If each message misses with a chance of two thirds or more, 60 arrive less than
    /// once in 10^28 runs.
    ///
    /// # Errors
    /// All 60 arrive.
    pub async fn until_it_misses(&self, op: &str) -> Result<()> {
        for _ in 0..60 {
            self.send(op).await?;
            if self.browser.eval("return document.querySelector('#caption .miss') !== null").await? == true {
                return Ok(());
            }
        }
        bail!("60 of {op} arrived")
    }

    /// Clicks like a user: the button must be visible, with nothing in front of it.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let element = wait::within("the button", SOON, self.browser.client.find(Locator::Css(selector))).await??;
        wait::within("the click", SOON, element.click()).await?.with_context(|| format!("click {selector}"))
    }

    /// Sends 20 at a time until some messages arrived and some missed. If each arrives with a chance of a quarter or a third, 200 messages
    /// fail to show both only once in 10^24 runs.
    ///
    /// # Errors
    /// All 200 arrive, or none.
    pub async fn misses_in_part(&self, op: &str) -> Result<Score> {
        let mut score = self.send_twenty(op).await?;
        while (score.arrived == 0 || score.missed == 0) && score.sent < 200 {
            score = self.send_twenty(op).await?;
        }
        ensure!(score.arrived > 0 && score.missed > 0, "{op}: {score:?}");
        Ok(score)
    }

    pub async fn key(&self, key: Key) -> Result<()> {
        let press = KeyActions::new("keyboard".to_owned()).then(KeyAction::Down { value: key.into() }).then(KeyAction::Up { value: key.into() });
        wait::within("a key", SOON, self.browser.client.perform_actions(press)).await??;
        Ok(())
    }

    /// The pods and workers that the map shows, with their states, in its order.
    async fn map(&self) -> Result<Vec<(String, String)>> {
        let found = self.browser.eval("return [...document.querySelectorAll('[data-pod]')].map(e => [e.dataset.pod, e.dataset.state || ''])").await?;
        Ok(serde_json::from_value::<Vec<(String, String)>>(found)?)
    }

    /// Waits until the map shows exactly these pods with this many workers each.
    ///
    /// # Errors
    /// It shows something else; the error includes what.
    pub async fn until_map(&self, pods: &[&str], workers: usize) -> Result<()> {
        let script = format!(
            "const pods = [...document.querySelectorAll('[data-pod]')], names = new Set(pods.map(e => e.dataset.pod));
             const workers = new Set([...document.querySelectorAll('[data-worker]')].map(e => e.dataset.worker));
             return JSON.stringify([...names].sort()) === JSON.stringify({pods}) && workers.size === {all}",
            pods = json!(pods),
            all = pods.len() * workers,
        );
        let found = self.browser.until(&format!("the map shows {pods:?} with {workers} workers each"), &script).await;
        match found {
            Ok(_) => Ok(()),
            Err(error) => Err(error.context(format!("it shows {:?}", self.map().await?))),
        }
    }

    /// Checks that the console is empty and that everything was loaded from the site itself.
    ///
    /// # Errors
    /// The error lists the messages, or what was loaded from elsewhere.
    pub async fn nothing_from_elsewhere(&self) -> Result<()> {
        let console: Vec<_> = self
            .browser
            .console()
            .await?
            .into_iter()
            .filter(|line| line.starts_with("SEVERE") || line.starts_with("WARNING") || line.contains("Content Security Policy"))
            .collect();
        ensure!(console.is_empty(), "{console:?}");
        let foreign = self.browser.eval("return performance.getEntriesByType('resource').map(e => e.name).filter(url => !url.startsWith('data:') && new URL(url).host !== location.host)").await?;
        ensure!(foreign == json!([]), "{foreign}");
        Ok(())
    }

    /// Checks all six buttons where each pod has one worker, on a fresh page.
    #[allow(clippy::print_stderr, reason = "a test prints what it measured")]
    pub async fn six_buttons_of_3x1(&self) -> Result<()> {
        self.four_that_always_arrive().await?;
        let rr = self.score("http-rr").await?;
        ensure!(rr.pods().len() >= 2, "without the cookie the pods take turns: {rr:?}");
        let ws = self.score("ws").await?;
        let mem = self.send_twenty("mem-sticky").await?;
        ensure!((mem.arrived, mem.missed) == (20, 0), "the pod is the worker: {mem:?}");
        ensure!(mem.pods() == ws.pods(), "and it is the pod of the socket: {mem:?} {ws:?}");
        let rr = self.misses_in_part("mem-rr").await?;
        eprintln!("3x1, non-sticky, in memory: {} of {} arrived", rr.arrived, rr.sent);
        Ok(())
    }

    /// Checks all six buttons where one pod has four workers, on a fresh page: affinity ends at the pod.
    #[allow(clippy::print_stderr, reason = "a test prints what it measured")]
    pub async fn six_buttons_of_1x4(&self) -> Result<()> {
        self.four_that_always_arrive().await?;
        let sticky = self.score("http-sticky").await?;
        ensure!(sticky.by.len() >= 2, "one pod, several workers: {sticky:?}");
        let mem = self.misses_in_part("mem-sticky").await?;
        eprintln!("1x4, sticky, in memory: {} of {} arrived", mem.arrived, mem.sent);
        self.misses_in_part("mem-rr").await.map(drop)
    }

    async fn four_that_always_arrive(&self) -> Result<()> {
        let sticky = self.send_twenty("http-sticky").await?;
        ensure!((sticky.arrived, sticky.missed, sticky.pods().len()) == (20, 0, 1), "{sticky:?}");
        let rr = self.send_twenty("http-rr").await?;
        ensure!((rr.arrived, rr.missed) == (20, 0), "{rr:?}");
        let ws = self.send_twenty("ws").await?;
        ensure!((ws.arrived, ws.missed, ws.by.len()) == (20, 0, 1), "{ws:?}");
        let queue = self.send_twenty("queue").await?;
        ensure!((queue.arrived, queue.missed) == (20, 0), "{queue:?}");
        Ok(())
    }
}
