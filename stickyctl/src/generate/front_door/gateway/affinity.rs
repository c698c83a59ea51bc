//! Whether the Gateway's controller honors session persistence at all, as far as that can be said without a cluster.

use super::persistence::has_session_persistence;
use crate::gateway_api::Shape;
use crate::gateway_api::implementations::{self, Implementation, Support};
use crate::spec::gateway::API;
use crate::spec::{Findings, StickyApp};

/// Refuses a controller that ignores session persistence in every version: its routes look right, and nothing sticks.
pub(crate) fn check(spec: &StickyApp) -> Findings {
    let mut findings = Findings::default();
    if !has_session_persistence(spec) {
        return findings;
    }
    let (path, controller) = ("gateway.controller", &spec.gateway.controller);
    let Some(known) = implementations::of(controller) else {
        findings.warn(path, format!("it is unknown whether {controller} honors session persistence; prove it with stickyctl verify"));
        return findings;
    };
    let shape = Shape::of(spec.gateway.api.unwrap_or(API));
    let support = known.session_persistence(None, shape);
    match support {
        _ if support.sticks() == Some(false) => findings.refuse(path, format!("{}; {}", known.says(support), instead(known))),
        Support::Commercial | Support::Unknown => findings.warn(path, format!("{}; prove it with stickyctl verify", known.says(support))),
        // The version, which only a cluster knows, may be too old; no version reads the other shape.
        _ if known.details.is_some_and(|details| details.reads != shape) => {
            findings.warn("gateway.api", format!("{}; write a version from {}", known.says(Support::Renamed), versions(shape)));
        }
        _ => {}
    }
    findings
}

/// What the user can do.
fn instead(known: &Implementation) -> String {
    let force = "or apply it anyway with stickyctl up --force";
    match known.instead.text {
        "unknown" => format!("use another controller, {force}"),
        other => format!("what keeps sessions on their pods there is {other}; use that or another controller, {force}"),
    }
}

/// The versions of the Gateway API that don't have a shape, but the other one.
fn versions(shape: Shape) -> &'static str {
    match shape {
        Shape::SessionName => "1.7.0 on",
        Shape::Cookie => "1.1.0 to 1.6.1",
    }
}
