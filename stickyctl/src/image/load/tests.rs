use super::*;
use std::path::PathBuf;
use tempfile::TempDir;

const SOON: Duration = Duration::from_secs(20);

/// A folder with an archive in it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("image.tar");
    std::fs::write(&archive, b"archive ".repeat(100_000)).unwrap();
    (folder, archive)
}

fn sh(script: &str) -> Loader {
    Loader::Command { program: "/bin/sh".to_owned(), arguments: vec!["-c".to_owned(), script.to_owned()] }
}

async fn by(script: &str, limit: Duration) -> Result<(), LoadError> {
    let (_folder, archive) = folder();
    load(&archive, "sticky-app:1", &sh(script), limit).await
}

#[test]
fn words_are_split_and_no_shell_sees_them() {
    let words = |text| Loader::parse(text).map_err(|error| (error.exit(), error.to_string()));
    assert_eq!(
        words(r#"ssh node "a b" c\ d $HOME ; 'e'"#),
        Ok(Loader::Command { program: "ssh".to_owned(), arguments: ["node", "a b", "c d", "$HOME", ";", "e"].map(str::to_owned).into() })
    );
    for (text, part) in [("", "names no program"), ("  ", "names no program"), ("'' x", "names no program"), ("ctr 'images", "unclosed quote")] {
        let (exit, what) = words(text).unwrap_err();
        assert_eq!(exit, Exit::Usage);
        assert!(what.contains(part), "{what}");
    }
}

#[tokio::test]
async fn the_archive_is_on_stdin_byte_for_byte() {
    let (folder, archive) = folder();
    let copy = folder.path().join("copy");
    let loader = Loader::parse(&format!("/bin/sh -c 'exec cat > {}'", copy.display())).unwrap();
    load(&archive, "sticky-app:1", &loader, SOON).await.unwrap();
    assert!(std::fs::read(copy).unwrap() == std::fs::read(archive).unwrap());
}

#[tokio::test]
async fn who_reads_only_a_part_of_it_is_no_failure() {
    by("head -c 10 > /dev/null", SOON).await.unwrap();
    by("exec <&-", SOON).await.unwrap();
}

#[tokio::test]
async fn a_failure_has_the_code_and_the_last_lines() {
    let failure =
        by("echo to stdout; for n in 1 2 3 4 5 6 7 8 9 10; do echo line $n >&2; done; printf '\\033[31mred\\n' >&2; exit 3", SOON).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Failed);
    assert!(failure.to_string().starts_with("loading sticky-app:1: /bin/sh failed (exit 3):\n  line 4\n"), "{}", failure.to_string());
    assert!(failure.to_string().ends_with("\n  line 10\n  [31mred"), "{:?}", failure.to_string());
    let failure = by("echo only this; exit 4", SOON).await.unwrap_err();
    assert_eq!(failure.to_string(), "loading sticky-app:1: /bin/sh failed (exit 4):\n  only this");
    let failure = by("kill -9 $$", SOON).await.unwrap_err();
    assert_eq!(failure.to_string(), "loading sticky-app:1: /bin/sh failed (signal: 9 (SIGKILL)) without any output");
}

#[tokio::test]
async fn what_it_says_is_bounded() {
    let failure = by("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1", SOON).await.unwrap_err();
    assert!(failure.to_string().len() < 5_000, "{}", failure.to_string().len());
}

#[tokio::test]
async fn the_limit_ends_it() {
    let (folder, archive) = folder();
    let pid = folder.path().join("pid");
    let loader = sh(&format!("echo $$ > {}; exec sleep 1000", pid.display()));
    let failure = load(&archive, "sticky-app:1", &loader, Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::TimedOut);
    assert!(failure.to_string().contains("more than 300 ms"), "{}", failure.to_string());
    let pid = std::fs::read_to_string(pid).unwrap();
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "{pid} lives");
}

#[tokio::test]
async fn a_grandchild_that_keeps_the_streams_is_not_waited_for() {
    let start = std::time::Instant::now();
    by("sleep 15 & exit 0", SOON).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn nobody_there() {
    let (_folder, archive) = folder();
    let kind = Loader::Kind { cluster: "demo".to_owned() };
    let failure = load_with(OsStr::new("/nonexistent/kind"), &archive, "sticky-app:1", &kind, SOON).await.unwrap_err();
    assert_eq!((failure.exit(), failure.to_string().as_str()), (Exit::Prerequisite, "loading sticky-app:1 into kind cluster demo: kind not found"));
    assert!(failure.next_steps().iter().any(|hint| hint.contains("--image-loader")), "{:?}", failure.next_steps());
    let failure = load(&archive, "sticky-app:1", &Loader::parse("/nonexistent/x y").unwrap(), SOON).await.unwrap_err();
    assert_eq!((failure.exit(), failure.to_string().as_str()), (Exit::Prerequisite, "loading sticky-app:1: /nonexistent/x not found"));
    let gone = load(Path::new("/nonexistent/tar"), "sticky-app:1", &sh("true"), SOON).await.unwrap_err();
    assert!(gone.to_string().contains("reading /nonexistent/tar"), "{}", gone.to_string());
}

/// Written by another process: a file that is open for writing here gets into the children of other tests for a moment, and
/// can't be run then.
fn script(path: &Path, text: &str) {
    let words = ["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\""];
    assert!(std::process::Command::new("/bin/sh").args(words).arg(path).arg(text).status().unwrap().success());
}

#[tokio::test]
async fn kind_is_called_for_all_nodes_of_the_cluster() {
    let (folder, archive) = folder();
    let kind = folder.path().join("kind");
    let (words, loader) = (folder.path().join("words"), Loader::Kind { cluster: "demo".to_owned() });
    let text = format!(
        "#!/bin/sh\n[ -e {0} ] && {{ echo 'ERROR: no nodes found for cluster \"demo\"' >&2; exit 1; }}\nprintf '%s\\n' \"$@\" > {0}\n",
        words.display()
    );
    script(&kind, &text);
    load_with(kind.as_os_str(), &archive, "sticky-app:1", &loader, SOON).await.unwrap();
    assert_eq!(std::fs::read_to_string(&words).unwrap(), format!("load\nimage-archive\n{}\n--name\ndemo\n", archive.display()));

    let failure = load_with(kind.as_os_str(), &archive, "sticky-app:1", &loader, SOON).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Failed);
    assert!(failure.to_string().ends_with("kind failed (exit 1):\n  ERROR: no nodes found for cluster \"demo\""), "{}", failure.to_string());
    assert_eq!(failure.next_steps(), ["kind get nodes --name demo"]);
}
