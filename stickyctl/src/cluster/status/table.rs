//! A status as text.

use super::model::{Autoscaler, BusState, Condition, Cookie, FrontDoor, Gateway, Pod, Redis, Route, Status};
use crate::cluster::route::conditions::sentence;
use crate::fit::fit;
use crate::grid::grid;
use crate::output::short;
use crate::spec::canary::beside;
use std::time::Duration;
use sticky_core::readiness::State;

/// The whole status in the width of a terminal. Columns hold only short values; long reasons follow below them.
#[must_use]
pub fn table(status: &Status, columns: Option<usize>) -> String {
    fit(&whole(status, columns), columns)
}

fn whole(status: &Status, columns: Option<usize>) -> String {
    let mut text = format!(
        "{}  {}  version {}  {}/{}  up {}\n\n{}\n",
        status.name,
        beside(&status.mode, status.canary.as_ref().map_or(0, |canary| canary.pods)),
        status.version,
        status.context,
        status.namespace,
        age(status.up_s),
        pods(&status.pods, columns)
    );
    let reasons: Vec<String> = status.pods.iter().flat_map(reasons).collect();
    if !reasons.is_empty() {
        text.push_str(&format!("\n{}\n", reasons.join("\n")));
    }
    text.push_str(&format!("\nfront door  {}\n", status.front_door.as_ref().map_or_else(|| "?".to_owned(), door)));
    text.push_str(&format!("route       {}\n", status.route.as_ref().map_or_else(|| "none: there is no Ingress or HTTPRoute".to_owned(), route)));
    if let Some(gateway) = status.route.as_ref().and_then(|route| route.gateway.as_ref()) {
        text.push_str(&format!("gateway     {}\n", self::gateway(gateway)));
        text.extend(gateway.conditions.iter().map(|condition| format!("            {}\n", self::condition(condition))));
    }
    text.push_str(&format!("cookie      {}\n", status.cookie.as_ref().map_or_else(|| "none: no affinity".to_owned(), cookie)));
    text.push_str(&format!("Redis       {}", redis(&status.redis)));
    if let Some(scaler) = &status.autoscaler {
        text.push_str(&format!("\nautoscaler  {}", autoscaler(scaler, &status.name)));
    }
    for note in &status.notes {
        text.push_str(&format!("\nnote        {note}"));
    }
    text
}

/// Whole seconds: the API server's times are no finer.
fn age(seconds: u64) -> String {
    if seconds < 100 { format!("{seconds} s") } else { short(Duration::from_secs(seconds)) }
}

fn pods(pods: &[Pod], columns: Option<usize>) -> String {
    if pods.is_empty() {
        return "no pods".to_owned();
    }
    let rows = pods.iter().flat_map(|pod| {
        let row = move |worker: String, state: State, sockets: String| {
            let state = match (state, pod.left_s) {
                (State::Draining, Some(left)) => format!("draining, {left} s"),
                (state, _) => word(state).to_owned(),
            };
            let row = [pod.pod.clone(), state, worker, sockets, pod.restarts.to_string(), age(pod.age_s)];
            (pod.version.clone(), row)
        };
        if pod.workers.is_empty() {
            vec![row("?".to_owned(), pod.state, "?".to_owned())]
        } else {
            let of = |state| if pod.state == State::Ready { state } else { pod.state };
            pod.workers.iter().map(|worker| row(worker.worker.to_string(), of(worker.state), worker.sockets.to_string())).collect()
        }
    });
    // As long as all pods have the same version, the first line shows it.
    if pods.iter().any(|pod| pod.version != pods[0].version) {
        let rows = rows.map(|(version, [pod, state, worker, sockets, restarts, age])| [pod, version, state, worker, sockets, restarts, age]);
        return grid(["POD", "VERSION", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"], rows, 3, columns);
    }
    grid(["POD", "STATE", "WORKER", "SOCKETS", "RESTARTS", "AGE"], rows.map(|(_, row)| row), 2, columns)
}

/// The values that are too long for columns.
fn reasons(pod: &Pod) -> Vec<String> {
    let line = |what: String| format!("{}: {what}", pod.pod);
    let replaced = match pod.worker_restarts {
        0 => None,
        1 => Some("1 worker was replaced".to_owned()),
        n => Some(format!("{n} workers were replaced")),
    };
    // Why a pod isn't ready is also why it could not be asked.
    let why = pod.why.clone().or_else(|| pod.unasked.as_ref().map(|why| format!("its workers are unknown: {why}")));
    why.into_iter().chain(replaced).map(line).collect()
}

const fn word(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Ready => "ready",
        State::Draining => "draining",
    }
}

fn door(door: &FrontDoor) -> String {
    let version = door.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    format!("{}{version}, class {}, {} of {} ready", door.product, door.class, door.ready, door.of)
}

fn route(route: &Route) -> String {
    let host = match (&route.host, route.tls) {
        (None, _) => "any host",
        (Some(host), false) => host,
        (Some(host), true) => &format!("https://{host}"),
    };
    let more = match route.hosts.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    format!("{host}{more}, {} to service {}:{}", route.path, route.service, route.port)
}

fn gateway(gateway: &Gateway) -> String {
    let section = gateway.section.as_ref().map(|section| format!(", listener {section}")).unwrap_or_default();
    let state = if gateway.conditions.is_empty() { ", accepted" } else { "" };
    format!("{} in namespace {}{section}{state}", gateway.name, gateway.namespace)
}

fn condition(condition: &Condition) -> String {
    let Condition { object, kind, status, reason, message } = condition;
    let said = status.as_deref().map(|status| [status, reason.as_deref().unwrap_or_default(), message.as_deref().unwrap_or_default()]);
    sentence(object, kind, said)
}

fn cookie(cookie: &Cookie) -> String {
    let age = cookie.max_age.map_or_else(|| "no Max-Age".to_owned(), |seconds| format!("Max-Age {seconds}"));
    let moves = if cookie.moves_on_failure { "moves on failure" } else { "stays on failure" };
    format!("{}: {}, Path={}, {age}, {moves}", cookie.name, cookie.persistence, cookie.path)
}

fn autoscaler(scaler: &Autoscaler, release: &str) -> String {
    let (min, max, current, desired) = (scaler.min, scaler.max, scaler.current, scaler.desired);
    let name = if scaler.name == release { String::new() } else { format!("{}: ", scaler.name) };
    let seen = scaler.cpu.map_or_else(|| "?".to_owned(), |percent| format!("{percent}%"));
    let cpu = scaler.cpu_target.map(|target| format!("; CPU usage {seen} of the requests, target {target}%")).unwrap_or_default();
    let trouble = scaler.trouble.as_ref().map(|why| format!("\n            {why}")).unwrap_or_default();
    format!("{name}{min} to {max} pods, {current} now, {desired} desired{cpu}{trouble}")
}

fn redis(redis: &Redis) -> String {
    let state = match redis.state {
        BusState::Ready => "ready",
        BusState::Degraded => "degraded",
        BusState::Down => "down",
        BusState::Unknown => return format!("?, {}; no worker answered", redis.fanout),
    };
    let times = if redis.reconnects == 1 { "reconnect" } else { "reconnects" };
    format!("{state}, {}; {} of {} workers subscribed, {} {times}", redis.fanout, redis.subscribed, redis.of, redis.reconnects)
}

#[cfg(test)]
mod tests {
    use super::super::model::sample;
    use super::*;

    #[test]
    fn as_it_was_drawn() {
        let mut status = sample::status();
        status.pods.push(Pod { left_s: Some(21), ..sample::pod("sticky-sessions-6d9c7b8f4d-x2x7q", State::Draining, &[3]) });
        let expected = "\
sticky-sessions  3x1  version 0.1.0  kind-kind/sticky-sessions  up 4 min

POD                               STATE           WORKER  SOCKETS  RESTARTS    AGE
sticky-sessions-6d9c7b8f4d-5kqzt  ready                0       12         0  4 min
sticky-sessions-6d9c7b8f4d-h8wpm  ready                0       14         0  4 min
sticky-sessions-6d9c7b8f4d-x2x7q  draining, 21 s       0        3         0  4 min

front door  ingress-nginx 1.15.1, class nginx, 1 of 1 ready
route       any host, / to service sticky-sessions:80
cookie      sticky_4f2a91: persistent, Path=/, Max-Age 172800, moves on failure
Redis       ready, directed; 2 of 2 workers subscribed, 0 reconnects";
        assert_eq!(table(&status, None), expected);
    }

    #[test]
    fn what_is_not_known_is_a_question_mark_with_its_reason() {
        let mut status = sample::status();
        status.pods = vec![
            Pod { unasked: Some("port-forward: permission denied".to_owned()), ..sample::pod("a", State::Ready, &[]) },
            Pod { why: Some("ContainerCreating".to_owned()), unasked: Some("it does not run".to_owned()), ..sample::pod("b", State::Starting, &[]) },
            Pod { worker_restarts: 2, ..sample::pod("c", State::Ready, &[1, 2]) },
        ];
        status.redis = Redis { state: BusState::Unknown, subscribed: 0, of: 0, ..status.redis };
        (status.front_door, status.route, status.cookie) = (None, None, None);
        let trouble = Some("no metrics API".to_owned());
        let name = "theirs".to_owned();
        status.autoscaler = Some(Autoscaler { min: 2, max: 8, current: 3, desired: 4, name, cpu_target: Some(70), cpu: None, trouble });
        status.notes = vec!["front door: no permission to list pods".to_owned()];
        let text = table(&status, None);
        for line in [
            "a    ready          ?        ?         0  4 min",
            "b    starting       ?        ?         0  4 min",
            "c    ready          1        2         0  4 min",
            "a: its workers are unknown: port-forward: permission denied",
            "b: ContainerCreating",
            "c: 2 workers were replaced",
            "front door  ?",
            "route       none: there is no Ingress or HTTPRoute",
            "cookie      none: no affinity",
            "Redis       ?, directed; no worker answered",
            "autoscaler  theirs: 2 to 8 pods, 3 now, 4 desired; CPU usage ? of the requests, target 70%",
            "            no metrics API",
            "note        front door: no permission to list pods",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        let scaler =
            Autoscaler { min: 2, max: 8, current: 3, desired: 3, name: status.name.clone(), cpu_target: Some(70), cpu: Some(55), trouble: None };
        status.autoscaler = Some(scaler);
        let line = "\nautoscaler  2 to 8 pods, 3 now, 3 desired; CPU usage 55% of the requests, target 70%\n";
        assert!(table(&status, None).contains(line), "{}", table(&status, None));
        status.pods.clear();
        assert!(table(&status, None).contains("\nno pods\n"));
    }

    #[test]
    fn a_young_pod_a_traefik_and_a_host_with_a_certificate() {
        let mut status = sample::status();
        status.pods[0].age_s = 9;
        status.front_door.iter_mut().for_each(|door| door.product = "Traefik".to_owned());
        let way = status.route.as_mut().map(|way| (way.host, way.tls) = (Some("demo.example".to_owned()), true));
        assert!(way.is_some());
        let text = table(&status, None);
        assert!(
            text.contains("route       https://demo.example, / to service") && text.contains("door  Traefik 1.15.1,") && text.contains(" 9 s\n"),
            "{text}"
        );
    }

    /// Pods may have names of 63 letters, and a front door any story.
    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let mut status = sample::status();
        let name = |number: usize| format!("{}-{number:05}", "n".repeat(57));
        status.pods = (0..64).map(|number| sample::pod(&name(number), State::Ready, &[7, 8])).collect();
        status.pods[3].why = Some("the image can't be pulled: ".repeat(9));
        status.notes = vec!["front door: ".repeat(20)];
        for mixed in [false, true] {
            if mixed {
                status.pods[1].version = "0.1.0-canary".to_owned();
            }
            let text = table(&status, Some(80));
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert!(status.pods.iter().all(|pod| text.lines().any(|line| line == pod.pod)), "a name stands alone, to be copied: {text}");
        }
    }
}
