//! The name that the user types: `stickyctl`, or `kubectl sticky` if the program's file, or a link to it, is named `kubectl-sticky`.
//!
//! kubectl runs a plugin by its full path (kubectl `pkg/cmd/cmd.go`, `HandlePluginCommand`), and krew links a plugin's program under this name.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::OnceLock;

/// How kubectl finds the plugin, and what completes its words (kubectl `pkg/cmd/plugin/plugin_completion.go`).
const PLUGIN: &str = "kubectl-sticky";
const COMPLETER: &str = "kubectl_complete-sticky";
const OWN: &str = "stickyctl";
/// What the user types for the plugin.
pub(crate) const TYPED: &str = "kubectl sticky";
/// What follows the program's name where a text shows a command.
pub(crate) const COMMANDS: &[&str] = &[
    "up",
    "render",
    "image",
    "status",
    "verify",
    "doctor",
    "explain",
    "scale",
    "mode",
    "forward",
    "kill",
    "down",
    "completions",
    "man",
    "version",
    "help",
    "COMMAND",
    "-v",
    "--help",
    "--version",
];

/// How the program was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    Directly,
    /// By kubectl.
    Plugin,
    /// By kubectl, for candidates of a word.
    Completer,
}

/// How this process was called.
pub(crate) fn called() -> Called {
    static CALLED: OnceLock<Called> = OnceLock::new();
    *CALLED.get_or_init(|| std::env::args_os().next().map_or(Called::Directly, |name| by_name(&name)))
}

fn by_name(name: &OsStr) -> Called {
    match Path::new(name).file_stem().and_then(OsStr::to_str) {
        Some(PLUGIN) => Called::Plugin,
        Some(COMPLETER) => Called::Completer,
        _ => Called::Directly,
    }
}

/// What the user typed before the command.
pub(crate) fn typed() -> &'static str {
    if called() == Called::Directly { OWN } else { TYPED }
}

/// A text whose commands begin with what the user types.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if called() == Called::Directly { Cow::Borrowed(text) } else { Cow::Owned(as_plugin(text)) }
}

/// A text whose commands are those of the plugin.
pub(crate) fn as_plugin(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OWN) {
        let (before, after) = (&rest[..at], &rest[at + OWN.len()..]);
        let is_word = !before.ends_with(|letter: char| letter.is_alphanumeric() || "-_/.".contains(letter));
        let next = after.strip_prefix(' ').and_then(|after| after.split(|letter: char| letter.is_whitespace() || "`,;:'\")".contains(letter)).next());
        let is_command = is_word && next.is_some_and(|next| COMMANDS.contains(&next));
        made.push_str(before);
        made.push_str(if is_command { TYPED } else { OWN });
        rest = after;
    }
    made.push_str(rest);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides() {
        for (name, called) in [
            ("stickyctl", Called::Directly),
            ("/home/jane/.krew/bin/kubectl-sticky", Called::Plugin),
            ("kubectl-sticky.exe", Called::Plugin),
            ("kubectl_complete-sticky", Called::Completer),
            ("kubectl-sticky-up", Called::Directly),
            ("", Called::Directly),
        ] {
            assert_eq!(by_name(OsStr::new(name)), called, "{name}");
        }
    }

    #[test]
    fn commands_and_nothing_else() {
        for (text, shown) in [
            ("stickyctl status    shows it", "kubectl sticky status    shows it"),
            ("try `stickyctl explain`, or stickyctl verify --list", "try `kubectl sticky explain`, or kubectl sticky verify --list"),
            ("stickyctl needs 1.30 or later", "stickyctl needs 1.30 or later"),
            ("the one next to stickyctl", "the one next to stickyctl"),
            ("target/debug/stickyctl up, a.stickyctl up", "target/debug/stickyctl up, a.stickyctl up"),
            ("stickyctl COMMAND --help", "kubectl sticky COMMAND --help"),
            ("", ""),
        ] {
            assert_eq!(as_plugin(text), shown);
        }
    }
}
