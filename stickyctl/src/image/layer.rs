//! The only layer of the image: a gzipped tar of one file. Equal input gives equal bytes.

use super::content::Content;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

pub(super) struct Layer {
    /// The compressed tar.
    pub(super) gzip: Vec<u8>,
    /// The digest of the uncompressed tar, which identifies the layer once it is unpacked.
    pub(super) diff_id: String,
}

/// The layer with `program` as its only file, owned by root, readable and executable by everyone.
pub(super) fn layer(program: &[u8], content: Content) -> io::Result<Layer> {
    let mut tar = Builder::new(Vec::new());
    add(&mut tar, content.name(), program, 0o755)?;
    let tar = tar.into_inner()?;
    // 255 is RFC 1952's "unknown"; the default is the operating system that this runs on.
    let effort = match content {
        Content::App => Compression::best(),
        // It is loaded into nodes while the user waits.
        Content::Tool => Compression::fast(),
    };
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), effort);
    gzip.write_all(&tar)?;
    Ok(Layer { gzip: gzip.finish()?, diff_id: digest(&tar) })
}

/// Adds a file with the time 0, owned by root.
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
