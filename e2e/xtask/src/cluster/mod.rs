//! `cargo xtask cluster`: a real Kubernetes cluster with one node, without Docker.
//!
//! A cluster has its own network namespace, with addresses that no network routes (198.18.0.0/15). It keeps all files in one folder,
//! including the process ids by which `down` stops it. [`testkit::cluster`] has its programs.

mod addons;
mod build;
mod control;
mod daemon;
mod down;
mod images;
mod leftovers;
mod network;
mod node;
mod pki;
mod up;

use anyhow::{Result, bail};
use std::path::Path;
use testkit::cluster::{Place, modules};
use testkit::phase::{phase, say};

pub(crate) const HELP: &str = "\
  cargo xtask cluster [--name NAME] COMMAND   a real Kubernetes of one node, without Docker (Debian, as root):
      up                 builds what is missing (20 minutes the first time) and starts the cluster, unless it is running
      down               stops the cluster and removes everything it created
      status             shows its processes, addresses and kubectl
      load IMAGE.tar     imports an image (an OCI or Docker archive; - for stdin)
      kubeconfig         prints the path of the kubeconfig
      build              only builds programs and images, into target/cluster or $STICKY_CLUSTER_CACHE
";

/// The programs that the commands need, each with its Debian package.
pub(crate) const NEEDED: [(&str, &str); 14] = [
    ("containerd", "containerd"),
    ("runc", "runc"),
    // A full path, because `bridge` in PATH is another program.
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("iptables", "iptables"),
    ("nft", "nftables"),
    ("conntrack", "conntrack"),
    ("ip", "iproute2"),
    ("socat", "socat"),
    ("ethtool", "ethtool"),
    ("mmdebstrap", "mmdebstrap"),
    ("skopeo", "skopeo"),
    ("openssl", "openssl"),
    ("nsenter", "util-linux"),
    ("pip3", "python3-pip"),
];

#[derive(Debug, Clone)]
pub(crate) struct Order {
    name: String,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Up,
    Down,
    Status,
    Load(String),
    Kubeconfig,
    Build,
}

impl Order {
    /// Parses the arguments after `cluster`; `None` if they are invalid.
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let (name, rest) = match words {
            ["--name", name, rest @ ..] | [rest @ .., "--name", name] => (*name, rest),
            rest => ("sticky", rest),
        };
        let what = match rest {
            ["up"] => What::Up,
            ["down"] => What::Down,
            ["status"] => What::Status,
            ["load", file] => What::Load((*file).to_owned()),
            ["kubeconfig"] => What::Kubeconfig,
            ["build"] => What::Build,
            _ => return None,
        };
        Some(Self { name: name.to_owned(), what })
    }

    /// Whether it starts or builds something, which requires the Debian packages.
    pub(crate) fn needs_programs(&self) -> bool {
        matches!(self.what, What::Up | What::Build)
    }

    /// Runs the command and returns the exit code.
    ///
    /// # Errors
    /// The command fails; the error names the log file, if there is one.
    pub(crate) fn run(&self) -> Result<u8> {
        let place = Place::named(&self.name)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            match &self.what {
                What::Up => up::up(&place).await,
                What::Down => down::down(&place).await,
                What::Status => status(&place),
                What::Load(file) => load(&place, file).await,
                What::Kubeconfig => kubeconfig(&place),
                What::Build => build::all(&place).await,
            }?;
            Ok(0)
        })
    }
}

fn running(place: &Place) -> Result<()> {
    if !place.kubeconfig().is_file() {
        bail!("cluster `{}` is not running: start it with `cargo xtask cluster up`", place.name);
    }
    Ok(())
}

fn kubeconfig(place: &Place) -> Result<()> {
    running(place)?;
    say(&place.kubeconfig().display().to_string());
    Ok(())
}

fn status(place: &Place) -> Result<()> {
    running(place)?;
    let net = network::Net::recorded(place)?;
    for name in daemon::recorded(place) {
        let word = if daemon::lives(place, &name) { "runs" } else { "ENDED" };
        say(&format!("{name:<26}{word:<7}{}", daemon::log(place, &name).display()));
    }
    say(&format!("{:<26}{}", "node", net.node()));
    say(&format!("{:<26}{}", "network namespace", net.namespace()));
    say(&format!("{:<26}{}", "kubeconfig", place.kubeconfig().display()));
    say(&format!("{:<26}{}", "kubectl", modules::binary(place, "kubectl").display()));
    Ok(())
}

async fn load(place: &Place, file: &str) -> Result<()> {
    running(place)?;
    let file = if file == "-" { Path::new("/dev/stdin") } else { Path::new(file) };
    if !file.exists() {
        bail!("no such file: {}", file.display());
    }
    let text = phase("load", images::import(place, file)).await?;
    say(text.trim());
    Ok(())
}
