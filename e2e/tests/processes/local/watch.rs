//! `stickyctl status --local --watch`: on a terminal, with its keys, and without one.

use super::{QUICK, SOON, names, until_shape};
use anyhow::Result;
use rustix::process::Signal;
use serde_json::Value;
use testkit::local::Local;
use testkit::process::Process;
use testkit::pty::Terminal;
use testkit::{tools, wait};

/// The alternate screen is left and the cursor is visible.
#[track_caller]
fn restored(bytes: &str) {
    let (entered, left) = (bytes.find("\u{1b}[?1049h"), bytes.rfind("\u{1b}[?1049l"));
    assert!(entered.is_some() && left > entered, "{bytes:?}");
    assert!(bytes.rfind("\u{1b}[?25h") > bytes.rfind("\u{1b}[?25l"), "{bytes:?}");
}

fn watch(local: &Local) -> Result<Terminal> {
    let mut command = local.folder.command(&["status", "--local", "--watch"])?;
    command.env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
    Terminal::start(&command, 80, 24)
}

#[tokio::test]
async fn keys_change_the_demo() -> Result<()> {
    if !tools::present(&["setsid"]) {
        return Ok(());
    }
    let local = Local::start(&QUICK).await?;
    let mut terminal = watch(&local)?;
    let first = terminal.until("the first picture", |text| text.contains("> app-1")).await?;
    assert!(first.starts_with("sticky-sessions  3x1  version ") && first.contains(&local.url) && first.contains("q quit"), "{first}");
    assert!(first.lines().all(|line| line.chars().count() <= 80), "{first}");

    terminal.types("+")?;
    terminal.until("a fourth pod", |text| text.contains("4x1") && text.contains("app-4")).await?;
    until_shape(&local, (4, 1)).await?;
    terminal.types("\u{1b}[Bk")?;
    let asked = terminal.until("the question", |text| text.contains("kill app-2?")).await?;
    assert!(asked.contains("> app-2"), "{asked}");
    terminal.types("n")?;
    terminal.until("nothing", |text| text.contains("nothing changed") && text.contains("app-2")).await?;
    terminal.types("ky")?;
    terminal.until("its successor", |text| !text.contains("app-2  ready") && text.contains("app-5  ready")).await?;
    terminal.types("a")?;
    terminal.until("affinity off", |text| text.contains("affinity off")).await?;
    wait::until("the map says so", SOON, async || (local.topology().await.ok()?["door"]["affinity"] == "off").then_some(())).await?;

    // A mode that is none is refused in the words of the demo.
    terminal.types("m\u{7f}\u{7f}\u{7f}0x1\r")?;
    terminal.until("the refusal", |text| text.contains("between 1 and") || text.contains("1 to 64")).await?;
    terminal.types("m\r")?;
    until_shape(&local, (1, 4)).await?;
    terminal
        .until("one pod with four workers", |text| text.contains("1x4") && text.matches("app-6").count() == 4 && !text.contains("draining"))
        .await?;
    terminal.types("\u{1b}[Fw\r")?;
    terminal
        .until("a worker's second life", |text| text.lines().any(|line| line.contains("> app-6  ready") && line.contains("3        0         1")))
        .await?;

    terminal.resize(44, 10)?;
    let narrow = terminal.until("the narrow picture", |text| text.contains("> app-6") && text.contains("q quit") && !text.contains("AGE")).await?;
    assert!(narrow.contains("RESTARTS") && narrow.lines().all(|line| line.chars().count() <= 44), "{narrow}");
    terminal.types("q")?;
    assert_eq!(terminal.exit_code().await?, 0);
    let bytes = terminal.bytes();
    restored(&bytes);
    assert!(!bytes.contains("\u{1b}[33m") && !bytes.contains("\u{1b}[38;"), "NO_COLOR is set");
    Ok(())
}

#[tokio::test]
async fn however_it_ends_the_terminal_is_as_before() -> Result<()> {
    if !tools::present(&["setsid"]) {
        return Ok(());
    }
    let local = Local::start(&QUICK).await?;
    let (mut ctrl_c, mut ended, mut left) = (watch(&local)?, watch(&local)?, watch(&local)?);
    for terminal in [&ctrl_c, &ended, &left] {
        terminal.until("the first picture", |text| text.contains("> app-1")).await?;
    }
    ctrl_c.types("\u{3}")?;
    assert_eq!(ctrl_c.exit_code().await?, 0);
    restored(&ctrl_c.bytes());
    ended.signal(Signal::TERM)?;
    assert_eq!(ended.exit_code().await?, 130);
    restored(&ended.bytes());
    local.ctl(&["down"]).await?;
    assert_eq!(left.exit_code().await?, 1);
    restored(&left.bytes());
    let said = left.text();
    assert!(said.contains("error: the demo on this machine has ended") && said.contains("stickyctl up --local"), "{said}");
    Ok(())
}

/// Without a terminal: a document for each change, and no keys.
#[tokio::test]
async fn without_a_terminal() -> Result<()> {
    let local = Local::start(&QUICK).await?;
    let mut json = Process::start(&mut local.folder.command(&["status", "--local", "--watch", "-o", "json"])?)?;
    let mut table = Process::start(&mut local.folder.command(&["status", "--local", "--watch"])?)?;
    json.line("the first document", SOON, |line| line.starts_with('{').then_some(())).await?;
    table.line("the first table", SOON, |line| line.starts_with("POD").then_some(())).await?;
    local.ctl(&["scale", "2"]).await?;
    let settled = |line: &str| serde_json::from_str::<Value>(line).ok().filter(|status| status["mode"] == "2x1" && status["settled"] == true);
    let status = json.line("the change", SOON, settled).await?;
    assert_eq!(names(&status), ["app-1", "app-2"]);
    table.line("the change", SOON, |line| line.starts_with("sticky-sessions  2x1  version").then_some(())).await?;
    let documents = json.stdout.all().len();
    assert!((2..20).contains(&documents), "only changes: {documents}");
    local.ctl(&["down"]).await?;
    for process in [&mut json, &mut table] {
        assert_eq!(process.exit_code(SOON).await?, 1);
        assert!(process.stderr.text().contains("the demo on this machine has ended"), "{}", process.stderr.text());
        assert!(!process.stdout.text().contains('\u{1b}'));
    }
    Ok(())
}

#[tokio::test]
async fn nothing_to_watch() -> Result<()> {
    let runtime = testkit::local::Runtime::new()?;
    let ran = runtime.run(&["status", "--local", "--watch"]).await?;
    assert!(ran.code == 5 && ran.stderr.contains("stickyctl up --local") && ran.stdout.is_empty(), "{ran:?}");
    Ok(())
}
