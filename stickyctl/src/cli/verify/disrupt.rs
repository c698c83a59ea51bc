//! Flags of disruptions.

use crate::cluster::connect::Access;
use crate::cluster::disrupt::{Reference, Which};
use crate::verify::request::Disruptions;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::time::Duration;
use sticky_affinity::promise::Promise;
use sticky_core::duration;

#[derive(Debug, Args)]
pub(super) struct DisruptArgs {
    /// After the run, disrupt the workload and judge what sessions see of it: scale, rollout, kill, evict, or all; asks first.
    /// Separate several with commas
    #[arg(long, value_name = "DISRUPTION", value_delimiter = ',', value_parser = disruption())]
    disrupt: Vec<Vec<Which>>,
    /// Workload to disrupt: deployment/NAME or statefulset/NAME [default: the owner of the site's pods]
    #[arg(long, value_name = "KIND/NAME", requires = "disrupt")]
    workload: Option<Reference>,
    /// Number of pods that `--disrupt scale` scales to [default: twice as many, at most 3 more]
    #[arg(long, value_name = "PODS", requires = "disrupt")]
    scale_to: Option<u16>,
    /// What the front door promises while pods come and go: persistent or ring [default: as its configuration says]
    #[arg(long, value_name = "PROMISE", requires = "disrupt", value_parser = promise())]
    expect: Option<Promise>,
    /// Tolerate failed requests of sessions on a killed pod for DURATION
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration::positive)]
    max_error_window: Duration,
    /// Give up waiting for pods after DURATION, after each disruption
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration::positive)]
    disrupt_timeout: Duration,
    /// Send the cookies that each proxy issues through all other proxies: the front door's ready pods, or several --connect addresses
    #[arg(long)]
    each_proxy: bool,
}

impl DisruptArgs {
    pub(super) fn disruptions(self, access: Access, namespace: String) -> Disruptions {
        let mut all: Vec<Which> = Vec::new();
        for which in self.disrupt.into_iter().flatten() {
            if !all.contains(&which) {
                all.push(which);
            }
        }
        Disruptions {
            all,
            workload: self.workload,
            access,
            namespace,
            scale_to: self.scale_to,
            expect: self.expect,
            tolerated: self.max_error_window,
            timeout: self.disrupt_timeout,
            each_proxy: self.each_proxy,
        }
    }
}

const ALL: &str = "all";

fn disruption() -> impl TypedValueParser<Value = Vec<Which>> {
    let words = Which::ALL.iter().map(|which| which.word()).chain([ALL]);
    PossibleValuesParser::new(words).map(|word| match Which::ALL.iter().find(|which| which.word() == word) {
        Some(which) => vec![*which],
        None => Which::ALL.to_vec(),
    })
}

fn promise() -> impl TypedValueParser<Value = Promise> {
    PossibleValuesParser::new([Promise::Persistent.word(), Promise::Ring.word()])
        .map(|word| if word == Promise::Ring.word() { Promise::Ring } else { Promise::Persistent })
}
