//! What is worth another try: an admission webhook whose pod is still starting (kubernetes/ingress-nginx#5401), and an API
//! server that is setting up the store of a kind.

use crate::exit::Failure;
use std::time::{Duration, Instant};

/// Longer than a front door takes to start; a webhook that is left over from an earlier one never comes.
const LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// Whether a message says that a webhook, or the store, could not be asked. One that answered and refused is no such case.
pub(super) fn is_webhook(message: &str) -> bool {
    let unreachable = ["connection refused", "no endpoints available", "context deadline exceeded", "i/o timeout", "no route to host", "EOF", "x509"];
    let webhook = message.contains("failed calling webhook") && unreachable.iter().any(|word| message.contains(word));
    webhook || message.contains("storage is (re)initializing")
}

/// Tries so far.
#[derive(Default)]
pub(super) struct Tries {
    began: Option<Instant>,
}

impl Tries {
    /// Pauses before another try; after a minute gives the failure back.
    pub(super) async fn wait_or(&mut self, failure: Failure) -> Result<(), Failure> {
        let began = *self.began.get_or_insert_with(Instant::now);
        if began.elapsed() > LIMIT {
            return Err(failure
                .try_this("kubectl get validatingwebhookconfigurations   one that belongs to a front door that is gone has to be deleted by hand"));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_not_be_asked() {
        let calling =
            r#"Internal error occurred: failed calling webhook "validate.nginx.ingress.kubernetes.io": failed to call webhook: Post "https://x": "#;
        assert!(is_webhook(&format!("{calling}dial tcp 10.96.0.1:443: connect: connection refused")));
        assert!(is_webhook(&format!("{calling}no endpoints available for service \"x\"")));
        assert!(!is_webhook(r#"admission webhook "validate.nginx.ingress.kubernetes.io" denied the request: host is taken"#));
        assert!(!is_webhook("connection refused"));
    }

    #[tokio::test]
    async fn it_ends() {
        let mut tries = Tries { began: Instant::now().checked_sub(LIMIT + PAUSE) };
        assert_eq!(tries.wait_or(Failure::new(crate::exit::Exit::Failed, "x")).await.unwrap_err().tries.len(), 1);
    }
}
