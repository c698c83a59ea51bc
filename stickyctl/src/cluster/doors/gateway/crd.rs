//! What the installed CustomResourceDefinition of HTTPRoute knows about session persistence.
//!
//! The API server keeps no field that a definition doesn't have, so the definition decides what `up` writes: the field's shape changed
//! with v1.7.0 of the Gateway API, and the standard channel doesn't have it at all.

use crate::cluster::errors::ApiError;
use crate::cluster::seen::{Seen, see};
use crate::gateway_api::Shape;
use crate::spec::version::Version;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject};
use kube::{Api, Client, ResourceExt};
use serde_json::Value;

/// The definition of HTTPRoute.
pub(crate) const HTTP_ROUTE: &str = "httproutes.gateway.networking.k8s.io";
/// Annotations on every definition of the project (`apis/v1/doc.go` and `hack/` of kubernetes-sigs/gateway-api).
const BUNDLE: &str = "gateway.networking.k8s.io/bundle-version";
const CHANNEL: &str = "gateway.networking.k8s.io/channel";

/// The definition of HTTPRoute on a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// The version in its annotation.
    pub version: Option<Version>,
    /// `standard` or `experimental`, from its annotation.
    pub channel: Option<String>,
    /// How it writes session persistence; `None` if it doesn't have the field.
    pub shape: Option<Shape>,
}

impl Definition {
    /// As in `Gateway API 1.6.1, standard channel`.
    #[must_use]
    pub fn title(&self) -> String {
        let version = self.version.map_or_else(|| "of an unknown version".to_owned(), |version| version.to_string());
        let channel = self.channel.as_ref().map(|channel| format!(", {channel} channel")).unwrap_or_default();
        format!("Gateway API {version}{channel}")
    }

    pub(crate) fn of(object: &DynamicObject) -> Self {
        let annotation = |key: &str| object.annotations().get(key);
        Self { version: annotation(BUNDLE).and_then(|text| text.parse().ok()), channel: annotation(CHANNEL).cloned(), shape: shape(&object.data) }
    }
}

/// The shape of `rules[].sessionPersistence` in the served version v1.
fn shape(definition: &Value) -> Option<Shape> {
    let versions = definition.pointer("/spec/versions")?.as_array()?;
    let v1 = versions.iter().find(|version| version["name"] == "v1" && version["served"] == true)?;
    let rule = v1.pointer("/schema/openAPIV3Schema/properties/spec/properties/rules/items/properties/sessionPersistence/properties")?;
    [("cookie", Shape::Cookie), ("sessionName", Shape::SessionName)].into_iter().find(|(field, _)| rule.get(field).is_some()).map(|(_, shape)| shape)
}

/// Reads the definition of HTTPRoute. [`Seen::Absent`] is a cluster without the Gateway API.
///
/// # Errors
/// The API server did not answer as it should.
pub async fn definition(client: &Client) -> Result<Seen<Definition>, ApiError> {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::erase::<CustomResourceDefinition>(&()));
    let seen = see(&format!("reading the CustomResourceDefinition {HTTP_ROUTE}"), &api, HTTP_ROUTE).await?;
    Ok(seen.map(|object| Definition::of(&object)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn the_schema_says_the_shape_and_the_annotations_the_version() {
        let read = |channel: &str, version: &str, rule: Value| {
            let rule = json!({"properties": rule});
            let schema = json!({"properties": {"spec": {"properties": {"rules": {"items": rule}}}}});
            let object: DynamicObject = serde_json::from_value(json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": HTTP_ROUTE, "annotations": {BUNDLE: version, CHANNEL: channel}},
                "spec": {"versions": [
                    {"name": "v1", "served": true, "schema": {"openAPIV3Schema": schema}},
                    {"name": "v1beta1", "served": true, "schema": {"openAPIV3Schema": {}}},
                ]},
            }))
            .unwrap();
            Definition::of(&object)
        };
        let old = read("experimental", "v1.6.1", json!({"sessionPersistence": {"properties": {"sessionName": {}, "cookieConfig": {}}}}));
        assert_eq!((old.shape, old.version), (Some(Shape::SessionName), Some(Version(1, 6, 1))));
        let new = read("experimental", "v1.7.0", json!({"sessionPersistence": {"properties": {"cookie": {}, "header": {}}}}));
        assert_eq!(new.shape, Some(Shape::Cookie));
        let none = read("standard", "main", json!({"matches": {}}));
        assert_eq!((none.shape, none.title().as_str()), (None, "Gateway API of an unknown version, standard channel"));
        assert_eq!(old.title(), "Gateway API 1.6.1, experimental channel");
    }
}
