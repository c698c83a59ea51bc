//! The reasons: stable codes, each with what causes it, the commonest first, and what to try.

use schemars::JsonSchema;
use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $word:literal, $title:literal, [$(($cause:literal, $try:literal)),+ $(,)?];)+) => {
        /// A reason's code. Codes are never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
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
    /// Sessions move, and requests never got a cookie.
    NoAffinityCookie = "no-affinity-cookie", "Sessions move, and no answer to a request brought a cookie.", [
        ("The setting is on the wrong object, class or controller, or misspelt", "read the controller's log, and the Ingress' class and its controller"),
        ("The rule's host or path is not the one that was asked", "ask the URL of the rule; write host, path and pathType out in it"),
        ("A second Ingress on the Service leaves affinity out", "give all Ingresses of one Service the same affinity, or Services of their own"),
        ("Only the rule of the socket's path has affinity", "give the page's rule the same"),
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
    /// Moves that nobody could help.
    MovedForced = "moved-forced", "Some sessions moved away from pods that were gone or not ready; nothing can keep a session there.", [
        ("A rollout, a scale-down or a restart during the run", "nothing to repair; to see the site at rest run again"),
        ("Pods that fall out of readiness now and then", "look at their probes and restarts"),
    ];
    /// Moves away from healthy pods after pods changed.
    MovedCollateral = "moved-collateral", "Sessions moved away from pods that were ready all the time, after other pods came or went.", [
        ("The cookie is a key of a hash ring, which a new pod shares (ingress-nginx: affinity-mode balanced, the default)", "affinity-mode: persistent; or put up with it: about (n-c)/n move from c to n pods"),
        ("Several proxies learn of the new pods at different times", "wait 5 s after a change and run again"),
    ];
    /// The cluster has one pod for the site.
    SingleReadyPod = "single-ready-pod", "Only one pod is ready, so that there is nowhere else to go.", [
        ("The release has one pod, as in 1x4", "stickyctl scale 3; --require-workers judges workers instead"),
        ("The others are not ready", "stickyctl status"),
    ];
    /// Two proxies, two opinions.
    ProxyDisagreement = "proxy-disagreement", "Each proxy keeps a session on a pod, and they disagree which.", [
        ("The cookie's value is a server's position or name, which differs from proxy to proxy", "values that are made from the pod's address (HAProxy: dynamic cookies)"),
        ("The proxies know different pods for a while after a change", "wait 5 s and run again"),
    ];
    /// Two paths, two pods.
    PathsDisagree = "paths-disagree", "Each path keeps a session on a pod, and not on the same one.", [
        ("Each path's rule has a cookie of its own, with the rule's path", "session-cookie-path: /, on all of them, and one Service"),
        ("The paths lead to different Services", "sessions can't be on one pod then; ask them in runs of their own"),
    ];
    /// A pod does not answer, and its sessions are kept there.
    DeadPodKept = "dead-pod-kept", "One pod fails, and its sessions are kept on it while everybody else is served.", [
        ("The proxy tries no other pod for a session that has a cookie", "session-cookie-change-on-failure: \"true\" (ingress-nginx); a health check (Traefik)"),
        ("A pod that is dead is still listed", "a readiness probe that fails earlier"),
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
    /// Browsers take no such cookie.
    CookieRefused = "cookie-refused", "Browsers refuse the cookie, which contradicts itself or is too large.", [
        ("SameSite=None without Secure", "session-cookie-secure: \"true\" beside it; or SameSite=Lax"),
        ("A name that begins with __Secure- or __Host-, whose promise the attributes don't keep", "Secure, Path=/ and no Domain; or another name"),
        ("Name and value have more than 4096 bytes together", "a key in the cookie, and what it stands for on the server"),
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
    /// All sessions are led to one pod by what they bring along.
    SessionsTogether = "sessions-together", "All sessions began on one pod with the cookies that they brought, so that staying there proves little.", [
        ("The file of --cookie has the affinity cookie of one browser", "leave that one out of the file; the login's is enough"),
        ("Who is logged in is served by one pod", "nothing to stick to; look at the rule for them"),
    ];
    /// Too small a sample.
    TooFewProbes = "too-few-probes", "There were too few answers to rule chance out.", [
        ("The sample was made small", "--sessions 30 --requests 12"),
    ];
    /// The bounds lie on both sides of the rate that is put up with.
    RateUndecided = "rate-undecided", "What was seen fits a rate of moves that is put up with, and one that is not.", [
        ("The true rate is near that of --max-move-rate", "more requests: --requests, --sessions; or another rate"),
        ("Answers were missing or forced moves left out, so that there were fewer to judge than planned", "look at those first, and run again"),
    ];
    /// It stays without the cookie too.
    NotByCookie = "not-by-cookie", "Sessions stay, and not by their cookie.", [
        ("The proxy goes by something else that a session keeps: its URL, a header, an address", "find out by what: users may not have it in common"),
    ];
    /// The site does not say who answers.
    NoIdentity = "no-identity", "No answer says which pod made it, and a cookie alone proves nothing.", [
        ("The site tells it in a way of its own", "--pod-identity header:NAME, json:/POINTER or regex:PATTERN"),
        ("It redirects, and nobody follows", "ask the URL that the redirect leads to"),
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
        ("Only who is logged in is told the pod, and a control has no login of a session's", "--header @FILE: controls send those headers too"),
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
    /// Workers were to be judged, and there are none.
    SingleWorker = "single-worker", "Workers count in this run, and no pod was seen with more than one.", [
        ("Pods have one worker each, as in 3x1", "leave --require-workers out; to judge workers: stickyctl mode 1x4"),
        ("Answers do not tell their worker", "--worker-identity header:NAME, json:/POINTER or regex:PATTERN"),
    ];
    /// Parallel first requests leave a session on several pods.
    ParallelUnsettled = "parallel-unsettled", "A session whose first requests were made at once was on several pods afterwards.", [
        ("The cookie decides nothing, or not always", "look at the verdict first"),
        ("Several proxies read it differently", "--connect ADDRESS of each proxy, repeated"),
    ];
    /// A foreign value leaves a session on several pods.
    DeadCookieUnsettled = "dead-cookie-unsettled", "A session that came with a cookie which nobody issued was on several pods afterwards.", [
        ("The proxy takes any pod and issues no new cookie", "users whose pod is gone wander until their cookie ends: give it a short life"),
    ];
    /// A message missed its socket.
    DeliveryMissed = "delivery-missed", "A POST did not meet the socket of its session, although sessions are sticky.", [
        ("Socket and request are bound by different cookies", "one rule, or one cookie with Path=/, for both"),
        ("The socket had ended", "run again"),
    ];
    /// The bus lost a message.
    RelayMissed = "relay-missed", "A message did not come through the bus.", [
        ("Redis is away, or a worker does not listen to it", "stickyctl status; the worker's log"),
    ];
    /// The other side closed sockets in order.
    Goodbye = "goodbye", "Sockets were closed with a goodbye during the run.", [
        ("A rollout, a scale-down or a restart: 1001, 1012", "nothing to repair where they came back"),
        ("The app closes what is silent", "its own idle limit"),
    ];
    /// A pod died with its sockets.
    PodTerminated = "pod-terminated", "Sockets ended without a goodbye when their pod died.", [
        ("The app does not close its sockets on SIGTERM", "close them with 1012 before the grace period ends"),
        ("The pod was killed", "kubectl describe pod: its last state"),
    ];
    /// A timer.
    IdleTimeout = "idle-timeout", "Sockets end when nothing goes over them for a while.", [
        ("proxy-read-timeout and proxy-send-timeout of the proxy, 60 s where nothing is said", "raise both; or ping at half of it"),
        ("A load balancer in front of it has a timer of its own", "its idle timeout; 60 s and 350 s are usual"),
    ];
    /// The proxy itself began anew.
    ProxyRecycled = "proxy-recycled", "Many sockets ended at the same moment without a goodbye, and their pods live on.", [
        ("The proxy was reloaded, and its old workers ended (ingress-nginx: worker-shutdown-timeout, 240 s)", "raise it; look for what changes Ingresses"),
        ("A pod of the proxy was replaced", "kubectl get pod of the front door"),
    ];
    /// A socket broke.
    SocketLost = "socket-lost", "Sockets broke off, and nothing tells why.", [
        ("The network, or the tunnel between", "run from a place nearer by"),
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
