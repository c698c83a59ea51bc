//! `stickyctl render`: a spec in, manifests out, without any network.

use crate::exit::{Exit, Explained};
use crate::files::{Place, Replace, WriteError, read_own, remove_own};
use crate::generate::write::{HEADER, KUSTOMIZATION, Unwritable, files, json, yaml as documents};
use crate::generate::{chart, objects, redis_secret};
use crate::input::SpecRequest;
use crate::spec::redis::SecretKey;
use crate::spec::{StickyApp, yaml};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// What to render, and in which form.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) spec: SpecRequest,
    /// Whether to include the Namespace object.
    pub(crate) namespace: bool,
    pub(crate) form: Form,
}

/// The form in which objects are written.
#[derive(Debug)]
pub(crate) enum Form {
    /// One text, on stdout.
    Text(Notation),
    /// A folder with a file for each object and a kustomization; whether to replace files that `render` did not write.
    Folder(PathBuf, bool),
}

/// The notation of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// Documents, in the order in which they are applied.
    Yaml,
    /// One object of kind List.
    Json,
    /// Values of the Helm chart.
    Values,
}

#[derive(Debug)]
pub(crate) enum Rendered {
    /// A text for stdout.
    Text(String),
    /// A folder that was written, with this many objects.
    Folder(PathBuf, usize),
}

/// Why nothing was rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error("making the folder {}: {why}", path.display())]
    Folder { path: PathBuf, why: io::Error },
    #[error(transparent)]
    File(#[from] WriteError),
}

impl Explained for RenderError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unwritable(_) | Self::Folder { .. } => Exit::Failed,
            Self::File(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Unwritable(_) => Vec::new(),
            Self::File(error) => error.next_steps(),
            Self::Folder { .. } => vec!["stickyctl render --out DIR    choose a folder that you can write to".to_owned()],
        }
    }
}

/// Renders a checked spec; `with_namespace` includes the Namespace object.
pub(crate) fn render(spec: &StickyApp, with_namespace: bool, form: Form) -> Result<Rendered, RenderError> {
    let objects = objects(spec, with_namespace);
    let text = match form {
        Form::Folder(folder, force) => {
            write(&folder, &files(&objects)?, force)?;
            return Ok(Rendered::Folder(folder, objects.len()));
        }
        Form::Text(Notation::Yaml) => documents(&objects)?,
        Form::Text(Notation::Json) => json(&objects)?,
        Form::Text(Notation::Values) => chart::values_text(spec),
    };
    Ok(Rendered::Text(text))
}

/// Writes the files, and removes those of an earlier run that are no longer part of the release. If one file can't be written,
/// none is.
fn write(folder: &Path, files: &[(String, String)], force: bool) -> Result<(), RenderError> {
    std::fs::create_dir_all(folder).map_err(|why| RenderError::Folder { path: folder.to_owned(), why })?;
    let replace = Replace::new(force, is_ours);
    let places: Vec<Place> = files.iter().map(|(name, _)| Place::new(&folder.join(name), replace)).collect::<Result<_, _>>()?;
    for stale in earlier(folder).iter().filter(|name| !files.iter().any(|(file, _)| file == *name)) {
        remove_own(&folder.join(stale), is_ours)?;
    }
    for (place, (_, text)) in places.iter().zip(files) {
        place.write(text.as_bytes())?;
    }
    Ok(())
}

fn is_ours(head: &[u8]) -> bool {
    head.starts_with(HEADER.as_bytes())
}

/// What the kustomization of an earlier run lists, without names that lead out of the folder. Another's kustomization doesn't count.
fn earlier(folder: &Path) -> Vec<String> {
    let text = read_own(&folder.join(KUSTOMIZATION), is_ours).unwrap_or_default();
    let list = yaml::read(&text).unwrap_or_default();
    let names = list["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| !name.contains('/') && *name != "..").map(str::to_owned).collect()
}
/// The commands that create a release from a rendered folder.
pub(crate) fn by_hand(folder: &Path, spec: &StickyApp) -> String {
    let mut commands = format!("  kubectl apply --server-side -k {}", folder.display());
    if let Some(SecretKey { secret, key }) = redis_secret(spec) {
        // The namespace, which it needs, may be among the objects.
        commands += &format!(
            "\nand, unless it exists, the password that the pods wait for:\n  openssl rand -hex 24 | tr -d '\\n' |\n    kubectl create secret \
             generic {secret} \\\n      --namespace {} --from-file={key}=/dev/stdin",
            spec.namespace
        );
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_by_hand_needs_a_password_for_its_own_redis() {
        let (folder, mut spec) = (Path::new("out"), StickyApp::default());
        let commands = by_hand(folder, &spec);
        assert!(commands.starts_with("  kubectl apply --server-side -k out\n"), "{commands}");
        assert!(
            commands.ends_with("generic sticky-sessions-redis \\\n      --namespace sticky-sessions --from-file=password=/dev/stdin"),
            "{commands}"
        );
        spec.redis.url = Some("rediss://cache.example".to_owned());
        assert_eq!(by_hand(folder, &spec), "  kubectl apply --server-side -k out");
    }
}
