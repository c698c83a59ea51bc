//! What is to be applied: a spec and what is there, made into objects, with the number of pods decided.

use super::apply::{Manner, Wanted, apply_patiently, rehearse};
use super::errors::ask;
use super::release::Release;
use super::replicas::{Decision, Given, HOLDER, decide, live};
use crate::exit::Failure;
use crate::generate::objects;
use crate::spec::StickyApp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use sticky_core::mode::MOST;

/// Objects, ready to be sent.
#[derive(Debug)]
pub struct Plan {
    /// The effective spec; its number of pods is the one that there will be.
    pub spec: StickyApp,
    /// What happens to the number of pods.
    pub decision: Decision,
    /// The objects in the order in which they are applied.
    pub objects: Vec<Wanted>,
}

impl Plan {
    /// Makes one. `namespace` says whether the Namespace itself is applied.
    ///
    /// # Errors
    /// A number of pods that an autoscaler would undo.
    pub fn new(mut spec: StickyApp, release: Option<&Release>, given: Option<Given>, namespace: bool) -> Result<Self, Failure> {
        let live = release.map(|release| live(release, spec.autoscaling.is_some()));
        let decision = decide(live.as_ref(), spec.mode.pods, given, spec.autoscaling.is_some())?;
        let pods = match decision {
            Decision::Write(pods) | Decision::TakeOver(pods) => Some(i32::from(pods)),
            Decision::LeaveOut | Decision::HandOver(_) => live.map(|live| live.replicas),
        };
        // Under an autoscaler of its own the mode says the fewest pods, and must not creep up with the load.
        if spec.autoscaling.is_none()
            && let Some(pods) = pods.and_then(|pods| u16::try_from(pods).ok())
        {
            spec.mode.pods = pods.clamp(1, MOST);
        }
        let mut objects: Vec<Wanted> = objects(&spec, namespace).iter().filter_map(Wanted::of).collect();
        if let Some(deployment) = objects.iter_mut().find(|object| object.is("Deployment")) {
            match decision {
                Decision::Write(pods) | Decision::TakeOver(pods) => deployment.write_replicas(pods.into()),
                Decision::LeaveOut | Decision::HandOver(_) => deployment.leave_replicas_out(),
            }
        }
        Ok(Self { spec, decision, objects })
    }

    /// The objects for a dry run, which sees the owners of now and not those after [`Self::prepare`]: a number that is going to be
    /// taken over would be a conflict, and one that is handed over would seem to become 1.
    #[must_use]
    pub fn rehearsal(&self) -> Vec<Wanted> {
        let mut objects = self.objects.clone();
        for deployment in objects.iter_mut().filter(|object| object.is("Deployment")) {
            match self.decision {
                Decision::TakeOver(_) => deployment.leave_replicas_out(),
                Decision::HandOver(pods) => deployment.write_replicas(pods),
                Decision::Write(_) | Decision::LeaveOut => {}
            }
        }
        objects
    }

    /// Gets the number of pods an owner that lets the plan through; to be called right before it is applied.
    ///
    /// # Errors
    /// The API server refused.
    pub async fn prepare(&self, client: &Client) -> Result<(), Failure> {
        match self.decision {
            Decision::HandOver(pods) => hold(client, &self.spec, Some(pods)).await,
            Decision::TakeOver(pods) => hold(client, &self.spec, Some(pods.into())).await,
            Decision::Write(_) | Decision::LeaveOut => Ok(()),
        }
    }

    /// Applies the Deployment alone, number of pods and all.
    ///
    /// # Errors
    /// A conflict names field and owner, and nothing was written then; or the API server refused.
    pub async fn apply_deployment(&self, client: &Client, manner: Manner) -> Result<(), Failure> {
        let rehearsed: Vec<Wanted> = self.rehearsal().into_iter().filter(|object| object.is("Deployment")).collect();
        rehearse(client, &rehearsed, manner).await?;
        self.prepare(client).await?;
        for object in self.objects.iter().filter(|object| object.is("Deployment")) {
            apply_patiently(client, object, manner).await?;
        }
        self.finish(client).await
    }

    /// Leaves what was taken over to our own apply.
    ///
    /// # Errors
    /// The API server refused.
    pub async fn finish(&self, client: &Client) -> Result<(), Failure> {
        match self.decision {
            Decision::TakeOver(_) => hold(client, &self.spec, None).await,
            _ => Ok(()),
        }
    }
}

/// Makes the holder own the number of pods, or let go of it.
async fn hold(client: &Client, spec: &StickyApp, pods: Option<i32>) -> Result<(), Failure> {
    let all: Api<Deployment> = Api::namespaced(client.clone(), &spec.namespace);
    let mut body = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": spec.name}});
    if let Some(pods) = pods {
        body["spec"] = json!({"replicas": pods});
    }
    let params = PatchParams::apply(HOLDER).force();
    let doing = format!("changing who owns the number of pods of {}", spec.name);
    ask(&doing, all.patch(&spec.name, &params, &Patch::<Value>::Apply(body))).await.map(drop)
}
