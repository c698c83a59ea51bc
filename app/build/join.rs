//! Joins the page's modules into one module, and its stylesheets into one stylesheet.
//!
//! Only what the page's modules do is understood: named imports from files beside them, and exported declarations. Anything else stops
//! the build, so that the file that is served can't mean something else than the modules that are checked and tested. Comments on
//! lines of their own are left out; a comment with the module's name stands above its code.

use super::tokens::{Kind, Token, tokens};
use std::collections::{BTreeMap, BTreeSet};

type Read<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// The module `entry` after all those that it imports.
///
/// # Errors
/// The message has the file, the line and what isn't understood there.
pub(crate) fn modules(entry: &str, read: Read<'_>) -> Result<String, String> {
    let mut all = Joined::default();
    all.add(entry, &mut Vec::new(), read)?;
    Ok(all.text)
}

/// The stylesheets that `entry` imports, in its order.
///
/// # Errors
/// It has rules of its own, or a stylesheet loads something.
pub(crate) fn stylesheets(entry: &str, read: Read<'_>) -> Result<String, String> {
    let mut text = String::new();
    let is_comment = |line: &str| line.starts_with("/*") && line.ends_with("*/");
    for line in read(entry)?.lines().filter(|line| !line.is_empty() && !is_comment(line)) {
        let name = line.strip_prefix("@import \"").and_then(|rest| rest.strip_suffix("\";"));
        let name = name.ok_or_else(|| format!("{entry}: `{line}` isn't `@import \"NAME.css\";`"))?;
        let sheet = read(name)?;
        if let Some(word) = ["@import", "url(http", "@charset"].iter().find(|word| sheet.contains(**word)) {
            return Err(format!("{name}: a joined stylesheet can't have {word}"));
        }
        text += &format!("/* {name} */\n{sheet}");
    }
    Ok(text)
}

#[derive(Default)]
struct Joined {
    text: String,
    /// What each module exports, once its text is there.
    exports: BTreeMap<String, BTreeSet<String>>,
    /// In which module each top-level name is.
    names: BTreeMap<String, String>,
}

impl Joined {
    fn add(&mut self, name: &str, importers: &mut Vec<String>, read: Read<'_>) -> Result<(), String> {
        if self.exports.contains_key(name) {
            return Ok(());
        }
        importers.push(name.to_owned());
        if let Some(start) = importers[..importers.len() - 1].iter().position(|importer| importer == name) {
            return Err(format!("modules import each other: {}", importers[start..].join(" -> ")));
        }
        let source =
            read(name).map_err(|why| format!("{}{why}", importers.iter().rev().nth(1).map_or(String::new(), |by| format!("{by} imports "))))?;
        let at = |place: usize, what: &str| format!("{name}:{}: {what}", source[..place].matches('\n').count() + 1);
        let all = tokens(&source).map_err(|(place, what)| at(place, what))?;
        let module = Module::parse(&source, &all).map_err(|(place, what)| at(place, &what))?;
        for (place, wanted, from) in &module.imports {
            self.add(from, importers, read)?;
            if let Some(missing) = wanted.iter().find(|name| !self.exports[from].contains(**name)) {
                return Err(at(*place, &format!("{from} exports no `{missing}`")));
            }
        }
        for (place, declared) in &module.names {
            if let Some(other) = self.names.insert((*declared).to_owned(), name.to_owned()) {
                return Err(at(*place, &format!("`{declared}` is a top-level name of {other} too")));
            }
        }
        self.text += &format!("// {name}\n{}", module.text);
        self.exports.insert(name.to_owned(), module.exports.into_iter().map(str::to_owned).collect());
        importers.pop();
        Ok(())
    }
}

type Wrong = (usize, String);

#[derive(Default)]
struct Module<'a> {
    /// Its place, the names, and the file.
    imports: Vec<(usize, Vec<&'a str>, String)>,
    exports: Vec<&'a str>,
    names: Vec<(usize, &'a str)>,
    text: String,
}

impl<'a> Module<'a> {
    fn parse(source: &'a str, all: &[Token<'a>]) -> Result<Self, Wrong> {
        let mut module = Self::default();
        // Bytes that the joined text doesn't have.
        let mut cut: Vec<(usize, usize)> =
            all.iter().filter(|token| token.kind == Kind::Comment).filter_map(|token| whole_lines(source, token)).collect();
        let code: Vec<Token<'a>> = all.iter().copied().filter(|token| token.kind != Kind::Comment).collect();
        let mut i = 0;
        while let Some(token) = code.get(i) {
            let is_key = i > 0 && code[i - 1].text == ".";
            match token.text {
                "import" if token.kind == Kind::Word && !is_key => {
                    let length = module.import(&code[i..])?;
                    let last = code[i + length - 1];
                    cut.push((token.at, through_newline(source, last.at + last.text.len())));
                    i += length;
                    continue;
                }
                "export" if token.kind == Kind::Word && !is_key => {
                    let next = code.get(i + 1).map_or("", |next| next.text);
                    if token.depth > 0 || !["const", "function", "async", "class"].contains(&next) {
                        return Err((token.at, format!("`export {next}`: only a const, a function or a class can be exported where it is declared")));
                    }
                    cut.push((token.at, code[i + 1].at));
                    let before = module.names.len();
                    module.declare(&code[i + 1..])?;
                    module.exports.extend(module.names[before..].iter().map(|(_, name)| *name));
                    // The declaration itself is not to be seen again.
                    i += if next == "async" { 3 } else { 2 };
                    continue;
                }
                "const" | "let" | "var" | "function" | "class" if token.kind == Kind::Word && token.depth == 0 && begins(&code, i) => {
                    module.declare(&code[i..])?
                }
                _ => {}
            }
            i += 1;
        }
        cut.sort_unstable();
        let mut from = 0;
        for (start, end) in cut {
            // A comment may be inside an import.
            if start >= from {
                module.text += &source[from..start];
                from = end;
            }
        }
        module.text += &source[from..];
        Ok(module)
    }

    /// Reads `import { a, b } from "./x.js";` and returns how many tokens it takes.
    fn import(&mut self, code: &[Token<'a>]) -> Result<usize, Wrong> {
        let wrong = || (code[0].at, "only `import { a, b } from \"./x.js\";` at top level is understood".to_owned());
        let end = code.iter().position(|token| token.text == ";").filter(|_| code[0].depth == 0).ok_or_else(wrong)?;
        let [_, open, names @ .., close, from, path, _] = &code[..=end] else { return Err(wrong()) };
        let path = path.text.strip_prefix("\"./").and_then(|path| path.strip_suffix('"')).filter(|path| !path.contains('/'));
        let (Some(path), "{", "}", "from") = (path, open.text, close.text, from.text) else { return Err(wrong()) };
        let mut wanted = Vec::new();
        for pair in names.chunks(2) {
            if pair[0].kind != Kind::Word || pair.get(1).is_some_and(|comma| comma.text != ",") {
                return Err(wrong());
            }
            wanted.push(pair[0].text);
        }
        self.imports.push((code[0].at, wanted, path.to_owned()));
        Ok(end + 1)
    }

    /// Notes the names that a declaration at top level brings.
    fn declare(&mut self, code: &[Token<'a>]) -> Result<(), Wrong> {
        let wrong = |token: &Token<'_>, what: &str| Err((token.at, what.to_owned()));
        let mut rest = code.iter().skip(1).skip_while(|token| matches!(token.text, "function" | "*"));
        let takes_one = matches!(code[0].text, "function" | "class" | "async");
        loop {
            let Some(name) = rest.next() else { return wrong(&code[0], "a declaration without a name") };
            if name.kind != Kind::Word {
                return wrong(name, "a top-level declaration must name one variable at a time");
            }
            self.names.push((name.at, name.text));
            if takes_one {
                return Ok(());
            }
            let end = rest.find(|token| token.depth == 0 && (matches!(token.text, "," | ";") || is_statement(token)));
            match end.map(|token| token.text) {
                Some(",") => {}
                Some(";") => return Ok(()),
                _ => return wrong(name, "this declaration ends without a semicolon"),
            }
        }
    }
}

fn is_statement(token: &Token<'_>) -> bool {
    token.kind == Kind::Word && matches!(token.text, "const" | "let" | "var" | "export")
}

/// Whether a declaration can begin here, rather than a function or a class as a value.
fn begins(code: &[Token<'_>], i: usize) -> bool {
    let before = |back: usize| i.checked_sub(back).map_or(";", |at| code[at].text);
    let last = if before(1) == "async" { before(2) } else { before(1) };
    matches!(last, ";" | "}")
}

/// The lines of a comment that has them to itself.
fn whole_lines(source: &str, comment: &Token<'_>) -> Option<(usize, usize)> {
    let start = source[..comment.at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = comment.at + comment.text.len();
    let rest = source[end..].find('\n').map_or(source.len(), |newline| end + newline);
    let is_alone = source[start..comment.at].trim().is_empty() && source[end..rest].trim().is_empty();
    is_alone.then(|| (start, (rest + 1).min(source.len())))
}

fn through_newline(source: &str, end: usize) -> usize {
    if source[end..].starts_with('\n') { end + 1 } else { end }
}
