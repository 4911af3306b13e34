//! What the credential report adds: a first word on the keys of everybody, until the account itself
//! has answered.

use super::{Users, compare};
use crate::iam::ReportedUser;
use std::cmp::Ordering;

impl Users {
    /// Files what the report says of all users. It never replaces what the account has said, nor
    /// what was changed in this run: it is older than both.
    pub fn file_report(&mut self, users: Vec<ReportedUser>) {
        for user in users {
            match self.find(&user.name) {
                Some(at) if self.rows[at].is_listed() => self.report(at, user),
                None if self.complete => {}
                // Whether this is the user of then only the listing tells.
                Some(_) | None => {
                    let name = user.name.to_ascii_lowercase().into();
                    self.awaited.insert(name, user);
                }
            }
        }
        self.fill();
    }

    /// Files what the report has said of a user before they were listed.
    pub(super) fn take_report(&mut self, at: usize) {
        if self.awaited.is_empty() {
            return;
        }
        let name = self.rows[at].user.name.to_ascii_lowercase();
        if let Some(user) = self.awaited.remove(name.as_str()) {
            self.report(at, user);
        }
    }

    fn report(&mut self, at: usize, user: ReportedUser) {
        let row = &self.rows[at];
        debug_assert_eq!(compare(&row.user.name, &user.name), Ordering::Equal);
        // Another user of the same name, who is gone or new.
        let same = user.created.is_none_or(|time| time == row.user.created);
        let name = row.user.name.to_ascii_lowercase();
        if same && !self.changed.contains(name.as_str()) {
            self.edit(at, |row| {
                row.reported = Some(user.keys);
                row.outgrow_report();
            });
        }
    }
}
