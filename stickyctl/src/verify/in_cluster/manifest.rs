//! The objects of a run inside the cluster: a Job, or a CronJob. No I/O.

use super::secret::{FOLDER, Placed};
use crate::cluster::doors::find::DOORS;
use crate::generate::pod::{frame_alone, unprivileged};
use crate::relay;
use k8s_openapi::ByteString;
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{
    Container, EnvVar, EnvVarSource, HostPathVolumeSource, PodSpec, PodTemplateSpec, ResourceRequirements, Secret, SecretKeySelector,
    SecretVolumeSource, ServiceAccount, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The label that all objects of one run share.
pub(super) const RUN: &str = "stickyctl.dev/run";
/// The name of the container.
pub(super) const CONTAINER: &str = "verify";
/// How long a finished Job stays if the stickyctl that started it is gone, and with `--keep`, in seconds.
const KEPT: i32 = 600;
const KEPT_LONG: i32 = 86_400;
/// How long the pod may take to end, in seconds: nothing in it has to be saved.
const GRACE: i64 = 2;

/// What the objects are made from.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) image: &'a str,
    pub(super) placed: &'a Placed,
    /// The ServiceAccount of the pod.
    pub(super) account: &'a str,
    /// Whether the pod asks the API server.
    pub(super) has_rights: bool,
    /// The name of the Secret, if there is something for one.
    pub(super) secret: Option<&'a str>,
    /// The namespaces where the run looks for front doors.
    pub(super) doors: &'a [String],
    /// The most requests that the run keeps in memory.
    pub(super) probes: u64,
    /// How long the run may take.
    pub(super) limit: Duration,
    pub(super) keep: bool,
    /// Whether the log is UTF-8.
    pub(super) unicode: bool,
}

/// The labels of a run's objects; a CronJob has no number.
pub(super) fn labels(run: Option<&str>) -> BTreeMap<String, String> {
    let fixed = [("app.kubernetes.io/name", "stickyctl"), ("app.kubernetes.io/component", "verify"), ("app.kubernetes.io/managed-by", "stickyctl")];
    fixed.into_iter().chain(run.map(|run| (RUN, run))).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl Plan<'_> {
    pub(super) fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.namespace.to_owned()),
            labels: Some(self.labels.clone()),
            ..ObjectMeta::default()
        }
    }

    /// The Job. It is suspended: what it needs is created after it, and owned by it.
    pub(super) fn job(&self) -> Job {
        let spec = JobSpec {
            suspend: Some(true),
            ttl_seconds_after_finished: Some(if self.keep { KEPT_LONG } else { KEPT }),
            ..self.job_spec(vec![variable(relay::VARIABLE, "1")], None)
        };
        Job { metadata: self.metadata(self.name), spec: Some(spec), ..Job::default() }
    }

    /// A CronJob of the same. `metrics` is a folder of the node for the file with metrics.
    pub(super) fn cron_job(&self, cron: &str, metrics: Option<&Path>) -> CronJob {
        let template = JobTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(self.labels.clone()), ..ObjectMeta::default() }),
            spec: Some(self.job_spec(Vec::new(), metrics)),
        };
        let spec = CronJobSpec {
            schedule: cron.to_owned(),
            // Two runs at once would double the load and could disturb each other.
            concurrency_policy: Some("Forbid".to_owned()),
            successful_jobs_history_limit: Some(3),
            failed_jobs_history_limit: Some(3),
            job_template: template,
            ..CronJobSpec::default()
        };
        CronJob { metadata: self.metadata(self.name), spec: Some(spec), ..CronJob::default() }
    }

    fn job_spec(&self, more: Vec<EnvVar>, metrics: Option<&Path>) -> JobSpec {
        let pod = PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(self.labels.clone()), ..ObjectMeta::default() }),
            spec: Some(self.pod(more, metrics)),
        };
        // A verdict of "not sticky" is a failure, too: it must not run again.
        JobSpec { backoff_limit: Some(0), active_deadline_seconds: i64::try_from(self.limit.as_secs()).ok(), template: pod, ..JobSpec::default() }
    }

    fn pod(&self, more: Vec<EnvVar>, metrics: Option<&Path>) -> PodSpec {
        let (mut volumes, mut mounts) = (Vec::new(), Vec::new());
        if let Some(secret) = self.secret.filter(|_| !self.placed.files.is_empty()) {
            // Readable for the group of the pod, whose user is not root.
            let source = SecretVolumeSource { secret_name: Some(secret.to_owned()), default_mode: Some(0o440), ..SecretVolumeSource::default() };
            volumes.push(Volume { name: "files".to_owned(), secret: Some(source), ..Volume::default() });
            mounts.push(VolumeMount { name: "files".to_owned(), mount_path: FOLDER.to_owned(), read_only: Some(true), ..VolumeMount::default() });
        }
        if let Some(folder) = metrics.map(|folder| folder.display().to_string()) {
            let host_path = HostPathVolumeSource { path: folder.clone(), type_: Some("Directory".to_owned()) };
            volumes.push(Volume { name: "metrics".to_owned(), host_path: Some(host_path), ..Volume::default() });
            mounts.push(VolumeMount { name: "metrics".to_owned(), mount_path: folder, ..VolumeMount::default() });
        }
        let from_secret = self.placed.variables.iter().map(|(name, _)| EnvVar {
            name: name.clone(),
            value_from: Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector { name: self.secret.unwrap_or_default().to_owned(), key: name.clone(), optional: None }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        });
        let locale = self.unicode.then(|| variable("LANG", "C.UTF-8"));
        let doors = (!self.doors.is_empty()).then(|| variable(DOORS, &self.doors.join(",")));
        let env: Vec<EnvVar> = from_secret.chain(locale).chain(doors).chain(more).collect();
        let container = Container {
            name: CONTAINER.to_owned(),
            image: Some(self.image.to_owned()),
            image_pull_policy: Some("IfNotPresent".to_owned()),
            args: Some(self.placed.arguments.clone()),
            env: some(env),
            resources: Some(self.resources()),
            security_context: Some(unprivileged()),
            volume_mounts: some(mounts),
            ..Container::default()
        };
        PodSpec {
            containers: vec![container],
            restart_policy: Some("Never".to_owned()),
            service_account_name: Some(self.account.to_owned()),
            automount_service_account_token: Some(self.has_rights),
            termination_grace_period_seconds: Some(GRACE),
            volumes: some(volumes),
            ..frame_alone()
        }
    }

    /// A run takes about 2 KiB for each request, for what it saw and for its report.
    fn resources(&self) -> ResourceRequirements {
        let memory = 128 + self.probes * 2 / 1_024;
        let amounts = |cpu: &str, memory: u64| {
            let pairs = [("cpu".to_owned(), Quantity(cpu.to_owned())), ("memory".to_owned(), Quantity(format!("{memory}Mi")))];
            Some(pairs.into_iter().collect())
        };
        ResourceRequirements { requests: amounts("100m", 64), limits: amounts("1", memory), ..ResourceRequirements::default() }
    }

    pub(super) fn service_account(&self) -> ServiceAccount {
        ServiceAccount { metadata: self.metadata(self.account), automount_service_account_token: Some(false), ..ServiceAccount::default() }
    }

    pub(super) fn secret(&self, name: &str, contents: BTreeMap<String, Vec<u8>>) -> Secret {
        let data = contents.into_iter().map(|(key, value)| (key, ByteString(value))).collect();
        Secret { metadata: self.metadata(name), data: Some(data), immutable: Some(true), type_: Some("Opaque".to_owned()), ..Secret::default() }
    }
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() }
}

fn some<T>(all: Vec<T>) -> Option<Vec<T>> {
    Some(all).filter(|all| !all.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::model::Word;
    use super::*;

    fn placed() -> Placed {
        Placed::new(&[
            Word::Plain("verify".to_owned()),
            Word::File { before: "@", path: "/home/jane/headers".into() },
            Word::Hidden("secret".to_owned()),
        ])
    }

    fn plan(placed: &Placed) -> Plan<'_> {
        Plan {
            name: "stickyctl-verify-k3v9x2m4",
            namespace: "shop",
            labels: labels(Some("k3v9x2m4")),
            image: "docker.io/library/stickyctl:0.1.0",
            placed,
            account: "stickyctl-verify-k3v9x2m4",
            has_rights: true,
            secret: Some("stickyctl-verify-k3v9x2m4"),
            doors: &[],
            probes: 500_000,
            limit: Duration::from_secs(1_200),
            keep: false,
            unicode: true,
        }
    }

    /// What Pod Security's profile `restricted` asks for (kubernetes.io, "Pod Security Standards"), and the bounds of a Job.
    #[test]
    fn a_job_is_restricted_and_bounded() {
        let placed = placed();
        let job = serde_json::to_value(plan(&placed).job()).unwrap();
        let (spec, pod) = (&job["spec"], &job["spec"]["template"]["spec"]);
        assert_eq!((&spec["suspend"], &spec["backoffLimit"], &spec["activeDeadlineSeconds"]), (&true.into(), &0.into(), &1_200.into()));
        assert_eq!((&spec["ttlSecondsAfterFinished"], &pod["restartPolicy"]), (&600.into(), &"Never".into()));
        assert_eq!(
            (&pod["securityContext"]["runAsNonRoot"], &pod["securityContext"]["seccompProfile"]["type"]),
            (&true.into(), &"RuntimeDefault".into())
        );
        let container = &pod["containers"][0];
        let context = &container["securityContext"];
        assert_eq!((&context["allowPrivilegeEscalation"], &context["readOnlyRootFilesystem"]), (&false.into(), &true.into()));
        assert_eq!(context["capabilities"]["drop"], serde_json::json!(["ALL"]));
        assert_eq!((&container["resources"]["limits"]["memory"], &container["resources"]["limits"]["cpu"]), (&"1104Mi".into(), &"1".into()));
        assert_eq!(job["metadata"]["labels"]["app.kubernetes.io/managed-by"], "stickyctl");
        assert_eq!(job["metadata"]["labels"][RUN], "k3v9x2m4");
        let text = job.to_string();
        assert!(!text.contains("\"secret\"") || !text.contains("jane"), "{text}");
        assert!(!text.contains("/home/jane") && text.contains("secretKeyRef"), "{text}");
        assert_eq!(
            (&pod["volumes"][0]["secret"]["secretName"], &pod["automountServiceAccountToken"]),
            (&"stickyctl-verify-k3v9x2m4".into(), &true.into())
        );
        let alone = Plan { has_rights: false, secret: None, keep: true, ..plan(&placed) };
        let job = serde_json::to_value(alone.job()).unwrap();
        assert_eq!(job["spec"]["template"]["spec"]["automountServiceAccountToken"], false);
        assert_eq!(job["spec"]["ttlSecondsAfterFinished"], 86_400);
    }

    #[test]
    fn a_schedule_runs_the_same_pod() {
        let placed = placed();
        let cron = serde_json::to_value(plan(&placed).cron_job("*/30 * * * *", Some(Path::new("/var/lib/metrics")))).unwrap();
        let spec = &cron["spec"];
        assert_eq!((&spec["schedule"], &spec["concurrencyPolicy"]), (&"*/30 * * * *".into(), &"Forbid".into()));
        let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
        assert_eq!(
            (&pod["containers"][0]["volumeMounts"][1]["mountPath"], &pod["volumes"][1]["hostPath"]["type"]),
            (&"/var/lib/metrics".into(), &"Directory".into())
        );
        assert!(spec["jobTemplate"]["spec"]["suspend"].is_null() && !cron.to_string().contains(relay::VARIABLE), "people and programs read its log");
    }
}
