//! A spec in the shape of the chart's values.

use crate::spec::StickyApp;
use serde_json::Value;

/// The keys of a spec that a Helm release has itself.
pub(super) const OF_HELM: [&str; 2] = ["name", "namespace"];

/// The spec in the shape of the values.
pub(super) fn of(spec: &StickyApp) -> Value {
    // A spec is plain data: it always has a JSON form.
    let mut tree = serde_json::to_value(spec).unwrap_or_default();
    if let Value::Object(map) = &mut tree {
        map.retain(|key, _| !OF_HELM.contains(&key.as_str()));
    }
    tree["redis"]["maxmemory"] = maxmemory(spec);
    tree
}

/// `redis.maxmemory` in whole bytes.
pub(super) fn maxmemory(spec: &StickyApp) -> Value {
    // No memory has more bytes than a u64 counts.
    u64::try_from(spec.redis.maxmemory.whole()).unwrap_or(u64::MAX).into()
}
