use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// A built program, running, with what it writes.
#[derive(Debug)]
pub struct Program {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
    collectors: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts a program with nothing in its environment but the given variables.
    pub fn start(path: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(path)
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let output = Arc::default();
        let collectors = vec![
            collect(child.stdout.take().expect("a pipe"), &output),
            collect(child.stderr.take().expect("a pipe"), &output),
        ];
        Self { child, output, collectors }
    }

    /// Every line written so far, to either stream.
    pub fn output(&self) -> Vec<String> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a line holds a text, and returns that line.
    pub async fn line_with(&self, text: &str) -> String {
        self.wait_for(|lines| lines.into_iter().find(|line| line.contains(text)), text).await
    }

    async fn wait_for(&self, find: impl Fn(Vec<String>) -> Option<String>, what: &str) -> String {
        for _ in 0..2000 {
            if let Some(line) = find(self.output()) {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {what:?} in {:#?}", self.output());
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("a running program")
    }

    /// Waits for its end, and for the last of what it writes.
    pub async fn end(&mut self) -> ExitStatus {
        let end = tokio::time::timeout(Duration::from_secs(20), self.child.wait());
        let status = end.await.expect("the program ends").expect("a status");
        self.read_to_the_end().await;
        status
    }

    /// Ends it at once, and reads the last of what it wrote.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the program is ended");
        self.read_to_the_end().await;
    }

    async fn read_to_the_end(&mut self) {
        for collector in self.collectors.drain(..) {
            collector.await.expect("the output is read to its end");
        }
    }
}

fn collect(
    stream: impl AsyncRead + Unpin + Send + 'static,
    output: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let output = Arc::clone(output);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            output.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    })
}
