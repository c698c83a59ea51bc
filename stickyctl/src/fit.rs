//! Text in the width of a terminal.

use rustix::termios::tcgetwinsize;
use std::io::IsTerminal;
use std::os::fd::AsFd;

/// The narrowest width that text is wrapped to, in columns.
const NARROWEST: usize = 40;

/// The width of a stream's terminal in columns; `None` if it is no terminal, or does not tell: then nothing is wrapped.
pub(crate) fn columns(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    let size = stream.is_terminal().then(|| tcgetwinsize(stream).ok()).flatten()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col).max(NARROWEST))
}

/// The text with longer lines wrapped between words, and words that are too long cut apart, except for URLs: the terminal wraps those, and
/// what is copied from it stays a URL. What is continued stands below its column: columns are two spaces apart.
pub(crate) fn fit(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    text.split('\n').map(|line| wrapped(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrapped(line: &str, width: usize) -> String {
    if length(line) <= width {
        return line.to_owned();
    }
    let indent = column(line, width);
    let (mut text, mut at, mut rest) = (String::new(), 0, line);
    while !rest.is_empty() {
        let gap = rest.len() - rest.trim_start_matches(' ').len();
        let (word, after) = rest.split_at(rest[gap..].find(' ').map_or(rest.len(), |end| gap + end));
        rest = after;
        if at + length(word) <= width {
            text.push_str(word);
            at += length(word);
            continue;
        }
        let mut word = word.trim_start_matches(' ');
        // A long word begins on a line of its own, where it is easier to copy.
        loop {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            // One with colors stays whole, so that none of them is cut.
            let cut = word.char_indices().nth(width - indent).filter(|_| !word.contains('\x1b') && !word.contains("://"));
            let end = cut.map_or(word.len(), |(end, _)| end);
            text.push_str(&word[..end]);
            at = indent + length(&word[..end]);
            word = &word[end..];
            if word.is_empty() {
                break;
            }
        }
    }
    text
}

/// Where a line is continued: at its last column in the left half, or else two spaces further in than the line.
fn column(line: &str, width: usize) -> usize {
    let start = line.len() - line.trim_start_matches(' ').len();
    let ends = line.match_indices("  ").map(|(gap, _)| gap).filter(|gap| *gap > start);
    let begins = ends.map(|gap| line.len() - line[gap..].trim_start_matches(' ').len()).map(|at| length(&line[..at]));
    begins.filter(|at| *at <= width / 2).max().unwrap_or(start + 2)
}

/// Without colors, which take no room.
fn length(text: &str) -> usize {
    if text.contains('\x1b') { anstream::adapter::strip_str(text).to_string().chars().count() } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
spread          ✓       60 controls without a cookie reached 3 pods
cookie    sticky_local  Path=/ HttpOnly SameSite=Lax  set 40, sent 420, redacted

  seen: 240 of 360 later requests reached another pod, and nobody knows why
1  A short cause";

    #[test]
    fn lines_are_continued_below_their_column() {
        assert_eq!(fit(TEXT, None), TEXT);
        assert_eq!(
            fit(TEXT, Some(60)),
            "\
spread          ✓       60 controls without a cookie reached
                        3 pods
cookie    sticky_local  Path=/ HttpOnly SameSite=Lax  set
                        40, sent 420, redacted

  seen: 240 of 360 later requests reached another pod, and
    nobody knows why
1  A short cause"
        );
    }

    #[test]
    fn a_url_can_be_copied() {
        let url = format!("https://example.test/{}", "n".repeat(90));
        assert_eq!(fit(&format!("  kubectl apply -f {url}"), Some(60)), format!("  kubectl apply -f\n    {url}"));
    }

    #[test]
    fn nothing_is_wider() {
        let long = format!("{TEXT}\ncookie    {}  Path=/\n{}", "n".repeat(300), "ä".repeat(99));
        for width in 40..100 {
            let text = fit(&long, Some(width));
            assert!(text.lines().all(|line| length(line) <= width && !line.ends_with(' ')), "{width}: {text}");
            assert_eq!(text.replace([' ', '\n'], ""), long.replace([' ', '\n'], ""));
        }
    }
}
