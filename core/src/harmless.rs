//! Texts from outside, made safe for terminals and files.
//!
//! A control character can move the cursor, set the window's title or fill the clipboard, and a bidirectional override can
//! make a text read as another one. They are escaped where a text is printed, so that no caller can forget it.

/// Whether a character changes how a terminal shows other text, or can't be seen, or can't be in XML (section 2.2 of XML 1.0).
fn is_harmful(c: char) -> bool {
    // C0, DEL and C1; then bidirectional controls, zero-width and invisible characters, and tags.
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// A text on one line: everything that a terminal would act on is escaped, newlines and tabs too.
#[must_use]
pub fn harmless(text: &str) -> String {
    escaped(text, |_| false, rust)
}

/// As [`harmless`], for a text of several lines: newlines stay.
#[must_use]
pub fn harmless_lines(text: &str) -> String {
    escaped(text, |c| c == '\n', rust)
}

/// The same JSON, with such characters written as JSON escapes. Outside of strings JSON has none of them but newlines.
#[must_use]
pub fn harmless_json(json: &str) -> String {
    escaped(json, |c| c == '\n', |c, out| c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))))
}

/// As [`harmless_lines`], for a text with colors: the sequences that set colors and weights stay (SGR, section 8.3.117 of ECMA-48).
#[must_use]
pub fn harmless_styled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(&harmless_lines(before));
        let end = after.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(after.len());
        let is_style = after[end..].starts_with('m');
        out.push_str(if is_style { "\u{1b}[" } else { "\\u{1b}[" });
        let kept = if is_style { end + 1 } else { end };
        out.push_str(&after[..kept]);
        rest = &after[kept..];
    }
    out.push_str(&harmless_lines(rest));
    out
}

fn rust(c: char, out: &mut String) {
    out.extend(c.escape_unicode());
}

fn escaped(text: &str, stays: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        if is_harmful(c) && !stays(c) {
            escape(c, &mut safe);
        } else {
            safe.push(c);
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets the title, writes the clipboard, hides what follows, ends a line, and reverses a text: as C0, C1 and Unicode controls.
    const HOSTILE: &str = "a\u{1b}]0;title\u{7}\u{9b}31m\u{9d}52;c;eA==\u{9c}\r\n\t\u{8}\u{7f}\u{202e}b\u{2066}\u{61c}\u{200b}\u{e0041}";

    #[test]
    fn strangers_words_are_harmless() {
        assert_eq!(harmless("web-1 – ü \u{1f600}"), "web-1 – ü \u{1f600}");
        assert_eq!(harmless("a\u{1b}[31m\nb\u{202e}c"), "a\\u{1b}[31m\\u{a}b\\u{202e}c");
        assert_eq!(harmless("\u{61c}\u{2060}\u{e0041}"), "\\u{61c}\\u{2060}\\u{e0041}");
        assert_eq!(harmless("a\u{0}b\u{fffe}c\u{1f600}"), "a\\u{0}b\\u{fffe}c\u{1f600}");
        assert!(harmless(HOSTILE).chars().all(|c| !is_harmful(c)));
        assert!(harmless_lines(HOSTILE).chars().all(|c| c == '\n' || !is_harmful(c)));
    }

    #[test]
    fn json_stays_the_same_json() {
        let json = serde_json::to_string_pretty(&serde_json::json!({ HOSTILE: [HOSTILE] })).unwrap();
        let safe = harmless_json(&json);
        assert!(safe.chars().all(|c| c == '\n' || !is_harmful(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), serde_json::from_str::<serde_json::Value>(&json).unwrap());
    }

    #[test]
    fn of_all_sequences_only_styles_stay() {
        let styled = "\u{1b}[1;31merror:\u{1b}[0m no\n";
        assert_eq!(harmless_styled(styled), styled);
        assert_eq!(harmless_styled("\u{1b}[2J\u{1b}[1;1Hx\u{1b}["), "\\u{1b}[2J\\u{1b}[1;1Hx\\u{1b}[");
        assert_eq!(harmless_styled("\u{1b}\u{1b}[1m\u{1b}]0;t\u{7}"), "\\u{1b}\u{1b}[1m\\u{1b}]0;t\\u{7}");
        assert!(!harmless_styled(HOSTILE).contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']));
    }
}
