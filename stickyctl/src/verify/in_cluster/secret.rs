//! What may be a secret: it goes into a Secret, from where the pod gets files and variables, and never into an argument or a manifest.

use super::model::Word;
use crate::exit::{Exit, Explained};
use crate::patience;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Where the pod finds its files.
pub(super) const FOLDER: &str = "/run/stickyctl/files";
/// The largest Secret, in bytes (Kubernetes `MaxSecretSize` is 1 MiB); some of it is for the names.
const MOST: u64 = (1 << 20) - (32 << 10);

/// The words as a container has them, and what they refer to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    /// Arguments, in which `$(NAME)` is a variable of the container.
    pub(super) arguments: Vec<String>,
    /// Variables and the values that they have.
    pub(super) variables: Vec<(String, String)>,
    /// Names of files in [`FOLDER`], and where they come from.
    pub(super) files: Vec<(String, PathBuf)>,
}

/// Why a file cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("reading {} for the run inside the cluster: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("reading {} for the run inside the cluster: the files together are larger than {} KiB, which is what a Secret holds", .0.display(), MOST >> 10)]
    TooLarge(PathBuf),
}

impl Explained for FileError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

impl Placed {
    /// Gives each hidden value a variable and each file a name.
    pub(super) fn new(words: &[Word]) -> Self {
        let mut placed = Self::default();
        for word in words {
            let argument = match word {
                // Kubernetes expands $(NAME) in arguments, and reads $$ as $.
                Word::Plain(text) => text.replace('$', "$$"),
                Word::Hidden(value) => {
                    let name = format!("STICKYCTL_VALUE_{}", placed.variables.len() + 1);
                    placed.variables.push((name.clone(), value.clone()));
                    format!("$({name})")
                }
                Word::File { before, path } => {
                    let name = format!("file-{}", placed.files.len() + 1);
                    let argument = format!("{before}{FOLDER}/{name}");
                    placed.files.push((name, path.clone()));
                    argument
                }
            };
            placed.arguments.push(argument);
        }
        placed
    }

    /// Whether there is something for a Secret.
    pub(super) fn needs_secret(&self) -> bool {
        !self.variables.is_empty() || !self.files.is_empty()
    }

    /// What the Secret holds. Reads the files.
    pub(super) fn contents(&self) -> Result<BTreeMap<String, Vec<u8>>, FileError> {
        let mut all: BTreeMap<String, Vec<u8>> = self.variables.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        let mut left = MOST.saturating_sub(all.values().map(|value| value.len() as u64).sum());
        for (name, path) in &self.files {
            let bytes = read(path, left)?;
            left -= bytes.len() as u64;
            all.insert(name.clone(), bytes);
        }
        Ok(all)
    }

    /// A text from inside, with the names that the user gave to the files.
    pub(super) fn outside(&self, text: &str) -> String {
        // The last first: file-1 begins as file-10 does.
        self.files.iter().rev().fold(text.to_owned(), |text, (name, path)| text.replace(&format!("{FOLDER}/{name}"), &path.display().to_string()))
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let owned = path.to_owned();
    // A pipe does not tell its length, and a device may have no end.
    let read = patience::read(move || {
        let mut bytes = Vec::new();
        File::open(owned)?.take(most + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = read.map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
    if bytes.len() as u64 > most { Err(FileError::TooLarge(path.to_owned())) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn secrets_are_no_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        std::fs::write(&path, "Authorization: secret\n").unwrap();
        let words = [
            Word::Plain("--header".to_owned()),
            Word::File { before: "@", path: path.clone() },
            Word::Plain("--lost-when=regex:^$(x)$".to_owned()),
            Word::Hidden("https://shop.example/?token=secret".to_owned()),
        ];
        let placed = Placed::new(&words);
        let expected = ["--header", "@/run/stickyctl/files/file-1", "--lost-when=regex:^$$(x)$$", "$(STICKYCTL_VALUE_1)"];
        assert_eq!(placed.arguments, expected);
        let contents = placed.contents().unwrap();
        assert_eq!(contents["file-1"], b"Authorization: secret\n");
        assert_eq!(contents["STICKYCTL_VALUE_1"], b"https://shop.example/?token=secret");
        assert_eq!(placed.outside("reading /run/stickyctl/files/file-1: no"), format!("reading {}: no", path.display()));
        assert!(!Placed::new(&words[..1]).needs_secret() && placed.needs_secret());
        let zero = Placed::new(&[Word::File { before: "", path: "/dev/zero".into() }]);
        assert!(zero.contents().unwrap_err().to_string().ends_with("which is what a Secret holds"));
    }
}
