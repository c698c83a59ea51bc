//! `--print-cronjob`: the same run on a schedule, as manifests. No secret is in them.

use super::manifest::{Plan, labels};
use super::model::{Inside, Schedule};
use super::rights::Rights;
use super::secret::Placed;
use super::{rights, run};
use crate::cluster::connect::connect;
use crate::exit::Failure;
use crate::generate::rbac::grant;
use crate::output::Output;
use crate::spec::image::tool_image;
use crate::verify::request::{Request, Site};
use crate::yaml::yaml;
use serde::Serialize;

/// The longest name of a CronJob: its Jobs append eleven characters to it (Kubernetes batch validation).
const LONGEST: usize = 52;

/// The manifests as YAML documents, and what the user has to know.
pub(crate) async fn manifests(inside: &Inside, schedule: &Schedule, request: &Request, output: Output) -> Result<String, Failure> {
    run::check(request)?;
    // With a URL and a namespace, there is nothing to ask a cluster for.
    let (Rights { all, doors }, context) = match (&request.site, &inside.namespace) {
        (Site::Url { .. }, Some(_)) => (rights::of_url(request), String::new()),
        _ => {
            let cluster = connect(&inside.access).await?;
            (rights::of(&cluster, request).await?, cluster.client.default_namespace().to_owned())
        }
    };
    let namespace = inside.job_namespace(&context);
    let placed = Placed::new(&inside.words(&request.site, &context));
    let name = name(request);
    let image = inside.image.clone().unwrap_or_else(tool_image);
    let (probes, least) = request.estimate();
    let plan = Plan {
        name: &name,
        namespace: &namespace,
        labels: labels(None),
        image: &image,
        placed: &placed,
        account: inside.account.as_deref().unwrap_or(&name),
        has_rights: !all.is_empty(),
        secret: placed.needs_secret().then_some(&*name),
        doors: &doors,
        probes,
        limit: run::limit(least),
        keep: true,
        unicode: true,
    };
    let mut documents = Vec::new();
    if inside.account.is_none() {
        documents.push(document(&plan.service_account())?);
        for object in grant(&all, &plan.labels, (&name, &namespace)) {
            documents.push(document(&object)?);
        }
    }
    let folder = schedule.metrics.as_deref().and_then(|file| file.parent());
    documents.push(document(&plan.cron_job(&schedule.cron, folder))?);
    for note in notes(&plan, &placed, folder.is_some()) {
        output.note(&note);
    }
    Ok(documents.join("---\n"))
}

fn document(object: &impl Serialize) -> Result<String, Failure> {
    yaml(object).map_err(|why| Failure::new(crate::exit::Exit::Failed, format!("writing a manifest: {why}")))
}

/// What the manifests don't hold.
fn notes(plan: &Plan<'_>, placed: &Placed, on_node: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(secret) = plan.secret {
        let files = placed.files.iter().map(|(name, path)| format!(" --from-file={name}={}", quoted(&path.display().to_string())));
        let values = placed.variables.iter().map(|(name, _)| format!(" --from-literal={name}=VALUE"));
        let command = format!("kubectl create secret generic {secret} -n {}{}", plan.namespace, files.chain(values).collect::<String>());
        notes.push(format!("The manifests refer to a Secret, which is not printed. Create it with\n  {command}"));
        if !placed.variables.is_empty() {
            notes.push("Each VALUE is one that this command line has, and that may be a secret, in the order in which they occur.".to_owned());
        }
    }
    if on_node {
        let text = "The pod writes metrics into a folder of its node, which must exist and take files of user 65532. Pod Security `baseline` and \
                    `restricted` forbid such a pod: use another namespace, or --pushgateway.";
        notes.push(text.to_owned());
    }
    notes
}

fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), |quoted| quoted.into_owned())
}

/// A name that says what is tested, as in `stickyctl-verify-ingress-shop`.
fn name(request: &Request) -> String {
    let target = match &request.site {
        Site::Url { url, .. } => crate::verify::request::Parts::read(url).map(|parts| parts.host).unwrap_or_default(),
        Site::Workload { reference, .. } => reference.to_string(),
        Site::Release { place, .. } => place.name.clone(),
        Site::Local => String::new(),
    };
    let plain = target.to_ascii_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let name: String = format!("stickyctl-verify-{}", plain.trim_matches('-')).chars().take(LONGEST).collect();
    name.trim_end_matches('-').to_owned()
}
