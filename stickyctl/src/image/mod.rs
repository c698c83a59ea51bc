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
use clap::Args;
use elf::Arch;
use name::familiar;
use source::{BinaryArgs, Program};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::NamedTempFile;

const DEFAULT_OUT: &str = concat!("sticky-app-", env!("CARGO_PKG_VERSION"), ".tar");

/// Flags of `image`.
#[derive(Debug, Args)]
pub struct ImageArgs {
    #[command(flatten)]
    binary: BinaryArgs,
    /// The nodes' processor [default: this machine's]
    #[arg(long)]
    arch: Option<Arch>,
    /// The image's name [default: the one of every release of this version]
    #[arg(long, value_name = "NAME:TAG")]
    image: Option<String>,
    /// Where to write the archive; - is stdout
    #[arg(long, value_name = "FILE", default_value = DEFAULT_OUT)]
    out: PathBuf,
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
pub async fn make(flags: &BinaryArgs, name: &str, arch: Arch, output: Output) -> Result<Made, Failure> {
    let (_, archive, name) = build(flags, name, arch, output).await?;
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
pub async fn run(args: &ImageArgs, output: Output) -> Result<Exit, Failure> {
    let to_stdout = args.out == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(
            Failure::new(Exit::Usage, "writing the archive to stdout: it is a terminal").try_this(format!("stickyctl image --out {DEFAULT_OUT}"))
        );
    }
    let Some(arch) = args.arch.or_else(Arch::here) else {
        return Err(Failure::new(Exit::Usage, "choosing the processor: this machine's is none that the image is made for").try_this("--arch amd64"));
    };
    let wanted = args.image.clone().unwrap_or_else(|| Image::default().name);
    let began = Instant::now();
    let (program, archive, name) = build(&args.binary, &wanted, arch, output).await?;
    let written =
        if to_stdout { io::stdout().write_all(&archive.bytes).and_then(|()| io::stdout().flush()) } else { write(&args.out, &archive.bytes) };
    written.map_err(|e| {
        let place = if to_stdout { "stdout".to_owned() } else { args.out.display().to_string() };
        Failure::new(Exit::Failed, format!("writing the archive to {place}: {e}"))
    })?;
    output.phase(Mark::Done, "program", &format!("{}, {}, static, {}", program.from, arch.word(), megabytes(program.bytes.len() as u64)), None);
    output.phase(Mark::Done, "image", &format!("{}, {}", familiar(&name), megabytes(archive.bytes.len() as u64)), Some(began.elapsed()));
    output.phase(Mark::Done, "digest", &archive.digest, None);
    if !to_stdout {
        output.answer(&args.out.display().to_string());
        output.hint(&format!("\nNext: kind load image-archive {0}, docker load -i {0}, or stickyctl up, which loads by itself", args.out.display()));
    }
    Ok(Exit::Done)
}

async fn build(flags: &BinaryArgs, name: &str, arch: Arch, output: Output) -> Result<(Program, Archive, String), Failure> {
    let name = name::full(name)?;
    let program = source::find(flags, arch, output).await?;
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
