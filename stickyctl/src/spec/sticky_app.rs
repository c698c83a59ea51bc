//! The spec itself: one typed value for a whole release.

use super::canary::Canary;
use super::gateway::Gateway;
use super::ingress::{FrontDoor, Ingress};
use super::placement::{Metrics, NetworkPolicy, Placement};
use super::pods::{Autoscaling, Drain, Image, Limits, Relay, Resources};
use super::redis::Redis;
use super::words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sticky_core::choice::Expose;
use sticky_core::mode::Mode;

/// A release: the app, its Redis and its Ingress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct StickyApp {
    /// The name of the release, its Deployment and its Service; at most 40 characters, because suffixes are appended to it.
    #[schemars(with = "words::Release")]
    pub name: String,
    /// The namespace of every object.
    #[schemars(with = "words::Label")]
    pub namespace: String,
    /// The number of pods and of workers in each, `PODSxWORKERS`.
    pub mode: Mode,
    /// The app's image.
    pub image: Image,
    /// What each pod of the app requests, and its limits.
    pub resources: Resources,
    /// How messages reach other workers.
    pub relay: Relay,
    /// The app's limits; a key that is left out keeps the app's default.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// How much of a pod's identity the app shows.
    pub expose_identity: Expose,
    /// How a pod drains before it stops.
    pub drain: Drain,
    /// Redis, deployed here or running elsewhere.
    pub redis: Redis,
    /// The Ingress, its front door and the affinity cookie.
    pub ingress: Ingress,
    /// The Gateway that the route attaches to; used with `ingress.frontDoor: gateway` only.
    #[serde(skip_serializing_if = "is_default")]
    pub gateway: Gateway,
    /// A HorizontalPodAutoscaler, which then owns the number of pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// Pods of another version behind the same Service. A session stays on the version where it began.
    pub canary: Canary,
    /// The nodes that pods run on.
    #[serde(skip_serializing_if = "is_default")]
    pub placement: Placement,
    /// Who may connect to the pods.
    pub network_policy: NetworkPolicy,
    /// Who may read the metrics.
    #[serde(skip_serializing_if = "is_default")]
    pub metrics: Metrics,
}

impl Default for StickyApp {
    fn default() -> Self {
        Self {
            name: "sticky-sessions".to_owned(),
            namespace: "sticky-sessions".to_owned(),
            mode: Mode { pods: 3, workers: 1 },
            image: Image::default(),
            resources: Resources::app(),
            relay: Relay::default(),
            limits: Limits::default(),
            expose_identity: Expose::default(),
            drain: Drain::default(),
            redis: Redis::default(),
            ingress: Ingress::default(),
            gateway: Gateway::default(),
            autoscaling: None,
            canary: Canary::default(),
            placement: Placement::default(),
            network_policy: NetworkPolicy::default(),
            metrics: Metrics::default(),
        }
    }
}

impl StickyApp {
    /// The class that its front door serves: an IngressClass, or a GatewayClass.
    #[must_use]
    pub fn class(&self) -> &str {
        match self.ingress.front_door {
            FrontDoor::Nginx | FrontDoor::Traefik => &self.ingress.class,
            FrontDoor::Gateway => &self.gateway.class,
        }
    }

    /// The affinity cookie's name: `ingress.cookie.name`, or else `sticky_` and the [`Self::fingerprint`].
    ///
    /// Two Services behind one host that share a cookie name break each other's sessions (traefik/traefik#6023,
    /// kubernetes/ingress-nginx#4208), so by default no two releases share one.
    #[must_use]
    pub fn cookie_name(&self) -> String {
        self.ingress.cookie.name.clone().unwrap_or_else(|| format!("sticky_{}", self.fingerprint()))
    }

    /// Six hex digits that identify a release by its namespace, name and host, on every machine and in every version.
    ///
    /// They are the start of the SHA-256 of `NAMESPACE/NAME/HOST`, which a Helm template can compute too.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let host = self.ingress.host.as_deref().unwrap_or_default();
        let hash = Sha256::digest(format!("{}/{}/{host}", self.namespace, self.name));
        hash.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_belongs_to_one_release() {
        let spec = StickyApp::default();
        let other = StickyApp { namespace: "other".to_owned(), ..spec.clone() };
        let mut hosted = spec.clone();
        hosted.ingress.host = Some("demo.example".to_owned());
        let names = [spec.cookie_name(), other.cookie_name(), hosted.cookie_name()];
        assert_eq!(names[0], "sticky_9ebf82", "it must never change, or running releases would get a second cookie");
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2], "{names:?}");
        hosted.ingress.cookie.name = Some("mine".to_owned());
        assert_eq!(hosted.cookie_name(), "mine");
    }
}
