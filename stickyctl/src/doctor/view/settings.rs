//! The ConfigMaps of controllers.

use crate::cluster::doors::Found;
use crate::doctor::arguments::config_maps;
use crate::doctor::objects::Objects;
use std::collections::BTreeMap;

/// The data of each door's ConfigMap, if its arguments name one that was read.
pub(super) fn of<'a>(objects: &'a Objects, doors: &[Found]) -> Vec<Option<&'a BTreeMap<String, String>>> {
    let pods: BTreeMap<(&str, &str), _> = objects.pods.iter().map(|pod| (pod.key(), &pod.object)).collect();
    let data = |(namespace, name): (String, String)| {
        let map = objects.config_maps.iter().find(|map| map.key() == (namespace.as_str(), name.as_str()))?;
        map.object.data.as_ref()
    };
    let one = |door: &Found| {
        let pod = pods.get(&(door.namespace.as_str(), door.pods.first()?.name.as_str()))?;
        config_maps(pod).into_iter().find_map(data)
    };
    doors.iter().map(one).collect()
}
