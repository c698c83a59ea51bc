//! Where the image's program comes from.

use super::arch::Arch;
use super::child::{self, ChildError, Ended};
use super::elf::{self, HEAD, Unfit};
use crate::exit::{Exit, Explained};
use crate::output::{Mark, Output};
use crate::patience;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The file name of the program wherever stickyctl looks for it.
const NAME: &str = "sticky-app";
/// The package of this very program.
const TOOL: &str = "stickyctl";
/// What builds the program with Docker, and the stage that holds nothing else.
const DOCKERFILE: &str = "app/Dockerfile";
const STAGE: &str = "program";
/// How long to wait for Docker's engine to answer.
const ASK: Duration = Duration::from_secs(5);
/// How long a build may take: from scratch, and on an emulated processor.
const BUILD: Duration = Duration::from_secs(3_600);
/// The largest program in bytes; a larger file is something else.
const MOST: u64 = 256 << 20;

/// A program that fits.
pub(super) struct Program {
    pub(super) bytes: Vec<u8>,
    /// Where it was found, for the user.
    pub(super) from: String,
}

/// Why there is no program for the image.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// The file that was named.
    #[error("using {} for the image: {why}", path.display())]
    Named { path: PathBuf, why: Unusable, arch: Arch },
    /// The program that is running.
    #[error("building an image of {}: {why}", path.display())]
    Own { path: PathBuf, why: Unusable, arch: Arch },
    /// No file was named, and there is none in any other place.
    #[error("no static sticky-app for linux/{} found:{}", arch.word(), places.iter().map(|place| format!("\n  {place}")).collect::<String>())]
    Missing { arch: Arch, places: Vec<String> },
    /// A folder for the build.
    #[error("building {NAME} for linux/{}: creating a temporary folder: {why}", arch.word())]
    Folder { arch: Arch, why: io::Error },
    #[error("{child}")]
    Build { arch: Arch, child: ChildError },
    /// Docker built something else.
    #[error("building {NAME} for linux/{} with {DOCKERFILE}: {why}", arch.word())]
    Built { arch: Arch, why: Unusable },
}

impl Explained for SourceError {
    fn exit(&self) -> Exit {
        match self {
            Self::Named { .. } => Exit::Usage,
            Self::Own { .. } | Self::Missing { .. } => Exit::Prerequisite,
            Self::Folder { .. } | Self::Built { .. } => Exit::Failed,
            Self::Build { child, .. } => child.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Named { arch, .. } => vec![format!("{}    builds one that fits", cargo(*arch, NAME))],
            Self::Own { arch, .. } => vec![
                format!("{}    builds one that fits", cargo(*arch, TOOL)),
                format!("--stickyctl-binary target/{}/dist/{TOOL}    names it", arch.triple()),
                "--image REGISTRY/stickyctl:VERSION    uses an image that the nodes can pull".to_owned(),
            ],
            Self::Missing { arch, .. } => vec![
                format!("{}    builds one", cargo(*arch, NAME)),
                format!("--app-binary target/{}/dist/{NAME}    names it", arch.triple()),
                format!("or put it next to stickyctl, with the name {NAME}"),
                format!("or start Docker and run this in the root of the repository: {DOCKERFILE} builds it"),
            ],
            Self::Build { arch, .. } => vec![format!("{}    without Docker", cargo(*arch, NAME))],
            Self::Folder { .. } | Self::Built { .. } => Vec::new(),
        }
    }
}

/// Why a file is not used. Each text follows the path and a colon.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("it can't be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it has {} MiB, and the limit is {} MiB", .0 >> 20, MOST >> 20)]
    Large(u64),
    #[error("{0}")]
    Unfit(#[from] Unfit),
}

/// Finds the program: the file that was named, the one next to this program, or one that Docker builds.
pub(super) async fn find(named: Option<&Path>, arch: Arch, output: Output) -> Result<Program, SourceError> {
    if let Some(path) = named {
        return read(path, arch).map_err(|why| SourceError::Named { path: path.to_owned(), why, arch });
    }
    let mut places = Vec::new();
    match beside() {
        Some(path) if path.is_file() => match read(&path, arch) {
            Ok(program) => return Ok(program),
            Err(why) => {
                output.note(&format!("Skipped {}: {why}", path.display()));
                places.push(format!("{}: {why}", path.display()));
            }
        },
        Some(path) => places.push(format!("{}: no such file", path.display())),
        None => {}
    }
    match docker().await {
        Ok(()) if Path::new(DOCKERFILE).is_file() => return build(arch, output).await,
        Ok(()) => places.push(format!("Docker: there is no {DOCKERFILE} in this folder to build from")),
        Err(Ended::Unstartable(e)) if e.kind() == io::ErrorKind::NotFound => places.push("Docker: there is no docker in PATH".to_owned()),
        Err(ended) => places.push(format!("Docker: {}", ended.sentence())),
    }
    Err(SourceError::Missing { arch, places })
}

/// This very program, or the file that was named in its place.
pub(super) fn own(named: Option<&Path>, arch: Arch) -> Result<Program, SourceError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => std::env::current_exe().map_err(|why| SourceError::Own { path: TOOL.into(), why: why.into(), arch })?,
    };
    read(&path, arch).map_err(|why| SourceError::Own { path, why, arch })
}

/// The command that builds a program. Without the `getrandom` part it would open a device that an image may lack.
fn cargo(arch: Arch, package: &str) -> String {
    let flags = r#"RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"'"#;
    format!("{flags} cargo build --profile dist --target {} -p {package}", arch.triple())
}

/// The file next to this program, or next to the program that a symbolic link to it points at.
fn beside() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    Some(own.canonicalize().unwrap_or(own).with_file_name(NAME))
}

fn read(path: &Path, arch: Arch) -> Result<Program, Unusable> {
    let mut file = patience::regular(path)?;
    let facts = file.metadata()?;
    if facts.len() > MOST {
        return Err(Unusable::Large(facts.len()));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut bytes)?;
    elf::check(&bytes, facts.len(), arch)?;
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(Program { bytes, from: path.display().to_string() })
}

/// Asks Docker's engine for an answer.
async fn docker() -> Result<(), Ended> {
    let mut command = Command::new("docker");
    command.arg("version").stdin(Stdio::null());
    child::run(command, ASK).await
}

/// Builds only the program, so that the archive is made in the same way wherever the program comes from.
async fn build(arch: Arch, output: Output) -> Result<Program, SourceError> {
    let folder = tempfile::tempdir().map_err(|why| SourceError::Folder { arch, why })?;
    output.phase(Mark::Busy, "build", &format!("docker build --file {DOCKERFILE} (takes minutes the first time; -v shows the log)"), None);
    let mut command = Command::new("docker");
    // The legacy builder can't write files.
    command.env("DOCKER_BUILDKIT", "1").args(["build", "--file", DOCKERFILE, "--target", STAGE]);
    command.args(["--platform", &format!("linux/{}", arch.word())]);
    command.arg("--output").arg(format!("type=local,dest={}", folder.path().display())).arg(".").stdin(Stdio::null());
    child::run(command, BUILD).await.map_err(|ended| {
        let doing = format!("building {NAME} for linux/{}", arch.word());
        SourceError::Build { arch, child: ChildError { doing, program: "docker build".to_owned(), ended } }
    })?;
    let mut program = read(&folder.path().join(NAME), arch).map_err(|why| SourceError::Built { arch, why })?;
    program.from = DOCKERFILE.to_owned();
    Ok(program)
}
