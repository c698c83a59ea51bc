//! The flags of `doctor`.

use super::cluster::ClusterArgs;
use super::complete;
use super::doctor_to::ToArgs;
use super::place::ON_A_CLUSTER;
use crate::cluster::workload::Reference;
use crate::doctor::report::Report;
use crate::doctor::run::{self, Namespace, Request, Source};
use crate::exit::{Exit, Failure};
use crate::output::{Format, Output};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use sticky_core::duration;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Report only on these and on what is behind them: ingress/NAME, httproute/NAME or service/NAME [default: everything]
    #[arg(value_name = "KIND/NAME")]
    only: Vec<Reference>,
    /// Check the manifests in FILE or in a folder instead of a cluster; - reads stdin. Repeat the flag for more
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context", "all_namespaces"])]
    filename: Vec<PathBuf>,
    /// How often the application sends something over an idle WebSocket; compared with the timeouts on the way
    #[arg(long, value_name = "DURATION", value_parser = duration::positive)]
    ping: Option<Duration>,
    #[command(flatten)]
    to: ToArgs,
    /// The output format
    #[arg(short, long, default_value = "table")]
    output: DoctorFormat,
    /// Check this namespace; with -f, the namespace of objects that name none [default: that of the context]
    #[arg(short, long, value_name = "NAMESPACE", help_heading = ON_A_CLUSTER, conflicts_with = "all_namespaces", add = complete::namespace_names())]
    namespace: Option<String>,
    /// Check all namespaces
    #[arg(short = 'A', long, help_heading = ON_A_CLUSTER)]
    all_namespaces: bool,
    #[command(flatten, next_help_heading = ON_A_CLUSTER)]
    cluster: ClusterArgs,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DoctorFormat {
    /// A table for people
    Table,
    /// JSON for programs
    Json,
    /// The same as YAML
    Yaml,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

impl DoctorArgs {
    fn request(self) -> Request {
        let source = if self.filename.is_empty() {
            let namespace = match (self.namespace, self.all_namespaces) {
                (_, true) => Namespace::All,
                (Some(name), false) => Namespace::Named(name),
                (None, false) => Namespace::OfContext,
            };
            Source::Cluster(self.cluster.access(), namespace)
        } else {
            Source::Files(self.filename, self.namespace)
        };
        Request { source, only: self.only, ping: self.ping, to: self.to.target() }
    }
}

/// Runs `doctor` and prints its report.
pub(super) async fn run(args: DoctorArgs, output: Output) -> Result<Exit, Failure> {
    let format = args.output;
    let report: Report = run::run(args.request()).await?;
    let format = match format {
        DoctorFormat::Table => Format::Table,
        DoctorFormat::Json => Format::Json,
        DoctorFormat::Yaml => Format::Yaml,
        DoctorFormat::Sarif => {
            output.json(&report.sarif().to_string())?;
            return Ok(report.exit());
        }
    };
    output.document(format, &report, |columns| report.table(output.unicode(), columns))?;
    Ok(report.exit())
}
