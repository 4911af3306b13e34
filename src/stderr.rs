//! Standard error, for what is said once there is no screen, and beside what a command prints.

use crate::engine::text::visible;
use std::{
    fmt::Display,
    io::{self, Write as _},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long words may take: the terminal may take no output.
const PATIENCE: Duration = Duration::from_millis(200);

/// Writes lines to standard error, or does not: `eprintln!` would panic where the terminal is gone,
/// and wait for ever where it takes no output. What of them comes from outside drives no terminal.
pub fn complain(lines: impl Display) {
    let mut text = String::new();
    for line in lines.to_string().lines() {
        text += &visible(line);
        text.push('\n');
    }
    if text.is_empty() {
        return;
    }
    let (written, wait) = mpsc::channel();
    let write = move || {
        let _ = io::stderr().write_all(text.as_bytes());
        let _ = written.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = wait.recv_timeout(PATIENCE);
    }
}
