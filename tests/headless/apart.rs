//! Whatever happens, and in whichever order: nothing of one account reaches another. Two accounts that
//! were opened by hand and two of an organisation have users of the same names; each key says in its ID
//! whose it is.

use crate::by_hand::{Account, ByHand, created, error, key};
use chrono::TimeDelta;
use iamkeys::engine::{
    Answer, Change, Changed, Event, Intent, KeyId, Kind, Order, PlanId, Problem, Read, RequestId,
    SessionId, SignedIn, Slot, Target,
    account::{Stage, UserRow},
    fleet::Scope,
    model::{AccountState, AccountsPage, Caller, KeyStatus, ListedAccount},
};
use proptest::{prelude::*, sample::Index};

/// The IDs of the accounts in the order of their slots, and what is in the ID of each of their keys.
const ACCOUNTS: [(&str, &str); 4] = [
    ("111111111111", "ONE"),
    ("222222222222", "TWO"),
    ("333333333333", "TRI"),
    ("444444444444", "FOR"),
];

/// What can happen.
#[derive(Clone, Debug)]
enum Step {
    /// An open read is answered, well or badly.
    Answer(Index, Option<Kind>),
    /// A read that was answered, or whose session is left, is answered once more, and wrongly.
    AnswerLate(Index),
    /// A row is selected, and something is to be done to its user.
    Propose(Index, Wish),
    /// The same, without a look at the account.
    Send(Index, Wish),
    /// One of the plans is approved.
    Approve(Index),
    /// What came of a change is told: that it was done, that it was not, or nothing.
    Changed(Index, Option<Kind>),
    /// An account is signed in to again.
    SignInAgain(Index),
    /// That has come to an end, well or badly.
    SignedIn(Index, bool),
    /// All of an account is asked for once more.
    Refresh(Index),
    /// A key is searched for in an account.
    Search(Index),
}

/// What is to be done to a user.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Create,
    Toggle,
    Delete,
    Describe,
    Rotate,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    let failure = prop_oneof![
        4 => Just(None),
        1 => prop::sample::select(vec![
            Kind::Denied, Kind::NotFound, Kind::Network, Kind::Throttled, Kind::Server,
            Kind::Expired,
        ]).prop_map(Some),
    ];
    let wish = prop::sample::select(vec![
        Wish::Create,
        Wish::Toggle,
        Wish::Delete,
        Wish::Describe,
        Wish::Rotate,
    ]);
    prop_oneof![
        12 => (index(), failure.clone()).prop_map(|(at, kind)| Step::Answer(at, kind)),
        3 => index().prop_map(Step::AnswerLate),
        4 => (index(), wish.clone()).prop_map(|(row, wish)| Step::Propose(row, wish)),
        2 => (index(), wish).prop_map(|(row, wish)| Step::Send(row, wish)),
        4 => index().prop_map(Step::Approve),
        4 => (index(), failure).prop_map(|(at, kind)| Step::Changed(at, kind)),
        1 => index().prop_map(Step::SignInAgain),
        3 => (index(), prop::bool::weighted(0.9)).prop_map(|(at, well)| Step::SignedIn(at, well)),
        1 => index().prop_map(Step::Refresh),
        1 => index().prop_map(Step::Search),
    ]
}

/// The accounts as they are, the engine that looks at them, and what is on its way between them.
struct World {
    hands: ByHand,
    accounts: Vec<Account>,
    /// All reads that were ever asked.
    asked: Vec<(SessionId, RequestId, Read)>,
    /// What was wanted, and where the row stood that was selected then.
    wanted: Vec<(Slot, Change)>,
    /// The changes that the service has got and not answered.
    under_way: Vec<(SessionId, Order)>,
    made: usize,
}

impl World {
    /// All accounts are open. The first is of the organisation that the last two are opened through.
    fn open() -> Self {
        let mut hands = ByHand::new();
        let (first, second) = (hands.open(), hands.open());
        assert_eq!([first, second], [Slot(0), Slot(1)]);
        let accounts = ACCOUNTS.into_iter().zip(1..).map(|((id, mark), count)| {
            let own = ["alice", "bob"].map(|user| (user, format!("AKIA{mark}{user:A<13}")));
            // Rows of one place are not those of one user.
            let more = ["aaron", "zoe"].map(|user| (user, format!("AKIA{mark}{user:B<13}")));
            let users = more.into_iter().take(count - 1).chain(own);
            let users: Vec<(&str, String)> = users.collect();
            let keys: Vec<(&str, [&str; 1])> =
                users.iter().map(|(user, key)| (*user, [&**key])).collect();
            let users: Vec<(&str, &[&str])> =
                keys.iter().map(|(user, key)| (*user, &key[..])).collect();
            Account::new(id, &users)
        });
        let mut world = Self {
            hands,
            accounts: accounts.collect(),
            asked: Vec::new(),
            wanted: Vec::new(),
            under_way: Vec::new(),
            made: 0,
        };
        world.hands.intend(Intent::OpenOrganisation(first));
        world.settle();
        assert_eq!(world.hands.engine.fleet.accounts().len(), ACCOUNTS.len());
        world
    }

    /// Answers everything, truly, until nothing more is asked.
    fn settle(&mut self) {
        // What is throttled, or looked for again, takes its time.
        for _ in 0..200 {
            self.hands.now += TimeDelta::seconds(2);
            self.hands.plan();
            self.take();
            while let Some((session, target)) = self.hands.sign_ins.pop() {
                self.signed_in(session, &target, true);
            }
            while let Some(sent) = self.under_way.pop() {
                self.carry_out(sent, None);
            }
            while let Some(asked) = self.hands.reads.first().cloned() {
                self.answer(asked, None);
            }
        }
        let account = |slot| self.hands.account(slot);
        let busy = (0..4).map(Slot).find(|slot| account(*slot).is_busy());
        assert!(
            busy.is_none(),
            "{busy:?}: {:?}",
            account(busy.unwrap_or_default())
        );
    }

    /// Takes what was asked and sent, and holds it against what may be.
    fn take(&mut self) {
        for (session, request, read) in &self.hands.reads {
            if self.asked.iter().any(|(_, known, _)| known == request) {
                continue;
            }
            let named = match read {
                Read::LastUsed(_, key) => Some(key.clone()),
                // A key that is searched for may be asked of any account.
                _ => None,
            };
            let mark = Self::mark(session.slot);
            assert!(
                named.as_ref().is_none_or(|key| key.contains(mark)),
                "{session:?} is asked for {read:?}"
            );
            let present = self.hands.session(session.slot);
            assert_eq!(
                *session, present,
                "{read:?} is asked in a session that is left"
            );
            self.asked.push((*session, *request, read.clone()));
        }
        for sent in std::mem::take(&mut self.hands.orders) {
            let (session, order) = &sent;
            let wanted = (session.slot, order.change.clone());
            let wanted = self.wanted.iter().position(|known| *known == wanted);
            let wanted = wanted.unwrap_or_else(|| panic!("nothing like {sent:?} is wanted"));
            self.wanted.swap_remove(wanted);
            assert_eq!(*session, self.hands.session(session.slot), "{order:?}");
            let id = self.accounts[usize::from(session.slot.0)].id;
            // After a new sign-in it may not be known yet.
            assert!(
                order.account.as_deref().is_none_or(|of| of == id),
                "{sent:?}"
            );
            self.under_way.push(sent);
        }
    }

    fn mark(slot: Slot) -> &'static str {
        ACCOUNTS[usize::from(slot.0)].1
    }

    /// What is known of every account but one.
    fn others(&self, slot: Slot) -> Vec<String> {
        let accounts = self.hands.engine.fleet.accounts().iter();
        let others = accounts.filter(|account| account.session.slot != slot);
        let shown = others.map(|account| {
            let rows = account.users.rows();
            format!("{:?} {:?} {rows:?}", account.session, account.stage)
        });
        shown.collect()
    }

    /// What is known of every account.
    fn all(&self) -> Vec<String> {
        self.others(Slot(u16::MAX))
    }

    /// The account that was asked answers, and it alone has something new.
    fn answer(&mut self, asked: (SessionId, RequestId, Read), kind: Option<Kind>) {
        let (session, _, read) = asked.clone();
        if kind == Some(Kind::Throttled) {
            // It is not answered by that: the same may be asked once more.
            self.asked.retain(|(_, known, _)| *known != asked.1);
        }
        let result = match kind {
            Some(kind) => Err(error(read.row().action, kind)),
            None => Ok(self.truth(session.slot, &read)),
        };
        // These tell of accounts.
        let beside = !matches!(read, Read::Accounts(_) | Read::Caller);
        let before = beside.then(|| self.others(session.slot));
        self.hands.answer(asked, result);
        if let Some(before) = before {
            assert!(
                self.others(session.slot) == before,
                "{session:?}: {read:?}, {kind:?}"
            );
        }
        self.take();
    }

    fn truth(&self, slot: Slot, read: &Read) -> Answer {
        if let Read::KeyAccount(key) = read {
            let of = ACCOUNTS.iter().find(|(_, mark)| key.contains(mark));
            return Answer::KeyAccount(of.map_or("999999999999", |(id, _)| id).into());
        }
        if !matches!(read, Read::Accounts(_)) {
            return self.accounts[usize::from(slot.0)].answer(read);
        }
        // The second is of nobody's organisation.
        let members = [0, 2, 3].map(|at: usize| ListedAccount {
            id: ACCOUNTS[at].0.into(),
            name: ACCOUNTS[at].1.into(),
            state: AccountState::Active,
        });
        Answer::Accounts(AccountsPage {
            accounts: members.into(),
            next: None,
        })
    }

    /// An answer that comes too late tells of a key that there is not.
    fn answer_late(&mut self, at: Index) {
        let open = &self.hands.reads;
        let is_over = |request| open.iter().all(|(_, open, _)| open != request);
        let over = self.asked.iter();
        let over = over.filter(|(_, request, _)| is_over(request));
        let over: Vec<_> = over.cloned().collect();
        let Some((session, request, read)) = (!over.is_empty()).then(|| at.get(&over).clone())
        else {
            return;
        };
        let wrong = Account::new(
            "999999999999",
            &[("alice", &["AKIANILNILNILNILNIL1"]), ("nil", &[])],
        );
        let before = self.all();
        let (answer, took) = (wrong.answer(&read), std::time::Duration::ZERO);
        self.hands.hear(Event::Answer {
            session,
            request,
            result: Ok(answer),
            took,
        });
        assert!(self.all() == before, "late: {session:?}: {read:?}");
    }

    fn signed_in(&mut self, session: SessionId, target: &Target, well: bool) {
        let at = usize::from(session.slot.0);
        let account = ACCOUNTS[at].0;
        let result = match target {
            _ if !well => Err(Box::new(Problem::internal())),
            Target::Member(member) => {
                assert_eq!(&*member.account, account);
                assert_eq!(member.source, Slot(0));
                let role: Box<str> = "iamkeys-audit".into();
                let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/iamkeys");
                Ok(Box::new(SignedIn {
                    key: format!("ASIA{}", session.generation),
                    caller: Caller::read(account.into(), arn),
                    role: Some(role),
                    ..SignedIn::default()
                }))
            }
            _ => Ok(Box::default()),
        };
        // It may be that of a session which is left already.
        let left = session != self.hands.session(session.slot);
        let before = left.then(|| self.all());
        self.hands.hear(Event::SignedIn { session, result });
        assert!(
            before.is_none_or(|it| it == self.all()),
            "late: {session:?}"
        );
        self.take();
    }

    /// What a person wants done to the user of a row, of those of all accounts.
    fn want(&mut self, row: Index, wish: Wish) -> Option<(Slot, Change)> {
        let rows = self.hands.engine.fleet.rows(Scope::All);
        let users: Vec<(Slot, &UserRow)> = rows
            .users()
            .map(|(place, user)| (place.slot, user))
            .collect();
        let (slot, user) = (!users.is_empty()).then(|| *row.get(&users))?;
        let name = user.user.name.clone();
        let keys = user.keys.known().map_or(&[][..], Vec::as_slice);
        let first = keys
            .first()
            .map(|row| (row.key.id.clone(), row.key.status.clone()));
        Some((
            slot,
            match (wish, first) {
                (Wish::Create, _) => Change::Create { user: name },
                (Wish::Rotate, _) => {
                    self.hands.intend(Intent::Rotate(slot, name));
                    self.take();
                    return None;
                }
                (_, None) => return None,
                (Wish::Toggle, Some((key, status))) => Change::SetActive {
                    user: name,
                    key,
                    active: status == KeyStatus::Inactive,
                },
                (Wish::Delete, Some((key, _))) => Change::Delete { user: name, key },
                (Wish::Describe, Some((key, _))) => Change::SetDescription {
                    user: name,
                    key,
                    text: Some("what it is for".into()),
                },
            },
        ))
    }

    fn approve(&mut self, at: Index) {
        let plans = self.hands.engine.plans();
        if plans.is_empty() {
            return;
        }
        let plan = at.get(plans);
        let at_risk = plan.at_risk().unwrap_or_default();
        let typed = at_risk[at_risk.len().saturating_sub(4)..].to_owned();
        let plan: PlanId = plan.id;
        self.hands.intend(Intent::Approve { plan, typed });
        self.take();
    }

    /// The account that a change was sent to carries it out, or does not, and says so or nothing.
    fn carry_out(&mut self, sent: (SessionId, Order), kind: Option<Kind>) {
        let slot = sent.0.slot;
        let change = sent.1.change.clone();
        self.made += 1;
        let new = format!("AKIA{}{:A>13}", Self::mark(slot), self.made);
        // Lost on the way there, or on the way back.
        let done = match kind {
            None => true,
            Some(Kind::Network) => self.made.is_multiple_of(2),
            Some(_) => false,
        };
        let account = &mut self.accounts[usize::from(slot.0)];
        let user = account
            .users
            .iter_mut()
            .find(|(name, _)| *name == *change.user());
        let (_, keys) = user.expect("a user of the account that the change was sent to");
        let mut result = Changed::Done;
        if done {
            match &change {
                Change::Create { .. } => {
                    let now = self.hands.now;
                    keys.push(iamkeys::engine::model::AccessKey {
                        created: Some(now),
                        ..key(&new, KeyStatus::Active)
                    });
                    result = created(&new, now);
                }
                Change::SetActive { key, active, .. } => {
                    let known = keys.iter_mut().find(|known| known.id == *key);
                    if let Some(known) = known {
                        known.status = match active {
                            true => KeyStatus::Active,
                            false => KeyStatus::Inactive,
                        };
                    }
                }
                Change::Delete { key, .. } => keys.retain(|known| known.id != *key),
                Change::SetDescription { .. }
                | Change::SetExemption { .. }
                | Change::RevokeSessions { .. }
                | Change::LiftRevocation { .. }
                | Change::SetCredential { .. }
                | Change::DeleteCredential { .. } => {}
            }
        }
        let result = match kind {
            None => Ok(result),
            Some(kind) => Err(error(change.row().action, kind)),
        };
        let before = self.others(slot);
        self.hands.changed(sent, result);
        assert!(self.others(slot) == before, "{slot:?}: {change:?}");
        self.take();
    }

    fn go(&mut self, step: &Step) {
        self.hands.now += TimeDelta::milliseconds(20);
        match *step {
            Step::Answer(at, kind) if !self.hands.reads.is_empty() => {
                let asked = at.get(&self.hands.reads).clone();
                self.answer(asked, kind);
            }
            Step::AnswerLate(at) => self.answer_late(at),
            Step::Propose(row, wish) => {
                if let Some((slot, change)) = self.want(row, wish) {
                    self.wanted.push((slot, change.clone()));
                    self.hands.intend(Intent::Propose(slot, change.into()));
                }
            }
            Step::Send(row, wish) => {
                if let Some((slot, change)) = self.want(row, wish) {
                    self.wanted.push((slot, change.clone()));
                    self.hands.intend(Intent::Send(slot, vec![change]));
                }
            }
            Step::Approve(at) => self.approve(at),
            Step::Changed(at, kind) if !self.under_way.is_empty() => {
                let sent = self.under_way.swap_remove(at.index(self.under_way.len()));
                self.carry_out(sent, kind);
            }
            Step::SignInAgain(at) => self.sign_in_again(at),
            Step::SignedIn(at, well) if !self.hands.sign_ins.is_empty() => {
                let sign_ins = &mut self.hands.sign_ins;
                let (session, target) = sign_ins.swap_remove(at.index(sign_ins.len()));
                self.signed_in(session, &target, well);
            }
            Step::Refresh(at) => {
                let slot = at.get(self.hands.engine.fleet.accounts()).session.slot;
                self.hands.intend(Intent::Refresh(slot));
            }
            Step::Search(at) => {
                let (slot, (_, mark)) = *at.get(&[(Slot(1), ACCOUNTS[1]), (Slot(3), ACCOUNTS[3])]);
                let key = KeyId::read(&format!("AKIA{mark}{:A<13}", "bob"));
                let key = key.expect("it looks like one");
                self.hands.intend(Intent::Search(slot, key));
            }
            Step::Answer(..) | Step::Changed(..) | Step::SignedIn(..) => {}
        }
        self.take();
        self.hands.plan();
        self.take();
        self.check();
    }

    fn sign_in_again(&mut self, at: Index) {
        let account = at.get(self.hands.engine.fleet.accounts());
        let (slot, target) = (account.session.slot, account.target.clone());
        self.hands.intend(Intent::SignIn(slot, target));
        self.take();
    }

    /// What is known of each account is its own.
    fn check(&self) {
        for account in self.hands.engine.fleet.accounts() {
            let slot = account.session.slot;
            let (id, mark) = ACCOUNTS[usize::from(slot.0)];
            let known = account.identity.account_id();
            assert!(known.is_none_or(|known| known == id), "{slot:?}: {known:?}");
            for row in account.users.rows() {
                for key in row.keys.known().into_iter().flatten() {
                    assert!(key.key.id.contains(mark), "{slot:?} has {key:?}");
                }
            }
        }
        for plan in self.hands.engine.plans() {
            let mark = Self::mark(plan.session.slot);
            for step in &plan.steps {
                let key = step.change.key().unwrap_or(mark);
                assert!(key.contains(mark), "{:?}: {step:?}", plan.session);
            }
        }
        for key in self.hands.engine.vault.held() {
            let (id, mark) = ACCOUNTS[usize::from(key.session.slot.0)];
            assert!(key.id.contains(mark), "{:?} holds {}", key.session, key.id);
            assert!(key.account.id.as_deref().is_none_or(|of| of == id));
        }
    }

    /// Signed in anew and loaded, each account is shown as it is.
    fn check_all(&mut self) {
        for slot in (0..4).map(Slot) {
            let target = self.hands.account(slot).target.clone();
            self.hands.intend(Intent::SignIn(slot, target));
            self.settle();
        }
        for (slot, account) in (0..4).map(Slot).zip(&self.accounts) {
            let known = self.hands.account(slot);
            assert_eq!(known.stage, Stage::SignedIn);
            assert_eq!(known.identity.account_id(), Some(account.id));
            let mut truth = account.users.clone();
            truth.sort_by(|(a, _), (b, _)| a.cmp(b));
            let shown = known.users.rows().iter().map(|row| {
                let keys = row.keys.known().into_iter().flatten();
                let keys: Vec<_> = keys.map(|row| row.key.clone()).collect();
                (row.user.name.to_string(), keys)
            });
            assert_eq!(shown.collect::<Vec<_>>(), truth, "{slot:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_of_one_account_reaches_another(steps in prop::collection::vec(step(), 20..150)) {
        let mut world = World::open();
        for step in steps {
            world.go(&step);
        }
        world.check_all();
    }
}
