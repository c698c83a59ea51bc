//! Which pod and which worker answered.

use crate::choice::Expose;
use crate::version::Version;
use std::fmt;

/// A pod's name that needs no escaping in a header, a frame or a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodName(String);

/// A text that is not a [`PodName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pod name `{0}`: use 1 to 253 letters, digits, `-`, `_` and `.`")]
pub struct BadPodName(String);

impl PodName {
    /// Checks a name: 1 to 253 ASCII letters, digits, `-`, `_` and `.`. That covers DNS subdomains (RFC 1123) and the
    /// extra characters that host names may have.
    ///
    /// # Errors
    /// [`BadPodName`] with the offending text.
    pub fn new(name: &str) -> Result<Self, BadPodName> {
        let fits = !name.is_empty() && name.len() <= 253 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if fits { Ok(Self(name.to_owned())) } else { Err(BadPodName(name.chars().take(80).collect())) }
    }

    /// 1 to 253 ASCII letters, digits, `-`, `_` and `.`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of one worker, in each of its forms on the wire.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The real name, even where [`Self::text`] hides it.
    pub pod: PodName,
    /// The worker's number in its pod, from 0.
    pub worker: u16,
    /// The number of workers of its pod.
    pub workers: u16,
    /// Random for each start of a worker, so that clients notice a restart.
    pub boot: String,
    /// How much of it clients see.
    pub expose: Expose,
    /// What its pod calls its version; clients see it whatever is exposed.
    pub version: Version,
    text: String,
    place: String,
}

impl Identity {
    /// The identity of worker `worker` of a pod that has `workers` of them.
    #[must_use]
    pub fn new(pod: PodName, worker: u16, workers: u16, boot: String, expose: Expose, version: Version) -> Self {
        let both = format!("{pod}:{worker}");
        let text = match expose {
            Expose::Off => "app".to_owned(),
            Expose::Full if workers > 1 => both.clone(),
            _ => pod.to_string(),
        };
        let place = match expose {
            Expose::Full => both,
            _ => pod.to_string(),
        };
        Self { pod, worker, workers, boot, expose, version, text, place }
    }

    /// `pod`, or `pod:worker` where the pod has several workers: the form in texts and first frames.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Always `pod:worker`, the form in topology and traces; `pod` where workers are not shown.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(workers: u16, expose: Expose) -> Identity {
        Identity::new(PodName::new("app-2").unwrap(), 1, workers, "b".into(), expose, Version::own())
    }

    #[test]
    fn a_worker_is_named_only_where_there_are_several() {
        assert_eq!((identity(1, Expose::Full).text(), identity(4, Expose::Full).text()), ("app-2", "app-2:1"));
        assert_eq!(identity(1, Expose::Full).place(), "app-2:1");
    }

    #[test]
    fn what_is_not_exposed_is_in_no_form() {
        let (pod, off) = (identity(4, Expose::Pod), identity(4, Expose::Off));
        assert_eq!((pod.text(), pod.place()), ("app-2", "app-2"));
        assert_eq!(off.text(), "app");
    }

    #[test]
    fn names_that_would_need_escaping_are_refused() {
        for bad in ["", "a b", "a\r\nb", "<b>", "a:1", "é", &"a".repeat(254)] {
            assert!(PodName::new(bad).is_err(), "{bad}");
        }
        assert!(PodName::new("sticky-sessions-6d9c7b8f4d-5kqzt").is_ok());
    }
}
