//! A program in a pseudo terminal of its own, seen from outside: by what comes out of the terminal,
//! when, and by what `/proc` tells.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write},
    num::NonZero,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// Longer than anything takes that is waited for here.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Columns and rows.
pub(crate) type Size = (u16, u16);

/// What is needed to sign in to an endpoint.
pub(crate) struct Session {
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Session {
    pub(crate) fn args(&self) -> [&str; 2] {
        ["--endpoint-url", &self.url]
    }

    pub(crate) fn env(&self) -> Vec<(&str, &str)> {
        vec![
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
        ]
    }
}

/// The running program. Killed when dropped.
pub(crate) struct Terminal {
    pub(crate) started: Instant,
    /// Bytes it has written.
    pub(crate) bytes: usize,
    pub(crate) parser: vt100::Parser,
    child: Box<dyn Child + Send + Sync>,
    /// The terminal is there as long as this is.
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    /// What the program wrote, and when it arrived.
    chunks: mpsc::Receiver<(Instant, Vec<u8>)>,
}

impl Terminal {
    /// Starts a program as somebody would who has nothing set up.
    pub(crate) fn start(
        program: &Path,
        home: &Path,
        (columns, rows): Size,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).expect("a terminal");
        let mut reader = pty.master.try_clone_reader().expect("its output");
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 8 * 1024];
            // An error is the end of the terminal.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let chunk = (Instant::now(), buffer[..count].to_vec());
                if sender.send(chunk).is_err() {
                    break;
                }
            }
        });
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.cwd(home);
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in env {
            command.env(name, value);
        }
        let cells = |count| NonZero::new(count).expect("a terminal has cells");
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let started = Instant::now();
        let child = pty.slave.spawn_command(command).expect("the program");
        Self {
            started,
            child,
            keyboard: pty.master.take_writer().expect("its input"),
            _master: pty.master,
            chunks,
            parser,
            bytes: 0,
        }
    }

    /// Takes in what the program writes next. Says when it came, unless nothing did.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<Instant> {
        match self.chunks.recv_timeout(patience) {
            Ok((when, chunk)) => {
                self.bytes += chunk.len();
                self.parser.process(&chunk);
                Some(when)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                panic!("it ended:\n{}", self.parser.screen().contents())
            }
        }
    }

    /// How long after its start the program showed something.
    pub(crate) fn wait(&mut self, what: &str, shown: impl Fn(&vt100::Screen) -> bool) -> Duration {
        let until = Instant::now() + PATIENCE;
        // A spinner may turn for ever.
        while let Some(rest) = until.checked_duration_since(Instant::now()) {
            if let Some(when) = self.next(rest)
                && shown(self.parser.screen())
            {
                return when - self.started;
            }
        }
        panic!("no {what}:\n{}", self.parser.screen().contents());
    }

    /// Waits until nothing was written for so long.
    pub(crate) fn quiet(&mut self, time: Duration) {
        while self.next(time).is_some() {}
    }

    pub(crate) fn press(&mut self, key: &str) {
        self.keyboard.write_all(key.as_bytes()).expect("its input");
        self.keyboard.flush().expect("its input");
    }

    /// What the system tells of it, below `/proc`.
    pub(crate) fn proc(&self) -> PathBuf {
        let pid = self.child.process_id().expect("a running program");
        Path::new("/proc").join(pid.to_string())
    }

    /// What a file tells of each thread.
    pub(crate) fn threads(&self, file: &str) -> impl Iterator<Item = (PathBuf, String)> {
        let threads = fs::read_dir(self.proc().join("task")).expect("its threads");
        threads.filter_map(move |thread| {
            let path = thread.ok()?.path();
            let text = fs::read_to_string(path.join(file)).ok()?;
            Some((path, text))
        })
    }

    /// How often each thread was put aside so far.
    pub(crate) fn switches(&self) -> BTreeMap<PathBuf, u64> {
        self.threads("status")
            .map(|(path, status)| (path, number(&status, "voluntary_ctxt_switches:")))
            .collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Hangs up, and insists after a while.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether all of the first frame is there.
pub(crate) fn first_frame(screen: &vt100::Screen) -> bool {
    let text = screen.contents();
    text.starts_with(" iamkeys ") && text.contains('╭') && text.contains('╯')
}

/// A process's memory, in bytes: `VmRSS:` is what it has now, `VmHWM:` the most it has had.
pub(crate) fn memory(proc: &Path, field: &str) -> u64 {
    let status = fs::read_to_string(proc.join("status")).expect("its status");
    number(&status, field) * 1024
}

/// The number after a word at the beginning of a line.
pub(crate) fn number(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("no {field} in {status}"))
}

/// How often threads were woken between two counts; one that has come or gone was, once.
pub(crate) fn wake_ups(before: &BTreeMap<PathBuf, u64>, after: &BTreeMap<PathBuf, u64>) -> u64 {
    let stayed = after
        .iter()
        .map(|(thread, count)| match before.get(thread) {
            Some(earlier) => count - earlier,
            None => count + 1,
        });
    let gone = before.keys().filter(|thread| !after.contains_key(*thread));
    stayed.sum::<u64>() + gone.count() as u64
}

/// An amount in tenths of a unit, rounded.
pub(crate) fn tenths(amount: u64, unit: u64, name: &str) -> String {
    let tenths = (amount * 10 + unit / 2) / unit;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}
