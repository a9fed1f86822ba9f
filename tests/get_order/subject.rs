//! The program under test: `get-order`.

use test_support::Lambda;

/// What stands between an event and the handler hands on any JSON, however deep.
pub(crate) const HANDS_ON_ANY_DEPTH: bool = true;

/// Starts it with the given variables besides Lambda's own.
pub(crate) async fn start(environment: &[(&str, &str)]) -> Lambda {
    Lambda::start(env!("CARGO_BIN_EXE_get-order"), environment).await
}
