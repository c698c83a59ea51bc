//! What a command wrote, for tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::{Output, Sink};
use std::sync::Mutex;

/// A terminal or a pipe that keeps everything.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    out: Mutex<String>,
    err: Mutex<String>,
    /// What is typed at a question; `None` is a pipe, where questions can't be asked.
    typed: Option<&'static str>,
}

impl Recorded {
    /// A pipe: no hints, no questions.
    pub(crate) fn pipe() -> &'static Self {
        Box::leak(Box::default())
    }

    /// A terminal where every question gets the same answer.
    pub(crate) fn terminal(typed: &'static str) -> &'static Self {
        Box::leak(Box::new(Self { typed: Some(typed), ..Self::default() }))
    }

    pub(crate) fn output(&'static self) -> Output {
        Output { quiet: false, unicode: true, sink: self }
    }

    /// stdout so far.
    pub(crate) fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// stderr so far, without colours and without how long phases took.
    pub(crate) fn err(&self) -> String {
        let text = anstream::adapter::strip_str(&self.err.lock().unwrap()).to_string();
        let untimed = regex::Regex::new(r"(?m) +\d+(\.\d)? (ms|s|min|h)$").unwrap();
        untimed.replace_all(&text, "").into_owned()
    }
}

impl Sink for Recorded {
    fn out(&self, bytes: &[u8]) -> std::io::Result<bool> {
        self.out.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
        Ok(true)
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
