//! Waits until the Gateway and what is attached to it are accepted, and until a pod carries its traffic.

use crate::cluster::doors::{self, Found};
use crate::cluster::errors::ApiError;
use crate::cluster::release::Place;
use crate::cluster::route::conditions::{About, Unmet, unmet};
use crate::cluster::route::{Live, read};
use crate::exit::{Exit, Explained, Failure};
use crate::output::{Mark, Output, short};
use crate::poll::{Deadline, until};
use crate::spec::StickyApp;
use kube::Client;
use std::time::Duration;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(300);
/// How long a refusal may last before it is believed: a controller learns about a new Service, Secret or Gateway a little later than
/// about the route.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why the route does not work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// A controller refuses something.
    #[error("routing through gateway {at} ({door}): {}", list(unmet))]
    Refused { at: Place, door: String, namespace: String, unmet: Vec<Unmet> },
    /// Not everything was accepted in time.
    #[error("routing through gateway {at} ({door}): not accepted within {}: {}", short(*timeout), list(unmet))]
    Late { at: Place, door: String, class: String, namespace: String, timeout: Duration, unmet: Vec<Unmet> },
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// One alone stays on the line, several have a line each.
fn list(unmet: &[Unmet]) -> String {
    match unmet {
        [one] => one.to_string(),
        all => format!("\n\n{}", all.iter().map(|one| format!("  {one}")).collect::<Vec<_>>().join("\n")),
    }
}

impl Explained for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } => Exit::Failed,
            Self::Late { .. } => Exit::TimedOut,
            Self::Api(error) => error.exit(),
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let describe = |unmet: &[Unmet], namespace: &str| {
            let first = unmet.first()?;
            // A listener's conditions are the Gateway's.
            let object = first.object.split_once(" of ").map_or(first.object.as_str(), |(_, gateway)| gateway);
            Some(format!("kubectl describe {object} -n {namespace}   shows all its conditions"))
        };
        match self {
            Self::Refused { at, namespace, unmet, .. } => {
                let of =
                    |unmet: &Unmet| if matches!(unmet.about, About::Gateway | About::Listener) { at.namespace.clone() } else { namespace.clone() };
                let known = unmet.iter().find_map(advice);
                known.into_iter().chain(unmet.first().and_then(|first| describe(unmet, &of(first)))).collect()
            }
            Self::Late { at, class, unmet, .. } if unmet.iter().all(|one| one.said.is_none()) => vec![
                format!("kubectl describe gatewayclass {class}   names the controller, which must run and watch namespace {}", at.namespace),
                "stickyctl up --timeout 10m   waits longer".to_owned(),
            ],
            Self::Late { at, unmet, .. } => {
                describe(unmet, &at.namespace).into_iter().chain(["stickyctl up --timeout 10m   waits longer".to_owned()]).collect()
            }
            Self::Api(error) => error.next_steps(),
        }
    }
}

/// What helps against a refusal (reasons of `apis/v1/httproute_types.go` and `gateway_types.go`, kubernetes-sigs/gateway-api v1.6.1).
fn advice(unmet: &Unmet) -> Option<String> {
    let reason = unmet.said.as_ref()?.reason.as_str();
    let text = match reason {
        "NotAllowedByListeners" => "allowedRoutes of the Gateway's listener must admit the release's namespace; its owner can change that",
        "NoMatchingListenerHostname" => "ingress.host and gateway.hostnames must fit the host name of the Gateway's listener",
        "NoMatchingParent" => "gateway.section in the spec must name a listener of the Gateway",
        "BackendNotFound" => "stickyctl up   applies the Service again",
        "InvalidCertificateRef" => "ingress.tlsSecret must name a Secret of type kubernetes.io/tls with a valid certificate",
        "RefNotPermitted" => "a ReferenceGrant in the namespace of what is referred to must permit it",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Waits, and shows what for. The front door with the pods that carry the Gateway's traffic; there may be none in the cluster.
///
/// # Errors
/// Something is refused, or not accepted before the deadline.
pub(super) async fn accepted(client: &Client, spec: &StickyApp, door: &Found, deadline: Deadline, output: Output) -> Result<Found, Failure> {
    let line = output.live("route");
    line.says("waiting for the Gateway's controller");
    let mut last = (Live::default(), Vec::new());
    let mut refused: Option<Instant> = None;
    let done = until(deadline, PAUSE, async || {
        let live = read(client, spec).await?;
        let unmet = unmet(&live);
        last = (live, unmet.clone());
        let Some(first) = unmet.first() else { return Ok(Some(unmet)) };
        line.says(&first.to_string());
        refused = unmet.iter().any(Unmet::is_refused).then(|| refused.unwrap_or_else(Instant::now));
        let (soft, hard): (Vec<Unmet>, Vec<Unmet>) = unmet.into_iter().partition(may_stay);
        match refused {
            Some(since) if since.elapsed() > PATIENCE && hard.is_empty() => Ok(Some(soft)),
            Some(since) if since.elapsed() > PATIENCE && hard.iter().any(|one| one.is_refused() && is_final(one)) => {
                let unmet = hard.into_iter().filter(Unmet::is_refused).collect();
                Err(Error::Refused { at: last.0.at.clone(), door: door.title(), namespace: spec.namespace.clone(), unmet })
            }
            _ => Ok(None),
        }
    });
    let (live, left) = match done.await {
        Ok(Some(soft)) => (last.0, soft),
        Ok(None) => {
            let (live, unmet) = last;
            line.ends(Mark::Failed, &format!("not accepted by gateway {}", live.at.name));
            let (class, namespace) = (door.classes.join(", "), spec.namespace.clone());
            return Err(Error::Late { at: live.at, door: door.title(), class, namespace, timeout: deadline.timeout(), unmet }.into());
        }
        Err(error) => {
            if let Error::Refused { at, .. } = &error {
                line.ends(Mark::Failed, &format!("refused by the controller of gateway {}", at.name));
            }
            return Err(error.into());
        }
    };
    line.says("waiting for a pod that carries the Gateway's traffic");
    let found = carried(client, spec, door, deadline).await?;
    let (ready, of) = (found.ready(), found.pods.len());
    let pods = if of == 0 { "no pod in this cluster carries its traffic".to_owned() } else { format!("{ready} of {of} proxies ready") };
    let mark = if of > 0 && ready == 0 { Mark::Warning } else { Mark::Done };
    line.ends(mark, &format!("accepted by gateway {}; {pods}", live.at.name));
    for one in left {
        output.warning(&one.to_string());
        if one.has_reason("AddressNotAssigned") {
            output.note("  The Service of the Gateway has no address, as on a cluster without load balancers; stickyctl forward works without one.");
        }
    }
    Ok(found)
}

/// What doesn't keep the route from working: the Gateway has no address from outside, or one of its listeners has no certificate.
fn may_stay(unmet: &Unmet) -> bool {
    unmet.about == About::Listener || (unmet.about == About::Gateway && unmet.has_reason("AddressNotAssigned"))
}

/// A Gateway that isn't programmed has no pods yet, perhaps; everything else that is refused stays refused.
fn is_final(unmet: &Unmet) -> bool {
    unmet.condition != "Programmed"
}

/// The front door once one of its pods is ready; as it is after [`PATIENCE`] if there is none.
async fn carried(client: &Client, spec: &StickyApp, door: &Found, deadline: Deadline) -> Result<Found, Failure> {
    let mut last = door.clone();
    until(deadline.at_most(PATIENCE), PAUSE, async || {
        if let Some(found) = doors::find(client, spec).await?.serving(spec)? {
            last = found.clone();
        }
        Ok::<_, Failure>((last.ready() > 0).then_some(()))
    })
    .await?;
    Ok(last)
}
