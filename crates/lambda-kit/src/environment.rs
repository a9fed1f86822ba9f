//! The environment, and the mistakes in it.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// A variable, and what is wrong with it. Never says what a secret was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct Mistake {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// The environment of the process, or what stands in for it.
#[derive(Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The environment that the process was started with. What is no text is left out.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_process() -> Self {
        let text = |value: std::ffi::OsString| value.into_string().ok();
        Self(std::env::vars_os().filter_map(|(k, v)| Some((text(k)?, text(v)?))).collect())
    }

    /// The value of a variable; an empty one counts as not set.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Sets a variable.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.0.insert(variable.to_owned(), value.to_owned());
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
    }
}

/// Reads the environment and collects what is wrong with it.
pub struct Reader<'a> {
    environment: &'a Environment,
    asked: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    /// A reader without a mistake yet.
    pub fn new(environment: &'a Environment) -> Self {
        Self { environment, asked: BTreeSet::new(), mistakes: Vec::new() }
    }

    /// The value of a variable; an empty one counts as not set.
    pub fn get(&mut self, variable: &'static str) -> Option<&'a str> {
        self.asked.insert(variable);
        self.environment.get(variable)
    }

    /// The names of the variables that were read so far, set or not.
    pub fn asked(&self) -> impl Iterator<Item = &'static str> {
        self.asked.iter().copied()
    }

    /// What was read, unless there was a mistake.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Mistake>> {
        read.filter(|_| self.mistakes.is_empty()).ok_or(self.mistakes)
    }

    /// Notes what is wrong with a variable.
    pub fn mistake<T>(&mut self, variable: &'static str, problem: impl Display) -> Option<T> {
        let mistake = Mistake { variable, problem: problem.to_string() };
        // What two readers look at is one mistake.
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
        None
    }

    pub(crate) fn mistakes_so_far(&self) -> usize {
        self.mistakes.len()
    }

    pub(crate) fn forget_mistakes_after(&mut self, count: usize) {
        self.mistakes.truncate(count);
    }

    pub(crate) fn required(&mut self, variable: &'static str, what: &str) -> Option<&'a str> {
        let value = self.get(variable);
        if value.is_none() {
            self.mistake::<()>(variable, format!("is required: {what}"));
        }
        value
    }

    pub(crate) fn parsed<T: FromStr>(&mut self, variable: &'static str, default: &str) -> Option<T>
    where
        T::Err: Display,
    {
        match self.get(variable).unwrap_or(default).parse() {
            Ok(value) => Some(value),
            Err(why) => self.mistake(variable, why),
        }
    }

    pub(crate) fn number(
        &mut self,
        variable: &'static str,
        default: u32,
        range: [u32; 2],
    ) -> Option<u32> {
        let Some(text) = self.get(variable) else { return Some(default) };
        match text.parse() {
            Ok(number) if (range[0]..=range[1]).contains(&number) => Some(number),
            _ => {
                let [least, most] = range;
                self.mistake(
                    variable,
                    format!("`{text}` is no whole number from {least} to {most}"),
                )
            }
        }
    }

    pub(crate) fn milliseconds(
        &mut self,
        variable: &'static str,
        default: u32,
        least: u32,
    ) -> Option<Duration> {
        // 15 minutes is the longest that an invocation may take.
        let number = self.number(variable, default, [least, 900_000])?;
        Some(Duration::from_millis(u64::from(number)))
    }
}

/// What is read from an environment, or the mistakes in it as they are told.
#[cfg(test)]
pub(crate) fn read<T>(
    pairs: &[(&str, &str)],
    what: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<T, Vec<String>> {
    let mut environment = Environment::default();
    for (name, value) in pairs {
        environment.set(name, value);
    }
    let mut reader = Reader::new(&environment);
    let read = what(&mut reader);
    reader.finish(read).map_err(|list| list.iter().map(ToString::to_string).collect())
}
