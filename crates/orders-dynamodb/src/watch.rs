//! What the SDK tells nobody: how often a request was sent, for it repeats some by itself, and an
//! answer's bytes, for a query's are read here without a tree of the SDK's in between.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;

tokio::task_local! {
    static WATCH: Watch;
}

/// Watches over one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    sent: AtomicU32,
    keeps_answers: AtomicBool,
    answer: Mutex<Option<SdkBody>>,
}

impl Watch {
    /// A client whose requests can be watched.
    pub(crate) fn over(client: &Client) -> Client {
        Client::from_conf(client.config().to_builder().interceptor(Watcher).build())
    }

    /// Watches over a request.
    pub(crate) fn of<T>(&self, request: impl Future<Output = T>) -> impl Future<Output = T> {
        WATCH.scope(self.clone(), request)
    }

    /// How often it was sent so far.
    pub(crate) fn sent(&self) -> u32 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Sends a request, within a watch, and gives back the bytes of its answer; the SDK sees an
    /// empty one instead. `None`: nobody watches, or nothing was answered.
    pub(crate) async fn answer<T, E>(
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<Option<SdkBody>, E> {
        let _ = WATCH.try_with(|watch| watch.0.keeps_answers.store(true, Ordering::Relaxed));
        request.await?;
        Ok(WATCH.try_with(|watch| watch.kept().take()).unwrap_or_default())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<SdkBody>> {
        self.0.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Watcher;

impl Intercept for Watcher {
    fn name(&self) -> &'static str {
        "Watcher"
    }

    fn read_before_transmit(
        &self,
        _request: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A request that nobody watches is sent as well.
        let _ = WATCH.try_with(|watch| watch.0.sent.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response_mut();
        // Errors are the SDK's to read: they decide whether it tries again.
        if answer.status().is_success() {
            let _ = WATCH.try_with(|watch| {
                if watch.0.keeps_answers.load(Ordering::Relaxed) {
                    let unread = std::mem::replace(answer.body_mut(), SdkBody::from("{}"));
                    *watch.kept() = Some(unread);
                }
            });
        }
        Ok(())
    }
}
