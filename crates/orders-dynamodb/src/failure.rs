use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use orders::ports::StoreError;

/// Why a request to DynamoDB came to nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    Condition,
    TooLarge,
    Store(StoreError),
}

impl Failed {
    fn unavailable(why: &str) -> Self {
        Self::Store(StoreError::Unavailable(Arc::new(Described(why.to_owned()))))
    }

    pub(crate) fn out_of_time() -> Self {
        Self::unavailable(LATE)
    }

    pub(crate) fn nonsense() -> Self {
        Self::unavailable(NONSENSE)
    }

    pub(crate) fn from_sdk<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Debug + Send + Sync + 'static,
    {
        let code = error.code().unwrap_or_default();
        match code {
            "ConditionalCheckFailedException" => return Self::Condition,
            "ValidationException"
                if error.message().is_some_and(|m| {
                    m.contains("size has exceeded") || m.contains("size to update has exceeded")
                }) =>
            {
                return Self::TooLarge;
            }
            _ => {}
        }
        let refused = REFUSALS.contains(&code) || matches!(error, SdkError::ConstructionFailure(_));
        let cause = Arc::new(Described(describe(error)));
        Self::Store(if refused {
            StoreError::Refused(cause)
        } else {
            StoreError::Unavailable(cause)
        })
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Store(error) => error,
            // Only writes have conditions and sizes, and they take these two apart themselves.
            Failed::Condition | Failed::TooLarge => StoreError::Refused(Arc::new(Described(
                "an unexpected condition failed".to_owned(),
            ))),
        }
    }
}

/// Codes that a repetition will not change: somebody has to.
const REFUSALS: [&str; 10] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "IncompleteSignature",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "ValidationException",
];

const LATE: &str = "DynamoDB did not answer in time";
const NONSENSE: &str = "DynamoDB's answer made no sense";

/// What went wrong, in words that hold no row, key or credential.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Described(String);

/// DynamoDB's own message is left out where it may quote what was sent; its code is a name.
fn describe<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    let kind = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => LATE,
        SdkError::DispatchFailure(_) => "DynamoDB could not be reached",
        SdkError::ResponseError(_) => NONSENSE,
        SdkError::ServiceError(_) => "DynamoDB answered with an error",
        _ => "the request to DynamoDB failed",
    };
    let is_name = |code: &&str| code.len() <= 64 && code.bytes().all(|c| c.is_ascii_alphabetic());
    let code = error.code().filter(is_name).map(|code| format!(": {code}")).unwrap_or_default();
    let status = error.raw_response().map(|raw| format!(" ({})", raw.status())).unwrap_or_default();
    format!("{kind}{code}{status}")
}
