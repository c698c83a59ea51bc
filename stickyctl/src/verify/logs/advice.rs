//! Why logs may say nothing, and what to try. No I/O.

use super::shared::{Shared, State, Topic};
use super::sources::Which;
use crate::cluster::errors::ApiError;
use crate::cluster::permission::rule;
use sticky_affinity::log::Format;
use sticky_affinity::told::By;

/// A 403, with the rule that is missing.
pub(super) fn missing_right(error: &ApiError, verb: &str, group: &str, resource: &str, namespace: &str) -> String {
    format!(
        "{error}. Add the rule {} to a Role in namespace {namespace}; `stickyctl verify TARGET --print-rbac` prints a Role with all that is needed",
        rule(group, resource, verb)
    )
}

/// What was in the way so far. Where a log has named pods, only what was unreadable is worth a word.
pub(super) fn troubles(state: &State, which: &Which) -> Vec<String> {
    let counts = &state.counts;
    let access_is_silent = which.access() && counts.access == 0;
    let all_is_silent = counts.pods == 0 && (access_is_silent || !which.access());
    let is_shown = |topic: &Topic| match topic {
        Topic::Off(_) | Topic::Nobody(By::Access) => access_is_silent,
        Topic::Nobody(By::Pod) => all_is_silent,
        Topic::Reading(..) | Topic::Log(_) | Topic::TooMany => true,
    };
    let mut all: Vec<String> = state.troubles.iter().filter(|(topic, _)| is_shown(topic)).map(|(_, text)| text.clone()).collect();
    let has = |wanted: fn(&Topic) -> bool| state.troubles.keys().any(wanted);
    let is_explained = has(|topic| matches!(topic, Topic::Off(_) | Topic::Nobody(By::Access)));
    // What was not read says nothing about what is in it.
    let is_unread = has(|topic| matches!(topic, Topic::Reading("pods" | "pods/log", _) | Topic::Log(_)));
    let lost = Shared::unread(state);
    if lost > 0 {
        all.push(unread(lost, which));
    } else if access_is_silent && !is_explained && !is_unread {
        all.push(unmarked(counts.unmarked.as_ref()));
    }
    if all_is_silent && which.pods() && !is_unread && !state.troubles.contains_key(&Topic::Nobody(By::Pod)) {
        all.push("no line of the application's pods has a marker: it may not log requests, or neither their query nor their User-Agent".to_owned());
    }
    all
}

fn unread(requests: usize, which: &Which) -> String {
    let requests = if requests == 1 { "1 request".to_owned() } else { format!("{requests} requests") };
    match which.pattern() {
        Some(pattern) => {
            format!("the access log's lines about {requests} could not be read: the pattern `{pattern}` finds no address or name in them")
        }
        None => format!(
            "the access log's lines about {requests} could not be read: their format is not one that stickyctl knows, or has no upstream. \
             `--pod-identity access-log:regex:PATTERN` reads any other: the pattern's first group is the upstream's address"
        ),
    }
}

/// The access log has no marker.
fn unmarked(format: Option<&Format>) -> String {
    match format {
        // haproxytech/kubernetes-ingress, `pkg/haproxy/env/defaults.go`: its default `log-format` has `txn.base`, the path.
        Some(Format::Haproxy) => "the access log has requests, but none with a marker: HAProxy's format has neither the query nor the User-Agent. \
             With HAProxy Technologies' controller, set `log-format` in its ConfigMap to a format that ends in %{+Q}r"
            .to_owned(),
        Some(_) => "the access log has requests, but none with a marker: its format must have the query or the User-Agent. Or the requests went \
             through other pods than those whose logs are read"
            .to_owned(),
        None => "the access log has no request so far: it may be off, or go to a file in place of stdout".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::shared::Counts;
    use super::*;

    fn state(counts: Counts, troubles: &[Topic]) -> State {
        let troubles = troubles.iter().map(|topic| (topic.clone(), format!("{topic:?}"))).collect();
        State { counts, troubles, ..State::default() }
    }

    fn told(counts: Counts, topics: &[Topic], which: &Which) -> String {
        troubles(&state(counts, topics), which).join("\n")
    }

    #[test]
    fn a_log_that_works_leaves_nothing_to_say() {
        let works = Counts { access: 3, ..Counts::default() };
        assert_eq!(told(works.clone(), &[Topic::Off(0), Topic::Nobody(By::Pod), Topic::Nobody(By::Access)], &Which::Both), "");
        assert!(told(works, &[Topic::Log("edge/c".to_owned())], &Which::Both).contains("edge/c"));
        assert!(told(Counts { pods: 3, ..Counts::default() }, &[], &Which::Pods).is_empty());
    }

    #[test]
    fn a_silent_log_has_a_reason() {
        let none = Counts::default();
        assert_eq!(told(none.clone(), &[Topic::Off(0)], &Which::Access(None)), "Off(0)");
        let both = told(none.clone(), &[], &Which::Both);
        assert!(both.contains("no request so far") && both.contains("no line of the application's pods"), "{both}");
        assert!(!told(none.clone(), &[], &Which::Pods).contains("access log"));
        let denied = Topic::Reading("pods/log", "shop".to_owned());
        assert_eq!(told(none, std::slice::from_ref(&denied), &Which::Both), format!("{denied:?}"), "nothing else is known");
        let haproxy = Counts { unmarked: Some(Format::Haproxy), ..Counts::default() };
        assert!(told(haproxy, &[], &Which::Access(None)).contains("log-format"));
        let unread = Counts { unread: [1, 2].into(), ..Counts::default() };
        let both = told(unread.clone(), &[], &Which::Both);
        assert!(both.contains("about 2 requests") && both.contains("access-log:regex:PATTERN"), "{both}");
        let pattern = "a(b)".parse().ok();
        assert!(told(unread, &[], &Which::Access(pattern)).contains("`a(b)`"));
    }
}
