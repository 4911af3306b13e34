//! Programs that are run for what they print, and ended with this one.
//!
//! Each gets no input, and a process group of its own, in the background of the terminal, where the
//! system stops whatever reads that. What it writes is bounded, and goes into no log: its output is a
//! secret, and what it says beside that may be one. One that is given a secret to put somewhere gets that
//! as its input ([`Programs::feed`]), and what it writes is for a person.
//!
//! One that is to ask a person for something is run with the terminal instead, while the screen is not
//! there. It is a member of this process's own group then, as of a shell's command: Ctrl-C interrupts
//! it, Ctrl-Z stops the whole job. (In a group of its own it would have to be made the foreground, and
//! this process could not become that again without ignoring SIGTTOU, which takes `unsafe`.)

use super::convert::one_line;
use crate::engine::SecretKey;
use secrecy::zeroize::Zeroizing;
use std::{
    error, fmt,
    io::{self, ErrorKind, PipeReader, Read as _, Write as _},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
#[cfg(unix)]
use std::{thread, time::Instant};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
    sync::watch,
    time::{sleep, timeout},
};

/// How long a program may take: a person may have to answer it in a browser.
const LIMIT: Duration = Duration::from_mins(1);

/// How long a program that was interrupted may take to end, before it is killed.
const TO_END: Duration = Duration::from_millis(250);

/// How long what a program has said may still be coming when it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// No credentials are longer.
const MOST: u64 = 64 * 1024;

/// So much is kept of what it says on its standard error.
const SAID: u64 = 4 * 1024;

/// So much a pipe surely holds. (POSIX: `PIPE_BUF` is 512 at least; Linux and macOS have 4096 and more.)
const PIPE: usize = 4096;

/// How soon it is noticed that a program was stopped.
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(250);

/// Why a program has given nothing that can be used. As a sentence it holds nothing of what the program
/// wrote.
#[derive(Debug)]
pub struct Failure {
    why: Why,
    said: Option<String>,
}

/// The reason, without what it said.
#[derive(Debug)]
pub(super) enum Why {
    NotStarted(io::Error),
    TooLong,
    #[cfg(unix)]
    ReadsTerminal,
    #[cfg(unix)]
    Interrupted,
    Failed(ExitStatus),
    TooMuch,
    NotRead(io::Error),
    NotUnderstood(&'static str),
    NotTaken,
}

impl Failure {
    /// The first line that the program has said on its standard error: for the screen alone.
    pub(super) fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// Whether it could go on if it had the terminal.
    pub(super) fn reads_terminal(&self) -> bool {
        #[cfg(unix)]
        return matches!(self.why, Why::ReadsTerminal);
        #[cfg(not(unix))]
        return false;
    }
}

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        Self { why, said: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::NotStarted(error) => write!(f, "the program could not be started: {error}"),
            Why::TooLong => {
                let limit = LIMIT.as_secs();
                write!(f, "the program took longer than {limit} seconds, and was ended")
            }
            #[cfg(unix)]
            Why::ReadsTerminal => f.write_str(
                "the program asked for something on the terminal, which iamkeys uses, and was ended",
            ),
            #[cfg(unix)]
            Why::Interrupted => f.write_str("the program was interrupted"),
            Why::Failed(status) => write!(f, "the program failed: {status}"),
            Why::TooMuch => {
                let most = MOST / 1024;
                write!(f, "the program wrote more than {most} KiB, and was ended")
            }
            Why::NotRead(error) => write!(f, "the program's output could not be read: {error}"),
            Why::NotTaken => f.write_str("the program did not read all of its input"),
            Why::NotUnderstood(why) => write!(f, "the program's output has {why}"),
        }
    }
}

impl error::Error for Failure {}

/// Runs a program to its end, and returns what it has written. The line that it has said last on its
/// standard error goes to `tell` meanwhile.
pub(super) async fn run(
    command: &str,
    programs: &Programs,
    tell: Option<&watch::Sender<String>>,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut command = shell(command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(Why::NotStarted)?;
    let running = programs.begin(number(&child).map(Running::Group));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let stopped = stopped(&child);
    let mut said = String::new();
    let work = async {
        // What is said beside the output is read while there is output, and does not hold it up:
        // something that was started and goes on may keep it open.
        let whole = async { tokio::try_join!(bounded(out), ended(&mut child)) };
        let beside = first_line(err, &mut said, tell);
        tokio::pin!(whole, beside);
        let mut all_said = false;
        let (output, status) = tokio::select! {
            both = &mut whole => both?,
            said = &mut beside => {
                said?;
                all_said = true;
                whole.await?
            }
        };
        if status.success() {
            return Ok(output);
        }
        if !all_said {
            // Of a program that has failed, that is the reason.
            let _ = timeout(LAST_WORDS, beside).await;
        }
        Err(Why::Failed(status))
    };
    let result = tokio::select! {
        result = work => result,
        why = stopped => Err(why),
        () = sleep(LIMIT) => Err(Why::TooLong),
    };
    if result.is_ok() {
        running.has_ended();
    }
    result.map_err(|why| Failure {
        why,
        said: Some(said).filter(|line| !line.is_empty()),
    })
}

/// Runs a program with the terminal, which nobody else may use meanwhile, and returns what it has
/// written. What it says on its standard error is for the person there, and is not seen here.
///
/// It may take as long as the person does, who ends it with Ctrl-C. What ends it here does the same
/// first: of several programs (a pipeline) only the shell is known by its number.
pub(super) async fn run_with_terminal(
    command: &str,
    programs: &Programs,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut command = shell(command);
    command.stdout(Stdio::piped()).kill_on_drop(true);
    // An interrupt of the group ends this process no more. The handler stays when this is dropped.
    #[cfg(unix)]
    drop(signal(SignalKind::interrupt()).map_err(Why::NotStarted)?);
    let mut child = command.spawn().map_err(Why::NotStarted)?;
    let running = programs.begin(number(&child).map(Running::Process));
    let out = child.stdout.take();
    let mut output = room();
    let status = {
        let read = bounded_into(out, &mut output);
        tokio::pin!(read);
        // Its end counts, and not that of its output, which something that was started and goes on
        // may keep open.
        let (first, is_read) = tokio::select! {
            biased;
            read = &mut read => (read.map(|()| None), true),
            status = ended(&mut child) => (status.map(Some), false),
        };
        let status = match first {
            Ok(Some(status)) => Ok(status),
            Ok(None) => ended(&mut child).await,
            Err(why) => Err(why),
        };
        match status {
            Ok(status) => {
                // From here on its number may be another's.
                running.has_ended();
                if !is_read && let Ok(read) = timeout(LAST_WORDS, read).await {
                    read?;
                }
                status
            }
            Err(why) => {
                interrupt_group();
                if timeout(TO_END, child.wait()).await.is_ok() {
                    running.has_ended();
                }
                return Err(why.into());
            }
        }
    };
    if status.success() {
        return Ok(output);
    }
    Err(interrupted(status).unwrap_or(Why::Failed(status)).into())
}

/// Interrupts what has the terminal, as Ctrl-C does, with all that it has started. This process is one
/// of that group, and is deaf to it meanwhile; in a group that others have made they may not be.
#[cfg(unix)]
fn interrupt_group() {
    use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::INT);
    }
}

#[cfg(not(unix))]
fn interrupt_group() {}

/// Whether Ctrl-C has ended a program; a shell says so with its exit code.
#[cfg(unix)]
fn interrupted(status: ExitStatus) -> Option<Why> {
    use rustix::process::Signal;
    use std::os::unix::process::ExitStatusExt as _;
    let interrupt = Signal::INT.as_raw();
    let so = status.signal() == Some(interrupt) || status.code() == Some(128 + interrupt);
    so.then_some(Why::Interrupted)
}

#[cfg(not(unix))]
fn interrupted(_: ExitStatus) -> Option<Why> {
    None
}

async fn ended(child: &mut Child) -> Result<ExitStatus, Why> {
    child.wait().await.map_err(Why::NotRead)
}

/// A pipe that holds all of an input, and its reading end once more: what is left in it at the end was
/// not read.
fn filled(input: &SecretKey) -> Result<(PipeReader, PipeReader), Why> {
    let too_long = || io::Error::other("the input is longer than a pipe surely holds");
    if input.expose().len() > PIPE {
        return Err(Why::NotStarted(too_long()));
    }
    let (reader, mut writer) = io::pipe().map_err(Why::NotStarted)?;
    let rest = reader.try_clone().map_err(Why::NotStarted)?;
    let written = writer.write_all(input.expose().as_bytes());
    written.map_err(Why::NotStarted)?;
    Ok((reader, rest))
}

/// Whether something is left in a pipe. Whatever it is, it is wiped.
fn is_left(mut rest: PipeReader) -> bool {
    // Someone that the program has left behind may still have the pipe, but no one writes to it: it ends
    // where it is empty.
    let mut left = Zeroizing::new([0; PIPE]);
    rest.read(&mut *left).map_or(true, |count| count > 0)
}

/// The standard error of this process, for a program to write to.
#[cfg(unix)]
fn own_stderr() -> io::Result<Stdio> {
    use std::os::fd::AsFd as _;
    Ok(io::stderr().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn own_stderr() -> io::Result<Stdio> {
    use std::os::windows::io::AsHandle as _;
    Ok(io::stderr().as_handle().try_clone_to_owned()?.into())
}

/// The command as a shell runs it, which is how all programs of AWS run it.
#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

/// As above. `cmd.exe` takes the quotes around the whole away, and leaves those inside.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd.exe");
    shell.arg("/C").raw_arg(format!("\"{command}\""));
    shell
}

/// What is written, if it is not too much.
async fn bounded(from: Option<impl AsyncRead + Unpin>) -> Result<Zeroizing<Vec<u8>>, Why> {
    let mut output = room();
    bounded_into(from, &mut output).await?;
    Ok(output)
}

/// Room for all of it: growing would leave copies behind.
fn room() -> Zeroizing<Vec<u8>> {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    Zeroizing::new(Vec::with_capacity(most.saturating_add(1)))
}

/// The same, into `output`, where it is even before its end.
async fn bounded_into(
    from: Option<impl AsyncRead + Unpin>,
    output: &mut Vec<u8>,
) -> Result<(), Why> {
    let Some(from) = from else { return Ok(()) };
    let mut from = from.take(MOST + 1);
    from.read_to_end(output).await.map_err(Why::NotRead)?;
    if u64::try_from(output.len()).is_ok_and(|length| length <= MOST) {
        Ok(())
    } else {
        Err(Why::TooMuch)
    }
}

/// The first line of what is said, into `line` as soon as it is there.
async fn first_line(
    from: Option<impl AsyncRead + Unpin>,
    line: &mut String,
    tell: Option<&watch::Sender<String>>,
) -> Result<(), Why> {
    let Some(mut from) = from else { return Ok(()) };
    let mut beginning = Vec::new();
    let mut part = [0; 1024];
    loop {
        let count = match from.read(&mut part).await {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Why::NotRead(error)),
        };
        if u64::try_from(beginning.len()).is_ok_and(|length| length < SAID) {
            beginning.extend_from_slice(&part[..count]);
            *line = one_line(String::from_utf8_lossy(&beginning).trim_start());
            if let Some(tell) = tell {
                let all = String::from_utf8_lossy(&beginning);
                let last = all.lines().rev().find(|line| !line.trim().is_empty());
                tell.send_replace(one_line(last.unwrap_or_default()));
            }
        }
    }
}

/// Waits until the system has stopped a program, as it does when that reads the terminal.
#[cfg(unix)]
fn stopped(child: &Child) -> impl Future<Output = Why> + use<> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    // Looked at only: to take notice of its end is not done here.
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let child = number(child);
    async move {
        loop {
            sleep(LOOK).await;
            let look = child.map(|child| waitid(WaitId::Pid(child), options));
            if matches!(look, Some(Ok(Some(_)))) {
                return Why::ReadsTerminal;
            }
        }
    }
}

/// Elsewhere programs are not stopped.
#[cfg(not(unix))]
fn stopped(_: &Child) -> impl Future<Output = Why> + use<> {
    std::future::pending()
}

/// The programs that are running, to be ended with this one. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Programs(Arc<Mutex<Vec<Running>>>);

/// What is ended of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Running {
    /// Its process group.
    Group(Number),
    /// It alone: its group is this process's own.
    Process(Number),
}

/// The number of a process.
#[cfg(unix)]
type Number = rustix::process::Pid;

/// Elsewhere nothing is done by it: a program ends with what waits for it.
#[cfg(not(unix))]
type Number = u32;

#[cfg(unix)]
fn number(child: &Child) -> Option<Number> {
    Number::from_raw(i32::try_from(child.id()?).ok()?)
}

#[cfg(not(unix))]
fn number(child: &Child) -> Option<Number> {
    child.id()
}

impl Programs {
    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, running: Option<Running>) -> Guard {
        self.lock().extend(running);
        Guard {
            running,
            programs: self.clone(),
        }
    }

    /// Runs a program to its end with this as its input, which it has to read: what it leaves unread has
    /// gone nowhere. What it writes goes to the standard error of this process, and is not seen here.
    ///
    /// # Errors
    /// When it cannot be started, fails, takes too long, or has not read all.
    pub async fn feed(&self, command: &str, input: &SecretKey) -> Result<(), Failure> {
        let (input, rest) = filled(input)?;
        let mut command = shell(command);
        command
            .stdin(input)
            .stdout(own_stderr().map_err(Why::NotStarted)?)
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(Why::NotStarted);
        // The command has the other end of the pipe until it is dropped.
        drop(command);
        let mut child = child?;
        let running = self.begin(number(&child).map(Running::Group));
        let stopped = stopped(&child);
        let status = tokio::select! {
            status = ended(&mut child) => status,
            why = stopped => Err(why),
            () = sleep(LIMIT) => Err(Why::TooLong),
        };
        let status = status?;
        running.has_ended();
        if !status.success() {
            return Err(Why::Failed(status).into());
        }
        if is_left(rest) {
            return Err(Why::NotTaken.into());
        }
        Ok(())
    }

    /// Ends those that are running, with what they have started.
    pub fn end(&self) {
        for running in self.lock().drain(..) {
            kill(running);
        }
    }
}

/// A program that is running. Dropped, it is ended.
struct Guard {
    running: Option<Running>,
    programs: Programs,
}

impl Guard {
    /// It has ended by itself. What it has left behind on purpose, such as an agent, goes on.
    fn has_ended(mut self) {
        let running = self.running.take();
        self.programs.lock().retain(|known| Some(*known) != running);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(running) = self.running {
            let mut all = self.programs.lock();
            // If it is not there any more, it was ended already.
            if let Some(at) = all.iter().position(|known| *known == running) {
                all.swap_remove(at);
                match running {
                    Running::Group(_) => kill(running),
                    // It is killed by what it is waited for with (`kill_on_drop`), which knows whether
                    // its number is still its own.
                    Running::Process(_) => interrupt_group(),
                }
            }
        }
    }
}

#[cfg(unix)]
fn kill(running: Running) {
    use rustix::process::{Signal, kill_process, kill_process_group};
    let _ = match running {
        Running::Group(group) => kill_process_group(group, Signal::KILL),
        Running::Process(process) => {
            interrupt_group();
            if has_ended_within(process, TO_END) {
                return;
            }
            kill_process(process, Signal::KILL)
        }
    };
}

/// Waits for the end of a program, without taking notice of it.
#[cfg(unix)]
fn has_ended_within(process: Number, time: Duration) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let until = Instant::now() + time;
    loop {
        // An error says that it was waited for already.
        if !matches!(waitid(WaitId::Pid(process), options), Ok(None)) {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(TO_END / 25);
    }
}

#[cfg(not(unix))]
fn kill(_: Running) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[tokio::test]
    async fn what_it_says_is_kept_apart_and_what_it_writes_is_bounded() {
        let programs = Programs::default();
        let given = run("printf x; echo note >&2", &programs, None)
            .await
            .unwrap();
        assert_eq!(*given, b"x");
        let script = "echo >&2; echo 'No token.' >&2; yes x | head -c 200000 >&2; exit 3";
        let failure = run(script, &programs, None).await.unwrap_err();
        assert_eq!(failure.to_string(), "the program failed: exit status: 3");
        assert_eq!(failure.said(), Some("No token."));
        let failure = run("yes", &programs, None).await.unwrap_err();
        assert!(matches!(failure.why, Why::TooMuch), "{failure}");
        let failure = run("read x || exit 4", &programs, None).await.unwrap_err();
        assert!(failure.to_string().ends_with("exit status: 4"), "{failure}");
        assert!(programs.lock().is_empty());
    }

    /// Waited for, it would take too long.
    #[cfg(unix)]
    #[tokio::test]
    async fn what_it_has_started_may_go_on_beside_it() {
        let programs = Programs::default();
        let given = run("sleep 90 >/dev/null & printf x", &programs, None).await;
        assert_eq!(*given.unwrap(), b"x");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn one_with_the_terminal_gives_what_it_writes_or_was_interrupted() {
        let programs = Programs::default();
        let given = run_with_terminal("printf x", &programs).await;
        assert_eq!(*given.unwrap(), b"x");
        for (script, words) in [
            ("kill -INT $$", "the program was interrupted"),
            ("exit 130", "the program was interrupted"),
            ("exit 3", "the program failed: exit status: 3"),
            ("yes", "the program wrote more than 64 KiB, and was ended"),
        ] {
            let failure = run_with_terminal(script, &programs).await.unwrap_err();
            assert_eq!(failure.to_string(), words, "{script}");
            assert_eq!((failure.said(), failure.reads_terminal()), (None, false));
        }
        assert!(programs.lock().is_empty());
    }

    /// A person may have to look for their key.
    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn one_with_the_terminal_may_take_its_time() {
        let programs = Programs::default();
        let run = run_with_terminal("exec sleep 1000", &programs);
        assert!(timeout(LIMIT * 10, run).await.is_err());
        assert!(programs.lock().is_empty());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn one_that_is_fed_has_to_read_all_and_to_succeed() {
        let programs = Programs::default();
        let input = SecretKey::new("DEMO/secretEXAMPLE\n".into());
        let said = |failure: Failure| failure.to_string();
        let read = "read -r line && test \"$line\" = DEMO/secretEXAMPLE";
        assert!(programs.feed(read, &input).await.is_ok());
        assert!(programs.feed("cat >/dev/null", &input).await.is_ok());
        let left = "the program did not read all of its input";
        for script in ["true", "exec <&-", "head -c 3 >/dev/null"] {
            let failure = programs.feed(script, &input).await.unwrap_err();
            assert_eq!(said(failure), left, "{script}");
        }
        let failure = programs.feed("cat >/dev/null; exit 7", &input).await;
        assert_eq!(
            said(failure.unwrap_err()),
            "the program failed: exit status: 7"
        );
        let long = SecretKey::new("x".repeat(PIPE + 1));
        assert!(programs.feed("cat >/dev/null", &long).await.is_err());
        assert!(programs.lock().is_empty());
    }

    /// What goes on keeps its output open.
    #[cfg(unix)]
    #[tokio::test]
    async fn one_with_the_terminal_is_over_when_it_has_ended() {
        let programs = Programs::default();
        let run = run_with_terminal("sleep 90 & printf x", &programs);
        let given = timeout(LAST_WORDS * 10, run).await.expect("it is over");
        assert_eq!(*given.unwrap(), b"x");
        assert!(programs.lock().is_empty());
    }

    /// The clock jumps ahead where there is nothing else to do.
    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_program_that_does_not_end_is_ended() {
        let programs = Programs::default();
        let begun = tokio::time::Instant::now();
        let failure = run("echo 'Please wait.' >&2; sleep 1000", &programs, None).await;
        let failure = failure.unwrap_err();
        assert!(matches!(failure.why, Why::TooLong), "{failure}");
        assert!(begun.elapsed() >= LIMIT);
        assert!(programs.lock().is_empty());
    }
}
