//! Generated texts: the version, completions and the manual, the latter two checked by the shell and the formatter that read them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::ffi::OsString;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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

/// A folder with `stickyctl` in it, for `PATH`: completion scripts call the program by its name.
fn path() -> OsString {
    let folder = Path::new(env!("CARGO_BIN_EXE_stickyctl")).parent().unwrap();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&rest))).unwrap()
}

/// A bash that has sourced the script that it is told to source, with a kubeconfig and a runtime folder of its own.
struct Bash {
    folder: tempfile::TempDir,
    kubeconfig: PathBuf,
}

impl Bash {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        Self { folder, kubeconfig }
    }

    /// A cluster that takes connections and never answers, in two contexts.
    fn with_silent_cluster(&self) -> TcpListener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let context = |name: &str| format!("{{name: {name}, context: {{cluster: c, user: u}}}}");
        let text = format!(
            "{{apiVersion: v1, kind: Config, current-context: kind-a, clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}], \
             contexts: [{}, {}], users: [{{name: u, user: {{}}}}]}}",
            context("kind-a"),
            context("kind-b")
        );
        std::fs::write(&self.kubeconfig, text).unwrap();
        listener
    }

    /// What bash offers for the last of some words. Nothing may be written beside it.
    fn offers(&self, words: &[&str]) -> Vec<String> {
        let line = r#"source <(stickyctl completions bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_TYPE=9
_clap_complete_stickyctl stickyctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}""#;
        // Without the user's settings.
        let done = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", line, "bash"])
            .args(words)
            .env("PATH", path())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success() && said.is_empty(), "{words:?}: {said}");
        String::from_utf8(done.stdout).unwrap().lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the bash of macOS is of 2007")]
fn bash_completes_commands_flags_and_values() {
    let bash = Bash::new();
    for (words, offered) in [
        (&["stickyctl", "sta"][..], &["status"][..]),
        (&["stickyctl", "scale", "--loc"], &["--local"]),
        (&["stickyctl", "up", "--front-door", ""], &["nginx", "traefik", "gateway"]),
        (&["stickyctl", "render", "--preset", "gateway"], &["gateway-3x1", "gateway-1x4"]),
        (&["stickyctl", "status", "-o", ""], &["table", "json", "yaml"]),
        (&["stickyctl", "doctor", "-o", ""], &["table", "json", "yaml", "sarif"]),
        (&["stickyctl", "explain", "service-a"], &["service-address"]),
        (&["stickyctl", "explain", "cookie-p"], &["cookie-picks-node", "cookie-path-mismatch"]),
        (&["stickyctl", "verify", "--only", "stick"], &["stick-http", "stick-ws"]),
        (&["stickyctl", "mode", "3"], &["3x1", "3x4"]),
        (&["stickyctl", "completions", "fi"], &["fish"]),
        // No demo runs, and there is no kubeconfig.
        (&["stickyctl", "kill", "app"], &[]),
        (&["stickyctl", "status", "--context", ""], &[]),
        (&["stickyctl", "status", "--namespace", ""], &[]),
    ] {
        assert_eq!(bash.offers(words), offered, "{words:?}");
    }
    assert!(bash.offers(&["stickyctl", ""]).len() >= stickyctl::cli::command().get_subcommands().count());
}

/// Contexts come from the file. A cluster that does not answer offers nothing, and soon.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the bash of macOS is of 2007")]
fn bash_completes_contexts_and_waits_for_no_cluster() {
    let bash = Bash::new();
    let listener = bash.with_silent_cluster();
    assert_eq!(bash.offers(&["stickyctl", "status", "--context", "kind"]), ["kind-a", "kind-b"]);
    let began = Instant::now();
    assert!(bash.offers(&["stickyctl", "status", "--namespace", ""]).is_empty());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    // It was asked.
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_ok());
}

/// The other shells don't run here: few machines have them all. Each gets a script, and the commands when it asks.
#[test]
fn every_shell_gets_each_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stickyctl(&["completions", shell]);
        assert!(script.contains("STICKYCTL_COMPLETE") && script.contains(shell), "{shell}: {script}");
        assert!(!script.contains(env!("CARGO_BIN_EXE_stickyctl")), "{shell}: it calls the program by its name");
        let mut asks = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
        let done = asks.env("STICKYCTL_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "1").args(["--", "stickyctl", ""]).output().unwrap();
        let offered = String::from_utf8(done.stdout).unwrap();
        for command in stickyctl::cli::command().get_subcommands() {
            assert!(offered.contains(command.get_name()), "{shell}: {}", command.get_name());
        }
        assert!(done.status.success() && done.stderr.is_empty(), "{shell}");
    }
}

#[test]
fn the_version_in_every_form() {
    assert_eq!(stickyctl(&["version"]), stickyctl(&["--version"]));
    let json: serde_json::Value = serde_json::from_str(&stickyctl(&["version", "-o", "json"])).unwrap();
    let yaml: serde_json::Value = serde_yaml::from_str(&stickyctl(&["version", "-o", "yaml"])).unwrap();
    assert_eq!(json, yaml);
    let said = stickyctl(&["version"]);
    assert!(json["schema"] == "stickyctl.version/v1" && said.contains(json["target"].as_str().unwrap()), "{json}");
    assert!(said.contains(json["commit"].as_str().unwrap_or("commit unknown")) && said.contains(json["version"].as_str().unwrap()), "{said}");
}

/// Help is not a failure to understand, but nothing was asked for either.
#[test]
fn nothing_at_all_prints_help() {
    let done = Command::new(env!("CARGO_BIN_EXE_stickyctl")).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() == Some(2) && done.stdout.is_empty(), "{:?}", done.status);
    assert!(said.contains("Usage: stickyctl [OPTIONS] <COMMAND>") && said.contains("  status "), "{said}");
}

/// Without a cluster, every command that needs one names the demo on this machine.
#[test]
fn without_a_kubeconfig_the_local_demo_is_mentioned() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["up"][..], &["status"], &["verify"], &["scale", "5"], &["mode", "1x4"], &["forward"], &["down", "--yes"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
        let done = command.args(words).env("KUBECONFIG", folder.path().join("none")).env("XDG_RUNTIME_DIR", folder.path()).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.code() == Some(5) && said.contains("stickyctl up --local "), "{words:?}: {said}");
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
