//! The look at the account that a confirmation takes when it opens, and once more when it is
//! answered late: what has come of it, and whether it leaves the question as it was.

use super::{Check, Confirm, KeyFacts, News};
use crate::{
    effect::{Effect, RequestId},
    iam::{Change, Error, Kind},
    state::{
        State,
        modal::{Full, Modal},
        users::is_trial,
    },
};

impl State {
    /// Looks at the account once more for the confirmation on top.
    pub(super) fn look_again(&mut self) -> Vec<Effect> {
        let Some(Modal::Confirm(confirm)) = self.modals.last() else {
            return Vec::new();
        };
        let user: Box<str> = confirm.change.user().into();
        let key = confirm.at_risk().map(str::to_owned);
        let before = self.key_ids(&user);
        let (keys, effect) = self.ask_keys_now(&user);
        let mut effects = vec![effect];
        let last_used = key.map(|key| {
            let (request, effect) = self.ask_last_used_now(&user, &key);
            effects.push(effect);
            request
        });
        if let Some(Modal::Confirm(confirm)) = self.modals.last_mut() {
            confirm.check.before = before;
            confirm.check.keys = Some(keys);
            confirm.check.last_used = last_used;
            confirm.check.news = None;
        }
        effects
    }

    /// Lets the looks that wait for a user's keys wait for a later question instead: the answer to
    /// the earlier one is dropped.
    pub(in crate::state) fn wait_for_keys(&mut self, user: &str, request: RequestId) {
        for confirm in self.confirms_about(user) {
            if confirm.check.keys.is_some() {
                confirm.check.keys = Some(request);
            }
        }
    }

    /// The same, for the last use of a key.
    pub(in crate::state) fn wait_for_last_used(
        &mut self,
        user: &str,
        key: &str,
        request: RequestId,
    ) {
        for confirm in self.confirms_about(user) {
            if confirm.check.last_used.is_some() && confirm.at_risk() == Some(key) {
                confirm.check.last_used = Some(request);
            }
        }
    }

    fn confirms_about(&mut self, user: &str) -> impl Iterator<Item = &mut Confirm> {
        self.modals.iter_mut().filter_map(move |modal| match modal {
            Modal::Confirm(confirm) if confirm.change.user().eq_ignore_ascii_case(user) => {
                Some(&mut **confirm)
            }
            _ => None,
        })
    }

    /// Makes every confirmation void: it was asked in a session that is over.
    pub(in crate::state) fn void_confirmations(&mut self) {
        for modal in &mut self.modals {
            if let Modal::Confirm(confirm) = modal {
                confirm.check = Check {
                    news: Some(News::OtherSession),
                    ..Check::default()
                };
                confirm.button = 0;
            }
        }
        self.scene += 1;
    }

    /// Takes back every answer that waits for a look: who wants to leave is not waiting for it any
    /// more.
    pub(in crate::state) fn disarm(&mut self) {
        for modal in &mut self.modals {
            if let Modal::Confirm(confirm) = modal {
                confirm.check.armed = false;
            }
        }
    }

    /// Notes that a read was answered that a confirmation may be waiting for. An answer given
    /// before counts now, if nothing has turned out different and it is still in sight.
    #[must_use]
    pub(crate) fn checked(&mut self, request: RequestId, failure: Option<&Error>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let waits = |modal: &mut Modal| match modal {
            Modal::Confirm(confirm) => confirm.check.end(request),
            _ => false,
        };
        while let Some(at) = self.modals.iter_mut().position(waits) {
            if let Modal::Confirm(confirm) = self.modals.remove(at) {
                let (modal, sent) = self.check(at, confirm, failure);
                if let Some(modal) = modal {
                    self.modals.insert(at, modal);
                }
                effects.extend(sent);
            }
        }
        effects
    }

    /// Takes what a look has shown into a confirmation that was at this place of the stack. What
    /// takes its place, if anything does, and what is sent.
    fn check(
        &mut self,
        at: usize,
        mut confirm: Box<Confirm>,
        failure: Option<&Error>,
    ) -> (Option<Modal>, Vec<Effect>) {
        match failure {
            Some(error) if error.kind == Kind::Gone => confirm.check.news = Some(News::Gone),
            // That a last use cannot be told is a fact like any other.
            Some(error) if error.action != "iam:GetAccessKeyLastUsed" => {
                confirm.check.failed = Some(error.clone());
            }
            _ => {}
        }
        if confirm.check.is_looking() {
            return (Some(Modal::Confirm(confirm)), Vec::new());
        }
        if self.is_full(&confirm) {
            self.scene += 1;
            let user = confirm.change.user().into();
            return (Some(Modal::Full(Full { user, button: 0 })), Vec::new());
        }
        confirm.check.looked = Some(self.now);
        let same = self.compare(&mut confirm);
        let in_sight = at == self.modals.len() && !self.filtering;
        if same && in_sight && confirm.check.armed {
            return (None, self.order_confirmed(*confirm));
        }
        confirm.check.armed = false;
        if !same {
            self.scene += 1;
        }
        (Some(Modal::Confirm(confirm)), Vec::new())
    }

    /// Whether there turned out to be no room for the key that would be created.
    fn is_full(&self, confirm: &Confirm) -> bool {
        matches!(confirm.change, Change::Create { .. })
            && self
                .key_ids(confirm.change.user())
                .is_some_and(|keys| keys.len() >= self.session.keys_per_user())
    }

    /// Compares what the account says now with what was on screen; says whether an answer that
    /// was given before still answers the same.
    fn compare(&self, confirm: &mut Confirm) -> bool {
        let user = confirm.change.user();
        let facts = confirm.at_risk().and_then(|key| self.facts(user, key));
        if confirm.check.failed.is_none() && confirm.check.news.is_none() {
            confirm.check.news = self.news(confirm, facts.as_ref());
        }
        if facts.is_some() {
            confirm.key = facts;
        }
        let typed = confirm.typed.is_some();
        self.set_typed(confirm);
        let same_question = typed == confirm.typed.is_some()
            && confirm.check.news.is_none()
            && confirm.check.failed.is_none();
        if !same_question {
            confirm.ask_again();
        }
        same_question
    }

    /// What is different from what was on screen, if it matters.
    fn news(&self, confirm: &Confirm, now: Option<&KeyFacts>) -> Option<News> {
        match (&confirm.key, now) {
            (_, None) if confirm.at_risk().is_some() => {
                // Where the user's keys are not known, nor is it that the key is gone.
                let known = match self.users.get(confirm.change.user()) {
                    Some(row) => row.keys.is_ready(),
                    None => self.users.is_complete(),
                };
                known.then_some(News::Gone)
            }
            (Some(before), Some(now)) if before.status != now.status => {
                Some(News::Status(before.status.clone()))
            }
            (Some(before), Some(now))
                if before.last_used.known().is_some() && now.last_used.error().is_some() =>
            {
                Some(News::UseUnknown)
            }
            (Some(before), Some(now))
                if self.is_recent(&now.last_used)
                    && !self.is_recent(&before.last_used)
                    && !is_trial(&now.last_used, now.created) =>
            {
                Some(News::Used)
            }
            (Some(before), Some(now))
                if now.others_active == 0
                    && before.others_active > 0
                    && confirm.gravest().takes_away() =>
            {
                Some(News::NoOther)
            }
            (None, None) => {
                let before = confirm.check.before.as_ref()?;
                let mut new = self.key_ids(confirm.change.user())?;
                new.retain(|id| !before.contains(id));
                (!new.is_empty()).then_some(News::Appeared(new))
            }
            _ => None,
        }
    }
}
