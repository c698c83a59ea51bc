//! Which function does what a command says.

use crate::cli::{ChangeArgs, Command, UpArgs, command, verify};
use crate::cluster::change::Change;
use crate::cluster::{self, change, down, forward, status};
use crate::exit::{Exit, Failure};
use crate::mode::Mode;
use crate::output::Output;
use crate::{image, local, man, render};

/// Runs one command.
///
/// # Errors
/// What went wrong, with its exit code.
pub async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Up(args) => up(*args, output).await,
        Command::Render(args) => render::run(&args, output),
        Command::Image(args) => image::run(&args, output).await,
        Command::Status(args) if args.local.local => local::commands::status(args.output, output).await,
        Command::Status(args) => status::run(status::Ask { release: args.release, output: args.output, watch: args.watch }, output).await,
        Command::Scale { pods, change } if change.local.local => local::commands::scale(pods, change.timeout, output).await,
        Command::Scale { pods, change } => changed(Change::Scale(pods), change, output).await,
        Command::Mode { mode, change } if change.local.local => local::commands::switch(mode, change.timeout, output).await,
        Command::Mode { mode, change } => changed(Change::Mode(mode), change, output).await,
        Command::Verify(args) => verify::run(*args, output).await,
        Command::Explain { code } => Ok(verify::explain(code, output)),
        Command::Forward(args) => forward::run(args, output).await,
        Command::Kill { target, local } if local.local => local::commands::kill(target, output).await,
        Command::Kill { target, .. } => Err(Failure::new(Exit::Usage, "kill works with --local only: a cluster has its own ways to end a pod")
            .try_this(format!("stickyctl kill {target} --local"))
            .try_this("kubectl delete pod NAME --grace-period=1")),
        Command::Down(args) if args.local.local => local::commands::down(output).await,
        Command::Down(args) => {
            let ask = down::Ask { release: args.release, yes: args.yes, delete_data: args.delete_data, timeout: args.timeout };
            interruptible(down::run(&ask, output), "what was deleted is gone, and the rest is still there").await
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut self::command(), "stickyctl", &mut std::io::stdout());
            Ok(Exit::Done)
        }
        Command::Man(args) => man::run(&args, output),
    }
}

async fn up(args: UpArgs, output: Output) -> Result<Exit, Failure> {
    if args.local.local {
        let mode = args.spec.mode.map_or_else(mode_of_environment, Ok)?;
        return local::up::run(args.here, mode, output).await;
    }
    interruptible(cluster::up::run(&args.on_cluster, &args.spec, output), "what was applied stays, and the cluster goes on with it").await
}

/// `STICKYCTL_MODE`, which on a cluster is read with the whole spec.
fn mode_of_environment() -> Result<Mode, Failure> {
    match std::env::var("STICKYCTL_MODE") {
        Ok(text) if !text.is_empty() => text.parse().map_err(|why| Failure::new(Exit::Usage, format!("STICKYCTL_MODE: {why}"))),
        _ => Ok(Mode { pods: 3, workers: 1 }),
    }
}

async fn changed(change: Change, args: ChangeArgs, output: Output) -> Result<Exit, Failure> {
    interruptible(change::run(change, &args.release, args.timeout, output), "the change goes on without this command").await
}

/// Ends at Ctrl-C, and says what state that leaves.
async fn interruptible(work: impl Future<Output = Result<Exit, Failure>>, state: &str) -> Result<Exit, Failure> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, format!("interrupted: {state}")).try_this("stickyctl status")),
    }
}
