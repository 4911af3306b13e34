//! The rotation of a key: seven steps, which is next, and what is known of each. Where nothing tells
//! that the newer of two keys replaces the older, that is asked first.

use super::{Store, confirm::in_production, intend};
use crate::{
    engine::{
        Blocker, Evidence, READ_ONLY, Rotation, RotationAction, RotationStep, StoreIn,
        model::LastUsed, vault::Tried,
    },
    tui::prelude::*,
};
use std::cmp::Ordering;

/// How wide the mark and the name of a step are.
const HEAD: usize = 15;

/// Below this height, the steps that are done share a line, and those that are still to come.
const TALL: u16 = 24;

/// The rotation of a user's key: everything in it comes from the engine.
#[derive(Debug)]
pub(in crate::tui) struct Rotate {
    slot: Slot,
    user: Box<str>,
    /// The highlighted button: 0 is to leave for now.
    button: usize,
    /// What could be done when this was last looked up.
    possible: Vec<RotationAction>,
    /// The rotation is complete.
    done: bool,
}

impl Rotate {
    /// The rotation of this user's key.
    pub(in crate::tui) fn new(slot: Slot, user: Box<str>) -> Self {
        Self {
            slot,
            user,
            button: 0,
            possible: Vec::new(),
            done: false,
        }
    }

    /// What can be done: the buttons beyond the one that leaves it.
    fn actions(&self, engine: &Engine) -> Vec<RotationAction> {
        engine.rotation_actions(self.slot, &self.user)
    }

    /// Closes it. What waits for the look at the account is not wanted any more.
    fn leave(&self, engine: &Engine) -> Vec<Ask> {
        let approved = engine.approved(self.slot, &self.user);
        let drop = approved.map(|plan| Ask::Intend(Intent::Close(plan)));
        [Ask::Close].into_iter().chain(drop).collect()
    }

    fn take(&self, engine: &Engine, action: RotationAction) -> Vec<Ask> {
        let user = self.user.clone();
        if action != RotationAction::GoToDeletable {
            return intend(Intent::RotationAction(self.slot, user, action));
        }
        let slot = self.slot;
        let key = engine.deletable(slot, &user).map(|row| row.key.id.clone());
        key.map_or_else(Vec::new, |key| {
            vec![Ask::Close, Ask::GoToKey { slot, user, key }]
        })
    }

    /// Asks where the secret goes of the key that is about to be created.
    fn choose(&self, engine: &Engine, profile: bool) -> Vec<Ask> {
        let mut asks = intend(Intent::ChooseDestination(StoreIn {
            slot: self.slot,
            user: self.user.clone(),
            key: None,
            kind: Store::kind(profile),
        }));
        // Where no key is to be created, the engine says so.
        if self.actions(engine).contains(&RotationAction::Create) {
            asks.push(Ask::Open(Box::new(Store::new(&self.user, profile))));
        }
        asks
    }

    /// Writes the steps, and what is next.
    fn write(&self, lines: &mut Lines<'_>) {
        let (canvas, theme) = (lines.canvas, lines.theme);
        let rotation = canvas.engine.rotation(self.slot, &self.user);
        let tall = canvas.buffer.area.height >= TALL;
        self.write_account(lines);
        if let Some(blocker @ (Blocker::TwoKeys | Blocker::BothInUse)) = rotation.blocker {
            write_keys(lines, &rotation);
            lines.text(meaning_of(blocker, canvas.engine, &rotation));
            return;
        }
        if tall {
            for step in RotationStep::ALL {
                if step > RotationStep::Before {
                    lines.divider(theme.glyphs.stem);
                }
                self.write_step(lines, &rotation, step);
            }
        } else {
            let next = rotation.step as usize;
            let together = |lines: &mut Lines<'_>, mark, title, steps: &[RotationStep]| {
                let steps: Vec<&str> = steps.iter().map(|step| step.title()).collect();
                if !steps.is_empty() {
                    row(lines, mark, title, &steps.join(", "), theme.dim);
                }
            };
            let (before, after) = (&RotationStep::ALL[..next], &RotationStep::ALL[next + 1..]);
            together(lines, theme.glyphs.done, "done", before);
            self.write_step(lines, &rotation, rotation.step);
            together(lines, "", "then", after);
        }
        let rule = theme.glyphs.rule.repeat(lines.cells);
        if tall {
            // The stems go first where there is too little room.
            lines.push(Line::styled(rule, theme.dim));
        } else {
            lines.divider(rule);
        }
        if canvas.engine.approved(self.slot, &self.user).is_some() {
            let text = "Looking at the account first; done at once if nothing is different.";
            lines.waiting(text);
        } else {
            self.advise(lines, &rotation, tall);
        }
        let actions = self.actions(canvas.engine);
        if actions.contains(&RotationAction::Create) {
            let chosen = canvas.engine.destination(self.slot, &self.user);
            // Where the steps share a line, it is said nowhere else.
            if let (Some(chosen), false) = (chosen, tall) {
                let place = chosen.destination().words();
                lines.done(format!("Its secret goes to {place}: ready to write."));
            }
            let all = [
                (Action::WriteProfile, "secret to a profile"),
                (Action::SaveFile, "to a file"),
            ];
            lines.hints(Context::Rotate, &all);
        }
    }

    /// Writes which account it is in.
    fn write_account(&self, lines: &mut Lines<'_>) {
        if let Some(account) = lines.canvas.engine.fleet.get(self.slot) {
            let production = account.identity.is_production();
            let style = if production {
                lines.theme.warn
            } else {
                lines.theme.dim
            };
            lines.say(format!("in {}", account.identity.account()), style);
        }
    }

    /// Writes a step: done, next, or still to come.
    fn write_step(&self, lines: &mut Lines<'_>, rotation: &Rotation<'_>, step: RotationStep) {
        let (theme, glyphs) = (lines.theme, lines.theme.glyphs);
        let text = self.text_of(lines.canvas, rotation, step);
        let tried = rotation.new_key.map(|key| &key.tried);
        let works = matches!(tried, Some(Tried::Works(_))) || rotation.new.is_some_and(was_used);
        let untried = step == RotationStep::Check && !works;
        let (mark, style) = match step.cmp(&rotation.step) {
            Ordering::Less if untried => (glyphs.inactive, Style::new()),
            Ordering::Less => (glyphs.done, Style::new()),
            Ordering::Equal => (glyphs.next, theme.strong),
            Ordering::Greater => (glyphs.inactive, theme.dim),
        };
        row(lines, mark, step.title(), &text, style);
        if step == rotation.step
            && let Some(warning) = warning(lines.canvas, rotation)
        {
            let margin = Span::styled(format!("{:<HEAD$}", glyphs.stem), theme.dim);
            let behind = |mark| {
                let mark = Span::styled(format!("{mark:<2}"), theme.warn);
                Line::from_iter([margin.clone(), mark])
            };
            lines.behind(behind(glyphs.warn), behind(""), warning, theme.warn);
        }
    }

    /// What is known of a step.
    fn text_of(&self, canvas: &Canvas<'_>, rotation: &Rotation<'_>, step: RotationStep) -> String {
        let age = |row: &KeyRow| match row.key.created {
            Some(created) => format::long(canvas.now - created),
            None => "an unknown number of days".into(),
        };
        let used = |row: &KeyRow| {
            let dot = canvas.theme.glyphs.dot;
            words::used(&row.last_used, dot, canvas.now)
        };
        let (old, new) = (rotation.old, rotation.new);
        match step {
            RotationStep::Before => match (rotation.blocker, old, new) {
                (Some(Blocker::NotLoaded), ..) => "the keys are being asked for".into(),
                (Some(Blocker::NoKey), ..) => "no key".into(),
                (Some(Blocker::NoRoom), ..) => "no room for a new key beside the old".into(),
                (_, Some(old), None) => format!("one key, {} old; room for a second", age(old)),
                (_, Some(old), Some(_)) => {
                    let why = match rotation.evidence {
                        Some(Evidence::TookOver) => ", and the newer has taken over",
                        Some(Evidence::Created | Evidence::Said) | None => "",
                    };
                    format!("two keys; the older is {} old{why}", age(old))
                }
                _ => String::new(),
            },
            RotationStep::Create => match new.map(|new| (&new.key.id, new.key.created)) {
                None => "a second key, beside the old one".into(),
                Some((id, Some(created))) => format!("{id}, {}", format::ago(canvas.now - created)),
                Some((id, None)) => id.clone(),
            },
            RotationStep::Store => match (rotation.new_key, new) {
                (Some(key), _) if !key.stored.is_empty() => key.stored.join(", "),
                (Some(_), Some(_)) if rotation.blocker == Some(Blocker::SecretMayBeLost) => {
                    "its secret was thrown away".into()
                }
                (Some(_), Some(_)) => "its secret hasn't been saved yet".into(),
                (None, Some(new)) if new.was_used_by_others() => "in use, so it was stored".into(),
                (None, Some(new)) => used(new),
                _ => match canvas.engine.destination(self.slot, &self.user) {
                    Some(chosen) => format!("{}: ready to write", chosen.destination().words()),
                    None => "put its secret where it is needed".into(),
                },
            },
            RotationStep::Check => match (rotation.new_key.map(|key| &key.tried), new) {
                (Some(Tried::Works(caller)), _) => {
                    format!("authenticates as {} in {}", caller.name(), caller.account)
                }
                (Some(Tried::Trying(times, since)), _) => format!(
                    "tried {}, {} s; AWS takes some seconds {}",
                    match times {
                        1 => "once".to_owned(),
                        times => format!("{times} times"),
                    },
                    (canvas.now - *since).num_seconds().clamp(0, 60),
                    canvas.spinner()
                ),
                (Some(Tried::Refused(error)), _) => format!("not accepted: {}", error.short()),
                (_, Some(new)) if was_used(new) => used(new),
                (_, Some(_)) if rotation.step > step => "not seen to work yet".into(),
                _ => "is it accepted, and whose is it?".into(),
            },
            RotationStep::Watch => match old {
                Some(old) if rotation.step >= step => used(old),
                _ => "watch for use of the old key".into(),
            },
            RotationStep::Deactivate | RotationStep::Delete => {
                old.map_or_else(String::new, |old| old.key.id.clone())
            }
        }
    }

    /// Writes what this means, and what to do: below the steps.
    fn advise(&self, lines: &mut Lines<'_>, rotation: &Rotation<'_>, tall: bool) {
        let theme = lines.theme;
        let engine = lines.canvas.engine;
        let account = engine.fleet.get(self.slot);
        let is_own = |old: &KeyRow| account.is_some_and(|it| it.is_own(&old.key.id));
        let own = rotation.old.is_some_and(is_own);
        if own && (rotation.step <= RotationStep::Create || rotation.new_key.is_some()) {
            let text = "iamkeys is signed in with the old key, and continues with the new one.";
            lines.say(text, theme.warn);
        } else if own && rotation.step == RotationStep::Deactivate {
            let text = "iamkeys is signed in with the old key: the session ends.";
            lines.marked(theme.glyphs.warn, text, theme.bad);
        } else if rotation.new_key.is_some_and(|key| key.replaces_own) && !own {
            let text = "iamkeys is signed in with the new key now.";
            lines.say(text, theme.good);
        }
        lines.text(match rotation.blocker {
            Some(blocker) => meaning_of(blocker, engine, rotation),
            None if engine.settings.read_only => format!("{READ_ONLY}."),
            None => meaning(engine, rotation),
        });
        if matches!(
            rotation.step,
            RotationStep::Watch | RotationStep::Deactivate
        ) && let Some(old) = rotation.old
            && let Some(words) = engine.impact_words(self.slot, &old.key.id)
        {
            lines.text(format!("The old key: {words}."));
        }
        let known =
            |old: &KeyRow| matches!(old.key.status, KeyStatus::Active | KeyStatus::Inactive);
        if tall && rotation.old.is_some_and(known) && rotation.new.is_some() {
            lines.dim("You can leave here and come back: progress is read from the account.");
        }
    }
}

/// The button of an action: what presses it, and its verb.
fn button_of(action: RotationAction) -> (Action, &'static str) {
    match action {
        RotationAction::Replacing => (Action::NextStep, "It is replacing it"),
        RotationAction::Independent => (Action::Independent, "Both are in use"),
        RotationAction::Create => (Action::NextStep, "Create"),
        RotationAction::Deactivate => (Action::NextStep, "Deactivate"),
        RotationAction::Delete => (Action::NextStep, "Delete"),
        RotationAction::DeleteNew => (Action::NextStep, "Delete the newer"),
        RotationAction::GoToDeletable => (Action::NextStep, "Go to one that can go"),
        RotationAction::Undo => (Action::Undo, "Undo"),
        RotationAction::RollBack => (Action::RollBack, "Roll back"),
    }
}

impl Dialog for Rotate {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Rotate
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 78);
        self.write(&mut lines);
        let rotation = canvas.engine.rotation(self.slot, &self.user);
        let leave = match rotation.blocker {
            Some(Blocker::TwoKeys) => "Cancel",
            _ => "Leave for now",
        };
        let mut buttons = vec![Button::plain(leave)];
        for (action, verb) in self.actions(canvas.engine).into_iter().map(button_of) {
            buttons.push(Button::of(Context::Rotate, action, verb));
        }
        let title = format!("Rotate {}", visible(&self.user));
        let title = in_production(canvas, self.slot, title);
        let highlighted = self.button.min(buttons.len() - 1);
        Some(Frame::new(title, canvas.theme.accent, lines).buttons(highlighted, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::Refresh => intend(Intent::Rotate(self.slot, self.user.clone())),
            Action::WriteProfile if !engine.settings.read_only => self.choose(engine, true),
            Action::SaveFile if !engine.settings.read_only => self.choose(engine, false),
            _ => {
                let mut possible = self.actions(engine).into_iter();
                match possible.find(|it| button_of(*it).0 == action) {
                    Some(next) => self.take(engine, next),
                    None if action == Action::Cancel => self.leave(engine),
                    None if engine.settings.read_only && action.is_change() => {
                        vec![Ask::Complain(READ_ONLY.into())]
                    }
                    None => Vec::new(),
                }
            }
        }
    }

    /// Whether one key replaces the other is answered here, by the last uses that are stated of both.
    /// Nothing else that is done at once depends on one that is loading: that is confirmed in another
    /// dialog, which waits for its own facts.
    fn is_complete(&self, engine: &Engine) -> bool {
        let rotation = engine.rotation(self.slot, &self.user);
        let keys = [rotation.old, rotation.new].into_iter().flatten();
        let asks = matches!(
            rotation.blocker,
            Some(Blocker::TwoKeys | Blocker::BothInUse)
        );
        !asks || keys.into_iter().all(|row| !row.last_used.is_awaited())
    }

    fn awaits(&self, _engine: &Engine) -> Option<(Slot, Box<str>)> {
        Some((self.slot, self.user.clone()))
    }

    fn is_over(&self, _engine: &Engine) -> bool {
        self.done
    }

    /// A button that was another is not the one that was meant.
    fn follow(&mut self, engine: &Engine) -> bool {
        let possible = self.actions(engine);
        let same = possible == self.possible;
        if !same {
            self.button = 0;
            self.possible = possible;
        }
        !same
    }

    fn cover(&self, engine: &Engine) -> Option<Intent> {
        let plan = engine.approved(self.slot, &self.user)?;
        Some(Intent::Withdraw(plan))
    }

    fn hear(&mut self, news: &News) -> bool {
        if let News::RotationDone { slot, user } = news {
            self.done |= *slot == self.slot && user.eq_ignore_ascii_case(&self.user);
        }
        false
    }

    fn answers(&self, engine: &Engine) -> Vec<Action> {
        let actions = self.actions(engine).into_iter();
        let actions = actions.map(|action| button_of(action).0);
        [Action::Cancel].into_iter().chain(actions).collect()
    }

    fn highlighted(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.button)
    }
}

/// Writes the user's two keys, with what tells them apart.
fn write_keys(lines: &mut Lines<'_>, rotation: &Rotation<'_>) {
    let (canvas, theme) = (lines.canvas, lines.theme);
    for row in [rotation.old, rotation.new].into_iter().flatten() {
        lines.gap();
        lines.strong(format!("{}  {}", row.key.id, row.key.status.word()));
        let age = match row.key.created {
            Some(created) => format::old(canvas.now - created),
            None => "age not known".into(),
        };
        let used = words::used(&row.last_used, theme.glyphs.dot, canvas.now);
        lines.below(format!("{age}, {used}"));
    }
    lines.gap();
}

/// Writes a line with a mark, a name and a text, which goes on below itself.
fn row(lines: &mut Lines<'_>, mark: &str, title: &str, text: &str, style: Style) {
    let first = Span::styled(format!("{mark:<3}{title:<12}"), style);
    if text.is_empty() {
        return lines.push(first);
    }
    let stem = lines.theme.glyphs.stem;
    let others = Span::styled(format!("{stem:<HEAD$}"), style);
    lines.behind(first, others, text, style);
}

fn was_used(row: &KeyRow) -> bool {
    matches!(row.last_used.known(), Some(LastUsed::At { .. }))
}

/// What to beware of in the step that is next.
fn warning(canvas: &Canvas<'_>, rotation: &Rotation<'_>) -> Option<String> {
    match (rotation.step, rotation.blocker) {
        (_, Some(Blocker::NewIsInactive)) => Some(format!(
            "{} is the newer, and Inactive: rolled back, or switched off",
            rotation.new?.key.id
        )),
        (_, Some(Blocker::WrongOwner)) => Some("it belongs to another user".into()),
        (RotationStep::Deactivate, _) => {
            let used = words::used_at(&rotation.old?.last_used, canvas.now);
            Some(format!("{used} (may lag some minutes)"))
        }
        _ => None,
    }
}

fn old_is_off(rotation: &Rotation<'_>) -> bool {
    let old = rotation.old;
    old.is_some_and(|old| old.key.status == KeyStatus::Inactive)
}

/// Whether it is known when the old key was used, or that it never was.
fn is_use_known(rotation: &Rotation<'_>) -> bool {
    let old = rotation.old;
    old.is_some_and(|old| old.last_used.known().is_some())
}

/// What to do about a new key whose secret may be lost.
fn may_be_lost(rotation: &Rotation<'_>) -> &'static str {
    if old_is_off(rotation) {
        "The old key is off, and only iamkeys has used the newer one, if at all. If its secret was \
         stored, wait for its first use. If not, roll back."
    } else if rotation.new_key.is_some() {
        "The secret of the new key is lost: delete the key and begin again."
    } else if rotation.new.is_some_and(was_used) {
        "Two keys, and the newer was only tried, as iamkeys tries a new one. If its secret was \
         stored, wait for its first use. If not, delete the newer key and begin again."
    } else {
        "Two keys, and the newer was never used. If its secret was stored, wait for its first \
         use. If not, delete the newer key and begin again."
    }
}

/// What this step means; empty where nothing needs to be said.
fn meaning(engine: &Engine, rotation: &Rotation<'_>) -> String {
    let old = rotation.old;
    match rotation.step {
        RotationStep::Create if old_is_off(rotation) => "The old key is off already.".into(),
        RotationStep::Create => "The old key stays as it is until you say so.".into(),
        RotationStep::Check => {
            let look = keymap::name(Context::Rotate, Action::Refresh);
            format!(
                "The new key has not been tried yet. Its first use shows here; {look} looks again."
            )
        }
        RotationStep::Deactivate => {
            let use_of_old = if !is_use_known(rotation) {
                "Whether the old key is in use is not known. "
            } else if old.is_some_and(|old| engine.is_warm(old)) {
                "The old key is still in use: the programs that use it need the new one first. "
            } else {
                ""
            };
            let undo = keymap::name(Context::Rotate, Action::Undo);
            format!("{use_of_old}Press {undo} to undo deactivating.")
        }
        RotationStep::Delete => "It was not used this week. Deleting can't be undone.".into(),
        RotationStep::Before | RotationStep::Store | RotationStep::Watch => String::new(),
    }
}

/// What it means that a rotation cannot go on, and what to do then.
fn meaning_of(blocker: Blocker, engine: &Engine, rotation: &Rotation<'_>) -> String {
    let in_list = |action| keymap::name(Context::Users, action);
    let (create, delete) = (in_list(Action::Create), in_list(Action::Delete));
    let toggle = in_list(Action::Toggle);
    let look = keymap::name(Context::Rotate, Action::Refresh);
    match blocker {
        Blocker::NotLoaded => String::new(),
        Blocker::NoKey => format!("Nothing to rotate: {create} creates a key."),
        Blocker::NoRoom => {
            "Delete a key first. It is offered only for one that is Inactive or was never used."
                .into()
        }
        Blocker::TwoKeys => {
            let id = |row: Option<&KeyRow>| row.map_or("", |row| &row.key.id).to_owned();
            let (old, new) = (id(rotation.old), id(rotation.new));
            if old_is_off(rotation) {
                format!("Is {new} replacing {old}, which is Inactive?")
            } else {
                format!("Is {new} replacing {old}, or are both in use independently?")
            }
        }
        Blocker::BothInUse => {
            "Both are in use. A rotation creates another key, which needs a free \
             key slot: Inactive keys count toward the limit. Work out which key isn't in use, \
             deactivate it, wait, then delete it."
                .into()
        }
        Blocker::NewIsInactive => format!(
            "It can be deleted to begin again, or activated in the list ({toggle}) to continue with it."
        ),
        Blocker::Asking => "When the keys were last used is being asked.".into(),
        Blocker::UseUnknown => format!(
            "Whether the newer key was ever used cannot be told, and so not whether its secret was \
             stored. Ask who created it; {toggle} and {delete} in the list work as ever."
        ),
        Blocker::SecretMayBeLost => may_be_lost(rotation).into(),
        Blocker::SecretNotStored => {
            "Nothing is done to the old key before the new secret is somewhere.".into()
        }
        Blocker::Trying => "A new key is not accepted everywhere at once.".into(),
        Blocker::Refused => format!(
            "The new key was not accepted. Leave the old one as it is: once the new one is used, \
             the rotation continues ({look} looks again). Or roll back."
        ),
        Blocker::NotListed => {
            format!("A new key was created, and AWS does not list it yet: {look} looks again.")
        }
        Blocker::WrongOwner => "Do not continue.".into(),
        Blocker::StillWarm => {
            // Out of use for long, and deactivated in this run.
            let only_just_off =
                |old: &KeyRow| !engine.is_warm(old) && engine.was_deactivated_here(&old.key.id);
            let (why, and_wait) = if !is_use_known(rotation) {
                ("Its last use is not known", "")
            } else if rotation.old.is_some_and(only_just_off) {
                (
                    "It was switched off just now: nothing can have missed it yet",
                    ", and wait some days",
                )
            } else {
                ("It was in use not long ago", ", and wait some days")
            };
            format!("{why}. See whether everything still runs{and_wait} before you delete it.")
        }
    }
}
