//! The flags of `image`.

use crate::image::{Arch, Content, DEFAULT_OUT, Request, TOOL_OUT};
use clap::Args;
use std::path::{Path, PathBuf};

/// The flag of every command that makes the image.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BinaryArgs {
    /// The static Linux binary of sticky-app to put into the image [default: the one next to stickyctl, else built with Docker]
    #[arg(long, value_name = "FILE")]
    pub(crate) app_binary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ImageArgs {
    #[command(flatten)]
    binary: BinaryArgs,
    /// Build the image of stickyctl itself, for verify --in-cluster; --app-binary then names a static stickyctl [default: this program]
    #[arg(long)]
    tool: bool,
    /// The processor architecture of the nodes [default: this machine's]
    #[arg(long)]
    arch: Option<Arch>,
    /// The name of the image [default: the name that every release of this version uses]
    #[arg(long, value_name = "NAME:TAG")]
    image: Option<String>,
    /// Write the archive to FILE, or to stdout if it is -
    #[arg(long, value_name = "FILE", default_value = DEFAULT_OUT, default_value_if("tool", "true", TOOL_OUT))]
    out: PathBuf,
    /// Replace FILE even if it is not an image archive
    #[arg(long)]
    force: bool,
}

impl ImageArgs {
    pub(super) fn request(self) -> Request {
        let out = (self.out != Path::new("-")).then_some(self.out);
        let content = if self.tool { Content::Tool } else { Content::App };
        Request { content, binary: self.binary.app_binary, arch: self.arch, name: self.image, out, force: self.force }
    }
}
