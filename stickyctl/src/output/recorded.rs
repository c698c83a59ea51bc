//! What a command wrote, for tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::{Output, Sink};
use std::io::ErrorKind;
use std::sync::Mutex;
use sticky_app::console;

/// A terminal or a pipe that keeps everything.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    out: Mutex<String>,
    err: Mutex<String>,
    /// What is typed at a question; `None` is a pipe, where questions can't be asked.
    typed: Option<&'static str>,
    /// The width of the terminal.
    columns: Option<usize>,
    /// What stdout is, if it takes nothing.
    broken: Option<ErrorKind>,
}

impl Recorded {
    /// A pipe: no hints, no questions.
    pub(crate) fn pipe() -> &'static Self {
        Box::leak(Box::default())
    }

    /// A pipe whose reader has gone, or a full disk.
    pub(crate) fn broken(why: ErrorKind) -> &'static Self {
        Box::leak(Box::new(Self { broken: Some(why), ..Self::default() }))
    }

    /// A terminal with so many columns.
    pub(crate) fn narrow(columns: usize) -> &'static Self {
        Box::leak(Box::new(Self { columns: Some(columns), typed: Some(""), ..Self::default() }))
    }

    /// A terminal where every question gets the same answer.
    pub(crate) fn terminal(typed: &'static str) -> &'static Self {
        Box::leak(Box::new(Self { typed: Some(typed), ..Self::default() }))
    }

    pub(crate) fn output(&'static self) -> Output {
        Output { quiet: false, unicode: true, relayed: false, sink: self }
    }

    /// stdout so far.
    pub(crate) fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// stdout and stderr so far, as a terminal gets them.
    pub(crate) fn raw(&self) -> String {
        format!("{}{}", self.out.lock().unwrap(), self.err.lock().unwrap())
    }

    /// stderr so far, without colours and without how long phases took.
    pub(crate) fn err(&self) -> String {
        let text = anstream::adapter::strip_str(&self.err.lock().unwrap()).to_string();
        let untimed = regex::Regex::new(r"(?m) +\d+(\.\d)? (ms|s|min|h)$").unwrap();
        untimed.replace_all(&text, "").into_owned()
    }
}

/// Whether a text can be a hint of a command for the demo on this machine: each command in it that could also mean a cluster has
/// `--local`.
pub(crate) fn is_local(text: &str) -> bool {
    let commands = regex::Regex::new(r"stickyctl (scale|mode|kill|status|verify|down|up)\b[^;,`\n]*").unwrap();
    commands.find_iter(text).all(|command| command.as_str().contains("--local"))
}

impl Sink for Recorded {
    fn out(&self, bytes: &[u8]) -> std::io::Result<bool> {
        if let Some(why) = self.broken {
            return console::heard(Err(why.into()));
        }
        self.out.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
        Ok(true)
    }

    fn columns(&self) -> Option<usize> {
        self.columns
    }

    fn out_columns(&self) -> Option<usize> {
        self.columns
    }

    fn err(&self, line: &str) {
        self.err.lock().unwrap().push_str(&format!("{line}\n"));
    }

    fn is_read(&self) -> bool {
        self.typed.is_some()
    }

    fn can_redraw(&self) -> bool {
        false
    }

    fn can_ask(&self) -> bool {
        self.typed.is_some()
    }

    fn ask(&self, question: &str) -> String {
        let typed = self.typed.unwrap_or_default();
        Sink::err(self, &format!("{question}{typed}"));
        typed.to_owned()
    }
}

#[test]
fn what_a_person_reads() {
    use crate::exit::{Exit, Failure};
    use crate::output::Mark;
    let seen = Recorded::terminal("yes");
    let output = seen.output();
    let line = output.live("cluster");
    line.says("connecting");
    line.ends(Mark::Done, "Kubernetes 1.35.4");
    output.phase(Mark::Skipped, "image", "pulled", None);
    output.warning("old");
    assert!(output.confirm("Go on?"));
    output.hint("next");
    output.answer("done").unwrap();
    output.failure(&Failure::new(Exit::Failed, "reading x: no").try_this("kubectl get x"));
    assert_eq!(seen.out(), "done\n");
    let expected = "✓ cluster     Kubernetes 1.35.4\n– image       pulled\n! old\nGo on? [y/N] yes\nnext\n\
                    error: reading x: no\n\ntry one of these:\n  kubectl get x\n";
    assert_eq!(seen.err(), expected);
    let pipe = Recorded::pipe();
    pipe.output().hint("next");
    assert!(!pipe.output().confirm("Go on?") && pipe.err().is_empty());
}

/// What a site, a cluster or a file says, in every place where it can stand. Only our own colors and newlines stay.
#[test]
fn no_text_acts_on_the_terminal() {
    use crate::exit::{Exit, Failure};
    use crate::output::{Mark, Shown};
    use sticky_core::harmless::{harmless_lines, harmless_styled};
    let text = "\u{1b}]0;title\u{7}\u{9b}2J\u{9d}52;c;eA==\u{9c}\r\u{8}\u{202e}\u{1b}[31m";
    let seen = Recorded::terminal("y");
    let output = seen.output();
    for mark in [Mark::Done, Mark::Failed, Mark::Warning, Mark::Skipped, Mark::Busy] {
        output.phase(mark, text, text, Some(std::time::Duration::from_secs(1)));
    }
    output.warning(text);
    output.note(text);
    output.hint(text);
    assert!(output.confirm(text));
    output.answer(text).unwrap();
    output.json(&serde_json::to_string(text).unwrap()).unwrap();
    let live = output.live(text);
    live.says(text);
    live.above(text);
    live.ends(Mark::Done, text);
    output.failure(&Failure::new(Exit::Failed, text).try_this(text));
    for shown in [Shown::Lines, Shown::Json] {
        assert!(output.next(&shown(text.to_owned())).is_continue());
    }
    let raw = seen.raw();
    assert!(raw.len() > 20 * text.len(), "{raw}");
    assert_eq!(harmless_styled(&raw), raw);
    assert_eq!(anstream::adapter::strip_str(&raw).to_string(), harmless_lines(&anstream::adapter::strip_str(&raw).to_string()));
    assert!(!raw.contains("\u{1b}[31m\n"), "not even a color of theirs: {raw:?}");
}

#[test]
fn an_answer_that_nobody_gets() {
    use crate::exit::{Exit, Explained};
    use crate::output::Shown;
    use std::ops::ControlFlow;
    let gone = Recorded::broken(ErrorKind::BrokenPipe).output();
    assert!(gone.answer("x").is_ok() && gone.json("1").is_ok() && gone.exactly("x").is_ok());
    assert!(matches!(gone.next(&Shown::Screen(String::new())), ControlFlow::Break(Ok(()))));
    let full = Recorded::broken(ErrorKind::StorageFull).output();
    let why = full.answer("x").unwrap_err();
    assert_eq!((why.exit(), why.to_string().as_str()), (Exit::Failed, "writing to stdout: no storage space"));
    assert!(full.json("1").is_err() && full.exactly("x").is_err());
    assert!(matches!(full.next(&Shown::Lines(String::new())), ControlFlow::Break(Err(_))));
}

/// YAML is JSON in other words, whatever the document is.
#[test]
fn both_documents_hold_the_same() {
    use crate::output::Format;
    use crate::verify::report::sample::{Kind, hostile, report};
    for report in [report(Kind::Sticky), report(Kind::NotSticky), hostile()] {
        let written = |format| {
            let seen = Recorded::pipe();
            seen.output().document(format, &report, |_| "a table".to_owned()).unwrap();
            seen.out()
        };
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        let yaml: serde_json::Value = serde_yaml::from_str(&written(Format::Yaml)).unwrap();
        assert_eq!(json, yaml);
        assert_eq!(written(Format::Table), "a table\n");
    }
}
