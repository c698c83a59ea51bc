//! `stickyctl render`: a spec in, manifests out; the network is never touched.

use crate::exit::{Exit, Failure};
use crate::generate::write::{HEADER, KUSTOMIZATION, files, json, yaml};
use crate::generate::{chart, objects};
use crate::input::{Input, SpecRequest};
use crate::output::Output;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What to render, and in which form.
#[derive(Debug)]
pub(crate) struct Request {
    /// The release.
    pub(crate) spec: SpecRequest,
    /// Whether the Namespace itself is one of the objects.
    pub(crate) namespace: bool,
    /// The form.
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

/// Renders.
///
/// # Errors
/// The spec is wrong ([`Exit::Usage`]), or the folder can't be written.
pub(crate) fn run(request: Request, output: Output) -> Result<Exit, Failure> {
    let input = Input::read(request.spec)?;
    let spec = input.load(None).checked(output)?;
    let objects = objects(&spec, request.namespace);
    let failed = |e: crate::generate::write::Unwritable| Failure::new(Exit::Failed, e.to_string());
    let folder = match request.form {
        Form::Folder(folder) => folder,
        Form::Text(notation) => {
            let text = match notation {
                Notation::Yaml => yaml(&objects).map_err(failed)?,
                Notation::Json => json(&objects).map_err(failed)?,
                Notation::Values => chart::values_text(&spec),
            };
            output.answer(text.trim_end());
            return Ok(Exit::Done);
        }
    };
    let files = files(&objects).map_err(failed)?;
    write(&folder, &files).map_err(|(path, e)| {
        Failure::new(Exit::Failed, format!("writing {}: {e}", path.display())).try_this("stickyctl render --out A_FOLDER_OF_YOURS")
    })?;
    output.answer(&folder.display().to_string());
    output.hint(&format!("{} objects. Next: kubectl apply --server-side -k {}", objects.len(), folder.display()));
    Ok(Exit::Done)
}

/// Writes the files, and removes those that an earlier kustomization of ours lists and this one does not.
fn write(folder: &Path, files: &[(String, String)]) -> Result<(), (PathBuf, std::io::Error)> {
    std::fs::create_dir_all(folder).map_err(|e| (folder.to_owned(), e))?;
    for stale in earlier(folder).into_iter().filter(|name| !files.iter().any(|(file, _)| file == name)) {
        let path = folder.join(stale);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err((path, e)),
            _ => {}
        }
    }
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| (path, e))?;
    }
    Ok(())
}

/// The files that an earlier run wrote here. A kustomization of somebody else's lists none, nor does any name that leads
/// out of the folder.
fn earlier(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(KUSTOMIZATION)).unwrap_or_default();
    if !text.starts_with(HEADER) {
        return Vec::new();
    }
    let list: Value = serde_yaml::from_str(&text).unwrap_or_default();
    let names = list["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter(|name| !name.contains('/') && *name != "..").map(str::to_owned).collect()
}
