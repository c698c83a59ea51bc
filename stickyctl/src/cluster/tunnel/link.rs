//! One connection to one port of a pod, through the API server and the kubelet.

use super::error::Error;
use super::target::PodPort;
use crate::cluster::errors::ApiError;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::Api;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Timeout for opening a connection. Measured: 12 ms; 500 at once: 4.6 s.
const OPENING: Duration = Duration::from_secs(10);
/// The reason comes with the end of the stream, on another channel.
const REASON: Duration = Duration::from_millis(500);

/// The stream. It has no half-close: when one side is shut down, kube closes the whole connection, and a pending
/// answer is lost. So `shutdown` does nothing, and dropping closes.
pub(crate) struct Link {
    stream: tokio::io::DuplexStream,
}

/// Why a link ended, if the pod's side knows.
pub(crate) struct Trouble {
    port: u16,
    told: Pin<Box<dyn Future<Output = Option<String>> + Send>>,
}

/// Opens a connection. It may open although nothing listens there: then it ends without a byte, and [`Trouble`] says why.
///
/// # Errors
/// The API server refused.
pub(crate) async fn connect(client: &Client, pod: &PodPort) -> Result<(Link, Trouble), Error> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace);
    let opened = tokio::time::timeout(OPENING, pods.portforward(&pod.name, &[pod.port])).await;
    let mut forwarder = opened.map_err(|_| Error::Late(OPENING))?.map_err(|error| ApiError::new("port-forward", &error))?;
    let told = forwarder.take_error(pod.port);
    match (forwarder.take_stream(pod.port), told) {
        (Some(stream), Some(told)) => Ok((Link { stream }, Trouble { port: pod.port, told: Box::pin(told) })),
        _ => Err(Error::NoStream),
    }
}

impl Trouble {
    /// The reason of the pod's side, once the link has ended.
    pub(crate) async fn reason(self) -> Option<String> {
        let said = tokio::time::timeout(REASON, self.told).await.ok().flatten()?;
        Some(brief(&said, self.port))
    }
}

/// The kubelet's text names the sandbox, its network namespace and both address families before the cause.
fn brief(said: &str, port: u16) -> String {
    if said.contains("connection refused") {
        return format!("nothing is listening on port {port} (connection refused)");
    }
    let line = said.lines().next().unwrap_or_default().trim();
    line.chars().take(300).collect()
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trouble").field("port", &self.port).finish_non_exhaustive()
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_not_the_plumbing() {
        let long = "error forwarding port 9 to pod 3f2a, uid : failed to execute portforward in network namespace \"/var/run/netns/cni-1\": \
                    failed to connect to localhost:9 inside namespace \"3f2a\", IPv4: dial tcp4 127.0.0.1:9: connect: connection refused IPv6 ...";
        assert_eq!(brief(long, 9), "nothing is listening on port 9 (connection refused)");
        assert_eq!(brief("container not running (abc)\nmore", 9), "container not running (abc)");
    }
}
