//! What a Lambda program does from its start on: settings, observers, runtime, and one invocation
//! after another.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::tower::{self, ServiceExt};
use lambda_runtime::{
    Context, Diagnostic, Error, LambdaEvent, LambdaInvocation, Runtime, service_fn,
};
use orders::Timestamp;
use orders_http::Invocation;
use serde::Serialize;
use serde_json::value::RawValue;
use tracing::level_filters::LevelFilter;

use crate::config::{Environment, Reader};
use crate::{Account, Observers, traces};

/// The longest that a start waits for DynamoDB. A connection and a query take some milliseconds.
pub const WARM_UP: Duration = Duration::from_millis(100);

/// Runs a program until Lambda ends it: reads its settings, starts whoever observes it, and serves.
/// Where it cannot start, it says why. With the argument `--variables` it prints the names of the
/// variables that it reads, and ends.
pub fn run<A, T, F>(
    name: &str,
    read: impl FnOnce(&mut Reader<'_>) -> Option<(T, LevelFilter)>,
    serve: impl FnOnce(T, Observers<A>) -> F,
) -> ExitCode
where
    A: Account,
    F: Future<Output = Result<(), Error>>,
{
    let environment = Environment::of_process();
    let mut reader = Reader::new(&environment);
    let (log_format, concurrency) = (reader.log_format(), reader.concurrency());
    let settings = read(&mut reader);
    let observers = reader.metrics().zip(reader.traces());
    let trust = reader.trust();
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--variables") => return variables(reader.asked()),
        Some(_) => {
            return cannot_start(
                name,
                &["it takes no argument but --variables, which prints the names \
                 of the variables that it reads"],
            );
        }
    }
    let read = reader.finish(settings.zip(observers).zip(trust));
    let (((settings, log_level), (metrics, traces)), trust) = match read {
        Ok(read) => read,
        Err(mistakes) => return cannot_start(name, &mistakes),
    };
    let traces = match traces::start(traces, &trust) {
        Ok(traces) => traces,
        Err(mistake) => return cannot_start(name, &[mistake]),
    };
    let observers = Observers::start(log_format, log_level, metrics, traces);
    let run = |rt: tokio::runtime::Runtime| rt.block_on(serve(settings, observers));
    match runtime(concurrency).map_err(Error::from).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cannot_start(name, &[error]),
    }
}

/// A single thread where Lambda hands out one invocation at a time, several where it does not.
fn runtime(concurrency: u32) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if concurrency > 1 {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build()
}

/// Hands one invocation after another to a function, which gives the answer and what there is to
/// say of it.
pub async fn serve<A, R, E, H, F>(observers: Observers<A>, handle: H) -> Result<(), Error>
where
    A: Account + Send + 'static,
    R: Serialize + Send + 'static,
    E: std::error::Error + Send + 'static,
    H: Fn(Box<RawValue>, Invocation) -> F + Clone + Send + 'static,
    F: Future<Output = (Result<R, E>, Vec<A>)> + Send + 'static,
{
    let observers = Arc::new(observers);
    let noted = Arc::clone(&observers);
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (invocation, observers) = (invocation(event.context), Arc::clone(&noted));
        let (id, deadline) = (invocation.id.clone(), invocation.deadline);
        let handled = handle(event.payload, invocation);
        async move {
            let (answer, accounts) = handled.await;
            observers.note(&id, accounts, deadline);
            answer.map_err(|error| diagnostic(&error))
        }
    });
    let observed = layer_fn(move |runtime| observed(runtime, Arc::clone(&observers)));
    Runtime::new(handler).layer(observed).run_concurrent().await
}

/// What Lambda is told of an error: the name of its type, and what it says.
fn diagnostic<E: std::error::Error>(error: &E) -> Diagnostic {
    let name = std::any::type_name::<E>().rsplit("::").next().unwrap_or_default();
    Diagnostic { error_type: name.to_owned(), error_message: error.to_string() }
}

fn invocation(context: Context) -> Invocation {
    // Zero is no deadline, but the absence of one.
    let deadline = i64::try_from(context.deadline).ok().filter(|millis| *millis > 0);
    let deadline = deadline.and_then(|millis| Timestamp::from_millis(millis).ok());
    Invocation { id: context.request_id, deadline, trace: context.xray_trace_id }
}

/// What the runtime does for an invocation, and after it, while Lambda still lets the process run,
/// what there is to say of it: whoever waits for the answer has it by then.
fn observed<A, R>(
    runtime: R,
    observers: Arc<Observers<A>>,
) -> impl tower::Service<LambdaInvocation, Response = (), Error = Error, Future: Send> + Clone + Send
where
    A: Account + Send + 'static,
    R: tower::Service<LambdaInvocation, Response = (), Error = Error, Future: Send> + Clone + Send,
{
    service_fn(move |invocation: LambdaInvocation| {
        let (runtime, observers) = (runtime.clone(), Arc::clone(&observers));
        async move {
            let id = invocation.context.request_id.clone();
            let outcome = runtime.oneshot(invocation).await;
            observers.tell(&id).await;
            outcome
        }
    })
}

#[expect(clippy::print_stdout, reason = "this is what the program was started for")]
fn variables(names: impl Iterator<Item = &'static str>) -> ExitCode {
    for name in names {
        println!("{name}");
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the program cannot start; this is where operators look")]
pub(crate) fn cannot_start<E: std::fmt::Display>(name: &str, problems: &[E]) -> ExitCode {
    for problem in problems {
        eprintln!("{name} cannot start: {problem}");
    }
    ExitCode::FAILURE
}
