//! What a program says of what was measured, by how it ended.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::figures::Spread;
use crate::sandbox::Sandbox;

/// The lines of a program.
pub(crate) struct Accounts(Vec<Value>);

impl Accounts {
    /// All that a program has written so far.
    pub(crate) fn of(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let lines = sandbox.lines()?;
        Ok(Self(lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?))
    }

    /// Those that ended so, of which there have to be so many besides the first that was asked.
    pub(crate) fn ended(&self, outcome: &str, count: u32) -> anyhow::Result<Ended<'_>> {
        let is_of = |line: &&Value| line["outcome"] == outcome && line["coldStart"] == json!(false);
        let lines: Vec<_> = self.0.iter().filter(is_of).collect();
        ensure!(lines.len() == count as usize, "{} are {outcome}", lines.len());
        Ok(Ended(lines))
    }
}

/// Lines of what ended in one way.
pub(crate) struct Ended<'a>(Vec<&'a Value>);

impl Ended<'_> {
    /// The figures of a field.
    pub(crate) fn column(&self, field: &str) -> Spread {
        Spread::of(self.0.iter().filter_map(|line| line[field].as_f64()).collect())
    }
}
