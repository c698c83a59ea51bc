//! Who owns the replica count: the one rule behind `up`, `scale` and `mode`.
//!
//! Server-side apply records an owner for every field. A field that its only owner leaves out falls back to its default, which
//! for `replicas` is 1. A field without an owner keeps no trace of who scaled it, and any apply overwrites it silently
//! (kubernetes/kubernetes#82046 and the like; each row of the tests was observed on Kubernetes 1.35). So what the live object says
//! decides whether the number is written, left out or handed over.

use super::release::{MANAGER, Release};
use crate::exit::{Exit, Explained};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

/// The field manager that holds the number while it changes owners: a field needs an owner at every moment, and forcing the
/// ownership of one field must not force that of others.
pub(crate) const HOLDER: &str = "stickyctl-replicas";

/// The field manager of an autoscaler's changes.
const AUTOSCALER: &str = "kube-controller-manager";

/// The live Deployment, as far as the number goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) replicas: i32,
    /// Managers that own the field; empty if no apply or update of it is on record.
    pub(crate) owners: Vec<Owner>,
    /// Autoscalers that target it, without one of the release's own that this apply removes.
    pub(crate) autoscalers: Vec<String>,
}

/// An owner of `.spec.replicas`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) manager: String,
    /// Whether it is stickyctl's own apply.
    pub(crate) is_ours: bool,
}

/// A number that was given on this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) pods: u16,
    /// Whether the command is about the number: then it takes the number over from its previous owner.
    pub(crate) takes_over: bool,
}

/// What an apply does about the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Write(u16),
    /// Leave it out: the live number stays, because an autoscaler or another manager owns it.
    LeaveOut,
    /// We are its only owner and must not be any longer: give the live number to [`HOLDER`] first, or it would become 1.
    HandOver(i32),
    /// Another manager owns it, and this command takes it over.
    TakeOver(u16),
}

/// A number that an autoscaler would undo; the names of the autoscalers.
#[derive(Debug, thiserror::Error)]
#[error("an autoscaler owns the replica count ({}): it would undo a number set here within seconds", .0.join(", "))]
pub(crate) struct Autoscaled(pub(crate) Vec<String>);

impl Explained for Autoscaled {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn next_steps(&self) -> Vec<String> {
        vec![
            "stickyctl up -f FILE                     with other autoscaling.min and max, or without autoscaling".to_owned(),
            format!("kubectl delete horizontalpodautoscaler {}   if it is not the release's own", self.0.join(" ")),
        ]
    }
}

/// The live state of a release. `scaled` says whether the spec has an autoscaler of its own.
pub(crate) fn live(release: &Release, scaled: bool) -> Live {
    let entries = release.deployment.metadata.managed_fields.as_deref().unwrap_or_default();
    let owners = entries.iter().filter(|entry| owns_replicas(entry)).map(|entry| Owner {
        manager: entry.manager.clone().unwrap_or_default(),
        is_ours: entry.manager.as_deref() == Some(MANAGER) && entry.operation.as_deref() == Some("Apply"),
    });
    // Our own has the release's name.
    let own = release.deployment.metadata.name.as_ref();
    let autoscalers = release.autoscalers.iter().filter(|name| scaled || Some(*name) != own).cloned();
    Live { replicas: release.replicas(), owners: owners.collect(), autoscalers: autoscalers.collect() }
}

fn owns_replicas(entry: &ManagedFieldsEntry) -> bool {
    entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer("/f:spec/f:replicas").is_some())
}

/// Decides for an apply of a release whose spec says `spec` pods. `scaled` says that the spec has an autoscaler of its own.
///
/// # Errors
/// A given number would fight an autoscaler.
pub(crate) fn decide(live: Option<&Live>, spec: u16, given: Option<Given>, scaled: bool) -> Result<Decision, Autoscaled> {
    // On the first apply even if an autoscaler is to follow: left out, it would be 1 until the autoscaler acts, with all sessions
    // of those seconds on one pod. The next manager that changes it owns it.
    let Some(live) = live else { return Ok(Decision::Write(spec)) };
    let ours = live.owners.iter().any(|owner| owner.is_ours);
    let others = live.owners.iter().any(|owner| !owner.is_ours);
    if scaled || !live.autoscalers.is_empty() {
        if given.is_some() && !scaled {
            return Err(Autoscaled(live.autoscalers.clone()));
        }
        return Ok(if ours && !others { Decision::HandOver(live.replicas) } else { Decision::LeaveOut });
    }
    if let Some(Given { pods, takes_over }) = given {
        // With no autoscaler left, the number that the last one wrote has no owner.
        let nobody = live.owners.iter().all(|owner| owner.is_ours || [HOLDER, AUTOSCALER].contains(&owner.manager.as_str()));
        return Ok(if others && (takes_over || nobody) { Decision::TakeOver(pods) } else { Decision::Write(pods) });
    }
    match u16::try_from(live.replicas) {
        // Ours already, or without an owner: writing the live number changes nothing and records an owner.
        Ok(replicas) if !others => Ok(Decision::Write(replicas)),
        _ => Ok(Decision::LeaveOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(replicas: i32, owners: &[&str], autoscalers: &[&str]) -> Live {
        let owner = |name: &&str| Owner { manager: (*name).to_owned(), is_ours: *name == MANAGER };
        Live { replicas, owners: owners.iter().map(owner).collect(), autoscalers: autoscalers.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn a_first_apply_writes_the_spec() {
        assert_eq!(decide(None, 3, None, false).ok(), Some(Decision::Write(3)));
        assert_eq!(decide(None, 3, None, true).ok(), Some(Decision::Write(3)));
    }

    #[test]
    fn what_somebody_set_stays() {
        let rows = [
            (at(3, &[MANAGER], &[]), Decision::Write(3)),
            (at(5, &[MANAGER], &[]), Decision::Write(5)),
            (at(5, &["kubectl"], &[]), Decision::LeaveOut),
            (at(5, &[MANAGER, "kubectl"], &[]), Decision::LeaveOut),
            (at(5, &[], &[]), Decision::Write(5)),
            (at(0, &["kubectl"], &[]), Decision::LeaveOut),
            (at(5, &["kube-controller-manager"], &["ours"]), Decision::LeaveOut),
            (at(5, &[], &["theirs"]), Decision::LeaveOut),
            (at(5, &[MANAGER], &["theirs"]), Decision::HandOver(5)),
        ];
        for (live, want) in rows {
            assert_eq!(decide(Some(&live), 3, None, false).ok(), Some(want), "{live:?}");
        }
    }

    #[test]
    fn a_given_number_is_written_but_never_against_an_autoscaler() {
        let given = |takes_over| Some(Given { pods: 2, takes_over });
        let decide = |live: &Live, takes_over| super::decide(Some(live), 3, given(takes_over), false).map_err(|error| error.to_string());
        assert_eq!(decide(&at(5, &["kubectl"], &[]), false), Ok(Decision::Write(2)), "the API server names the conflict");
        assert_eq!(decide(&at(5, &["kubectl"], &[]), true), Ok(Decision::TakeOver(2)));
        assert_eq!(decide(&at(5, &[HOLDER], &[]), false), Ok(Decision::TakeOver(2)), "that is nobody else");
        assert_eq!(decide(&at(5, &[AUTOSCALER], &[]), false), Ok(Decision::TakeOver(2)), "it is gone");
        for takes_over in [false, true] {
            assert_eq!(decide(&at(5, &[MANAGER], &[]), takes_over), Ok(Decision::Write(2)));
            assert!(decide(&at(5, &[], &["theirs"]), takes_over).unwrap_err().contains("(theirs)"));
        }
    }

    #[test]
    fn a_spec_with_an_autoscaler_lets_go_of_the_number_without_changing_it() {
        assert_eq!(decide(Some(&at(4, &[MANAGER], &[])), 3, None, true).ok(), Some(Decision::HandOver(4)));
        assert_eq!(
            decide(Some(&at(4, &["kube-controller-manager"], &["ours"])), 3, Some(Given { pods: 3, takes_over: false }), true).ok(),
            Some(Decision::LeaveOut),
            "the mode is its minimum"
        );
    }
}
