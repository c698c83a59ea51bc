//! Reads files of manifests, and stdin.

use super::documents::{self, MOST};
use super::sort::{Sorted, sort};
use crate::doctor::finding::Place;
use crate::doctor::objects::{Objects, Origin};
use crate::exit::{Exit, Explained};
use crate::patience;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The most files in one folder.
const FILES: usize = 10_000;

/// Why manifests could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// stdin; why.
    #[error("reading manifests from stdin: {0}")]
    Stdin(io::Error),
    /// A file or a folder.
    #[error("reading manifests from {}: {why}", path.display())]
    File {
        /// As the user named it.
        path: PathBuf,
        /// The system's reason.
        why: io::Error,
    },
    /// A document is no YAML, or exceeds a limit.
    #[error("{}:{}: {why}", place.file, place.line)]
    Broken {
        /// Where.
        place: Place,
        /// What is wrong.
        why: String,
    },
    /// There is no object of a kind that checks read.
    #[error("found no Ingress, HTTPRoute, Service or workload in {0}")]
    Nothing(String),
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Stdin(_) => Exit::Failed,
            Self::File { .. } | Self::Broken { .. } | Self::Nothing(_) => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Stdin(_) => Vec::new(),
            Self::File { .. } => vec!["stickyctl doctor -f FILE    reads a file or the YAML and JSON files of a folder; - is stdin".to_owned()],
            Self::Broken { .. } => vec!["kubectl apply --dry-run=client -f FILE    shows whether kubectl can read it".to_owned()],
            Self::Nothing(_) => vec!["helm template CHART | stickyctl doctor -f -    reads what a chart renders".to_owned()],
        }
    }
}

/// Reads all files; `-` is stdin, and a folder stands for its YAML and JSON files. An object without a namespace is in `namespace`, or in
/// the only one that the files name.
///
/// # Errors
/// One of them can't be read, or there is nothing to check in any.
pub(crate) fn read(files: &[PathBuf], namespace: Option<&str>) -> Result<Objects, Error> {
    let mut objects = Objects { origin: Origin::Files, ..Objects::default() };
    let mut known = 0;
    for file in files {
        if file == Path::new("-") {
            let text = bounded(io::stdin().lock()).map_err(Error::Stdin)?;
            known += take(&mut objects, "-", &text)?;
            continue;
        }
        for path in listed(file)? {
            let opened = path.clone();
            let text = patience::read(move || File::open(opened).and_then(bounded)).map_err(|why| Error::File { path: path.clone(), why })?;
            known += take(&mut objects, &path.display().to_string(), &text)?;
        }
    }
    if known == 0 {
        let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        return Err(Error::Nothing(names.join(", ")));
    }
    objects.make_pods();
    place_in_namespace(&mut objects, namespace);
    Ok(objects)
}

/// The same of one text that was read already.
///
/// # Errors
/// It is no YAML, or exceeds a limit.
pub(crate) fn of_text(file: &str, text: &str, origin: Origin) -> Result<Objects, Error> {
    let mut objects = Objects { origin, ..Objects::default() };
    take(&mut objects, file, text)?;
    objects.make_pods();
    place_in_namespace(&mut objects, None);
    Ok(objects)
}

/// Sorts a text's documents, and counts those of known kinds.
fn take(objects: &mut Objects, file: &str, text: &str) -> Result<usize, Error> {
    let broken = |broken: documents::Broken| Error::Broken { place: Place { file: file.to_owned(), line: broken.line }, why: broken.why };
    let mut known = 0;
    for (line, value) in documents::read(text).map_err(broken)? {
        let place = Place { file: file.to_owned(), line };
        known += usize::from(sort(objects, value, Some(&place)) == Sorted::Known);
    }
    Ok(known)
}

/// The file itself, or the YAML and JSON files of a folder, by name.
fn listed(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |why| Error::File { path: path.to_owned(), why };
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let one = entry.map_err(failed)?.path();
        let is_manifest = one.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ["yaml", "yml", "json"].contains(&ending));
        if is_manifest && one.is_file() {
            all.push(one);
        }
        if all.len() > FILES {
            return Err(failed(io::Error::other(format!("it has more than {FILES} manifests"))));
        }
    }
    all.sort();
    Ok(all)
}

/// A stream may have no end.
fn bounded(stream: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    let size = stream.take(MOST as u64 + 1).read_to_string(&mut text)?;
    if size > MOST { Err(io::Error::other(format!("it is larger than {} MiB", MOST >> 20))) } else { Ok(text) }
}

fn place_in_namespace(objects: &mut Objects, namespace: Option<&str>) {
    let mut all: Vec<&mut Option<String>> = Vec::new();
    all.extend(objects.ingresses.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.routes.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.gateways.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.policies.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.services.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.workloads.iter_mut().map(|one| &mut one.metadata.namespace));
    all.extend(objects.pods.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.autoscalers.iter_mut().map(|one| &mut one.object.metadata.namespace));
    all.extend(objects.config_maps.iter_mut().map(|one| &mut one.object.metadata.namespace));
    let named: BTreeSet<String> = all.iter().filter_map(|one| (**one).clone()).collect();
    let only = named.first().filter(|_| named.len() == 1).cloned();
    let usual = namespace.map(str::to_owned).or(only);
    for one in all {
        if one.is_none() {
            one.clone_from(&usual);
        }
    }
}
