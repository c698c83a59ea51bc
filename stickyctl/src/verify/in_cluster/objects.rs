//! Creates the objects of a run, and deletes them.

use crate::cluster::errors::{ApiError, ask};
use crate::generate::object::Object;
use crate::output::{Mark, Output};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};

/// Objects of a run that exist.
#[derive(Debug, Default)]
pub(super) struct Made {
    all: Vec<One>,
}

#[derive(Debug, Clone)]
struct One {
    kind: GroupVersionKind,
    namespace: Option<String>,
    name: String,
}

impl One {
    fn of(body: &Value) -> Option<Self> {
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let (version, kind) = (text("/apiVersion")?, text("/kind")?);
        let (group, version) = version.split_once('/').unwrap_or(("", &version));
        Some(Self { kind: GroupVersionKind::gvk(group, version, &kind), namespace: text("/metadata/namespace"), name: text("/metadata/name")? })
    }

    fn api(&self, client: &Client) -> Api<DynamicObject> {
        let resource = ApiResource::from_gvk(&self.kind);
        match &self.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        }
    }

    /// As in `job stickyctl-verify-k3v9x2m4 in namespace shop`.
    fn title(&self) -> String {
        let place = self.namespace.as_ref().map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
        format!("{} {}{place}", self.kind.kind.to_ascii_lowercase(), self.name)
    }
}

impl Made {
    /// Creates the suspended Job that owns the rest.
    pub(super) async fn job(&mut self, client: &Client, job: &Job) -> Result<OwnerReference, ApiError> {
        let created = self.create(client, json(job)).await?;
        Ok(OwnerReference {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            name: created.metadata.name.unwrap_or_default(),
            uid: created.metadata.uid.unwrap_or_default(),
            ..OwnerReference::default()
        })
    }

    /// Creates what the Job needs. It is owned by the Job, unless it is of another namespace.
    pub(super) async fn part(&mut self, client: &Client, object: &Object, owner: &OwnerReference, own: &str) -> Result<(), ApiError> {
        self.owned(client, json(object), owner, own).await
    }

    /// Creates the Secret.
    pub(super) async fn secret(&mut self, client: &Client, secret: &Secret, owner: &OwnerReference, own: &str) -> Result<(), ApiError> {
        self.owned(client, json(secret), owner, own).await
    }

    async fn owned(&mut self, client: &Client, mut body: Value, owner: &OwnerReference, own: &str) -> Result<(), ApiError> {
        if body["metadata"]["namespace"] == own {
            body["metadata"]["ownerReferences"] = json!([owner]);
        }
        self.create(client, body).await.map(drop)
    }

    async fn create(&mut self, client: &Client, body: Value) -> Result<DynamicObject, ApiError> {
        let one = One::of(&body).unwrap_or_else(|| One { kind: GroupVersionKind::gvk("", "", ""), namespace: None, name: String::new() });
        let doing = format!("creating {}", one.title());
        let object: DynamicObject = serde_json::from_value(body).map_err(|why| ApiError::Refused { doing: doing.clone(), said: why.to_string() })?;
        let params = PostParams { field_manager: Some("stickyctl".to_owned()), ..PostParams::default() };
        // Listed before the answer: a request whose answer is lost may have been served.
        self.all.push(one.clone());
        let created = ask(&doing, one.api(client).create(&params, &object)).await;
        if matches!(created, Err(ApiError::Forbidden { .. } | ApiError::Refused { .. } | ApiError::Unauthorized { .. })) {
            self.all.pop();
        }
        created
    }

    /// Lets the Job begin.
    pub(super) async fn begin(&self, client: &Client, name: &str, namespace: &str) -> Result<(), ApiError> {
        let jobs: Api<Job> = Api::namespaced(client.clone(), namespace);
        let patch = Patch::Merge(json!({"spec": {"suspend": false}}));
        ask(&format!("starting job {name} in namespace {namespace}"), jobs.patch(name, &PatchParams::default(), &patch)).await.map(drop)
    }

    /// Deletes everything, the newest first, and warns of what is left.
    pub(super) async fn delete(&mut self, client: &Client, output: Output) {
        let mut left = Vec::new();
        // Its pod goes with the Job, in the background.
        for one in std::mem::take(&mut self.all).into_iter().rev() {
            let deleted = ask(&format!("deleting {}", one.title()), gone(&one, client)).await;
            if let Err(why) = deleted {
                output.warning(&why.to_string());
                left.push(one);
            }
        }
        if !left.is_empty() {
            output.warning(&format!("These are left. Delete them with\n{}", commands(&left).join("\n")));
        } else {
            output.phase(Mark::Done, "deleted", "the Job and everything that was created for it", None);
        }
    }

    /// The commands that delete everything.
    pub(super) fn commands(&self) -> Vec<String> {
        commands(&self.all)
    }
}

/// What is missing is deleted.
async fn gone(one: &One, client: &Client) -> Result<(), kube::Error> {
    match one.api(client).delete(&one.name, &DeleteParams::background()).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        done => done.map(drop),
    }
}

/// One command for each namespace, and one for what has none.
fn commands(all: &[One]) -> Vec<String> {
    let mut places: Vec<Option<&String>> = all.iter().map(|one| one.namespace.as_ref()).collect();
    places.sort();
    places.dedup();
    let command = |place: Option<&String>| {
        let names =
            all.iter().filter(|one| one.namespace.as_ref() == place).map(|one| format!(" {}/{}", one.kind.kind.to_ascii_lowercase(), one.name));
        let flag = place.map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
        // The first one takes along what it owns.
        format!("  kubectl delete{flag}{} --ignore-not-found", names.collect::<String>())
    };
    places.into_iter().map(command).collect()
}

fn json(object: &impl serde::Serialize) -> Value {
    // Kubernetes objects have no other keys than texts.
    serde_json::to_value(object).unwrap_or_default()
}
