//! Tells the compiler which commit is built: `STICKY_LONG_VERSION`, which `--version` prints, and its parts. All of `stickyctl`'s build
//! script, and a part of `sticky-app`'s.
//!
//! `STICKY_COMMIT` goes first, for builds that lack the repository (a container's) or must not depend on it. Else git is
//! asked; a tree that git does not track, such as an unpacked archive, says that its commit is unknown.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Digits of the hash. Git's own short form has more of them in larger clones, and equal commits give equal programs.
const DIGITS: usize = 12;

pub(crate) fn main() {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR").unwrap_or_default());
    let name = variable("CARGO_PKG_NAME").unwrap_or_default();
    println!("cargo:rerun-if-env-changed=STICKY_COMMIT");
    println!("cargo:rerun-if-changed=../app/build");
    let commit = match variable("STICKY_COMMIT") {
        Some(commit) => Some(short(&commit).to_owned()),
        None => of_git(&folder, &name),
    };
    let (version, target) = (variable("CARGO_PKG_VERSION").unwrap_or_default(), variable("TARGET").unwrap_or_default());
    println!("cargo:rustc-env=STICKY_BUILD_COMMIT={}", commit.as_deref().unwrap_or_default());
    println!("cargo:rustc-env=STICKY_BUILD_TARGET={target}");
    println!("cargo:rustc-env=STICKY_LONG_VERSION={version} ({}, {target})", commit.as_deref().unwrap_or("commit unknown"));
}

/// The commit that is checked out, with `-dirty` where what the program is made of differs from it.
fn of_git(folder: &Path, name: &str) -> Option<String> {
    // A commit or a checkout writes the first; the second is there without a log.
    for file in ["logs/HEAD", "HEAD"] {
        let path = git(folder, &["rev-parse", "--git-path", file]).map(|path| folder.join(path));
        watch(path.filter(|path| path.is_file()));
    }
    // Fails too where somebody else's repository surrounds the tree.
    git(folder, &["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let hash = git(folder, &["rev-parse", "HEAD"])?;
    // No others: a change of theirs compiles nothing, and would compile this package for its mark alone.
    let packages: &[&str] = if name == "sticky-app" { &["../core", "../app"] } else { &["../core", "../affinity", "../app", "../stickyctl"] };
    let sources = packages.iter().flat_map(|package| ["src", "Cargo.toml"].map(|part| format!("{package}/{part}")));
    let sources: Vec<_> = sources.chain(["../Cargo.toml", "../Cargo.lock"].map(str::to_owned)).collect();
    sources.iter().for_each(|path| watch(Some(folder.join(path))));
    let mut words = vec!["status", "--porcelain", "--untracked-files=no", "--", "../app/build"];
    words.extend(sources.iter().map(String::as_str));
    let mark = if git(folder, &words)?.is_empty() { "" } else { "-dirty" };
    Some(format!("{}{mark}", short(&hash)))
}

/// A whole hash in short; anything else, such as a word of a packager's, as it is.
fn short(commit: &str) -> &str {
    let is_hash = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { &commit[..DIGITS] } else { commit }
}

fn watch(path: Option<PathBuf>) {
    if let Some(path) = path {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// What git says; nothing where it is not there or fails.
fn git(folder: &Path, words: &[&str]) -> Option<String> {
    // Only a look: the index is not refreshed, and nobody who commits meets a lock.
    let done = Command::new("git").arg("-C").arg(folder).arg("--no-optional-locks").args(words).output().ok()?;
    let said = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| said.trim_end().to_owned())
}
