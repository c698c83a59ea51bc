//! Generated texts: the version, completions and the manual, the latter two checked by the shell and the formatter that read them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};

fn stickyctl(words: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_stickyctl")).args(words).output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_version_names_the_commit_that_is_checked_out() {
    let git = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let head = git.ok().filter(|done| done.status.success()).map(|done| String::from_utf8(done.stdout).unwrap());
    let said = stickyctl(&["--version"]);
    let wanted = option_env!("STICKY_COMMIT")
        .map_or_else(|| head.unwrap_or_else(|| "commit unknown".to_owned()), |commit| commit.get(..12).unwrap_or(commit).to_owned());
    assert!(said.starts_with(&format!("stickyctl {} ({}", env!("CARGO_PKG_VERSION"), wanted.trim_end())), "{said}, not {wanted}");
}

/// What bash offers to complete the last word.
fn offers(script: &Path, words: &[&str]) -> Vec<String> {
    let line = r#"source "$0"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_stickyctl stickyctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}""#;
    // Without the user's settings.
    let done = Command::new("bash").args(["--norc", "--noprofile", "-c", line]).arg(script).args(words).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the bash of macOS is of 2007")]
fn bash_completes_commands_flags_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("stickyctl.bash");
    std::fs::write(&script, stickyctl(&["completions", "bash"])).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    assert_eq!(offers(&script, &["stickyctl", "sta"]), ["status"]);
    assert_eq!(offers(&script, &["stickyctl", "scale", "--loc"]), ["--local"]);
    assert_eq!(offers(&script, &["stickyctl", "up", "--front-door", ""]), ["nginx", "traefik"]);
    assert_eq!(offers(&script, &["stickyctl", "completions", "fi"]), ["fish"]);
}

/// The other shells don't check their scripts here: few machines have them all.
#[test]
fn every_shell_gets_each_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stickyctl(&["completions", shell]);
        for command in stickyctl::cli::command().get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
        }
    }
}

/// The warnings of the formatter, and the page as users see it.
fn format(page: &Path) -> Option<(String, String)> {
    let done = Command::new("man").args(["--warnings", "-E", "UTF-8", "-l"]).arg(page).env("MANWIDTH", "100").stdin(Stdio::null()).output();
    let Ok(done) = done else {
        // CI must have it.
        assert!(std::env::var_os("CI").is_none(), "there is no `man`");
        return None;
    };
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some((String::from_utf8(done.stderr).unwrap(), text))
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "another `man`")]
fn each_command_has_a_page_that_the_formatter_takes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("man1");
    assert_eq!(stickyctl(&["man", "--out", folder.to_str().unwrap()]).trim_end(), folder.to_str().unwrap());
    let commands = stickyctl::cli::command();
    let own = commands.get_subcommands().map(|command| format!("stickyctl-{}.1", command.get_name()));
    for name in own.chain(["stickyctl.1", "sticky-app.1", "sticky-app-probe.1"].map(str::to_owned)) {
        let Some((said, page)) = format(&folder.join(&name)) else { return };
        assert_eq!(said, "", "{name}");
        assert!(page.contains("SYNOPSIS") && page.lines().count() > 10, "{name}: {page}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), commands.get_subcommands().count() + 3);
    // A flag's help, its values and its variable must be on the page.
    let (_, up) = format(&folder.join("stickyctl-up.1")).unwrap();
    for part in ["--front-door", "STICKYCTL_AFFINITY", "stickyctl up --local --mode 1x4 --port 8081"] {
        assert!(up.contains(part), "{part}: {up}");
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "another `man`")]
fn a_fault_in_a_page_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("broken.1");
    std::fs::write(&page, stickyctl(&["man"]) + "\n.nosuchrequest\n").unwrap();
    let Some((said, text)) = format(&page) else { return };
    assert!(said.contains("nosuchrequest"), "{said}");
    assert!(text.contains("stickyctl-up(1)") && !text.contains("stickyctl-help"), "{text}");
}
