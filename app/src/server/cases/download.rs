//! A download in pieces: a worker remembers how far a session has got, and another worker doesn't know it.

use crate::bus::Relayed;
use crate::server::message::bus_name;
use crate::server::page::README_TEXT;
use crate::server::received::{Needs, Received};
use crate::server::reply::Problem;
use crate::server::worker::Worker;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;
use sticky_core::download::{Cursor, PIECES, Piece, slice};
use sticky_core::stats::bump;
use sticky_core::trace::Kind;
use sticky_core::wire::Text;

#[derive(Serialize)]
struct Opened {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    pieces: u8,
    next: u8,
}

/// `POST /download/ID?from=K`: begins the session's download here, at piece K.
pub(in crate::server) async fn open(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let cursor = from(&request)?;
    let received = Received::read(worker, request, Needs::Nothing).await?;
    received.worker.kept.open(received.to, cursor, Instant::now())?;
    let text = format!("[{}] your cursor is here, before {}", received.text(), Piece::name(cursor.next()));
    let at = received.at();
    Ok(received.answer(Text { text, ..Text::default() }, Opened { at, pieces: PIECES, next: cursor.next() }))
}

#[derive(Serialize)]
struct Next {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    pieces: u8,
    /// `null` if this worker has no cursor of the session.
    piece: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'static str>,
}

/// `POST /download/ID/next`: the piece that comes next, if the session's cursor is here.
pub(in crate::server) async fn next(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let mut received = Received::read(worker, request, Needs::Nothing).await?;
    let (piece, place, at) = (received.worker.kept.advance(&received.to, Instant::now()).map(Cursor::next), received.place(), received.at());
    let text = match piece {
        Some(piece) => format!("[{}]  {}", received.text(), Piece::name(piece)),
        None => {
            received.hop(&place, None, Kind::Miss);
            format!("[{}] no cursor of yours here", received.text())
        }
    };
    let (next, data) = (piece.map(|piece| piece + 1), piece.map(|piece| slice(README_TEXT, piece)));
    Ok(received.answer(Text { text, ..Text::default() }, Next { at, pieces: PIECES, piece, next, data }))
}

#[derive(Serialize)]
struct Published {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    from: u8,
    /// The number of pieces that were published.
    published: u8,
}

/// `POST /download/ID/relay?from=K`: publishes piece K and those after it, for the worker that holds the session's socket. It needs no
/// cursor, so any worker can do it.
pub(in crate::server) async fn relay(State(worker): State<Arc<Worker>>, request: Request<Body>) -> Result<Response, Problem> {
    let cursor = from(&request)?;
    let mut received = Received::read(worker, request, Needs::Nothing).await?;
    let (desk, bus, place) = (received.worker.desk.clone(), received.worker.bus.clone(), received.place());
    let mut message = Relayed {
        to: received.to.as_str().to_owned(),
        text: String::new(),
        trace: received.trace.as_ref().map(|trace| trace.id.clone()),
        key: received.message.key.clone(),
        download: None,
    };
    received.hop(&place, Some("bus"), Kind::Publish);
    let (mut published, mut receivers) = (0, u64::MAX);
    for piece in cursor.rest() {
        message.download = Some(Piece::of(README_TEXT, piece));
        let heard = bus.publish(&message).await.map_err(|error| {
            bump(&desk.stats.publish_failures);
            Problem::new(503, error.code(), format!("{}: {error}; {published} pieces were published before it", Piece::name(piece))).retry_after(1)
        })?;
        bump(&desk.stats.publishes);
        bump(&desk.stats.pieces_relayed);
        if heard == 0 {
            bump(&desk.stats.misses_relay);
        }
        published += 1;
        receivers = receivers.min(heard);
    }
    if receivers == 0 {
        received.hop("bus", None, Kind::Miss);
    }
    let text = format!("[{}] publishing {published} pieces to {}", received.text(), bus_name(&*bus));
    let at = received.at();
    Ok(received.answer(Text { text, receivers: Some(receivers), ..Text::default() }, Published { at, from: cursor.next(), published }))
}

fn from(request: &Request<Body>) -> Result<Cursor, Problem> {
    Cursor::from_query(request.uri().query()).map_err(|bad| Problem::new(400, "bad-from", bad.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_worth_reading_and_fits_on_the_bus() {
        let pieces: Vec<_> = (0..PIECES).map(|n| Piece::of(README_TEXT, n)).collect();
        assert!(pieces.iter().all(|piece| piece.fits() && piece.data.len() > 200));
        assert_eq!(pieces.iter().map(|piece| piece.data.as_str()).collect::<String>(), README_TEXT);
    }
}
