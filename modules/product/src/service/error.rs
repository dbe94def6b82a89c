//! Why something was not done.

use platform::{
    database::{StoreError, remembered::OnceError},
    idempotency::Answer,
};

use crate::model::Refusal;

/// A failure of the product module.
#[derive(Debug, thiserror::Error)]
pub enum ProductError {
    /// A rule says no.
    #[error("a rule says no")]
    Refused(Answer<Refusal>),
    /// The key was used for another request.
    #[error("the key was used for another request")]
    KeyReused,
    #[error("the product database failed")]
    Store(#[from] StoreError),
}

impl From<OnceError> for ProductError {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::KeyReused => Self::KeyReused,
            OnceError::Store(error) => Self::Store(error),
        }
    }
}

impl From<Refusal> for ProductError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Answer::fresh(refusal))
    }
}
