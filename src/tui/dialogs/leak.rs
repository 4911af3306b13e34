//! A leaked key, dealt with to the end: the steps of the response, of which the one under the cursor is
//! open. Where each stands comes from the engine, which derives it from the account.

mod evidence;
mod press;
mod sessions;
mod words;

pub(super) use evidence::EvidenceDialog;

use super::{Find, Rotate, confirm::in_production, intend};
use crate::{
    engine::{
        Copied, KeyId, LeakStep, Proposal, READ_ONLY,
        impact::CredentialKind,
        leak::{Harm, Leak, Other, Quarantine, StepState},
    },
    tui::prelude::*,
};
use std::ops::Range;

/// How wide the mark, the number and the name of a step are.
const HEAD: usize = 22;

/// Below this height there are no lines of air.
const TALL: u16 = 24;

/// Below this width the border says less.
const NARROW: u16 = 80;

/// So many lines something has that cannot be in sight, as most have.
const UNSEEN: usize = 2;

/// How far what belongs to a step is set in.
const INDENT: usize = 4;

/// The response to the leak of a key: everything in it comes from the engine.
#[derive(Debug)]
pub(in crate::tui) struct LeakPage {
    slot: Slot,
    user: Box<str>,
    key: Box<str>,
    /// Where the cursor is, once a person has moved it: a step, or something in it. Until then it is on
    /// the step that is next.
    at: Option<(LeakStep, Option<usize>)>,
    /// How far what belongs to the cursor is scrolled, where it is longer than the page.
    below: usize,
    /// The same when a key was last pressed.
    was_below: usize,
    /// What the page that it was opened from goes on with once this one is closed.
    beneath: Option<Intent>,
}

impl LeakPage {
    /// The response to the leak of this key.
    pub(in crate::tui) fn new(slot: Slot, user: Box<str>, key: Box<str>) -> Self {
        Self {
            slot,
            user,
            key,
            at: None,
            below: 0,
            was_below: 0,
            beneath: None,
        }
    }

    /// The same, and what asks for what it needs.
    pub(in crate::tui) fn open(slot: Slot, user: Box<str>, key: Box<str>) -> Vec<Ask> {
        let page = Self::new(slot, user.clone(), key.clone());
        vec![
            Ask::Open(Box::new(page)),
            Ask::Intend(Intent::Leak { slot, user, key }),
        ]
    }

    fn leak<'a>(&'a self, engine: &'a Engine) -> Option<Leak<'a>> {
        engine.leak(self.slot, &self.user, &self.key)
    }

    /// The same, from a page that asks for something as long as it is open.
    pub(in crate::tui) fn open_over(
        slot: Slot,
        user: Box<str>,
        key: Box<str>,
        beneath: Intent,
    ) -> Vec<Ask> {
        let mut page = Self::new(slot, user.clone(), key.clone());
        page.beneath = Some(beneath);
        vec![
            Ask::Open(Box::new(page)),
            Ask::Intend(Intent::Leak { slot, user, key }),
        ]
    }

    /// Where the cursor is: what was under it may be gone.
    fn place(&self, leak: &Leak<'_>) -> (LeakStep, Option<usize>) {
        let (step, item) = self.at.unwrap_or((leak.step(), None));
        let item = item.and_then(|item| Some(item.min(items(leak, step).checked_sub(1)?)));
        (step, item)
    }

    /// Proposes a change, which is confirmed in another dialog.
    fn propose(&self, change: Change) -> Vec<Ask> {
        intend(Intent::Propose(self.slot, Proposal::from(change)))
    }

    fn rotate(&self) -> Vec<Ask> {
        let (slot, user) = (self.slot, self.user.clone());
        vec![
            Ask::Open(Box::new(Rotate::new(slot, user.clone()))),
            Ask::Intend(Intent::Rotate(slot, user)),
        ]
    }

    fn save(&self, engine: &Engine) -> Vec<Ask> {
        let dialog = EvidenceDialog::new(self.slot, &self.user, &self.key, engine);
        vec![Ask::Open(Box::new(dialog))]
    }

    /// Goes on with what is under the cursor.
    fn go_on(&self, engine: &Engine, leak: &Leak<'_>) -> Vec<Ask> {
        let (step, item) = self.place(leak);
        match (step, item) {
            (LeakStep::Harm, Some(at)) => match leak.harm[at].key() {
                Some((key, user)) => self.respond_to(engine, user, key),
                None => Vec::new(),
            },
            (LeakStep::Others, Some(at)) => match leak.others()[at] {
                // One that the leaked key has made is whoever's has it.
                Other::Key(row) if leak.has_made(&row.key.id) => {
                    self.respond_to(engine, &self.user, &row.key.id)
                }
                Other::Key(row) => self.go_to(&row.key.id),
                other @ Other::Credential(it) => {
                    if let Some(change) = leak.pending_to(&other) {
                        return vec![Ask::Complain(press::under_way(change))];
                    }
                    // Whoever goes on from step to step switches nothing on.
                    if it.active == Some(false) {
                        let toggle = keymap::name(Context::Leak, Action::Toggle);
                        let text = format!("It is Inactive already: {toggle} activates it");
                        return vec![Ask::Complain(text)];
                    }
                    let change = other.toggle(&self.user);
                    self.propose(change.unwrap_or_else(|| other.delete(&self.user)))
                }
            },
            (LeakStep::Replace, _) => self.rotate(),
            (LeakStep::Evidence, _) => self.save(engine),
            (LeakStep::Deactivate | LeakStep::Revoke, _) => {
                if engine.settings.read_only {
                    return vec![Ask::Complain(READ_ONLY.into())];
                }
                let (user, key) = (self.user.clone(), self.key.clone());
                match engine.leak_change(leak, step) {
                    Some(_) => intend(Intent::LeakStep(self.slot, user, key, step)),
                    None => vec![Ask::Complain(match leak.pending_in(step) {
                        Some(change) => press::under_way(change),
                        None => press::nothing_to_do(leak, step),
                    })],
                }
            }
            (LeakStep::Harm | LeakStep::Others, None) => Vec::new(),
        }
    }

    /// Goes to another key of the user, in the lists: it has not leaked.
    fn go_to(&self, key: &str) -> Vec<Ask> {
        let (slot, user, key) = (self.slot, self.user.clone(), key.to_owned());
        let leave = Ask::Intend(Intent::LeaveEvents(slot));
        vec![Ask::Close, leave, Ask::GoToKey { slot, user, key }]
    }

    /// Goes to another key, with the same page; one that is not known of is looked for.
    fn respond_to(&self, engine: &Engine, user: &str, key: &str) -> Vec<Ask> {
        if has_key(engine, self.slot, user, key) {
            let beneath = Intent::Leak {
                slot: self.slot,
                user: self.user.clone(),
                key: self.key.clone(),
            };
            return Self::open_over(self.slot, user.into(), key.into(), beneath);
        }
        match KeyId::read(key) {
            Ok(id) => vec![
                Ask::Open(Box::new(Find::of(self.slot, &id))),
                Ask::Intend(Intent::Search(self.slot, id)),
            ],
            Err(why) => vec![Ask::Complain(why.to_string())],
        }
    }

    /// The change to what is under the cursor that is under way.
    fn pending<'a>(&self, engine: &'a Engine, leak: &Leak<'a>) -> Option<&'a Change> {
        match self.place(leak) {
            (LeakStep::Harm, Some(at)) => {
                let (key, user) = leak.harm[at].key()?;
                engine.pending_for(self.slot, user, Some(key))
            }
            (LeakStep::Others, Some(at)) => leak.pending_to(&leak.others()[at]),
            _ => leak.pending_in(LeakStep::Deactivate),
        }
    }

    /// Whether no change to what is under the cursor is under way; else what is said of it.
    fn proves_idle(&self, engine: &Engine, leak: &Leak<'_>) -> Result<(), String> {
        match self.pending(engine, leak) {
            Some(change) => Err(press::under_way(change)),
            None => Ok(()),
        }
    }

    /// The change that switches what is under the cursor off or on, or the key itself; else why there
    /// is none.
    fn toggled(&self, engine: &Engine, leak: &Leak<'_>) -> Result<Change, String> {
        self.proves_idle(engine, leak)?;
        let not_known = |key: &str| {
            let look = keymap::name(Context::Leak, Action::Press);
            format!("{key} was not looked for yet: {look} does")
        };
        let change = match self.place(leak) {
            (LeakStep::Harm, Some(at)) => {
                let Some((key, user)) = leak.harm[at].key() else {
                    return Err("Only a key can be deactivated".into());
                };
                let account = engine.fleet.get(self.slot);
                let keys = account.and_then(|account| account.users.keys(user));
                match keys.and_then(|keys| keys.iter().find(|row| row.key.id == key)) {
                    Some(row) => Other::Key(row).toggle(user),
                    None => return Err(not_known(key)),
                }
            }
            // An MFA device has no status, and yet is deactivated.
            (LeakStep::Others, Some(at)) => match leak.others()[at] {
                mfa @ Other::Credential(it) if it.kind == CredentialKind::MfaDevice => {
                    Some(mfa.delete(&self.user))
                }
                other => other.toggle(&self.user),
            },
            _ => match leak.row {
                Some(row) => Other::Key(row).toggle(&self.user),
                None => return Err(not_known(&self.key)),
            },
        };
        change.ok_or_else(|| {
            let delete = keymap::name(Context::Leak, Action::Delete);
            format!("It has no status: {delete} deletes it")
        })
    }

    /// The change that deletes what is under the cursor, not the key itself; else why there is none.
    fn deleted(&self, engine: &Engine, leak: &Leak<'_>) -> Result<Change, String> {
        self.proves_idle(engine, leak)?;
        match self.place(leak) {
            (LeakStep::Harm, Some(at)) => match leak.harm[at].key() {
                Some((key, user)) if has_key(engine, self.slot, user, key) => Ok(Change::Delete {
                    user: user.into(),
                    key: key.to_owned(),
                }),
                Some((key, _)) => Err(format!("{key} was not looked for yet")),
                None => Err("Only a key can be deleted here".into()),
            },
            (LeakStep::Others, Some(at)) => Ok(leak.others()[at].delete(&self.user)),
            _ => Err(
                "The leaked key is evidence: deactivate it. The list of keys deletes it.".into(),
            ),
        }
    }

    /// Proposes a change, or says why there is none.
    fn propose_or_say(&self, change: Result<Change, String>) -> Vec<Ask> {
        match change {
            Ok(change) => self.propose(change),
            Err(why) => vec![Ask::Complain(why)],
        }
    }

    /// What the keys do here: nothing is offered that does nothing, or would be refused.
    fn offers(&self, engine: &Engine, leak: &Leak<'_>) -> Vec<(Action, &'static str)> {
        let place = self.place(leak);
        let read_only = engine.settings.read_only;
        let press = press::press(engine, self.slot, leak, place);
        let mut offers = Vec::new();
        offers.extend(
            press
                .filter(|press| !(press.is_change && read_only))
                .map(|press| (Action::Press, press.verb)),
        );
        let pressed = press.map_or("", |press| press.verb);
        if place.1.is_some() && !read_only {
            let toggle = match self.toggled(engine, leak) {
                Ok(
                    Change::SetActive { active: true, .. }
                    | Change::SetCredential { active: true, .. },
                ) => "activate",
                Ok(_) => "deactivate",
                Err(_) => "",
            };
            let delete = match self.deleted(engine, leak) {
                Ok(_) if !press::is_mfa(leak, place) => "delete",
                _ => "",
            };
            let others = [(Action::Toggle, toggle), (Action::Delete, delete)];
            // The one that the first key does as well is told once.
            let others = others.into_iter();
            offers.extend(others.filter(|(_, verb)| !verb.is_empty() && *verb != pressed));
        }
        if !read_only && pressed != press::ROTATE {
            offers.push((Action::Rotate, press::ROTATE));
        }
        if place.0 != LeakStep::Evidence {
            offers.push((Action::SaveEvidence, "evidence"));
        }
        offers.push((Action::Refresh, "ask again"));
        offers.push((Action::Cancel, "back"));
        offers
    }

    /// Writes the page. Says which lines are of what the cursor is on, and which begin a step.
    ///
    /// What cannot be in sight is not laid out: a key may have done ten thousands of things.
    fn write(&self, lines: &mut Lines<'_>, leak: &Leak<'_>) -> (Range<usize>, Vec<usize>) {
        let mut on = 0..0;
        let mut steps = Vec::new();
        let mut is_on = false;
        let mut stop = |lines: &Lines<'_>, here: bool| {
            let line = lines.count(false);
            if is_on {
                on.end = line;
            }
            if here {
                on.start = line;
            }
            is_on = here;
        };
        self.write_head(lines, leak);
        let place = self.place(leak);
        for (number, step) in LeakStep::ALL.into_iter().enumerate() {
            steps.push(lines.count(false));
            stop(lines, place == (step, None));
            write_step(lines, leak, number + 1, step, place == (step, None));
            if place.0 == step {
                words::details(lines, leak, step);
                let others = leak.others();
                // Each has a line at least.
                let near = usize::from(lines.canvas.buffer.area.height);
                for at in 0..items(leak, step) {
                    let here = place == (step, Some(at));
                    stop(lines, here);
                    if at.abs_diff(place.1.unwrap_or(0)) > near {
                        (0..UNSEEN).for_each(|_| lines.gap());
                    } else {
                        self.write_item(lines, leak, &others, (step, at), here);
                    }
                }
                words::after_items(lines, leak, step, self.since(lines.canvas.engine));
            }
        }
        stop(lines, false);
        (on, steps)
    }

    /// Events from then on were asked for.
    fn since(&self, engine: &Engine) -> Option<chrono::DateTime<chrono::Utc>> {
        let account = engine.fleet.get(self.slot)?;
        Some(account.impacts.trail(&self.key)?.since)
    }

    /// Writes what it is about: the user, the account, and what AWS has done.
    fn write_head(&self, lines: &mut Lines<'_>, leak: &Leak<'_>) {
        let (canvas, theme) = (lines.canvas, lines.theme);
        let account = canvas.engine.fleet.get(self.slot);
        let (name, production) = account.map_or_else(Default::default, |account| {
            (account.identity.account(), account.identity.is_production())
        });
        let style = if production { theme.warn } else { theme.dim };
        lines.say(format!("of {} in {name}", self.user), style);
        if let Quarantine::By(policy) = leak.quarantine {
            let policy = policy.map(|policy| format!(": {policy}"));
            lines.warn(format!(
                "The policy that AWS attaches when it finds a key of a user in public is attached to \
                 {}{}. Leave it until this is dealt with.",
                self.user,
                policy.unwrap_or_default()
            ));
        }
        if canvas.engine.settings.read_only {
            lines.dim(format!("{READ_ONLY}."));
        }
    }

    /// Writes something in a step that can be chosen.
    fn write_item(
        &self,
        lines: &mut Lines<'_>,
        leak: &Leak<'_>,
        others: &[Other<'_>],
        (step, at): (LeakStep, usize),
        here: bool,
    ) {
        let (canvas, theme) = (lines.canvas, lines.theme);
        let item = match step {
            LeakStep::Harm => {
                let harm = &leak.harm[at];
                words::harm(canvas, harm, self.state_of(canvas.engine, harm).as_deref())
            }
            _ => words::other(canvas, leak, &others[at]),
        };
        let marker = if here { theme.glyphs.marker } else { " " };
        let style = match item.looks {
            words::Looks::Bad => theme.bad,
            words::Looks::Plain => Style::new(),
            words::Looks::Dim => theme.dim,
        };
        let before = Line::from_iter([
            Span::raw(" ".repeat(INDENT - 2)),
            Span::styled(format!("{marker:<2}"), theme.accent),
        ]);
        let below = Span::raw(" ".repeat(INDENT));
        lines.behind(before, below.clone(), item.first, theme.row(here, style));
        if !item.second.is_empty() {
            let below = Span::raw(" ".repeat(INDENT + 2));
            lines.behind(below.clone(), below, item.second, theme.dim);
        }
    }

    /// The status of a key that was made, as far as it is known.
    fn state_of(&self, engine: &Engine, harm: &Harm<'_>) -> Option<String> {
        let (key, user) = harm.key()?;
        if let Some(change) = engine.pending_for(self.slot, user, Some(key)) {
            return Some(press::doing(change).into());
        }
        let keys = engine
            .fleet
            .get(self.slot)
            .and_then(|it| it.users.keys(user));
        Some(match keys {
            None => "not looked for yet".into(),
            Some(keys) => match keys.iter().find(|row| row.key.id == key) {
                Some(row) => row.key.status.word().to_owned(),
                None => "not there any more".into(),
            },
        })
    }
}

/// Writes a step: how it stands, its name, and what is known of it.
fn write_step(lines: &mut Lines<'_>, leak: &Leak<'_>, number: usize, step: LeakStep, here: bool) {
    let theme = lines.theme;
    let (mark, style) = match leak.state(step) {
        StepState::Done => (theme.glyphs.done, theme.good),
        StepState::Open => (theme.glyphs.next, theme.warn),
        StepState::Judge => (theme.glyphs.warn, theme.warn),
        StepState::Unknown => (theme.glyphs.inactive, theme.dim),
    };
    let marker = if here { theme.glyphs.marker } else { " " };
    let title = format!("{number} {}", step.title());
    let style = theme.row(here, style);
    let strong = theme.row(here, theme.strong);
    let name_width = HEAD - INDENT;
    let first = Line::from_iter([
        Span::styled(format!("{marker:<2}"), theme.accent),
        Span::styled(format!("{mark:<2}"), style),
        Span::styled(format!("{title:<name_width$}"), strong),
    ]);
    let others = Span::raw(" ".repeat(HEAD));
    let summary = words::summary(lines.canvas, leak, step);
    let look = if here { Style::new() } else { theme.dim };
    lines.behind(first, others, summary, look);
}

/// How many things in a step can be chosen.
fn items(leak: &Leak<'_>, step: LeakStep) -> usize {
    match step {
        LeakStep::Harm => leak.harm.len(),
        LeakStep::Others => leak.others().len(),
        _ => 0,
    }
}

fn has_key(engine: &Engine, slot: Slot, user: &str, key: &str) -> bool {
    let account = engine.fleet.get(slot);
    account.is_some_and(|account| account.users.has_key(user, key))
}

impl Dialog for LeakPage {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Leak
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let leak = self.leak(canvas.engine)?;
        let height = canvas.buffer.area.height;
        let air = if height < TALL { 0 } else { 2 };
        let room = dialog_room(height, false).saturating_sub(air);
        // The keys are below everything, however much there is above them.
        let mut hints = Lines::new(canvas, 78);
        let all = self.offers(canvas.engine, &leak);
        hints.divider(canvas.theme.glyphs.rule.repeat(hints.cells));
        hints.hints(Context::Leak, &all);
        let room = room.saturating_sub(hints.count(false)).max(3);
        let mut lines = Lines::new(canvas, 78);
        let (on, steps) = self.write(&mut lines, &leak);
        if lines.count(false) + steps.len() <= room {
            lines.gaps_before(&steps);
        }
        let count = lines.count(false);
        let mut note = String::new();
        // What is longer than the page is scrolled before the cursor goes on.
        let longer = on.len().saturating_sub(room);
        if count > room {
            // What belongs to the cursor follows it, and the steps before it stay in sight.
            let middle = (on.start + room / 2).saturating_sub(room - 1);
            let first = middle.max(on.end.saturating_sub(room)).min(on.start);
            let first = if longer > 0 {
                on.start + self.below.min(longer)
            } else {
                first.min(count - room)
            };
            lines.keep_window(first, room);
            // The account in the title goes before the word between them.
            let of = if canvas.buffer.area.width < NARROW {
                "/"
            } else {
                " of "
            };
            note = format!("{}-{}{of}{count}", first + 1, first + room);
        }
        lines.append(hints);
        let title = format!("Leaked {}", visible(&self.key));
        let title = in_production(canvas, self.slot, title);
        let frame = Frame::new(title, canvas.theme.bad, lines).note(note);
        Some(frame.scrolled_inside(longer))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        let Some(leak) = self.leak(engine) else {
            return super::cancel(action);
        };
        match action {
            Action::Press | Action::Leaked => self.go_on(engine, &leak),
            Action::Toggle => self.propose_or_say(self.toggled(engine, &leak)),
            Action::Delete => self.propose_or_say(self.deleted(engine, &leak)),
            Action::Rotate => self.rotate(),
            Action::SaveEvidence => self.save(engine),
            Action::CopyId => intend(Intent::Copy {
                key: self.key.to_string(),
                what: Copied::KeyId,
            }),
            Action::Refresh => intend(Intent::LookAtLeak {
                slot: self.slot,
                user: self.user.clone(),
                key: self.key.clone(),
            }),
            Action::Cancel => {
                let slot = self.slot;
                let mut asks = vec![Ask::Close, Ask::Intend(Intent::LeaveEvents(slot))];
                asks.extend(self.beneath.clone().map(Ask::Intend));
                asks
            }
            Action::MoreEvents => {
                let seen = &leak.seen;
                let own = (!seen.capped.is_empty()).then_some(&*self.key);
                let sessions = seen.sessions.iter().filter(|it| !it.capped.is_empty());
                let keys = own.into_iter().chain(sessions.map(|it| it.key));
                let more = |key: &str| Ask::Intend(Intent::MoreEvents(self.slot, key.into()));
                let asks: Vec<Ask> = keys.map(more).collect();
                if asks.is_empty() {
                    return vec![Ask::Complain("No older events are known of".into())];
                }
                asks
            }
            _ => Vec::new(),
        }
    }

    fn awaits(&self, _engine: &Engine) -> Option<(Slot, Box<str>)> {
        Some((self.slot, self.user.clone()))
    }

    fn is_over(&self, engine: &Engine) -> bool {
        engine.fleet.get(self.slot).is_none()
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.below)
    }

    fn step(&mut self, by: isize, engine: &Engine) {
        let has_scrolled = self.below != self.was_below;
        let to_an_end = by.unsigned_abs() > usize::from(u16::MAX);
        if has_scrolled && !to_an_end {
            self.was_below = self.below;
            return;
        }
        (self.below, self.was_below) = (0, 0);
        let Some(leak) = self.leak(engine) else {
            return;
        };
        let mut places = Vec::new();
        for step in LeakStep::ALL {
            places.push((step, None));
            // What is in the other steps is not open.
            places.extend((0..items(&leak, step)).map(|at| (step, Some(at))));
        }
        let place = self.place(&leak);
        let at = places
            .iter()
            .position(|other| *other == place)
            .unwrap_or_default();
        let last = places.len() - 1;
        self.at = places.get(at.saturating_add_signed(by).min(last)).copied();
    }
}
