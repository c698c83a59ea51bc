//! Where the image's program comes from.

use super::child::{self, Ended};
use super::elf::{self, Arch, HEAD};
use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The program's name, in every place where it is looked for.
const NAME: &str = "sticky-app";
/// How the program is built where there is Docker, and the stage of it that holds nothing else.
const DOCKERFILE: &str = "app/Dockerfile";
const STAGE: &str = "program";
/// For Docker's answer whether its engine is there.
const ASK: Duration = Duration::from_secs(5);
/// For a build from nothing, on an emulated processor too.
const BUILD: Duration = Duration::from_secs(3_600);
/// A program larger than this is something else.
const MOST: u64 = 256 << 20;

/// A program that fits.
pub(super) struct Program {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where it was found, for people.
    pub from: String,
}

/// Finds it: the file that was named, the one beside this program, or what Docker builds.
///
/// # Errors
/// The file that was named does not fit ([`Exit::Usage`]); none is there ([`Exit::Prerequisite`]); Docker failed.
pub(super) async fn find(named: Option<&Path>, arch: Arch, output: Output) -> Result<Program, Failure> {
    if let Some(path) = named {
        return read(path, arch).map_err(|why| {
            Failure::new(Exit::Usage, format!("taking {} as the image's program: {why}", path.display()))
                .try_this(format!("{}    builds one that fits", cargo(arch)))
        });
    }
    let mut reasons = Vec::new();
    match beside() {
        Some(path) if path.is_file() => match read(&path, arch) {
            Ok(program) => return Ok(program),
            Err(why) => {
                output.note(&format!("{} was skipped: {why}", path.display()));
                reasons.push(format!("{}: {why}", path.display()));
            }
        },
        Some(path) => reasons.push(format!("{}: there is none", path.display())),
        None => {}
    }
    match docker().await {
        Ok(()) if Path::new(DOCKERFILE).is_file() => return build(arch, output).await,
        Ok(()) => reasons.push(format!("Docker: there is no {DOCKERFILE} in this folder to build from")),
        Err(why) => reasons.push(format!("Docker: {why}")),
    }
    Err(missing(&reasons, arch))
}

fn missing(reasons: &[String], arch: Arch) -> Failure {
    let looked = reasons.iter().map(|reason| format!("\n  {reason}")).collect::<String>();
    Failure::new(Exit::Prerequisite, format!("finding a static sticky-app for linux/{}: there is none{looked}", arch.word()))
        .try_this(format!("{}    builds one", cargo(arch)))
        .try_this(format!("--app-binary target/{}/dist/{NAME}    names it", arch.triple()))
        .try_this(format!("or put it beside stickyctl, under the name {NAME}"))
        .try_this(format!("or start Docker and call this in the project's folder: {DOCKERFILE} builds it"))
}

/// The command that builds one. Without the `getrandom` part it would open a device that an image may lack.
fn cargo(arch: Arch) -> String {
    let flags = r#"RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"'"#;
    format!("{flags} cargo build --profile dist --target {} -p {NAME}", arch.triple())
}

/// The neighbour of this program, through links to it.
fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    Some(own.canonicalize().unwrap_or(own).with_file_name(NAME))
}

/// Reads a program if it fits; why not, as a sentence.
fn read(path: &Path, arch: Arch) -> Result<Program, String> {
    let unreadable = |e: io::Error| format!("it can't be read: {e}");
    let mut file = File::open(path).map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err("it is no file".to_owned());
    }
    if facts.len() > MOST {
        return Err(format!("it has {} MiB, and {} are the most", facts.len() >> 20, MOST >> 20));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    elf::check(&bytes, facts.len(), arch).map_err(|unfit| unfit.to_string())?;
    file.take(MOST).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Program { bytes, from: path.display().to_string() })
}

/// Whether Docker is here and its engine answers; why not, as a sentence.
async fn docker() -> Result<(), String> {
    let mut command = Command::new("docker");
    command.arg("version").stdin(Stdio::null());
    child::run(command, ASK).await.map_err(|ended| match ended {
        Ended::Unstartable(e) if e.kind() == io::ErrorKind::NotFound => "there is no docker in PATH".to_owned(),
        other => other.sentence(),
    })
}

/// Builds the program alone, so that the archive is made in one way wherever the program comes from.
async fn build(arch: Arch, output: Output) -> Result<Program, Failure> {
    let doing = format!("building {NAME} for linux/{}", arch.word());
    let folder = tempfile::tempdir().map_err(|e| Failure::new(Exit::Failed, format!("{doing}: making a folder for it: {e}")))?;
    output.phase(Mark::Busy, "build", &format!("docker build --file {DOCKERFILE} (minutes, the first time; -v shows it)"), None);
    let mut command = Command::new("docker");
    // The older builder writes no files.
    command.env("DOCKER_BUILDKIT", "1").args(["build", "--file", DOCKERFILE, "--target", STAGE]);
    command.args(["--platform", &format!("linux/{}", arch.word())]);
    command.arg("--output").arg(format!("type=local,dest={}", folder.path().display())).arg(".").stdin(Stdio::null());
    child::run(command, BUILD).await.map_err(|ended| ended.failure(&doing, "docker build").try_this(format!("{}    without Docker", cargo(arch))))?;
    let mut program = read(&folder.path().join(NAME), arch).map_err(|why| Failure::new(Exit::Failed, format!("{doing} with {DOCKERFILE}: {why}")))?;
    program.from = DOCKERFILE.to_owned();
    Ok(program)
}
