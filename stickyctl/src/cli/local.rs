//! The flags of the demo on this machine.

use crate::local::UpRequest;
use clap::{Args, ValueEnum};
use std::net::{IpAddr, SocketAddr};
use sticky_app::cli::{Drain, DrainArgs, LimitArgs, RelayArgs};
use sticky_core::choice::Issuer;
use sticky_core::host::Host;
use sticky_core::mode::Mode;
use sticky_core::topology::{Affinity, Door};

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct LocalArg {
    /// Use the demo running on this machine instead of a cluster
    #[arg(long)]
    pub(crate) local: bool,
}

/// The door of the demo knows at once that a pod leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnThisMachine;

impl Drain for OnThisMachine {
    const DELAY: &'static str = "2s";
    const WINDOW: &'static str = "5s";
}

#[derive(Debug, Args)]
pub(super) struct LocalUpArgs {
    /// The port of the page; 0 picks a free one
    #[arg(long, env = "STICKYCTL_PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// The address to listen on; anything but loopback makes the demo reachable from other machines
    #[arg(long, env = "STICKYCTL_LISTEN", default_value = "127.0.0.1")]
    pub(super) listen: IpAddr,
    /// How the front door keeps a session on one pod
    #[arg(long, env = "STICKYCTL_AFFINITY", default_value = "cookie")]
    affinity: AffinityArg,
    /// Who sets the affinity cookie: the front door, or the app, whose StickyStr cookie the front door hashes
    #[arg(long, env = "STICKYCTL_ISSUER", default_value = "proxy")]
    pub(super) issuer: Issuer,
    /// Accept this host name besides loopback names; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_HOST", value_delimiter = ',', value_parser = Host::parse)]
    pub(super) allowed_host: Vec<Host>,
    /// Accept this host in the Origin header besides the page's own; repeat for more
    #[arg(long, env = "STICKYCTL_ALLOWED_ORIGIN", value_delimiter = ',', value_parser = Host::parse)]
    pub(super) allowed_origin: Vec<Host>,
    /// Open the page in a browser: the one that BROWSER names, or the system's own
    #[arg(long)]
    open: bool,
    /// Run in the background
    #[arg(long)]
    pub(super) detach: bool,
    #[command(flatten)]
    pub(super) relay: RelayArgs,
    #[command(flatten)]
    pub(super) drain: DrainArgs<OnThisMachine>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
}

impl LocalUpArgs {
    /// The demo that these flags ask for.
    pub(super) fn request(self, mode: Mode, canary: u16) -> UpRequest {
        let affinity = match self.affinity {
            AffinityArg::Cookie => Affinity::Cookie,
            AffinityArg::Off => Affinity::Off,
        };
        UpRequest {
            mode,
            canary,
            listen: SocketAddr::new(self.listen, self.port),
            door: Door { kind: "local".to_owned(), affinity, issuer: self.issuer },
            allowed_hosts: self.allowed_host,
            allowed_origins: self.allowed_origin,
            redis: self.relay.redis(),
            fanout: self.relay.fanout,
            drain: self.drain.plan(),
            memory_limit: self.limits.memory_limit(),
            limits: self.limits.limits(sticky_app::open_files::raise_limit()),
            detach: self.detach,
            open: self.open,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AffinityArg {
    /// By a cookie
    Cookie,
    /// Not at all
    Off,
}

#[cfg(test)]
mod tests {
    use super::LocalUpArgs;
    use crate::spec::StickyApp;
    use clap::{Command, FromArgMatches};
    use sticky_core::duration;

    fn flag(command: &Command, name: &str) -> String {
        let flag = command.get_arguments().find(|flag| flag.get_id() == name).unwrap();
        flag.get_default_values().iter().map(|value| value.to_string_lossy()).collect()
    }

    /// The defaults that help shows are the ones that are used, for both programs.
    #[test]
    fn drains_last_as_long_as_help_says() {
        let stickyctl = crate::cli::command();
        let up = stickyctl.find_subcommand("up").unwrap().clone();
        let shown = |command: &Command| ["drain_delay", "drain_window"].map(|name| flag(command, name));
        assert_eq!(shown(&up), ["2s", "5s"]);
        assert_eq!(shown(&sticky_app::cli::command()), ["10s", "15s"]);
        let args = LocalUpArgs::from_arg_matches(&up.clone().get_matches_from(["up"])).unwrap();
        let plan = args.drain.plan();
        assert_eq!([plan.delay, plan.window].map(Ok), shown(&up).map(|text| duration::parse(&text)));
        let help = up.clone().render_long_help().to_string();
        assert!(help.contains("[default: 2s]") && help.contains("[default: 5s]"), "{help}");
    }

    /// These flags have no default of clap's, because a spec below them has it.
    #[test]
    fn flags_of_a_spec_show_its_defaults() {
        let spec = StickyApp::default();
        let stickyctl = crate::cli::command();
        for command in ["up", "render"] {
            let command = stickyctl.find_subcommand(command).unwrap();
            for (name, default) in [
                ("mode", spec.mode.to_string()),
                ("name", spec.name.clone()),
                ("namespace", spec.namespace.clone()),
                ("front_door", "nginx".to_owned()),
            ] {
                let help = command.get_arguments().find(|flag| flag.get_id() == name).and_then(|flag| flag.get_help()).unwrap().to_string();
                assert!(help.ends_with(&format!("[default: {default}]")), "{name}: {help}");
            }
        }
    }
}
