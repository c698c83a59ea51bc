//! What the lines about one request say together. No I/O.

use super::addresses::Addresses;
use k8s_openapi::jiff::Timestamp;
use std::sync::Arc;
use sticky_affinity::log::Said;
use sticky_affinity::told::{By, Named, Told};
use tokio::time::Instant;

/// Lines that are kept of one request and one kind of log.
const MOST: usize = 8;

/// A line with a marker.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) at: Option<Timestamp>,
    /// The pod that wrote it.
    pub(super) pod: Arc<str>,
    /// What an access log says. In a pod's log the line itself says who answered.
    pub(super) said: Option<Said>,
}

/// All lines about a request.
#[derive(Debug)]
pub(super) struct Heard {
    access: Vec<Entry>,
    pods: Vec<Entry>,
    /// The first [look](super::look) that begins after the newest line. What it finds may give an address a name.
    pub(super) look: u64,
    /// When the newest line came.
    pub(super) since: Instant,
}

/// What is known of a request.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    /// A log names a server.
    Told(Told),
    /// The front door answered by itself.
    Unasked,
    /// Nothing yet.
    Nothing,
}

impl Heard {
    pub(super) const fn new(since: Instant) -> Self {
        Self { access: Vec::new(), pods: Vec::new(), look: 0, since }
    }

    /// Takes a line; `false` if it is known already. A stream that is opened again repeats lines.
    pub(super) fn take(&mut self, by: By, entry: Entry) -> bool {
        let all = match by {
            By::Access => &mut self.access,
            By::Pod => &mut self.pods,
        };
        let is_known = all.iter().any(|other| other.at == entry.at && other.pod == entry.pod && other.said == entry.said);
        // An application may log a marker many times; the first lines are enough.
        if is_known || all.len() >= MOST {
            return false;
        }
        all.push(entry);
        all.sort_by_key(|entry| entry.at);
        true
    }

    /// Whether an access log has a line that could be read.
    pub(super) const fn has_access(&self) -> bool {
        !self.access.is_empty()
    }

    /// The access log's word if it names a pod, else the pods' own, else what the access log has instead.
    pub(super) fn known(&self, addresses: &Addresses) -> Known {
        let by_access = self.by_access(addresses);
        if let Known::Told(told) = &by_access
            && told.named == Named::Pod
        {
            return by_access;
        }
        match (self.by_pods(), by_access) {
            (Some(told), _) => Known::Told(told),
            (None, by_access) => by_access,
        }
    }

    /// Several lines are tries of a client, or of a proxy before this one: the last one answered. Two containers with the same log say the same.
    fn by_access(&self, addresses: &Addresses) -> Known {
        let mut all: Vec<(String, Named)> = Vec::new();
        for entry in &self.access {
            let Some(Said::Upstreams(upstreams)) = &entry.said else { continue };
            for upstream in upstreams.tried.iter().chain([&upstreams.answered]) {
                all.push(addresses.name(upstream, entry.at));
            }
        }
        let lines = self.access.iter().filter_map(|entry| entry.said.as_ref());
        let is_repeated = self.access.len() > 1 && lines.clone().all(|said| Some(said) == lines.clone().next());
        if is_repeated {
            all.truncate(all.len() / self.access.len());
        }
        match all.pop() {
            Some((pod, named)) => Known::Told(Told { pod, named, tried: all.into_iter().map(|(name, _)| name).collect(), by: By::Access }),
            None if self.access.is_empty() => Known::Nothing,
            None => Known::Unasked,
        }
    }

    /// The pod whose first line came last; the others were tried before.
    fn by_pods(&self) -> Option<Told> {
        let mut all: Vec<&str> = Vec::new();
        for entry in &self.pods {
            if !all.contains(&&*entry.pod) {
                all.push(&entry.pod);
            }
        }
        let pod = all.pop()?.to_owned();
        Some(Told { pod, named: Named::Pod, tried: all.into_iter().map(str::to_owned).collect(), by: By::Pod })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;
    use sticky_affinity::log::Format;

    const HAPROXY: &str = r#"10.0.0.1:53124 [30/Nov/2026:09:10:11.123] http web/SRV_1 0/0/1/4/5 200 114 - - ---- 2/1/0/0/0 0/0 "GET / HTTP/1.1""#;

    fn entry(seconds: u32, pod: &str, list: Option<&str>) -> Entry {
        let line = |list: &str| format!(r#"{{"upstream_addr": "{list}"}}"#);
        let said = list.map(|list| Format::NginxJson.parse(&line(list)).unwrap());
        Entry { at: format!("2026-11-30T09:10:{seconds:02}Z").parse().ok(), pod: pod.into(), said }
    }

    fn addresses() -> Addresses {
        let mut known = Addresses::default();
        let pod = |name: &str, ip: &str| {
            serde_json::from_value(json!({"metadata": {"name": name, "creationTimestamp": "2026-11-30T09:00:00Z"}, "status": {"podIP": ip}})).unwrap()
        };
        known.pods(&[pod("a", "10.0.0.1"), pod("b", "10.0.0.2")]);
        known.service("shop", &serde_json::from_value(json!({"metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.7"}})).unwrap());
        known
    }

    fn known(access: &[Entry], pods: &[Entry]) -> String {
        let mut heard = Heard::new(Instant::now());
        for (by, all) in [(By::Access, access), (By::Pod, pods)] {
            for one in all {
                heard.take(by, one.clone());
            }
        }
        match heard.known(&addresses()) {
            Known::Told(told) => format!("{} {:?} by {} after {:?}", told.pod, told.named, told.by.word(), told.tried),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_access_log_counts_first_if_it_names_a_pod() {
        let logged = [entry(5, "b", None)];
        assert_eq!(known(&[entry(6, "edge", Some("10.0.0.1:80"))], &logged), "a Pod by access-log after []");
        assert_eq!(known(&[entry(6, "edge", Some("10.0.0.2:80, 10.0.0.1:80"))], &[]), r#"a Pod by access-log after ["b"]"#);
        for other in ["10.96.0.7:80", "10.0.0.9:80", "-"] {
            assert_eq!(known(&[entry(6, "edge", Some(other))], &logged), "b Pod by pod-log after []");
        }
        let slot = Entry { said: Format::Haproxy.parse(HAPROXY), ..entry(6, "edge", None) };
        assert_eq!(known(std::slice::from_ref(&slot), &logged), "b Pod by pod-log after []");
        assert_eq!(known(&[slot], &[]), "SRV_1 Server by access-log after []");
        assert_eq!(known(&[entry(6, "edge", Some("10.96.0.7:80"))], &[]), "10.96.0.7:80 Service by access-log after []");
        assert_eq!(known(&[entry(6, "edge", Some("10.0.0.9:80"))], &[]), "10.0.0.9:80 Address by access-log after []");
        assert_eq!((known(&[entry(6, "edge", Some("-"))], &[]), known(&[], &[])), ("Unasked".to_owned(), "Nothing".to_owned()));
    }

    #[test]
    fn of_several_tries_the_last_answered() {
        let twice = [entry(7, "edge", Some("10.0.0.1:80")), entry(6, "edge", Some("10.0.0.2:80"))];
        assert_eq!(known(&twice, &[]), r#"a Pod by access-log after ["b"]"#, "in whatever order they come");
        let same = [entry(6, "edge", Some("10.0.0.2:80, 10.0.0.1:80")), entry(7, "edge-sidecar", Some("10.0.0.2:80, 10.0.0.1:80"))];
        assert_eq!(known(&same, &[]), r#"a Pod by access-log after ["b"]"#);
        assert_eq!(
            known(&[], &[entry(5, "b", None), entry(6, "b", None), entry(4, "a", None), entry(9, "a", None)]),
            r#"b Pod by pod-log after ["a"]"#
        );
    }

    #[test]
    fn a_line_counts_once() {
        let mut heard = Heard::new(Instant::now());
        assert!(heard.take(By::Pod, entry(5, "a", None)) && !heard.take(By::Pod, entry(5, "a", None)));
        let taken = (0..59).filter(|n| heard.take(By::Pod, entry(*n, "b", None))).count();
        assert_eq!(taken, MOST - 1);
    }
}
