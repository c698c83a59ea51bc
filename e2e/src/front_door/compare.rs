//! Six controllers beside each other, as their sources have it, for who is about to choose.
//!
//! Nothing of it is run but what a fact of the other list covers: such a cell names the fact.

/// The columns, with the sources that were read.
pub const COLUMNS: [&str; 6] =
    ["ingress-nginx", "Traefik's own", "Traefik's ingress-nginx provider", "haproxy-ingress", "HAProxy's own controller", "Envoy Gateway"];

/// A cell: its text, and the fact that covers it.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// The text.
    pub text: &'static str,
    /// The fact's id; empty where nothing runs it.
    pub fact: &'static str,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Line {
    /// What is compared.
    pub what: &'static str,
    /// By column.
    pub cells: [Cell; 6],
}

const fn r(text: &'static str) -> Cell {
    Cell { text, fact: "" }
}

const fn by(fact: &'static str, text: &'static str) -> Cell {
    Cell { text, fact }
}

const fn line(what: &'static str, cells: [Cell; 6]) -> Line {
    Line { what, cells }
}

/// All lines.
#[must_use]
#[allow(clippy::too_many_lines, reason = "a table")]
pub fn lines() -> Vec<Line> {
    vec![
        line(
            "switched on by",
            [
                by("only-affinity", "`nginx.ingress.kubernetes.io/affinity: cookie` on the Ingress"),
                r("`traefik.ingress.kubernetes.io/service.sticky.cookie` on the Service, or `sticky.cookie` of its own resources"),
                by("only-affinity", "ingress-nginx' annotation"),
                r("`haproxy-ingress.github.io/affinity: cookie`"),
                r("`haproxy.org/cookie-persistence: NAME` on the Service or in the ConfigMap; on an Ingress it is not read"),
                r("`sessionPersistence` of an HTTPRoute rule (experimental), or a BackendTrafficPolicy that hashes a cookie"),
            ],
        ),
        line(
            "name by default",
            [
                by("only-affinity", "`INGRESSCOOKIE`"),
                r("`_` and 5 hex digits"),
                by("only-affinity", "`INGRESSCOOKIE`"),
                r("`INGRESSCOOKIE`"),
                r("none: the name is the switch"),
                r("made of route and rule"),
            ],
        ),
        line(
            "path by default",
            [by("no-path", "the rule's path"), r("`/`"), by("no-path", "`/`"), r("`/`"), r("`/`"), r("the route's path, `/` in later releases")],
        ),
        line("HttpOnly", [by("only-affinity", "always"), r("off"), by("only-affinity", "always"), r("on"), r("off"), r("set by Envoy")]),
        line(
            "Secure",
            [
                by("secure-by-itself", "over https by itself"),
                r("off"),
                by("secure-by-itself", "only if said"),
                r("with `session-cookie-same-site`"),
                r("off"),
                r("not set"),
            ],
        ),
        line(
            "SameSite",
            [
                by("only-affinity", "none unless said"),
                r("none unless said"),
                by("only-affinity", "none unless said"),
                r("`None` with Secure, if asked for"),
                r("none"),
                r("none"),
            ],
        ),
        line(
            "lifetime",
            [
                by("max-age", "the browser's session unless Max-Age or Expires is said"),
                r("the browser's session unless said"),
                by("max-age", "the same; Expires is read from 3.7 on"),
                r("the browser's session"),
                r("the browser's session"),
                r("the browser's session unless `Permanent` with a timeout"),
            ],
        ),
        line(
            "the value is",
            [
                by("value-persistent", "`balanced`: a random key; `persistent`: a hash of the pod's address"),
                r("a hash of the pod's URL"),
                by("value-balanced", "a hash of the pod's URL"),
                r("a hash of the pod's address and a key"),
                r("a hash of the pod's address, or the server's name"),
                r("the pod's address, encoded and not signed"),
            ],
        ),
        line(
            "when pods are added",
            [
                by("up-balanced", "`balanced`, the default, moves about half from 3 to 6; `persistent` none"),
                r("no session moves"),
                by("up-default", "no session moves"),
                r("none with dynamic values"),
                r("none with dynamic values"),
                r("none; with the hash some"),
            ],
        ),
        line(
            "a value that nobody issued",
            [
                by("unknown-balanced", "`balanced`: taken as a key; `persistent`: another cookie"),
                r("another pod and cookie"),
                by("unknown-persistent", "another pod and cookie"),
                r("another pod and cookie"),
                r("another pod and cookie"),
                r("another pod and cookie"),
            ],
        ),
        line(
            "a pod that is going",
            [
                r("left at once"),
                r("kept for its sessions, no new ones"),
                r("3.6.12: kept, and new sessions too, until its address is gone"),
                r("left; kept with `drain-support`"),
                r("left"),
                r("marked as draining"),
            ],
        ),
        line(
            "a pod that is listed and dead",
            [
                by("refused-change", "502, unless `session-cookie-change-on-failure`"),
                r("left if a health check says so"),
                by("refused-session", "502"),
                r("another pod and cookie"),
                r("not read"),
                r("by health checks"),
            ],
        ),
        line("the app sees the cookie", [r("yes"), r("yes"), r("yes"), r("no, it is taken out"), r("no, it is taken out"), r("not read")]),
        line(
            "silence that cuts a WebSocket",
            [
                r("60 s, by two annotations more; an edit cuts after 240 s"),
                r("60 s of reading, 180 s idle"),
                r("60 s"),
                r("1 h"),
                r("1 h"),
                r("route 15 s, stream 300 s"),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front_door::facts;

    #[test]
    fn covered_cells_name_facts_that_are_run() {
        let all = facts();
        for cell in lines().iter().flat_map(|line| line.cells).filter(|cell| !cell.fact.is_empty()) {
            assert!(all.iter().any(|fact| fact.id == cell.fact && fact.is_run()), "{}", cell.fact);
        }
    }

    #[test]
    fn only_the_two_front_doors_that_are_run_have_facts() {
        for line in lines() {
            assert!(line.cells.iter().enumerate().all(|(n, cell)| [0, 2].contains(&n) || cell.fact.is_empty()), "{}", line.what);
        }
    }
}
