//! Reading the details of all users (`GetAccountAuthorizationDetails`), page by page, when nothing
//! else is left to ask: their tags, without a call for each of them, and how much their policies allow.
//!
//! That can be said once all pages are read, for a group or a policy may be told of later than the users
//! who have it. Until then what gives each user permissions is kept with them, in short form.
//!
//! Who wants all of it, and no screen, has it read beside the listing: what a page says of users who are
//! not listed yet waits for them.

use super::{Inventory, What};
use crate::engine::{
    account::UserRow,
    effect::RequestId,
    error::{Error, Kind},
    impact::policy::{Given, Grants},
    model::{UserDetails, UserDetailsPage},
    request::Read,
    user_tags::UserTags,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A page that is lost so often in a row is not asked for again. This is fewer than what makes the
/// [loader](crate::engine::loader) stop asking altogether: a page that never comes stops nothing else.
const LOST: usize = 3;

/// So many policies and groups are kept at most until all pages are read: some 20 MB. What there is
/// beyond is not known. An account may have 5,000 managed policies and 500 groups, and most users have
/// no policies of their own (IAM user guide, "IAM and AWS STS quotas").
const MOST_KEPT: usize = 250_000;

/// After so long a change is to be seen in every page that is asked for.
const SEEN_EVERYWHERE: TimeDelta = TimeDelta::minutes(1);

/// How far the reading has come.
#[derive(Debug)]
enum Progress {
    /// The page after this marker is next.
    Next(Option<String>),
    /// A page is asked for; only the answer to this request counts.
    Asked(RequestId),
    /// All of them are read, and the users are still being listed.
    Read,
    /// All of them are read.
    Done,
    /// Refused, not understood, or lost again and again: not asked for until a person refreshes.
    Failed,
}

/// The reading of the details.
#[derive(Debug, Default)]
pub(super) struct Details {
    progress: Progress,
    /// How often the page that is next was lost.
    lost: usize,
    /// Why they could not be read.
    error: Option<Box<Error>>,
    /// Users whose tags were told alone since it began, in lower case: a page may be older.
    told: HashSet<Box<str>>,
    /// A listing has named users since it began: their page may have been read before they were there.
    misses_some: bool,
    /// It has begun before all users were listed for the first time.
    is_early: bool,
    /// What pages have said of users who are not listed yet, by name in lower case: their tags, and what
    /// gives them permissions.
    awaited: HashMap<Box<str>, (UserTags, Option<Arc<Grants>>)>,
    /// Users whose tags were changed, in lower case, and when. A page may be older than that, also one
    /// that is asked for later: AWS needs some seconds to show a change everywhere.
    changed: HashMap<Box<str>, DateTime<Utc>>,
    /// The groups and managed policies that were told of.
    given: Given,
    /// What users of all pages have in common.
    shared: HashSet<Arc<Grants>>,
    /// How much of both is kept.
    kept: usize,
}

impl Default for Progress {
    fn default() -> Self {
        Self::Next(None)
    }
}

impl Details {
    /// A user's tags were told alone: that is newer than what a page of this reading says of them.
    pub(super) fn keep_told(&mut self, user: &str) {
        if matches!(
            self.progress,
            Progress::Next(_) | Progress::Asked(_) | Progress::Read
        ) {
            self.told.insert(user.to_ascii_lowercase().into());
        }
    }

    /// A user's tags were changed: that is newer than what a page says of them, also in a reading that
    /// begins soon.
    pub(super) fn keep_changed(&mut self, user: &str, now: DateTime<Utc>) {
        self.changed.insert(user.to_ascii_lowercase().into(), now);
    }

    /// Whether what is known of a user's tags is newer than a page.
    fn is_newer(&self, user: &str) -> bool {
        let name = user.to_ascii_lowercase();
        self.told.contains(name.as_str()) || self.changed.contains_key(name.as_str())
    }

    /// Begins the reading again, from the first page.
    fn begin_again(&mut self) {
        self.progress = Progress::Next(None);
        self.lost = 0;
        self.error = None;
        self.told.clear();
        self.misses_some = false;
        self.is_early = false;
        self.awaited = HashMap::new();
        self.forget_given();
    }

    fn forget_given(&mut self) {
        self.given = Given::default();
        self.shared = HashSet::new();
        self.kept = 0;
    }

    /// Keeps what gives a user permissions, if there is room for it.
    fn keep_grants(&mut self, grants: Arc<Grants>) -> Option<Arc<Grants>> {
        if let Some(known) = self.shared.get(&grants) {
            return Some(known.clone());
        }
        self.kept += grants.inline.len() + 1;
        if self.kept > MOST_KEPT {
            return None;
        }
        self.shared.insert(grants.clone());
        Some(grants)
    }

    /// Keeps groups and managed policies of a page, if there is room for them.
    fn keep_given(&mut self, page: &mut UserDetailsPage) {
        for (name, group) in page.groups.drain(..) {
            self.kept += group.inline.len() + 1;
            if self.kept <= MOST_KEPT {
                self.given.groups.insert(name, group);
            }
        }
        for (arn, policy) in page.policies.drain(..) {
            self.kept += 1;
            if self.kept <= MOST_KEPT {
                self.given.managed.insert(arn, policy);
            }
        }
    }

    /// A listing has named a user of whom nothing was known.
    pub(super) fn note_new_user(&mut self) {
        self.misses_some |= !matches!(self.progress, Progress::Next(None));
    }

    /// All users are listed. Those who are new are read with all others: a page holds a thousand.
    pub(super) fn end_listing(&mut self) {
        if self.misses_some && !matches!(self.progress, Progress::Failed) {
            self.begin_again();
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
    /// The next page, if there is one to be asked for: once all users are listed, or beside their first
    /// listing.
    pub(in crate::engine) fn next_details(&self, early: bool) -> Option<Read> {
        let Progress::Next(marker) = &self.details.progress else {
            return None;
        };
        let is_time = self.is_time_for_all(early);
        is_time.then(|| Read::UserDetails(marker.clone()))
    }

    /// Whether it is time to ask what is told of all users at once.
    pub(super) fn is_time_for_all(&self, early: bool) -> bool {
        let is_first = !self.complete && self.listing.is_loading();
        (self.complete && self.listing.is_ready()) || (early && is_first)
    }

    /// Whether they could not be read, so that tags are known only of users who were selected.
    #[must_use]
    pub fn details_failed(&self) -> bool {
        matches!(self.details.progress, Progress::Failed)
    }

    /// Whether all of them were read: what is not known then is not known at all.
    #[must_use]
    pub fn details_are_read(&self) -> bool {
        matches!(self.details.progress, Progress::Done)
    }

    /// Why they could not be read.
    #[must_use]
    pub fn details_error(&self) -> Option<&Error> {
        self.details.error.as_deref()
    }

    /// Whether all of them are read, or will not be.
    #[must_use]
    pub fn details_are_over(&self) -> bool {
        matches!(self.details.progress, Progress::Done | Progress::Failed)
    }

    /// Reads the details anew, once there is nothing else to ask. What is known stays until then.
    pub(in crate::engine) fn read_details_again(&mut self, now: DateTime<Utc>) {
        let details = &mut self.details;
        details.changed.retain(|_, at| now - *at < SEEN_EVERYWHERE);
        details.begin_again();
        self.quarantine.ask_again();
    }

    /// Notes that a page is asked for.
    pub(in crate::engine) fn ask_details(&mut self, request: RequestId) {
        self.details.is_early |= !self.complete;
        self.details.progress = Progress::Asked(request);
    }

    /// Files a page.
    pub(in crate::engine) fn file_details(
        &mut self,
        request: RequestId,
        marker: Option<&String>,
        answer: Result<UserDetailsPage, Error>,
    ) {
        if !self.details.is_asked(request) {
            return;
        }
        self.details.progress = match answer {
            Err(error) => {
                let is_lost = matches!(error.kind, Kind::Network | Kind::Server);
                self.details.lost += 1;
                if is_lost && self.details.lost < LOST {
                    Progress::Next(marker.cloned())
                } else {
                    self.forget_grants();
                    self.details.error = Some(Box::new(error));
                    Progress::Failed
                }
            }
            Ok(mut page) => {
                self.details.lost = 0;
                self.details.keep_given(&mut page);
                self.take_details(page.users);
                match page.next {
                    Some(next) => Progress::Next(Some(next)),
                    None => Progress::Read,
                }
            }
        };
        self.end_details();
    }

    /// All pages are read and all users listed: what was read beside the listing is read again where it
    /// misses one.
    pub(super) fn end_details(&mut self) {
        if !self.complete || !matches!(self.details.progress, Progress::Read) {
            return;
        }
        let is_missed = |row: &UserRow| row.tags.known().is_none();
        if self.details.is_early && self.rows.iter().any(is_missed) {
            self.details.begin_again();
            return;
        }
        self.judge_all();
        self.details.progress = Progress::Done;
    }

    /// All groups and policies are told of: how much each user can do follows from them. A user who was
    /// not told of is not known any more.
    fn judge_all(&mut self) {
        let given = std::mem::take(&mut self.details.given);
        for at in 0..self.rows.len() {
            self.edit(at, |row| {
                let grants = row.grants.take();
                let told = grants.and_then(|grants| given.told(&grants, &row.user.name));
                row.power = told.map(|(power, _)| power);
                row.is_admin_conditional = told.is_some_and(|(_, is_conditional)| is_conditional);
            });
        }
        self.details.forget_given();
        self.arrangement += 1;
    }

    /// There is no more to come.
    fn forget_grants(&mut self) {
        self.details.awaited = HashMap::new();
        for row in &mut self.rows {
            row.grants = None;
        }
        self.details.forget_given();
    }

    fn take_details(&mut self, users: Vec<UserDetails>) {
        let mut next = 0;
        for user in users {
            let grants = self.details.keep_grants(user.grants);
            if let Some(at) = self.find_from(next, &user.name) {
                next = at + 1;
                self.tell_details(at, user.tags, grants);
            } else if !self.complete {
                let name = user.name.to_ascii_lowercase().into();
                self.details.awaited.insert(name, (user.tags, grants));
            }
            // Who is not listed then is new: the listing that names them has all of it read again.
        }
    }

    /// Files what was said of a user before they were listed.
    pub(super) fn take_awaited_details(&mut self, at: usize) {
        if self.details.awaited.is_empty() {
            return;
        }
        let name = self.rows[at].user.name.to_ascii_lowercase();
        if let Some((tags, grants)) = self.details.awaited.remove(name.as_str()) {
            self.tell_details(at, tags, grants);
        }
    }

    fn tell_details(&mut self, at: usize, tags: UserTags, grants: Option<Arc<Grants>>) {
        let row = &mut self.rows[at];
        row.grants = grants;
        let is_newer = self.details.is_newer(&row.user.name);
        if !is_newer && row.tags.known() != Some(&tags) {
            self.edit(at, |row| row.tags.tell(tags));
            self.touch(at, What::Tags);
        }
    }
}
