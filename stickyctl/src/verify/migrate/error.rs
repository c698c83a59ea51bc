//! Why a migration was not tested.

use crate::exit::{Exit, Explained};
use crate::verify::request::{BesideError, RequestError};
use crate::verify::run::VerifyError;

/// Why a migration was not tested.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    #[error("--from: {0}")]
    Old(RequestError),
    #[error("--to: {0}")]
    New(RequestError),
    #[error(transparent)]
    Beside(#[from] BesideError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("--from and --to lead to the same address, {0}: there is nothing to compare")]
    Same(String),
}

impl Explained for MigrateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Old(why) | Self::New(why) => why.exit(),
            Self::Beside(why) => why.exit(),
            Self::Verify(why) => why.exit(),
            Self::Same(_) => Exit::Usage,
        }
    }

    fn next_steps(&self) -> Vec<String> {
        let earlier = "stickyctl verify URL -o json > before.json; then, at the new front door: stickyctl verify URL --baseline before.json    compares two front doors that can't be reached at once".to_owned();
        match self {
            // Whatever keeps one of the two from being reached.
            Self::Old(why) | Self::New(why) => why.next_steps().into_iter().chain([earlier]).collect(),
            Self::Beside(why) => why.next_steps(),
            Self::Verify(why) => why.next_steps(),
            Self::Same(_) => vec!["--to-connect ADDRESS    the address of the new front door, such as 10.0.0.8:443".to_owned(), earlier],
        }
    }
}
