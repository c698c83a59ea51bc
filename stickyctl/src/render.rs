//! `stickyctl render`: a spec in, manifests out; the network is never touched.

use crate::exit::{Exit, Failure};
use crate::generate::{chart, objects};
use crate::generate::preset::Preset;
use crate::generate::write::{HEADER, KUSTOMIZATION, files, json, yaml};
use crate::input::{Input, SpecArgs};
use crate::output::Output;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Flags of `render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    spec: SpecArgs,
    /// A front door and a mode in one word; the flags for either go before it
    #[arg(long)]
    preset: Option<Preset>,
    /// Leave the Namespace itself out
    #[arg(long)]
    no_namespace: bool,
    /// How to write it
    #[arg(short, long, default_value = "yaml")]
    output: Notation,
    /// Write a folder with a file for each object and a kustomization instead
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out: Option<PathBuf>,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Notation {
    /// Documents, in the order in which they are applied
    Yaml,
    /// One object of kind List
    Json,
    /// Values of the Helm chart (helm/), for who goes on with it
    Values,
}

/// Renders.
///
/// # Errors
/// The spec is wrong ([`Exit::Usage`]), or the folder can't be written.
pub fn run(args: &RenderArgs, output: Output) -> Result<Exit, Failure> {
    let input = Input::read(&args.spec, preset(args.preset))?;
    let spec = input.load(None).checked(output)?;
    let objects = objects(&spec, !args.no_namespace);
    let failed = |e: crate::generate::write::Unwritable| Failure::new(Exit::Failed, e.to_string());
    let Some(folder) = &args.out else {
        let text = match args.output {
            Notation::Yaml => yaml(&objects).map_err(failed)?,
            Notation::Json => json(&objects).map_err(failed)?,
            Notation::Values => chart::values_text(&spec),
        };
        output.answer(text.trim_end());
        return Ok(Exit::Done);
    };
    let files = files(&objects).map_err(failed)?;
    write(folder, &files).map_err(|(path, e)| {
        Failure::new(Exit::Failed, format!("writing {}: {e}", path.display())).try_this("stickyctl render --out A_FOLDER_OF_YOURS")
    })?;
    output.answer(&folder.display().to_string());
    output.hint(&format!("{} objects. Next: kubectl apply --server-side -k {}", objects.len(), folder.display()));
    Ok(Exit::Done)
}

/// What a preset says, in the shape of a spec.
fn preset(preset: Option<Preset>) -> Value {
    preset.map_or(Value::Null, |preset| json!({"mode": preset.mode().to_string(), "ingress": {"frontDoor": preset.front_door()}}))
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
