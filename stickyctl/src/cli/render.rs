//! The flags of `render`.

use super::spec::SpecArgs;
use crate::generate::preset::Preset;
use crate::render::{Form, Notation, Request};
use crate::spec::tree::merge;
use crate::spec::version::Version;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    #[command(flatten)]
    spec: SpecArgs,
    /// A front door and a mode in one word; --front-door and --mode override it
    #[arg(long)]
    preset: Option<Preset>,
    /// The version of the cluster's Gateway API CRDs, which decides how session persistence is written [default: 1.6.1]
    #[arg(long, value_name = "VERSION")]
    gateway_api: Option<Version>,
    /// Leave out the Namespace object
    #[arg(long)]
    no_namespace: bool,
    /// The output format
    #[arg(short, long, default_value = "yaml")]
    output: Notation,
    /// Write one file for each object and a kustomization.yaml into DIR instead
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    out: Option<PathBuf>,
    /// Replace files in DIR that render did not write
    #[arg(long, requires = "out")]
    force: bool,
}

impl RenderArgs {
    pub(super) fn request(self, all: &clap::Command) -> Request {
        let mut spec = self.spec.request(self.preset, all);
        merge(&mut spec.flags, json!({"gateway": {"api": self.gateway_api}}));
        Request { spec, namespace: !self.no_namespace, form: self.out.map_or(Form::Text(self.output), |folder| Form::Folder(folder, self.force)) }
    }
}
