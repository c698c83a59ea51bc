//! What a run leaves behind: a page, JUnit, and the comparison with an earlier run.

use crate::site::{Affinity, Site};
use serde_json::Value;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::Notify;

/// For a run to get somewhere.
const LIMIT: Duration = Duration::from_secs(60);

fn command(url: &str, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickyctl"));
    command.args(["verify", url, "--pod-identity", "header:x-pod"]).args(flags).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn run(url: &str, flags: &[&str]) -> (i32, String, String) {
    let done = tokio::time::timeout(LIMIT, command(url, flags).args(["--rate", "2000"]).output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
}

/// A site of one pod that counts its requests.
async fn counting() -> (String, Arc<AtomicU64>, Arc<Notify>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (count, several) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let (counted, told) = (Arc::clone(&count), Arc::clone(&several));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if counted.fetch_add(1, Ordering::SeqCst) == 20 {
                told.notify_one();
            }
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-pod: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
            });
        }
    });
    (url, count, several)
}

/// A run that gets Ctrl-C in its middle.
pub async fn interrupted(flags: &[&str]) -> Output {
    let (url, _, several) = counting().await;
    let child = command(&url, flags).args(["--rate", "50"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tokio::time::timeout(LIMIT, several.notified()).await.unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    tokio::time::timeout(LIMIT, child.wait_with_output()).await.unwrap().unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The report in a page.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[tokio::test]
async fn files_of_every_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let (page, junit) = (folder.path().join("a.html"), folder.path().join("a.xml"));
    let flags = ["--report", page.to_str().unwrap(), "--junit-file", junit.to_str().unwrap()];
    let not = Site { affinity: Affinity::Nothing, ..Site::default() };
    for (site, code, verdict, failures) in
        [(Site::default(), 0, "sticky", 0), (not, 3, "not-sticky", 2), (Site { pods: 1, ..Site::default() }, 6, "inconclusive", 1)]
    {
        let site = site.serve().await;
        let (exit, stdout, stderr) = run(&site.url, &flags).await;
        assert_eq!(exit, code, "{stderr}");
        assert!(stdout.contains("SCENARIO") && stderr.contains("a.html") && stderr.contains("a.xml"), "{stdout}{stderr}");
        let written = data(&text(&page));
        assert_eq!((&written["verdict"], &written["exit_code"]), (&verdict.into(), &code.into()));
        let junit = text(&junit);
        let failed = junit.matches("<failure ").count() + junit.matches("<error ").count();
        assert!(failed == failures && junit.matches("<testcase ").count() == 13, "{verdict}: {junit}");
        assert!(junit.contains(&format!("<property name=\"verdict\" value=\"{verdict}\"/>")), "{junit}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else stays");
}

#[tokio::test]
async fn files_of_a_partial_run() {
    let folder = tempfile::tempdir().unwrap();
    let (page, junit) = (folder.path().join("a.html"), folder.path().join("a.xml"));
    let done = interrupted(&["--report", page.to_str().unwrap(), "--junit-file", junit.to_str().unwrap()]).await;
    assert_eq!(done.status.code(), Some(130));
    assert!(text(&junit).contains("<property name=\"partial\" value=\"true\"/>"), "{}", text(&junit));
    let written = data(&text(&page));
    assert!(written["partial"] == true && written["summary"]["lead"].as_str().unwrap().contains("interrupted"), "{}", written["summary"]);
}

#[tokio::test]
async fn what_can_not_be_written_is_told_before_the_first_request() {
    let (url, count, _) = counting().await;
    let folder = tempfile::tempdir().unwrap();
    let same = folder.path().join("a");
    let same = same.to_str().unwrap();
    for (flags, says) in [
        (&["--report", "/nowhere/a.html"][..], "error: writing /nowhere/a.html: its folder takes no file: No such file"),
        (&["--junit-file", "/nowhere/a.xml"], "error: writing /nowhere/a.xml: "),
        (&["--report", folder.path().to_str().unwrap()], "no plain file"),
        (&["--report", same, "--junit-file", same], "the same file"),
        (&["--baseline", "/nowhere/a.json"], "error: --baseline /nowhere/a.json: No such file"),
        (&["--baseline", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], "it is no report"),
    ] {
        let (exit, stdout, stderr) = run(&url, flags).await;
        assert!(exit == 2 && stdout.is_empty() && stderr.contains(says), "{flags:?}: {exit} {stderr}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0, "it asked all the same");
}

#[tokio::test]
async fn an_earlier_report_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (before, page) = (folder.path().join("before.json"), folder.path().join("a.html"));
    let site = Site::default().serve().await;
    std::fs::write(&before, run(&site.url, &["-o", "json"]).await.1).unwrap();
    let flags = ["--baseline", before.to_str().unwrap(), "--report", page.to_str().unwrap()];

    let (exit, stdout, _) = run(&site.url, &flags).await;
    let (_, told) = stdout.split_once("STICKY    pods: sticky").unwrap();
    assert!(exit == 0 && told.contains(&format!("compared with {} of 20", before.display())), "{told}");
    assert!(!told.contains("pods:") && !told.contains("weak"), "{told}");

    let not = Site { affinity: Affinity::Nothing, ..Site::default() }.serve().await;
    let (exit, stdout, _) = run(&not.url, &flags).await;
    assert!(exit == 3 && stdout.contains("\n  pods: not-sticky, was sticky\n") && stdout.contains("a weak comparison: another URL"), "{stdout}");
    let written = data(&text(&page));
    assert_eq!(written["baseline"]["changed"][0], "pods: not-sticky, was sticky");
    // However it was before, the exit code is this run's.
    std::fs::write(&before, run(&not.url, &["-o", "json"]).await.1).unwrap();
    assert_eq!(run(&site.url, &flags).await.0, 0);
}
