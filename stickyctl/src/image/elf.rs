//! Whether a file is a program that runs alone in an empty image: what its ELF header and program headers say.
//!
//! Offsets and values are those of the System V ABI's object file format, 64-bit (`elf.h`).

use std::fmt;

/// How much of a file is looked at. Linkers write the program headers right behind the file's header.
pub const HEAD: usize = 64 << 10;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const ET_EXEC: u16 = 2;
/// A shared library, or a program that can be loaded anywhere.
const ET_DYN: u16 = 3;
const EM_X86_64: u16 = 62;
const EM_AARCH64: u16 = 183;

/// A processor architecture, in the words of OCI and Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// x86-64
    Amd64,
    /// 64-bit ARM
    Arm64,
}

impl Arch {
    /// This machine's; nothing where it is neither.
    #[must_use]
    pub fn here() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::Amd64),
            "aarch64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// OCI's word, which is also what a node says of itself.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// Rust's name of Linux with glibc on it.
    #[must_use]
    pub const fn triple(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    fn of_machine(machine: u16) -> Option<Self> {
        match machine {
            EM_X86_64 => Some(Self::Amd64),
            EM_AARCH64 => Some(Self::Arm64),
            _ => None,
        }
    }
}

/// Why a file is not the image's program. Each text follows the file's name and a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another format: a script, Mach-O, PE.
    #[error("it is no ELF file, so no Linux program")]
    NotElf,
    /// Not of 64 bits, or big endian.
    #[error("it is no 64-bit little-endian program")]
    Class,
    /// Its header or a segment goes beyond its end.
    #[error("it is cut short: it has {len} bytes, and its headers speak of {end}")]
    Cut {
        /// Bytes that there are.
        len: u64,
        /// Bytes that there should be at least.
        end: u64,
    },
    /// An object file, a core dump.
    #[error("it is an ELF file of type {0}, and no program")]
    Type(u16),
    /// Nothing to start.
    #[error("it is a library: it has no entry point")]
    Library,
    /// For another processor.
    #[error("it is for {found}, and {want} is wanted")]
    Machine {
        /// The file's.
        found: Machine,
        /// The nodes'.
        want: &'static str,
    },
    /// Program headers that no linker writes.
    #[error("its program headers are of {0} bytes each, and those of a 64-bit program have {PROGRAM_HEADER}")]
    HeaderSize(u16),
    /// Program headers too far behind.
    #[error("its program headers are not in its first {} KiB", HEAD >> 10)]
    FarHeaders,
    /// Dynamically linked: an empty image has no loader and no libraries.
    #[error("it has an interpreter: it is not static")]
    Interpreter,
    /// No segment to load.
    #[error("it has nothing to load")]
    Empty,
}

/// A machine by its number in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine(u16);

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Arch::of_machine(self.0) {
            Some(arch) => f.write_str(arch.word()),
            None => write!(f, "another processor (ELF machine {})", self.0),
        }
    }
}

/// Checks a file of `len` bytes by its first bytes ([`HEAD`] of them, or all).
///
/// # Errors
/// The first reason why it can't run alone on `want`.
pub fn check(head: &[u8], len: u64, want: Arch) -> Result<(), Unfit> {
    if !head.starts_with(b"\x7fELF") {
        return Err(Unfit::NotElf);
    }
    let Some(header) = head.first_chunk::<HEADER>() else { return Err(Unfit::Cut { len, end: HEADER as u64 }) };
    if (header[4], header[5]) != (2, 1) {
        return Err(Unfit::Class);
    }
    let kind = u16_at(header, 16);
    if kind != ET_EXEC && kind != ET_DYN {
        return Err(Unfit::Type(kind));
    }
    let machine = u16_at(header, 18);
    if Arch::of_machine(machine) != Some(want) {
        return Err(Unfit::Machine { found: Machine(machine), want: want.word() });
    }
    let segments = segments(head, header, len)?;
    if segments.iter().any(|segment| u32_at(segment, 0) == PT_INTERP) {
        return Err(Unfit::Interpreter);
    }
    // After the interpreter: glibc's own library has both an interpreter and an entry point.
    if u64_at(header, 24) == 0 {
        return Err(Unfit::Library);
    }
    let loaded = segments.iter().filter(|segment| u32_at(segment, 0) == PT_LOAD);
    match loaded.map(|segment| u64_at(segment, 8).saturating_add(u64_at(segment, 32))).max() {
        None => Err(Unfit::Empty),
        Some(end) if end > len => Err(Unfit::Cut { len, end }),
        Some(_) => Ok(()),
    }
}

/// The program headers.
fn segments<'a>(head: &'a [u8], header: &[u8; HEADER], len: u64) -> Result<Vec<&'a [u8]>, Unfit> {
    let (start, size, count) = (u64_at(header, 32), u16_at(header, 54), u16_at(header, 56));
    if count == 0 {
        return Err(Unfit::Empty);
    }
    if usize::from(size) != PROGRAM_HEADER {
        return Err(Unfit::HeaderSize(size));
    }
    let end = start.saturating_add(u64::from(size) * u64::from(count));
    if end > len {
        return Err(Unfit::Cut { len, end });
    }
    let place = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let table = place.and_then(|(start, end)| head.get(start..end)).ok_or(Unfit::FarHeaders)?;
    Ok(table.chunks_exact(PROGRAM_HEADER).collect())
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    from.get(at..at + N).and_then(|part| part.first_chunk().copied()).unwrap_or([0; N])
}

fn u16_at(from: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(from, at))
}

fn u32_at(from: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(from, at))
}

fn u64_at(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(from, at))
}

#[cfg(test)]
mod tests;
