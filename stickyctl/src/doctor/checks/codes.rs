//! The codes: each with what it means and where that is known from.

use crate::doctor::finding::{About, Finding, Severity};
use Severity::{Error, Note, Warning};

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code in reports, in kebab case. It is never renamed.
    pub word: &'static str,
    /// The highest severity of its findings.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub title: &'static str,
    /// Why that breaks affinity, and what to do.
    pub means: &'static str,
    /// Where it is known from.
    pub source: &'static str,
}

impl Code {
    /// The code with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|code| code.word == word)
    }

    /// The page that explains it.
    #[must_use]
    pub fn link(&self) -> String {
        format!("docs/doctor.md#{}", self.word)
    }

    /// A finding of the usual severity.
    pub(super) fn found(&self, about: About, field: impl Into<String>, consequence: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding {
            code: self.word,
            severity: self.severity,
            about,
            field: field.into(),
            consequence: consequence.into(),
            fix: fix.into(),
            link: self.link(),
        }
    }
}

impl Finding {
    /// The same with a lower severity.
    pub(super) fn at_most(mut self, severity: Severity) -> Self {
        self.severity = self.severity.min(severity);
        self
    }
}

/// The field of an annotation.
pub(super) fn annotation(key: &str) -> String {
    format!("metadata.annotations[{key}]")
}

macro_rules! codes {
    ($($name:ident = $word:literal, $severity:expr, $title:literal, $means:literal, $source:literal;)+) => {
        $(pub(super) const $name: &Code = &Code { word: $word, severity: $severity, title: $title, means: $means, source: $source };)+

        /// All codes, in the order of the documentation.
        pub const ALL: &[&Code] = &[$($name),+];
    };
}

codes! {
    OBJECT_REJECTED = "object-rejected", Error,
        "The API server would reject the object.",
        "A field has the wrong type, such as an annotation whose value is not quoted. kubectl apply fails, or the old object stays.",
        "the types of the Kubernetes API";
    BACKEND_MISSING = "backend-missing", Error,
        "The Service behind an Ingress or HTTPRoute with affinity does not exist.",
        "The front door answers 503 (ingress-nginx, Traefik) or 500 (Envoy Gateway). Check the name and the namespace.",
        "docs/front-doors.md, `a Service without pods`";
    NO_ENDPOINT = "no-endpoint", Error,
        "No pod behind a Service with affinity is ready.",
        "The front door answers 503 and sets no cookie. Check the Service's selector and the pods' readiness probes.",
        "docs/front-doors.md, `a Service without pods`";
    CLASS_UNSERVED = "class-unserved", Error,
        "No running controller serves the class of an Ingress with affinity.",
        "The annotations have no effect, because nothing reads the Ingress: its class does not exist, no controller serves it, or the controller watches other namespaces.",
        "kubernetes/ingress-nginx#7600, nginx/kubernetes-ingress#1191";
    CLASS_SERVED_TWICE = "class-served-twice", Warning,
        "Several controllers serve the class of an Ingress with affinity.",
        "Each sets its own cookie, and users reach one or the other. Give each controller a class of its own.",
        "docs/front-doors.md";
    OTHER_CONTROLLER = "other-controller", Error,
        "The affinity annotation belongs to another controller than the one that serves the class.",
        "The controller ignores it, and requests are spread over all pods. Several controllers are called \"NGINX ingress\" or \"HAProxy ingress\", each with annotations of its own.",
        "nginx/kubernetes-ingress#500, kubernetes/ingress-nginx#10654";
    UNKNOWN_KEY = "unknown-key", Error,
        "The controller does not know an annotation about affinity.",
        "Controllers ignore annotations that they do not know, and say nothing. It is misspelled, or an old version read it.",
        "kubernetes/ingress-nginx#5944, kubernetes/ingress-nginx#2622";
    WRONG_OBJECT = "wrong-object", Error,
        "The controller reads the annotation on another kind of object.",
        "Traefik and HAProxy Technologies' controller read affinity from the Service; ingress-nginx reads it from the Ingress. On the other object it has no effect.",
        "traefik/traefik#6916, haproxytech/kubernetes-ingress documentation/annotations.md";
    UNSUPPORTED_KEY = "unsupported-key", Error,
        "Traefik's ingress-nginx provider does not implement an annotation.",
        "Traefik 3.6 reads most of ingress-nginx's affinity annotations, but ignores affinity-mode, session-cookie-expires, session-cookie-change-on-failure, session-cookie-conditional-samesite-none and the canary annotations.",
        "docs/front-doors.md, tested";
    VALUE_DROPPED = "value-dropped", Error,
        "The controller rejects the value of an annotation and uses its default.",
        "Only the controller's log says so. Annotations are texts in fixed forms: seconds have no unit, switches are true or false.",
        "docs/front-doors.md, tested; internal/ingress/annotations/sessionaffinity/main.go of kubernetes/ingress-nginx";
    LIFETIME_ZERO = "lifetime-zero", Error,
        "The cookie has expired when it is set.",
        "A Max-Age of 0 or less makes browsers delete the cookie at once, so no request sends it back. Leave the annotation out for a cookie that lasts until the browser exits.",
        "docs/front-doors.md, tested";
    PATH_NOT_COVERED = "path-not-covered", Error,
        "The cookie's path does not cover a path of the Ingress.",
        "Browsers send a cookie only below its path (RFC 6265 section 5.1.4). Requests to other paths begin a new session each time.",
        "kubernetes/ingress-nginx#8961, kubernetes/ingress-nginx#3362";
    PATH_OF_RULE = "path-of-rule", Error,
        "The cookie's path is copied from the rule, and that does not fit.",
        "Without session-cookie-path, ingress-nginx sets the cookie for the rule's path. A regular expression is copied as it is, and no browser sends that cookie back; two paths of one Service get two cookies, and each may be on another pod.",
        "docs/front-doors.md, tested; kubernetes/ingress-nginx#1232";
    SAMESITE_NEEDS_SECURE = "samesite-needs-secure", Error,
        "The cookie has SameSite=None without Secure.",
        "Browsers reject such a cookie, so sessions do not stick.",
        "kubernetes/ingress-nginx#6812";
    SECURE_WITHOUT_TLS = "secure-without-tls", Warning,
        "The cookie is Secure, and the Ingress has no TLS.",
        "Browsers do not send a Secure cookie over plain HTTP. This works only if TLS ends in front of the controller.",
        "docs/front-doors.md, tested";
    INGRESS_CONFLICT = "ingress-conflict", Error,
        "Ingresses of one Service configure affinity differently.",
        "ingress-nginx keeps affinity per Service: mode comes from the first Ingress, name and path of the cookie from the last. The others' settings are lost, and an Ingress without affinity never sets the cookie.",
        "kubernetes/ingress-nginx#14042, kubernetes/ingress-nginx#4211; measured";
    NAME_SHARED = "name-shared", Error,
        "Two Services of one host use the same cookie.",
        "Each answer overwrites the other Service's cookie. Behind ingress-nginx in persistent mode, sessions change pods with every switch between them.",
        "docs/front-doors.md, tested; traefik/traefik#6023";
    NAME_TAKEN = "name-taken", Error,
        "The cookie has the name of a well-known application's cookie.",
        "Two writers of one cookie overwrite each other: logins break, or sessions move.",
        "kubernetes/ingress-nginx#2735, traefik/traefik#1574";
    SERVICE_ADDRESS = "service-address", Error,
        "The front door sends requests to the Service's address rather than to its pods.",
        "The cookie is set and obeyed, but stands for the ClusterIP, behind which kube-proxy picks a pod for each connection.",
        "docs/front-doors.md, tested; kubernetes/ingress-nginx#11864";
    CLIENT_IP_UNUSED = "client-ip-unused", Warning,
        "The Service's sessionAffinity has no effect behind a front door.",
        "Front doors send requests to the pods' addresses and skip the Service. What would count is the front door's own address, not the client's.",
        "kubernetes/kubernetes#43958";
    SCALE_MOVES_SESSIONS = "scale-moves-sessions", Warning,
        "Scaling up moves sessions.",
        "ingress-nginx's default mode, balanced, hashes the cookie over the pods. From 3 to 6 pods, 52% to 58% of the sessions moved. In persistent mode none did, and new pods get new sessions only.",
        "measured with 400 sessions; kubernetes/ingress-nginx#5944";
    NO_FAILOVER = "no-failover", Note,
        "Sessions get errors until their dead pod is out of the endpoints.",
        "Without session-cookie-change-on-failure, ingress-nginx retries the pod that the cookie names. With it, the request is answered by another pod, with a new cookie.",
        "docs/front-doors.md, tested; kubernetes/ingress-nginx#4035";
    CANARY_LEGACY = "canary-legacy", Warning,
        "Sessions flip between the canary and the stable version.",
        "With affinity-canary-behavior: legacy, the canary's share is drawn for each request, and its answers set no cookie.",
        "measured: 18 of 40 sessions";
    WEBSOCKET_TIMEOUT = "websocket-timeout", Error,
        "A timeout on the way closes idle WebSockets between two pings.",
        "A socket on which nothing is sent for that long is closed. Keep the ping interval at half of the shortest timeout, or raise the timeout.",
        "kubernetes/ingress-nginx#2917, envoyproxy/gateway#8454, traefik/traefik#8668";
    PERSISTENCE_IGNORED = "persistence-ignored", Error,
        "The Gateway's implementation ignores sessionPersistence.",
        "It accepts the route and says nothing, and sessions do not stick. docs/front-doors.md lists what each implementation has instead.",
        "docs/front-doors.md";
    PERSISTENCE_DROPPED = "persistence-dropped", Error,
        "The cluster dropped sessionPersistence from the route.",
        "The API server keeps no field that the CustomResourceDefinition lacks. The standard channel lacks sessionPersistence, and v1.7 renamed its fields.",
        "Gateway API, GEP-1619";
    PERSISTENCE_UNSURE = "persistence-unsure", Warning,
        "It is unknown whether the Gateway's implementation honors sessionPersistence.",
        "It does so in some versions or editions only, or nothing is known of it. stickyctl verify tells.",
        "docs/front-doors.md";
    POLICY_UNACCEPTED = "policy-unaccepted", Error,
        "Envoy Gateway has not accepted a BackendTrafficPolicy with affinity.",
        "A policy without status, or with Accepted=False, has no effect. Without any status, Envoy Gateway started before its own definitions were there, or does not watch the namespace.",
        "envoyproxy/gateway, api/v1alpha1";
    POLICY_UNTARGETED = "policy-untargeted", Error,
        "A BackendTrafficPolicy with affinity is for a route that does not exist.",
        "Policies apply to routes in their own namespace, by name.",
        "envoyproxy/gateway, api/v1alpha1";
    HASH_WITHOUT_TTL = "hash-without-ttl", Error,
        "A consistent hash by cookie has no ttl.",
        "Envoy sets the cookie only with a ttl. Without one it hashes only cookies that something else sets; 0s makes a cookie that lasts until the browser exits.",
        "envoyproxy/gateway, api/v1alpha1/loadbalancer_types.go";
    SINGLE_REPLICA = "single-replica", Note,
        "There is only one pod.",
        "Affinity has nothing to choose from, and every restart ends all sessions. Whether it works shows only with a second pod.",
        "kubernetes/ingress-nginx#3056";
    SEVERAL_WORKERS = "several-workers", Warning,
        "Each pod has several worker processes.",
        "A cookie chooses the pod. The kernel or the master process gives each new connection to any worker, so state in a worker's memory is lost for most requests. Use one worker and more pods, or keep the state outside.",
        "benoitc/gunicorn#1147, miguelgrinberg/python-socketio#371";
    ALL_AT_ONCE = "all-at-once", Warning,
        "A rollout may stop all pods at once.",
        "Between the last old pod and the first new one nobody answers. Set strategy RollingUpdate with maxUnavailable: 0.",
        "kubernetes/kubernetes#20473";
    NO_READINESS = "no-readiness", Warning,
        "The pods have no readiness probe.",
        "A pod gets requests as soon as its process starts, and a rollout goes on before it answers.",
        "kubernetes/kubernetes#43576";
    NO_PRE_STOP = "no-pre-stop", Warning,
        "The pods stop before the front door knows.",
        "Endpoints are removed while the pod gets SIGTERM. Of about 1,600 requests in a rollout, 26 to 52 failed with an app that exits at once, and none with one that served on. A preStop hook that sleeps for 5 s does that without the app's help.",
        "measured; kubernetes/kubernetes#43576, gitpod-io/gitpod#8525";
    GRACE_TOO_SHORT = "grace-too-short", Error,
        "The grace period ends before the pod has drained.",
        "terminationGracePeriodSeconds covers the preStop hook and what the app does after it. The kubelet kills what still runs then, with its open requests.",
        "kubernetes/kubernetes#20473; core/src/drain.rs";
    CONTROLLER_RETIRED = "controller-retired", Note,
        "ingress-nginx is retired.",
        "It gets no releases since March 2026, not even security fixes. docs/moving.md leads to another front door.",
        "kubernetes/ingress-nginx README; kubernetes/ingress-nginx#13002";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_none_is_a_reason_of_verify() {
        let words: BTreeSet<&str> = ALL.iter().map(|code| code.word).collect();
        assert_eq!(words.len(), ALL.len());
        for code in ALL {
            assert!(code.word.parse::<sticky_affinity::code::Code>().is_err(), "{}", code.word);
            assert!(code.title.ends_with('.') && code.means.ends_with('.') && !code.source.ends_with('.'), "{}", code.word);
        }
    }
}
