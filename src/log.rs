//! The log, written only if the user asks for one.
//!
//! Only this program's own events go into it. The SDK's are left out on purpose: at its finer
//! levels it logs whole responses, and the response to `CreateAccessKey` contains a secret.

use clap::ValueEnum;
use std::{fs::OpenOptions, io, path::Path};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
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
        options.mode(0o600);
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
        .with_writer(writer)
        .with_filter(Targets::new().with_target("iamkeys", level));
    tracing_subscriber::registry()
        .with(layer)
        .try_init()
        .map_err(io::Error::other)?;
    Ok(guard)
}
