//! Errors worth a retry: an admission webhook whose pod is still starting (kubernetes/ingress-nginx#5401), and an API
//! server that is setting up the storage of a kind.

use crate::cluster::errors::ApiError;
use std::time::Duration;
use tokio::time::Instant;

/// Longer than a front door takes to start. A webhook that is left over from an earlier one never answers.
const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// Whether a message says that a webhook, or the storage, could not be reached. A webhook that answers with a refusal doesn't count.
pub(super) fn is_not_yet(message: &str) -> bool {
    let unreachable = ["connection refused", "no endpoints available", "context deadline exceeded", "i/o timeout", "no route to host", "EOF", "x509"];
    let webhook = message.contains("failed calling webhook") && unreachable.iter().any(|word| message.contains(word));
    webhook || message.contains("storage is (re)initializing")
}

/// When the first attempt was made.
#[derive(Default)]
pub(super) struct Tries {
    began: Option<Instant>,
}

impl Tries {
    /// Pauses before a retry, or returns the error after a minute.
    pub(super) async fn wait_or(&mut self, error: ApiError) -> Result<(), ApiError> {
        let began = *self.began.get_or_insert_with(Instant::now);
        if began.elapsed() > LIMIT {
            return Err(error);
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_not_be_reached() {
        let calling =
            r#"Internal error occurred: failed calling webhook "validate.nginx.ingress.kubernetes.io": failed to call webhook: Post "https://x": "#;
        assert!(is_not_yet(&format!("{calling}dial tcp 10.96.0.1:443: connect: connection refused")));
        assert!(is_not_yet(&format!("{calling}no endpoints available for service \"x\"")));
        assert!(!is_not_yet(r#"admission webhook "validate.nginx.ingress.kubernetes.io" denied the request: host is taken"#));
        assert!(!is_not_yet("connection refused"));
    }
}
