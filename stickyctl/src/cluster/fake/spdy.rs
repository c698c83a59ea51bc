//! The kubelet's side of a port-forward: SPDY, with a server per connection behind it.

use super::pod::{Listening, serve};
use crate::cluster::tunnel::spdy::Transport;
use crate::cluster::tunnel::spdy::frame::{self, Decoder, Frame};
use bytes::{Buf, Bytes, BytesMut};
use flate2::{Decompress, FlushDecompress};
use futures_util::{SinkExt, StreamExt};
use std::collections::HashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt, WriteHalf, duplex, split};
use tokio::sync::mpsc;

/// Answers frames until the client leaves.
pub(super) async fn answer(transport: Transport, listening: Listening) {
    let Transport { mut read, mut write } = transport;
    let (out, mut frames) = mpsc::unbounded_channel::<BytesMut>();
    let writing = async {
        while let Some(frame) = frames.recv().await {
            if write.send(frame.freeze()).await.is_err() {
                return;
            }
        }
    };
    let reading = async {
        let (mut decoder, mut headers, mut errors, mut open) = (Decoder::default(), Headers::new(), HashMap::new(), HashMap::new());
        while let Some(Ok(bytes)) = read.next().await {
            decoder.push(&bytes);
            while let Some(frame) = decoder.next().unwrap() {
                match frame {
                    Frame::Control { kind: frame::SYN_STREAM, body, .. } => {
                        let id = frame::number(frame::SYN_STREAM, &body, 0).unwrap();
                        let asked = headers.read(&body[10..]);
                        send(&out, |out| frame::control(out, frame::SYN_REPLY, 0, &id.to_be_bytes()));
                        if asked["streamtype"] == "error" {
                            errors.insert(asked["requestid"].clone(), id);
                        } else {
                            let error = errors[&asked["requestid"]];
                            open.extend(connect(&listening, asked["port"].parse().unwrap(), (error, id), &out).map(|pod| (id, pod)));
                        }
                    }
                    Frame::Control { kind: frame::PING, body, .. } => send(&out, |out| frame::control(out, frame::PING, 0, &body)),
                    Frame::Control { kind: frame::RST_STREAM, body, .. } => {
                        open.remove(&frame::number(frame::RST_STREAM, &body, 0).unwrap());
                    }
                    Frame::Control { kind: frame::GOAWAY, .. } => return,
                    Frame::Control { .. } => {}
                    Frame::Data { id, bytes, fin } => {
                        if let Some(pod) = open.get_mut(&id) {
                            let _ = pod.write_all(&bytes).await;
                            if fin {
                                let _ = pod.shutdown().await;
                            }
                        }
                    }
                }
            }
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
        () = listening.cut.notified() => {}
    }
}

fn send(out: &mpsc::UnboundedSender<BytesMut>, frame: impl FnOnce(&mut BytesMut)) {
    let mut bytes = BytesMut::new();
    frame(&mut bytes);
    let _ = out.send(bytes);
}

/// Connects a pair of streams with a server; `None` if nothing listens.
fn connect(
    listening: &Listening,
    port: u16,
    (error, id): (u32, u32),
    out: &mpsc::UnboundedSender<BytesMut>,
) -> Option<WriteHalf<tokio::io::DuplexStream>> {
    let Some(answers) = (listening.find)(port) else {
        let text = format!("error forwarding port {port} to pod x: dial tcp4 127.0.0.1: connect: connection refused");
        send(out, |out| frame::data(out, error, text.as_bytes(), true));
        send(out, |out| frame::data(out, id, &[], true));
        return None;
    };
    let (near, far) = duplex(64 * 1024);
    tokio::spawn(serve(far, listening.pod.clone(), answers));
    let (mut read, write) = split(near);
    let out = out.clone();
    tokio::spawn(async move {
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = read.read(&mut chunk).await {
            send(&out, |out| frame::data(out, id, &chunk[..read], false));
        }
        send(&out, |out| frame::data(out, error, &[], true));
        send(&out, |out| frame::data(out, id, &[], true));
    });
    Some(write)
}

/// Reads header blocks with a library, which checks what was written without one.
struct Headers {
    inflate: Decompress,
    begun: bool,
}

impl Headers {
    fn new() -> Self {
        Self { inflate: Decompress::new(false), begun: false }
    }

    fn read(&mut self, block: &[u8]) -> HashMap<String, String> {
        // What names the dictionary: no block refers to it.
        let block = if std::mem::replace(&mut self.begun, true) { block } else { &block[6..] };
        let mut plain = Vec::with_capacity(1_024);
        self.inflate.decompress_vec(block, &mut plain, FlushDecompress::Sync).unwrap();
        let mut plain = Bytes::from(plain);
        let text = |plain: &mut Bytes| {
            let length = plain.get_u32() as usize;
            String::from_utf8(plain.split_to(length).to_vec()).unwrap()
        };
        (0..plain.get_u32()).map(|_| (text(&mut plain), text(&mut plain))).collect()
    }
}
