//! The reasons: stable codes, each with its causes, the most common first, and what to try.
//!
//! The advice names the flags of `stickyctl verify` and the settings of common front doors: annotations of Ingresses, fields of the Gateway
//! API, and Envoy Gateway's own policies.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

macro_rules! codes {
    ($($code:ident = $word:literal, $title:literal, [$(($cause:literal, $try:literal)),+ $(,)?];)+) => {
        /// A reason's code. Codes are never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $word)] $code,)+
        }

        impl Code {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The code in flags, reports and JSON, in kebab case.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$code => $word,)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$code => $title,)+ }
            }

            /// Causes, the most common first, each with what to try.
            #[must_use]
            pub const fn causes(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$code => &[$(($cause, $try)),+],)+ }
            }
        }
    };
}

codes! {
    NoAffinityCookie = "no-affinity-cookie", "Sessions move, and no answer to a request set a cookie.", [
        ("The setting is misspelled, or is on the wrong object, class or controller", "read the controller's log; check the Ingress class and which controller serves it"),
        ("The Gateway's implementation ignores sessionPersistence, or the standard channel's CRDs dropped it", "kubectl get httproute NAME -o yaml: is the field there? docs/front-doors.md lists who honors it"),
        ("The rule's host or path does not match the request", "use the rule's URL; spell out host, path and pathType in the rule"),
        ("The balancer sets no cookie on answers that caches may store (Azure Front Door)", "Cache-Control: no-store on the pages that sessions begin with"),
        ("A second Ingress for the same Service has no affinity", "give all Ingresses of one Service the same affinity, or separate Services"),
        ("Only the rule for the socket's path has affinity", "give the page's rule the same affinity"),
        ("The HTTPRoute matches a regular expression, for which Envoy Gateway before 1.10 sets no cookie", "match a PathPrefix; or upgrade"),
        ("The cookie of a consistent hash has no ttl, so that Envoy sets none", "set consistentHash.cookie.ttl; 0s lasts until the browser exits"),
        ("Envoy Gateway started before its own CRDs were there, and ignores its policies: they have no status", "restart its Deployment"),
    ];
    CookieNotHonoured = "cookie-not-honoured", "Sessions send the cookie back, but it does not decide which pod answers.", [
        ("The proxy uses the Service's address instead of the pods", "turn off service-upstream (ingress-nginx) or nativelb (Traefik)"),
        ("Another Ingress for this Service sets affinity differently", "give both the same affinity, or separate Services"),
        ("The cookie belongs to the application, and the proxy has no affinity", "check whether the cookie's name is the one that you configured"),
        ("Several proxies read the cookie differently", "test each proxy with --connect ADDRESS"),
        ("Another app or rule on the same host sets a cookie of the same name, and each overwrites the other's", "give each a cookie name or a cookie path of its own"),
        ("A proxy in between joins the Set-Cookie lines of an answer, and browsers keep only the first cookie", "one Set-Cookie line for each cookie (RFC 6265 section 3)"),
        ("A canary takes its share of requests whatever their cookie", "affinity-canary-behavior: sticky (ingress-nginx)"),
    ];
    ValueNotHonoured = "value-not-honoured", "Sessions send back the value that --capture read, or their own {session}, but it does not decide which pod answers.", [
        ("The proxy has no affinity by that header, path or query", "hash a value that clients choose (nginx: hash $arg_session consistent; ingress-nginx: upstream-hash-by); have the proxy learn one that the site hands out (HAProxy: stick store-response; Envoy: stateful_session)"),
        ("The proxy reads the value elsewhere, such as in a header of another name or in another parameter", "compare the proxy's rule with what clients send"),
        ("The value's session is in a store that all pods share, so that no affinity is needed", "nothing to fix if no pod rejects the session"),
    ];
    Leaks = "leaks", "Most requests stay on their pod, but some do not.", [
        ("Pods came, went or were not ready during the run", "check the pods' restarts and readiness, then run again"),
        ("One of several proxies disagrees with the others", "test each proxy with --connect ADDRESS"),
        ("The proxy retries on another pod after an error", "look for errors in the proxy's log, and at the pods' restarts and readiness"),
        ("A canary takes its share of requests whatever their cookie", "affinity-canary-behavior: sticky (ingress-nginx); or one rule for both versions with a cookie that picks the version"),
    ];
    PodsReplaced = "pods-replaced", "Sessions moved away from pods that are gone.", [
        ("A rollout, a scale-down or a restart during the run", "run again when it has finished"),
    ];
    MovedForced = "moved-forced", "Some sessions moved away from pods that were gone or not ready; no front door can keep a session there.", [
        ("A rollout, a scale-down or a restart during the run", "nothing to fix; run again to test the site at rest"),
        ("Pods that lose readiness now and then", "check their probes and restarts"),
    ];
    MovedCollateral = "moved-collateral", "Sessions moved away from pods that were ready the whole time, after other pods came or went.", [
        ("The cookie is a key on a hash ring, and new pods take over part of the ring (ingress-nginx: affinity-mode balanced, the default)", "affinity-mode: persistent; or accept it: going from c to n pods moves about (n-c)/n of the sessions"),
        ("Envoy hashes the cookie, and new pods take over part of its table (consistentHash)", "sessionPersistence on the HTTPRoute, whose cookie contains the pod"),
        ("Several proxies learn about the new pods at different times", "wait 5 s after a change, then run again"),
    ];
    SingleReadyPod = "single-ready-pod", "Only one pod is ready, so there is no other pod to move to.", [
        ("The release has one pod, as in mode 1x4", "stickyctl scale 3; or judge workers with --require-workers"),
        ("The other pods are not ready", "stickyctl status"),
    ];
    DisruptionMoved = "disruption-moved", "Sessions left pods that stayed ready while others came or went, more than the front door's affinity explains.", [
        ("The cookie is a key on a hash ring, so that pods that come or go take others' sessions along (ingress-nginx: affinity-mode balanced, the default)", "affinity-mode: persistent; or --expect ring, if such moves are acceptable"),
        ("Envoy hashes the cookie (consistentHash)", "sessionPersistence on the HTTPRoute, whose cookie contains the pod"),
        ("The cookie contains a server's position in a list, which shifts when the list changes", "values that are derived from the pod (HAProxy: dynamic cookies)"),
        ("Several proxies learn about the change at different times", "--each-proxy shows whether they agree"),
    ];
    RingMoved = "ring-moved", "As many sessions left ready pods as a hash ring moves when pods come or go.", [
        ("The cookie is a key on a hash ring (ingress-nginx: affinity-mode balanced, the default; Envoy: consistentHash)", "nothing to fix if pods share their sessions; else affinity-mode: persistent, or sessionPersistence on the HTTPRoute"),
    ];
    DisruptionErrors = "disruption-errors", "Requests failed while pods came or went.", [
        ("The app exits at SIGTERM, before the front door has stopped sending requests to it", "serve on after SIGTERM for 15 s, with readiness off; or a preStop hook that sleeps"),
        ("Readiness stays on after SIGTERM, and the front door sends requests to the pod until it is gone (Traefik)", "let /readyz fail as soon as the pod terminates, and serve everything until the front door has moved on"),
        ("Pods are ready before they can serve", "a readiness probe that asks for what a request needs"),
        ("maxUnavailable lets the rollout take pods away before their replacements are ready", "maxUnavailable: 0, maxSurge: 1"),
        ("The front door doesn't try another pod", "retries: proxy-next-upstream (ingress-nginx), a retry middleware (Traefik), retry in a BackendTrafficPolicy (Envoy Gateway)"),
    ];
    DrainTakesNew = "drain-takes-new", "New sessions still began on a pod that had long begun to terminate.", [
        ("The front door uses terminating pods like any other as long as they are ready (Traefik 3.6's ingress-nginx provider)", "let /readyz fail as soon as the pod terminates; or upgrade Traefik to 3.7"),
        ("The front door learns about endpoints late", "look at its log, and at the API server's load"),
    ];
    DisruptionUnsettled = "disruption-unsettled", "The workload's pods were not all ready in time after the change.", [
        ("Pods start slowly, or don't fit on the nodes", "kubectl get pods; --disrupt-timeout for more time"),
        ("Pods take long to terminate", "--disrupt-timeout longer than terminationGracePeriodSeconds, for each pod in turn"),
    ];
    PodsUnknown = "pods-unknown", "Answers identify their pods by other names than the cluster's, so no move can be explained.", [
        ("The site names something else than the pod", "--pod-identity: the pod's own name, which is its host name by default; or access-log, which needs no name"),
        ("--workload or --pods selects other pods than those that answer", "kubectl get pods with the workload's labels; compare the names with those in the report"),
    ];
    ProxyDisagreement = "proxy-disagreement", "Each proxy is sticky, but they send the same session to different pods.", [
        ("The cookie's value is a server's position or name, which differs between proxies", "use values that are derived from the pod's address (HAProxy: dynamic cookies)"),
        ("The proxies know different pods for a while after a change", "wait 5 s, then run again"),
        ("The proxies hash the cookie in different ways, as an old and a new front door do", "give the new front door a cookie name of its own; let sessions end first, or share them between pods"),
    ];
    PathsDisagree = "paths-disagree", "Each path is sticky, but the paths send the same session to different pods.", [
        ("Each path's rule sets its own cookie, scoped to the rule's path", "session-cookie-path: / on all rules, and one Service"),
        ("Each HTTPRoute, and each rule of one, has its own cookie", "one rule that matches PathPrefix / for all paths"),
        ("The paths lead to different Services", "sessions cannot be on one pod then; test each path in a run of its own"),
    ];
    DeadPodKept = "dead-pod-kept", "One pod fails but keeps its sessions, while all other clients are served.", [
        ("The proxy never tries another pod for a session with a cookie", "session-cookie-change-on-failure: \"true\" (ingress-nginx); a health check (Traefik); retry on connect-failure (Envoy Gateway)"),
        ("A dead pod is still among the endpoints", "a readiness probe that fails sooner"),
    ];
    BoundLate = "bound-late", "Sessions settle on a pod, but not with their first answer.", [
        ("The proxy hashes the cookie, and the app that set it could not know which pod the hash leads to", "let the proxy set the cookie"),
        ("The first answers, such as redirects or retried requests, do not set the cookie", "set it on every answer; nginx needs add_header … always"),
        ("The proxy hashes a value that the first answer hands out, such as a session id, and the pod that chose it could not know where the hash leads", "have the proxy learn the value from the answer (HAProxy: stick store-response; Envoy: stateful_session), or share sessions between pods"),
        ("The app sets the cookie that the proxy looks at only later, such as after a login", "let the proxy set its own cookie, on the first answer"),
        ("Proxies share their stick table, and an entry reaches the others late", "use a cookie that contains the pod (HAProxy: cookie SRV insert), which needs no table"),
        ("A new session takes effect only when a cache or a store behind the proxy has caught up", "let the proxy set its own cookie; or have clients wait before their second request"),
    ];
    CookieOverwritten = "cookie-overwritten", "The affinity cookie works, but later answers overwrite it with another value.", [
        ("The app and the proxy set a cookie of the same name", "give the proxy's cookie a name of its own (ingress-nginx: session-cookie-name)"),
        ("The proxy hashes the app's session cookie, and the app renews the value", "let the proxy set its own cookie"),
        ("Two proxies in a row set a cookie of the same name", "give each its own name, or turn affinity off in one of them"),
    ];
    CookiePicksNode = "cookie-picks-node", "The cookie picks a group of pods, and sessions alternate among the pods in it.", [
        ("The load balancer's cookie picks a node, and the node's Service picks any pod", "send traffic to pods directly (AWS Load Balancer Controller: target-type: ip), or through an ingress controller with cookie affinity"),
        ("The cookie picks a Service, such as a stable and a canary one, and the Service picks any pod", "turn off service-upstream (ingress-nginx) or nativelb (Traefik), so that the proxy picks the pod"),
        ("The cookie picks a zone, or one of several proxies that have no affinity of their own", "set affinity at the hop that picks the pod"),
    ];
    CookiePathMismatch = "cookie-path-mismatch", "The cookie's path does not cover the requested URL.", [
        ("The cookie's path is the rule's, possibly a regular expression", "session-cookie-path: /"),
        ("Page and socket have separate rules", "session-cookie-path: / on both"),
        ("Envoy Gateway before 1.10 takes the path from the HTTPRoute's match", "match PathPrefix / in one rule; or upgrade"),
        ("The cookie of Envoy's consistent hash has no Path, so it is for the first page's folder only", "consistentHash.cookie.attributes: {Path: /} (Envoy Gateway)"),
        ("The page also requests URLs outside the cookie's path, such as /favicon.ico, whose answers replace the cookie (envoyproxy/envoy#19655)", "Path=/; or set no cookie on those answers"),
    ];
    CookieRefused = "cookie-refused", "Browsers reject the cookie because its attributes conflict or it is too large.", [
        ("SameSite=None without Secure", "add session-cookie-secure: \"true\"; or use SameSite=Lax"),
        ("Partitioned without Secure", "add Secure and serve the site over https; or remove Partitioned"),
        ("The name starts with __Secure-, __Host- or __Http-, but the attributes do not meet what the prefix requires", "set Secure; for __Host- also Path=/ and no Domain, for __Http- also HttpOnly; or use another name"),
        ("Name and value together exceed 4096 bytes", "put a key into the cookie and keep the data on the server"),
        ("The line has a tab or another control character between its other characters", "encode the value, for example with Base64"),
    ];
    CookieDomainMismatch = "cookie-domain-mismatch", "The cookie is for another domain or for a public suffix, and browsers reject it.", [
        ("session-cookie-domain names another site", "remove it"),
        ("Domain is a public suffix, such as co.uk or github.io", "set Domain to the site's own name, or remove it"),
        ("The run used another name for the site than its users do", "--host NAME"),
    ];
    SecureOverHttp = "secure-over-http", "The cookie is Secure, and the URL is plain http.", [
        ("TLS ends in front of the proxy that was tested", "test the https:// URL that users have"),
    ];
    BornExpired = "born-expired", "The cookie has already expired when it is set.", [
        ("session-cookie-max-age is 0 or negative", "set it to a number of seconds, or remove it"),
        ("Expires is a fixed date in the past", "use Max-Age instead of Expires"),
    ];
    CookieShortLived = "cookie-short-lived", "The cookie expires while its session goes on, and the session moves.", [
        ("The cookie's lifetime is shorter than a visit, and answers do not renew it", "remove session-cookie-max-age and session-cookie-expires, so that it lasts until the browser exits; or give it a lifetime of days"),
        ("Expires is computed once, when the proxy loads its configuration (traefik/traefik#13485)", "use Max-Age instead of Expires"),
        ("Affinity needs the app's session cookie too, and that one expires first (Cloud Foundry's __VCAP_ID__)", "renew the app's cookie in every answer, or give it a longer lifetime"),
    ];
    SingleBackendPath = "single-backend-path", "One pod answered every request, with a cookie or without.", [
        ("A port-forward to a Service picks one pod and keeps it", "use stickyctl forward, which leads to the front door"),
        ("Only one pod is ready", "kubectl get pods; scale up and run again"),
        ("The proxy chooses by the client's address", "run from another address as well"),
    ];
    UnbalancedControl = "unbalanced-control", "Most requests without a cookie go to one pod, so staying there proves little.", [
        ("Weights, a canary, or a proxy that prefers one pod", "a larger sample: --requests, --sessions"),
    ];
    SessionsTogether = "sessions-together", "Every session is on one pod, although requests without a cookie reach others, so staying there proves little.", [
        ("The --cookie file contains one browser's affinity cookie", "remove it from the file; the login cookie is enough"),
        ("One pod serves everyone who is logged in", "there is no affinity to test; check the rule for logged-in users"),
        ("A cache stores the first page together with its cookie, and gives everyone the same one", "Cache-Control: private or no-store on answers that set the cookie"),
    ];
    TooFewProbes = "too-few-probes", "There were too few answers to rule out chance.", [
        ("The sample is small", "--sessions 30 --requests 12"),
    ];
    RateUndecided = "rate-undecided", "The sample can't tell whether the move rate is above or below --max-move-rate.", [
        ("The true rate is close to --max-move-rate", "a larger sample: --requests, --sessions; or another rate"),
        ("Missing answers or forced moves left fewer requests to judge than planned", "look into those first, then run again"),
    ];
    SessionNotInCookie = "session-not-in-cookie", "The site hands out a session, but not in a cookie, and the run did not send it back.", [
        ("The session is not in a cookie", "--capture NAME=header:HEADER, json:/POINTER or regex:PATTERN; then put {NAME} into --path, --header or --ws-url"),
        ("The client makes up its session, as SockJS does", "put {session} into the path, as in --path /echo/000/{session}/xhr"),
        ("A cookie is meant to hold sessions too, but no answer sets one", "stickyctl explain no-affinity-cookie"),
    ];
    NotByCookie = "not-by-cookie", "Sessions stay on their pods, but not because of the cookie.", [
        ("The proxy picks the pod by something else that stays the same in a session: a URL, a header, an address", "find out which; users may not share it"),
    ];
    NoIdentity = "no-identity", "No answer identifies its pod, and a cookie alone proves nothing.", [
        ("The site names its pod in its own way", "--pod-identity header:NAME, json:/POINTER or regex:PATTERN"),
        ("The site redirects, and redirects are not followed", "use the URL that the redirect leads to; if it leads through a login, --first PATH with --follow"),
        ("The site does not name its pod", "have it send its host name in a response header; many proxies can add one, see docs/verify.md"),
    ];
    NoLogLine = "no-log-line", "Too many requests have no line in the logs that says which pod answered.", [
        ("The front door writes no access log", "turn it on: --accesslog=true (Traefik); remove disable-access-log and enable-access-log: \"false\" (ingress-nginx); telemetry.accessLog in the EnvoyProxy (Envoy Gateway)"),
        ("The log line has neither User-Agent nor the query, or an unknown format", "add User-Agent to the line (Traefik: accesslog.fields.headers.names.User-Agent=keep); or --pod-identity access-log:regex:PATTERN, where PATTERN finds the upstream"),
        ("The log goes to a file or to another service instead of the container's output", "write it to /dev/stdout (Traefik: no accesslog.filePath)"),
        ("stickyctl cannot read the logs", "kubectl auth can-i get pods --subresource=log -n NAMESPACE; stickyctl verify --print-rbac prints the Role"),
        ("The log is sampled, or a filter leaves out some requests", "turn off sampling, filters by status or duration, and exceptions for paths or user agents; check the log level"),
        ("Lines come later than the run waits: Envoy writes its log every 10 s", "--log-wait 60s"),
        ("A rewrite drops the query, and the log line does not have User-Agent", "have the line contain User-Agent, which a rewrite leaves alone"),
        ("A cache or another proxy answers first, so the request is in another log or in none", "test the front door itself: --connect ADDRESS; or --pod-identity pod-log"),
        ("The front door sends requests to the Service's address, so its log names no pod", "turn off service-upstream (ingress-nginx) or nativelb (Traefik), without which there is no affinity either; or --pod-identity pod-log"),
        ("The log names addresses that belong to no pod of the Service", "kubectl get endpointslices: another proxy may be in between, or pods use the host's network; or --pod-identity pod-log"),
        ("The application's pods log no line per request", "--pod-identity access-log; or have the application log each request with its query or User-Agent"),
        ("The front door was found in one place, and another one serves the requests", "kubectl get pods -A: read the log of the pods that get the requests"),
    ];
    IdentityUnstable = "identity-unstable", "What was read as the pod's identity does not identify a pod.", [
        ("It is a request ID, a timestamp or a process that changes", "--pod-identity: choose something that stays as long as the pod does"),
    ];
    Cached = "cached", "A cache answered instead of the pods.", [
        ("A proxy or a CDN caches the page", "use a path that is not cached"),
    ];
    ErrorRate = "error-rate", "Too many answers are errors, or pages that do not identify their pod.", [
        ("The site limits the rate of requests", "--rate 5"),
        ("Pods are failing", "fix the site first"),
        ("First answers do not have the value that --capture reads", "look at a first answer with curl -i; --first, --first-body and --follow change what is asked"),
        ("Nothing that is ready is behind the route", "kubectl get endpointslices; check the pods' readiness, and the Service's selector and targetPort"),
        ("No rule matches the host or the path, or the app does not have the page", "--host NAME; compare the URL with the rule's host, path and pathType"),
        ("The site answers only clients that are logged in", "--cookie @FILE or --header @FILE; or log in with --first PATH and --first-body @FILE"),
        ("A bot challenge or a firewall answers in the site's place", "allow the address of this machine there; or test the front door behind it with --connect ADDRESS"),
        ("Only logged-in users get to see the pod, and controls do not have a session's login", "--header @FILE: controls send those headers too"),
    ];
    SessionLost = "session-lost", "Sessions are lost in some requests and found again in later ones: they are kept where requests don't always go.", [
        ("The proxy has no affinity, or nothing that a session sends decides which pod answers", "turn on session affinity; see which cookie should hold it with --show-values"),
        ("Pods keep sessions in memory, and some requests reach another pod", "keep sessions in a store that all pods share, such as Redis"),
        ("One pod has several workers, each with sessions of its own", "run one worker per pod, or share the sessions: affinity can't help"),
        ("The pattern of --lost-when also matches answers of sessions that exist", "choose a pattern that only a lost session shows"),
    ];
    SessionEnded = "session-ended", "Sessions were lost, but an expiry or a restart would explain that as well.", [
        ("The session expires that soon, or its pod was restarted or replaced", "look at the session's lifetime and at the pods' restarts, then run again"),
        ("Later requests need something from the first answer that is not a cookie", "--capture NAME=header:NAME and {NAME} in --path or --header"),
        ("The pattern of --lost-when matches every answer", "compare the answers of a working session and a lost one with curl"),
        ("The site allows one session per account, and all sessions log in with the same one", "test without a login, or with --sessions 1 for each account"),
        ("The first answer of a session comes from one pod, and all later requests reach another", "let the proxy set the affinity cookie; name the pods to be sure: --pod-identity"),
    ];
    SymptomUnseen = "symptom-unseen", "No session was lost, but none would have been without affinity either, as far as the run can tell.", [
        ("Only one pod is ready", "kubectl get pods; scale up and run again"),
        ("Pods share their sessions, for example in Redis or in the cookie itself", "nothing to fix: such a site needs no affinity"),
        ("One cookie is both the session and its affinity, so leaving it out loses the session on any pod", "have the site name its pod in a response header, and use --pod-identity header:NAME"),
        ("Something else than a cookie holds the session, such as the client's address", "run from another address as well: --source-ip"),
        ("A lost session looks different from what --lost-when says", "compare the answers of a working session and a lost one with curl"),
    ];
    Transport = "transport", "Too many requests got no answer at all.", [
        ("A wrong name or port, or a broken tunnel", "try the URL with curl"),
        ("The site's certificate is not trusted", "--ca FILE with its authority's certificate or its own; or --insecure"),
        ("The site went away during the run", "check the site, then run again"),
    ];
    SocketElsewhere = "socket-elsewhere", "Requests stay on their pod, but sockets reach other pods.", [
        ("The socket's path has a rule of its own, without affinity or with another cookie", "give page and socket one rule, or one cookie with Path=/"),
        ("The proxy ignores the cookie on upgrade requests", "check the rule for the socket's path"),
        ("Sockets are served by pods of their own, such as another Deployment", "keep what page and socket share outside the pods, or serve both from one Deployment"),
        ("The cookie's path does not cover the socket's path", "set the cookie with Path=/ (ingress-nginx: session-cookie-path: /)"),
        ("The cookie is Secure, and the socket's URL is ws://", "--ws-url with wss://: browsers open no ws:// socket from a page with https://"),
        ("The socket is on another host than the cookie", "serve both on one host; or set the cookie for their common domain, if that is no public suffix"),
    ];
    NoCookieOnUpgrade = "no-cookie-on-upgrade", "A session that starts with a socket does not stick: the 101 response set no cookie.", [
        ("The proxy sets its cookie on other responses only (traefik/traefik#3343)", "open the socket after a request for the page"),
    ];
    UpgradeFailed = "upgrade-failed", "Too many sockets could not be opened.", [
        ("The path does not serve a WebSocket", "--ws-url /PATH"),
        ("The site requires another origin or a subprotocol", "--origin, --ws-subprotocol"),
        ("A proxy in between drops the upgrade headers", "test a pod directly"),
        ("The socket is only for clients that are logged in", "--cookie @FILE or --header @FILE; or log in with --first PATH and --first-body @FILE"),
        ("Nothing that is ready is behind the route", "kubectl get endpointslices; check the pods' readiness, and the Service's selector and targetPort"),
    ];
    WorkerNotSticky = "worker-not-sticky", "Sessions stay on their pod, but not on one worker in it.", [
        ("Cookies cannot do this: the kernel hands a connection to any worker", "run one worker per pod, or a bus between the workers"),
    ];
    WorkersUnproven = "workers-unproven", "Each session met one worker, which proves nothing yet.", [
        ("A proxy that keeps connections to the pod reuses one while there is no other traffic", "send more parallel requests"),
    ];
    SingleWorker = "single-worker", "This run requires workers to be sticky, but no pod showed more than one.", [
        ("Pods have one worker each, as in mode 3x1", "remove --require-workers; or switch with stickyctl mode 1x4"),
        ("Answers do not identify their worker", "--worker-identity header:NAME, json:/POINTER or regex:PATTERN"),
    ];
    ParallelUnsettled = "parallel-unsettled", "A session that started with parallel requests did not settle on one pod.", [
        ("The cookie has no effect, or only sometimes", "look at the verdict first"),
        ("Several proxies read it differently", "test each proxy with --connect ADDRESS"),
    ];
    DeadCookieUnsettled = "dead-cookie-unsettled", "A session with an unknown cookie value, or whose pod was gone, did not settle on one pod.", [
        ("The proxy picks any pod and sets no new cookie", "users whose pod is gone keep moving until their cookie expires; give it a short lifetime"),
        ("The cookie is another front door's, and the new one neither reads nor replaces it", "give the new front door a cookie name of its own"),
    ];
    MovedAtCutOver = "moved-at-cut-over", "Sessions reach another pod with their first request to the new front door.", [
        ("The new front door cannot read the old one's cookie values, and picks any pod", "no setting makes it read them: let sessions end first, share them between pods (Redis, a database), or switch when few are open"),
        ("Each front door hashes the cookie in its own way", "let sessions end first, or share them between pods; a cookie that contains the pod does not help, because its values differ as well"),
        ("The new front door ignores the old one's cookie, which has another name", "expected with two names; let sessions end first, or share them between pods"),
        ("Cookies do not reach the new front door: their path or domain does not cover its URLs", "give both front doors the same host and path, and Path=/"),
    ];
    FlipFlop = "flip-flop", "Sessions that return to the other front door move again each time, because each front door replaces the other's cookie.", [
        ("Both front doors use one cookie name, each with values that the other cannot read", "give the new front door a cookie name of its own before the switch (ingress-nginx and Traefik's provider for it: session-cookie-name; Traefik: service.sticky.cookie.name): a session then moves once, and finds its old pod again whenever it returns"),
        ("Clients alternate while DNS caches expire", "set the TTL of the DNS record to 60 s, at least one old TTL before the switch"),
        ("Weights send a client to both front doors by turns", "move the whole DNS record at once; or put weights behind a balancer that keeps each client at one front door"),
        ("One front door answers a cookie that it cannot read from any pod, and sets no new one", "give the new front door a cookie name of its own"),
    ];
    ForeignCookieErrors = "foreign-cookie-errors", "A front door answers requests that have the other one's cookie with errors.", [
        ("The front door is strict: it does not pick another pod for a value that names none of its own", "give the new front door a cookie name of its own; or turn strict affinity off (HAProxy: option redispatch; Envoy: stateful_session with strict false)"),
        ("The application behind it rejects the cookie, such as a session that was signed with another key", "give the pods of both front doors the same keys"),
        ("The Cookie header has become too long (status 400 or 431)", "raise the limit (nginx: large_client_header_buffers), or remove cookies that are no longer used"),
        ("A firewall rule rejects the value", "read the front door's log for these requests"),
    ];
    TwoCookiesOneName = "two-cookies-one-name", "Sessions send two cookies of one name after the switch, because the front doors set it for different paths or domains.", [
        ("One front door sets the rule's path, as ingress-nginx does by default, and the other sets Path=/, as Traefik does", "give the new front door a cookie name of its own; or set session-cookie-path: / at the old one, one cookie lifetime before the switch"),
        ("One front door sets Domain, and the other does not", "use the same session-cookie-domain at both, or none"),
        ("The application sets a cookie of that name too", "give the new front door a cookie name of its own"),
    ];
    TwoNamesTwoPods = "two-names-two-pods", "Each front door has its own cookie and keeps a session on one pod, but on different ones.", [
        ("The cookies have different names, so each front door binds the session by itself", "expected, and better than one name for both: a session moves once, and finds its old pod again whenever it returns; let sessions end first, or share them between pods"),
        ("Clients alternate while DNS caches expire, so that a session lives on two pods", "set the TTL of the DNS record to 60 s, at least one old TTL before the switch"),
    ];
    OtherPods = "other-pods", "The two front doors lead to different pods, so every session moves when it changes doors.", [
        ("The new front door is in another cluster, or in front of another Deployment or Service", "if the move can keep the pods, point both front doors at the same Service; otherwise let sessions end first, or share them between both sets of pods"),
        ("The Service behind the new front door selects other pods", "compare the selectors: kubectl get service NAME -o yaml"),
    ];
    SharedConnection = "shared-connection", "Sessions that share a connection follow the connection instead of their cookies.", [
        ("The proxy reads the cookie of a connection's first request only, and a CDN sends several users' requests over one connection", "F5 BIG-IP: add a OneConnect profile; HAProxy before 2.0: option http-server-close"),
        ("A layer-4 load balancer in front of several proxies or pods picks one for each connection", "let a proxy that reads cookies pick the pod"),
    ];
    DeliveryMissed = "delivery-missed", "A POST missed its session's socket, although sessions are sticky.", [
        ("Different cookies bind socket and request", "use one rule, or one cookie with Path=/, for both"),
        ("The socket had already ended", "run again"),
    ];
    RelayMissed = "relay-missed", "A message did not arrive through the bus.", [
        ("Redis is unreachable, or a worker does not listen to it", "stickyctl status; read the worker's log"),
    ];
    Goodbye = "goodbye", "Sockets were closed with a close frame during the run.", [
        ("A rollout, a scale-down or a restart: status 1001 or 1012", "nothing to fix if they came back"),
        ("The app closes idle sockets", "check the app's idle timeout"),
    ];
    PodTerminated = "pod-terminated", "Sockets ended without a close frame when their pod died.", [
        ("The app does not close its sockets on SIGTERM", "close them with 1012 before the grace period ends"),
        ("The pod was killed", "kubectl describe pod: see its last state"),
    ];
    IdleTimeout = "idle-timeout", "Idle sockets are closed by a timeout.", [
        ("The proxy's proxy-read-timeout and proxy-send-timeout, 60 s by default", "raise both; or ping at half that interval"),
        ("Envoy's stream idle timeout, 300 s by default", "timeout.http.streamIdleTimeout in a BackendTrafficPolicy (Envoy Gateway); or ping at half that interval"),
        ("A load balancer in front has an idle timeout of its own", "raise it; 60 s and 350 s are common"),
    ];
    ProxyRecycled = "proxy-recycled", "Many sockets ended at the same moment without a close frame, while their pods kept running.", [
        ("The proxy was reloaded, and its old workers exited (ingress-nginx: worker-shutdown-timeout, 240 s)", "raise it; find out what changes the Ingresses"),
        ("A pod of the proxy was replaced", "kubectl get pods for the front door"),
        ("Envoy Gateway's old proxy ended after shutdown.drainTimeout, 60 s by default", "raise it in the EnvoyProxy resource"),
    ];
    SocketLost = "socket-lost", "Sockets were lost for an unknown reason.", [
        ("The network, or the tunnel in between", "run from somewhere closer to the site"),
        ("One of several proxies or load balancers on the way has a shorter idle timeout than the others", "test each proxy with --connect ADDRESS and --idle; give all the same timeout"),
    ];
}

impl Code {
    /// Its causes and what to try, numbered, two lines each.
    #[must_use]
    pub fn advice(self) -> String {
        let causes = self.causes().iter().enumerate();
        causes.map(|(place, (cause, attempt))| format!("  {}  {cause}\n     {attempt}", place + 1)).collect::<Vec<_>>().join("\n")
    }
}

/// The text is no reason's code. Codes are lower case and have no aliases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no reason has the code `{0}`")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(word: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.word() == word).ok_or_else(|| UnknownCode(word.to_owned()))
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
            assert_eq!(code.word().parse(), Ok(*code));
        }
    }
}
