//! What a config file says that is understood and still does nothing, or not what it looks like. None of it
//! is a reason to begin nothing: an exemption ends by itself, and a file is shared by people with other
//! accounts.

use super::{Place, Position, error::Refusal};
use chrono::NaiveDate;

/// What may be meant in another way, with where it stands.
#[derive(Clone, Debug, Default)]
pub struct Warnings {
    pub(super) place: Place,
    /// On any day.
    pub(super) always: Vec<Refusal>,
    /// The last days of exemptions.
    pub(super) untils: Vec<(Position, NaiveDate)>,
}

impl Warnings {
    /// Each in a line that begins with the file and the place, in the order of the file, as of a day (UTC).
    #[must_use]
    pub fn on(&self, today: NaiveDate) -> Vec<String> {
        let over = self.untils.iter().filter(|(_, until)| *until < today);
        let over = over.map(|(at, until)| {
            let why = format!("{until} is over, so this exemption counts no more");
            Refusal::of_key(*at, "until", why)
        });
        let mut all: Vec<Refusal> = over.chain(self.always.iter().cloned()).collect();
        all.sort_by_key(|it| (it.at.line, it.at.column));
        let all = all.into_iter();
        all.map(|it| it.in_file(&self.place).to_string()).collect()
    }

    /// Something that is about accounts, of which this run has opened none.
    #[must_use]
    pub fn of_no_account(&self, what: &str, line: usize, which: &str, opened: usize) -> String {
        let at = Position { line, column: 1 };
        let why = format!("it is about {which}, which is none of the {opened} accounts");
        Refusal::of_key(at, what, why)
            .in_file(&self.place)
            .to_string()
    }
}
