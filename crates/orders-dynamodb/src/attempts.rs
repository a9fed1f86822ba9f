//! How often a request was sent: the SDK repeats some by itself, and tells nobody.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;

tokio::task_local! {
    static SENT: Arc<AtomicU32>;
}

/// Counts what a request sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts(Arc<AtomicU32>);

impl Attempts {
    /// A client whose requests can be counted.
    pub(crate) fn counted(client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(Counter).build())
    }

    /// Counts for one request.
    pub(crate) fn of<T>(&self, request: impl Future<Output = T>) -> impl Future<Output = T> {
        SENT.scope(Arc::clone(&self.0), request)
    }

    /// How often it was sent so far.
    pub(crate) fn so_far(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Counter;

impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _request: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A request that nobody counts is sent as well.
        let _ = SENT.try_with(|sent| sent.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}
