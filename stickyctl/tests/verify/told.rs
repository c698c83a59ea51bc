//! The files of a run: a page, JUnit XML, and the comparison with an earlier run.

use crate::case::{interrupted, verify};
use crate::site::{Affinity, Site, Workers};
use serde_json::Value;
use std::path::Path;
use sticky_affinity::scenario::ALL;

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The report in a page.
fn data(page: &Path) -> Value {
    let page = text(page);
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn not() -> Site {
    Site { affinity: Affinity::Nothing, ..Site::default() }
}

#[tokio::test]
async fn files_of_every_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let (page, junit) = (folder.path().join("a.html"), folder.path().join("a.xml"));
    let flags = ["--report", page.to_str().unwrap(), "--junit-file", junit.to_str().unwrap()];
    for (site, code, verdict) in [(Site::default(), 0, "sticky"), (not(), 3, "not-sticky"), (Site { pods: 1, ..Site::default() }, 6, "inconclusive")]
    {
        let done = verify(&site.serve().await, &flags).await;
        assert!(done.code == Some(code) && done.stderr.contains("a.html") && done.stderr.contains("a.xml"), "{:?} {}", done.code, done.stderr);
        let written = data(&page);
        assert_eq!(written, done.report);
        assert_eq!((&written["verdict"], &written["exit_code"]), (&verdict.into(), &code.into()));
        let junit = text(&junit);
        let failed = junit.matches("<failure ").count() + junit.matches("<error ").count();
        assert_eq!((failed > 0, junit.matches("<testcase ").count()), (code != 0, ALL.len()), "only what sticks is green: {junit}");
        assert!(junit.contains(&format!("<property name=\"verdict\" value=\"{verdict}\"/>")), "{junit}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else stays");
}

/// Found before the first request: what verify did not write stays, unless it is forced, and links stay even then.
#[tokio::test]
async fn files_of_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (page, junit, link) = (folder.path().join("a.html"), folder.path().join("a.xml"), folder.path().join("link"));
    std::fs::write(&page, "<title>mine</title>").unwrap();
    std::fs::write(&junit, "<testsuites name=\"mine\">").unwrap();
    std::os::unix::fs::symlink(&page, &link).unwrap();
    let site = Site::default().serve().await;
    for (flag, path, why) in [("--report", &page, "--force"), ("--junit-file", &junit, "--force"), ("--report", &link, "a symbolic link")] {
        let was = text(path);
        let refused = verify(&site, &[flag, path.to_str().unwrap()]).await;
        assert!(refused.code == Some(2) && refused.stderr.contains(why), "{}", refused.stderr);
        assert_eq!(text(path), was);
    }
    let forced = verify(&site, &["--force", "--report", page.to_str().unwrap(), "--junit-file", junit.to_str().unwrap()]).await;
    assert!(forced.code == Some(0) && text(&page).contains("<title>stickyctl verify</title>"), "{}", forced.stderr);
    let linked = verify(&site, &["--force", "--report", link.to_str().unwrap()]).await;
    assert!(linked.code == Some(2) && link.is_symlink(), "{}", linked.stderr);
}

/// However many scenarios fail: JUnit passes if the exit code is 0, and only then.
#[tokio::test]
async fn junit_agrees_with_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("a.xml");
    let by_connection = || Site { affinity: Affinity::Connection, ..Site::default() };
    for (site, flags, code, skipped) in [
        (Site { workers: 4, ..Site::default() }, &[][..], 0, Some("failed, but does not count: ")),
        (Site { workers: 4, ..Site::default() }, &["--require-workers"], 3, None),
        (Site { workers: 4, by_worker: Workers::ByCookie, ..Site::default() }, &["--require-workers"], 6, None),
        (Site::default(), &["--require-workers"], 6, None),
        (by_connection(), &["--reuse"], 3, None),
        (Site { pods: 1, ..Site::default() }, &["--reuse"], 6, None),
    ] {
        let done = verify(&site.serve().await, &[&["--junit-file", junit.to_str().unwrap()], flags].concat()).await;
        let text = text(&junit);
        assert_eq!((done.code, text.contains("<failure ") || text.contains("<error ")), (Some(code), code != 0), "{flags:?}: {text}");
        assert!(skipped.is_none_or(|says| text.contains(says) && text.contains("<system-out>")), "{text}");
    }
}

#[tokio::test]
async fn files_of_a_partial_run() {
    let folder = tempfile::tempdir().unwrap();
    let (page, junit) = (folder.path().join("a.html"), folder.path().join("a.xml"));
    let flags = ["--rate", "60", "--report", page.to_str().unwrap(), "--junit-file", junit.to_str().unwrap()];
    let done = interrupted(&Site::default().serve().await, &flags, 60).await;
    assert_eq!(done.code, Some(130), "{}", done.stderr);
    assert!(text(&junit).contains("<error message=\"interrupted before the run was complete\""), "{}", text(&junit));
    assert!(text(&junit).contains("<property name=\"partial\" value=\"true\"/>"), "{}", text(&junit));
    let written = data(&page);
    assert!(written["partial"] == true && written["summary"]["lead"].as_str().unwrap().contains("interrupted"), "{}", written["summary"]);
}

#[tokio::test]
async fn what_can_not_be_written_is_told_before_the_first_request() {
    let site = Site::default().serve().await;
    let folder = tempfile::tempdir().unwrap();
    let same = folder.path().join("a");
    let same = same.to_str().unwrap();
    for (flags, says) in [
        (&["--report", "/nowhere/a.html"][..], "error: writing /nowhere/a.html: cannot create a file in its folder: No such file"),
        (&["--junit-file", "/nowhere/a.xml"], "error: writing /nowhere/a.xml: "),
        (&["--report", folder.path().to_str().unwrap()], "it is a folder"),
        (&["--report", same, "--junit-file", same], "the same file"),
        (&["--baseline", "/nowhere/a.json"], "error: --baseline /nowhere/a.json: No such file"),
        (&["--baseline", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], "not a report"),
    ] {
        let done = verify(&site, flags).await;
        assert!(done.code == Some(2) && done.stdout.is_empty() && done.stderr.contains(says), "{flags:?}: {:?} {}", done.code, done.stderr);
    }
    assert_eq!(site.state.counts(), (0, 0), "it sent requests nevertheless");
}

#[tokio::test]
async fn an_earlier_report_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (before, page) = (folder.path().join("before.json"), folder.path().join("a.html"));
    let (sticky, not) = (Site::default().serve().await, not().serve().await);
    std::fs::write(&before, verify(&sticky, &[]).await.stdout).unwrap();
    let flags = ["--baseline", before.to_str().unwrap(), "--report", page.to_str().unwrap(), "-o", "table"];

    let done = verify(&sticky, &flags).await;
    let (_, told) = done.stdout.split_once("STICKY    pods: sticky").unwrap();
    assert!(done.code == Some(0) && told.contains(&format!("compared with {} of 20", before.display())), "{told}");
    assert!(!told.contains("  pods: ") && !told.contains("hard to compare"), "{told}");

    let done = verify(&not, &flags).await;
    let told = &done.stdout;
    assert!(
        done.code == Some(3)
            && told.contains("\n  pods: not-sticky, was sticky\n")
            && told.contains("hard to compare: the earlier run tested another URL"),
        "{told}"
    );
    let compared = &data(&page)["baseline"]["changed"];
    assert_eq!((&compared[0], &compared[1]), (&"pods: not-sticky, was sticky".into(), &"reasons: cookie-not-honoured, was none".into()));
    // Whatever the earlier result, the exit code is that of this run.
    std::fs::write(&before, verify(&not, &[]).await.stdout).unwrap();
    assert_eq!(verify(&sticky, &flags).await.code, Some(0));
}
