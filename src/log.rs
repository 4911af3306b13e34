//! The log, written only where it was asked for.
//!
//! Only this program's own events go into it. The SDK's are left out on purpose: at its finer
//! levels it logs whole answers, and the answer to `CreateAccessKey` holds a secret.

use crate::cli::LogLevel;
use std::{fs::OpenOptions, io, path::Path};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Begins to log. What is left of the log is written when the guard is dropped.
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
