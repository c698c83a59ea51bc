//! Splits JavaScript into the tokens that the joiner looks at.

/// What a token is. Numbers count as words, and each character of an operator is a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// A string, a regular expression, or a piece of a template.
    Text,
    Comment,
    Sign,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Where it starts, in bytes.
    pub(crate) at: usize,
    /// How many brackets are open around it.
    pub(crate) depth: usize,
}

/// Words after which a slash begins a regular expression.
const BEFORE_VALUE: [&str; 10] = ["return", "typeof", "case", "in", "of", "do", "else", "void", "yield", "await"];

/// # Errors
/// Something isn't closed; the number is the place in bytes.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token<'_>>, (usize, &'static str)> {
    let (mut found, mut open, mut at) = (Vec::<Token<'_>>::new(), Vec::<char>::new(), 0);
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let resumes_template = c == '}' && open.last() == Some(&'$');
        let (kind, length) = if rest.starts_with("//") {
            (Kind::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (Kind::Comment, rest.find("*/").ok_or((at, "a comment isn't closed"))? + 2)
        } else if matches!(c, '"' | '\'') {
            (Kind::Text, 1 + quoted(&rest[1..], c).ok_or((at, "a string isn't closed"))?)
        } else if c == '/' && begins_value(&found) {
            (Kind::Text, 1 + expression(&rest[1..]).ok_or((at, "a regular expression isn't closed"))?)
        } else if c == '`' || resumes_template {
            let (length, goes_on) = template(&rest[1..]).ok_or((at, "a template isn't closed"))?;
            if resumes_template {
                open.pop();
            }
            let depth = open.len();
            if goes_on {
                open.push('$');
            }
            found.push(Token { kind: Kind::Text, text: &rest[..=length], at, depth });
            at += 1 + length;
            continue;
        } else if is_word(c) {
            (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
        } else {
            (Kind::Sign, c.len_utf8())
        };
        if kind == Kind::Sign && ")]}".contains(c) {
            let opens = open.pop().ok_or((at, "a bracket closes what isn't open"))?;
            if !["()", "[]", "{}"].contains(&format!("{opens}{c}").as_str()) {
                return Err((at, "a bracket closes another kind"));
            }
        }
        found.push(Token { kind, text: &rest[..length], at, depth: open.len() });
        if kind == Kind::Sign && "([{".contains(c) {
            open.push(c);
        }
        at += length;
    }
    if open.is_empty() { Ok(found) } else { Err((source.len(), "a bracket isn't closed")) }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#')
}

/// Whether a value is due, so that a slash can't divide.
fn begins_value(found: &[Token<'_>]) -> bool {
    match found.iter().rev().find(|token| token.kind != Kind::Comment) {
        None => true,
        Some(last) => match last.kind {
            Kind::Word => BEFORE_VALUE.contains(&last.text),
            Kind::Sign => !matches!(last.text, ")" | "]" | "}"),
            Kind::Text | Kind::Comment => last.text.ends_with("${"),
        },
    }
}

/// The length up to and with the closing quote.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return None,
            c if c == quote => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// The length up to and with the closing slash; flags are left to be a word.
fn expression(rest: &str) -> Option<usize> {
    let (mut escaped, mut in_class) = (false, false);
    for (i, c) in rest.char_indices() {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// The length up to and with a closing backtick, or with a `${` that lets code follow.
fn template(rest: &str) -> Option<(usize, bool)> {
    let mut escaped = false;
    for (i, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '`' => return Some((i + 1, false)),
            '$' if rest[i..].starts_with("${") => return Some((i + 2, true)),
            _ => {}
        }
    }
    None
}
