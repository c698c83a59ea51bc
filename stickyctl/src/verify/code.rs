//! The reasons: stable codes, each with what causes it, the commonest first, and what to try.

use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $word:literal, $title:literal, [$(($cause:literal, $try:literal)),+ $(,)?];)+) => {
        /// A reason's code. Codes are never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $word)] $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// As it is written.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$code => $word,)+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// Causes, the commonest first, each with what to try.
            #[must_use]
            pub const fn causes(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$code => &[$(($cause, $try)),+],)+ }
            }
        }
    };
}

codes! {
    /// Sessions move, and no cookie ever came.
    NoAffinityCookie = "no-affinity-cookie", "Sessions move, and the site never offered a cookie.", [
        ("The setting is on the wrong object, class or controller, or misspelt", "read the controller's log, and the Ingress' class and its controller"),
        ("The rule's host or path is not the one that was asked", "ask the URL of the rule; write host, path and pathType out in it"),
        ("A second Ingress on the Service leaves affinity out", "give all Ingresses of one Service the same affinity, or Services of their own"),
    ];
    /// The cookie comes back and decides nothing.
    CookieNotHonoured = "cookie-not-honoured", "The cookie goes out and comes back, and decides nothing.", [
        ("The proxy goes to the Service's address instead of the pods", "service-upstream (ingress-nginx), nativelb (Traefik): turn it off"),
        ("Another Ingress on this Service sets affinity differently", "give them the same affinity, or Services of their own"),
        ("The cookie is the application's, and the proxy has no affinity", "look at the cookie's name: is it the one that you configured?"),
        ("Several proxies read the cookie differently", "--connect ADDRESS of each proxy"),
    ];
    /// Most requests stay, some don't.
    Leaks = "leaks", "Most requests stay, and some don't.", [
        ("Pods came, went or were not ready during the run", "look at the pods' restarts and readiness, and run again"),
        ("One of several proxies disagrees with the others", "--connect ADDRESS of each proxy"),
        ("The proxy goes elsewhere after an error of the pod", "look for errors in the proxy's log"),
    ];
    /// The pods of sessions that moved are gone.
    PodsReplaced = "pods-replaced", "Sessions moved away from pods that are gone.", [
        ("A rollout, a scale-down or a restart during the run", "run again when it is over"),
    ];
    /// All is settled from the second answer on, not from the first.
    BoundLate = "bound-late", "The first answer of a session binds nothing; it is bound from the second on.", [
        ("The cookie's value is hashed, and whoever wrote it did not know where that leads", "let the proxy write the cookie"),
    ];
    /// Every cookie's path leaves the URL out.
    CookiePathMismatch = "cookie-path-mismatch", "The cookie's path does not cover the URL that was asked.", [
        ("The path is the rule's, perhaps a regular expression", "session-cookie-path: /"),
        ("Page and socket have rules of their own", "session-cookie-path: /, on both"),
    ];
    /// Every cookie is for another domain.
    CookieDomainMismatch = "cookie-domain-mismatch", "The cookie is for another domain, and browsers refuse it.", [
        ("session-cookie-domain names another site", "leave it out"),
        ("The site was asked by another name than its users have", "--host NAME"),
    ];
    /// Every cookie is for TLS, and the URL has none.
    SecureOverHttp = "secure-over-http", "The cookie goes over TLS only, and the URL is plain http.", [
        ("TLS ends before the proxy that was asked", "ask https:// as users do"),
    ];
    /// Every cookie was over when it came.
    BornExpired = "born-expired", "The cookie is over when it comes.", [
        ("session-cookie-max-age is 0 or negative", "write seconds, or leave it out"),
        ("A fixed date that has passed", "Max-Age instead of Expires"),
    ];
    /// One pod only.
    SingleBackendPath = "single-backend-path", "Every request was answered by one pod, cookie or no cookie.", [
        ("A port-forward to a Service takes one pod and keeps it", "forward the front door instead: stickyctl forward"),
        ("One pod is ready", "kubectl get pod; scale up and run again"),
        ("The proxy goes by the client's address", "run from another address too"),
    ];
    /// Chance can't be ruled out, since one pod gets most.
    UnbalancedControl = "unbalanced-control", "Without a cookie most requests go to one pod, so that staying there proves little.", [
        ("Weights, a canary, or a proxy that prefers a pod", "more requests: --requests, --sessions"),
    ];
    /// Too small a sample.
    TooFewProbes = "too-few-probes", "There were too few answers to rule chance out.", [
        ("The sample was made small", "--sessions 30 --requests 12"),
    ];
    /// It stays without the cookie too.
    NotByCookie = "not-by-cookie", "Sessions stay, and not by their cookie.", [
        ("The proxy goes by something else that a session keeps: its URL, a header, an address", "find out by what: users may not have it in common"),
    ];
    /// The site does not say who answers.
    NoIdentity = "no-identity", "No answer says which pod made it, and a cookie alone proves nothing.", [
        ("The site tells it in a way of its own", "--pod-identity header:NAME, json:/POINTER or regex:PATTERN"),
        ("It does not tell it", "let it answer a header with its host name"),
    ];
    /// An identity of every request's own.
    IdentityUnstable = "identity-unstable", "What was taken for the pod's identity is new in nearly every answer.", [
        ("It is a request's id, a time or a process that changes", "--pod-identity: choose what stays as long as the pod does"),
    ];
    /// A cache answered.
    Cached = "cached", "A cache answered in place of the pods.", [
        ("A proxy or CDN keeps the page", "ask a path that nobody caches"),
    ];
    /// The site fails.
    ErrorRate = "error-rate", "Too many answers are errors or pages without an identity.", [
        ("The site turns away so many requests", "--rate 5"),
        ("Pods are failing", "look at the site first"),
    ];
    /// No connection.
    Transport = "transport", "Too many requests were not answered at all.", [
        ("The name, the port or the tunnel", "curl the URL"),
    ];
    /// Requests stay, sockets don't.
    SocketElsewhere = "socket-elsewhere", "Requests stay on their pod, and sockets go elsewhere.", [
        ("The socket's path has a rule of its own without affinity, or with another cookie", "give page and socket one rule, or one cookie with Path=/"),
        ("The proxy does not read the cookie of an upgrade", "look at the rule of the socket's path"),
    ];
    /// A session that begins with a socket is not bound.
    NoCookieOnUpgrade = "no-cookie-on-upgrade", "A session that begins with a socket is not bound: the 101 brought no cookie.", [
        ("The proxy sets its cookie on other answers only (traefik/traefik#3343)", "open the socket after a request of the page"),
    ];
    /// No socket.
    UpgradeFailed = "upgrade-failed", "Too many sockets could not be opened.", [
        ("The path is no WebSocket", "--ws-url /PATH"),
        ("The site wants another origin or a subprotocol", "--origin, --ws-subprotocol"),
        ("A proxy between drops the upgrade's headers", "ask a pod directly"),
    ];
    /// Several workers, and the cookie can't choose one.
    WorkerNotSticky = "worker-not-sticky", "Sessions stay on their pod and not on a worker in it.", [
        ("This is how cookies work: the kernel gives a connection to any worker", "one worker a pod, or a bus between workers"),
    ];
    /// Several workers, and nothing was proven.
    WorkersUnproven = "workers-unproven", "Sessions met one worker each, which proves nothing yet.", [
        ("A proxy that keeps connections to the pod reuses one while nobody else asks", "ask more at once"),
    ];
}

impl Code {
    /// Its causes and what to try, numbered, two lines for each.
    #[must_use]
    pub fn advice(self) -> String {
        let causes = self.causes().iter().enumerate();
        causes.map(|(place, (cause, attempt))| format!("  {}  {cause}\n     {attempt}", place + 1)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kebab_and_each_says_what_to_try() {
        for code in Code::ALL {
            assert!(code.word().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", code.word());
            assert!(code.title().ends_with('.') && !code.causes().is_empty(), "{}", code.word());
        }
    }
}
