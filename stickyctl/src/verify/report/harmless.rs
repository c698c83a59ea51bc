//! Texts from outside, made safe for terminals and files.

/// A text without characters that move a cursor, change a colour or the direction of writing, or that XML cannot have (section 2.2 of XML 1.0);
/// they are escaped.
#[must_use]
pub(crate) fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
    let no_xml = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().fold(String::new(), |mut safe, c| {
        if c.is_control() || turns(c) || no_xml(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_words_are_harmless() {
        assert_eq!(harmless("web-1"), "web-1");
        assert_eq!(harmless("a\u{1b}[31m\nb\u{202e}c"), "a\\u{1b}[31m\\u{a}b\\u{202e}c");
        assert_eq!(harmless("\u{61c}\u{2060}\u{e0041}"), "\\u{61c}\\u{2060}\\u{e0041}");
        assert_eq!(harmless("a\u{0}b\u{fffe}c\u{1f600}"), "a\\u{0}b\\u{fffe}c\u{1f600}");
    }
}
