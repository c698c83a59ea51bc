//! `/metrics`: the counts of all workers as one exposition.

use crate::supervisor::fleet::View;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode as encode_text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use sticky_core::stats::ROUTES;

struct Scrape {
    view: View,
    bus: &'static str,
}

impl std::fmt::Debug for Scrape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrape")
    }
}

/// The text of one scrape.
pub(super) fn encode(view: View, bus: &'static str) -> String {
    let mut registry = Registry::with_prefix("sticky");
    registry.register_collector(Box::new(Scrape { view, bus }));
    let mut text = String::new();
    // Writing into a String can't fail; an empty scrape would be seen at once.
    let _ = encode_text(&mut text, &registry);
    text
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let view = &self.view;
        let mut requests = encoder.encode_descriptor(
            "requests",
            "Requests by route and status (0: any other status)",
            None,
            prometheus_client::metrics::MetricType::Counter,
        )?;
        for (route, status, count) in &view.counts.requests {
            let labels = [("route", ROUTES.get(*route).copied().unwrap_or("other").to_owned()), ("status", status.to_string())];
            ConstCounter::new(*count).encode(requests.encode_family(&labels)?)?;
        }
        for (name, help, count) in view.counts.plain() {
            let counter = ConstCounter::new(count);
            let encoder = encoder.encode_descriptor(name, help.trim().trim_end_matches('.'), None, counter.metric_type())?;
            counter.encode(encoder)?;
        }
        let restarts = ConstCounter::new(view.restarts);
        restarts.encode(encoder.encode_descriptor("worker_restarts", "Workers that were replaced", None, restarts.metric_type())?)?;
        let gauge = prometheus_client::metrics::MetricType::Gauge;
        let mut sockets = encoder.encode_descriptor("sockets", "Sockets that a worker holds", None, gauge)?;
        for (worker, held) in view.of_each(|r| r.sockets as u64).into_iter().enumerate() {
            ConstGauge::new(held).encode(sockets.encode_family(&[("worker", worker.to_string())])?)?;
        }
        let memory = [
            ("memory_budget", "Memory that a worker's clients may use", view.of_each(|r| r.memory_budget)),
            ("memory_used", "What a worker's clients use of its memory budget", view.of_each(|r| r.memory_used)),
        ];
        for (name, help, of_each) in memory {
            let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Bytes), gauge)?;
            for (worker, bytes) in of_each.into_iter().enumerate() {
                ConstGauge::new(bytes).encode(family.encode_family(&[("worker", worker.to_string())])?)?;
            }
        }
        let mut up = encoder.encode_descriptor("bus_up", "Whether a worker's subscription to the bus is up", None, gauge)?;
        for (worker, is_up) in view.of_each(|r| u64::from(r.bus_up)).into_iter().enumerate() {
            ConstGauge::new(is_up).encode(up.encode_family(&[("bus", self.bus.to_owned()), ("worker", worker.to_string())])?)?;
        }
        let draining = ConstGauge::new(u64::from(view.draining));
        draining.encode(encoder.encode_descriptor("draining", "Whether the pod is draining", None, draining.metric_type())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sticky_core::readiness::Report;
    use sticky_core::stats::{Counts, Route, Stats};

    #[test]
    fn one_line_for_each_count_and_no_label_of_a_client() {
        let stats = Stats::default();
        stats.requests.count(Route::Submit, 200);
        let counts: Counts = stats.counts();
        let report = Report { sockets: 3, memory_budget: 1_000, memory_used: 10, bus_up: true, ..Report::default() };
        let text = encode(View { workers: vec![Some(report), None], counts, restarts: 2, draining: false }, "redis");
        for line in [
            r#"sticky_requests_total{route="/submit",status="200"} 1"#,
            r#"sticky_sockets{worker="0"} 3"#,
            r#"sticky_sockets{worker="1"} 0"#,
            r#"sticky_memory_budget_bytes{worker="0"} 1000"#,
            r#"sticky_memory_used_bytes{worker="0"} 10"#,
            r#"sticky_bus_up{bus="redis",worker="0"} 1"#,
            "sticky_worker_restarts_total 2",
            "sticky_publishes_total 0",
            "sticky_draining 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }
}
