//! What only a person can give while a session is signed in to or renewed: the code of an MFA device,
//! or a login in a browser.
//!
//! What is asked is a fact of the account ([`Prompt`]); the answer is a [`Reply`], carried to the task
//! that waits for it. What must be known of the clock is decided here: a code lives for 30 seconds,
//! counts once, and the same one is not sent twice.

use super::{
    Engine,
    effect::{Clip, Copied, Effect, SessionId, Slot, Target},
    secret_key::SecretKey,
};
use chrono::{DateTime, TimeDelta, Utc};

/// How long a code of an MFA device is shown, in seconds by the clock (RFC 6238, as AWS uses it).
const WINDOW: i64 = 30;

/// How many digits a code has.
pub const DIGITS: usize = 6;

/// After so many refusals it is no slip of the finger: the device or a clock may be wrong.
pub const MANY_REFUSALS: u32 = 3;

/// Tells one prompt from all others of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PromptId(pub u64);

/// Something that is asked of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its number.
    pub id: PromptId,
    /// What is asked.
    pub asked: Asked,
    /// An answer is on its way, and nothing is waited for but what comes of it.
    pub is_sent: bool,
    /// Why the last code that was typed did not count.
    pub problem: Option<CodeProblem>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The code that an MFA device shows.
    Code(CodeAsked),
    /// To log in to IAM Identity Center with a browser.
    Login(LoginAsked),
}

impl Asked {
    /// The program that gives the code that is asked for, where there is one.
    fn program(&self) -> Option<&CodeProgram> {
        match self {
            Self::Code(asked) => asked.program.as_ref(),
            Self::Login(_) => None,
        }
    }

    fn program_mut(&mut self) -> Option<&mut CodeProgram> {
        match self {
            Self::Code(asked) => asked.program.as_mut(),
            Self::Login(_) => None,
        }
    }
}

/// A code that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeAsked {
    /// The profile that is signed in with, where one is named.
    pub profile: Option<String>,
    /// The device: an ARN, or the serial number of a hardware token.
    pub serial: String,
    /// What the code is for.
    pub purpose: Purpose,
    /// How many codes AWS has refused.
    pub refused: u32,
    /// The program that gives codes (`mfa_process`), where there is one.
    pub program: Option<CodeProgram>,
}

/// What a code is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A session of so many seconds, which all roles of the device share.
    Session(u32),
    /// This role, by its name.
    Role(String),
    /// This role, since AWS has refused to give a session: for the reason given, and with another code
    /// than the one before.
    RoleInstead {
        /// The role's name.
        role: String,
        /// What AWS says about the session.
        why: String,
    },
}

/// How a program that gives codes is getting on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeProgram {
    /// It is running, and has said this last, if anything: to touch a security key, perhaps.
    Running(Option<String>),
    /// It is to run with the terminal, and waits until it gets that ([`Reply::Terminal`]).
    WantsTerminal,
    /// It is running, and has the terminal.
    HasTerminal,
    /// Its code is on the way to AWS.
    Sent,
    /// It gave no code.
    Failed {
        /// Why, in words.
        why: String,
        /// It was run beside the screen, and asked for something on the terminal, which it could be
        /// given (`mfa_process_terminal`).
        reads_terminal: bool,
    },
}

/// A login that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginAsked {
    /// The SSO session, or the start URL of a profile without one.
    pub name: String,
    /// How one logs in.
    pub way: LoginWay,
    /// The login has to be over by then.
    pub until: DateTime<Utc>,
    /// Whether a browser was opened here, or why that did not work; `None` where it was not tried.
    pub opened: Option<Result<(), String>>,
    /// Whether the browser on this machine could be used instead of a code.
    pub may_browse: bool,
    /// What went wrong on the way and is not the end of it.
    pub problem: Option<String>,
}

/// How one logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginWay {
    /// The address is being asked for.
    Preparing,
    /// In a browser on this machine, which comes back to this program.
    Browser {
        /// The page.
        address: String,
    },
    /// In any browser on any machine.
    Device {
        /// The page.
        address: String,
        /// What the page has to show.
        code: String,
    },
}

impl LoginWay {
    /// The page to open, once it is known.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Preparing => None,
            Self::Browser { address } | Self::Device { address, .. } => Some(address),
        }
    }
}

/// Why a code that was typed did not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// It is no code: another number of digits, or something else.
    NotACode,
    /// AWS has refused it. The device shows the next one at this time.
    Refused(DateTime<Utc>),
    /// It was sent before, and counts once. The device shows the next one at this time.
    SentAlready(DateTime<Utc>),
}

impl CodeProblem {
    /// When the next code can be tried.
    #[must_use]
    pub fn next(self) -> Option<DateTime<Utc>> {
        match self {
            Self::NotACode => None,
            Self::Refused(at) | Self::SentAlready(at) => Some(at),
        }
    }
}

/// What a person answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The code.
    Code(SecretKey),
    /// Open the page in a browser on this machine.
    OpenHere,
    /// Log in with a code, in any browser.
    DeviceCode,
    /// Log in with the browser on this machine.
    Browser,
    /// The program that gives codes has the terminal, until it ends. The screen says it, once that is
    /// so.
    Terminal,
    /// Not now.
    Cancel,
}

/// What has become of a prompt, told by the task that asks.
#[derive(Clone, Debug)]
pub enum PromptNews {
    /// This is asked, or is asked now in place of what was before under the same number.
    Asked(PromptId, Box<Asked>),
    /// Nothing waits for an answer any more.
    Over(PromptId),
}

/// How to sign in where the usual way does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// With the code of an MFA device, whether or not the profile names one.
    Code,
    /// With a new login to IAM Identity Center.
    Login,
}

impl Prompt {
    /// Whether it changes by itself: something is under way, or a time runs down.
    pub(super) fn is_moving(&self, now: DateTime<Utc>) -> bool {
        match &self.asked {
            Asked::Login(_) => true,
            Asked::Code(asked) => {
                let runs = matches!(
                    asked.program,
                    Some(CodeProgram::Running(_) | CodeProgram::Sent)
                );
                let waits = self.problem.and_then(CodeProblem::next);
                self.is_sent || runs || waits.is_some_and(|at| at > now)
            }
        }
    }
}

/// The codes that were sent, as long as their devices may still show them.
#[derive(Debug, Default)]
pub(super) struct SentCodes(Vec<Sent>);

#[derive(Debug)]
struct Sent {
    serial: String,
    code: SecretKey,
    window: i64,
}

impl SentCodes {
    /// Notes that a code is being sent; says whether it was before, while its device showed it.
    fn note(&mut self, serial: &str, code: &str, now: DateTime<Utc>) -> bool {
        let window = window_of(now);
        self.0.retain(|sent| sent.window == window);
        let mut same = self.0.iter().filter(|sent| sent.serial == serial);
        if same.any(|sent| sent.code.expose() == code) {
            return true;
        }
        self.0.push(Sent {
            serial: serial.into(),
            code: SecretKey::new(code.into()),
            window,
        });
        false
    }
}

/// The window that a time is in, counted from 1970.
fn window_of(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(WINDOW)
}

/// When the device shows the next code.
fn next_code(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = (window_of(now) + 1).saturating_mul(WINDOW);
    let next = DateTime::from_timestamp(seconds, 0);
    next.unwrap_or(now + TimeDelta::seconds(WINDOW))
}

/// The digits of a code, without the blanks that a device may show between them; `None` where it is
/// none.
fn digits(typed: &str) -> Option<String> {
    let code: String = typed.split_whitespace().collect();
    let good = code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some(code)
}

impl Engine {
    /// The prompt of a session, while it is open.
    #[must_use]
    pub fn prompt(&self, session: SessionId, id: PromptId) -> Option<&Prompt> {
        let prompt = self.fleet.of(session)?.prompt.as_ref()?;
        (prompt.id == id).then_some(prompt)
    }

    /// What a prompt asks for, where a program waits for the terminal to answer it.
    #[must_use]
    pub fn wants_terminal(&self, session: SessionId, id: PromptId) -> Option<&CodeAsked> {
        let prompt = self.prompt(session, id).filter(|prompt| !prompt.is_sent)?;
        match &prompt.asked {
            Asked::Code(asked) if asked.program == Some(CodeProgram::WantsTerminal) => Some(asked),
            Asked::Code(_) | Asked::Login(_) => None,
        }
    }

    /// Whether a program that gives codes has the terminal.
    #[must_use]
    pub fn lends_terminal(&self) -> bool {
        let mut accounts = self.fleet.accounts().iter();
        accounts.any(|account| {
            let prompt = account.prompt.as_ref();
            let program = prompt.and_then(|prompt| prompt.asked.program());
            program == Some(&CodeProgram::HasTerminal)
        })
    }

    /// Takes notice of what is asked.
    pub(super) fn prompted(&mut self, session: SessionId, news: PromptNews) -> Option<()> {
        let now = self.now;
        let account = self.fleet.of_mut(session)?;
        match news {
            PromptNews::Asked(id, asked) => {
                let same = account.prompt.as_mut().filter(|prompt| prompt.id == id);
                let Some(prompt) = same else {
                    account.prompt = Some(Prompt {
                        id,
                        asked: *asked,
                        is_sent: false,
                        problem: None,
                    });
                    return Some(());
                };
                if let (Asked::Code(before), Asked::Code(after)) = (&prompt.asked, &*asked) {
                    if after.refused > before.refused {
                        prompt.problem = Some(CodeProblem::Refused(next_code(now)));
                        prompt.is_sent = false;
                    } else if after.purpose != before.purpose {
                        // Another code is asked for, and the one before was good.
                        prompt.is_sent = false;
                    }
                }
                prompt.asked = *asked;
            }
            PromptNews::Over(id) => {
                account.prompt.take_if(|prompt| prompt.id == id);
            }
        }
        Some(())
    }

    /// Carries an answer to the task that waits for it.
    pub(super) fn reply(&mut self, session: SessionId, id: PromptId, reply: Reply) -> Option<()> {
        let now = self.now;
        let account = self.fleet.of_mut(session)?;
        let prompt = account.prompt.as_mut().filter(|prompt| prompt.id == id)?;
        let reply = match (reply, &prompt.asked) {
            (Reply::Code(typed), Asked::Code(asked)) => {
                if prompt.is_sent {
                    return None;
                }
                let Some(code) = digits(typed.expose()) else {
                    prompt.problem = Some(CodeProblem::NotACode);
                    return Some(());
                };
                if self.codes.note(&asked.serial, &code, now) {
                    prompt.problem = Some(CodeProblem::SentAlready(next_code(now)));
                    return Some(());
                }
                prompt.is_sent = true;
                prompt.problem = None;
                Reply::Code(SecretKey::new(code))
            }
            (Reply::Terminal, Asked::Code(_)) if !prompt.is_sent => {
                let program = prompt.asked.program_mut();
                let waits = program.filter(|it| **it == CodeProgram::WantsTerminal)?;
                *waits = CodeProgram::HasTerminal;
                Reply::Terminal
            }
            (Reply::Cancel, _) => {
                account.prompt = None;
                // It was not wanted after all.
                account.means = None;
                Reply::Cancel
            }
            (reply @ (Reply::OpenHere | Reply::DeviceCode | Reply::Browser), Asked::Login(_)) => {
                reply
            }
            _ => return None,
        };
        self.effects.push(Effect::Reply(session, id, reply));
        Some(())
    }

    /// Copies the address of the page that one logs in on.
    pub(super) fn copy_address(&mut self, session: SessionId, id: PromptId) -> Option<()> {
        let Asked::Login(asked) = &self.prompt(session, id)?.asked else {
            return None;
        };
        let text = SecretKey::new(asked.way.address()?.into());
        self.effects.push(Effect::Copy(Clip {
            what: Copied::Address,
            key: String::new(),
            text,
        }));
        Some(())
    }

    /// Begins another session that is signed in to by other means than the usual ones. A login that an
    /// account is opened by is its source's: that logs in, and the account waits for it.
    pub(super) fn sign_in_with(&mut self, slot: Slot, target: Target, means: Means) -> Option<()> {
        if let Target::Member(member) = &target
            && means == Means::Login
        {
            let source = self.fleet.get(member.source)?.target.clone();
            self.fleet.get_mut(slot)?.wait_anew();
            return self.sign_in_with(member.source, source, means);
        }
        self.begin_session(slot, target, Some(means))
    }
}
