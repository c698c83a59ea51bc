//! The app's image, without Docker: a static binary in an OCI archive, and the archive in a cluster's nodes.
//!
//! [`source`] finds the binary, [`elf`] judges it, [`archive`] and `layer` make the tar, [`load`] hands it to the nodes.

pub mod archive;
mod child;
pub mod elf;
mod layer;
pub mod load;
pub mod name;
pub mod source;

use crate::exit::{Exit, Failure};
use crate::output::{Mark, Output};
use crate::spec::pods::Image;
use archive::Archive;
use elf::Arch;
use name::familiar;
use source::Program;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::NamedTempFile;

/// Where `stickyctl image` writes the archive unless it is told otherwise.
pub(crate) const DEFAULT_OUT: &str = concat!("sticky-app-", env!("CARGO_PKG_VERSION"), ".tar");

/// Which image to make, and where its archive goes.
#[derive(Debug)]
pub(crate) struct Request {
    /// The program to put in; none: the one beside stickyctl, else what Docker builds.
    pub(crate) binary: Option<PathBuf>,
    /// The nodes' processor; none: this machine's.
    pub(crate) arch: Option<Arch>,
    /// The image's name; none: that of this version's releases.
    pub(crate) name: Option<String>,
    /// The archive's file; none: stdout.
    pub(crate) out: Option<PathBuf>,
}

/// An archive in a file that goes away with the value.
pub struct Made {
    /// The file.
    pub file: NamedTempFile,
    /// The image's name in full.
    pub name: String,
    /// The archive's size in bytes.
    pub size: u64,
    /// Digest of the image's manifest.
    pub digest: String,
}

/// Makes the image's archive for the nodes of a cluster.
///
/// # Errors
/// The name is wrong ([`Exit::Usage`]), no program fits ([`Exit::Prerequisite`]), or the file can't be written.
pub async fn make(binary: Option<&Path>, name: &str, arch: Arch, output: Output) -> Result<Made, Failure> {
    let (_, archive, name) = build(binary, name, arch, output).await?;
    let write = || -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix("sticky-app-").suffix(".tar").tempfile()?;
        file.write_all(&archive.bytes)?;
        file.flush()?;
        Ok(file)
    };
    let file =
        write().map_err(|e| Failure::new(Exit::Failed, format!("writing the archive of {name} into {}: {e}", std::env::temp_dir().display())))?;
    Ok(Made { file, name, size: archive.bytes.len() as u64, digest: archive.digest })
}

/// `stickyctl image`.
///
/// # Errors
/// As [`make`]; an archive for a terminal is wrong usage.
pub(crate) async fn run(request: &Request, output: Output) -> Result<Exit, Failure> {
    if request.out.is_none() && io::stdout().is_terminal() {
        return Err(
            Failure::new(Exit::Usage, "writing the archive to stdout: it is a terminal").try_this(format!("stickyctl image --out {DEFAULT_OUT}"))
        );
    }
    let Some(arch) = request.arch.or_else(Arch::here) else {
        return Err(Failure::new(Exit::Usage, "choosing the processor: this machine's is none that the image is made for").try_this("--arch amd64"));
    };
    let wanted = request.name.clone().unwrap_or_else(|| Image::default().name);
    let began = Instant::now();
    let (program, archive, name) = build(request.binary.as_deref(), &wanted, arch, output).await?;
    let written = match &request.out {
        None => io::stdout().write_all(&archive.bytes).and_then(|()| io::stdout().flush()),
        Some(path) => write(path, &archive.bytes),
    };
    written.map_err(|e| {
        let place = request.out.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
        Failure::new(Exit::Failed, format!("writing the archive to {place}: {e}"))
    })?;
    output.phase(Mark::Done, "program", &format!("{}, {}, static, {}", program.from, arch.word(), megabytes(program.bytes.len() as u64)), None);
    output.phase(Mark::Done, "image", &format!("{}, {}", familiar(&name), megabytes(archive.bytes.len() as u64)), Some(began.elapsed()));
    output.phase(Mark::Done, "digest", &archive.digest, None);
    if let Some(path) = &request.out {
        output.answer(&path.display().to_string());
        output.hint(&format!("\nNext: kind load image-archive {0}, docker load -i {0}, or stickyctl up, which loads by itself", path.display()));
    }
    Ok(Exit::Done)
}

async fn build(binary: Option<&Path>, name: &str, arch: Arch, output: Output) -> Result<(Program, Archive, String), Failure> {
    let name = name::full(name)?;
    let program = source::find(binary, arch, output).await?;
    let archive =
        archive::archive(&program.bytes, &name, arch).map_err(|e| Failure::new(Exit::Failed, format!("making the archive of {name}: {e}")))?;
    Ok((program, archive, name))
}

/// Under another name first: whoever looks at `path` sees the whole archive or the one before.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As any new file; the umask takes from it.
    let everyone = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().prefix(".sticky-app-").permissions(everyone).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// `7.4 MB`.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    // Rounded up, so that nothing is 0.0 MB, and what is under a limit is not shown above it by more than a tenth.
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
