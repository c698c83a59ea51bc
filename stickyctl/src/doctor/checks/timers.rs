//! Timeouts on the way of a WebSocket beside the application's pings.
//!
//! nginx closes a socket after `proxy_read_timeout` without data from the pod, and after `proxy_send_timeout` without data to it, 60 s
//! each; Traefik's entry points after 180 s; HAProxy after `timeout tunnel`, 1 h; Envoy Gateway's streams after 300 s.

use super::codes::{WEBSOCKET_TIMEOUT, annotation};
use crate::comparison::Controller;
use crate::doctor::finding::{About, Finding, Severity};
use crate::doctor::objects::Workload;
use crate::doctor::view::{Entry, RouteEntry, ServiceKey, View};
use crate::output::short;
use std::collections::BTreeSet;
use std::time::Duration;
use sticky_core::limits::Limits;
use sticky_core::names::env;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let of_entries = view.entries.iter().filter_map(|entry| {
        let ping = ping(view, &entry.services())?;
        let timer = of_entry(view, entry)?;
        compare(entry.read.about(), ping, timer)
    });
    let of_routes = view.routes.iter().filter_map(|route| {
        let ping = ping(view, &route.services)?;
        let (about, timer) = of_route(route)?;
        compare(about, ping, timer)
    });
    of_entries.chain(of_routes).collect()
}

/// A timeout, what sets it, and where.
struct Timer {
    after: Duration,
    field: String,
    fix: &'static str,
}

/// The ping interval that the user names, or that of this project's own app.
fn ping(view: &View<'_>, services: &BTreeSet<ServiceKey<'_>>) -> Option<Duration> {
    view.ping.or_else(|| services.iter().flat_map(|service| view.backends.workloads(*service)).find_map(|(_, workload)| own(workload)))
}

fn own(workload: &Workload) -> Option<Duration> {
    let labels = workload.template.metadata.as_ref()?.labels.as_ref()?;
    let is = |key: &str, value: &str| labels.get(&format!("app.kubernetes.io/{key}")).is_some_and(|one| one == value);
    if !(is("name", "sticky-sessions") && is("component", "app")) {
        return None;
    }
    let variables = workload.template.spec.iter().flat_map(|spec| &spec.containers).flat_map(|container| container.env.iter().flatten());
    let set = variables.filter(|variable| variable.name == env::PING_INTERVAL).find_map(|variable| variable.value.clone());
    Some(set.and_then(|text| sticky_core::duration::parse(&text).ok()).unwrap_or(Limits::default().ping_interval))
}

fn of_entry(view: &View<'_>, entry: &Entry<'_>) -> Option<Timer> {
    let seconds = |text: &str| text.trim_end_matches('s').parse().ok().map(Duration::from_secs);
    // The shorter of the two directions: only the pod's pings cross the first, only the client's answers the second.
    let of_nginx = |prefix: &str, fix: &'static str| {
        let both = ["proxy-read-timeout", "proxy-send-timeout"].map(|key| {
            let set = entry.annotation(&format!("{prefix}{key}")).and_then(seconds);
            let after = set.or_else(|| view.setting(entry, key).and_then(seconds)).unwrap_or(Duration::from_mins(1));
            Timer { after, field: annotation(&format!("{prefix}{key}")), fix }
        });
        both.into_iter().min_by_key(|timer| timer.after)
    };
    match entry.controller()? {
        Controller::IngressNginx | Controller::TraefikNginx => {
            of_nginx("nginx.ingress.kubernetes.io/", "Set proxy-read-timeout and proxy-send-timeout to \"3600\", or ping more often")
        }
        Controller::F5Nginx => of_nginx("nginx.org/", "Set proxy-read-timeout and proxy-send-timeout to \"3600s\", or ping more often"),
        Controller::Traefik => Some(Timer {
            after: Duration::from_mins(3),
            field: String::new(),
            fix: "Raise entryPoints.NAME.transport.respondingTimeouts.idleTimeout of Traefik, or ping more often",
        }),
        Controller::HaproxyIngress | Controller::Haproxytech => Some(Timer {
            after: Duration::from_hours(1),
            field: String::new(),
            fix: "Raise timeout-tunnel in the controller's ConfigMap, or ping more often",
        }),
        Controller::Gateway => None,
    }
}

fn of_route(route: &RouteEntry<'_>) -> Option<(About, Timer)> {
    if !route.is_envoys() {
        return None;
    }
    let fix = "Set timeout.http.streamIdleTimeout in a BackendTrafficPolicy for the route, or ping more often";
    let set = route.policies.iter().find_map(|policy| {
        let text = policy.object.spec.timeout.as_ref()?.http.as_ref()?.stream_idle_timeout.as_ref()?;
        Some((policy.about(), sticky_core::duration::parse(text).ok()?))
    });
    Some(match set {
        // Switched off.
        Some((_, after)) if after.is_zero() => return None,
        Some((about, after)) => (about, Timer { after, field: "spec.timeout.http.streamIdleTimeout".to_owned(), fix }),
        None => (route.read.about(), Timer { after: Duration::from_mins(5), field: String::new(), fix }),
    })
}

fn compare(about: About, ping: Duration, timer: Timer) -> Option<Finding> {
    let (ping_text, after) = (whole(ping), whole(timer.after));
    if ping >= timer.after {
        let said = format!("An idle WebSocket is closed after {after}, before the next ping at {ping_text}");
        return Some(WEBSOCKET_TIMEOUT.found(about, timer.field, said, timer.fix));
    }
    (ping * 2 > timer.after).then(|| {
        let said = format!("An idle WebSocket is closed after {after}; with a ping every {ping_text}, one late or lost ping ends it");
        WEBSOCKET_TIMEOUT.found(about, timer.field, said, timer.fix).at_most(Severity::Warning)
    })
}

/// Without a fraction where there is none.
fn whole(duration: Duration) -> String {
    if duration.subsec_millis() == 0 && duration.as_secs() < 600 { format!("{} s", duration.as_secs()) } else { short(duration) }
}
