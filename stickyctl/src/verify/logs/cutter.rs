//! Lines from bytes. No I/O.

use k8s_openapi::jiff::Timestamp;

/// The longest line, in bytes; the rest of a longer one is dropped.
pub(super) const LONGEST: usize = 64 << 10;
/// The longest timestamp, as in `2026-11-30T09:10:11.123456789+00:00`.
const TIMESTAMP: usize = 40;

/// Cuts a stream into lines. Keeps at most one line.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    line: Vec<u8>,
    cut: bool,
}

/// A line as the API server sends it with `timestamps=true`.
#[derive(Debug, PartialEq)]
pub(super) struct Line<'a> {
    /// When the container wrote it, by the node's clock; `None` if the line has no timestamp.
    pub(super) at: Option<Timestamp>,
    pub(super) text: &'a [u8],
    /// Whether its end is missing.
    pub(super) cut: bool,
}

impl Cutter {
    /// Takes bytes, and calls `each` for every line that they end.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8], bool)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.add(line);
            each(&self.line, self.cut);
            self.clear();
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.add(bytes);
    }

    /// The line that the stream ended in. A log whose container is gone may end without a newline.
    pub(super) fn rest(&mut self, each: impl FnOnce(&[u8], bool)) {
        if !self.line.is_empty() {
            each(&self.line, true);
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.line.clear();
        self.cut = false;
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = LONGEST.saturating_sub(self.line.len());
        self.line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.cut |= bytes.len() > room;
    }
}

impl<'a> Line<'a> {
    pub(super) fn read(line: &'a [u8], cut: bool) -> Self {
        let stamped = || {
            let end = line.iter().take(TIMESTAMP).position(|byte| *byte == b' ')?;
            let at = std::str::from_utf8(line.get(..end)?).ok()?.parse().ok()?;
            Some((at, line.get(end + 1..)?))
        };
        match stamped() {
            Some((at, text)) => Self { at: Some(at), text, cut },
            None => Self { at: None, text: line, cut },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<(Vec<u8>, bool)> {
        let (mut cutter, mut all) = (Cutter::default(), Vec::new());
        for chunk in chunks {
            cutter.take(chunk, |line, cut| all.push((line.to_vec(), cut)));
        }
        cutter.rest(|line, cut| all.push((line.to_vec(), cut)));
        all
    }

    #[test]
    fn lines_come_in_pieces_and_have_a_limit() {
        let whole = |text: &[u8]| (text.to_vec(), false);
        assert_eq!(lines(&[b"a\nb", b"c", b"\n\n", b"d\n"]), [whole(b"a"), whole(b"bc"), whole(b""), whole(b"d")]);
        assert_eq!(lines(&[b"a\nb"]), [whole(b"a"), (b"b".to_vec(), true)], "the end of a stream cuts");
        let long = vec![b'x'; LONGEST];
        assert_eq!(lines(&[&long, b"\na\n"]), [(long.clone(), false), whole(b"a")]);
        assert_eq!(lines(&[&long, b"y", b"z\na\n"]), [(long, true), whole(b"a")]);
    }

    #[test]
    fn a_line_begins_with_its_time() {
        let line = Line::read(b"2026-11-30T09:10:11.123456789Z 10.0.0.1 - \xff", false);
        assert_eq!((line.at, line.text), ("2026-11-30T09:10:11.123456789Z".parse().ok(), &b"10.0.0.1 - \xff"[..]));
        for text in ["", "x", "x y", "2026-11-30T09:10:11Z", "failed to watch file: gone"] {
            assert_eq!(Line::read(text.as_bytes(), false), Line { at: None, text: text.as_bytes(), cut: false });
        }
    }
}
