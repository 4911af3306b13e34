//! Where a new key's secret is to go: the name of a profile or the path of a file, and what would
//! change in a profile, before it does.

use super::{LONG_LIMIT, PASTE_LIMIT, intend};
use crate::{
    engine::{
        destination::{Layout, LineChange, default_name},
        key_id::is_a_secret,
        vault::{Agreeing, Choosing, DestinationKind, Medium, NEW_KEY, Phase, Profiles, Whose},
    },
    tui::{prelude::*, widgets::dialog::pieces},
};

/// Beyond this, a name makes a button too wide.
const ON_BUTTON: usize = 17;

/// Asks where a secret is to go.
#[derive(Debug)]
pub(in crate::tui) struct Store {
    /// A profile of the credentials file, or else a file of its own.
    profile: bool,
    /// The name or path that is typed.
    input: Input,
    /// The highlighted row of the profiles that match what is typed; `None` while only that counts.
    cursor: Option<usize>,
    /// The profile that holds the key to be replaced was highlighted, or the person was faster.
    offered: bool,
    /// The highlighted button: 0 is Cancel.
    button: usize,
    /// The first line shown of what would change.
    scroll: usize,
}

impl Store {
    /// Asks for a profile, or for the path of a file, for a key of this user.
    pub(in crate::tui) fn new(user: &str, profile: bool) -> Self {
        let input = if profile {
            Input::default()
        } else {
            Input::new(default_name(user))
        };
        Self {
            profile,
            input,
            cursor: None,
            offered: false,
            button: 0,
            scroll: 0,
        }
    }

    /// What sort of destination is asked for.
    pub(in crate::tui) fn kind(profile: bool) -> DestinationKind {
        if profile {
            DestinationKind::Profile
        } else {
            DestinationKind::File(Layout::Console)
        }
    }

    /// The profiles that match what is typed.
    fn matches<'a>(&self, choosing: &'a Choosing) -> Vec<&'a str> {
        let typed = self.input.value().to_lowercase();
        let known = choosing.profiles().iter().map(String::as_str);
        known
            .filter(|name| name.to_lowercase().contains(&typed))
            .collect()
    }

    /// The name that counts: the highlighted one, or else what is typed.
    fn name(&self, choosing: &Choosing) -> String {
        let chosen = self
            .cursor
            .and_then(|at| self.matches(choosing).get(at).copied());
        chosen.unwrap_or(self.input.value()).to_owned()
    }

    /// Another question is asked: what was highlighted and scrolled to was of the one before.
    fn start_over(&mut self) {
        self.button = 0;
        self.scroll = 0;
    }

    /// Goes on with the name or path that is typed.
    fn go_on(&mut self, engine: &Engine) -> Vec<Ask> {
        let Some(choosing) = engine.vault.choosing() else {
            return Vec::new();
        };
        let name = self.name(choosing);
        if !self.profile && is_a_secret(&name) {
            self.input.reset();
            let text = "That looks like a secret, not a path: taken out again";
            return vec![Ask::Complain(text.into())];
        }
        if self.profile && !name.is_empty() {
            self.input = Input::new(name.clone());
        }
        self.cursor = None;
        self.start_over();
        intend(Intent::NameDestination(name))
    }

    /// Does what is shown. While it is not known whose key would be replaced, the engine refuses.
    fn write(&mut self, engine: &Engine) -> Vec<Ask> {
        let choosing = engine.vault.choosing();
        if choosing.is_some_and(|choosing| choosing.whose() != Whose::Asking) {
            self.start_over();
        }
        intend(Intent::Write)
    }

    /// Writes a profile's name being typed, above those that there are.
    fn write_profile(&self, lines: &mut Lines<'_>, choosing: &Choosing, profiles: &Profiles) {
        let theme = lines.theme;
        subject(lines, choosing);
        match &profiles.found {
            None => lines.waiting("Looking for the profiles that there are"),
            Some(found) => {
                if let Some(path) = &found.path {
                    lines.dim(format!("in {path}"));
                }
                if let Err(why) = &found.profiles {
                    lines.warn(why);
                }
            }
        }
        lines.gap();
        lines.field("Profile:", &self.input);
        let name = self.name(choosing);
        let known = profiles.found.as_ref().map(|found| &found.profiles);
        match (&choosing.refused, known) {
            (Some(why), _) => lines.failed(why),
            (None, Some(Ok(known))) if known.contains(&name) => lines.dim(format!(
                "[{name}] is there: what it holds is shown before anything changes."
            )),
            (None, Some(Ok(_))) if !name.is_empty() => {
                lines.dim(format!("[{name}] will be new."));
            }
            _ => {}
        }
        let mut hints = Lines::new(lines.canvas, to_u16(lines.cells));
        let all = [
            (Action::GoOn, "continue"),
            (Action::TakeName, "complete"),
            (Action::Cancel, "back"),
        ];
        hints.gap();
        hints.hints(Context::Profile, &all);
        lines.gap();
        // The rows that fit, around the highlighted one.
        let used = lines.count(false) + hints.count(false);
        let room = dialog_room(lines.canvas.buffer.area.height, false);
        let room = room.saturating_sub(used).clamp(1, 10);
        let rows = self.matches(choosing);
        let first = self.cursor.map_or(0, |at| (at + 1).saturating_sub(room));
        for (at, name) in rows.iter().enumerate().skip(first).take(room) {
            let style = theme.row(self.cursor == Some(at), Style::new());
            let left = rows.len() - at - 1;
            let holds = choosing.holding().iter().any(|holder| holder == name);
            let held = choosing.replaces.as_deref().filter(|_| holds);
            let held = held.map(|key| format!("  holds {} now", visible(key)));
            let more = if at + 1 == first + room && left > 0 {
                format!("  and {left} more")
            } else {
                String::new()
            };
            let more = format!("{}{more}", held.unwrap_or_default());
            let cells = lines.cells.saturating_sub(2 + width(&more));
            let name = visible(name);
            let name = format!("  {}", shorten_name(&name, cells, theme.glyphs.more));
            let cells = width(&name);
            let name = Span::styled(name, style);
            let line = Line::from_iter([name, Span::styled(more, theme.dim)]);
            lines.choice(at, cells, line);
        }
        lines.append(hints);
    }

    /// Writes a file's path being typed.
    fn write_file(&self, lines: &mut Lines<'_>, choosing: &Choosing, layout: Layout) {
        subject(lines, choosing);
        lines.gap();
        lines.field("Path:", &self.input);
        if let Some(why) = &choosing.refused {
            lines.failed(why);
        }
        lines.gap();
        let (columns, other) = match layout {
            Layout::Console => (
                "Columns as in the console's file: key ID, secret.",
                "columns to import",
            ),
            Layout::Importable => (
                "Columns for aws configure import: user, key ID, secret.",
                "the console's columns",
            ),
        };
        lines.text(columns);
        let relative = if choosing.is_demo {
            "the temporary directory"
        } else {
            "the working directory"
        };
        lines.dim(format!(
            "Always a new file, readable by you only. Relative to {relative}."
        ));
        lines.gap();
        let has_key = choosing.key.is_some();
        let save = if has_key { "save" } else { "choose" };
        let all = [
            (Action::GoOn, save),
            (Action::OtherColumns, other),
            (Action::Cancel, "back"),
        ];
        lines.hints(Context::File, &all);
    }
}

impl Dialog for Store {
    fn context(&self, engine: &Engine) -> Context {
        match engine.vault.choosing().map(|it| (&it.phase, &it.medium)) {
            Some((Phase::Naming, Medium::Profile(_))) => Context::Profile,
            Some((Phase::Naming, Medium::File(_))) => Context::File,
            _ => Context::Plan,
        }
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let choosing = canvas.engine.vault.choosing()?;
        let theme = canvas.theme;
        let whose = choosing.whose();
        let name = &choosing.name;
        // A key ID behind its name has room, and so have most paths.
        let mut lines = Lines::new(canvas, 68);
        let mut buttons = Vec::new();
        let title = match (&choosing.phase, &choosing.medium) {
            (Phase::Naming, Medium::Profile(profiles)) => {
                self.write_profile(&mut lines, choosing, profiles);
                "Write to a profile"
            }
            (Phase::Naming, Medium::File(layout)) => {
                self.write_file(&mut lines, choosing, *layout);
                "Save as a file"
            }
            // This dialog offers no such destination.
            (Phase::Naming, Medium::External(_)) | (Phase::Found(_), _) => "Store",
            (Phase::Agreeing(agreeing), _) => {
                review(&mut lines, choosing, agreeing);
                let write = Button::of(Context::Plan, Action::Write, &verb(choosing));
                let ready = !matches!(whose, Whose::Asking);
                buttons = vec![Button::plain("Cancel"), write.only_if(ready)];
                "What will change"
            }
            (Phase::Planning { .. }, _) => {
                working(&mut lines, &format!("Looking at [{name}]"));
                "Write to a profile"
            }
            (Phase::Writing(_), medium) => {
                let what = if choosing.key.is_some() {
                    "Writing"
                } else {
                    "Seeing whether it can be written:"
                };
                let profile = match medium {
                    Medium::Profile(_) => "profile ",
                    Medium::File(_) | Medium::External(_) => "",
                };
                working(&mut lines, &format!("{what} {profile}{name}"));
                "Writing"
            }
        };
        let border = match whose {
            Whose::Another(_) => theme.bad,
            _ => theme.accent,
        };
        Some(
            Frame::new(title, border, lines)
                .buttons(self.button, buttons)
                .scrolled(self.scroll),
        )
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.go_on(engine),
            Action::TakeName => self.take_row(self.cursor.unwrap_or(0), engine),
            Action::OtherColumns => intend(Intent::OtherColumns),
            Action::Write => self.write(engine),
            Action::OtherName => {
                self.start_over();
                intend(Intent::OtherName)
            }
            // It closes as soon as there is nothing to choose.
            Action::Cancel => intend(Intent::StopChoosing),
            _ => Vec::new(),
        }
    }

    fn is_over(&self, engine: &Engine) -> bool {
        engine.vault.choosing().is_none()
    }

    /// The profile that holds the key to be replaced is chosen, unless something is typed.
    fn follow(&mut self, engine: &Engine) -> bool {
        let holding = naming_profile(engine).is_some_and(|it| !it.holding().is_empty());
        if holding && !self.offered {
            self.offered = true;
            if self.input.value().is_empty() && self.cursor.is_none() {
                self.cursor = Some(0);
            }
        }
        false
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::Write]
    }

    fn highlighted(&mut self, engine: &Engine) -> Option<&mut usize> {
        is_agreeing(engine).then_some(&mut self.button)
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn limit(&self) -> usize {
        if self.profile {
            PASTE_LIMIT
        } else {
            LONG_LIMIT
        }
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        self.cursor = None;
        intend(Intent::ForgetRefusal)
    }

    fn scroll(&mut self, engine: &Engine) -> Option<&mut usize> {
        is_agreeing(engine).then_some(&mut self.scroll)
    }

    /// Above the first row is the text field.
    fn step(&mut self, by: isize, engine: &Engine) {
        if let Some(choosing) = naming_profile(engine) {
            let rows = self.matches(choosing).len();
            let at = self.cursor.map_or(0, |at| at + 1);
            let at = at.saturating_add_signed(by).min(rows);
            self.cursor = at.checked_sub(1);
        }
    }

    fn take_row(&mut self, row: usize, engine: &Engine) -> Vec<Ask> {
        let choosing = naming_profile(engine);
        let rows = choosing.map(|choosing| self.matches(choosing));
        let Some(name) = rows.and_then(|rows| rows.get(row).copied()) else {
            return Vec::new();
        };
        self.input = Input::new(name.to_owned());
        self.edited(engine)
    }
}

/// What is being chosen, while the name of a profile is awaited.
fn naming_profile(engine: &Engine) -> Option<&Choosing> {
    let choosing = engine.vault.choosing()?;
    match (&choosing.phase, &choosing.medium) {
        (Phase::Naming, Medium::Profile(_)) => Some(choosing),
        _ => None,
    }
}

/// Whether what would change is shown, to be agreed to.
fn is_agreeing(engine: &Engine) -> bool {
    let choosing = engine.vault.choosing();
    choosing.is_some_and(|it| matches!(it.phase, Phase::Agreeing(_)))
}

/// Writes what takes a moment, and the way back.
fn working(lines: &mut Lines<'_>, text: &str) {
    lines.marked(lines.canvas.spinner(), text, Style::new());
    lines.gap();
    lines.hints(Context::Plan, &[(Action::Cancel, "back")]);
}

/// Writes which key it is about.
fn subject(lines: &mut Lines<'_>, choosing: &Choosing) {
    let user = &choosing.user;
    lines.strong(match &choosing.key {
        Some(key) => format!("{key} of {user}"),
        None => format!("The key to be created for {user}"),
    });
    if choosing.is_demo {
        lines.dim("In the demo: into a temporary directory, removed when iamkeys ends.");
    }
}

/// The verb of the button that goes on.
fn verb(choosing: &Choosing) -> String {
    match choosing.whose() {
        Whose::Another(caller) if width(&visible(caller.name())) <= ON_BUTTON => {
            format!("Replace {}'s keys", visible(caller.name()))
        }
        Whose::Another(_) => "Replace their keys".into(),
        _ if choosing.key.is_none() => match choosing.medium {
            Medium::Profile(_) => "Use this profile".into(),
            Medium::File(_) => "Use this file".into(),
            Medium::External(_) => "Use this".into(),
        },
        _ => "Write".into(),
    }
}

/// Writes what would change. What decides comes first: on a small screen the rest has to be scrolled
/// to.
fn review(lines: &mut Lines<'_>, choosing: &Choosing, agreeing: &Agreeing) {
    let theme = lines.theme;
    let plan = &agreeing.plan;
    subject(lines, choosing);
    let path = match &choosing.medium {
        Medium::Profile(profiles) => profiles.found.as_ref().and_then(|it| it.path.as_deref()),
        Medium::File(_) | Medium::External(_) => None,
    };
    let what = match (plan.file_exists, plan.section_exists()) {
        (false, _) => ", in a new file:",
        (true, false) => ", a new section in",
        (true, true) => " in",
    };
    let path = path.unwrap_or_default();
    lines.dim(format!("[{}]{what} {path}", plan.profile));
    if agreeing.again {
        lines.warn("It has changed since it was shown. This is what it is now; decide again.");
    }
    verdict(lines, choosing);
    for beware in &plan.warnings {
        lines.warn(beware);
    }
    lines.gap();
    for line in &plan.lines {
        let (mark, style) = match line.change {
            LineChange::Kept => ("  ", theme.dim),
            LineChange::Removed => ("- ", theme.bad),
            LineChange::Added => ("+ ", theme.good),
        };
        let text = line.text.replace(NEW_KEY, "the new key's");
        for part in pieces(&visible(&text), lines.cells.saturating_sub(2)) {
            lines.push(Line::styled(format!("{mark}{part}"), style));
        }
    }
    lines.gap();
    let all = [
        (Action::OtherName, "another name"),
        (Action::Cancel, "back"),
    ];
    lines.hints(Context::Plan, &all);
}

/// Writes whose key is there now.
fn verdict(lines: &mut Lines<'_>, choosing: &Choosing) {
    let bad = lines.theme.bad;
    let account = lines.canvas.engine.fleet.of(choosing.session);
    let endpoint = account.and_then(|account| account.endpoint());
    let mut sentences = choosing.holder_words(endpoint).into_iter();
    let Some(first) = sentences.next() else {
        return;
    };
    match choosing.whose() {
        Whose::None => {}
        Whose::ThisKey | Whose::SameUser => lines.done(first),
        Whose::Asking => lines.waiting(first),
        Whose::NotAccepted | Whose::NotKnown(_) => lines.warn(first),
        Whose::Another(_) => {
            lines.marked(lines.theme.glyphs.warn, first, bad);
            let last = sentences.next_back();
            for text in sentences {
                lines.marked(" ", text, bad);
            }
            if let Some(follows) = last {
                lines.below(follows);
            }
        }
    }
}
