//! What the system knows of a process (Linux).

use anyhow::Context;

/// How long a process has computed so far, in microseconds (`schedstat` of its threads).
pub(crate) fn cpu_time(process: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/task");
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir(&path).with_context(|| format!("{path} (Linux)"))? {
        let figures = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let figure = figures.split_whitespace().next().context("a figure in schedstat")?;
        nanoseconds += figure.parse::<f64>()?;
    }
    Ok(nanoseconds / 1000.0)
}

/// A figure of `/proc/<process>/status` in KiB: `VmRSS`, what it has in memory; `VmHWM`, the most
/// that it had.
pub(crate) fn memory(process: u32, name: &str) -> anyhow::Result<u32> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("{path} (Linux)"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    figure.with_context(|| format!("no {name} in {path}"))
}
