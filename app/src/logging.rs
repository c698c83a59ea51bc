//! Logs: on standard error, as text or JSON, each line with its pod and worker.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A line of text, in color if standard error is a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging at `default_level`, unless `RUST_LOG` says otherwise. A second call changes nothing.
pub fn start(format: Format, default_level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_level));
    // At trace level it logs whole handshakes, including cookies and passwords, and nothing else of use.
    let filter = match "tungstenite::handshake::client=off".parse() {
        Ok(silence) => filter.add_directive(silence),
        Err(_) => filter,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let _ = match format {
        Format::Text => registry.with(layer).try_init(),
        Format::Json => registry.with(layer.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init(),
    };
}
