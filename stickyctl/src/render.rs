//! `stickyctl render`: a spec in, manifests out, without any network.

use crate::exit::{Exit, Explained};
use crate::generate::write::{HEADER, KUSTOMIZATION, Unwritable, files, json, yaml};
use crate::generate::{chart, objects};
use crate::input::SpecRequest;
use crate::spec::StickyApp;
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
    /// A folder with a file for each object and a kustomization.
    Folder(PathBuf),
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
    #[error("writing {}: {why}", path.display())]
    Folder { path: PathBuf, why: io::Error },
}

impl Explained for RenderError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn next_steps(&self) -> Vec<String> {
        match self {
            Self::Unwritable(_) => Vec::new(),
            Self::Folder { .. } => vec!["stickyctl render --out DIR    choose a folder that you can write to".to_owned()],
        }
    }
}

/// Renders a checked spec; `with_namespace` includes the Namespace object.
pub(crate) fn render(spec: &StickyApp, with_namespace: bool, form: Form) -> Result<Rendered, RenderError> {
    let objects = objects(spec, with_namespace);
    let text = match form {
        Form::Folder(folder) => {
            write(&folder, &files(&objects)?)?;
            return Ok(Rendered::Folder(folder, objects.len()));
        }
        Form::Text(Notation::Yaml) => yaml(&objects)?,
        Form::Text(Notation::Json) => json(&objects)?,
        Form::Text(Notation::Values) => chart::values_text(spec),
    };
    Ok(Rendered::Text(text))
}

/// Writes the files, and removes those of an earlier run that are no longer part of the release.
fn write(folder: &Path, files: &[(String, String)]) -> Result<(), RenderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |why| RenderError::Folder { path, why }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for stale in earlier(folder).into_iter().filter(|name| !files.iter().any(|(file, _)| file == name)) {
        let path = folder.join(stale);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(&path)(e)),
            _ => {}
        }
    }
    for (name, text) in files {
        let path = folder.join(name);
        crate::files::write(&path, text.as_bytes()).map_err(failed(&path))?;
    }
    Ok(())
}

/// The files that an earlier run wrote. Files in another kustomization don't count, and neither does a name that leads out
/// of the folder.
fn earlier(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(KUSTOMIZATION)).unwrap_or_default();
    if !text.starts_with(HEADER) {
        return Vec::new();
    }
    let list: Value = serde_yaml::from_str(&text).unwrap_or_default();
    let names = list["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| !name.contains('/') && *name != "..").map(str::to_owned).collect()
}
