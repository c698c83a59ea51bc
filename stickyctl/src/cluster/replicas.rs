//! Who may say how many pods there are: the one rule behind `up`, `scale` and `mode`.
//!
//! Server-side apply keeps an owner for every field. A field that its only owner leaves out falls back to the default, which
//! for `replicas` is 1; one that nobody ever owned keeps no trace of who scaled it, and any apply overwrites it in silence
//! (kubernetes/kubernetes#82046 and its kind; each row below was seen on Kubernetes 1.35). So the number is written, left out
//! or handed over by what the live object says, never by habit.

use super::release::{MANAGER, Release};
use crate::exit::{Exit, Failure};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

/// Holds the number while it changes owners: a field needs one at every moment, and taking one field over by force must not
/// take the others along.
pub const HOLDER: &str = "stickyctl-replicas";

/// Who an autoscaler's changes are written by.
const AUTOSCALER: &str = "kube-controller-manager";

/// What is known of the live Deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Its `.spec.replicas`.
    pub replicas: i32,
    /// Managers that own the field; none where nobody ever wrote it by an apply or an update that is on record.
    pub owners: Vec<Owner>,
    /// Autoscalers that aim at it, without one of the release's own that this apply takes away.
    pub autoscalers: Vec<String>,
}

/// An owner of `.spec.replicas`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub manager: String,
    /// Whether it owns by our apply.
    pub is_ours: bool,
}

/// A number that was asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Pods.
    pub pods: u16,
    /// Whether the number is what the command is about: then it is taken over from whoever set it before.
    pub takes_over: bool,
}

/// What an apply does about the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Write it.
    Write(u16),
    /// Leave it out: the live one stays, because somebody else owns it, or an autoscaler does.
    LeaveOut,
    /// We own it alone and must not any more: give the live number to an owner of its own first, or it would become 1.
    HandOver(i32),
    /// Somebody else owns it and it is to be ours.
    TakeOver(u16),
}

/// Live state of a release; `scaled` says whether the spec has an autoscaler of its own.
#[must_use]
pub fn live(release: &Release, scaled: bool) -> Live {
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

/// Decides for an apply of a release whose spec says `spec` pods; `scaled` says that it leaves the number to an autoscaler of its own.
///
/// # Errors
/// A given number would fight an autoscaler.
pub fn decide(live: Option<&Live>, spec: u16, given: Option<Given>, scaled: bool) -> Result<Decision, Failure> {
    // At first even where an autoscaler is to follow: left out it would be 1 until the autoscaler looks, with all sessions of
    // these seconds on one pod. Whoever changes it next owns it.
    let Some(live) = live else { return Ok(Decision::Write(spec)) };
    let ours = live.owners.iter().any(|owner| owner.is_ours);
    let others = live.owners.iter().any(|owner| !owner.is_ours);
    if scaled || !live.autoscalers.is_empty() {
        if given.is_some() && !scaled {
            return Err(autoscaled(&live.autoscalers));
        }
        return Ok(if ours && !others { Decision::HandOver(live.replicas) } else { Decision::LeaveOut });
    }
    if let Some(Given { pods, takes_over }) = given {
        // With no autoscaler left, what the last one wrote is nobody's any more.
        let nobody = live.owners.iter().all(|owner| owner.is_ours || [HOLDER, AUTOSCALER].contains(&owner.manager.as_str()));
        return Ok(if others && (takes_over || nobody) { Decision::TakeOver(pods) } else { Decision::Write(pods) });
    }
    match u16::try_from(live.replicas) {
        // Ours already, or nobody's: writing what is there changes nothing and leaves an owner on record.
        Ok(replicas) if !others => Ok(Decision::Write(replicas)),
        _ => Ok(Decision::LeaveOut),
    }
}

/// The failure of a number against an autoscaler.
#[must_use]
pub fn autoscaled(names: &[String]) -> Failure {
    let name = names.join(", ");
    Failure::new(Exit::Failed, format!("an autoscaler owns the number of pods ({name}): a number from here would be undone within seconds"))
        .try_this("stickyctl up -f FILE                     with other autoscaling.min and max, or without autoscaling")
        .try_this(format!("kubectl delete horizontalpodautoscaler {name}   where it is not the release's own"))
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
        let decide = |live: &Live, takes_over| super::decide(Some(live), 3, given(takes_over), false).map_err(|failure| failure.what);
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
