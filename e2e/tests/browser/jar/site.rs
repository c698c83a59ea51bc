//! A site over http and https that answers with prepared bytes, and keeps each request's `Cookie` header byte for byte. No HTTP library: they
//! refuse some of what browsers have to cope with.

use anyhow::Result;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The header lines of each row's answers.
type Answers = Arc<Vec<Vec<Vec<u8>>>>;
type Heard = Arc<Mutex<HashMap<(usize, usize), Option<Vec<u8>>>>>;

pub(super) struct Site {
    ports: [u16; 2],
    heard: Heard,
}

impl Site {
    pub(super) async fn start(answers: Vec<Vec<Vec<u8>>>) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()])?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)?;
        let (answers, heard): (Answers, Heard) = (Arc::new(answers), Heard::default());
        let acceptors = [None, Some(TlsAcceptor::from(Arc::new(tls)))];
        let mut ports = [0; 2];
        for (port, acceptor) in ports.iter_mut().zip(acceptors) {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            *port = listener.local_addr()?.port();
            let (answers, heard) = (Arc::clone(&answers), Arc::clone(&heard));
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (acceptor, answers, heard) = (acceptor.clone(), Arc::clone(&answers), Arc::clone(&heard));
                    // Browsers open connections that they do not use.
                    tokio::spawn(async move {
                        match acceptor {
                            None => serve(stream, &answers, &heard).await,
                            Some(acceptor) => serve(acceptor.accept(stream).await.ok()?, &answers, &heard).await,
                        }
                    });
                }
            });
        }
        Ok(Self { ports, heard })
    }

    pub(super) fn url(&self, host: &str, tls: bool, path: &str) -> String {
        format!("{}://{host}:{}{path}", if tls { "https" } else { "http" }, self.ports[usize::from(tls)])
    }

    /// The `Cookie` header of a request; `Some(None)` if it had none.
    pub(super) fn heard(&self, row: usize, ask: usize) -> Option<Option<Vec<u8>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(&(row, ask)).cloned()
    }
}

/// Answers the requests of a connection, one after the other.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answers: &Answers, heard: &Heard) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let extra = extra(&head, answers, heard).unwrap_or_default();
        let lines = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nContent-Length: 0\r\n".as_slice();
        stream.write_all(&[lines, &extra, b"\r\n"].concat()).await.ok()?;
    }
}

/// The additional header lines of the answer to a request; none if it is not a row's. Keeps the `Cookie` header of a request that asks for it.
fn extra(head: &[u8], answers: &Answers, heard: &Heard) -> Option<Vec<u8>> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let target = String::from_utf8_lossy(lines.next()?.split(|byte| *byte == b' ').nth(1)?).into_owned();
    let id: Vec<&str> = target.rsplit(['?', '&']).next()?.split('.').collect();
    let [what, row, k] = id.as_slice() else { return None };
    let (row, k): (usize, usize) = (row.parse().ok()?, k.parse().ok()?);
    if *what == "set" {
        return answers.get(row)?.get(k).cloned();
    }
    let is_cookie = |line: &[u8]| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"cookie: "));
    let cookie = lines.find(|line| is_cookie(line)).map(|line| line[8..].to_vec());
    heard.lock().unwrap_or_else(PoisonError::into_inner).insert((row, k), cookie);
    None
}

/// `text` with each `from` replaced.
pub(super) fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut rest, mut all) = (text, Vec::new());
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        all.extend_from_slice(&rest[..at]);
        all.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    all.extend_from_slice(rest);
    all
}
