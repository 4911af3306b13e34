//! The code of an MFA device, being typed.

use super::intend;
use crate::{
    engine::{
        Need, Prompt, PromptId, Reply, SecretKey, SessionId,
        account::Stage,
        prompt::{Asked, CodeAsked, CodeProblem, CodeProgram, DIGITS, MANY_REFUSALS, Purpose},
    },
    tui::prelude::*,
};

/// Asks for a code.
#[derive(Debug)]
pub(in crate::tui) struct CodeDialog {
    session: SessionId,
    prompt: PromptId,
    /// The digits.
    input: Input,
    /// How many codes were refused when it was looked at last.
    refused: u32,
    /// The text has changed since it was sent: what was wrong with its form may not be any more.
    is_edited: bool,
    /// A person has said that the program may have the terminal.
    gives_terminal: bool,
}

impl CodeDialog {
    /// Nothing is typed yet.
    pub(in crate::tui) fn new(session: SessionId, prompt: PromptId) -> Self {
        Self {
            session,
            prompt,
            input: Input::default(),
            refused: 0,
            is_edited: false,
            gives_terminal: false,
        }
    }

    fn prompt<'a>(&self, engine: &'a Engine) -> Option<(&'a Prompt, &'a CodeAsked)> {
        let prompt = engine.prompt(self.session, self.prompt)?;
        match &prompt.asked {
            Asked::Code(asked) => Some((prompt, asked)),
            Asked::Login(_) => None,
        }
    }

    fn reply(&self, reply: Reply) -> Vec<Ask> {
        intend(Intent::Reply(self.session, self.prompt, reply))
    }

    /// Whether a person has asked for what the code is for. The end of a session that is renewed comes by
    /// itself, while they type something else.
    fn is_asked_for(&self, engine: &Engine) -> bool {
        let account = engine.fleet.of(self.session);
        account.is_some_and(|account| account.stage == Stage::SigningIn)
    }

    /// Whether Enter gives the terminal to the program: there is no code to send.
    fn may_give_terminal(&self, engine: &Engine) -> bool {
        let wants = engine.wants_terminal(self.session, self.prompt).is_some();
        wants && self.input.value().is_empty() && !self.is_asked_for(engine)
    }

    /// The digits, apart, and a place for each that is still to come.
    fn digits(&self, lines: &mut Lines<'_>) {
        let theme = lines.theme;
        let typed: Vec<char> = self.input.value().chars().collect();
        let at = self.input.cursor().min(typed.len());
        let spaced = |digits: &[char]| -> String {
            let digits = digits.iter().map(|digit| format!("{digit} "));
            digits.collect()
        };
        let rest = vec!["_"; DIGITS.saturating_sub(typed.len())].join(" ");
        lines.push(Line::from(vec![
            Span::styled("Code   ", theme.dim),
            Span::styled(spaced(&typed[..at]), theme.strong),
            Span::styled(theme.glyphs.cursor, theme.accent),
            Span::styled(spaced(&typed[at..]), theme.strong),
            Span::styled(rest, theme.dim),
        ]));
    }
}

impl Dialog for CodeDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Code
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let (prompt, asked) = self.prompt(canvas.engine)?;
        let mut lines = Lines::new(canvas, WIDTH);
        lines.strong(&asked.serial);
        lines.dim(purpose(&asked.purpose));
        lines.gap();
        self.digits(&mut lines);
        let running = matches!(asked.program, Some(CodeProgram::Sent));
        let may_give = self.may_give_terminal(canvas.engine);
        if prompt.is_sent || running {
            lines.gap();
            lines.waiting("AWS is checking the code");
        } else {
            if prompt.problem.is_some() || asked.program.is_some() {
                lines.gap();
            }
            let problem = prompt.problem;
            let is_past =
                |problem: &CodeProblem| self.is_edited && *problem == CodeProblem::NotACode;
            if let Some(problem) = problem.filter(|problem| !is_past(problem)) {
                lines.warn(problem_words(problem, canvas));
            }
            if asked.refused >= MANY_REFUSALS {
                lines.below(
                    "Check that this is the right device, and that its clock and this machine's \
                     are right.",
                );
            }
            program(&mut lines, asked.program.as_ref());
            if may_give {
                lines.below("Enter runs it in the terminal until it ends.");
            }
        }
        let title = match &asked.profile {
            Some(name) => format!("MFA code for {}", visible(name)),
            None => "MFA code".into(),
        };
        let button = |action, verb| Button::of(Context::Code, action, verb);
        let may_send = !prompt.is_sent && self.input.value().len() == DIGITS;
        let buttons = vec![
            button(Action::Cancel, "Cancel"),
            if may_give {
                button(Action::GoOn, "Run it")
            } else {
                button(Action::GoOn, "Sign in").only_if(may_send)
            },
        ];
        Some(Frame::new(title, canvas.theme.accent, lines).buttons(1, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn if self.prompt(engine).is_some_and(|(it, _)| it.is_sent) => Vec::new(),
            Action::GoOn if self.may_give_terminal(engine) => {
                self.gives_terminal = true;
                Vec::new()
            }
            Action::GoOn => {
                self.is_edited = false;
                let code = SecretKey::new(self.input.value().to_owned());
                self.reply(Reply::Code(code))
            }
            Action::Cancel => self.reply(Reply::Cancel),
            _ => Vec::new(),
        }
    }

    fn need(&self) -> Option<Need> {
        Some(Need::Prompt(self.session, self.prompt))
    }

    fn gives_terminal(&self, engine: &Engine) -> bool {
        self.gives_terminal || self.is_asked_for(engine)
    }

    fn is_over(&self, engine: &Engine) -> bool {
        self.prompt(engine).is_none()
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        let refused = self.prompt(engine).map_or(0, |(_, asked)| asked.refused);
        if refused != self.refused {
            self.refused = refused;
            // The next one is another.
            self.input.reset();
        }
        false
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::GoOn]
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    /// With the blanks that a device may show, which are taken out.
    fn limit(&self) -> usize {
        2 * DIGITS
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        self.is_edited = true;
        let cursor = self.input.cursor();
        let typed = self.input.value().chars();
        let digits: String = typed.filter(char::is_ascii_digit).take(DIGITS).collect();
        if digits != self.input.value() {
            let cursor = cursor.min(digits.len());
            self.input = Input::new(digits).with_cursor(cursor);
        }
        Vec::new()
    }
}

fn purpose(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Session(seconds) => {
            let (number, unit) = match seconds {
                hours if hours % 3600 == 0 => (hours / 3600, "hour"),
                seconds => (seconds / 60, "minute"),
            };
            let plural = if number == 1 { "" } else { "s" };
            format!("A session of {number} {unit}{plural}, kept in memory only.")
        }
        Purpose::Role(role) => format!("To assume the role {role}."),
        Purpose::RoleInstead { role, why } => format!(
            "To assume the role {role}, with the next code. AWS gives no session that could assume \
             it: {why}"
        ),
    }
}

fn problem_words(problem: CodeProblem, canvas: &Canvas<'_>) -> String {
    let left = problem
        .next()
        .map(|at| (at - canvas.now).num_milliseconds());
    // The second that runs counts.
    let left = left.filter(|left| *left > 0);
    let left = left.map(|left| (left + 999) / 1000);
    match (problem, left) {
        (CodeProblem::NotACode, _) => format!("A code has {DIGITS} digits."),
        (CodeProblem::Refused(_), Some(left)) => format!(
            "That code was refused: wrong, used already, or too late. The next one can be tried in \
             {left} s."
        ),
        (CodeProblem::Refused(_), None) => {
            "That code was refused: wrong, used already, or too late. Try the one that the device \
             shows now."
                .into()
        }
        (CodeProblem::SentAlready(_), Some(left)) => {
            format!("That code was sent already; the next one can be tried in {left} s.")
        }
        (CodeProblem::SentAlready(_), None) => {
            "That code was sent already. Try the one that the device shows now.".into()
        }
    }
}

fn program(lines: &mut Lines<'_>, program: Option<&CodeProgram>) {
    match program {
        Some(CodeProgram::Running(said)) => {
            lines.waiting("mfa_process is running: touch your security key if it blinks.");
            if let Some(line) = said {
                lines.below(format!("It says: {line}"));
            }
        }
        Some(CodeProgram::WantsTerminal) => {
            lines.waiting("mfa_process is waiting for the terminal.");
        }
        Some(CodeProgram::HasTerminal) => lines.waiting("mfa_process has the terminal."),
        Some(CodeProgram::Failed {
            why,
            reads_terminal,
        }) => {
            lines.failed(format!("mfa_process gave no code: {why}"));
            if *reads_terminal {
                lines.below(
                    "Set mfa_process_terminal = true in the config file to give it the terminal.",
                );
            }
        }
        Some(CodeProgram::Sent) | None => {}
    }
}
