//! The spec as whoever calls gives it: the flags that several commands share, the file, the variables.

use crate::exit::{Exit, Failure};
use crate::generate::front_door;
use crate::output::{Mark, Output};
use crate::spec::ingress::FrontDoor;
use crate::spec::load::{Loaded, Sources, load};
use crate::spec::{StickyApp, environment};
use clap::Args;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use sticky_core::mode::Mode;

/// The flags of a spec. None has a variable of clap's: `STICKYCTL_*` are read for the whole spec, between file and flags.
#[derive(Debug, Clone, Args)]
pub struct SpecArgs {
    /// The spec; - reads it from stdin
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Which proxy applies the affinity [default: nginx]
    #[arg(long)]
    pub front_door: Option<FrontDoor>,
    /// Pods and workers, PODSxWORKERS [default: 3x1]
    #[arg(long)]
    pub mode: Option<Mode>,
    /// The app's image, with a tag or a digest [default: this version's]
    #[arg(long, value_name = "NAME:TAG")]
    pub image: Option<String>,
    /// Name of the release [default: sticky-sessions]
    #[arg(long)]
    pub name: Option<String>,
    /// Namespace of everything [default: sticky-sessions]
    #[arg(short, long)]
    pub namespace: Option<String>,
}

impl SpecArgs {
    /// What the flags say, in the shape of a spec.
    fn tree(&self) -> Value {
        json!({
            "name": self.name,
            "namespace": self.namespace,
            "mode": self.mode.map(|mode| mode.to_string()),
            "image": {"name": self.image},
            "ingress": {"frontDoor": self.front_door},
        })
    }
}

/// All that was said, read once: stdin can't be read twice.
#[derive(Debug)]
pub struct Input {
    file: Option<String>,
    variables: Vec<(String, String)>,
    flags: Value,
}

impl Input {
    /// Reads file and environment. `preset` is what a preset says, in the shape of a spec; flags go before it.
    ///
    /// # Errors
    /// The file can't be read ([`Exit::Usage`]).
    pub fn read(args: &SpecArgs, preset: Value) -> Result<Self, Failure> {
        let file = args.file.as_deref().map(text).transpose()?;
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut flags = preset;
        crate::spec::load::merge(&mut flags, args.tree());
        Ok(Self { file, variables: variables.collect(), flags })
    }

    /// Whether there is a file: then what a release says of itself does not count.
    #[must_use]
    pub const fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// The spec over what a release says of itself.
    #[must_use]
    pub fn load(&self, release: Option<Value>) -> Loaded {
        let mut loaded = load(Sources {
            release: release.unwrap_or_default(),
            file: self.file.as_deref(),
            variables: self.variables.clone(),
            other_variables: variables_of(&crate::cli::command()),
            flags: self.flags.clone(),
        });
        loaded.findings.add(front_door::check(&loaded.spec));
        loaded
    }
}

impl Loaded {
    /// The spec, with its warnings printed.
    ///
    /// # Errors
    /// All its problems at once ([`Exit::Usage`]).
    pub fn checked(&self, output: Output) -> Result<StickyApp, Failure> {
        for warning in &self.findings.warnings {
            output.phase(Mark::Warning, "spec", warning, None);
        }
        let problems = &self.findings.problems;
        if problems.is_empty() {
            return Ok(self.spec.clone());
        }
        let count = if problems.len() == 1 { "a problem".to_owned() } else { format!("{} problems", problems.len()) };
        let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
        Err(Failure::new(Exit::Usage, format!("the spec has {count}:\n{}", lines.join("\n"))))
    }

    /// Whether a key was said now, as in `ingress.frontDoor`.
    #[must_use]
    pub fn says(&self, path: &str) -> bool {
        path.split('.').try_fold(&self.given, |tree, key| tree.get(key)).is_some()
    }
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
