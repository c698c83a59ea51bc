//! Checks the ELF header and program headers of a file: whether it can run in an empty image.

use super::arch::Arch;
use object::LittleEndian;
use object::elf::{ELFCLASS64, ELFDATA2LSB, ELFMAG, EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_INTERP, PT_LOAD};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use std::fmt;

/// How many bytes of a file [`check`] needs: linkers write the program headers right after the file header.
pub const HEAD: usize = 64 << 10;

/// Why a file can't be the image's program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A script, Mach-O, PE and the like.
    #[error("it is not an ELF file, so not a Linux program")]
    NotElf,
    /// 32 bits, or big-endian.
    #[error("it is not a 64-bit little-endian program")]
    Class,
    /// It ends before its headers or segments do.
    #[error("it is truncated: it has {len} bytes, and its headers need {end}")]
    Truncated {
        /// The size of the file in bytes.
        len: u64,
        /// The size that its headers need.
        end: u64,
    },
    /// An object file, a core dump.
    #[error("it is an ELF file of type {0}, not a program")]
    Type(u16),
    /// A shared object that can't be started.
    #[error("it is a library: it has no entry point")]
    Library,
    /// It can't run on these nodes.
    #[error("it is built for {found}, not for {want}")]
    Machine {
        /// What it is built for.
        found: Machine,
        /// The word of the wanted [`Arch`].
        want: &'static str,
    },
    /// They are outside of the file, or have another size than ELF defines.
    #[error("invalid program headers: {0}")]
    Headers(object::read::Error),
    /// An empty image has no loader and no libraries.
    #[error("it is linked dynamically; the image needs a static program")]
    Dynamic,
    /// Nothing of it would be in memory.
    #[error("it has no segment to load")]
    Empty,
}

/// A machine by its number in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine(u16);

impl Machine {
    fn arch(self) -> Option<Arch> {
        match self.0 {
            number if number == EM_X86_64 => Some(Arch::Amd64),
            number if number == EM_AARCH64 => Some(Arch::Arm64),
            _ => None,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.arch() {
            Some(arch) => f.write_str(arch.word()),
            None => write!(f, "another processor (ELF machine {})", self.0),
        }
    }
}

/// Checks a file of `len` bytes by its first bytes: [`HEAD`] of them, or all.
///
/// # Errors
/// The first reason why it can't run alone on `want`.
pub fn check(head: &[u8], len: u64, want: Arch) -> Result<(), Unfit> {
    let truncated = |end: u64| if end > len { Err(Unfit::Truncated { len, end }) } else { Ok(()) };
    if !head.starts_with(&ELFMAG) {
        return Err(Unfit::NotElf);
    }
    truncated(size_of::<FileHeader64<LittleEndian>>() as u64)?;
    let header = FileHeader64::<LittleEndian>::parse(head).map_err(|_| Unfit::Class)?;
    if (header.e_ident.class, header.e_ident.data) != (ELFCLASS64, ELFDATA2LSB) {
        return Err(Unfit::Class);
    }
    let kind = header.e_type(LittleEndian);
    if kind != ET_EXEC && kind != ET_DYN {
        return Err(Unfit::Type(kind));
    }
    let machine = Machine(header.e_machine(LittleEndian));
    if machine.arch() != Some(want) {
        return Err(Unfit::Machine { found: machine, want: want.word() });
    }
    let count = u64::from(header.e_phnum.get(LittleEndian)) * u64::from(header.e_phentsize.get(LittleEndian));
    truncated(header.e_phoff.get(LittleEndian).saturating_add(count))?;
    let segments = header.program_headers(LittleEndian, head).map_err(Unfit::Headers)?;
    if segments.iter().any(|segment| segment.p_type(LittleEndian) == PT_INTERP) {
        return Err(Unfit::Dynamic);
    }
    // Checked after the interpreter: glibc's own library has both an interpreter and an entry point.
    if header.e_entry(LittleEndian) == 0 {
        return Err(Unfit::Library);
    }
    let loaded = segments.iter().filter(|segment| segment.p_type(LittleEndian) == PT_LOAD);
    let ends = loaded.map(|segment| segment.p_offset(LittleEndian).saturating_add(segment.p_filesz(LittleEndian)));
    truncated(ends.max().ok_or(Unfit::Empty)?)
}

#[cfg(test)]
mod tests;
