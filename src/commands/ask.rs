//! What signing in needs a person for, asked in the terminal: the code of an MFA device, a login in a
//! browser. It is read from the terminal itself, whatever standard input is, and asked for on standard
//! error. Where there is no terminal it fails, and says what to pass instead.

use super::progress::Progress;
use crate::engine::{
    Engine, Intent, Means, Need, Offer, Prompt, PromptId, Reply, SecretKey, SessionId, Slot,
    Target,
    account::{Account, Stage},
    prompt::{Asked, CodeAsked, CodeProblem, CodeProgram, LoginAsked, LoginWay, Purpose},
    text::visible,
};
use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _},
    sync::mpsc,
    thread,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What is asked at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// A code.
    Code(SessionId, PromptId),
    /// Whether to log in.
    LogIn(Slot),
    /// A line, whatever it is for.
    Line,
}

/// What is asked in the terminal.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// The terminal; none where there is none.
    terminal: Option<Terminal>,
    /// Whether it was looked for a terminal.
    looked: bool,
    open: Option<Open>,
    /// What was said of a prompt, so that it is said once.
    said: HashSet<(SessionId, PromptId, String)>,
    /// The sessions whose login was offered, accepted or not.
    offered: HashSet<SessionId>,
    /// A login was begun: it may be that of other accounts as well.
    has_logged_in: bool,
    /// The accounts that were tried again after one.
    tried_again: HashSet<Slot>,
    /// The line that was typed last, where one was asked for.
    typed: Option<String>,
}

impl Questions {
    /// Whether something is asked: what has ended meanwhile may go on with the answer.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Asks for a line.
    pub(super) fn put(&mut self, question: &str) {
        self.typed = None;
        if self.has_terminal() {
            if let Some(terminal) = &self.terminal {
                terminal.forget_typed();
            }
            say_in_terminal(question);
            self.ask(Open::Line);
        }
    }

    /// Waits for no line any more.
    pub(super) fn drop_line(&mut self) {
        if self.open == Some(Open::Line) {
            self.open = None;
            // What is said next has a line of its own.
            say_in_terminal("\n");
        }
    }

    /// The line that was asked for; none where the terminal is gone.
    pub(super) fn typed(&mut self) -> Option<String> {
        self.typed.take()
    }

    /// The next line that is typed, or that there will be none; nothing where none is waited for.
    pub(super) async fn answer(&mut self) -> Option<Option<String>> {
        match &mut self.terminal {
            Some(terminal) => Some(terminal.lines.recv().await),
            None => None,
        }
    }

    /// Asks what is to be asked now, and says what follows where that cannot be.
    pub(super) fn follow(&mut self, engine: &Engine, progress: &mut Progress) -> Vec<Intent> {
        if let Some(open) = self.open
            && !is_asked_still(engine, open)
        {
            self.open = None;
        }
        let mut intents = Vec::new();
        for need in engine.needs() {
            let Need::Prompt(session, id) = need else {
                continue;
            };
            let (Some(prompt), Some(account)) =
                (engine.prompt(session, id), engine.fleet.of(session))
            else {
                continue;
            };
            intents.extend(match &prompt.asked {
                Asked::Code(asked) => self.code(account, id, prompt, asked, progress),
                Asked::Login(asked) => self.login(account, id, asked, progress),
            });
        }
        if self.open.is_none() && intents.is_empty() {
            intents.extend(self.offer_login(engine, progress));
        }
        intents
    }

    /// What a line that was typed answers.
    pub(super) fn take(&mut self, line: Option<String>, engine: &Engine) -> Option<Intent> {
        let open = self.open.take();
        let Some(line) = line else {
            // The terminal is gone: what is asked from now on is refused.
            self.terminal = None;
            return None;
        };
        if let Some(terminal) = &mut self.terminal {
            terminal.is_read = false;
        }
        match open? {
            Open::Line => {
                self.typed = Some(line);
                None
            }
            Open::Code(session, id) => {
                let code = SecretKey::new(line.trim().to_owned());
                Some(Intent::Reply(session, id, Reply::Code(code)))
            }
            Open::LogIn(slot) => {
                let no = line.trim().to_ascii_lowercase().starts_with('n');
                self.has_logged_in |= !no;
                let target = engine.fleet.get(slot)?.target.clone();
                (!no).then_some(Intent::SignInWith(slot, target, Means::Login))
            }
        }
    }

    fn code(
        &mut self,
        account: &Account,
        id: PromptId,
        prompt: &Prompt,
        asked: &CodeAsked,
        progress: &mut Progress,
    ) -> Option<Intent> {
        let session = account.session;
        match &asked.program {
            Some(CodeProgram::WantsTerminal) if self.has_terminal() => {
                progress.clear();
                let serial = visible(&asked.serial);
                say(&format!(
                    "iamkeys: mfa_process is running, for device {serial}\n"
                ));
                return Some(Intent::Reply(session, id, Reply::Terminal));
            }
            Some(CodeProgram::Running(_) | CodeProgram::HasTerminal | CodeProgram::Sent) => {
                return None;
            }
            _ => {}
        }
        if prompt.is_sent || self.open.is_some() {
            return None;
        }
        progress.clear();
        if !self.has_terminal() {
            say(&format!(
                "iamkeys: {}: the code of MFA device {} is asked for, and there is no terminal to ask \
                 in. Set mfa_process in the config file, or pass a session with MFA \
                 (AWS_SESSION_TOKEN).\n",
                visible(account.label()),
                visible(&asked.serial)
            ));
            return Some(Intent::Reply(session, id, Reply::Cancel));
        }
        if let Some(problem) = prompt.problem {
            say(&format!("{}\n", words_of(problem)));
        }
        if let Some(CodeProgram::Failed { why, .. }) = &asked.program {
            say(&format!("mfa_process gave no code: {}\n", visible(why)));
        }
        if let Purpose::RoleInstead { why, .. } = &asked.purpose {
            say(&format!(
                "AWS gave no session ({}): another code is needed, for the role\n",
                visible(why)
            ));
        }
        let profile = asked.profile.as_deref().unwrap_or(account.label());
        say(&format!(
            "MFA code for {}, device {}: ",
            visible(profile),
            visible(&asked.serial)
        ));
        self.ask(Open::Code(session, id));
        None
    }

    fn login(
        &mut self,
        account: &Account,
        id: PromptId,
        asked: &LoginAsked,
        progress: &mut Progress,
    ) -> Option<Intent> {
        let session = account.session;
        if !self.has_terminal() {
            return Some(Intent::Reply(session, id, Reply::Cancel));
        }
        let name = visible(&asked.name);
        let text = match &asked.way {
            LoginWay::Preparing => return None,
            LoginWay::Browser { address } => format!(
                "Log in to IAM Identity Center ({name}) with the browser on this machine:\n  {}\n",
                visible(address)
            ),
            LoginWay::Device { address, code } => format!(
                "Log in to IAM Identity Center ({name}) with any browser; it has to show the code {}:\n  \
                 {}\n",
                visible(code),
                visible(address)
            ),
        };
        for text in [
            Some(text),
            asked
                .problem
                .as_ref()
                .map(|it| format!("{}\n", visible(it))),
        ] {
            let Some(text) = text else { continue };
            if self.said.insert((session, id, text.clone())) {
                progress.clear();
                say(&text);
            }
        }
        None
    }

    /// Offers to log in where an account could not be signed in to without that.
    fn offer_login(&mut self, engine: &Engine, progress: &mut Progress) -> Option<Intent> {
        for account in engine.fleet.accounts() {
            let Stage::SignedOut(problem) = &account.stage else {
                continue;
            };
            let (slot, target) = (account.session.slot, account.target.clone());
            let wants = problem.offer == Some(Offer::Login)
                && matches!(target, Target::Ambient | Target::Profile(_));
            if !wants || !self.has_terminal() || self.offered.contains(&account.session) {
                continue;
            }
            if self.has_logged_in && self.tried_again.insert(slot) {
                return Some(Intent::SignIn(slot, target));
            }
            self.offered.insert(account.session);
            progress.clear();
            say(&format!(
                "{}: {}. Log in now? [Y/n] ",
                visible(account.label()),
                visible(problem.title.trim_end_matches('.'))
            ));
            self.ask(Open::LogIn(slot));
            return None;
        }
        None
    }

    /// Waits for the answer to a question that was put. Until there is one, no line is read: another
    /// program may have the terminal.
    fn ask(&mut self, open: Open) {
        self.open = Some(open);
        if let Some(terminal) = &mut self.terminal
            && !std::mem::replace(&mut terminal.is_read, true)
        {
            // Where nothing reads any more, that is told by the end of the lines.
            let _ = terminal.wanted.send(());
        }
    }

    /// Whether there is a terminal.
    pub(super) fn has_terminal(&mut self) -> bool {
        if !std::mem::replace(&mut self.looked, true) {
            self.terminal = Terminal::open().ok();
        }
        self.terminal.is_some()
    }
}

/// The terminal of this process, read by a thread of its own: a line for each that is wanted.
#[derive(Debug)]
struct Terminal {
    wanted: mpsc::Sender<()>,
    #[cfg(unix)]
    file: File,
    lines: UnboundedReceiver<String>,
    /// A line is being read. What it answers may be over by then.
    is_read: bool,
}

impl Terminal {
    fn open() -> io::Result<Self> {
        let place = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };
        let file = File::open(place)?;
        #[cfg(unix)]
        let other = file.try_clone()?;
        let mut terminal = BufReader::new(file);
        let (wanted, asked) = mpsc::channel();
        let (typed, lines) = unbounded_channel();
        thread::Builder::new()
            .name("terminal".into())
            .spawn(move || {
                for () in asked {
                    let mut line = String::new();
                    let read = terminal.read_line(&mut line);
                    if !matches!(read, Ok(1..)) || typed.send(line).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            wanted,
            #[cfg(unix)]
            file: other,
            lines,
            is_read: false,
        })
    }
}

impl Terminal {
    /// Forgets what was typed before anybody could have read the question.
    #[cfg(unix)]
    fn forget_typed(&self) {
        use rustix::termios::{QueueSelector, tcflush};
        // Where it cannot be forgotten, nothing was typed.
        let _ = tcflush(&self.file, QueueSelector::IFlush);
    }

    /// The console of Windows reads a line from the moment on that it is asked for one.
    #[cfg(not(unix))]
    fn forget_typed(&self) {}
}

/// Whether a question that was asked is one still.
fn is_asked_still(engine: &Engine, open: Open) -> bool {
    match open {
        Open::Line => true,
        Open::Code(session, id) => engine.prompt(session, id).is_some(),
        Open::LogIn(slot) => engine
            .fleet
            .get(slot)
            .is_some_and(|account| matches!(account.stage, Stage::SignedOut(_))),
    }
}

/// Why the code before did not count.
fn words_of(problem: CodeProblem) -> String {
    let next = problem.next().map(|at| at.format("%H:%M:%S UTC"));
    let next = next.map(|at| format!("; the device shows the next one at {at}"));
    let next = next.unwrap_or_default();
    match problem {
        CodeProblem::NotACode => "A code has 6 digits".into(),
        CodeProblem::Refused(_) => format!("AWS refused that code{next}"),
        CodeProblem::SentAlready(_) => format!("That code was sent before, and counts once{next}"),
    }
}

/// Says something on standard error.
fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    // Without a terminal there is no answer.
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

/// Says something in the terminal: on standard error where that is one, and otherwise in the terminal
/// itself. What a person decides by must be seen.
pub(super) fn say_in_terminal(text: &str) {
    if io::stderr().is_terminal() {
        return say(text);
    }
    let place = if cfg!(windows) { "CONOUT$" } else { "/dev/tty" };
    if let Ok(mut terminal) = File::options().write(true).open(place) {
        // What is not shown is not answered.
        let _ = terminal
            .write_all(text.as_bytes())
            .and_then(|()| terminal.flush());
    }
}
