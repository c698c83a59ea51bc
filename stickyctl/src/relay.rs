//! How a run inside a cluster reports to the stickyctl that started it: lines in its pod's log.
//!
//! A pod's log has one stream for stdout and stderr, so each line that is not for people begins with a word of its own. The report is compressed and
//! split into numbered lines, and its first line has its length and its digest: the API server and the kubelet may cut a log short (the
//! kubelet rotates it at 10 MiB unless configured otherwise, kubelet's `containerLogMaxSize`), and a report that is not whole must not pass
//! for one. No line is longer than 16 KiB, where container runtimes split lines (containerd `internal/cri/io/logger.go`).

use crate::exit::{Exit, Failure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};

/// The variable of a run that reports in this way. It is not empty then.
pub(crate) const VARIABLE: &str = "STICKYCTL_RELAY";

const PROGRESS: &str = "stickyctl-progress";
const FAILURE: &str = "stickyctl-failure";
const REPORT: &str = "stickyctl-report";
const PART: &str = "stickyctl-part";

/// Bytes of a report in one line; base64 makes a third more of them.
const CHUNK: usize = 8 << 10;
/// The most lines of a report: 64 MiB, compressed.
const MOST_PARTS: usize = (64 << 20) / CHUNK;
/// The largest report in bytes, as for `--baseline`.
const LARGEST: u64 = if cfg!(test) { 1 << 20 } else { 256 << 20 };

/// What a run is doing now.
pub(crate) fn progress(what: &str) -> String {
    format!("{PROGRESS} {}", what.replace(['\n', '\r'], " "))
}

/// Why a run ended without a report.
pub(crate) fn failure(failure: &Failure) -> String {
    let told = Told { exit: failure.exit as u8, what: failure.what.clone(), tries: failure.tries.clone() };
    // Only maps with keys that aren't texts have no JSON form.
    format!("{FAILURE} {}", serde_json::to_string(&told).unwrap_or_default())
}

#[derive(Serialize, Deserialize)]
struct Told {
    exit: u8,
    what: String,
    tries: Vec<String>,
}

/// The lines of a report.
pub(crate) fn report(json: &[u8]) -> io::Result<Vec<String>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(json)?;
    let packed = packed.finish()?;
    let chunks: Vec<&[u8]> = packed.chunks(CHUNK).collect();
    let first = format!("{REPORT} {} {} {:x}", chunks.len(), packed.len(), Sha256::digest(&packed));
    let parts = chunks.iter().enumerate().map(|(number, chunk)| format!("{PART} {number} {}", STANDARD.encode(chunk)));
    Ok(std::iter::once(first).chain(parts).collect())
}

/// What a line of the log is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// What the run is doing now.
    Progress(String),
    /// A line for people.
    Note(String),
    /// It was for the [`Reader`].
    Taken,
}

/// Puts the lines of a log together again. A line may come twice.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    announced: Option<Announced>,
    parts: BTreeMap<usize, Vec<u8>>,
    failed: Option<(u8, String, Vec<String>)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Announced {
    parts: usize,
    bytes: usize,
    digest: String,
}

/// Why there is no whole report.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// Nothing announced one.
    #[error("it wrote no report")]
    Missing,
    /// Lines are missing.
    #[error("its log has {got} of {of} lines of the report")]
    Cut { got: usize, of: usize },
    /// It is not what was written.
    #[error("the report in its log is damaged")]
    Damaged,
    /// It exceeds the limit.
    #[error("its report is larger than {} MiB", LARGEST >> 20)]
    TooLarge,
}

impl Reader {
    /// Takes a line of the log.
    pub(crate) fn line(&mut self, line: &str) -> Line {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            PROGRESS => return Line::Progress(rest.to_owned()),
            FAILURE => {
                if let Ok(Told { exit, what, tries }) = serde_json::from_str(rest) {
                    self.failed = Some((exit, what, tries));
                }
            }
            REPORT => {
                let mut words = rest.split(' ');
                let announced = (|| {
                    let (parts, bytes) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                    Some(Announced { parts, bytes, digest: words.next()?.to_owned() })
                })();
                if self.announced != announced {
                    self.parts.clear();
                }
                self.announced = announced;
            }
            PART => {
                let part = rest.split_once(' ').and_then(|(number, text)| Some((number.parse().ok()?, STANDARD.decode(text).ok()?)));
                if let Some((number, bytes)) = part.filter(|(number, bytes)| *number < MOST_PARTS && bytes.len() <= CHUNK) {
                    self.parts.insert(number, bytes);
                }
            }
            _ => return Line::Note(line.to_owned()),
        }
        Line::Taken
    }

    /// The failure that the run ended with, if it had no report.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let (exit, what, tries) = self.failed.clone()?;
        Some(Failure { exit: exit_of(exit), what, tries })
    }

    /// The JSON of the report.
    pub(crate) fn json(&self) -> Result<Vec<u8>, Broken> {
        let announced = self.announced.as_ref().ok_or(Broken::Missing)?;
        if announced.parts > MOST_PARTS {
            return Err(Broken::TooLarge);
        }
        let got = self.parts.keys().filter(|number| **number < announced.parts).count();
        if got < announced.parts {
            return Err(Broken::Cut { got, of: announced.parts });
        }
        let packed = self.parts.range(..announced.parts).flat_map(|(_, bytes)| bytes.iter().copied()).collect::<Vec<u8>>();
        if packed.len() != announced.bytes || format!("{:x}", Sha256::digest(&packed)) != announced.digest {
            return Err(Broken::Damaged);
        }
        let mut json = Vec::new();
        GzDecoder::new(&*packed).take(LARGEST + 1).read_to_end(&mut json).map_err(|_| Broken::Damaged)?;
        if json.len() as u64 > LARGEST { Err(Broken::TooLarge) } else { Ok(json) }
    }
}

/// The exit code of a process as one of ours.
pub(crate) fn exit_of(code: u8) -> Exit {
    let all = [Exit::Done, Exit::Usage, Exit::Negative, Exit::TimedOut, Exit::Prerequisite, Exit::Inconclusive, Exit::Interrupted];
    all.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Exit::Failed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Bytes that hardly compress.
    fn large() -> Vec<u8> {
        let mut rng = fastrand::Rng::with_seed(7);
        std::iter::repeat_with(|| rng.alphanumeric() as u8).take(200_000).collect()
    }

    fn read(lines: &[String]) -> Result<Vec<u8>, Broken> {
        let mut reader = Reader::default();
        for line in lines {
            assert_eq!(reader.line(line), Line::Taken, "{line}");
        }
        reader.json()
    }

    #[test]
    fn a_report_comes_back_whole_or_not_at_all() {
        for json in [b"{}".to_vec(), large()] {
            let lines = report(&json).unwrap();
            assert!(lines.iter().all(|line| line.len() < 12 << 10), "container runtimes split lines of 16 KiB");
            assert_eq!(read(&lines).unwrap(), json);
            let twice: Vec<String> = lines.iter().chain(&lines).cloned().collect();
            assert_eq!(read(&twice).unwrap(), json, "a log that is read again from its start");
        }
        let lines = report(&large()).unwrap();
        assert!(lines.len() > 10);
        for cut in [1, 2, lines.len() - 1] {
            assert_eq!(read(&lines[..cut]), Err(Broken::Cut { got: cut - 1, of: lines.len() - 1 }));
        }
        assert_eq!(read(&lines[1..]), Err(Broken::Missing), "the beginning was rotated away");
        let mut short = lines.clone();
        short[3] = lines[2].replacen(" 1 ", " 2 ", 1);
        assert_eq!(read(&short), Err(Broken::Damaged));
        let mut hostile = lines;
        hostile[0] = format!("{REPORT} {} 1 ab", usize::MAX);
        assert_eq!(read(&hostile), Err(Broken::TooLarge));
    }

    #[test]
    fn a_bomb_has_a_limit() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..2 {
            packed.write_all(&zeros).unwrap();
        }
        let packed = packed.finish().unwrap();
        let chunks: Vec<&[u8]> = packed.chunks(CHUNK).collect();
        let mut reader = Reader::default();
        reader.line(&format!("{REPORT} {} {} {:x}", chunks.len(), packed.len(), Sha256::digest(&packed)));
        for (number, chunk) in chunks.iter().enumerate() {
            reader.line(&format!("{PART} {number} {}", STANDARD.encode(chunk)));
        }
        assert_eq!(reader.json(), Err(Broken::TooLarge));
    }

    #[test]
    fn other_lines() {
        let mut reader = Reader::default();
        assert_eq!(reader.line(&progress("12 of 800\nnext")), Line::Progress("12 of 800 next".to_owned()));
        assert_eq!(reader.line("! a warning"), Line::Note("! a warning".to_owned()));
        for odd in [PART, REPORT, FAILURE, "stickyctl-part x y", "stickyctl-report 1", "stickyctl-failure {"] {
            assert_eq!(reader.line(odd), Line::Taken);
        }
        assert_eq!((reader.json(), reader.failure().is_none()), (Err(Broken::Missing), true));
        let wrong = Failure::new(Exit::Usage, "invalid host `x`\nhelp").try_this("--host y");
        let line = failure(&wrong);
        assert_eq!((line.lines().count(), reader.line(&line)), (1, Line::Taken));
        let back = reader.failure().unwrap();
        assert_eq!((back.exit, back.what, back.tries), (Exit::Usage, wrong.what, wrong.tries));
        assert_eq!((exit_of(3), exit_of(137), exit_of(0)), (Exit::Negative, Exit::Failed, Exit::Done));
    }
}
