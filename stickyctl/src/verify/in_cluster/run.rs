//! A run as a Job: creates it, follows it, and deletes it.

use super::error::{InsideError, Of};
use super::follow::{ended, to_the_end};
use super::image::provide;
use super::manifest::{Plan, labels};
use super::model::Inside;
use super::objects::Made;
use super::rights::{self, Rights};
use super::secret::Placed;
use super::start::started;
use crate::cluster::connect::{Cluster, connect};
use crate::cluster::errors::ApiError;
use crate::exit::{Exit, Failure};
use crate::generate::rbac::grant;
use crate::output::{Live, Mark, Output};
use crate::relay::{Broken, exit_of};
use crate::verify::report::Report;
use crate::verify::request::{Parts, Request, Site};
use crate::verify::run::{Verified, VerifyError};
use std::net::IpAddr;
use std::time::Duration;
use sticky_affinity::plan::Sample;
use tokio::signal::unix::{SignalKind, signal};

/// The time that a run gets beyond its plan: slow sites, retries, a pod that has to be scheduled.
const SPARE: Duration = Duration::from_mins(15);

/// Runs the request as a Job, and returns its report. Everything is deleted at the end, also after Ctrl-C.
pub(crate) async fn run(inside: &Inside, request: &Request, output: Output) -> Result<Verified, Failure> {
    check(request)?;
    within(connect(&inside.access).await?, inside, request, output).await
}

/// The same in a cluster that is connected.
pub(super) async fn within(cluster: Cluster, inside: &Inside, request: &Request, output: Output) -> Result<Verified, Failure> {
    check(request)?;
    let (probes, least) = request.estimate();
    let question = "This is more than the usual load for the site. Continue?";
    if probes > Sample::default().probes() && !request.amount.yes && !output.confirm(question) {
        let (site, command) = ("the site".to_owned(), request.command.clone());
        return Err(VerifyError::Unconfirmed { requests: probes, site, command }.into());
    }
    let (id, limit) = (id(), limit(least));
    let mut made = Made::default();
    let mut terminated = signal(SignalKind::terminate()).map_err(|why| Failure::new(Exit::Failed, format!("waiting for signals: {why}")))?;
    let done = tokio::select! {
        done = job(&cluster, inside, request, &id, (probes, limit), &mut made, output) => done,
        _ = tokio::signal::ctrl_c() => Err(interrupted(inside.keep).into()),
        _ = terminated.recv() => Err(interrupted(inside.keep).into()),
    };
    end(&cluster, inside, &mut made, output).await;
    let (mut report, exit) = done?;
    // The words inside are others.
    report.command.clone_from(&request.command);
    Ok(Verified { report, exit })
}

fn interrupted(keep: bool) -> InsideError {
    InsideError::Interrupted(if keep { "the Job runs on" } else { "the run inside the cluster ended without a report" })
}

async fn end(cluster: &Cluster, inside: &Inside, made: &mut Made, output: Output) {
    if inside.keep {
        let commands = made.commands();
        if !commands.is_empty() {
            output.note(&format!("The Job stays for a day after its end. Delete everything earlier with\n{}", commands.join("\n")));
        }
        return;
    }
    tokio::select! {
        () = made.delete(&cluster.client, output) => {}
        _ = tokio::signal::ctrl_c() => output.warning("interrupted again while deleting: kubectl get all -A -l app.kubernetes.io/component=verify shows what is left"),
    }
}

/// How long the Job may take.
pub(super) fn limit(least: Duration) -> Duration {
    least * 2 + SPARE
}

/// Targets that mean something else inside.
pub(super) fn check(request: &Request) -> Result<(), InsideError> {
    let Site::Url { url, .. } = &request.site else { return Ok(()) };
    if !request.http.connect.is_empty() {
        return Ok(());
    }
    // A URL that is none is refused inside, in the words of every run.
    let Ok(parts) = Parts::read(url) else { return Ok(()) };
    let bare = parts.host.trim_start_matches('[').trim_end_matches(']');
    let is_here = bare == "localhost" || bare.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_here { Err(InsideError::Here(parts.host)) } else { Ok(()) }
}

/// Eight letters and digits, as in the names of pods.
fn id() -> String {
    let alphabet = b"bcdfghjklmnpqrstvwxz2456789";
    std::iter::repeat_with(|| char::from(alphabet[fastrand::usize(..alphabet.len())])).take(8).collect()
}

async fn job(
    cluster: &Cluster,
    inside: &Inside,
    request: &Request,
    id: &str,
    (probes, limit): (u64, Duration),
    made: &mut Made,
    output: Output,
) -> Result<(Report, Exit), Failure> {
    let client = &cluster.client;
    let image = provide(cluster, inside, output).await?;
    let name = format!("stickyctl-verify-{id}");
    let context = client.default_namespace();
    let namespace = inside.job_namespace(context);
    let of = Of { name: name.clone(), namespace: namespace.clone(), image: image.clone() };
    let placed = Placed::new(&inside.words(&request.site, context));
    let contents = placed.contents()?;
    let Rights { all, doors } = rights::of(cluster, request).await?;
    let plan = Plan {
        name: &name,
        namespace: &namespace,
        labels: labels(Some(id)),
        image: &image,
        placed: &placed,
        account: inside.account.as_deref().unwrap_or(&name),
        has_rights: !all.is_empty(),
        secret: placed.needs_secret().then_some(&*name),
        doors: &doors,
        probes,
        limit,
        keep: inside.keep,
        unicode: output.unicode(),
    };
    let line = output.live("job");
    line.says("creating it");
    let refused = |error: ApiError| InsideError::Create { error, namespace: namespace.clone() };
    let owner = made.job(client, &plan.job()).await.map_err(refused)?;
    if inside.account.is_none() {
        let account = plan.service_account().into();
        for object in std::iter::once(account).chain(grant(&all, &plan.labels, (&name, &namespace))) {
            made.part(client, &object, &owner, &namespace).await.map_err(refused)?;
        }
    }
    if plan.secret.is_some() {
        made.secret(client, &plan.secret(&name, contents), &owner, &namespace).await.map_err(refused)?;
    }
    made.begin(client, &name, &namespace).await?;
    let pod = match started(client, &of, id, &line).await {
        Ok(pod) => pod,
        Err(why) => {
            line.ends(Mark::Failed, &format!("{name} in namespace {}", namespace));
            return Err(why.into());
        }
    };
    line.ends(Mark::Done, &format!("{name} in namespace {}", namespace));
    let line = output.live("inside");
    result(cluster, &of, id, &pod, line, &placed).await
}

async fn result(cluster: &Cluster, of: &Of, id: &str, pod: &str, line: Live, placed: &Placed) -> Result<(Report, Exit), Failure> {
    let (log, state) = to_the_end(&cluster.client, of, id, pod, &line).await?;
    drop(line);
    let json = match log.reader.json() {
        Ok(json) => json,
        Err(broken) => {
            if let (Broken::Missing, Some(failure)) = (&broken, log.reader.failure()) {
                let tries = failure.tries.iter().map(|step| placed.outside(step)).collect();
                return Err(Failure { exit: failure.exit, what: placed.outside(&failure.what), tries });
            }
            return Err(InsideError::NoReport { of: of.clone(), broken, ended: format!("{}{}", ended(&state), log.last_words()) }.into());
        }
    };
    let foreign = |why: String| InsideError::Foreign { of: of.clone(), why };
    let text: &'static str = String::from_utf8(json).map_err(|why| foreign(why.to_string()))?.leak();
    let report: Report = serde_json::from_str(text).map_err(|why| foreign(why.to_string()))?;
    if (report.schema, report.stickyctl) != (Report::SCHEMA, env!("CARGO_PKG_VERSION")) {
        return Err(foreign(format!("it is {} of stickyctl {}", report.schema, report.stickyctl)).into());
    }
    let exit = exit_of(report.exit_code);
    Ok((report, exit))
}
