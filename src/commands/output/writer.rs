//! Standard output, written by a thread of its own: whoever reads it may take their time, and a signal
//! is heard all the same.

use std::{
    io::{self, Write as _},
    sync::mpsc,
    thread,
};
use tokio::sync::mpsc as told;

/// What has become of what was written.
#[derive(Debug)]
pub(in crate::commands) enum Written {
    /// All of it has gone out.
    All,
    /// It has not, and nothing more will.
    Failed(io::Error),
}

/// Where bytes are handed over.
#[derive(Debug)]
pub(in crate::commands) struct Writer {
    to: mpsc::Sender<Option<Vec<u8>>>,
}

impl Writer {
    /// Standard output, and what tells of it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(in crate::commands) fn stdout() -> io::Result<(Self, told::UnboundedReceiver<Written>)> {
        let (to, bytes) = mpsc::channel::<Option<Vec<u8>>>();
        let (tell, written) = told::unbounded_channel();
        thread::Builder::new()
            .name("output".into())
            .spawn(move || {
                let mut stdout = io::stdout().lock();
                for part in bytes {
                    let result = match &part {
                        Some(bytes) => stdout.write_all(bytes).and_then(|()| stdout.flush()),
                        None => stdout.flush(),
                    };
                    let told = match result {
                        Ok(()) if part.is_some() => continue,
                        Ok(()) => Written::All,
                        Err(error) => Written::Failed(error),
                    };
                    // Nobody may wait for it any more.
                    let _ = tell.send(told);
                    return;
                }
            })?;
        Ok((Self { to }, written))
    }

    /// Hands bytes over. Where nothing can be written any more, that was told.
    pub(in crate::commands) fn write(&self, bytes: Vec<u8>) {
        let _ = self.to.send(Some(bytes));
    }

    /// There is no more.
    pub(in crate::commands) fn end(&self) {
        let _ = self.to.send(None);
    }
}

impl Clone for Writer {
    fn clone(&self) -> Self {
        Self {
            to: self.to.clone(),
        }
    }
}
