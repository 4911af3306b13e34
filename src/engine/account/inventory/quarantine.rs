//! The users whom AWS has put under quarantine, since a key of theirs was found in public: asked once for
//! a whole account, when hardly anything else is left to ask.

use super::{Inventory, Load, compare};
use crate::engine::{effect::RequestId, error::Error, request::Read};

/// Who is under quarantine.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    /// Their names, in order.
    users: Load<Vec<Box<str>>>,
    /// It is to be asked again when there is room.
    refresh: bool,
}

impl Quarantine {
    pub(super) fn ask_again(&mut self) {
        self.refresh = true;
    }

    /// It was not answered, and will be asked again.
    pub(super) fn put_back(&mut self, request: RequestId) {
        self.refresh |= self.users.put_back(request);
    }
}

impl Inventory {
    /// Who is under quarantine, if that is to be asked: once all users are listed, or beside their first
    /// listing.
    pub(in crate::engine) fn next_quarantine(&self, early: bool) -> Option<Read> {
        let Quarantine { users, refresh } = &self.quarantine;
        let due = users.is_idle() || (*refresh && !users.is_loading());
        (due && self.is_time_for_all(early)).then_some(Read::Quarantined)
    }

    /// Notes that it is asked.
    pub(in crate::engine) fn ask_quarantine(&mut self, request: RequestId) {
        self.quarantine.users.ask(request);
        self.quarantine.refresh = false;
    }

    /// Files who it is.
    pub(in crate::engine) fn file_quarantine(
        &mut self,
        request: RequestId,
        answer: Result<Vec<Box<str>>, Error>,
    ) {
        let answer = answer.map(|mut users| {
            users.sort_unstable_by(|a, b| compare(a, b));
            users
        });
        if self.quarantine.users.file(request, answer) {
            self.dirty.all();
            self.arrangement += 1;
        }
    }

    /// Whether AWS has put a user under quarantine; none while that is not known.
    #[must_use]
    pub fn is_quarantined(&self, user: &str) -> Option<bool> {
        let users = self.quarantine.users.known()?;
        Some(users.binary_search_by(|name| compare(name, user)).is_ok())
    }

    /// Why it could not be told (again) who is under quarantine.
    #[must_use]
    pub fn quarantine_error(&self) -> Option<&Error> {
        self.quarantine.users.error()
    }

    /// Whether it is known who is under quarantine.
    #[must_use]
    pub fn knows_quarantine(&self) -> bool {
        self.quarantine.users.known().is_some()
    }
}
