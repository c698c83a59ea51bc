//! Who owns the replica count, before and after a disruption.
//!
//! The scale subresource takes the field away from its owner and records the new one (`managedFields` with `subresource: scale`), so that the
//! next apply of the former owner would meet a conflict. When the count is back, its owners get it back too.

use super::act::MANAGER;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An owner of `.spec.replicas`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner {
    manager: String,
    operation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subresource: Option<String>,
}

const REPLICAS: &str = "f:replicas";

/// The owners of the replica count.
pub(super) fn owners(entries: &[ManagedFieldsEntry]) -> Vec<Owner> {
    let owns = |entry: &&ManagedFieldsEntry| entry.fields_v1.as_ref().is_some_and(|fields| fields.0["f:spec"].get(REPLICAS).is_some());
    entries.iter().filter(owns).map(owner).collect()
}

fn owner(entry: &ManagedFieldsEntry) -> Owner {
    Owner {
        manager: entry.manager.clone().unwrap_or_default(),
        operation: entry.operation.clone().unwrap_or_default(),
        api_version: entry.api_version.clone(),
        subresource: entry.subresource.clone().filter(|text| !text.is_empty()),
    }
}

/// The entries with the count owned as it was before; `None` if it is.
pub(super) fn handed_back(before: &[Owner], live: &[ManagedFieldsEntry]) -> Option<Vec<ManagedFieldsEntry>> {
    if owners(live) == before {
        return None;
    }
    let mut entries: Vec<ManagedFieldsEntry> = live.to_vec();
    for entry in entries.iter_mut().filter(|entry| entry.manager.as_deref() == Some(MANAGER)) {
        let Some(FieldsV1(fields)) = &mut entry.fields_v1 else { continue };
        if let Some(spec) = fields.get_mut("f:spec").and_then(Value::as_object_mut) {
            spec.remove(REPLICAS);
            if spec.is_empty() {
                fields.as_object_mut().map(|all| all.remove("f:spec"));
            }
        }
    }
    entries.retain(|entry| entry.fields_v1.as_ref().is_none_or(|FieldsV1(fields)| fields.as_object().is_none_or(|all| !all.is_empty())));
    for wanted in before.iter().filter(|owner| owner.manager != MANAGER) {
        let place = entries.iter().position(|entry| owner(entry) == *wanted);
        let entry = match place {
            Some(place) => &mut entries[place],
            None => {
                entries.push(ManagedFieldsEntry {
                    manager: Some(wanted.manager.clone()),
                    operation: Some(wanted.operation.clone()),
                    api_version: wanted.api_version.clone(),
                    subresource: wanted.subresource.clone(),
                    fields_type: Some("FieldsV1".to_owned()),
                    fields_v1: Some(FieldsV1(json!({}))),
                    time: None,
                });
                entries.last_mut()?
            }
        };
        let FieldsV1(fields) = entry.fields_v1.get_or_insert_with(|| FieldsV1(json!({})));
        if fields["f:spec"].is_null() {
            fields["f:spec"] = json!({});
        }
        fields["f:spec"][REPLICAS] = Value::Object(serde_json::Map::new());
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn entry(manager: &str, operation: &str, subresource: Option<&str>, fields: Value) -> ManagedFieldsEntry {
        serde_json::from_value(json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "subresource": subresource,
            "fieldsType": "FieldsV1", "fieldsV1": fields}))
        .unwrap()
    }

    #[test]
    fn the_count_goes_back_to_its_owner() {
        let before = [entry("helm", "Apply", None, json!({"f:spec": {"f:replicas": {}, "f:template": {}}}))];
        let scaled = [
            entry("helm", "Apply", None, json!({"f:spec": {"f:template": {}}})),
            entry(MANAGER, "Update", Some("scale"), json!({"f:spec": {"f:replicas": {}}})),
            entry(MANAGER, "Update", None, json!({"f:metadata": {"f:annotations": {"f:stickyctl.dev/disrupt": {}}}})),
        ];
        let back = handed_back(&owners(&before), &scaled).unwrap();
        assert_eq!(back, [before[0].clone(), scaled[2].clone()]);
        assert_eq!(handed_back(&owners(&before), &back), None);
        // An owner of nothing else had lost its entry.
        let only = [entry("hpa", "Update", Some("scale"), json!({"f:spec": {"f:replicas": {}}}))];
        assert_eq!(handed_back(&owners(&only), &scaled[1..]).unwrap(), [scaled[2].clone(), only[0].clone()]);
        // Nobody owned it, and nobody gets it.
        assert_eq!(handed_back(&[], &scaled[..1]), None);
    }

    #[test]
    fn owners_survive_as_json() {
        let all = owners(&[entry("helm", "Apply", None, json!({"f:spec": {"f:replicas": {}}}))]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"[{"manager":"helm","operation":"Apply","apiVersion":"apps/v1"}]"#);
        assert_eq!(serde_json::from_str::<Vec<Owner>>(&text).unwrap(), all);
    }
}
