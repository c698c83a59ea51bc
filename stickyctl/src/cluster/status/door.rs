//! The front door in a status.

use super::model::FrontDoor;
use crate::cluster::doors::{self, Doors, Found, Proxy, find};
use crate::cluster::errors::ApiError;
use crate::spec::StickyApp;
use kube::Client;
use std::time::Duration;
use tokio::time::Instant;

/// How long the result is reused while a status is watched: finding it lists all pods of the cluster.
const REUSED: Duration = Duration::from_secs(5);

/// Why the front door is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No pod serves the class.
    #[error("nothing in this cluster serves class {0}")]
    Absent(String),
    /// None was found, but pods could not be listed in all namespaces.
    #[error("none in namespace {}, and no permission to list pods elsewhere", .0.join(", "))]
    Elsewhere(Vec<String>),
    /// No namespace of a front door can be searched.
    #[error("no permission to list pods in any namespace where front doors usually run")]
    NoRights,
    /// The front door of the class can't serve the release.
    #[error(transparent)]
    Unfit(#[from] doors::serving::Error),
    /// The API server did not answer as it should.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// The front door as it was last seen.
#[derive(Debug, Default)]
pub struct Seen {
    last: Option<(Instant, Result<FrontDoor, Unknown>)>,
    /// The controller of the Gateway's class, for a release behind a Gateway.
    controller: Option<String>,
}

impl Seen {
    /// The front door that serves a release.
    ///
    /// # Errors
    /// [`Unknown`].
    pub async fn of(&mut self, client: &Client, spec: &StickyApp) -> Result<FrontDoor, Unknown> {
        if let Some((_, seen)) = self.last.as_ref().filter(|(at, _)| at.elapsed() < REUSED) {
            return seen.clone();
        }
        let doors = find(client, spec).await.map_err(Unknown::from);
        let class = doors.as_ref().ok().and_then(|doors| doors.gateways.as_ref()?.class.here());
        self.controller = class.map(|class| class.spec.controller_name.clone());
        let seen = doors.and_then(|doors| serving(&doors, spec));
        self.last = Some((Instant::now(), seen.clone()));
        seen
    }

    /// The controller of the Gateway's class, as it was last seen.
    #[must_use]
    pub fn controller(&self) -> Option<&str> {
        self.controller.as_deref()
    }
}

fn serving(doors: &Doors, spec: &StickyApp) -> Result<FrontDoor, Unknown> {
    let class = spec.class();
    match (doors.serving(spec)?, &doors.only_in) {
        // A Gateway that exists may have another class than the spec's.
        (Some(found), _) => Ok(shown(found, found.classes.first().filter(|_| doors.gateways.is_some()).map_or(class, String::as_str))),
        (None, None) => Err(Unknown::Absent(class.to_owned())),
        (None, Some(searched)) if searched.is_empty() => Err(Unknown::NoRights),
        (None, Some(searched)) => Err(Unknown::Elsewhere(searched.clone())),
    }
}

fn shown(found: &Found, class: &str) -> FrontDoor {
    FrontDoor {
        kind: match found.proxy {
            Proxy::Door(door) => door.word().to_owned(),
            Proxy::OtherTraefik | Proxy::HaproxyIngress | Proxy::Haproxytech | Proxy::F5Nginx => "other".to_owned(),
        },
        product: found.product.clone(),
        version: found.version.clone(),
        class: class.to_owned(),
        ready: found.ready(),
        of: found.pods.len(),
        namespace: found.namespace.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::cluster::doors::{Door, Marks, Unclassed, Watch};
    use crate::spec::ingress::FrontDoor as Kind;

    #[test]
    fn what_serves_the_class_or_why_it_can_t_be_told() {
        let pod = |ready| Door { name: "t".to_owned(), ready, node: None, http_port: 80, https_port: None };
        let found = Found {
            proxy: Proxy::Door(Kind::Nginx),
            product: "ingress-nginx".to_owned(),
            version: Some("1.15.1".to_owned()),
            namespace: "edge".to_owned(),
            workload: "deployment/edge".to_owned(),
            marks: Marks::Arguments,
            classes: vec!["nginx".to_owned()],
            unclassed: Unclassed::default(),
            watch: Watch::Everything,
            pods: vec![pod(true), pod(false)],
            ours: false,
        };
        let spec = StickyApp::default();
        let seen = serving(&Doors { found: vec![found], ..Doors::default() }, &spec).unwrap();
        assert_eq!((seen.kind.as_str(), seen.class.as_str(), seen.ready, seen.of), ("nginx", "nginx", 1, 2));
        let none = serving(&Doors::default(), &spec).unwrap_err();
        assert_eq!(none.to_string(), "nothing in this cluster serves class nginx");
        let narrow = Doors { only_in: Some(vec!["traefik".to_owned()]), ..Doors::default() };
        assert!(serving(&narrow, &spec).unwrap_err().to_string().contains("no permission"), "a front door that can't be seen is not called missing");
    }
}
