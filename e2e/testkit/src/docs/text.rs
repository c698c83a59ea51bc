//! Commands, headings and links of a Markdown text.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// A command line for the reader to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The nearest heading of the second level above it, or the title.
    pub heading: String,
    /// The line without its `$ `.
    pub line: String,
}

/// The commands of a text: lines with `$ ` in blocks that are marked `console`.
#[must_use]
pub fn commands(text: &str) -> Vec<Command> {
    let (mut heading, mut is_heading, mut is_console, mut all) = (String::new(), false, false, Vec::new());
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. }) => (heading, is_heading) = (String::new(), true),
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Text(text) | Event::Code(text) if is_heading => heading.push_str(&text),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(word))) => is_console = &*word == "console",
            Event::End(TagEnd::CodeBlock) => is_console = false,
            Event::Text(text) if is_console => {
                let lines = text.lines().filter_map(|line| line.strip_prefix("$ "));
                all.extend(lines.map(|line| Command { heading: heading.clone(), line: line.to_owned() }));
            }
            _ => {}
        }
    }
    all
}

/// The targets of a text's links and pictures.
#[must_use]
pub fn links(text: &str) -> Vec<String> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    };
    Parser::new_ext(text, Options::ENABLE_TABLES).filter_map(target).collect()
}

/// The anchors that GitHub generates for a text's headings.
#[must_use]
pub fn anchors(text: &str) -> Vec<String> {
    let (mut current, mut all) = (None::<String>, Vec::new());
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => current = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(current) = &mut current {
                    current.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => all.extend(current.take().map(|heading| anchor(&heading))),
            _ => {}
        }
    }
    all
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# A\n\n```console\n$ one\nits answer\n$ two\n```\n\n## `b` c\n\n```yaml\n$ no\n```\n\n### d\n\n```console\n$ three\n```\n[x](y.md#z) ![p](q.png)\n";

    #[test]
    fn commands_have_their_heading() {
        let command = |heading: &str, line: &str| Command { heading: heading.to_owned(), line: line.to_owned() };
        assert_eq!(commands(TEXT), [command("A", "one"), command("A", "two"), command("b c", "three")]);
    }

    #[test]
    fn links_and_anchors() {
        assert_eq!(links(TEXT), ["y.md#z", "q.png"]);
        assert_eq!(anchors(TEXT), ["a", "b-c", "d"]);
        assert_eq!(anchor("What's `up`, doc?"), "whats-up-doc");
    }
}
