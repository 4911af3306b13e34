//! What is wrong with the keys of one account, row by row, and how many each rule finds. It follows
//! what is known: only rows that something has touched are judged again, and all of them where rows
//! have come to stand elsewhere, or the rules, the quarantine or the hour are others.

use super::{
    grid::{self, Grid},
    root::{RootVerdict, keys_of_root, root_user},
    rules::{Rule, Rules, Verdicts},
};
use crate::engine::{
    account::{Account, Facts, UserRow},
    query,
};
use chrono::{DateTime, NaiveDate, Utc};
use smallvec::SmallVec;
use std::sync::Arc;

/// How many keys a rule finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Keys that meet it.
    pub found: usize,
    /// Keys that meet it, and that an exemption takes out.
    pub exempt: usize,
    /// Those of `found` of which it is not known whether an exemption takes them out.
    pub unsure: usize,
    /// Keys of which it is not known whether they do.
    pub unknown: usize,
    /// Users of whom it is not known which keys they have, and whose keys may meet it.
    pub users: usize,
    /// Accounts of which it is not known whether root has keys that meet it.
    pub accounts: usize,
    /// Accounts of which it is not known, or not any more, which users there are: their keys may meet it.
    pub unlisted: usize,
}

impl Counted {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.found += other.found;
        self.exempt += other.exempt;
        self.unsure += other.unsure;
        self.unknown += other.unknown;
        self.users += other.users;
        self.accounts += other.accounts;
        self.unlisted += other.unlisted;
    }

    /// Whether it is known of every key whether it meets the rule: there are no more of them.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.unknown == 0 && self.users == 0 && self.accounts == 0 && self.unlisted == 0
    }
}

/// A key, judged.
#[derive(Clone, Copy, Debug, Default)]
struct Judged {
    verdicts: Verdicts,
    /// The rules that exemptions take it out of.
    exempt: u64,
    /// There may be more that they take it out of.
    may_be_exempt: bool,
    place: grid::Place,
}

impl Judged {
    /// The rules that find it.
    fn found(&self) -> u64 {
        self.verdicts.met & !self.exempt
    }

    /// Those that find it, where an exemption may take it out of them, of all that one can.
    fn unsure(&self, exemptible: u64) -> u64 {
        if self.may_be_exempt {
            self.found() & exemptible
        } else {
            0
        }
    }
}

/// A user, judged.
#[derive(Clone, Debug, Default)]
struct JudgedRow {
    keys: SmallVec<[Judged; 2]>,
    /// The rules that keys of the user may meet, of which nothing is known.
    unknown: u64,
}

/// What is wrong with the keys of an account.
#[derive(Debug, Default)]
pub struct AccountFindings {
    rules: Arc<Rules>,
    /// Something was judged by these rules.
    is_judged: bool,
    rows: Vec<JudgedRow>,
    /// Root's keys.
    root: Vec<Judged>,
    /// The rules that root's keys may meet, of which nothing is known.
    root_unknown: u64,
    counts: Vec<Counted>,
    found: usize,
    exempt: usize,
    grid: Grid,
    /// What root's keys were judged by: when the report was made, and how many there are.
    root_seen: Option<(Option<DateTime<Utc>>, Option<usize>)>,
    /// What the account is called, where a rule asks for that.
    label: Box<str>,
    /// The key of the session, where a rule asks for that.
    own: Box<str>,
}

impl AccountFindings {
    /// The rules of the account.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The same, to be told from those of another account.
    pub(super) fn shared_rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// How many keys a rule finds.
    #[must_use]
    pub fn count(&self, rule: usize) -> Counted {
        let mut counted = self.counts.get(rule).copied().unwrap_or_default();
        let bit = 1 << rule;
        for key in &self.root {
            counted.found += usize::from(key.found() & bit != 0);
            counted.exempt += usize::from(key.verdicts.met & key.exempt & bit != 0);
            counted.unknown += usize::from(key.verdicts.unknown & bit != 0);
        }
        counted.accounts += usize::from(self.root_unknown & bit != 0);
        counted
    }

    /// How many keys any rule finds.
    #[must_use]
    pub fn found(&self) -> usize {
        self.found + self.root.iter().filter(|key| key.found() != 0).count()
    }

    /// How many keys an exemption takes out of a rule that they meet.
    #[must_use]
    pub fn exempt(&self) -> usize {
        let is_exempt = |key: &&Judged| key.verdicts.met & key.exempt != 0;
        self.exempt + self.root.iter().filter(is_exempt).count()
    }

    /// How old and how idle its Active keys are.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// How many of root's keys a rule finds.
    #[must_use]
    pub fn roots(&self, rule: usize) -> usize {
        let bit = 1 << rule;
        let found = |key: &&Judged| key.found() & bit != 0;
        self.root.iter().filter(found).count()
    }

    /// The keys that a rule finds, by the places of their users and theirs among those of the user.
    pub fn keys(&self, rule: usize) -> impl Iterator<Item = (u32, u16)> {
        let bit = 1 << rule;
        self.keys_where(move |key| key.found() & bit != 0)
    }

    /// The keys that meet a rule, and that an exemption takes out of it.
    pub fn exempt_keys(&self, rule: usize) -> impl Iterator<Item = (u32, u16)> {
        let bit = 1 << rule;
        self.keys_where(move |key| key.verdicts.met & key.exempt & bit != 0)
    }

    fn keys_where(&self, is: impl Fn(&Judged) -> bool + Copy) -> impl Iterator<Item = (u32, u16)> {
        (0..).zip(&self.rows).flat_map(move |(row, judged)| {
            let keys = (0..).zip(judged.keys.iter());
            let found = keys.filter(move |(_, key)| is(key));
            found.map(move |(key, _)| (row, key))
        })
    }

    /// The rules that find a key.
    pub fn of(&self, row: u32, key: u16) -> impl Iterator<Item = &Rule> {
        let judged = self.rows.get(row as usize);
        let judged = judged.and_then(|row| row.keys.get(usize::from(key)));
        self.rules_in(judged.map_or(0, Judged::found))
    }

    /// The rules that a key meets, and that an exemption takes it out of.
    pub fn exempted(&self, row: u32, key: u16) -> impl Iterator<Item = &Rule> {
        let judged = self.rows.get(row as usize);
        let judged = judged.and_then(|row| row.keys.get(usize::from(key)));
        self.rules_in(judged.map_or(0, |key| key.verdicts.met & key.exempt))
    }

    /// Whether exemptions take a key out of any rule; none where that is not known.
    #[must_use]
    pub fn is_exempt(&self, row: u32, key: u16) -> Option<bool> {
        let key = self.rows.get(row as usize)?.keys.get(usize::from(key))?;
        (key.exempt != 0 || !key.may_be_exempt).then_some(key.exempt != 0)
    }

    /// What the rules have found of a key; that nothing is known, where it is not judged.
    pub(in crate::engine) fn judged(&self, row: u32, key: u16) -> query::Judged {
        let judged = self.rows.get(row as usize);
        let judged = judged.and_then(|row| row.keys.get(usize::from(key)));
        match judged {
            Some(key) => query::Judged {
                found: key.found(),
                unknown: key.verdicts.unknown,
            },
            None => query::Judged {
                found: 0,
                unknown: self.rules.on() & self.rules.of_users(),
            },
        }
    }

    /// The rules of which it is not known whether a key meets them; all that are asked of users, where it is
    /// not judged.
    pub fn unknown(&self, row: u32, key: u16) -> impl Iterator<Item = &Rule> {
        let judged = self.rows.get(row as usize);
        let judged = judged.and_then(|row| row.keys.get(usize::from(key)));
        let asked = self.rules.on() & self.rules.of_users();
        self.rules_in(judged.map_or(asked, |key| key.verdicts.unknown))
    }

    /// The rules that keys of a user may meet, of whom it is not known which keys there are.
    pub fn unknown_of_user(&self, row: u32) -> impl Iterator<Item = &Rule> {
        let judged = self.rows.get(row as usize);
        let known = self.rules.on() & self.rules.of_users();
        self.rules_in(judged.map_or(known, |row| row.unknown))
    }

    /// The rules that one of root's keys meets, each with whether an exemption takes it out; and those
    /// of which that is not known. The keys stand as in [`root_keys`](super::root_keys).
    pub fn of_root(&self, key: usize) -> impl Iterator<Item = (&Rule, RootVerdict)> {
        let judged = self.root.get(key).copied().unwrap_or_default();
        let Judged {
            verdicts, exempt, ..
        } = judged;
        let met = self.rules_in(verdicts.met & !exempt);
        let exempt = self.rules_in(verdicts.met & exempt);
        let unknown = self.rules_in(verdicts.unknown);
        let met = met.map(|rule| (rule, RootVerdict::Found));
        let exempt = exempt.map(|rule| (rule, RootVerdict::Exempt));
        let unknown = unknown.map(|rule| (rule, RootVerdict::Unknown));
        met.chain(exempt).chain(unknown)
    }

    /// The rules that root's keys may meet, where it is not known whether there are any.
    pub fn unknown_of_root(&self) -> impl Iterator<Item = &Rule> {
        self.rules_in(self.root_unknown)
    }

    fn rules_in(&self, mask: u64) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.all().iter().enumerate();
        let set = rules.filter(move |(at, _)| mask & (1 << at) != 0);
        set.map(|(_, rule)| rule)
    }

    fn count_row(&mut self, row: &JudgedRow, add: bool) {
        let step = |count: &mut usize| {
            if add {
                *count += 1;
            } else {
                *count -= 1;
            }
        };
        let exemptible = self.rules.exemptible();
        let counts = &mut self.counts;
        for at in places(row.unknown) {
            step(&mut counts[at].users);
        }
        for key in &row.keys {
            let exempt = key.verdicts.met & key.exempt;
            for at in places(key.found()) {
                step(&mut counts[at].found);
            }
            for at in places(exempt) {
                step(&mut counts[at].exempt);
            }
            for at in places(key.unsure(exemptible)) {
                step(&mut counts[at].unsure);
            }
            for at in places(key.verdicts.unknown) {
                step(&mut counts[at].unknown);
            }
            if key.found() != 0 {
                step(&mut self.found);
            }
            if exempt != 0 {
                step(&mut self.exempt);
            }
            if add {
                self.grid.put(key.place);
            } else {
                self.grid.take(key.place);
            }
        }
    }

    /// Puts a row in the place of another.
    fn put(&mut self, at: usize, row: JudgedRow) {
        self.count_row(&row, true);
        if let Some(place) = self.rows.get_mut(at) {
            let before = std::mem::replace(place, row);
            self.count_row(&before, false);
        } else {
            self.rows.push(row);
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.counts.clear();
        self.counts
            .resize(self.rules.all().len(), Counted::default());
        self.found = 0;
        self.exempt = 0;
        self.grid = Grid::default();
    }
}

/// Judges again what has changed of an account, by these rules; says how many rows that were.
pub(super) fn follow(
    account: &mut Account,
    rules: Arc<Rules>,
    is_new_hour: bool,
    now: DateTime<Utc>,
) -> usize {
    let dirty = account.users.take_dirty();
    let mut index = std::mem::take(&mut account.findings);
    let mut all = dirty.all || is_new_hour || !index.is_judged;
    if !Arc::ptr_eq(&index.rules, &rules) {
        index.rules = rules;
        all = true;
    }
    if index.rules.asks_account() && *index.label != *account.label() {
        index.label = account.label().into();
        all = true;
    }
    if index.rules.asks_own() && *index.own != *account.identity.key {
        index.own = account.identity.key.as_str().into();
        all = true;
    }
    index.is_judged = true;
    let judged = if all {
        index.clear();
        let rules = index.rules.clone();
        let judging = JudgingRows::by(account, &rules, now);
        let users = account.users.rows();
        index.rows.reserve(users.len());
        for (at, user) in users.iter().enumerate() {
            index.put(at, judging.judge(user));
        }
        users.len()
    } else {
        let users = account.users.rows();
        let mut places = dirty.rows;
        places.sort_unstable();
        places.dedup();
        places.retain(|at| (*at as usize) < users.len());
        let rules = index.rules.clone();
        let judging = JudgingRows::by(account, &rules, now);
        for at in places.iter().map(|at| *at as usize) {
            index.put(at, judging.judge(&users[at]));
        }
        places.len()
    };
    let report = account.identity.report.known();
    let root = (
        report.map(|report| report.generated),
        account.identity.told_of_root().map(|(count, _)| count),
    );
    if all || index.root_seen != Some(root) {
        index.root_seen = Some(root);
        judge_root(&mut index, account, now);
    }
    account.findings = index;
    judged
}

/// The places of the bits that are set.
fn places(mask: u64) -> impl Iterator<Item = usize> {
    let mut left = mask;
    std::iter::from_fn(move || {
        let at = (left != 0).then_some(left.trailing_zeros() as usize);
        left &= left.wrapping_sub(1);
        at
    })
}

/// What the rows of an account are judged by.
struct JudgingRows<'a> {
    facts: Facts<'a>,
    rules: &'a Rules,
    /// The rules that are asked of the keys of users.
    mask: u64,
    now: DateTime<Utc>,
    today: NaiveDate,
}

impl<'a> JudgingRows<'a> {
    fn by(account: &'a Account, rules: &'a Rules, now: DateTime<Utc>) -> Self {
        Self {
            facts: Facts::by(account, rules, now),
            rules,
            mask: rules.of_users(),
            now,
            today: now.date_naive(),
        }
    }

    fn judge(&self, row: &UserRow) -> JudgedRow {
        let Self { rules, now, .. } = *self;
        let user = self.facts.user(row);
        if row.key_count().is_none() {
            let Verdicts { met, unknown } = rules.judge(&user, None, now, self.mask);
            return JudgedRow {
                keys: SmallVec::new(),
                // A key would meet it, and it is not known whether there is one.
                unknown: met | unknown,
            };
        }
        let of_user = rules.judge_user(&user, self.mask);
        let keys = row.known_keys().map(|key| {
            let exempt = rules.exempt(row, key.id(), self.today);
            let of_key = self.facts.key_exempt(row, key, exempt.known());
            Judged {
                verdicts: rules.judge_key(of_user, &user, &of_key, now),
                exempt: exempt.from,
                may_be_exempt: exempt.may_be_more,
                place: grid::place(key, now),
            }
        });
        JudgedRow {
            keys: keys.collect(),
            unknown: 0,
        }
    }
}

/// Judges root's keys, by the rules that ask for root.
fn judge_root(index: &mut AccountFindings, account: &Account, now: DateTime<Utc>) {
    let rules = index.rules.clone();
    let mask = rules.of_root();
    index.root_unknown = 0;
    index.root.clear();
    match keys_of_root(account, &rules, now) {
        Some(keys) => index.root.extend(keys.iter().map(|it| Judged {
            verdicts: rules.judge(&it.user, Some(&it.key), now, mask),
            exempt: it.key.exempt.unwrap_or(0),
            may_be_exempt: false,
            place: grid::Place::Out,
        })),
        None => {
            let user = root_user(account, &rules, now, None);
            let Verdicts { met, unknown } = rules.judge(&user, None, now, mask);
            index.root_unknown = met | unknown;
        }
    }
}
