//! The parts of a pod's `/metrics` that a status shows.

use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metrics {
    /// Sockets of each worker.
    pub(super) sockets: BTreeMap<u16, u64>,
    /// Whether each worker is subscribed to the bus.
    pub(super) bus_up: BTreeMap<u16, bool>,
    /// Whether the pod drains.
    pub(super) draining: bool,
    /// How often a lost subscription was renewed.
    pub(super) reconnects: u64,
    /// How often a worker was replaced.
    pub(super) worker_restarts: u64,
}

/// Reads the Prometheus text format (and OpenMetrics, its successor). Unknown lines are skipped: a newer app has more of them.
pub(super) fn parse(text: &str) -> Metrics {
    let mut metrics = Metrics::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, labels, value)) = sample(line) else { continue };
        let worker = label(labels, "worker").and_then(|worker| worker.parse().ok());
        match (name, worker) {
            ("sticky_sockets", Some(worker)) => {
                metrics.sockets.insert(worker, value);
            }
            ("sticky_bus_up", Some(worker)) => {
                metrics.bus_up.insert(worker, value > 0);
            }
            ("sticky_draining", _) => metrics.draining = value > 0,
            ("sticky_bus_reconnects_total", _) => metrics.reconnects = value,
            ("sticky_worker_restarts_total", _) => metrics.worker_restarts = value,
            _ => {}
        }
    }
    metrics
}

/// Name, labels and value of a line. Values here are whole numbers; a counter may be written as `3.0`.
fn sample(line: &str) -> Option<(&str, &str, u64)> {
    let (head, labels, rest) = match line.split_once('{') {
        Some((name, rest)) => {
            let end = closing(rest)?;
            (name, &rest[..end], &rest[end + 1..])
        }
        None => line.split_once(' ').map(|(name, rest)| (name, "", rest))?,
    };
    let value: f64 = rest.split_ascii_whitespace().next()?.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some((head.trim(), labels, value as u64))
}

/// The index of the brace that ends the labels. One inside quotes doesn't.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'}' if !quoted => return Some(place),
            _ => {}
        }
    }
    None
}

/// The value of a label. Those that are read here are digits, so nothing is unescaped.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_app_writes_it() {
        let text = "# HELP sticky_sockets Sockets that a worker holds.\n# TYPE sticky_sockets gauge\nsticky_sockets{worker=\"0\"} 3\n\
                    sticky_sockets{worker=\"1\"} 0\nsticky_bus_up{bus=\"redis\",worker=\"0\"} 1\nsticky_bus_up{bus=\"redis\",worker=\"1\"} 0\n\
                    sticky_requests_total{route=\"/submit\",status=\"200\"} 9\nsticky_bus_reconnects_total 2\nsticky_worker_restarts_total 4\n\
                    sticky_draining 1\n# EOF\n";
        let expected = Metrics {
            sockets: BTreeMap::from([(0, 3), (1, 0)]),
            bus_up: BTreeMap::from([(0, true), (1, false)]),
            draining: true,
            reconnects: 2,
            worker_restarts: 4,
        };
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn what_is_odd_is_skipped() {
        let text = "sticky_sockets{worker=\"x\"} 3\nsticky_sockets{worker=\"0\"\nsticky_sockets{worker=\"0\"} NaN\nsticky_sockets 5\n\nsticky_draining\n\
                    sticky_sockets{note=\"a } b, \\\" c\",worker=\"7\"} 2.0 1700000000\nsticky_bus_reconnects_total -1\n";
        assert_eq!(parse(text), Metrics { sockets: BTreeMap::from([(7, 2)]), ..Metrics::default() });
        assert_eq!(parse("<html>not found</html>"), Metrics::default());
    }
}
