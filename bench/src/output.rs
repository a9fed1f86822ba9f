use std::io::{IsTerminal, Write};

use crate::figures::Table;

/// Says how far a long run is, to whoever watches it.
pub(crate) fn progress(what: &str, done: u32, of: u32) {
    let mut terminal = std::io::stderr();
    // On a terminal in place; elsewhere every tenth, and the last.
    if terminal.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        // Where nobody can read it, nobody does.
        let _ = write!(terminal, "\r{what}: {done} of {of}{end}");
        let _ = terminal.flush();
    } else if done == of || done.is_multiple_of(of.div_ceil(10)) {
        let _ = writeln!(terminal, "{what}: {done} of {of}");
    }
}

/// Prints a line for a person.
pub(crate) fn line(text: &str) {
    // Where nobody can read it, nobody does.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints tables for a person, or as one JSON document for a machine.
pub(crate) fn print(tables: &[Table], as_json: bool) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    if as_json {
        writeln!(output, "{}", serde_json::to_string_pretty(tables)?)?;
    } else {
        for table in tables {
            writeln!(output, "{}", table.text())?;
        }
    }
    Ok(())
}
