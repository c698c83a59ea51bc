//! Build stamps: whether a build is up to date with its sources.

use super::place::Place;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A file with the hash of a build's sources.
#[derive(Debug)]
pub struct Stamp {
    path: PathBuf,
    hash: String,
}

impl Stamp {
    /// Hashes texts, and all files below folders.
    pub fn of(place: &Place, name: &str, texts: &[&str], folders: &[&Path]) -> Result<Self> {
        let mut hash = Fnv::default();
        texts.iter().for_each(|text| hash.add(text.as_bytes()));
        for folder in folders {
            for file in files(folder)? {
                hash.add(file.strip_prefix(folder).unwrap_or(&file).as_os_str().as_encoded_bytes());
                hash.add(&fs::read(&file).with_context(|| format!("no {}", file.display()))?);
            }
        }
        Ok(Self { path: place.cache.join("stamps").join(name), hash: format!("{:016x}", hash.0) })
    }

    /// Whether the last build had the same sources.
    #[must_use]
    pub fn fits(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.hash)
    }

    /// Records that the build is up to date.
    pub fn write(&self) -> Result<()> {
        fs::create_dir_all(self.path.parent().context("a stamp without a folder")?)?;
        fs::write(&self.path, &self.hash).with_context(|| format!("can't write {}", self.path.display()))
    }
}

/// All files below a folder in a fixed order, or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries: Vec<_> = fs::read_dir(path).with_context(|| format!("no {}", path.display()))?.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    let nested: Result<Vec<_>> = entries.iter().map(|entry| files(entry)).collect();
    Ok(nested?.into_iter().flatten().collect())
}

/// FNV-1a. Unlike the standard library's hash, it is the same in every version of Rust. A build stamp needs no protection from attacks.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
