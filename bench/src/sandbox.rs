//! A function in a sandbox of its own: a built program under a Runtime API that costs next to
//! nothing, and a stopwatch where the events leave and the answers come in.

use std::collections::HashMap;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::http::{self, Message};
use crate::process::{cpu_time, memory};

/// The longest that anything here may take. Under a profiler a program is some fifty times slower.
const PATIENCE: Duration = Duration::from_mins(2);

/// How a program is started.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    /// The program, and what it is told.
    pub(crate) command: Vec<String>,
    /// Its environment, besides what Lambda sets.
    pub(crate) environment: Vec<(String, String)>,
}

/// A program that has answered its first event.
pub(crate) struct Sandbox {
    child: Child,
    shared: Arc<Shared>,
    started: Instant,
    output: Arc<Output>,
}

/// What a program has written so far.
type Output = Mutex<Vec<u8>>;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Events in the order in which they are handed out.
    events: Vec<Arc<[u8]>>,
    handed_out: usize,
    /// When each event left that has no answer yet.
    under_way: HashMap<usize, Instant>,
    /// When each answer came, and how long it took.
    answers: Vec<(Instant, Duration)>,
    /// When the program first asked for an event.
    ready: Option<Instant>,
    /// Whether the program waits for an event now.
    waits: bool,
    /// What is wrong with the first answer that is not as it should be.
    wrong: Option<String>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sandbox {
    /// Starts the program with an event that waits for it already.
    pub(crate) fn start(start: &Start, event: &Arc<[u8]>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?.to_string();
        let shared = Arc::<Shared>::default();
        shared.state().events.push(Arc::clone(event));
        let runtime = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&runtime);
                // A connection that breaks off shows as an answer that never comes.
                std::thread::spawn(move || serve(connection, &shared));
            }
        });
        let (program, arguments) = start.command.split_first().context("a program")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "get-order"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_REGION", "eu-central-1"),
                ("AWS_DEFAULT_REGION", "eu-central-1"),
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "secret-of-the-role"),
                ("AWS_SESSION_TOKEN", "session-of-the-role"),
            ])
            .envs(start.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("{program} cannot be run"))?;
        // Read as Lambda does, so that what a program writes costs it what it would there.
        let output = Arc::<Output>::default();
        keep(child.stdout.take(), &output);
        keep(child.stderr.take(), &output);
        let mut sandbox = Self { child, shared, started, output };
        sandbox.until_idle()?;
        Ok(sandbox)
    }

    /// Hands out an event so many times, one after the other, and says how long each took.
    pub(crate) fn invoke(
        &mut self,
        event: &Arc<[u8]>,
        times: usize,
    ) -> anyhow::Result<Vec<Duration>> {
        self.invoke_each(std::iter::repeat_n(Arc::clone(event), times))
    }

    /// Hands out events one after the other, and says how long each took.
    pub(crate) fn invoke_each(
        &mut self,
        events: impl IntoIterator<Item = Arc<[u8]>>,
    ) -> anyhow::Result<Vec<Duration>> {
        let so_far = {
            let mut state = self.shared.state();
            state.events.extend(events);
            state.answers.len()
        };
        self.shared.changed.notify_all();
        self.until_idle()?;
        Ok(self.shared.state().answers[so_far..].iter().map(|(_, took)| *took).collect())
    }

    /// Waits until everything is answered and the program asks for more: it has then done all that
    /// it does for an invocation.
    fn until_idle(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut state = self.shared.state();
        while !(state.waits && state.answers.len() == state.events.len()) {
            if let Some(wrong) = &state.wrong {
                bail!("the program answered: {wrong}");
            }
            let waited = self.shared.changed.wait_timeout(state, Duration::from_millis(200));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if let Some(status) = self.child.try_wait()? {
                bail!("the program ended by itself: {status}\n{}", self.text());
            }
            ensure!(begun.elapsed() < PATIENCE, "the program does not answer");
        }
        Ok(())
    }

    /// How long the program took until it asked for its first event.
    pub(crate) fn init(&self) -> Duration {
        let ready = self.shared.state().ready;
        ready.map_or(Duration::ZERO, |ready| ready - self.started)
    }

    /// How long it took from nothing to the first answer.
    pub(crate) fn cold_answer(&self) -> Duration {
        let first = self.shared.state().answers.first().map(|(at, _)| *at);
        first.map_or(Duration::ZERO, |at| at - self.started)
    }

    /// What it has written so far, when there is a line for each of its answers.
    pub(crate) fn lines(&self) -> anyhow::Result<Vec<String>> {
        let answers = self.shared.state().answers.len();
        let begun = Instant::now();
        loop {
            let lines: Vec<_> = self.text().lines().map(str::to_owned).collect();
            if lines.len() >= answers {
                return Ok(lines);
            }
            ensure!(begun.elapsed() < PATIENCE, "{} lines, {answers} answers", lines.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn text(&self) -> String {
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&output).into_owned()
    }

    /// How long it has computed so far, in microseconds.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<f64> {
        cpu_time(self.child.id())
    }

    /// The most memory that it had, in KiB.
    pub(crate) fn peak_memory(&self) -> anyhow::Result<u32> {
        memory(self.child.id(), "VmHWM")
    }

    /// Tells the program to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().context("`kill` cannot be run")?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends the program as if Lambda did, and waits until it has.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(stream: Option<impl Read + Send + 'static>, output: &Arc<Output>) {
    let (Some(mut stream), output) = (stream, Arc::clone(output)) else { return };
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.extend_from_slice(&buffer[..read]);
        }
    });
}

/// One connection of the program to its Runtime API.
fn serve(connection: TcpStream, shared: &Shared) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut stream = BufReader::new(connection);
    while let Some(request) = Message::read(&mut stream)? {
        let arrived = Instant::now();
        let path = request.path();
        if path.ends_with("/invocation/next") {
            let (number, event) = next(shared, arrived);
            let answer = http::answer("200 OK", &headers(&number.to_string()), &event);
            shared.state().under_way.insert(number, Instant::now());
            stream.get_mut().write_all(&answer)?;
        } else {
            done(shared, path, &request.body, arrived);
            stream.get_mut().write_all(&http::answer("202 Accepted", &[], b""))?;
        }
    }
    Ok(())
}

/// The next event, as soon as there is one.
fn next(shared: &Shared, arrived: Instant) -> (usize, Arc<[u8]>) {
    let mut state = shared.state();
    state.ready.get_or_insert(arrived);
    loop {
        if let Some(event) = state.events.get(state.handed_out).cloned() {
            state.waits = false;
            state.handed_out += 1;
            return (state.handed_out - 1, event);
        }
        state.waits = true;
        shared.changed.notify_all();
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

fn done(shared: &Shared, path: &str, body: &[u8], arrived: Instant) {
    let mut state = shared.state();
    let number = path.split('/').nth(4).and_then(|id| id.parse().ok());
    let left = number.and_then(|number: usize| state.under_way.remove(&number));
    let is_right = is_ok(body);
    match left {
        Some(left) if is_right => state.answers.push((arrived, arrived - left)),
        _ => {
            let body = String::from_utf8_lossy(body);
            state.wrong.get_or_insert(format!("{path}: {body}"));
            shared.changed.notify_all();
        }
    }
}

/// Whether an answer is a 200, whatever its language puts after a colon.
fn is_ok(body: &[u8]) -> bool {
    [&b"\"statusCode\":200"[..], b"\"statusCode\": 200"]
        .iter()
        .any(|wanted| body.windows(wanted.len()).any(|part| part == *wanted))
}

fn headers(id: &str) -> [(&str, &str); 5] {
    const DEADLINE: &str = "4102444800000";
    [
        ("Content-Type", "application/json"),
        ("Lambda-Runtime-Aws-Request-Id", id),
        ("Lambda-Runtime-Deadline-Ms", DEADLINE),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:1:function:f"),
        ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"),
    ]
}
