//! Marked keys, and the plans that are made of them.

use super::Screen;
use crate::{
    engine::{
        BulkAction, BulkIntent, BulkPlan, Effect, Intent, RotationUnderWay, Slot,
        account::{Account, Known, UserRow},
        bulk::{BulkStage, Marked},
        fleet::UserPlace,
        model::KeyStatus,
    },
    tui::{
        action::Action,
        dialogs::{BulkPage, ChooseAction, PlanFile, RotationsPage},
        format,
        keymap::{self, Context},
        pages::{Page, Pane},
    },
};
use std::collections::HashSet;

/// A key, as it is marked; none where the account has not named it yet.
fn marked(account: &Account, row: &UserRow, key: Known<'_>) -> Option<Marked> {
    Some(Marked {
        slot: account.session.slot,
        user: row.user.name.clone(),
        key: key.id()?.into(),
        ..Marked::default()
    })
}

/// Says how many of the marked keys are not shown; none where all are.
fn unseen_words(unseen: usize) -> Option<String> {
    (unseen > 0).then(|| {
        let are = if unseen == 1 { "key is" } else { "keys are" };
        format!(
            "{} of the marked {are} not shown here",
            format::count(unseen)
        )
    })
}

impl Screen {
    /// Does what concerns marked keys; `None` where it concerns none.
    pub(super) fn act_on_marks(&mut self, action: Action) -> Option<Vec<Effect>> {
        let has_marks = !self.lists.marks.is_empty();
        Some(match action {
            Action::Mark => {
                self.mark();
                Vec::new()
            }
            Action::MarkAll => {
                self.mark_all();
                Vec::new()
            }
            Action::Unmark => {
                self.lists.marks.clear();
                Vec::new()
            }
            Action::Toggle if has_marks => self.plan_marked(self.toggled()),
            Action::Delete if has_marks => self.plan_marked(BulkAction::Delete),
            Action::Rotate if has_marks => self.show_rotations(),
            Action::ShowRotations => self.show_rotations(),
            Action::ShowFound if self.is_on_rotations() => self.show_rotations(),
            Action::MakePlan => self.show_plan(),
            Action::OpenPlan => {
                self.open(Box::new(PlanFile::open()));
                Vec::new()
            }
            _ => return None,
        })
    }

    /// Whether the rotations under way are selected among the findings.
    pub(super) fn is_on_rotations(&self) -> bool {
        self.pages.shown == Page::Findings
            && self
                .pages
                .findings
                .is_on_rotations(&self.engine, self.rows())
    }

    /// Why a plan is not possible here and now; `None` if it is.
    pub(super) fn why_no_plan(&self) -> Option<String> {
        if self.lists.marks.is_empty() && self.engine.bulk().is_none() {
            let mark = keymap::name(Context::AllKeys, Action::Mark);
            return Some(format!("No key is marked: {mark} marks one"));
        }
        None
    }

    /// Why an action of the page of a plan is not possible; the outer `None` where it is not one.
    #[allow(
        clippy::option_option,
        reason = "that nothing speaks against it is an answer"
    )]
    pub(super) fn why_not_in_plan(&self, action: Action) -> Option<Option<String>> {
        let plan = self.engine.bulk()?;
        let moving = plan.stage == BulkStage::Running;
        let possible = match action {
            Action::ApplyPlan => !moving && plan.stage != BulkStage::Ended && plan.has_work(),
            Action::Include => plan.stage != BulkStage::Ended,
            Action::StopPlan => plan.has_begun(),
            Action::Undo => plan.can_undo(),
            Action::Impact => true,
            _ => return None,
        };
        Some((!possible).then(|| "Not possible now".into()))
    }

    /// What an action of the page of a plan is called here and now.
    pub(super) fn plan_title(&self, action: Action) -> &'static str {
        let stage = self.engine.bulk().map(|plan| plan.stage);
        match (action, stage) {
            (Action::ApplyPlan, Some(BulkStage::Paused)) => "go on",
            (Action::PausePlan, Some(BulkStage::Running)) => "pause",
            (Action::PausePlan, _) => "close",
            (action, _) => action.title(),
        }
    }

    /// What `Toggle` does to marked keys: activates them where all are known to be Inactive.
    fn toggled(&self) -> BulkAction {
        let is_inactive = |marked: &Marked| {
            let account = self.engine.fleet.get(marked.slot);
            let row = account.and_then(|account| account.users.get(&marked.user));
            let mut keys = row.into_iter().flat_map(UserRow::known_keys);
            keys.any(|key| key.id() == Some(&*marked.key) && *key.status() == KeyStatus::Inactive)
        };
        if self.lists.marks.keys().iter().all(is_inactive) {
            BulkAction::Activate
        } else {
            BulkAction::Deactivate
        }
    }

    /// Marks the key under the cursor; in the list of users, the keys of the user that pass the filter.
    fn mark(&mut self) {
        let slot = self.slot();
        let of_user = self.pages.shown == Page::Users && self.pages.users.pane == Pane::Users;
        let keys: Vec<Marked> = if of_user {
            let place = self.lists.by_user().selected();
            place.map_or_else(Vec::new, |place| self.keys_of(place))
        } else {
            let selection = self.selection();
            let both = selection.user.zip(selection.key);
            both.map_or_else(Vec::new, |(user, row)| {
                vec![Marked {
                    slot,
                    user: user.user.name.clone(),
                    key: row.key.id.as_str().into(),
                    ..Marked::default()
                }]
            })
        };
        if keys.is_empty() {
            self.complain("No key to mark: there is none, or it is not loaded");
            return;
        }
        self.lists.marks.toggle(keys);
    }

    /// The keys of a user that pass the filter: what a list of users is narrowed to may be one of two.
    fn keys_of(&mut self, place: UserPlace) -> Vec<Marked> {
        let rows = self.engine.fleet.rows(self.scope);
        let Some((account, row)) = rows.account(place.slot).zip(rows.user(place)) else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for key in row.known_keys() {
            if self.lists.passes_key(account, row, key) {
                keys.extend(marked(account, row, key));
            }
        }
        keys
    }

    /// How many of the marked keys are not in the list that is shown: in an account that is left out since,
    /// or narrowed away.
    fn marked_unseen(&mut self) -> usize {
        let (shown, _) = self.shown_keys(false);
        let shown: HashSet<(Slot, &str)> = shown.iter().map(|it| (it.slot, &*it.key)).collect();
        let marked = self.lists.marks.keys().iter();
        marked
            .filter(|it| !shown.contains(&(it.slot, &*it.key)))
            .count()
    }

    /// Marks every key that is shown.
    fn mark_all(&mut self) {
        let of_keys = matches!(self.pages.shown, Page::Keys | Page::Findings);
        let of_one = self.pages.shown == Page::Users && self.pages.users.pane == Pane::Keys;
        let (keys, unnamed) = self.shown_keys(of_one);
        self.lists.marks.mark(keys);
        let all = format::plural(self.lists.marks.len(), "key");
        match (unnamed, of_keys) {
            (0, _) => self.say(format!("{all} marked")),
            (unnamed, true) => self.complain(format!(
                "{all} marked; {} not loaded yet",
                format::plural(unnamed, "key")
            )),
            (unnamed, false) => self.complain(format!(
                "{all} marked; the keys of {} not loaded yet",
                format::plural(unnamed, "user")
            )),
        }
    }

    /// The keys in the list that is shown, or those of the selected user; and how many keys or users are
    /// not loaded yet.
    fn shown_keys(&mut self, of_one: bool) -> (Vec<Marked>, usize) {
        let of_keys = matches!(self.pages.shown, Page::Keys | Page::Findings);
        let rows = self.engine.fleet.rows(self.scope);
        let (mut keys, mut unnamed) = (Vec::new(), 0);
        if of_keys {
            let places = match self.pages.shown {
                Page::Findings => self.pages.findings.places(),
                _ => self.lists.by_key().shown().to_vec(),
            };
            for place in places {
                let found = rows.account(place.slot).zip(rows.key(place));
                let key = found.and_then(|(account, (row, key))| marked(account, row, key));
                unnamed += usize::from(key.is_none());
                keys.extend(key);
            }
        } else {
            let places: Vec<UserPlace> = if of_one {
                self.lists.by_user().selected().into_iter().collect()
            } else {
                self.lists.by_user().shown().to_vec()
            };
            for place in places {
                let row = self.engine.fleet.rows(self.scope).user(place);
                unnamed += usize::from(row.is_some_and(|row| row.keys.known().is_none()));
                keys.extend(self.keys_of(place));
            }
        }
        (keys, unnamed)
    }

    /// Makes a plan of the marked keys, and shows it.
    fn plan_marked(&mut self, action: BulkAction) -> Vec<Effect> {
        let unseen = self.marked_unseen();
        let keys = self.lists.marks.keys().to_vec();
        let intent = Intent::Bulk(BulkIntent::Make { action, keys });
        let effects = self.engine.intend(intent);
        if self.engine.bulk().is_some() {
            self.open(Box::new(BulkPage::default()));
            if let Some(unseen) = unseen_words(unseen) {
                self.complain(unseen);
            }
        }
        effects
    }

    /// Asks what is done to the marked keys; without any, shows the plan that there is.
    fn show_plan(&mut self) -> Vec<Effect> {
        if let Some(why) = self.why_no_plan() {
            self.complain(why);
            return Vec::new();
        }
        let moving = self.engine.bulk().is_some_and(BulkPlan::is_moving);
        if moving || self.lists.marks.is_empty() {
            self.open(Box::new(BulkPage::default()));
        } else {
            let unseen = unseen_words(self.marked_unseen());
            let keys = self.lists.marks.keys().to_vec();
            self.open(Box::new(ChooseAction::new(keys, unseen)));
        }
        Vec::new()
    }

    /// Shows the rotations under way, and those of the users whose keys are marked.
    fn show_rotations(&mut self) -> Vec<Effect> {
        let mut marked: Vec<RotationUnderWay> = Vec::new();
        let mut seen = HashSet::new();
        for key in self.lists.marks.keys() {
            if seen.insert((key.slot, &key.user)) {
                let (slot, user) = (key.slot, key.user.clone());
                marked.push(RotationUnderWay { slot, user });
            }
        }
        let page = RotationsPage::new(marked, &self.engine);
        self.open(Box::new(page));
        Vec::new()
    }

    /// What is carried out is not marked any more, and marks are not left on another account's keys.
    pub(super) fn follow_marks(&mut self) {
        let marks = &mut self.lists.marks;
        marks.leave_other_accounts(&self.engine.fleet);
        if let Some(plan) = self.engine.bulk().filter(|plan| plan.is_moving()) {
            marks.take_away(plan);
        }
    }
}
