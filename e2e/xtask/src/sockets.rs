//! Measures the memory that ten thousand sockets cost one `sticky-app`. This is a measurement, not a test: it asserts nothing about
//! the figures.

use anyhow::{Context, Result, bail, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::{Duration, Instant};
use testkit::app::App;
use testkit::process::{children, resident_kib};
use testkit::redis::Redis;
use testkit::ws::{self, Ws};
use testkit::{random, wait};

/// Handshakes in flight at once, fewer than a listener's backlog.
const AT_ONCE: usize = 64;

/// Opens `count` sockets, sends a frame on each, checks that each is answered, and returns the report's lines.
///
/// # Errors
/// A socket doesn't open or answer, or the limit on open files is too low.
pub(crate) async fn run(count: usize) -> Result<Vec<String>> {
    raise_open_files(count)?;
    let redis = Redis::start().await?;
    let mut app = App::start(&["--workers", "4", "--redis-url", &redis.url()]).await?;
    let workers = children(app.process.pid());
    ensure!(workers.len() == 4, "4 workers expected, {} found", workers.len());
    let before: Vec<_> = workers.iter().map(|pid| resident_kib(*pid).unwrap_or_default()).collect();

    let start = Instant::now();
    let url = app.url.clone();
    let open = |_| {
        let url = url.clone();
        async move { ws::socket(&url, &random::client_id()).small().open().await }
    };
    let mut sockets: Vec<Ws> = stream::iter(0..count).map(open).buffer_unordered(AT_ONCE).try_collect().await?;
    let opened = start.elapsed();

    let start = Instant::now();
    for (n, socket) in sockets.iter_mut().enumerate() {
        socket.send(&serde_json::json!({"text": format!("frame {n}")})).await?;
    }
    for (n, socket) in sockets.iter_mut().enumerate() {
        let (frame, expected) = (socket.next_json().await?, format!("[{}]  frame {n}", socket.identity()));
        if frame["text"] != expected.as_str() {
            bail!("socket {n}: expected {expected}, got {frame}");
        }
    }
    let answered = start.elapsed();

    let mut lines = vec![
        format!("{count} sockets open in {:.1} s, all answered in {:.1} s", opened.as_secs_f64(), answered.as_secs_f64()),
        format!("supervisor  {:>8} KiB resident", resident_kib(app.process.pid()).context("the supervisor is gone")?),
    ];
    let mut grown = 0;
    for (n, pid) in workers.iter().enumerate() {
        let (at_start, now) = (before[n], resident_kib(*pid).with_context(|| format!("worker {n} is gone"))?);
        let place = format!(":{n}");
        let held = sockets.iter().filter(|socket| socket.at().ends_with(&place)).count();
        grown += now.saturating_sub(at_start);
        lines.push(format!("worker {n}    {now:>8} KiB resident, {at_start} KiB before, {held} sockets"));
    }
    lines.push(format!("{:.2} KiB a socket, in the workers", grown as f64 / count as f64));
    drop(sockets);
    app.process.signal(rustix::process::Signal::KILL)?;
    wait::within("the end", Duration::from_secs(20), app.process.exit_code(Duration::from_secs(19))).await??;
    Ok(lines)
}

/// Raises the limit on open files: one per socket in this process, and some spare ones.
fn raise_open_files(count: usize) -> Result<()> {
    let now = getrlimit(Resource::Nofile);
    let needed = count as u64 + 200;
    ensure!(now.maximum.is_none_or(|hard| hard >= needed), "{count} sockets need {needed} open files; the hard limit is {:?}", now.maximum);
    setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum }).context("can't raise the limit of open files")
}
