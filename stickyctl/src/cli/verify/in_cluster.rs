//! Flags for a run inside the cluster, and for results as metrics.

use crate::cli::discreet::discreet;
use crate::cli::verify::words::words;
use crate::cluster::connect::Access;
use crate::exit::Failure;
use crate::image::load::Loader;
use crate::verify::in_cluster::{Inside, Schedule};
use crate::verify::metrics::push::Pushgateway;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct InClusterArgs {
    /// Run as a Job in the cluster, next to the front door, and delete the Job afterwards
    #[arg(long, conflicts_with_all = ["local", "list", "source_ip", "disrupt", "each_proxy", "to"])]
    pub(super) in_cluster: bool,
    /// Print a CronJob that runs the same command on a schedule, with its rights; the report goes to its log as JSON
    #[arg(long, conflicts_with_all = ["local", "list", "source_ip", "disrupt", "each_proxy", "to", "in_cluster", "report", "junit_file", "baseline"])]
    pub(super) print_cronjob: bool,
    /// Schedule of --print-cronjob, in cron's notation
    #[arg(long, value_name = "CRON", default_value = "*/30 * * * *", value_parser = cron, requires = "print_cronjob")]
    schedule: String,
    /// Leave the Job and its log in the cluster for a day
    #[arg(long, requires = "in_cluster")]
    keep: bool,
    /// Namespace of the Job [default: that of --namespace, else the context's]
    #[arg(long, value_name = "NAMESPACE")]
    job_namespace: Option<String>,
    /// Image of the Job [default: stickyctl of this version, which is built and loaded if there is a way to load it]
    #[arg(long, value_name = "NAME:TAG")]
    image: Option<String>,
    /// Load the image with COMMAND, which gets the archive on stdin; it is split into words, without a shell
    #[arg(long, value_name = "COMMAND", requires = "in_cluster")]
    image_loader: Option<String>,
    /// The static Linux binary of stickyctl to build the image from [default: this program]
    #[arg(long, value_name = "FILE", requires = "in_cluster")]
    stickyctl_binary: Option<PathBuf>,
    /// Use this ServiceAccount, and create no Role
    #[arg(long, value_name = "NAME")]
    service_account: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct MetricsArgs {
    /// Write the result to FILE as metrics, for the textfile collector of Prometheus's node exporter
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub(super) metrics_file: Option<PathBuf>,
    /// Push the result as metrics to the Pushgateway at URL; a push that fails does not affect the exit code
    #[arg(long, value_name = "URL", value_parser = discreet::<Pushgateway>(), conflicts_with = "to")]
    pub(super) pushgateway: Option<Pushgateway>,
}

impl InClusterArgs {
    /// Whether the run takes place elsewhere.
    pub(super) const fn is_set(&self) -> bool {
        self.in_cluster || self.print_cronjob
    }

    /// The run inside. `all` is the whole command line as clap has it; `hidden` are values that may be secrets.
    ///
    /// # Errors
    /// The loader's command can't be split into words.
    pub(super) fn inside(&self, all: clap::Command, access: Access, namespace: Option<String>, hidden: &[String]) -> Result<Inside, Failure> {
        Ok(Inside {
            access,
            namespace: self.job_namespace.clone().or(namespace),
            image: self.image.clone(),
            loader: self.image_loader.as_deref().map(Loader::parse).transpose()?,
            program: self.stickyctl_binary.clone(),
            account: self.service_account.clone(),
            keep: self.keep,
            words: words(all, std::env::args_os(), self.print_cronjob, hidden)?,
        })
    }

    /// When `--print-cronjob` runs.
    pub(super) fn scheduled(&self, metrics: Option<PathBuf>) -> Option<Schedule> {
        self.print_cronjob.then(|| Schedule { cron: self.schedule.clone(), metrics })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("invalid schedule `{0}`: write five fields, as in `*/30 * * * *`, or @hourly, @daily, @weekly, @monthly or @yearly")]
struct CronError(String);

/// What the API server takes (robfig/cron's standard parser): five fields, or a name.
fn cron(text: &str) -> Result<String, CronError> {
    let is_field = |field: &str| field.bytes().all(|c| c.is_ascii_alphanumeric() || b"*/,-?".contains(&c));
    let fields: Vec<&str> = text.split_whitespace().collect();
    let is_name = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"].contains(&text);
    let is_every = text.strip_prefix("@every ").is_some_and(|every| !every.trim().is_empty());
    if is_name || is_every || (fields.len() == 5 && fields.iter().all(|field| is_field(field))) {
        Ok(text.to_owned())
    } else {
        Err(CronError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for good in ["*/30 * * * *", "0 4 * * MON-FRI", "@hourly", "@every 2h"] {
            assert!(cron(good).is_ok(), "{good}");
        }
        for bad in ["", "* * * *", "* * * * * *", "@often", "a b c d $(e)"] {
            assert!(cron(bad).is_err(), "{bad}");
        }
    }
}
