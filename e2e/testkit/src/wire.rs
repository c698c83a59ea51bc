//! A TCP link to Redis that fails as networks and servers do.

use anyhow::Result;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// What happens to the bytes of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Every answer takes this much longer.
    Slow(Duration),
    /// Bytes vanish, connections stay open, and the other end learns nothing when one end closes. A connection that has lost a byte
    /// never works again.
    Vanish,
    /// Every command is answered with this error.
    Refuse(&'static str),
    /// Published messages vanish, answers pass.
    Mute,
}

#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    /// Connections with a lower number lose every byte.
    first_alive: usize,
}

/// The link. Dropping it closes everything.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    state: watch::Sender<State>,
    opened: watch::Receiver<usize>,
    task: AbortHandle,
}

impl Wire {
    /// A link to a port of this host.
    pub async fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let own = listener.local_addr()?.port();
        let (state, seen) = watch::channel(State { mode: Mode::Pass, first_alive: 0 });
        let (count, opened) = watch::channel(0);
        let task = tokio::spawn(async move {
            let mut links = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let number = *count.borrow();
                count.send_replace(number + 1);
                links.spawn(link(client, port, number, seen.clone()));
            }
        });
        Ok(Self { port: own, state, opened, task: task.abort_handle() })
    }

    /// `redis://127.0.0.1:PORT` of this end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The number of connections that were ever opened.
    #[must_use]
    pub fn opened(&self) -> usize {
        *self.opened.borrow()
    }

    /// Changes what happens, on open connections too.
    pub fn set(&self, mode: Mode) {
        self.state.send_modify(|state| state.mode = mode);
    }

    /// Lets the bytes of all open connections vanish; new ones are not affected.
    pub fn abandon(&self) {
        let opened = self.opened();
        self.state.send_modify(|state| state.first_alive = opened);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn link(client: TcpStream, port: u16, number: usize, state: watch::Receiver<State>) -> Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let to_client = Arc::new(Mutex::new(to_client));
    // When one end closes, the other does too, unless bytes vanish: then both are kept.
    tokio::select! {
        done = commands(from_client, to_server, to_client.clone(), number, &state) => done,
        done = answers(from_server, to_client, number, &state) => done,
    }
}

/// The next bytes and what happens to them; `None` at the end. Never resolves for a connection whose bytes vanish.
async fn next<'a>(from: &mut OwnedReadHalf, buffer: &'a mut [u8], number: usize, state: &watch::Receiver<State>) -> Result<Option<(&'a [u8], Mode)>> {
    let read = from.read(buffer).await;
    let State { mode, first_alive } = *state.borrow();
    if mode == Mode::Vanish || number < first_alive {
        std::future::pending::<()>().await;
    }
    let read = read?;
    Ok((read > 0).then_some((&buffer[..read], mode)))
}

async fn commands(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    back: Arc<Mutex<OwnedWriteHalf>>,
    number: usize,
    state: &watch::Receiver<State>,
) -> Result<()> {
    let mut buffer = vec![0; 64 * 1_024];
    while let Some((bytes, mode)) = next(&mut from, &mut buffer, number, state).await? {
        let Mode::Refuse(why) = mode else {
            to.write_all(bytes).await?;
            continue;
        };
        // A command is an array, and no argument of this app begins a line with an asterisk.
        let commands = bytes.split(|b| *b == b'\n').filter(|line| line.first() == Some(&b'*')).count();
        back.lock().await.write_all(format!("-{why}\r\n").repeat(commands).as_bytes()).await?;
    }
    Ok(())
}

async fn answers(mut from: OwnedReadHalf, to: Arc<Mutex<OwnedWriteHalf>>, number: usize, state: &watch::Receiver<State>) -> Result<()> {
    let (later, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async {
        let mut buffer = vec![0; 64 * 1_024];
        while let Some((bytes, mode)) = next(&mut from, &mut buffer, number, state).await? {
            let wait = match mode {
                Mode::Mute if bytes.windows(9).any(|part| part == b"\r\nmessage") => continue,
                Mode::Slow(by) => by,
                _ => Duration::ZERO,
            };
            later.send((Instant::now() + wait, bytes.to_vec()))?;
        }
        Ok(())
    };
    let write = async {
        while let Some((at, bytes)) = due.recv().await {
            tokio::time::sleep_until(at).await;
            to.lock().await.write_all(&bytes).await?;
        }
        Ok(())
    };
    tokio::select! {
        done = read => done,
        done = write => done,
    }
}
