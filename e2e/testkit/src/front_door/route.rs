//! A route of a site, described without regard to the kind of front door: `ingress` and `gateway` beside it write its objects.

use super::facts::CookieCase;

/// How sessions are assigned to pods, in the words of ingress-nginx's `affinity-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By a hash of the cookie.
    Balanced,
    /// By a cookie that stands for the pod.
    Persistent,
}

impl Mode {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Persistent => "persistent",
        }
    }
}

/// What decides about a route's sessions.
#[derive(Debug, Clone)]
pub(super) enum Affinity {
    Off,
    Sticky(Sticky),
    /// Exactly what a case of the table says.
    Case(CookieCase),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Sticky {
    pub mode: Option<Mode>,
    /// The cookie's name, unless it is the default.
    pub name: Option<String>,
    /// The cookie's path, unless the front door chooses it.
    pub path: Option<String>,
    /// Whether a session moves when its pod can't be reached.
    pub change: bool,
}

/// A builder for a route.
#[derive(Debug, Clone)]
pub struct Route {
    pub(super) name: String,
    pub(super) host: String,
    /// Paths, each with its Service.
    pub(super) rules: Vec<(String, String)>,
    pub(super) affinity: Affinity,
    /// The Secret with the certificate.
    pub(super) secret: Option<String>,
    /// Another Service, which gets half of the sessions.
    pub(super) canary: Option<String>,
    /// Whether the front door routes to the Service's address instead of the pods' addresses.
    pub(super) upstream: bool,
    /// The `timeouts` of a gateway's rule and the `timeout` of its policy; other front doors have nothing like them.
    pub(super) limits: Limits,
}

/// Time limits of a gateway's route, in its notation (`2s`).
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Until the whole answer has arrived.
    pub request: Option<&'static str>,
    /// Without a byte in either direction.
    pub idle: Option<&'static str>,
}

impl Route {
    /// A route for the Service of the same name, at `/`, without affinity.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            host: name.to_owned(),
            rules: vec![("/".into(), name.into())],
            affinity: Affinity::Off,
            secret: None,
            canary: None,
            upstream: false,
            limits: Limits::default(),
        }
    }

    /// Like [`Self::named`], with affinity by cookie.
    #[must_use]
    pub fn sticky(name: &str) -> Self {
        Self { affinity: Affinity::Sticky(Sticky::default()), ..Self::named(name) }
    }

    /// A route for a case of the table.
    #[must_use]
    pub fn of(name: &str, case: &CookieCase) -> Self {
        Self { affinity: Affinity::Case(case.clone()), ..Self::named(name) }.rules(&[(&case.path, name)])
    }

    fn change(mut self, change: impl FnOnce(&mut Sticky)) -> Self {
        if let Affinity::Sticky(sticky) = &mut self.affinity {
            change(sticky);
        }
        self
    }

    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        self.change(|sticky| sticky.mode = Some(mode))
    }

    #[must_use]
    pub fn cookie(self, name: &str) -> Self {
        self.change(|sticky| sticky.name = Some(name.to_owned()))
    }

    /// Sets the cookie's path where the front door has a setting for it.
    #[must_use]
    pub fn cookie_path(self, path: &str) -> Self {
        self.change(|sticky| sticky.path = Some(path.to_owned()))
    }

    /// Moves a session when its pod can't be reached.
    #[must_use]
    pub fn change_on_failure(self) -> Self {
        self.change(|sticky| sticky.change = true)
    }

    /// Sets the paths, each with its Service.
    #[must_use]
    pub fn rules(mut self, rules: &[(&str, &str)]) -> Self {
        self.rules = rules.iter().map(|(path, service)| ((*path).to_owned(), (*service).to_owned())).collect();
        self
    }

    /// Uses the host of another fact.
    #[must_use]
    pub fn at(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    #[must_use]
    pub fn tls(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Sends half of the sessions to another Service.
    #[must_use]
    pub fn canary(mut self, service: &str) -> Self {
        self.canary = Some(service.to_owned());
        self
    }

    /// Routes to the Service's address instead of the pods' addresses.
    #[must_use]
    pub const fn service_upstream(mut self) -> Self {
        self.upstream = true;
        self
    }

    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Whether a rule's path is a regular expression.
pub(super) fn is_regex(path: &str) -> bool {
    path.contains(['[', '*'])
}
