//! Copies between a local connection and a link in both directions.

use super::link::{Link, Trouble};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::Notify;

/// Bytes that a client sent before the pod answered are kept up to this number, so that they can be sent to another pod.
const KEPT: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;
/// A client that ended its side may have half-closed and be waiting, or be gone: the two look the same. The pod gets this long for the
/// first byte of its answer. The end is not passed on: containerd would close the connection 1 s later, answer or not.
const LINGER: Duration = Duration::from_secs(15);
/// The same once an answer has begun, from one byte to the next. Most clients are gone by then: they close a connection that the pod
/// keeps for more requests. At 15 s, a run of `verify` had 512 of those after 5 s, and waited.
const REST: Duration = Duration::from_secs(1);
/// For what the client still sends after the pod's end: closing with unread bytes would reset the connection, and lose the answer.
const DRAIN: Duration = Duration::from_secs(1);

/// How a link was used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The pod got the connection.
    Served,
    /// The pod's side says that it never arrived.
    Unreached(String),
}

/// What the client has sent so far.
#[derive(Debug, Default)]
pub(super) struct Sent {
    bytes: Vec<u8>,
    /// Whether the client sent more than is kept.
    cut: bool,
    /// Whether the client ended its side.
    ended: bool,
}

impl Sent {
    /// Whether all of it could be sent to another pod.
    pub(super) const fn whole(&self) -> bool {
        !self.cut
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.cut || self.bytes.len() + bytes.len() > KEPT {
            self.cut = true;
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

/// What the pod has answered so far.
#[derive(Debug, Default)]
struct Heard {
    any: AtomicBool,
    more: Notify,
}

impl Heard {
    fn tell(&self) {
        self.any.store(true, Ordering::Relaxed);
        self.more.notify_one();
    }

    fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }
}

/// Copies until the pod's side ends, or the client is gone.
pub(super) async fn carry<L>(local: &mut L, (link, trouble): (Link, Trouble), sent: &mut Sent) -> Outcome
where
    L: AsyncRead + AsyncWrite + Unpin,
{
    let heard = Heard::default();
    copy(local, link, sent, &heard).await;
    if !heard.any()
        && let Some(why) = trouble.reason().await
    {
        return Outcome::Unreached(why);
    }
    // The answer may end before a client that is still sending.
    let _ = local.shutdown().await;
    let _ = tokio::time::timeout(DRAIN, tokio::io::copy(local, &mut tokio::io::sink())).await;
    Outcome::Served
}

async fn copy<L, P>(local: &mut L, pod: P, sent: &mut Sent, heard: &Heard)
where
    L: AsyncRead + AsyncWrite + Unpin,
    P: AsyncRead + AsyncWrite + Unpin,
{
    let (mut local_read, mut local_write) = split(local);
    let (mut pod_read, mut pod_write) = split(pod);
    let up = async {
        pod_write.write_all(&sent.bytes).await?;
        let mut chunk = vec![0; CHUNK];
        while !sent.ended {
            let read = local_read.read(&mut chunk).await?;
            sent.ended = read == 0;
            if !heard.any() {
                sent.keep(&chunk[..read]);
            }
            pod_write.write_all(&chunk[..read]).await?;
        }
        Ok::<(), std::io::Error>(())
    };
    let down = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            match pod_read.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    heard.tell();
                    if local_write.write_all(&chunk[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    tokio::pin!(down);
    let ended = tokio::select! {
        () = &mut down => return,
        ended = up => ended,
    };
    if ended.is_err() {
        // Either the client aborted, or the pod's side takes no more; wait a moment for the rest of its answer.
        let _ = tokio::time::timeout(DRAIN, down).await;
        return;
    }
    // `pod_write` lives on: see `LINGER`.
    loop {
        let patience = if heard.any() { REST } else { LINGER };
        tokio::select! {
            () = &mut down => return,
            () = heard.more.notified() => {}
            () = tokio::time::sleep(patience) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use tokio::io::duplex;

    #[tokio::test(start_paused = true)]
    async fn an_answer_comes_after_a_half_close() {
        let ((client, mut local), (pod, mut server)) = (duplex(64), duplex(64));
        let heard = Heard::default();
        let mut sent = Sent::default();
        let (mut client_read, mut client_write) = split(client);
        let (asked, (), said) = tokio::join!(
            async {
                client_write.write_all(b"question").await.unwrap();
                client_write.shutdown().await.unwrap();
                let mut answer = String::new();
                let mut bytes = [0; 6];
                client_read.read_exact(&mut bytes).await.unwrap();
                answer.push_str(std::str::from_utf8(&bytes).unwrap());
                answer
            },
            copy(&mut local, pod, &mut sent, &heard),
            async {
                let mut bytes = [0; 8];
                server.read_exact(&mut bytes).await.unwrap();
                tokio::time::sleep(LINGER / 2).await;
                server.write_all(b"answer").await.unwrap();
                drop(server);
                bytes
            }
        );
        assert_eq!((asked.as_str(), &said), ("answer", b"question"));
        assert_eq!((sent.bytes.as_slice(), sent.ended), (&b"question"[..], true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_is_not_waited_for_forever() {
        let ((client, mut local), (pod, server)) = (duplex(64), duplex(64));
        drop(client);
        let began = tokio::time::Instant::now();
        copy(&mut local, pod, &mut Sent::default(), &Heard::default()).await;
        assert_eq!(began.elapsed().as_secs(), LINGER.as_secs());
        drop(server);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_with_its_answer_leaves_nothing_behind() {
        for answers_after in [Duration::ZERO, LINGER / 2] {
            let ((mut client, mut local), (pod, mut server)) = (duplex(64), duplex(64));
            client.write_all(b"question").await.unwrap();
            client.shutdown().await.unwrap();
            let began = tokio::time::Instant::now();
            let (mut sent, heard) = (Sent::default(), Heard::default());
            tokio::join!(copy(&mut local, pod, &mut sent, &heard), async {
                tokio::time::sleep(answers_after).await;
                server.write_all(b"answer").await.unwrap();
            });
            assert_eq!(began.elapsed().as_secs(), (answers_after + REST).as_secs());
            let mut answer = [0; 6];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"answer");
        }
    }

    #[tokio::test]
    async fn another_pod_gets_what_was_sent() {
        let ((_client, mut local), (pod, mut server)) = (duplex(64), duplex(64));
        let mut sent = Sent { bytes: b"once more".to_vec(), ..Sent::default() };
        let heard = Heard::default();
        tokio::join!(copy(&mut local, pod, &mut sent, &heard), async {
            let mut bytes = [0; 9];
            server.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"once more");
            drop(server);
        });
    }

    #[test]
    fn too_much_is_not_kept() {
        let mut sent = Sent::default();
        sent.keep(&vec![0; KEPT]);
        assert!(sent.whole());
        sent.keep(&[0]);
        assert!(!sent.whole() && sent.bytes.is_empty());
    }
}
