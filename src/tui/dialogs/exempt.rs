//! Until when a key is exempt from findings, and why, being typed. It goes into a tag of the user, where
//! the whole team has it.

use super::cancel;
use crate::{
    engine::{
        SessionId,
        findings::{Exemption, Rule, Standing, exemption_tag, exemptions},
        key_id::looks_like_a_secret,
        model::description_problem,
    },
    tui::{dialogs::LONG_LIMIT, prelude::*},
};
use chrono::{DateTime, Days, Utc};

/// A new exemption is proposed for so many days.
const PROPOSED: u64 = 90;

/// Said where a text was taken out.
const TAKEN_OUT: &str = "Taken out: 40 letters, digits or slashes in a row look like a secret, and anyone could read it. Type it in other words";

/// Asks until when a key is exempt, and why.
#[derive(Debug)]
pub(in crate::tui) struct Exempt {
    session: SessionId,
    user: Box<str>,
    key: String,
    /// The account in words, as it was known when this was opened.
    account: String,
    input: Input,
    /// It is for all keys of the user.
    all: bool,
    /// What is proposed where there is no exemption yet.
    proposed: String,
    /// What was typed looked like a secret, and nothing was typed since it was taken out.
    taken_out: bool,
    /// The text was edited: what the account says no longer goes into the field.
    touched: bool,
}

impl Exempt {
    /// Begins with the present exemption, as far as it is known.
    pub(in crate::tui) fn new(
        account: &Account,
        user: Box<str>,
        key: String,
        now: DateTime<Utc>,
    ) -> Self {
        let day = now.date_naive();
        let day = day.checked_add_days(Days::new(PROPOSED)).unwrap_or(day);
        let mut exempt = Self {
            session: account.session,
            user,
            key,
            account: account.identity.account(),
            input: Input::default(),
            all: false,
            proposed: format!("{day} "),
            taken_out: false,
            touched: false,
        };
        let text = exempt.stated(account).unwrap_or(&exempt.proposed);
        exempt.input = Input::new(text.to_owned());
        exempt
    }

    /// The key, where it is for this key alone.
    fn of(&self) -> Option<&str> {
        (!self.all).then_some(self.key.as_str())
    }

    /// What the tag says now, where it is known that there is one.
    fn stated<'a>(&self, account: &'a Account) -> Option<&'a str> {
        let tags = account.users.get(&self.user)?.tags.known()?;
        tags.exemption(self.of())
    }

    fn present<'a>(&self, engine: &'a Engine) -> Option<&'a str> {
        self.stated(engine.fleet.of(self.session)?)
    }

    /// What is typed; none where that is nothing.
    fn typed(&self) -> Option<&str> {
        Some(self.input.value().trim()).filter(|text| !text.is_empty())
    }

    /// What is wrong with what is typed.
    fn problem(&self, engine: &Engine) -> Option<String> {
        let Some(text) = self.typed() else {
            // That the field is empty is not what a person wanted.
            if self.taken_out {
                return Some(TAKEN_OUT.into());
            }
            return match self.present(engine) {
                Some(_) => None,
                None => Some("Type until when, and why: 2027-01-31 PLAT-212 dashboard move".into()),
            };
        };
        match Exemption::read(text) {
            Err(why) => Some(why),
            Ok(it) if !it.holds_on(engine.now().date_naive()) => {
                let today = engine.now().date_naive();
                Some(format!(
                    "{} is over already: in UTC it is {today}",
                    it.until
                ))
            }
            Ok(it) if it.why.is_empty() => Some("Say why, behind the date".into()),
            // One is proposed.
            Ok(it) if it.other_date().is_some() => Some(format!(
                "Two dates, {} and {}: leave one, and say why behind it",
                it.until,
                it.other_date().unwrap_or_default()
            )),
            Ok(_) => description_problem(text),
        }
    }

    /// Saves what is typed, where it is another exemption.
    fn save(&self, engine: &Engine) -> Vec<Ask> {
        // It is explained in place.
        if self.problem(engine).is_some() {
            return Vec::new();
        }
        // It was meant for the account that it names.
        if engine.fleet.of(self.session).is_none() {
            let text = "Another session is open now: nothing was saved";
            return vec![Ask::Complain(text.into())];
        }
        if let Some(change) = engine.pending_for(self.session.slot, &self.user, Some(&self.key)) {
            let text = format!("{} is under way", change.row().doing);
            return vec![Ask::Complain(text)];
        }
        let text = self.typed();
        if self.present(engine) == text {
            return vec![Ask::Close];
        }
        let change = Change::SetExemption {
            user: self.user.clone(),
            key: self.of().map(str::to_owned),
            text: text.map(str::to_owned),
        };
        let send = Intent::Send(self.session.slot, vec![change]);
        vec![Ask::Close, Ask::Intend(send)]
    }

    /// Puts what the account says into the field.
    fn fill(&mut self, engine: &Engine) {
        let text = self.present(engine).unwrap_or(&self.proposed).to_owned();
        if self.input.value() != text {
            self.input = Input::new(text);
        }
    }

    /// The rules that find the key, and that no such exemption takes it out of.
    fn found_all_the_same<'a>(&self, engine: &'a Engine) -> impl Iterator<Item = &'a Rule> {
        let account = engine.fleet.of(self.session);
        let places = account.and_then(|account| {
            let row = account.users.find(&self.user)?;
            let mut keys = account.users.rows()[row].known_keys();
            let key = keys.position(|key| key.id() == Some(&self.key))?;
            let (row, key) = (u32::try_from(row).ok()?, u16::try_from(key).ok()?);
            Some(account.findings.of(row, key))
        });
        let found = places.into_iter().flatten();
        found.filter(|rule| !rule.is_exemptible)
    }

    /// What exemptions say already, one a line.
    fn said(&self, lines: &mut Lines<'_>, canvas: &Canvas<'_>) {
        let Some(account) = canvas.engine.fleet.of(self.session) else {
            return;
        };
        let Some(row) = account.users.get(&self.user) else {
            return;
        };
        if row.tags.known().is_none() {
            lines.dim(if account.identity.tags_refused {
                "The user's tags may not be read. Saving replaces an exemption there is."
            } else {
                "Whether there is an exemption is not known yet."
            });
        }
        let key = row.known_keys().find(|key| key.id() == Some(&self.key));
        for stated in key.map_or_else(Vec::new, |key| exemptions(account, row, key, canvas.now)) {
            let by = stated.by.words();
            match &stated.standing {
                Standing::Holds(it) => lines.dim(format!("{by}: until {} {}", it.until, it.why)),
                Standing::Expired(it) => {
                    lines.dim(format!("{by}: expired {} {}", it.until, it.why));
                }
                Standing::Unreadable(text, why) => {
                    lines.failed(format!("{by}: {text} cannot be read: {why}"));
                }
            }
        }
    }
}

impl Dialog for Exempt {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Exempt
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, WIDTH);
        let problem = self.problem(canvas.engine);
        let may_save = problem.is_none();
        lines.strong(&self.key);
        lines.dim(format!("of {} in {}", self.user, self.account));
        lines.gap();
        let other = keymap::name(Context::Exempt, Action::OtherScope);
        lines.text(if self.all {
            format!("For all keys of {} ({other}: for this key)", self.user)
        } else {
            format!("For this key ({other}: for all keys of {})", self.user)
        });
        lines.field("Until, why", &self.input);
        match problem {
            Some(problem) if self.touched || self.typed().is_none() => lines.failed(problem),
            Some(problem) => lines.dim(problem),
            None if self.typed().is_none() => lines.dim("Empty removes the exemption."),
            None => lines.dim(format!("Tag {}", exemption_tag(self.of()))),
        }
        self.said(&mut lines, canvas);
        for rule in self.found_all_the_same(canvas.engine) {
            let title = visible(&rule.title);
            lines.warn(format!("{title}: it is found all the same"));
        }
        lines.gap();
        lines.text(
            "Findings count it apart until that day (UTC). Anyone who may list the user's tags can read why.",
        );
        let button = |action, verb| Button::of(Context::Exempt, action, verb);
        let verb = match self.typed() {
            None if !self.taken_out => "Remove",
            _ => "Exempt",
        };
        let save = button(Action::GoOn, verb).only_if(may_save);
        let buttons = vec![button(Action::Cancel, "Cancel"), save];
        Some(Frame::new("Exempt from findings", canvas.theme.accent, lines).buttons(1, buttons))
    }

    fn act(&mut self, action: Action, engine: &Engine) -> Vec<Ask> {
        match action {
            Action::GoOn => self.save(engine),
            Action::OtherScope => {
                self.all = !self.all;
                if !self.touched {
                    self.fill(engine);
                }
                Vec::new()
            }
            _ => cancel(action),
        }
    }

    fn follow(&mut self, engine: &Engine) -> bool {
        if !self.touched {
            self.fill(engine);
        }
        false
    }

    fn answers(&self, _engine: &Engine) -> Vec<Action> {
        vec![Action::Cancel, Action::GoOn]
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.input)
    }

    fn limit(&self) -> usize {
        LONG_LIMIT
    }

    fn edited(&mut self, _engine: &Engine) -> Vec<Ask> {
        self.touched = true;
        self.taken_out = looks_like_a_secret(self.input.value());
        if self.taken_out {
            self.input = Input::default();
        }
        Vec::new()
    }
}
