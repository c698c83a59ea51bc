//! One demo for each user: its lock, its control socket, its log, and the folder that holds them.

use super::{SOON, failed, nothing_left};
use anyhow::Result;
use rustix::process::Signal;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use testkit::local::{self, Local, Runtime};
use testkit::{http, process, wait};

#[tokio::test]
async fn a_second_up() -> Result<()> {
    let local = Local::start(&[]).await?;
    let ran = local.folder.run(&["up", "--local", "--port", "0"]).await?;
    failed(&ran, 1, &["already", &local.url]);
    assert_eq!(http::get(&local.url).send().await?.status, 200, "the first one does not mind");
    local.ctl(&["status"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_stale_socket_is_replaced() -> Result<()> {
    let mut local = Local::start(&[]).await?;
    local.process.signal(Signal::KILL)?;
    local.process.exit_code(SOON).await?;
    assert!(local.folder.socket().exists(), "a killed one could not tidy up");
    let ran = local.folder.run(&["status", "--local"]).await?;
    assert!(ran.code != 0 && ran.stderr.contains("stickyctl up --local"), "{} {}", ran.code, ran.stderr);
    let local = Local::start_in(local.folder, &[]).await?;
    local.ctl(&["status"]).await?;
    Ok(())
}

#[tokio::test]
async fn the_runtime_folder() -> Result<()> {
    let local = Local::start(&[]).await?;
    let folder = std::fs::metadata(local.folder.path().join("stickyctl"))?;
    assert_eq!((folder.permissions().mode() & 0o777, folder.uid()), (0o700, rustix::process::geteuid().as_raw()));
    assert!(std::fs::symlink_metadata(local.folder.socket())?.file_type().is_socket());

    // A symbolic link could point to anyone's folder.
    let (runtime, elsewhere) = (Runtime::new()?, tempfile::tempdir()?);
    std::os::unix::fs::symlink(elsewhere.path(), runtime.path().join("stickyctl"))?;
    let ran = runtime.run(&["up", "--local", "--port", "0"]).await?;
    failed(&ran, 1, &["link", "stickyctl"]);
    assert_eq!(std::fs::read_dir(elsewhere.path())?.count(), 0);

    // A folder that others can write to is fixed or rejected, never used as it is.
    let runtime = Runtime::new()?;
    let open = runtime.path().join("stickyctl");
    std::fs::create_dir(&open)?;
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777))?;
    let mut command = runtime.command(&["up", "--local", "--port", "0"])?;
    let mut process = process::Process::start(&mut command)?;
    wait::until("it is up or refused", SOON, async || (process.ended().is_some() || !process.stdout.all().is_empty()).then_some(())).await?;
    if process.ended().is_none() {
        assert_eq!(std::fs::metadata(&open)?.permissions().mode() & 0o777, 0o700);
    }
    Ok(())
}

#[tokio::test]
async fn without_a_runtime_folder() -> Result<()> {
    let (runtime, tmp) = (Runtime::new()?, tempfile::tempdir()?);
    let mut command = runtime.command(&["up", "--local", "--port", "0"])?;
    command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", tmp.path());
    let mut process = process::Process::start(&mut command)?;
    process.line("the URL", SOON, |line| line.starts_with("http://").then_some(())).await?;
    let folder = tmp.path().join(format!("stickyctl-{}", rustix::process::geteuid().as_raw()));
    assert_eq!(std::fs::metadata(&folder)?.permissions().mode() & 0o777, 0o700);
    let mut status = runtime.command(&["status", "--local"])?;
    status.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", tmp.path());
    let ran = local::run(status).await?;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    Ok(())
}

#[tokio::test]
async fn detached() -> Result<()> {
    let runtime = Runtime::new()?;
    let ran = runtime.done(&["up", "--local", "--port", "0", "--detach", "--drain-delay", "100ms", "--drain-window", "100ms"]).await?;
    let url = ran.stdout.trim().to_owned();
    assert!(url.starts_with("http://127.0.0.1:") && url.lines().count() == 1, "{url}");
    let who = http::get(format!("{url}whoami")).send().await?;
    let pid = i32::try_from(who.json()?["pid"].as_i64().unwrap())?;
    let _guard = process::KillOnDrop(pid);
    assert!(process::lives(pid));
    runtime.done(&["down", "--local"]).await?;
    wait::until("it is gone", SOON, async || (!process::lives(pid)).then_some(())).await?;
    nothing_left(&runtime);
    // A failed start is reported, detached or not.
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.port().to_string();
    let ran = runtime.run(&["up", "--local", "--detach", "--port", &port]).await?;
    failed(&ran, 1, &[&port]);
    Ok(())
}

/// However many are started at once, one runs, and the others name it.
#[tokio::test]
async fn only_one_at_a_time() -> Result<()> {
    for round in 0..3 {
        let runtime = Runtime::new()?;
        let up = || runtime.command(&["up", "--local", "--port", "0", "--drain-delay", "100ms", "--drain-window", "100ms"]);
        let mut all = (0..6).map(|_| process::Process::start(&mut up()?)).collect::<Result<Vec<_>>>()?;
        let ended = async || {
            let ended = all.iter_mut().filter_map(process::Process::ended).count();
            (ended == 5).then_some(())
        };
        wait::until("all but one to end", 2 * SOON, ended).await?;
        let (mut running, mut ended) = (Vec::new(), Vec::new());
        for mut one in all {
            if one.ended().is_none() { running.push(one) } else { ended.push(one) }
        }
        assert_eq!((running.len(), ended.len()), (1, 5), "round {round}");
        for one in &ended {
            assert!(one.stderr.text().contains("a demo is already running: http://"), "round {round}: {}", one.stderr.text());
        }
        runtime.done(&["status", "--local"]).await?;
        runtime.done(&["down", "--local"]).await?;
        assert_eq!(running[0].exit_code(SOON).await?, 0, "round {round}");
        nothing_left(&runtime);
    }
    Ok(())
}

/// The mode of the socket, the lock and the log doesn't follow the umask, and a link in the log's place is not followed.
#[tokio::test]
async fn what_it_keeps_is_its_owners_alone() -> Result<()> {
    for umask in ["000", "777"] {
        let runtime = Runtime::new()?;
        let (folder, target) = (runtime.path().join("stickyctl"), runtime.path().join("target"));
        std::fs::write(&target, "kept")?;
        std::fs::create_dir(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        std::os::unix::fs::symlink(&target, folder.join("local.log"))?;
        let up = runtime.command(&["up", "--local", "--detach", "--port", "0"])?;
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "umask \"$0\" && exec \"$@\"", umask]).arg(up.get_program()).args(up.get_args());
        for (name, value) in up.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let ran = local::run(shell).await?;
        assert_eq!(ran.code, 0, "umask {umask}: {}", ran.stderr);
        let names = ["local.sock", "local.lock", "local.log"];
        let facts = names.map(|name| std::fs::symlink_metadata(folder.join(name)).map(|facts| (name, facts.mode() & 0o777, facts.is_symlink())));
        runtime.done(&["down", "--local"]).await?;
        for one in facts {
            let (name, mode, is_link) = one?;
            assert_eq!((mode, is_link), (0o600, false), "umask {umask}: {name}");
        }
        assert_eq!(std::fs::read(&target)?, b"kept");
    }
    Ok(())
}
