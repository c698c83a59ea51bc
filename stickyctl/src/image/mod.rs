//! The app's image, without Docker: a static binary in an OCI archive, loaded into the nodes of a cluster.
//!
//! `source` finds the binary, `elf` checks it, `archive` and `layer` make the tar, `load` loads it into the nodes.

mod arch;
mod archive;
mod child;
mod content;
pub mod elf;
mod layer;
pub(crate) mod load;
pub(crate) mod name;
mod source;

pub use arch::Arch;
pub(crate) use content::Content;

use crate::exit::{Exit, Explained};
use crate::files::{Place, Replace, WriteError};
use crate::output::Output;
use crate::spec::image::tool_image;
use crate::spec::pods::Image;
use archive::Archive;
use name::{InvalidName, familiar};
use source::{Program, SourceError};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use sticky_app::console;
use tempfile::NamedTempFile;

/// The default file of the archive.
pub(crate) const DEFAULT_OUT: &str = concat!("sticky-app-", env!("CARGO_PKG_VERSION"), ".tar");

/// The same for the image of stickyctl itself.
pub(crate) const TOOL_OUT: &str = concat!("stickyctl-", env!("CARGO_PKG_VERSION"), ".tar");

/// Which image to build, and where to write its archive.
#[derive(Debug)]
pub(crate) struct Request {
    /// The program that the image is of.
    pub(crate) content: Content,
    /// The program to put in; if none, the one next to stickyctl, else one that Docker builds.
    pub(crate) binary: Option<PathBuf>,
    /// The architecture of the nodes; if none, this machine's.
    pub(crate) arch: Option<Arch>,
    /// The name of the image; if none, the one that releases of this version use.
    pub(crate) name: Option<String>,
    /// The file of the archive; if none, stdout.
    pub(crate) out: Option<PathBuf>,
    /// Whether to replace a file that is not such an archive.
    pub(crate) force: bool,
}

/// Why there is no image, or no archive of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("making the archive of {name}: {why}")]
    Archive { name: String, why: io::Error },
    #[error("writing the archive of {name} to {place}: {why}")]
    Write { name: String, place: String, why: io::Error },
    #[error(transparent)]
    File(#[from] WriteError),
    #[error("the archive would go to stdout, which is a terminal")]
    Terminal,
    #[error("stickyctl builds images for amd64 and arm64 only, and this machine is neither")]
    Processor,
}

impl Explained for ImageError {
    fn exit(&self) -> Exit {
        match self {
            Self::Name(error) => error.exit(),
            Self::Source(error) => error.exit(),
            Self::File(error) => error.exit(),
            Self::Archive { .. } | Self::Write { .. } => Exit::Failed,
            Self::Terminal | Self::Processor => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Name(error) => error.next_steps(),
            Self::Source(error) => error.next_steps(),
            Self::File(error) => error.next_steps(),
            Self::Archive { .. } | Self::Write { .. } => Vec::new(),
            Self::Terminal => vec![format!("stickyctl image --out {DEFAULT_OUT}")],
            Self::Processor => vec!["stickyctl image --arch amd64".to_owned()],
        }
    }
}

/// An archive in a file that is deleted when this is dropped.
pub(crate) struct Made {
    pub(crate) file: NamedTempFile,
    /// The full name of the image.
    pub(crate) name: String,
    /// The size of the archive in bytes.
    pub(crate) size: u64,
    /// The image's digests, of which pods have one as `imageID`: which one depends on the nodes' container runtime.
    pub(crate) digests: [String; 2],
}

/// Builds the archive of the image for the nodes of a cluster, from the program that is named or found.
pub(crate) async fn make(content: Content, binary: Option<&Path>, name: &str, arch: Arch, output: Output) -> Result<Made, ImageError> {
    let Built { archive, name, .. } = build(content, binary, name, arch, output).await?;
    let write = || -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix(&format!("{}-", content.name())).suffix(".tar").tempfile()?;
        file.write_all(&archive.bytes)?;
        file.flush()?;
        Ok(file)
    };
    match write() {
        Ok(file) => Ok(Made { file, name, size: archive.bytes.len() as u64, digests: [archive.id, archive.digest] }),
        Err(why) => Err(ImageError::Write { name, place: std::env::temp_dir().display().to_string(), why }),
    }
}

/// `stickyctl image`: builds the archive and writes it to a file or stdout.
pub(crate) async fn run(request: &Request, output: Output) -> Result<Done, ImageError> {
    if request.out.is_none() && io::stdout().is_terminal() {
        return Err(ImageError::Terminal);
    }
    let place = request.out.as_ref().map(|path| Place::new(path, Replace::new(request.force, archive::begins))).transpose()?;
    let arch = request.arch.or_else(Arch::here).ok_or(ImageError::Processor)?;
    let wanted = request.name.clone().unwrap_or_else(|| match request.content {
        Content::App => Image::default().name,
        Content::Tool => tool_image(),
    });
    let began = Instant::now();
    let Built { program, archive, name } = build(request.content, request.binary.as_deref(), &wanted, arch, output).await?;
    match place {
        Some(place) => place.write(&archive.bytes)?,
        None => {
            let mut out = io::stdout().lock();
            let written = console::heard(out.write_all(&archive.bytes).and_then(|()| out.flush()));
            written.map_err(|why| ImageError::Write { name: name.clone(), place: "stdout".to_owned(), why })?;
        }
    }
    Ok(Done {
        program: format!("{}, {}, static, {}", program.from, arch.word(), megabytes(program.bytes.len() as u64)),
        image: format!("{}, {}", familiar(&name), megabytes(archive.bytes.len() as u64)),
        digest: archive.digest,
        took: began.elapsed(),
    })
}

/// What was built, in words for the user.
pub(crate) struct Done {
    /// The program that is in the image.
    pub(crate) program: String,
    /// The image's name and the size of its archive.
    pub(crate) image: String,
    /// The digest of the image's manifest.
    pub(crate) digest: String,
    pub(crate) took: Duration,
}

struct Built {
    program: Program,
    archive: Archive,
    name: String,
}

async fn build(content: Content, binary: Option<&Path>, name: &str, arch: Arch, output: Output) -> Result<Built, ImageError> {
    let name = name::full(name)?;
    let program = match content {
        Content::App => source::find(binary, arch, output).await?,
        Content::Tool => source::own(binary, arch)?,
    };
    match archive::archive(&program.bytes, content, &name, arch) {
        Ok(archive) => Ok(Built { program, archive, name }),
        Err(why) => Err(ImageError::Archive { name, why }),
    }
}

/// `7.4 MB`.
pub(crate) fn megabytes(bytes: u64) -> String {
    // Rounded up, so that nothing is 0.0 MB.
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [(1, "0.1 MB"), (7_400_000, "7.4 MB"), (7_400_001, "7.5 MB"), (12_000_000, "12.0 MB")] {
            assert_eq!(megabytes(bytes), text);
        }
    }
}
