//! The terminal of the live view: its keys, and its state before, which comes back however the view ends.

use anstream::{AutoStream, ColorChoice};
use ratatui::crossterm::event::{self, Event};
use ratatui::{DefaultTerminal, Frame};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the thread that reads keys checks whether the view has ended.
const CHECK: Duration = Duration::from_millis(100);

/// The screen. Dropping it, or a panic, brings back what the terminal showed before.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    events: mpsc::UnboundedReceiver<io::Result<Event>>,
    ended: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Screen {
    /// Whether a person sits at a terminal that can be drawn on.
    pub(super) fn can_open() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal() && std::env::var("TERM").as_deref() != Ok("dumb")
    }

    /// Whether colors are wanted, see `--color`.
    pub(super) fn has_colors() -> bool {
        AutoStream::choice(&io::stdout()) != ColorChoice::Never
    }

    pub(super) fn open() -> io::Result<Self> {
        // It may fail half-way.
        let terminal = ratatui::try_init().inspect_err(|_| drop(ratatui::try_restore()))?;
        let (sender, events) = mpsc::unbounded_channel();
        let mut screen = Self { terminal, events, ended: Arc::default(), reader: None };
        let ended = screen.ended.clone();
        screen.reader = Some(std::thread::Builder::new().name("keys".to_owned()).spawn(move || read(&sender, &ended))?);
        Ok(screen)
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// The next key or resize.
    pub(super) async fn event(&mut self) -> io::Result<Event> {
        self.events.recv().await.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // It must not take keys that are for the shell.
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        let _ = ratatui::try_restore();
    }
}

fn read(events: &mpsc::UnboundedSender<io::Result<Event>>, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        let next = match event::poll(CHECK) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(why) => Err(why),
        };
        let failed = next.is_err();
        if events.send(next).is_err() || failed {
            return;
        }
    }
}
