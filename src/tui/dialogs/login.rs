//! A login to IAM Identity Center, being waited for.

use super::intend;
use crate::{
    engine::{
        Need, PromptId, Reply, SessionId,
        prompt::{Asked, LoginAsked, LoginWay},
    },
    tui::{prelude::*, widgets::dialog::pieces},
};

/// How wide the text is: an address takes room.
const WIDE: u16 = 60;

/// So many lines of an address are shown: it can be copied whole.
const ADDRESS: usize = 3;

/// Waits for a login.
#[derive(Debug)]
pub(in crate::tui) struct LoginDialog {
    session: SessionId,
    prompt: PromptId,
}

impl LoginDialog {
    /// A login that has begun.
    pub(in crate::tui) fn new(session: SessionId, prompt: PromptId) -> Self {
        Self { session, prompt }
    }

    fn asked<'a>(&self, engine: &'a Engine) -> Option<&'a LoginAsked> {
        match &engine.prompt(self.session, self.prompt)?.asked {
            Asked::Login(asked) => Some(asked),
            Asked::Code(_) => None,
        }
    }

    fn reply(&self, reply: Reply) -> Vec<Ask> {
        intend(Intent::Reply(self.session, self.prompt, reply))
    }
}

impl Dialog for LoginDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Login
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let asked = self.asked(canvas.engine)?;
        let mut lines = Lines::new(canvas, WIDE);
        let mut hints = Vec::new();
        match &asked.way {
            LoginWay::Preparing => {}
            LoginWay::Browser { address } => {
                lines.text("Log in with the browser on this machine:");
                lines.gap();
                write_address(&mut lines, address);
                hints.push((Action::OpenPage, "open it again"));
                hints.push((Action::CopyAddress, "copy the address"));
                hints.push((Action::UseDeviceCode, "use a code instead"));
            }
            LoginWay::Device { address, code } => {
                lines.text("Open this page, in any browser on any machine:");
                lines.gap();
                write_address(&mut lines, address);
                lines.gap();
                let theme = lines.theme;
                lines.push(Line::from(vec![
                    Span::raw("and check that it shows this code  "),
                    Span::styled(visible(code).into_owned(), theme.strong),
                ]));
                hints.push((Action::OpenPage, "open it here"));
                hints.push((Action::CopyAddress, "copy the address"));
                if asked.may_browse {
                    hints.push((Action::UseBrowser, "use the browser here"));
                }
            }
        }
        if let Some(problem) = &asked.problem {
            lines.warn(problem);
        }
        if let Some(Err(why)) = &asked.opened {
            lines.warn(format!("No browser was opened here: {why}"));
        }
        lines.gap();
        let left = (asked.until - canvas.now).num_seconds().max(0);
        let (minutes, seconds) = (left / 60, left % 60);
        lines.waiting(match asked.way {
            LoginWay::Preparing => "asking IAM Identity Center for a page".into(),
            _ if minutes > 0 => format!("waiting for you, {minutes} min {seconds} s left"),
            _ => format!("waiting for you, {seconds} s left"),
        });
        lines.gap();
        hints.push((Action::Cancel, "not now"));
        lines.hints(Context::Login, &hints);
        lines.gap();
        lines.dim("The token goes where the aws command keeps it.");
        let title = format!("Sign in to {}", visible(&asked.name));
        Some(Frame::new(title, canvas.theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let asked = self.asked(engine);
        let way = asked.map(|asked| &asked.way);
        let ready = way.is_some_and(|way| way.address().is_some());
        match action {
            Action::OpenPage if ready => self.reply(Reply::OpenHere),
            Action::CopyAddress if ready => intend(Intent::CopyAddress(self.session, self.prompt)),
            Action::UseDeviceCode if matches!(way, Some(LoginWay::Browser { .. })) => {
                self.reply(Reply::DeviceCode)
            }
            Action::UseBrowser if asked.is_some_and(may_browse) => self.reply(Reply::Browser),
            Action::Cancel => self.reply(Reply::Cancel),
            _ => Vec::new(),
        }
    }

    fn need(&self) -> Option<Need> {
        Some(Need::Prompt(self.session, self.prompt))
    }

    fn is_over(&self, engine: &Engine) -> bool {
        self.asked(engine).is_none()
    }
}

/// Whether one can change over to the browser here.
fn may_browse(asked: &LoginAsked) -> bool {
    asked.may_browse && matches!(asked.way, LoginWay::Device { .. })
}

/// Writes an address, or the beginning of a long one.
fn write_address(lines: &mut Lines<'_>, address: &str) {
    let theme = lines.theme;
    let mut parts = pieces(&visible(address), lines.cells);
    if parts.len() > ADDRESS {
        parts.truncate(ADDRESS);
        if let Some(last) = parts.last_mut() {
            let cells = lines.cells.saturating_sub(width(theme.glyphs.more));
            *last = last.chars().take(cells).collect();
            last.push_str(theme.glyphs.more);
        }
    }
    for part in parts {
        lines.push(Line::styled(part, theme.strong));
    }
}
