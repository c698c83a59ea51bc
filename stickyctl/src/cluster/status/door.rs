//! The front door in a status.

use super::model::FrontDoor;
use crate::cluster::doors::{Doors, Found, Proxy, find};
use crate::spec::StickyApp;
use kube::Client;
use std::time::{Duration, Instant};

/// How long a look is believed while a status is watched: it lists all pods of the cluster.
const BELIEVED: Duration = Duration::from_secs(5);

/// The front door as it was last seen, or why it can't be told.
#[derive(Debug, Default)]
pub struct Seen(Option<(Instant, Result<FrontDoor, String>)>);

impl Seen {
    /// The front door that serves a release.
    ///
    /// # Errors
    /// Why it can't be told, in a sentence.
    pub async fn of(&mut self, client: &Client, spec: &StickyApp) -> Result<FrontDoor, String> {
        match &self.0 {
            Some((at, seen)) if at.elapsed() < BELIEVED => seen.clone(),
            _ => {
                let seen = match find(client, spec).await {
                    Ok(doors) => told(&doors, spec),
                    Err(failure) => Err(failure.what),
                };
                self.0 = Some((Instant::now(), seen.clone()));
                seen
            }
        }
    }
}

fn told(doors: &Doors, spec: &StickyApp) -> Result<FrontDoor, String> {
    let class = &spec.ingress.class;
    match doors.serving(spec) {
        Ok(Some(found)) => Ok(shown(found, class)),
        Ok(None) => Err(match &doors.only_in {
            None => format!("nothing that runs here serves class {class}"),
            Some(looked) if looked.is_empty() => "no rights to list pods in any namespace that front doors run in".to_owned(),
            Some(looked) => format!("none in {}; no rights to look elsewhere", looked.join(", ")),
        }),
        Err(failure) => Err(failure.what),
    }
}

fn shown(found: &Found, class: &str) -> FrontDoor {
    FrontDoor {
        kind: match found.proxy {
            Proxy::Door(door) => door.word().to_owned(),
            Proxy::OtherTraefik => "other".to_owned(),
        },
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
    use crate::cluster::doors::{Door, Watch};
    use crate::spec::ingress::FrontDoor as Kind;

    #[test]
    fn what_serves_the_class_or_why_it_can_t_be_told() {
        let pod = |ready| Door { name: "t".to_owned(), ready, node: None, http_port: 80 };
        let found = Found {
            proxy: Proxy::Door(Kind::Nginx),
            version: Some("1.15.1".to_owned()),
            namespace: "edge".to_owned(),
            workload: "deployment/edge".to_owned(),
            classes: vec!["nginx".to_owned()],
            watch: Watch::Everything,
            pods: vec![pod(true), pod(false)],
            ours: false,
        };
        let spec = StickyApp::default();
        let seen = told(&Doors { found: vec![found], ..Doors::default() }, &spec).unwrap();
        assert_eq!((seen.kind.as_str(), seen.class.as_str(), seen.ready, seen.of), ("nginx", "nginx", 1, 2));
        let none = told(&Doors::default(), &spec).unwrap_err();
        assert_eq!(none, "nothing that runs here serves class nginx");
        let narrow = Doors { only_in: Some(vec!["traefik".to_owned()]), ..Doors::default() };
        assert!(told(&narrow, &spec).unwrap_err().contains("no rights"), "a door that can't be seen is not said to be missing");
    }
}
