//! What will be done, in the words of the question before it.

use super::step::Step;
use crate::cluster::disrupt::Reference;
use crate::cluster::disrupt::act::GRACE;

/// Everything that is going to happen.
pub(super) fn plan(of: &Reference, namespace: &str, context: &str, steps: &[Step], ready: usize) -> String {
    let lines = steps.iter().map(|step| match step {
        Step::Up(to) => format!("  scale    to {to} pods from {ready}"),
        Step::Down(to) => format!("           and back to {to}"),
        Step::Rollout => "  rollout  restart every pod, as `kubectl rollout restart` does".to_owned(),
        Step::Kill => format!("  kill     delete one pod with a grace period of {GRACE} s: its process gets SIGTERM, and SIGKILL {GRACE} s later"),
        Step::Evict => "  evict    evict one pod through the eviction API, with its own grace period".to_owned(),
    });
    let lines: Vec<String> = lines.collect();
    let restores =
        if steps.iter().any(|step| matches!(step, Step::Up(_))) { "\nThe replica count is restored at the end, and after Ctrl-C." } else { "" };
    let at = if context.is_empty() { String::new() } else { format!(" ({context})") };
    format!(
        "This disrupts {of} in namespace {namespace}{at}, which has {ready} ready pods, while test sessions use the site:\n{}{restores}",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_question_names_every_change() {
        let of: Reference = "deployment/shop".parse().unwrap();
        let text = plan(&of, "web", "", &[Step::Up(6), Step::Down(3), Step::Rollout, Step::Kill, Step::Evict], 3);
        assert_eq!(
            text,
            "This disrupts deployment/shop in namespace web, which has 3 ready pods, while test sessions use the site:\n  \
             scale    to 6 pods from 3\n           and back to 3\n  rollout  restart every pod, as `kubectl rollout restart` does\n  \
             kill     delete one pod with a grace period of 1 s: its process gets SIGTERM, and SIGKILL 1 s later\n  \
             evict    evict one pod through the eviction API, with its own grace period\n\
             The replica count is restored at the end, and after Ctrl-C."
        );
        assert!(!plan(&of, "web", "kind-a", &[Step::Kill], 2).contains("restored"));
    }
}
