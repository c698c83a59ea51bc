//! The custom resource definitions that a gateway needs, as commands for whoever administers the cluster.
//!
//! `up` doesn't install them. They belong to the whole cluster and to every gateway in it: their version and channel are a decision that a
//! release can't make for others, they outlive any release, and deleting one deletes every object of its kind. They are also 4 MB of
//! YAML, which every release archive would carry. So `up` stops before it changes anything and shows these lines, `down` never
//! touches a definition, and both files come from the projects' own releases.
//!
//! `kubectl apply --server-side` reports a conflict instead of overwriting definitions that another manager installed. Plain
//! `kubectl apply` fails, because the definitions don't fit into its annotation of at most 256 KiB.

/// The Gateway API with its experimental channel, in which alone an HTTPRoute has `sessionPersistence`. This is the version that Envoy
/// Gateway 1.9 is built with (its `go.mod`): it doesn't read the fields that Gateway API 1.7 renamed.
pub const GATEWAY_API: &str =
    "kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.6.1/experimental-install.yaml";

/// The kinds of Envoy Gateway alone (its `.github/workflows/release.yaml` attaches the file to each release).
pub const ENVOY_GATEWAY: &str =
    "kubectl apply --server-side -f https://github.com/envoyproxy/gateway/releases/download/v1.9.1/envoy-gateway-crds.yaml";
