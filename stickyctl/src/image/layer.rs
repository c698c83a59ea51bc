//! The image's one layer: a tar of one file, gzipped. Equal input gives equal bytes.

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

/// Where the program is in the image.
pub const PROGRAM: &str = "/sticky-app";

/// A layer.
pub(super) struct Layer {
    /// As it is stored.
    pub gzip: Vec<u8>,
    /// Digest of the tar inside, by which a runtime knows the layer once it is unpacked.
    pub diff_id: String,
}

/// The layer that holds `program` as the only file, for everyone to read and run, owned by root.
pub(super) fn layer(program: &[u8]) -> io::Result<Layer> {
    let mut tar = Builder::new(Vec::new());
    add(&mut tar, PROGRAM.trim_start_matches('/'), program, 0o755)?;
    let tar = tar.into_inner()?;
    // 255 is RFC 1952's "unknown": the default is the system that this runs on.
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    gzip.write_all(&tar)?;
    Ok(Layer { gzip: gzip.finish()?, diff_id: digest(&tar) })
}

/// Adds a file without time and owner.
pub(super) fn add(tar: &mut Builder<Vec<u8>>, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    tar.append_data(&mut header, name, content)
}

/// A digest as OCI writes it.
pub(super) fn digest(content: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(content))
}
