//! The sessions: signing in, what is asked of an account, and what follows from its answers.

use super::{
    Engine, News, account,
    activity::Entry,
    effect::{RequestId, SessionId, Slot, Target, Through},
    error::{Error, Kind},
    event::{Renewed, SignedIn},
    problem::Problem,
    prompt::Means,
    request::{Answer, Read},
};
use std::time::Duration;

impl Engine {
    /// Asks something of an account now, whatever else is under way: where something was changed or
    /// is about to be, only an answer to a question asked at that moment is the truth.
    pub(super) fn read(&mut self, slot: Slot, read: Read) -> Option<RequestId> {
        let request = RequestId(self.number());
        let account = self.fleet.get_mut(slot)?;
        let effect = account.ask(request, read, false, self.now);
        self.effects.push(effect);
        Some(request)
    }

    pub(super) fn read_all(&mut self, slot: Slot, reads: impl IntoIterator<Item = Read>) {
        for read in reads {
            self.read(slot, read);
        }
    }

    /// Begins another session in a slot. What is open (a secret, a question, a plan) stays open.
    pub(super) fn sign_in(&mut self, slot: Slot, target: Target) -> Option<()> {
        let account = self.fleet.get(slot)?;
        // A session that was made with MFA is made with MFA again.
        let means = account.means.filter(|_| account.target == target);
        // The one whose credentials lead there comes first.
        if let Target::Member(member) = &target
            && let Some(source) = self.lost_source(member.source)
        {
            self.wait_anew(slot);
            return self.sign_in(member.source, source);
        }
        self.begin_session(slot, target, means)
    }

    /// Begins another session in a slot, by these means where the usual ones do not do.
    pub(super) fn begin_session(
        &mut self,
        slot: Slot,
        target: Target,
        means: Option<Means>,
    ) -> Option<()> {
        let account = self.fleet.get(slot)?;
        let session = account.session;
        if target != account.target {
            // It was meant for the account that was to be opened.
            self.search_first
                .take_if(|(of, _)| of.is_none_or(|of| of == slot));
            self.rotations.forget(slot);
            self.leak_open.take_if(|(of, _)| *of == slot);
            self.activity.forget_failures();
        }
        self.leave_session(session, |engine| {
            let account = engine.fleet.get_mut(slot)?;
            let effect = account.sign_in(target, means);
            engine.effects.push(effect);
            Some(())
        })
    }

    /// Begins another session in a slot when its turn comes.
    pub(super) fn wait_anew(&mut self, slot: Slot) -> Option<()> {
        let session = self.fleet.get(slot)?.session;
        self.leave_session(session, |engine| {
            engine.fleet.get_mut(slot)?.wait_anew();
            Some(())
        })
    }

    /// Whether an account can be taken out of those that are opened: it was never signed in to, nothing
    /// is under way to change that, and neither a list of accounts has it nor does another need it.
    #[must_use]
    pub fn can_take_out(&self, slot: Slot) -> bool {
        let accounts = self.fleet.accounts();
        let mut others = accounts.iter().filter(|other| other.session.slot != slot);
        let is_needed = accounts
            .iter()
            .any(|other| matches!(&other.target, Target::Member(member) if member.source == slot));
        self.fleet.get(slot).is_some_and(|account| {
            matches!(account.stage, account::Stage::SignedOut(_))
                && !account.was_signed_in
                && !matches!(account.target, Target::Member(_))
                && account.listed.is_none()
        }) && !is_needed
            && others.any(|other| !other.excluded)
    }

    /// Takes an account that could not be signed in to out of those that are opened.
    pub(super) fn take_out(&mut self, slot: Slot) -> Option<()> {
        if !self.can_take_out(slot) {
            return None;
        }
        let session = self.fleet.get(slot)?.session;
        self.account_lists.retain(|list| list.source.slot != slot);
        self.search_first.take_if(|(of, _)| *of == Some(slot));
        self.leave_session(session, |engine| {
            let account = engine.fleet.remove(slot)?;
            // As if nobody had asked for it.
            engine.profiles.forget_failure(&account.target);
            engine.say(format!("{} removed", account.label()));
            Some(())
        })
    }

    /// Ends a session by what begins another in its slot. What waits for an answer in it waits no more:
    /// none will count.
    fn leave_session(
        &mut self,
        session: SessionId,
        begin: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        // While it is still known which questions are about the account of this session.
        self.forget_looks(session);
        begin(self)?;
        self.put_search_off(session.slot, false);
        self.forget_trials(session);
        self.void_proposals(session);
        Some(())
    }

    /// Ends a session that has turned out to be one of another account than was meant: a file may say
    /// of a profile that it opens an account, and be wrong. Its name must not stand over the keys of
    /// another. Says whether it was so.
    fn leave_if_another(&mut self, session: SessionId) -> bool {
        let account = self.fleet.of(session);
        let ids = account.and_then(|it| Some((it.meant.clone()?, it.identity.account_id()?)));
        let Some((meant, found)) = ids.filter(|(meant, found)| **meant != **found) else {
            return false;
        };
        let problem = Problem {
            title: format!("it opens account {found}, not {meant}"),
            what: format!(
                "These credentials were named for the account {meant}, and are of {found}."
            ),
            advice: vec!["Name the account and the profile that belong together.".into()],
            ..Problem::default()
        };
        let left = self.leave_session(session, |engine| {
            let account = engine.fleet.of_mut(session)?;
            account.wait_anew();
            account.stage = account::Stage::SignedOut(Box::new(problem));
            Some(())
        });
        left.is_some()
    }

    /// Leaves an account out of the lists of all that is open in another slot as well: its keys would be
    /// counted twice. Alone it can be looked at, with its own credentials.
    fn exclude_if_twice(&mut self, session: SessionId) -> Option<()> {
        let account = self.fleet.of(session).filter(|it| !it.excluded)?;
        let id = account.identity.account_id()?;
        let mut others = self.fleet.accounts().iter();
        let other = others.find(|other| {
            other.session.slot != session.slot
                && other.stage == account::Stage::SignedIn
                && !other.excluded
                && other.identity.account_id() == Some(id)
                && other.endpoint() == account.endpoint()
        })?;
        let text = format!(
            "{} is open already ({}): left out of the lists of all accounts",
            other.label(),
            other.identity.how
        );
        self.fleet.of_mut(session)?.excluded = true;
        self.say(text);
        Some(())
    }

    pub(super) fn signed_in(
        &mut self,
        session: SessionId,
        result: Result<Box<SignedIn>, Box<Problem>>,
    ) -> Option<()> {
        let background = self.settings.background;
        let account = self.fleet.of_mut(session)?;
        match result {
            Ok(signed_in) => {
                account.stage = account::Stage::SignedIn;
                account.was_signed_in = true;
                account.identity.key = signed_in.key;
                account.identity.profile = signed_in.profile;
                account.identity.endpoint = signed_in.endpoint;
                account.identity.role = signed_in.role;
                account.identity.portal = signed_in.portal;
                let caller = signed_in.caller;
                let is_known = caller.is_some();
                if let Some(caller) = caller {
                    account.identity.caller.tell(caller);
                }
                let reads = account.first_reads(background);
                account.identity.expires = signed_in.expires;
                account.identity.how = signed_in.how;
                account.identity.made_from = signed_in.made_from;
                account.identity.renewed_by_requests = signed_in.renewed_by_requests;
                // The key that a person is after first, and everything else beside it.
                self.begin_search(session.slot);
                self.read_all(session.slot, reads);
                self.open_members_again(session.slot);
                self.list_accounts(session.slot);
                if is_known {
                    self.account_is_known(session);
                    self.exclude_if_twice(session);
                    self.take_up_questions();
                }
            }
            Err(problem) => account.stage = account::Stage::SignedOut(problem),
        }
        let account = self.fleet.of(session)?;
        self.profiles.note(&account.target, &account.stage);
        Some(())
    }

    /// The credentials of a session were renewed. What had failed because they had expired is asked
    /// again.
    pub(super) fn renewed(
        &mut self,
        session: SessionId,
        result: Result<Renewed, String>,
    ) -> Option<()> {
        let background = self.settings.background;
        let account = self.fleet.of_mut(session)?;
        let renewed = match result {
            Ok(renewed) => renewed,
            Err(why) => {
                let text = format!("The credentials could not be renewed: {why}");
                self.complain_of(session, text);
                return Some(());
            }
        };
        account.identity.renew(renewed);
        let had_expired = account
            .identity
            .broken
            .take_if(|error| error.kind == Kind::Expired)
            .is_some();
        if matches!(account.stage, account::Stage::SignedOut(_)) {
            account.stage = account::Stage::SignedIn;
            let reads = account.first_reads(background);
            self.begin_search(session.slot);
            self.read_all(session.slot, reads);
        } else if had_expired {
            self.refresh(session.slot);
        }
        self.open_members_again(session.slot);
        self.bulk_account_opened(session);
        Some(())
    }

    /// Files an answer, and tells everything that waits for it.
    pub(super) fn answered(
        &mut self,
        session: SessionId,
        request: RequestId,
        result: Result<Answer, Error>,
        took: Duration,
    ) -> Option<()> {
        let now = self.now;
        let account = self.fleet.of_mut(session)?;
        let error = result.as_ref().err().cloned();
        let read = account.answered(request, error.as_ref(), took, now)?;
        if let Some(error) = &error
            && account.loader.is_news(&read)
            && account.impacts.is_news(&read, error)
            && !is_unknown_key(&read, error)
        {
            let entry = Entry::of_read(&account.identity, &read, error, took, now);
            self.activity.note(entry);
        }
        self.questions_hear(session, request, &read, &result);
        match read {
            Read::Owner(_) => self.owner_told(request, &result),
            Read::KeyAccount(_) => self.key_account_told(request, &result),
            _ => None,
        };
        let next_page = match &result {
            Ok(Answer::Users(page)) => page.next.clone(),
            _ => None,
        };
        let through = match read {
            Read::Accounts(_) => Some(Through::Role),
            Read::PortalAccounts(_) => Some(Through::Portal),
            _ => None,
        };
        if let Some(through) = through {
            self.accounts_came(
                session,
                through,
                match &result {
                    Ok(Answer::Accounts(page)) => Ok((page.accounts.clone(), page.next.clone())),
                    Ok(_) => Ok((Vec::new(), None)),
                    Err(error) => Err(error.clone()),
                },
            );
        }
        let account = self.fleet.of_mut(session)?;
        account.file(request, &read, result);
        if error.is_none() {
            self.watch(session, &read, took);
        }
        self.follow_up(session, &read, error.as_ref(), next_page);
        if let Some(error) = self.failure(session, &read, error.as_ref()) {
            self.note_broken(session, &error);
        }
        self.bulk_hears(session, &read);
        self.preflights_hear(session, request, &read, error.as_ref())
    }

    /// What follows from an answer that has just been filed.
    fn follow_up(
        &mut self,
        session: SessionId,
        read: &Read,
        error: Option<&Error>,
        next_page: Option<String>,
    ) -> Option<()> {
        let account = self.fleet.of_mut(session)?;
        match (read, error) {
            (Read::Caller, _) => {
                if self.leave_if_another(session) {
                    return None;
                }
                self.account_is_known(session);
                self.exclude_if_twice(session);
                self.open_listed();
                self.take_up_questions();
            }
            // What it would have said of the root user, the summary does.
            (Read::Report, Some(_)) if account.identity.summary.is_idle() => {
                self.read(session.slot, Read::Summary);
            }
            (Read::Users(_), None) => self.page_came(session, next_page)?,
            (Read::Users(_), Some(error)) => {
                // With nothing to show, all of the page tells of it.
                let is_told = error.stops_everything() && account.users.rows().is_empty();
                let all = if account.users.is_complete() {
                    "not refreshed"
                } else {
                    "incomplete"
                };
                if !is_told {
                    let what = format!("The list is {all}: {}", error.short());
                    self.complain_of(session, what);
                }
                self.take_up_questions();
            }
            (Read::Keys(user), _) => self.keys_came(session, user)?,
            (Read::TrailEvents(query), _) => {
                self.events_came(session.slot, query);
                self.sessions_of_leak_came(session.slot)?;
            }
            (Read::Regions, None) => self.regions_came(session.slot)?,
            (Read::Tags(_), Some(error)) if error.kind == Kind::Denied => {
                // A refusal is not repeated with every user that is selected.
                account.identity.tags_refused = true;
            }
            _ => {}
        }
        Some(())
    }

    /// A page of users has come: the next one is asked for, or the listing ends.
    fn page_came(&mut self, session: SessionId, next: Option<String>) -> Option<()> {
        let slot = session.slot;
        let account = self.fleet.of_mut(session)?;
        account.identity.broken = None;
        // An answer after all: what looked broken is not.
        if matches!(account.stage, account::Stage::SignedOut(_)) {
            account.stage = account::Stage::SignedIn;
            self.begin_search(slot);
        }
        if next.is_some() {
            self.read(slot, Read::Users(next));
        } else {
            let account = self.fleet.of_mut(session)?;
            account.users.end_listing();
            if std::mem::take(&mut account.loader.list_again) {
                self.read(slot, Read::Users(None));
            }
        }
        self.take_up_questions();
        Some(())
    }

    /// The error of an answer that says something about the whole session. What nothing depends on
    /// says nothing.
    fn failure(&self, session: SessionId, read: &Read, error: Option<&Error>) -> Option<Error> {
        match read {
            // IAM may have refused before STS has said who this is, which changes what the refusal
            // means: not wrong credentials, but a session without MFA.
            Read::Caller => error.cloned().or_else(|| {
                let account = self.fleet.of(session)?;
                account.users.listing.error().cloned()
            }),
            _ if read.is_optional() => None,
            _ => error.cloned(),
        }
    }

    /// Notes that nothing can be done in this session any more, if that is what an error means. With
    /// nothing loaded yet, the account counts as signed out.
    fn note_broken(&mut self, session: SessionId, error: &Error) -> Option<()> {
        let account = self.fleet.of_mut(session)?;
        if !error.stops_everything() {
            return None;
        }
        if account.users.rows().is_empty() {
            let identity = &account.identity;
            let known_elsewhere =
                error.action.starts_with("iam:") && identity.caller.known().is_some();
            let (profile, endpoint) = (identity.profile.as_deref(), identity.endpoint.as_deref());
            let problem = Problem::of_error(error, known_elsewhere, profile, endpoint);
            account.stage = account::Stage::SignedOut(Box::new(problem));
            self.put_search_off(session.slot, true);
        } else if error.kind != Kind::Network {
            account.identity.broken = Some(error.clone());
            self.news.push(News::Broken(session.slot, error.clone()));
        }
        self.note_source_broken(session, error);
        Some(())
    }

    /// Asks again for what is looked at, for what has failed, and for the list of users.
    pub(super) fn refresh(&mut self, slot: Slot) -> Option<()> {
        let account = self.fleet.get_mut(slot)?;
        account.loader.try_again();
        let attention = account.loader.attention.clone();
        let mut rows = attention.visible;
        rows.extend(attention.selected);
        account.users.refresh_with_failed(&rows);
        if account.users.listing.is_loading() {
            return None;
        }
        let mut reads = vec![Read::Users(None)];
        reads.extend(account.refused_reads());
        // It may be granted now.
        account.identity.tags_refused = false;
        account.users.read_details_again(self.now);
        let selected = attention
            .selected
            .and_then(|at| account.users.rows().get(at as usize));
        reads.extend(selected.map(|row| Read::Tags(row.user.name.clone())));
        self.read_all(slot, reads);
        Some(())
    }
}

/// Whether AWS does not know the key that is searched for, which nothing has failed by: it refuses
/// to name the owner in the same words as where that is not allowed, and the search tells of both.
/// Where it does not name the account, the search does without.
fn is_unknown_key(read: &Read, error: &Error) -> bool {
    match read {
        Read::Owner(_) => matches!(error.kind, Kind::Denied | Kind::NotFound),
        Read::KeyAccount(_) => !matches!(error.kind, Kind::Network | Kind::Server),
        _ => false,
    }
}
