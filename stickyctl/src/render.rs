//! `stickyctl render`: a spec in, manifests out; the network is never touched.

use crate::exit::{Exit, Failure};
use crate::generate::preset::Preset;
use crate::generate::write::{HEADER, KUSTOMIZATION, files, json, yaml};
use crate::generate::{front_door, objects};
use crate::mode::Mode;
use crate::output::{Mark, Output};
use crate::spec::ingress::FrontDoor;
use crate::spec::load::{Sources, load};
use crate::spec::{Findings, StickyApp, environment};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Flags of `render`. None has a variable of clap's: `STICKYCTL_*` are read for the whole spec, between file and flags.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The spec; - reads it from stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A front door and a mode in one word; the flags for either go before it
    #[arg(long)]
    preset: Option<Preset>,
    /// Which proxy applies the affinity [default: nginx]
    #[arg(long)]
    front_door: Option<FrontDoor>,
    /// Pods and workers, PODSxWORKERS [default: 3x1]
    #[arg(long)]
    mode: Option<Mode>,
    /// Name of the release [default: sticky-sessions]
    #[arg(long)]
    name: Option<String>,
    /// Namespace of everything [default: sticky-sessions]
    #[arg(short, long)]
    namespace: Option<String>,
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
}

impl RenderArgs {
    /// What the flags say, in the shape of a spec.
    fn spec(&self) -> Value {
        let door = self.front_door.or(self.preset.map(Preset::front_door));
        let mode = self.mode.or(self.preset.map(Preset::mode));
        json!({
            "name": self.name,
            "namespace": self.namespace,
            "mode": mode.map(|mode| mode.to_string()),
            "ingress": {"frontDoor": door},
        })
    }
}

/// Renders.
///
/// # Errors
/// The spec is wrong ([`Exit::Usage`]), or the folder can't be written.
pub fn run(args: &RenderArgs, output: Output) -> Result<Exit, Failure> {
    let spec = read(args, output)?;
    let objects = objects(&spec, !args.no_namespace);
    let failed = |e: crate::generate::write::Unwritable| Failure::new(Exit::Failed, e.to_string());
    let Some(folder) = &args.out else {
        let text = match args.output {
            Notation::Yaml => yaml(&objects).map_err(failed)?,
            Notation::Json => json(&objects).map_err(failed)?,
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

/// Reads the spec, prints its warnings, refuses it with all its problems.
fn read(args: &RenderArgs, output: Output) -> Result<StickyApp, Failure> {
    let file = args.file.as_deref().map(text).transpose()?;
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let (spec, mut findings) = load(Sources {
        file: file.as_deref(),
        variables: variables.collect(),
        other_variables: variables_of(&crate::cli::command()),
        flags: args.spec(),
    });
    findings.add(front_door::check(&spec));
    let Findings { problems, warnings } = findings;
    for warning in warnings {
        output.phase(Mark::Warning, "spec", &warning, None);
    }
    if problems.is_empty() {
        return Ok(spec);
    }
    let count = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    Err(Failure::new(Exit::Usage, format!("the spec has {count}:\n{}", lines.join("\n"))))
}

fn text(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| Failure::new(Exit::Failed, format!("reading the spec from stdin: {e}")))?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(|e| {
        Failure::new(Exit::Usage, format!("reading the spec {}: {e}", path.display())).try_this("stickyctl render   without -f, for the defaults")
    })
}

/// Names in the environment that clap reads for other commands: `STICKYCTL_PORT` is not unknown, only not ours.
fn variables_of(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env()).filter_map(OsStr::to_str);
    let own = own.filter(|name| name.starts_with(environment::PREFIX)).map(str::to_owned);
    own.chain(command.get_subcommands().flat_map(variables_of)).collect()
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
