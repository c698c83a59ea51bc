//! What to apply: the objects of a spec, with the replica count decided by what is on the cluster.

use super::apply::{self, Manner, Wanted, apply_patiently, rehearse};
use super::errors::{ApiError, ask};
use super::release::Release;
use super::replicas::{Autoscaled, Decision, Given, HOLDER, decide, live};
use crate::generate::meta::Track;
use crate::generate::objects;
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use sticky_core::mode::MOST;

/// The fields of the Deployment that `scale` and `mode` are about, besides the replica count.
const MODE: [&str; 2] =
    [".metadata.annotations.stickyctl.dev/spec", ".spec.template.spec.containers[name=\"app\"].env[name=\"STICKY_WORKERS\"].value"];

/// Objects that are ready to be applied.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The effective spec, with the number of pods that there will be.
    pub(crate) spec: StickyApp,
    /// What happens to the replica count.
    pub(crate) decision: Decision,
    /// The objects in the order of application.
    pub(crate) objects: Vec<Wanted>,
}

impl Plan {
    /// Plans an apply of `spec`. `namespace` says whether the Namespace itself is applied.
    ///
    /// # Errors
    /// A number of pods that an autoscaler would undo.
    pub(crate) fn new(mut spec: StickyApp, release: Option<&Release>, given: Option<Given>, namespace: bool) -> Result<Self, Autoscaled> {
        let live = release.map(|release| live(release, spec.autoscaling.is_some()));
        let decision = decide(live.as_ref(), spec.mode.pods, given, spec.autoscaling.is_some())?;
        let pods = match decision {
            Decision::Write(pods) | Decision::TakeOver(pods) => Some(i32::from(pods)),
            Decision::LeaveOut | Decision::HandOver(_) => live.map(|live| live.replicas),
        };
        // With an autoscaler of its own the mode is the minimum, and must not creep up with the load.
        if spec.autoscaling.is_none()
            && let Some(pods) = pods.and_then(|pods| u16::try_from(pods).ok())
        {
            spec.mode.pods = pods.clamp(1, MOST);
        }
        let mut objects: Vec<Wanted> = objects(&spec, namespace).iter().filter_map(Wanted::of).collect();
        if let Some(deployment) = objects.iter_mut().find(|object| is_stable(object, &spec)) {
            match decision {
                Decision::Write(pods) | Decision::TakeOver(pods) => deployment.write_replicas(pods.into()),
                Decision::LeaveOut | Decision::HandOver(_) => deployment.leave_replicas_out(),
            }
        }
        Ok(Self { spec, decision, objects })
    }

    /// Leaves session persistence out of the HTTPRoute, for a cluster whose definitions don't have it: the API server refuses an apply
    /// with a field that it doesn't know.
    pub(crate) fn leave_persistence_out(&mut self) {
        for route in self.objects.iter_mut().filter(|object| object.is("HTTPRoute")) {
            for rule in route.body.pointer_mut("/spec/rules").and_then(Value::as_array_mut).into_iter().flatten() {
                rule.as_object_mut().map(|rule| rule.remove("sessionPersistence"));
            }
        }
    }

    /// The objects for a dry run, which sees today's owners and not those after [`Self::prepare`]: a number that will be taken over
    /// would be a conflict, and one that will be handed over would seem to become 1.
    pub(crate) fn rehearsal(&self) -> Vec<Wanted> {
        let mut objects = self.objects.clone();
        for deployment in objects.iter_mut().filter(|object| is_stable(object, &self.spec)) {
            match self.decision {
                Decision::TakeOver(_) => deployment.leave_replicas_out(),
                Decision::HandOver(pods) => deployment.write_replicas(pods),
                Decision::Write(_) | Decision::LeaveOut => {}
            }
        }
        objects
    }

    /// Gives the replica count an owner that lets the plan through. Call it right before applying.
    ///
    /// # Errors
    /// The API server refused.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<(), ApiError> {
        match self.decision {
            Decision::HandOver(pods) => hold(client, &self.spec, Some(pods)).await,
            Decision::TakeOver(pods) => hold(client, &self.spec, Some(pods.into())).await,
            Decision::Write(_) | Decision::LeaveOut => Ok(()),
        }
    }

    /// Applies only the Deployment, including the replica count; with `canary`, also that of the canary, which has as many workers. It takes
    /// over the fields that describe the mode: whoever applied the release owns them, for example `kubectl apply -k`.
    ///
    /// # Errors
    /// The API server refused. A conflict about any other field shows in a dry run first, so that nothing is written then.
    pub(crate) async fn apply_deployment(&self, client: &Client, canary: bool, manner: Manner) -> Result<(), apply::Error> {
        let is_meant = |object: &Wanted| is_stable(object, &self.spec) || (canary && object.is("Deployment"));
        let rehearsed: Vec<Wanted> = self.rehearsal().into_iter().filter(is_meant).collect();
        let manner = match rehearse(client, &rehearsed, manner).await {
            Err(apply::Error::Conflicts(conflicts)) if conflicts.all_in(&MODE) => Manner { force: true, ..manner },
            done => done.map(|()| manner)?,
        };
        self.prepare(client).await?;
        for object in self.objects.iter().filter(|object| is_meant(object)) {
            apply_patiently(client, object, manner).await?;
        }
        Ok(self.finish(client).await?)
    }

    /// Leaves a number that was taken over to our own apply.
    ///
    /// # Errors
    /// The API server refused.
    pub(crate) async fn finish(&self, client: &Client) -> Result<(), ApiError> {
        match self.decision {
            Decision::TakeOver(_) => hold(client, &self.spec, None).await,
            _ => Ok(()),
        }
    }
}

/// Whether an object is the Deployment whose replica count is that of the mode. The canary's count is always the spec's.
fn is_stable(object: &Wanted, spec: &StickyApp) -> bool {
    object.is("Deployment") && object.name() == Track::Stable.deployment(spec)
}

/// Makes the holder own the replica count, or release it.
async fn hold(client: &Client, spec: &StickyApp, pods: Option<i32>) -> Result<(), ApiError> {
    let all: Api<Deployment> = Api::namespaced(client.clone(), &spec.namespace);
    let mut body = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": spec.name}});
    if let Some(pods) = pods {
        body["spec"] = json!({"replicas": pods});
    }
    let params = PatchParams::apply(HOLDER).force();
    let doing = format!("changing the owner of the replica count of deployment {}", spec.name);
    ask(&doing, all.patch(&spec.name, &params, &Patch::<Value>::Apply(body))).await.map(drop)
}
