//! A new key with its secret. Only the person closes this.

use super::{Store, copy_as::CopyAs, discard::Discard, held, intend};
use crate::{
    engine::{
        Copied, CopyOutcome, Need, SecretKey, StoreIn,
        destination::{Form, Route},
        vault::{Destination, Kept, LastDone, NewKey},
    },
    tui::prelude::*,
};
use std::mem;

/// Below this height, what can be done stands in as few lines as possible.
const TALL: u16 = 24;

/// How many lines what was done last has.
const LAST: usize = 2;

/// How wide the labels of the values are.
const LABEL: usize = 19;

/// The dialog of a new key.
#[derive(Debug)]
pub(in crate::tui) struct NewKeyDialog {
    /// The key's ID.
    key: String,
    /// The secret is shown.
    revealed: bool,
    /// The form to copy in that is highlighted at first, among [`Form::ALL`].
    preset: usize,
}

impl NewKeyDialog {
    /// A dialog for the key with this ID.
    pub(in crate::tui) fn new(key: String) -> Self {
        Self {
            key,
            revealed: false,
            preset: 0,
        }
    }

    /// Highlights this form first, where a form to copy in is chosen.
    pub(in crate::tui) fn with_form(mut self, form: Form) -> Self {
        let preset = Form::ALL.iter().position(|known| *known == form);
        self.preset = preset.unwrap_or_default();
        self
    }

    fn copy(&self, what: Copied) -> Vec<Ask> {
        let key = self.key.clone();
        intend(Intent::Copy { key, what })
    }

    /// Asks where the secret is to go.
    fn store(&self, new: &NewKey, profile: bool) -> Vec<Ask> {
        let choose = Intent::ChooseDestination(StoreIn {
            slot: new.session.slot,
            user: new.user.clone(),
            key: Some(self.key.clone()),
            kind: Store::kind(profile),
        });
        let store = Store::new(&new.user, profile);
        vec![Ask::Intend(choose), Ask::Open(Box::new(store))]
    }

    /// What can be done with the key: a column each where there is room for that.
    fn actions(&self, lines: &mut Lines<'_>) {
        let tall = lines.canvas.buffer.area.height >= TALL;
        let of = |action: Action| (action, action.title());
        let short = |action: Action, title| (action, if tall { action.title() } else { title });
        let reveal = if self.revealed { "hide" } else { "reveal" };
        let all = [
            of(Action::CopySecret),
            short(Action::WriteProfile, "to a profile"),
            of(Action::CopyNewId),
            short(Action::SaveFile, "to a file"),
            of(Action::CopyAs),
            (Action::Reveal, reveal),
            of(Action::CloseNewKey),
        ];
        lines.column = if tall { 28 } else { 0 };
        for actions in all.chunks(if tall { 2 } else { all.len() }) {
            lines.hints(Context::NewKey, actions);
        }
    }

    /// What was done with the key last, and where its secret is; and if nothing can be, how to get at
    /// it. It has the same room whatever was done, so that nothing moves under a pointer.
    fn done_so_far(&self, lines: &mut Lines<'_>, new: &NewKey) {
        let canvas = lines.canvas;
        let room = dialog_room(canvas.buffer.area.height, false);
        let room = room.saturating_sub(lines.count(true));
        let above = lines.count(false);
        let tall = canvas.buffer.area.height >= TALL;
        let mut on_the_way = canvas.engine.vault.writing_to(&self.key);
        if let Some(destination) = on_the_way.next() {
            lines.waiting(format!("writing it to {}", destination.words()));
        } else if let Some(last) = new.last_done() {
            let (good, text) = match last {
                LastDone::Copied(what, outcome) => words::copied(what, outcome),
                LastDone::Written(place, result) => words::written(place, result),
            };
            if !good && !tall {
                // The places below name it as well, and the activity has all of it.
                let text = match last {
                    LastDone::Written(_, Err(why)) => format!("not written: {why}"),
                    _ => text,
                };
                let room = lines.cells.saturating_sub(2);
                lines.failed(shorten(&visible(&text), room, lines.theme.glyphs.more));
            } else if !good {
                lines.failed(text);
            } else if tall || !is_told_by_place(last) {
                lines.done(text);
            }
        }
        if !tall {
            write_places(lines, new);
        // A long path leaves no room for it.
        } else if lines.count(false) < above + LAST {
            let so_far = match &new.stored[..] {
                [] => String::new(),
                [place] => format!("stored: {place}"),
                places => format!("{} places: {}", places.len(), places.join(", ")),
            };
            let (so_far, more) = (visible(&so_far), lines.theme.glyphs.more);
            let so_far = shorten(&so_far, lines.cells.saturating_sub(2), more);
            lines.push(Line::styled(format!("  {so_far}"), lines.theme.dim));
        }
        lines.pad(above + LAST);
        let mut last = Lines::new(canvas, to_u16(lines.cells));
        self.remark(&mut last, new);
        last.pad(2);
        lines.keep_last(above, room.saturating_sub(last.count(true)));
        lines.append(last);
    }

    /// What to know about where the secret is.
    fn remark(&self, lines: &mut Lines<'_>, new: &NewKey) {
        let canvas = lines.canvas;
        let (dim, warn) = (lines.theme.dim, lines.theme.warn);
        let last = new.copied.last().map(|(_, outcome)| outcome);
        let failed = matches!(
            last,
            Some(CopyOutcome::Failed(_) | CopyOutcome::Unavailable(_))
        );
        let none = matches!(canvas.settings.clipboard, Route::Unavailable(_));
        let written = new.written.iter().any(|(_, result)| result.is_ok());
        let mut say = |text: &str, style| lines.marked(" ", text, style);
        match new.on_clipboard() {
            _ if !written && (failed || none) => {
                let key = keymap::name(Context::NewKey, Action::Reveal);
                let begin = if self.revealed {
                    "Select".to_owned()
                } else {
                    format!("Press {key} and select")
                };
                let text = format!("{begin} it with the mouse (hold Shift).");
                say(&text, Style::new());
            }
            Kept::Nowhere if written => {}
            // The list of places says where it is, and there is no room for more.
            Kept::Replaced | Kept::Cleared if written && canvas.buffer.area.height < TALL => {}
            Kept::Nowhere => say("Not saved anywhere yet.", dim),
            Kept::Replaced => say("The clipboard holds the key ID now, not the secret.", warn),
            Kept::Cleared => {
                let text = "The clipboard was cleared: the secret is not there any more.";
                say(text, warn);
            }
            // OSC 52 is not acknowledged, read back or cleared: the person is the only one who can.
            Kept::Perhaps | Kept::Somewhere
                if matches!(last, Some(CopyOutcome::SentToTerminal(_))) =>
            {
                let text = "Paste it somewhere to be sure. It stays on that clipboard: iamkeys \
                            cannot clear it.";
                say(text, dim);
            }
            _ => say(&while_it_is_there(canvas.engine.settings.clear_after), dim),
        }
    }
}

/// Whether the list of places tells all that came of it.
fn is_told_by_place(last: LastDone<'_>) -> bool {
    match last {
        LastDone::Copied(what, outcome) => {
            what.holds_secret() && *outcome == CopyOutcome::InSystemClipboard
        }
        LastDone::Written(_, result) => result.as_ref().is_ok_and(|it| it.unsure.is_none()),
    }
}

/// Writes each place where the secret was to go, side by side: a name gives way in its middle, a path
/// at its beginning.
fn write_places(lines: &mut Lines<'_>, new: &NewKey) {
    let (theme, cells) = (lines.theme, lines.cells);
    let glyphs = theme.glyphs;
    let on_clipboard = new.on_clipboard() == Kept::Somewhere;
    let clipboard = on_clipboard.then(|| (true, "clipboard".to_owned(), None));
    let written = new.written.iter().map(|(place, result)| match place {
        Destination::Profile(name) => (result.is_ok(), format!("profile {name}"), None),
        Destination::File(path) | Destination::Kept(path) => {
            (result.is_ok(), String::new(), Some(path))
        }
        Destination::External(external) => (result.is_ok(), external.words(), None),
    });
    let places: Vec<_> = clipboard.into_iter().chain(written).collect();
    let between = format!(" {} ", glyphs.dot);
    // Two share a line.
    let room = if places.len() > 1 {
        cells.saturating_sub(width(&between)) / 2
    } else {
        cells
    };
    let mut line = Line::default();
    for (is_there, name, path) in places {
        let (mark, style) = if is_there {
            (glyphs.done, theme.good)
        } else {
            (glyphs.failed, theme.bad)
        };
        let room = room.saturating_sub(width(mark) + 1);
        let place = match path {
            Some(path) => shorten_path(&visible(path), room, glyphs.more).into_owned(),
            None => shorten_name(&visible(&name), room, glyphs.more).into_owned(),
        };
        let place = Span::styled(format!("{mark} {place}"), style);
        if line.width() > 0 {
            if line.width() + width(&between) + place.width() > cells {
                lines.push(mem::take(&mut line));
            } else {
                line.push_span(Span::styled(between.clone(), theme.dim));
            }
        }
        line.push_span(place);
    }
    if line.width() > 0 {
        lines.push(line);
    }
}

/// How long the system's clipboard holds a secret.
fn while_it_is_there(clear_after: Option<u32>) -> String {
    // On X11 and Wayland the contents live in the program that copied them.
    let dies = cfg!(all(unix, not(target_os = "macos")));
    match clear_after {
        Some(seconds) => {
            format!("The clipboard is cleared {seconds} s after copying, and when iamkeys ends.")
        }
        None if dies => "The clipboard holds it as long as iamkeys runs.".into(),
        None => String::new(),
    }
}

/// A value behind its label; never cut off: below the label, and in lines if it has to be.
fn value(lines: &mut Lines<'_>, label: &str, value: &str, style: Style) {
    let dim = lines.theme.dim;
    if width(value) > lines.cells.saturating_sub(LABEL) {
        lines.dim(label);
        lines.say(value, style);
    } else {
        lines.labelled(label, LABEL, dim, value, style);
    }
}

impl Dialog for NewKeyDialog {
    fn context(&self, _engine: &Engine) -> Context {
        Context::NewKey
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let new = held(canvas.engine, &self.key)?;
        let secret = new.secret().map_or("", SecretKey::expose);
        let theme = canvas.theme;
        let wanted = (LABEL + width(secret).min(64)).max(62);
        let mut lines = Lines::new(canvas, to_u16(wanted));
        lines.dim(format!("in {}", new.account.words));
        lines.gap();
        value(&mut lines, "Access key ID", &new.id, theme.strong);
        let label = "Secret access key";
        if self.revealed {
            value(&mut lines, label, secret, theme.warn);
        } else {
            let hidden = theme.glyphs.hidden.repeat(width(secret));
            value(&mut lines, label, &hidden, theme.dim);
        }
        lines.gap();
        match &new.doubt {
            None => {
                let text = "AWS returns this secret only once. Save it before continuing.";
                lines.say(text, theme.warn);
            }
            Some(doubt) => lines.warn(format!(
                "This may not be the whole key: {doubt}. iamkeys is asking the account what was \
                 created."
            )),
        }
        lines.gap();
        self.actions(&mut lines);
        lines.divider(theme.glyphs.rule.repeat(lines.cells));
        self.done_so_far(&mut lines, new);
        let title = format!("New key for {}", visible(&new.user));
        Some(Frame::new(title, theme.accent, lines))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let Some(new) = held(engine, &self.key) else {
            return Vec::new();
        };
        let key = self.key.clone();
        match action {
            Action::CopySecret => self.copy(Copied::Secret),
            Action::CopyNewId => self.copy(Copied::KeyId),
            Action::CopyAs => vec![Ask::Open(Box::new(CopyAs::new(key, self.preset)))],
            Action::WriteProfile => self.store(new, true),
            Action::SaveFile => self.store(new, false),
            Action::Reveal => {
                self.revealed = !self.revealed;
                Vec::new()
            }
            Action::CloseNewKey if new.is_only_copy() => {
                vec![Ask::Open(Box::new(Discard::new(key)))]
            }
            Action::CloseNewKey => intend(Intent::Release(key)),
            _ => Vec::new(),
        }
    }

    fn need(&self) -> Option<Need> {
        Some(Need::NewKey(self.key.clone()))
    }

    fn is_over(&self, engine: &Engine) -> bool {
        held(engine, &self.key).is_none()
    }
}
