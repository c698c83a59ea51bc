//! Calls the function behind each command and prints what it returns.

use super::cluster::ForwardArgs;
use super::command::{Command, command};
use super::complete;
use super::doctor;
use super::explain;
use super::man;
use super::release::{ChangeArgs, DownArgs, StatusArgs};
use super::up::UpArgs;
use super::verify;
use super::version;
use crate::cluster::change::Change;
use crate::cluster::connect::{Access, Cluster, connect};
use crate::cluster::{self, change, down, forward, show};
use crate::exit::{Exit, Failure};
use crate::generate::front_door;
use crate::input::Input;
use crate::output::{Mark, Output};
use crate::render::Rendered;
use crate::spec::StickyApp;
use crate::{image, local, render};
use std::io::IsTerminal;
use sticky_core::mode::{MOST, Mode};

/// Runs one command.
pub(super) async fn run(asked: Command, output: Output) -> Result<Exit, Failure> {
    match asked {
        Command::Up(args) => up(*args, output).await,
        Command::Render(args) => render(args.request(&command()), output),
        Command::Image(args) => image(&args.request(), output).await,
        Command::Status(args) if args.local.local => Ok(local::commands::status(args.output, args.watch, output).await?),
        Command::Status(args) => status(args, output).await,
        Command::Scale { pods, change } if change.local.local => Ok(local::commands::scale(pods, change.timeout, output).await?),
        Command::Scale { pods, change } => changed(Change::Scale(pods), change, output).await,
        Command::Mode { mode, change } if change.local.local => Ok(local::commands::switch(mode, change.timeout, output).await?),
        Command::Mode { mode, change } => changed(Change::Mode(mode), change, output).await,
        Command::Verify(args) => verify::run(*args, command(), output).await,
        Command::Doctor(args) => doctor::run(*args, output).await,
        Command::Explain { code } => explain::run(code, output),
        Command::Forward(args) => forward(args, output).await,
        Command::Kill { target, local } if local.local => Ok(local::commands::kill(target, output).await?),
        Command::Kill { target, .. } => Err(Failure::new(Exit::Usage, "kill works only with --local; on a cluster, use kubectl to delete a pod")
            .try_this(format!("stickyctl kill {target} --local"))
            .try_this("kubectl delete pod NAME --grace-period=1")),
        Command::Down(args) if args.local.local => Ok(local::commands::down(output).await?),
        Command::Down(args) => interruptible(down(args, output), "what was not yet deleted is still there").await,
        Command::Completions { shell } => {
            let script = complete::script(shell).map_err(|why| Failure::new(Exit::Failed, format!("writing the script: {why}")))?;
            output.exactly(&script)?;
            Ok(Exit::Done)
        }
        Command::Man(args) => man::run(&args, command(), output),
        Command::Version(args) => version::run(&args, output),
    }
}

fn render(request: render::Request, output: Output) -> Result<Exit, Failure> {
    let mut loaded = Input::read(request.spec)?.load(None);
    loaded.findings.add(front_door::affinity(&loaded.spec));
    let spec = loaded.checked(output)?;
    match render::render(&spec, request.namespace, request.form)? {
        Rendered::Text(text) => output.exactly(text.trim_end())?,
        Rendered::Folder(folder, count) => {
            output.answer(&folder.display().to_string())?;
            output.hint(&format!("Wrote {count} objects. Next:\n{}", render::by_hand(&folder, &spec)));
        }
    }
    Ok(Exit::Done)
}

async fn image(request: &image::Request, output: Output) -> Result<Exit, Failure> {
    let done = image::run(request, output).await?;
    output.phase(Mark::Done, "program", &done.program, None);
    output.phase(Mark::Done, "image", &done.image, Some(done.took));
    output.phase(Mark::Done, "digest", &done.digest, None);
    if let Some(path) = &request.out {
        let path = path.display();
        output.answer(&path.to_string())?;
        output.hint(&format!("\nNext: kind load image-archive {path}, docker load -i {path}, or stickyctl up, which loads the image itself"));
    }
    Ok(Exit::Done)
}

async fn up(args: UpArgs, output: Output) -> Result<Exit, Failure> {
    if args.local {
        let mode = args.spec.mode.map_or_else(mode_of_environment, Ok)?;
        let canary = args.spec.canary.map_or_else(canary_of_environment, Ok)?;
        return Ok(local::up::run(args.here.request(mode, canary), output).await?);
    }
    let work = async {
        let (on_cluster, access) = (&args.on_cluster, args.on_cluster.access());
        let input = Input::read(args.spec.request(None, &command()))?;
        let done = cluster::up::run(&on_cluster.request(&input)?, connect(&access), output).await?;
        show::up(&done, output)?;
        Ok(Exit::Done)
    };
    interruptible(work, "what was applied stays, and the cluster continues with it").await
}

/// `STICKYCTL_MODE`. On a cluster it is read with the rest of the spec.
fn mode_of_environment() -> Result<Mode, Failure> {
    let Some(text) = std::env::var_os("STICKYCTL_MODE").filter(|text| !text.is_empty()) else { return Ok(StickyApp::default().mode) };
    // What is not UTF-8 is no mode either.
    text.to_string_lossy().parse().map_err(|why| Failure::new(Exit::Usage, format!("STICKYCTL_MODE: {why}")))
}

/// Connects to the cluster. If there is none, the user may have meant the demo that runs on this machine.
async fn reach(access: &Access) -> Result<Cluster, Failure> {
    let error = match connect(access).await {
        Ok(cluster) => return Ok(cluster),
        Err(error) => error,
    };
    let runs = async { local::client::Client::open().ok()?.find().await.ok()? };
    let mut failure = Failure::from(error);
    if let Some(demo) = runs.await {
        failure.tries.insert(0, format!("the same command with --local    uses the demo that runs on this machine, {}", demo.url));
    }
    Err(failure)
}

/// `STICKYCTL_CANARY_PODS`, likewise.
fn canary_of_environment() -> Result<u16, Failure> {
    let Some(text) = std::env::var_os("STICKYCTL_CANARY_PODS").filter(|text| !text.is_empty()) else { return Ok(0) };
    let pods = text.to_string_lossy().parse().ok().filter(|pods| *pods <= MOST);
    pods.ok_or_else(|| Failure::new(Exit::Usage, format!("STICKYCTL_CANARY_PODS: invalid number of pods: use 0 to {MOST}")))
}

async fn changed(change: Change, args: ChangeArgs, output: Output) -> Result<Exit, Failure> {
    let work = async {
        let cluster = reach(&args.release.cluster.access()).await?;
        let changed = change::run(&cluster, change, &args.release.place(), args.timeout, output).await?;
        show::changed(&changed, output)?;
        Ok(Exit::Done)
    };
    interruptible(work, "the cluster continues with the change").await
}

async fn down(args: DownArgs, output: Output) -> Result<Exit, Failure> {
    let cluster = reach(&args.release.cluster.access()).await?;
    let request = down::Request { place: args.release.place(), yes: args.yes, delete_data: args.delete_data, timeout: args.timeout };
    let done = down::run(&cluster, &request, output).await?;
    show::down(done, &request.place, output)?;
    Ok(Exit::Done)
}

async fn status(args: StatusArgs, output: Output) -> Result<Exit, Failure> {
    let (cluster, place) = (reach(&args.release.cluster.access()).await?, args.release.place());
    if !args.watch {
        show::status(&cluster, &place, args.output, output).await?;
        return Ok(Exit::Done);
    }
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
        watched = show::watch(&cluster, &place, args.output, std::io::stdout().is_terminal(), output) => watched.map(|()| Exit::Done),
    }
}

async fn forward(args: ForwardArgs, output: Output) -> Result<Exit, Failure> {
    let cluster = reach(&args.release.cluster.access()).await?;
    let way = forward::open(&cluster, &args.release.place(), args.port).await?;
    tokio::select! {
        // In this order, so that Ctrl-C right after the URL is not missed.
        biased;
        _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
        forwarded = show::forward(way, output) => match forwarded? {},
    }
}

/// Stops at Ctrl-C and says what state that leaves behind.
async fn interruptible(work: impl Future<Output = Result<Exit, Failure>>, state: &str) -> Result<Exit, Failure> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, format!("interrupted: {state}")).try_this("stickyctl status")),
    }
}
