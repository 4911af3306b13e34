//! Everything that is known of a key.

use crate::tui::prelude::*;
use chrono::{DateTime, Utc};

/// How wide the labels are.
const LABEL: usize = 12;

/// The details of a key.
#[derive(Debug)]
pub(in crate::tui) struct Details {
    slot: Slot,
    user: Box<str>,
    key: String,
    /// The first line shown.
    scroll: usize,
}

impl Details {
    /// The details of this user's key.
    pub(in crate::tui) fn new(slot: Slot, user: Box<str>, key: String) -> Self {
        Self {
            slot,
            user,
            key,
            scroll: 0,
        }
    }

    /// The account, the user and the key, while they are there.
    fn found<'a>(&self, engine: &'a Engine) -> Option<(&'a Account, &'a UserRow, &'a KeyRow)> {
        let account = engine.fleet.get(self.slot)?;
        let row = account.users.get(&self.user)?;
        let keys = row.keys.known()?;
        let key = keys.iter().find(|row| row.key.id == self.key)?;
        Some((account, row, key))
    }

    /// The facts, each behind its label; one without a label goes on with the fact above it.
    fn facts(&self, canvas: &Canvas<'_>) -> Vec<(&'static str, String)> {
        let Some((account, row, found)) = self.found(canvas.engine) else {
            return vec![
                ("Key ID", self.key.clone()),
                ("", "This key is not there any more.".into()),
            ];
        };
        let known = |text: Option<&str>| text.unwrap_or("not known").to_owned();
        let purpose = match account.description_of(&self.user, &self.key) {
            Some(Some(text)) => text.to_owned(),
            Some(None) if canvas.engine.settings.read_only => "not described".into(),
            Some(None) => {
                let key = keymap::name(Context::Keys, Action::Describe);
                format!("not described ({key} describes it)")
            }
            None if account.identity.tags_refused => known(None),
            None => "not loaded".into(),
        };
        // On the same line: what is below it is what people look for.
        let dot = canvas.theme.glyphs.dot;
        let whose = match row.known_owner().flatten() {
            Some(owner) => format!("{} {dot} owner {owner}", row.user.name),
            None => row.user.name.to_string(),
        };
        let created = found.key.created.map(|time| moment(canvas, time));
        let mut facts = vec![
            ("Key ID", self.key.clone()),
            ("User", whose),
            ("Path", row.user.path.to_string()),
            ("User since", format::exact(row.user.created)),
            ("Account", account.identity.account()),
            ("For", purpose),
            ("Status", found.key.status.word().into()),
            ("Created", known(created.as_deref())),
        ];
        match found.last_used.known() {
            Some(LastUsed::At {
                time,
                service,
                region,
            }) => facts.extend([
                ("Last used", moment(canvas, *time)),
                ("Service", known(service.as_deref())),
                ("Region", known(region.as_deref())),
            ]),
            _ => {
                let used = words::used(&found.last_used, dot, canvas.now);
                facts.push(("Last used", used));
                if let Some(error) = found.last_used.error() {
                    facts.extend([("", error.short()), ("", words::remedy(error))]);
                }
            }
        }
        if account.is_own(&self.key) {
            facts.push(("", "This session is signed in with this key.".into()));
        } else if account.is_made_from(&self.key) {
            facts.push(("", "This session was made from this key.".into()));
        }
        facts
    }
}

impl Dialog for Details {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Reading
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let theme = canvas.theme;
        let mut lines = Lines::new(canvas, 60);
        for (label, value) in self.facts(canvas) {
            lines.labelled(label, LABEL, theme.dim, value, Style::new());
        }
        lines.gap();
        lines.dim("AWS records a use once in 15 minutes and may lag.");
        Some(Frame::new("Access key", theme.accent, lines).reading(self.scroll))
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}

/// A moment, and how long ago it was.
fn moment(canvas: &Canvas<'_>, time: DateTime<Utc>) -> String {
    let ago = format::ago(canvas.now - time);
    format!("{}, {ago}", format::exact(time))
}
