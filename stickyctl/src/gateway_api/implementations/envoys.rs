//! The implementations that are built on Envoy.

use super::model::{Cell, Details, Implementation, Kept, read, run};
use crate::gateway_api::session::Shape;
use crate::spec::version::Version;

pub(super) const ALL: &[Implementation] = &[ENVOY_GATEWAY, ISTIO, KGATEWAY, CONTOUR, CILIUM];

const ENVOY_GATEWAY: Implementation = Implementation {
    name: "Envoy Gateway",
    controllers: &["gateway.envoyproxy.io"],
    persistence: run(
        "honored; with the CRDs of 1.7, the cookie is named after the route and lasts until the browser exits",
        "from 1.2.0 on, envoyproxy/gateway#3841; internal/gatewayapi/route.go and go.mod, v1.9.1",
    ),
    kept: Kept::Honoured,
    since: Some(Version(1, 2, 0)),
    details: Some(Details {
        reads: Shape::SessionName,
        lifetime: run("Max-Age, only with both", "internal/gatewayapi/route.go, v1.9.1"),
        header: read("honored", "internal/gatewayapi/route.go, v1.9.1"),
        attributes: run(
            "HttpOnly, no Secure, no SameSite; Path is the route's prefix or exact path",
            "internal/xds/translator/session_persistence.go, v1.9.1; always `/` from 1.10.0 on, envoyproxy/gateway#9950",
        ),
    }),
    instead: run(
        "a BackendTrafficPolicy with `loadBalancer.type: ConsistentHash` by cookie, with a `ttl` and the `attributes` Path, Secure and SameSite",
        "api/v1alpha1/loadbalancer_types.go, v1.9.1",
    ),
};

const ISTIO: Implementation = Implementation {
    name: "Istio",
    controllers: &["istio.io"],
    persistence: read("ignored", "istio/istio#55839"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "a DestinationRule with `consistentHash.httpCookie`; or `PILOT_ENABLE_PERSISTENT_SESSION_FILTER` and the Service label \
         `istio.io/persistent-session`",
        "istio.io/latest/docs/reference/config/networking/destination-rule; pilot/pkg/features/pilot.go",
    ),
};

const KGATEWAY: Implementation = Implementation {
    name: "kgateway",
    controllers: &["kgateway.dev"],
    persistence: read(
        "honored from 2.1.0 on; before, Envoy rejected the configuration",
        "kgateway-dev/kgateway#11162 and #11618; pkg/krtcollections/builtin.go",
    ),
    kept: Kept::Honoured,
    since: Some(Version(2, 1, 0)),
    details: Some(Details {
        reads: Shape::SessionName,
        lifetime: read("Max-Age; a year for `Permanent` alone", "pkg/krtcollections/builtin.go"),
        header: read("honored", "pkg/krtcollections/builtin.go"),
        attributes: read("no Secure, no SameSite; no Path up to 2.3.1, `/` later", "kgateway-dev/kgateway#14123 and #14124"),
    }),
    instead: read("a BackendConfigPolicy with `ringHash` or `maglev`, which hashes a cookie", "api/v1alpha1/kgateway/backend_config_policy_types.go"),
};

const CONTOUR: Implementation = Implementation {
    name: "Contour",
    controllers: &["projectcontour.io"],
    persistence: read("ignored", "projectcontour/contour#6427; nothing in v1.33.8 reads the field"),
    kept: Kept::Ignored,
    since: None,
    details: None,
    instead: read(
        "an HTTPProxy in the route's place, with `loadBalancerPolicy.strategy: Cookie`, which hashes `X-Contour-Session-Affinity`",
        "internal/dag/policy.go, v1.33.8",
    ),
};

const CILIUM: Implementation = Implementation {
    name: "Cilium",
    controllers: &["io.cilium"],
    persistence: read("honored from 1.21.0 on, ignored up to 1.20", "cilium/cilium#48029; nothing in v1.20.2 reads the field"),
    kept: Kept::Honoured,
    since: Some(Version(1, 21, 0)),
    details: Some(Details {
        reads: Shape::SessionName,
        lifetime: UNKNOWN,
        header: read("not honored; cookies only", "cilium/cilium#48029"),
        attributes: UNKNOWN,
    }),
    instead: read("nothing up to 1.20, as far as is known", "cilium/cilium#33440"),
};

const UNKNOWN: Cell = read("unknown", "cilium/cilium#48029 does not say");
