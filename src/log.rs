//! The log, written only if the user asks for one.
//!
//! Only this program's own events go into it. The SDK's are left out on purpose: at its finer
//! levels it logs whole responses, and the response to `CreateAccessKey` contains a secret.

use crate::engine::key_id::redacted;
use clap::ValueEnum;
use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// How much to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what is odd.
    Warn,
    /// And each change.
    Info,
    /// And each call.
    Debug,
    /// And everything else.
    Trace,
}

/// Starts logging. Dropping the guard writes the rest of the log.
///
/// # Errors
/// When the file cannot be written.
pub fn start(path: &Path, level: LogLevel) -> io::Result<WorkerGuard> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe that nothing reads must not hold the program up.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let (writer, guard) = tracing_appender::non_blocking(options.open(path)?);
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || Redacting(writer.clone()))
        .with_filter(Targets::new().with_target("iamkeys", level));
    tracing_subscriber::registry()
        .with(layer)
        .try_init()
        .map_err(io::Error::other)?;
    Ok(guard)
}

/// Writes lines without what looks like a secret: the name of a profile, say, for which one was
/// given by mistake. A line comes in one piece.
struct Redacting(NonBlocking);

impl Write for Redacting {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = redacted(&String::from_utf8_lossy(line));
        self.0.write_all(text.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
