//! `--version` shows the commit that was built, or that it is unknown.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::bin;
use testkit::tree::root;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn says(program: &Path, flag: &str) -> String {
    let done = Command::new(program).arg(flag).output().unwrap();
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
}

/// The output of git in a folder, without the caller's settings.
fn git(folder: &Path, words: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=test", "-c", "user.email=test@test.test", "-c", "init.defaultBranch=main"]).args(words).current_dir(folder);
    let done = git.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    done.status.success().then(|| String::from_utf8(done.stdout).unwrap().trim_end().to_owned())
}

/// The binaries here may be from an earlier commit, so only stickyctl's own tests check that it is the one that is checked out.
#[test]
fn both_programs_name_a_commit_and_a_platform() {
    for (name, program) in [("sticky-app", bin::sticky_app().unwrap()), ("stickyctl", bin::stickyctl().unwrap())] {
        let long = says(&program, "--version");
        let rest = long.strip_prefix(&format!("{name} {VERSION} (")).unwrap_or_else(|| panic!("{long}"));
        let (commit, platform) = rest.split_once(", ").unwrap();
        let hash = commit.strip_suffix("-dirty").unwrap_or(commit);
        let is_hash = hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(
            (is_hash || commit == "commit unknown" || std::env::var_os("STICKY_COMMIT").is_some()) && platform.ends_with("-linux-gnu)"),
            "{long}"
        );
        assert_eq!(says(&program, "-V"), format!("{name} {VERSION}"));
    }
}

/// A workspace like this one, with the build script compiled separately.
struct Tree {
    _folder: tempfile::TempDir,
    root: PathBuf,
    script: PathBuf,
}

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, script) = (folder.path().join("outer/tree"), folder.path().join("script"));
        for file in [
            "core/src/c.rs",
            "core/Cargo.toml",
            "affinity/src/d.rs",
            "affinity/Cargo.toml",
            "app/src/a.rs",
            "app/Cargo.toml",
            "stickyctl/src/b.rs",
            "stickyctl/Cargo.toml",
            "Cargo.toml",
            "Cargo.lock",
            "README.md",
        ] {
            let file = root.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "1").unwrap();
        }
        fs::create_dir_all(root.join("app/build")).unwrap();
        fs::copy(root_script(), root.join("app/build/commit.rs")).unwrap();
        let built = Command::new("rustc").args(["--edition", "2024", "-o"]).arg(&script).arg(root_script()).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Self { _folder: folder, root, script }
    }

    /// The commit that a package's build script finds, and the script's whole output.
    fn commit(&self, package: &str, variable: &str) -> (String, String) {
        let folder = self.root.join(if package == "sticky-app" { "app" } else { package });
        let mut script = Command::new(&self.script);
        script.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder).env("CARGO_PKG_NAME", package).env("CARGO_PKG_VERSION", "1.2.3");
        let said = script.env("TARGET", "here").env("STICKY_COMMIT", variable).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let said = String::from_utf8(said.stdout).unwrap();
        let line = said.lines().find_map(|line| line.strip_prefix("cargo:rustc-env=STICKY_LONG_VERSION=1.2.3 (")).unwrap().to_owned();
        (line.strip_suffix(", here)").unwrap().to_owned(), said)
    }

    fn git(&self, words: &[&str]) -> String {
        git(&self.root, words).unwrap_or_else(|| panic!("git {words:?}"))
    }
}

fn root_script() -> PathBuf {
    root().join("app/build/commit.rs")
}

#[test]
fn the_commit_is_the_trees_own_or_unknown() {
    let tree = Tree::new();
    assert_eq!(tree.commit("stickyctl", "").0, "commit unknown", "an unpacked archive");
    git(tree.root.parent().unwrap(), &["init"]).unwrap();
    git(tree.root.parent().unwrap(), &["commit", "--allow-empty", "-m", "theirs"]).unwrap();
    assert_eq!(tree.commit("stickyctl", "").0, "commit unknown", "an unpacked archive in somebody's repository");

    tree.git(&["init"]);
    tree.git(&["add", "."]);
    tree.git(&["commit", "-m", "first"]);
    let first = tree.git(&["rev-parse", "HEAD"])[..12].to_owned();
    assert_eq!(tree.commit("stickyctl", "").0, first);
    assert_eq!(tree.commit("sticky-app", "").0, first);

    fs::write(tree.root.join("README.md"), "2").unwrap();
    fs::write(tree.root.join("app/src/new.rs"), "untracked").unwrap();
    assert_eq!(tree.commit("stickyctl", "").0, first, "nothing that it is made of");
    for file in ["stickyctl/src/b.rs", "affinity/src/d.rs"] {
        fs::write(tree.root.join(file), "2").unwrap();
        assert_eq!(tree.commit("stickyctl", "").0, format!("{first}-dirty"), "{file}");
        tree.git(&["checkout", file]);
        assert_eq!(tree.commit("stickyctl", "").0, first);
    }
    fs::write(tree.root.join("stickyctl/src/b.rs"), "2").unwrap();
    assert_eq!(tree.commit("sticky-app", "").0, first, "another package's change");
    fs::write(tree.root.join("Cargo.lock"), "2").unwrap();
    assert_eq!(tree.commit("sticky-app", "").0, format!("{first}-dirty"));

    let whole = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(tree.commit("stickyctl", whole).0, "0123456789ab", "said is said");
    assert_eq!(tree.commit("stickyctl", "debian-3").0, "debian-3");
}

/// If a watched file is missing, Cargo rebuilds every time.
#[test]
fn what_is_watched_is_there() {
    let tree = Tree::new();
    let paths = |said: &str| said.lines().filter_map(|line| Some(line.strip_prefix("cargo:rerun-if-changed=")?.to_owned())).collect::<Vec<_>>();
    let is_there = |path: &str| tree.root.join("stickyctl").join(path).exists();
    let unpacked = paths(&tree.commit("stickyctl", "").1);
    assert!(!unpacked.is_empty() && unpacked.iter().all(|path| is_there(path)), "{unpacked:?}");
    tree.git(&["init"]);
    tree.git(&["add", "."]);
    tree.git(&["commit", "-m", "first"]);
    let mut copy = tree.root.join("../copy");
    tree.git(&["worktree", "add", copy.to_str().unwrap()]);
    copy = copy.canonicalize().unwrap();
    let tree = Tree { root: copy, ..tree };
    let watched = paths(&tree.commit("stickyctl", "").1);
    assert!(watched.iter().all(|path| tree.root.join("stickyctl").join(path).exists()), "{watched:?}");
    let log = watched.iter().find(|path| path.ends_with("logs/HEAD")).unwrap_or_else(|| panic!("{watched:?}"));
    let before = fs::metadata(log).unwrap().len();
    tree.git(&["commit", "--allow-empty", "-m", "second"]);
    assert!(fs::metadata(log).unwrap().len() > before, "a commit is seen");
    assert!(paths(&tree.commit("stickyctl", "mine").1).iter().all(|path| !path.contains("logs")), "a commit that was named changes with no other");
}
