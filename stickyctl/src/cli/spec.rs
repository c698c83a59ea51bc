//! The flags of a spec, which `up` and `render` share.

use super::complete;
use crate::generate::preset::Preset;
use crate::input::{Source, SpecRequest};
use crate::spec::environment;
use crate::spec::ingress::FrontDoor;
use crate::spec::tree::merge;
use clap::Args;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use sticky_core::mode::Mode;

/// None has a variable of clap's: `STICKYCTL_*` are read for the whole spec, between file and flags.
#[derive(Debug, Clone, Args)]
pub(crate) struct SpecArgs {
    /// Read the spec from FILE, or from stdin if it is -
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// The proxy that applies session affinity [default: nginx]
    #[arg(long)]
    pub(super) front_door: Option<FrontDoor>,
    /// The number of pods and of workers in each, PODSxWORKERS [default: 3x1]
    #[arg(long, add = complete::modes())]
    pub(super) mode: Option<Mode>,
    /// The number of canary pods, which run another version behind the same Service [default: 0]
    #[arg(long, value_name = "PODS", value_parser = clap::value_parser!(u16).range(0..=64))]
    pub(super) canary: Option<u16>,
    /// The app's image, with a tag or a digest [default: the image of this version]
    #[arg(long, value_name = "NAME:TAG")]
    pub(super) image: Option<String>,
    /// The name of the release [default: sticky-sessions]
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The namespace of the release [default: sticky-sessions]
    #[arg(short, long, add = complete::namespace_names())]
    pub(super) namespace: Option<String>,
}

impl SpecArgs {
    /// What was said about the release; `all` is the whole command line, whose other variables are not typing errors.
    pub(super) fn request(&self, preset: Option<Preset>, all: &clap::Command) -> SpecRequest {
        let mut flags =
            preset.map_or(Value::Null, |preset| json!({"mode": preset.mode().to_string(), "ingress": {"frontDoor": preset.front_door()}}));
        merge(&mut flags, self.tree());
        let file = self.file.as_deref().map(|path| if path == Path::new("-") { Source::Stdin } else { Source::File(path.to_owned()) });
        SpecRequest { file, flags, other_variables: variables_of(all) }
    }

    fn tree(&self) -> Value {
        json!({
            "name": self.name,
            "namespace": self.namespace,
            "mode": self.mode.map(|mode| mode.to_string()),
            "image": {"name": self.image},
            "canary": {"pods": self.canary},
            "ingress": {"frontDoor": self.front_door},
        })
    }
}

/// Variables that clap reads for other commands: `STICKYCTL_PORT` is no key of a spec, but no unknown name either.
fn variables_of(command: &clap::Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env()).filter_map(OsStr::to_str);
    let own = own.filter(|name| name.starts_with(environment::PREFIX)).map(str::to_owned);
    own.chain(command.get_subcommands().flat_map(variables_of)).collect()
}
