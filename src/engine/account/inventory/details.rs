//! Reading the details of all users (`GetAccountAuthorizationDetails`), page by page, when nothing
//! else is left to ask: their tags, without a call for each of them.

use super::{Inventory, What};
use crate::engine::{
    effect::RequestId,
    error::Error,
    model::{UserDetails, UserDetailsPage},
    request::Read,
};
use std::collections::HashSet;

/// How far the reading has come.
#[derive(Debug)]
enum Progress {
    /// The page after this marker is next.
    Next(Option<String>),
    /// A page is asked for; only the answer to this request counts.
    Asked(RequestId),
    /// All of them are read.
    Done,
    /// Refused, or lost: not asked again before a refresh.
    Failed,
}

/// The reading of the details.
#[derive(Debug)]
pub(super) struct Details {
    progress: Progress,
    /// Users whose tags were told alone, or changed, since it began, in lower case. A page may be older
    /// than that, also one that is asked for later: AWS needs some seconds to show a change everywhere.
    newer: HashSet<Box<str>>,
}

impl Default for Details {
    fn default() -> Self {
        Self {
            progress: Progress::Next(None),
            newer: HashSet::new(),
        }
    }
}

impl Details {
    /// What is known of a user's tags is newer than what a page says of them.
    pub(super) fn keep(&mut self, user: &str) {
        if matches!(self.progress, Progress::Next(_) | Progress::Asked(_)) {
            self.newer.insert(user.to_ascii_lowercase().into());
        }
    }

    fn is_asked(&self, request: RequestId) -> bool {
        matches!(self.progress, Progress::Asked(asked) if asked == request)
    }

    /// A page was not answered, and will be asked for again.
    pub(super) fn put_back(&mut self, request: RequestId, marker: Option<&String>) {
        if self.is_asked(request) {
            self.progress = Progress::Next(marker.cloned());
        }
    }
}

impl Inventory {
    /// The next page, if there is one to be asked for: once all users are listed.
    pub(in crate::engine) fn next_details(&self) -> Option<Read> {
        let Progress::Next(marker) = &self.details.progress else {
            return None;
        };
        let listed = self.complete && self.listing.is_ready();
        listed.then(|| Read::UserDetails(marker.clone()))
    }

    /// Whether they could not be read, so that tags are known only of users who were selected.
    #[must_use]
    pub fn details_failed(&self) -> bool {
        matches!(self.details.progress, Progress::Failed)
    }

    /// Reads the details anew, once there is nothing else to ask. What is known stays until then.
    pub(in crate::engine) fn read_details_again(&mut self) {
        self.details = Details::default();
    }

    /// Notes that a page is asked for.
    pub(in crate::engine) fn ask_details(&mut self, request: RequestId) {
        self.details.progress = Progress::Asked(request);
    }

    /// Files a page.
    pub(in crate::engine) fn file_details(
        &mut self,
        request: RequestId,
        answer: Result<UserDetailsPage, Error>,
    ) {
        if !self.details.is_asked(request) {
            return;
        }
        self.details.progress = match answer {
            Err(_) => Progress::Failed,
            Ok(page) => {
                self.take_details(page.users);
                let next = page.next.map(|next| Progress::Next(Some(next)));
                next.unwrap_or(Progress::Done)
            }
        };
    }

    fn take_details(&mut self, users: Vec<UserDetails>) {
        let mut next = 0;
        for user in users {
            // Who is not listed is new: the next listing names them, and what is read after that.
            let Some(at) = self.find_from(next, &user.name) else {
                continue;
            };
            next = at + 1;
            let name = user.name.to_ascii_lowercase();
            let is_newer = self.details.newer.contains(name.as_str());
            if !is_newer && self.rows[at].tags.known() != Some(&user.tags) {
                self.edit(at, |row| row.tags.tell(user.tags));
                self.touch(at, What::Tags);
            }
        }
    }
}
