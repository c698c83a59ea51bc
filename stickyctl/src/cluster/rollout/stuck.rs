//! A rollout that does not come up, told to whoever has to mend it.

use super::trouble::Kind;
use super::wait::{Stop, Stuck, late, words};
use crate::exit::{Exit, Failure};
use crate::image::name::familiar;
use crate::output::{Live, Mark};
use std::time::Duration;

/// Ends the line of a rollout that did not come up, and makes it a failure.
#[must_use]
pub fn stopped(line: Live, what: &str, stop: Stop, before: Option<&str>, timeout: Duration) -> Failure {
    match stop {
        Stop::Trouble(stuck) => {
            let pods = format!("{} of {} new ones ready: {}", stuck.progress.ready, stuck.progress.wanted, stuck.trouble.kind.words());
            line.ends(Mark::Failed, &pods);
            failure(what, &stuck, before)
        }
        Stop::Late(progress) => {
            line.ends(Mark::Failed, &words(&progress));
            late(&format!("rolling {what} out"), &progress, timeout)
        }
        Stop::Failure(failure) => failure,
    }
}

/// The failure of rolling `what` out; `before` is the image that serves now, if another one does.
#[must_use]
pub fn failure(what: &str, stuck: &Stuck, before: Option<&str>) -> Failure {
    let trouble = &stuck.trouble;
    let mut lines = Vec::new();
    let mut line = |name: &str, text: String| lines.push(format!("  {name:<8} {text}"));
    if !trouble.pod.is_empty() {
        let node = stuck.node.as_ref().map(|node| format!(", on node {node}")).unwrap_or_default();
        line("pod", format!("{}{node}", trouble.pod));
    }
    if let Some(image) = stuck.image.as_deref().filter(|_| trouble.kind == Kind::Image) {
        line("image", familiar(image).to_owned());
    }
    line("said", trouble.said.clone());
    if let Some(words) = &stuck.last_words {
        line("log", words.clone());
    }
    match stuck.progress.old {
        0 => {}
        1 => line("serving", "the pod of before goes on serving; no session was moved".to_owned()),
        old => line("serving", format!("the {old} pods of before go on serving; no session was moved")),
    }
    let mut failure = Failure::new(Exit::Failed, format!("rolling {what} out: {}\n\n{}", trouble.kind.words(), lines.join("\n")));
    let pod = &trouble.pod;
    let tries: &[String] = match trouble.kind {
        Kind::Image => &[
            "the name or tag is wrong     stickyctl up --image NAME:TAG".to_owned(),
            "it was never loaded          stickyctl up --image-loader 'COMMAND'".to_owned(),
            "the registry wants a login   image.pullSecret in the spec: stickyctl up -f FILE".to_owned(),
        ],
        Kind::Missing => &[format!("kubectl describe pod {pod}   what it names; make it, and the pod starts by itself")],
        Kind::Crash => &[format!("kubectl logs {pod} -c {}   all that it wrote", trouble.container)],
        Kind::Memory => &["more memory                  resources.limits.memory in the spec: stickyctl up -f FILE".to_owned()],
        Kind::Unschedulable => &[
            "fewer pods                   stickyctl scale N".to_owned(),
            "smaller ones, other nodes    resources and placement in the spec: stickyctl up -f FILE".to_owned(),
        ],
        Kind::Refused => &["kubectl get resourcequotas,limitranges,events   what the namespace allows".to_owned()],
    };
    for text in tries {
        failure = failure.try_this(text.clone());
    }
    match before {
        Some(image) => failure.try_this(format!("to go back                   stickyctl up --image {}", familiar(image))),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::rollout::progress::Progress;
    use crate::cluster::rollout::trouble::Trouble;

    #[test]
    fn it_says_which_pod_why_and_who_serves() {
        let trouble = Trouble { kind: Kind::Crash, pod: "web-1".to_owned(), container: "app".to_owned(), said: "exit 2, 2 times".to_owned() };
        let progress = Progress { ready: 0, wanted: 3, old: 3, done: false, trouble: None, waits: None };
        let stuck =
            Stuck { trouble, progress, last_words: Some("no such flag".to_owned()), node: Some("n1".to_owned()), image: Some("a:1".to_owned()) };
        let failure = failure("web", &stuck, Some("docker.io/library/a:0"));
        for part in
            ["rolling web out: the process ends", "web-1, on node n1", "exit 2, 2 times", "no such flag", "the 3 pods of before go on serving"]
        {
            assert!(failure.what.contains(part), "{part}: {}", failure.what);
        }
        assert!(!failure.what.contains("image"), "{}", failure.what);
        assert_eq!(failure.tries.last().map(String::as_str), Some("to go back                   stickyctl up --image a:0"));
    }
}
