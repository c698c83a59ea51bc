//! The resources of the Gateway API, and of Envoy Gateway, with the fields that stickyctl writes or reads.
//!
//! They are its own because the `gateway-api` crate (0.22) is built on another major version of kube. Reading ignores every other field.

mod class;
pub mod envoy;
mod gateway;
mod grant;
pub mod implementations;
mod route;
mod session;

pub use class::{GatewayClass, GatewayClassSpec, GatewayClassStatus};
pub use gateway::{
    AllowedRoutes, CertificateRef, Gateway, GatewayAddress, GatewaySpec, GatewayStatus, Listener, ListenerStatus, ListenerTls, RouteNamespaces,
};
pub use grant::{GrantFrom, GrantTo, ReferenceGrant, ReferenceGrantSpec};
pub use route::{
    BackendRef, HttpRoute, HttpRouteRule, HttpRouteSpec, HttpRouteStatus, ParentRef, PathMatch, RouteMatch, RouteParentStatus, RouteTimeouts,
};
pub use session::{CookieConfig, CookieLifetime, NamedCookie, SessionPersistence, Shape};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

/// The API group of the standard's resources.
pub const GROUP: &str = "gateway.networking.k8s.io";

/// An object as the API server takes it, with apiVersion and kind first.
#[derive(Serialize)]
struct Written<'a, Spec, Status> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    metadata: &'a ObjectMeta,
    spec: &'a Spec,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a Status>,
}

/// Declares a kind: its type, its spec, its status, its group, its version, its kind, its plural and its scope.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $spec:ty, $status:ty, $group:literal, $version:literal, $kind:literal, $plural:literal, $scope:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
        pub struct $name {
            /// Standard object metadata.
            pub metadata: k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
            /// What is wanted.
            pub spec: $spec,
            /// What the controller made of it.
            #[serde(default)]
            pub status: Option<$status>,
        }

        impl k8s_openapi::Resource for $name {
            const API_VERSION: &'static str = concat!($group, "/", $version);
            const GROUP: &'static str = $group;
            const KIND: &'static str = $kind;
            const VERSION: &'static str = $version;
            const URL_PATH_SEGMENT: &'static str = $plural;
            type Scope = $scope;
        }

        impl k8s_openapi::Metadata for $name {
            type Ty = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

            fn metadata(&self) -> &Self::Ty {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut Self::Ty {
                &mut self.metadata
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use k8s_openapi::Resource as _;
                let Self { metadata, spec, status } = self;
                let written =
                    $crate::gateway_api::Written { api_version: Self::API_VERSION, kind: Self::KIND, metadata, spec, status: status.as_ref() };
                written.serialize(to)
            }
        }
    };
}
use kind;
