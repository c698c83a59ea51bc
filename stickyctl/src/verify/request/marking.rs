//! Whether requests carry markers, and which logs are read for them.

use super::error::RequestError;
use super::identity::PodIdentity;
use super::model::Request;
use super::site::Site;
use crate::verify::logs::{Sources, Which};
use crate::verify::probe::Marking;
use std::collections::BTreeSet;
use sticky_affinity::marker::Token;
use sticky_affinity::told::By;

impl Request {
    /// The markers of a run, and the logs to read for them; none if answers alone are to name their pods. A workload's answers may name them,
    /// and otherwise its logs do.
    pub(crate) fn marking(&self, sources: Option<&Sources>) -> Result<Option<(Marking, Which)>, RequestError> {
        let which = match &self.pod_identity {
            Some(PodIdentity::Answer(_)) => return Ok(None),
            Some(PodIdentity::AccessLog(pattern)) => Which::Access(pattern.clone()),
            Some(PodIdentity::PodLog) => Which::Pods,
            None if matches!(self.site, Site::Workload { .. }) => Which::Both,
            None => return Ok(None),
        };
        let has_door = sources.is_some_and(|sources| sources.door.is_some());
        let from = match &which {
            Which::Both => [has_door.then_some(By::Access), sources.map(|_| By::Pod)].into_iter().flatten().collect(),
            Which::Access(_) => BTreeSet::from_iter(has_door.then_some(By::Access)),
            Which::Pods => BTreeSet::from_iter(sources.map(|_| By::Pod)),
        };
        if from.is_empty() {
            // Without a word of the user's, answers are all there is.
            return self.pod_identity.as_ref().map_or(Ok(None), |flag| Err(RequestError::NoLogs(flag.to_string())));
        }
        // Not from the seed of the order: a run that is repeated must not find the lines of the first one.
        let token = Token::from_seed(fastrand::u64(..));
        let marking = Marking { token, from, in_query: self.logs.in_query, or_answers: self.pod_identity.is_none(), patience: self.logs.patience };
        Ok(Some((marking, which)))
    }
}
