//! Codes of MFA devices: which device, where a code comes from, and the sessions that were made with
//! one in this run.

use super::{
    Problem,
    convert::{deepest, one_line},
    person::Question,
    programs,
};
use crate::engine::{
    Offer, Reply, SecretKey,
    prompt::{Asked, CodeAsked, CodeProgram, DIGITS},
};
use aws_credential_types::Credentials;
use secrecy::zeroize::Zeroizing;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The sessions that were made with a code, in memory only. Clones share them.
#[derive(Clone, Default)]
pub struct MfaSessions(Arc<Mutex<HashMap<(String, String), Kept>>>);

/// A session, once it is made. Whoever makes it holds the lock: others wait for it, and ask for no code
/// of their own.
pub(super) type Kept = Arc<tokio::sync::Mutex<Option<Credentials>>>;

impl fmt::Debug for MfaSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MfaSessions").finish_non_exhaustive()
    }
}

impl MfaSessions {
    /// The session of a key and a device.
    pub(super) fn of(&self, key: &str, serial: &str) -> Kept {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (key.to_owned(), serial.to_owned());
        sessions.entry(of).or_default().clone()
    }
}

/// Whether a device gives no codes: a security key or a passkey, which AWS takes in the browser only.
pub(super) fn gives_no_codes(serial: &str) -> bool {
    serial.contains(":u2f/")
}

/// A security key is no way to sign in here.
pub(super) fn no_codes(serial: &str) -> Problem {
    Problem {
        title: "A security key cannot be used here".into(),
        what: "AWS takes security keys and passkeys in the browser only: its API asks for the code of \
               an authenticator app or a hardware token."
            .into(),
        details: vec![one_line(serial)],
        advice: vec![
            "Add an authenticator app as a further MFA device of the user, and name it as mfa_serial."
                .into(),
        ],
        ..Problem::default()
    }
}

/// No code was given.
pub(super) fn not_given(profile: Option<&str>, serial: &str) -> Problem {
    let whose = match profile {
        Some(name) => format!("Profile {name} needs"),
        None => "These keys need".into(),
    };
    Problem {
        title: format!("{whose} an MFA code"),
        what: "The code was not given, so there is no session.".into(),
        details: vec![format!("device: {}", one_line(serial))],
        offer: Some(Offer::Code),
        ..Problem::default()
    }
}

/// AWS has refused to make a session, for another reason than the code.
pub(super) fn no_session(profile: Option<&str>, serial: &str, why: String) -> Problem {
    let whose = match profile {
        Some(name) => format!("profile {name}"),
        None => "these keys".into(),
    };
    Problem {
        title: format!("There is no session with MFA for {whose}"),
        what: "AWS refused to make a session with the code of this device.".into(),
        details: vec![why, format!("device: {}", one_line(serial))],
        advice: vec![
            "The device (mfa_serial) has to be one of the user whose keys these are.".into(),
        ],
        ..Problem::default()
    }
}

/// Whether this is AWS's answer to a code that is wrong, was used before, or comes too late. It tells
/// none from the others.
pub(super) fn is_wrong_code(code: &str, message: &str) -> bool {
    code == "AccessDenied" && message.contains("invalid MFA one time pass code")
}

/// A program that gives codes.
#[derive(Clone)]
pub(super) struct CodeCommand {
    /// The command, as the shell reads it. It may hold a password.
    pub command: SecretKey,
    /// It gets the terminal.
    pub terminal: bool,
}

impl CodeCommand {
    /// What is said of it before it runs.
    pub(super) fn begins(&self) -> CodeProgram {
        if self.terminal {
            CodeProgram::WantsTerminal
        } else {
            CodeProgram::Running(None)
        }
    }
}

/// What an answer to the question for a code comes to.
enum Answer {
    /// The code, or none.
    Code(Option<SecretKey>),
    /// The program may have the terminal.
    Terminal,
}

/// Waits for an answer.
async fn answer(question: &mut Question<'_>) -> Answer {
    loop {
        match question.reply().await {
            Reply::Code(code) => return Answer::Code(Some(code)),
            Reply::Cancel => return Answer::Code(None),
            Reply::Terminal => return Answer::Terminal,
            Reply::OpenHere | Reply::DeviceCode | Reply::Browser => {}
        }
    }
}

/// A code, from the program that gives them or from the person, whoever is first; none where the person
/// does not want to give one. The program is asked once.
pub(super) async fn next_code(
    question: &mut Question<'_>,
    asked: &mut CodeAsked,
    program: Option<CodeCommand>,
    programs: &programs::Programs,
) -> Option<SecretKey> {
    if let Some(CodeCommand { command, terminal }) = program {
        let ran = if terminal {
            run_with_terminal(question, asked, &command, programs).await
        } else {
            run_beside(question, asked, &command, programs).await
        };
        let given = match ran {
            Ran::Ended(given) => given,
            Ran::Answered(code) => {
                asked.program = None;
                return code;
            }
        };
        let (why, reads_terminal) = match given {
            Ok(output) => match code_of(&output) {
                Some(code) => {
                    asked.program = Some(CodeProgram::Sent);
                    question.now(Asked::Code(asked.clone()));
                    return Some(code);
                }
                None => (format!("it printed no code of {DIGITS} digits"), false),
            },
            Err(failure) => {
                let why = match failure.said() {
                    Some(line) => format!("{}: {line}", deepest(&failure)),
                    None => deepest(&failure),
                };
                (why, failure.reads_terminal())
            }
        };
        asked.program = Some(CodeProgram::Failed {
            why,
            reads_terminal,
        });
        question.now(Asked::Code(asked.clone()));
    }
    loop {
        if let Answer::Code(code) = answer(question).await {
            return code;
        }
    }
}

/// What came of running a program.
enum Ran {
    /// It has ended, with this.
    Ended(Result<Zeroizing<Vec<u8>>, programs::Failure>),
    /// The person was first.
    Answered(Option<SecretKey>),
}

/// Says how a program begins, unless that was said already: who was told of it may have answered.
fn begin(question: &Question<'_>, asked: &mut CodeAsked, begins: CodeProgram) {
    if asked.program.as_ref() != Some(&begins) {
        asked.program = Some(begins);
        question.now(Asked::Code(asked.clone()));
    }
}

/// Runs the program while its dialog is open: what it says is shown there, and the code can be typed.
async fn run_beside(
    question: &mut Question<'_>,
    asked: &mut CodeAsked,
    command: &SecretKey,
    programs: &programs::Programs,
) -> Ran {
    begin(question, asked, CodeProgram::Running(None));
    let (said, mut hears) = tokio::sync::watch::channel(String::new());
    let run = programs::run(command.expose(), programs, Some(&said));
    tokio::pin!(run);
    loop {
        tokio::select! {
            given = &mut run => return Ran::Ended(given),
            answer = answer(question) => if let Answer::Code(code) = answer {
                return Ran::Answered(code);
            },
            Ok(()) = hears.changed() => {
                let line = hears.borrow_and_update().clone();
                asked.program = Some(CodeProgram::Running(Some(line)));
                question.now(Asked::Code(asked.clone()));
            }
        }
    }
}

/// Runs the program in place of the screen, once that has let go of the terminal. Until then the code
/// can be typed.
async fn run_with_terminal(
    question: &mut Question<'_>,
    asked: &mut CodeAsked,
    command: &SecretKey,
    programs: &programs::Programs,
) -> Ran {
    begin(question, asked, CodeProgram::WantsTerminal);
    match answer(question).await {
        Answer::Code(code) => Ran::Answered(code),
        Answer::Terminal => {
            asked.program = Some(CodeProgram::HasTerminal);
            Ran::Ended(programs::run_with_terminal(command.expose(), programs).await)
        }
    }
}

/// The code that a program has printed: the last word of it, as of `ykman`, which may name the account
/// before it.
fn code_of(output: &[u8]) -> Option<SecretKey> {
    let word = str::from_utf8(output).ok()?.split_whitespace().last()?;
    let good = word.len() == DIGITS && word.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| SecretKey::new(word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{Person, Programs},
        engine::{PromptNews, prompt::Purpose},
    };
    use tokio::sync::mpsc;

    fn asked() -> CodeAsked {
        CodeAsked {
            profile: None,
            serial: "d".into(),
            purpose: Purpose::Session(900),
            refused: 0,
            program: None,
        }
    }

    fn failed(why: &str) -> CodeProgram {
        CodeProgram::Failed {
            why: why.into(),
            reads_terminal: false,
        }
    }

    /// A code from this program, and what was asked meanwhile; `answer` is given once it says something.
    async fn code_from(program: &str, answer: Option<Reply>) -> (Option<String>, Vec<CodeProgram>) {
        code_by(program, false, answer).await
    }

    /// The same, with the terminal or without.
    async fn code_by(
        program: &str,
        terminal: bool,
        answer: Option<Reply>,
    ) -> (Option<String>, Vec<CodeProgram>) {
        let (told, mut tells) = mpsc::unbounded_channel();
        let (person, answers) = Person::new(move |news| drop(told.send(news)));
        let mut question = person.ask(Asked::Code(asked())).await;
        let mut asked = asked();
        let command = Some(CodeCommand {
            command: SecretKey::new(program.to_owned()),
            terminal,
        });
        let programs = Programs::default();
        let code = next_code(&mut question, &mut asked, command, &programs);
        let mut seen = Vec::new();
        let mut answer = answer;
        let watch = async {
            while let Some(PromptNews::Asked(id, now)) = tells.recv().await {
                let Asked::Code(now) = *now else { continue };
                let Some(program) = now.program else { continue };
                let speaks = !matches!(program, CodeProgram::Running(None));
                seen.push(program);
                if let Some(answer) = answer.take_if(|_| speaks) {
                    answers.send((id, answer)).unwrap();
                }
            }
        };
        let code = tokio::select! {
            code = code => code,
            () = watch => None,
        };
        drop(question);
        while let Ok(PromptNews::Asked(_, now)) = tells.try_recv() {
            if let Asked::Code(CodeAsked {
                program: Some(program),
                ..
            }) = *now
            {
                seen.push(program);
            }
        }
        (code.map(|code| code.expose().to_owned()), seen)
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_gives_the_code_and_what_it_says_is_shown_meanwhile() {
        let (code, seen) = code_from("printf 'arn:… 417082'", None).await;
        assert_eq!(code.as_deref(), Some("417082"));
        assert_eq!(seen, [CodeProgram::Running(None), CodeProgram::Sent]);

        // It waits for a touch, and the person would rather type.
        let typed = Reply::Code(SecretKey::new("111222".into()));
        let waits = "echo 'Touch it...' >&2; exec sleep 50";
        let (code, seen) = code_from(waits, Some(typed)).await;
        assert_eq!(code.as_deref(), Some("111222"));
        let said = CodeProgram::Running(Some("Touch it...".into()));
        assert_eq!(seen, [CodeProgram::Running(None), said]);

        let (code, seen) = code_from("echo 'No key.' >&2; exit 3", Some(Reply::Cancel)).await;
        assert_eq!(code, None);
        let why = "the program failed: exit status: 3: No key.";
        let last = seen.last();
        let cancelled = matches!(last, Some(CodeProgram::Running(Some(said))) if said == "No key.");
        assert!(cancelled || last == Some(&failed(why)), "{seen:?}");

        let (_, seen) = code_from("echo none", Some(Reply::Cancel)).await;
        let why = failed("it printed no code of 6 digits");
        assert_eq!(seen.last(), Some(&why));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_gets_the_terminal_waits_for_it() {
        let gets = Some(Reply::Terminal);
        let (code, seen) = code_by("echo 417082", true, gets).await;
        assert_eq!(code.as_deref(), Some("417082"));
        assert_eq!(seen, [CodeProgram::WantsTerminal, CodeProgram::Sent]);

        // Not run at all: the person was first.
        let typed = Some(Reply::Code(SecretKey::new("111222".into())));
        let (code, seen) = code_by("echo 417082", true, typed).await;
        assert_eq!(code.as_deref(), Some("111222"));
        assert_eq!(seen, [CodeProgram::WantsTerminal]);
        let (code, seen) = code_by("echo 417082", true, Some(Reply::Cancel)).await;
        assert_eq!((code, seen), (None, vec![CodeProgram::WantsTerminal]));
    }

    #[test]
    fn a_program_may_name_the_account_before_its_code() {
        let code = |text: &str| code_of(text.as_bytes()).map(|code| code.expose().to_owned());
        assert_eq!(code("417082\n").as_deref(), Some("417082"));
        assert_eq!(
            code("arn:aws:…:mfa/alice  417082").as_deref(),
            Some("417082")
        );
        for text in ["", "41708", "4170822", "41708a", "417082 s"] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_refusal_of_a_code_asks_for_another() {
        let wrong = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
        assert!(is_wrong_code("AccessDenied", wrong));
        let other = "MultiFactorAuthentication failed, unable to validate MFA code.";
        assert!(!is_wrong_code("AccessDenied", other));
        assert!(!is_wrong_code("ValidationError", wrong));
    }
}
