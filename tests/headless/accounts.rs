//! Two accounts beside each other in one engine: what belongs to one does not reach the other, and
//! both share one cap on what is under way.

use crate::by_hand::{Account, ByHand, created, error, key};
use chrono::TimeDelta;
use iamkeys::engine::{
    Answer, Attention, Blocker, Change, Changed, Difference, Effect, Error, Event, Fact, Intent,
    KeyId, Kind, Need, News, Origin, Proposal, Read, Renewed, Resolution, RotationStep,
    SearchPhase, SignedIn, Slot, Target, TrialNews, Wanted,
    account::Stage,
    account_rules::{AccountRule, AccountRules, AccountStyle, NamePattern, Which},
    limiter::MOST,
    model::{AccountState, AccountsPage, Caller, KeyStatus, ListedAccount},
    unresolved::{Cause, Finding, Question},
    vault::Tried,
};
use std::collections::HashMap;

const ONE: &str = "AKIAONEONEONEONEONE1";
const TWO: &str = "AKIATWOTWOTWOTWOTWO1";
const NEW_ONE: &str = "AKIAONEONEONEONENEW1";
const NEW_TWO: &str = "AKIATWOTWOTWOTWONEW1";

/// Two accounts, each with a user of the same name.
struct Pair {
    hands: ByHand,
    one: Slot,
    two: Slot,
    accounts: [Account; 2],
}

impl Pair {
    /// Both are open, and nothing is answered.
    fn open() -> Self {
        let mut hands = ByHand::new();
        let (one, two) = (hands.open(), hands.open());
        assert_ne!(one, two);
        Self {
            hands,
            one,
            two,
            accounts: [
                Account::new("111111111111", &[("alice", &[ONE])]),
                Account::new("222222222222", &[("alice", &[TWO]), ("zoe", &[])]),
            ],
        }
    }

    /// Both are open, with so many users without keys each.
    fn open_with(users: usize) -> Self {
        let mut pair = Self::open();
        let users: Vec<String> = (0..users).map(|at| format!("user-{at:03}")).collect();
        let users: Vec<(&str, &[&str])> = users.iter().map(|name| (&**name, &[][..])).collect();
        pair.accounts =
            ["111111111111", "222222222222"].map(|account| Account::new(account, &users));
        pair
    }

    /// Both are loaded.
    fn loaded() -> Self {
        let mut pair = Self::open();
        pair.load(pair.one);
        pair.load(pair.two);
        pair
    }

    fn load(&mut self, slot: Slot) {
        let account = self.accounts[usize::from(slot.0)].clone();
        self.hands.load(slot, &account);
    }

    /// Sends a creation whose answer is lost.
    fn lose_creation(&mut self, slot: Slot) -> Origin {
        let user = "alice".into();
        let sent = self.hands.send(slot, Change::Create { user });
        let origin = Origin::Here(sent.1.id);
        self.hands
            .changed(sent, Err(error("iam:CreateAccessKey", Kind::Network)));
        origin
    }

    fn finding(&self, origin: &Origin) -> &Finding {
        let question = self.hands.engine.question(origin);
        &question.expect("it is open").finding
    }
}

#[test]
fn answers_go_to_the_account_they_belong_to() {
    let mut pair = Pair::open();
    pair.load(pair.one);
    let (one, two) = (pair.hands.account(pair.one), pair.hands.account(pair.two));
    assert_eq!(one.identity.account_id(), Some("111111111111"));
    assert!(one.is_all_known() && !one.is_busy());
    assert_eq!(two.identity.account_id(), None);
    assert!(two.users.rows().is_empty() && two.is_busy());
    pair.load(pair.two);
    assert_eq!(pair.hands.key_ids(pair.one, "alice"), [ONE]);
    assert_eq!(pair.hands.key_ids(pair.two, "alice"), [TWO]);
    assert_eq!(pair.hands.account(pair.one).users.rows().len(), 1);
    assert_eq!(pair.hands.account(pair.two).users.rows().len(), 2);
}

#[test]
fn changes_show_in_the_account_they_were_made_in() {
    let mut pair = Pair::loaded();
    let deactivate = Change::SetActive {
        user: "alice".into(),
        key: TWO.into(),
        active: false,
    };
    let sent = pair.hands.send(pair.two, deactivate);
    assert_eq!(sent.1.account.as_deref(), Some("222222222222"));
    let engine = &pair.hands.engine;
    assert!(engine.is_changing(pair.two, "alice"));
    assert!(!engine.is_changing(pair.one, "alice"));
    assert!(engine.pending_for(pair.one, "alice", Some(TWO)).is_none());
    pair.hands.changed(sent, Ok(Changed::Done));
    let status = |slot| {
        let keys = pair.hands.account(slot).users.keys("alice");
        keys.expect("they are known")[0].key.status.clone()
    };
    assert_eq!(status(pair.one), KeyStatus::Active);
    assert_eq!(status(pair.two), KeyStatus::Inactive);
}

#[test]
fn a_question_is_asked_and_answered_in_its_own_account() {
    // Known or not which account it is.
    for known in [true, false] {
        let mut pair = if known { Pair::loaded() } else { Pair::open() };
        let origin = pair.lose_creation(pair.one);
        let engine = &pair.hands.engine;
        assert_eq!(engine.open_questions(pair.one).count(), 1);
        assert_eq!(engine.open_questions(pair.two).count(), 0);
        assert!(engine.question_about(pair.two, "alice").is_none());
        assert_eq!(engine.needs(), [Need::Question(origin.clone())]);
        let is_keys = |read: &Read| matches!(read, Read::Keys(user) if &**user == "alice");
        assert!(pair.hands.asked(pair.one, is_keys).is_some());
        assert!(!known || pair.hands.asked(pair.two, is_keys).is_none());

        // The other account has a new key of a user of that name, and that says nothing.
        let orphan = key(NEW_TWO, KeyStatus::Active);
        pair.accounts[1].users[0].1.push(orphan);
        pair.load(pair.two);
        let rotate = Intent::Rotate(pair.two, "alice".into());
        pair.hands.intend(rotate);
        pair.load(pair.two);
        assert_eq!(pair.hands.key_ids(pair.two, "alice").len(), 2);
        assert!(matches!(pair.finding(&origin), Finding::Looking(_)));

        // Its own has one, and that is it.
        let orphan = iamkeys::engine::model::AccessKey {
            created: Some(pair.hands.now),
            ..key(NEW_ONE, KeyStatus::Active)
        };
        pair.accounts[0].users[0].1.push(orphan);
        pair.load(pair.one);
        let Finding::Orphans(orphans) = pair.finding(&origin) else {
            panic!("{known}: {:?}", pair.finding(&origin));
        };
        assert!(orphans.iter().any(|key| key.id == NEW_ONE), "{orphans:?}");
        assert!(orphans.iter().all(|key| key.id != NEW_TWO), "{orphans:?}");
        if known {
            pair.hands
                .intend(Intent::Resolve(origin, Resolution::Replace));
            let plan = &pair.hands.engine.plans()[0];
            assert_eq!(plan.session, pair.hands.session(pair.one));
        }
    }
}

#[test]
fn what_an_earlier_run_left_open_is_asked_of_the_account_it_was_in() {
    let mut pair = Pair::loaded();
    let user = "alice".into();
    let origin = Origin::Earlier("run/1".into());
    let question = Question {
        account: Some("222222222222".into()),
        sent: pair.hands.now,
        ..Question::new(origin.clone(), Change::Create { user }, Cause::Interrupted)
    };
    pair.hands.hear(Event::Journal(Ok(vec![question])));
    pair.hands.plan();
    assert_eq!(pair.hands.under_way(pair.one), 0);
    assert_eq!(pair.hands.under_way(pair.two), 1);
    assert_eq!(pair.hands.engine.open_questions(pair.one).count(), 0);
    pair.load(pair.two);
    assert_eq!(*pair.finding(&origin), Finding::NotDone);
}

#[test]
fn a_secret_belongs_to_its_account() {
    let mut pair = Pair::loaded();
    for (slot, id) in [(pair.one, NEW_ONE), (pair.two, NEW_TWO)] {
        let rotate = Intent::Rotate(slot, "alice".into());
        pair.hands.intend(rotate);
        pair.load(slot);
        pair.hands.create(slot, "alice", id);
        let of_account = &mut pair.accounts[usize::from(slot.0)];
        of_account.users[0]
            .1
            .push(iamkeys::engine::model::AccessKey {
                created: Some(pair.hands.now),
                ..key(id, KeyStatus::Active)
            });
        pair.load(slot);
    }
    for (slot, id, account) in [
        (pair.one, NEW_ONE, "111111111111"),
        (pair.two, NEW_TWO, "222222222222"),
    ] {
        let rotation = pair.hands.engine.rotation(slot, "alice");
        assert_eq!(rotation.new.map(|row| &*row.key.id), Some(id));
        assert_eq!(rotation.new_key.map(|key| &*key.id), Some(id));
        let key = pair.hands.engine.vault.key(id).expect("it is held");
        assert_eq!(key.session, pair.hands.session(slot));
        assert_eq!(key.account.id.as_deref(), Some(account));
        assert_eq!(pair.hands.secret(id), Some(&*format!("secret/of/{id}")));
    }
    // One is let go of: the other is held, and its rotation stands where it stood.
    pair.hands.notes.clear();
    pair.hands.intend(Intent::HaveIt(NEW_ONE.into()));
    let [note] = &pair.hands.notes[..] else {
        panic!("{:?}", pair.hands.notes);
    };
    assert!(matches!(&note.fact, Fact::Stored { key, .. } if key == NEW_ONE));
    assert_eq!(pair.hands.secret(NEW_ONE), None);
    assert_eq!(pair.hands.engine.needs(), [Need::NewKey(NEW_TWO.into())]);
    let stand = |slot| {
        let rotation = pair.hands.engine.rotation(slot, "alice");
        (rotation.step, rotation.blocker)
    };
    assert_eq!(
        stand(pair.one),
        (RotationStep::Check, Some(Blocker::Trying))
    );
    assert_eq!(
        stand(pair.two),
        (RotationStep::Store, Some(Blocker::SecretNotStored))
    );
    let trials = &pair.hands.trials;
    assert_eq!(
        *trials,
        [(pair.hands.session(pair.one), NEW_ONE.to_owned())]
    );
}

#[test]
fn a_key_that_one_account_does_not_list_yet_is_not_missed_in_the_other() {
    let mut pair = Pair::loaded();
    pair.hands.create(pair.one, "alice", NEW_ONE);
    pair.load(pair.one);
    let step = |slot| {
        let rotation = pair.hands.engine.rotation(slot, "alice");
        (rotation.step, rotation.blocker)
    };
    assert_eq!(
        step(pair.one),
        (RotationStep::Create, Some(Blocker::NotListed))
    );
    assert_eq!(step(pair.two), (RotationStep::Create, None));
}

fn caller(account: &str) -> Caller {
    Caller {
        account: account.into(),
        arn: format!("arn:aws:iam::{account}:user/alice"),
    }
}

#[test]
fn a_trial_says_something_of_its_own_key_and_session() {
    let mut pair = Pair::loaded();
    for (slot, id) in [(pair.one, NEW_ONE), (pair.two, NEW_TWO)] {
        pair.hands.intend(Intent::Rotate(slot, "alice".into()));
        pair.hands.create(slot, "alice", id);
        pair.hands.store(id);
    }
    let (one, two) = (pair.hands.session(pair.one), pair.hands.session(pair.two));
    assert_eq!(
        pair.hands.trials,
        [(one, NEW_ONE.to_owned()), (two, NEW_TWO.to_owned())]
    );
    let tried = |pair: &Pair, id| {
        let key = pair.hands.engine.vault.key(id);
        key.expect("it is there").tried.clone()
    };
    // With the session it was asked in, and with one that has nothing to do with the key.
    for session in [one, two] {
        pair.hands.hear(Event::Tried {
            session,
            key: NEW_TWO.into(),
            news: TrialNews::Accepted(caller("222222222222"), true),
        });
        let signed_in = |slot| pair.hands.account(slot).identity.key.clone();
        assert_ne!(signed_in(pair.one), NEW_TWO, "the other account's session");
        assert_eq!(signed_in(pair.two) == NEW_TWO, session == two);
        assert!(matches!(tried(&pair, NEW_ONE), Tried::Trying(..)));
    }
    assert_eq!(tried(&pair, NEW_TWO), Tried::Works(caller("222222222222")));
    // Signed in again, the other goes on as it was.
    pair.hands.intend(Intent::SignIn(pair.two, Target::Ambient));
    assert!(matches!(tried(&pair, NEW_ONE), Tried::Trying(..)));
}

#[test]
fn one_account_that_throttles_slows_only_that_one() {
    let mut pair = Pair::open_with(400);
    for (slot, account) in [(pair.one, &pair.accounts[0]), (pair.two, &pair.accounts[1])] {
        // Everything but the users' keys.
        while let Some(asked) = pair.hands.asked(slot, |_| true) {
            let answer = account.answer(&asked.2);
            pair.hands.answer(asked, Ok(answer));
        }
    }
    pair.hands.plan();
    let rooms =
        |pair: &Pair| [pair.one, pair.two].map(|slot| pair.hands.account(slot).limiter.room());
    let before = rooms(&pair);
    pair.hands.fail(pair.one, Kind::Throttled);
    let account = |slot| pair.hands.account(slot);
    assert!(account(pair.one).limiter.limit().is_some());
    assert_eq!(account(pair.two).limiter.limit(), None);
    let after = rooms(&pair);
    assert!(after[0] < before[0], "{before:?} {after:?}");
    assert_eq!(after[1], before[1]);
    // What was throttled waits, in this one only, and is said of this one only.
    let before = pair.hands.under_way(pair.two);
    let asked = pair
        .hands
        .asked(pair.two, |read| matches!(read, Read::Keys(_)))
        .expect("it loads");
    pair.hands.answer(asked, Ok(Answer::Keys(Vec::new())));
    pair.hands.plan();
    assert_eq!(pair.hands.under_way(pair.one), 0);
    assert!(pair.hands.under_way(pair.two) > before);
    assert!(pair.hands.account(pair.one).slowed().is_some());
    assert_eq!(pair.hands.account(pair.two).slowed(), None);
    // A change that is throttled counts in its account too.
    let user = "user-000".into();
    let sent = pair.hands.send(pair.two, Change::Create { user });
    pair.hands
        .changed(sent, Err(error("iam:CreateAccessKey", Kind::Throttled)));
    assert!(pair.hands.account(pair.two).limiter.limit().is_some());
}

#[test]
fn the_cap_over_all_accounts_holds_and_both_get_on() {
    let mut pair = Pair::open_with(600);
    let known = |pair: &Pair, slot| pair.hands.account(slot).users.tally().users;
    let mut most = 0;
    let mut when_one_is_done = None;
    pair.hands.plan();
    while !pair.hands.reads.is_empty() {
        // The oldest is answered first: both accounts answer alike.
        let asked = pair.hands.reads[0].clone();
        let account = &pair.accounts[usize::from(asked.0.slot.0)];
        let answer = account.answer(&asked.2);
        pair.hands.now += TimeDelta::milliseconds(1);
        pair.hands.answer(asked, Ok(answer));
        pair.hands.plan();
        most = most.max(pair.hands.reads.len());
        let [one, two] = [known(&pair, pair.one), known(&pair, pair.two)];
        if one.max(two) == 600 && when_one_is_done.is_none() {
            when_one_is_done = Some(one.min(two));
        }
    }
    assert_eq!(
        [pair.one, pair.two].map(|slot| known(&pair, slot)),
        [600, 600]
    );
    assert_eq!(most, MOST, "all the room is used, and no more");
    let other = when_one_is_done.expect("both are done");
    assert!(other > 400, "the other had got {other} of 600");
}

#[test]
fn an_account_that_is_opened_later_gets_its_share() {
    let mut pair = Pair::open_with(600);
    for (first, second) in [(0, 1), (1, 0)] {
        let slots = [pair.one, pair.two];
        for slot in slots {
            pair.hands.intend(Intent::SignIn(slot, Target::Ambient));
        }
        pair.hands.reads.clear();
        pair.hands.sign_in(slots[first]);
        let answer_oldest = |pair: &mut Pair| {
            let asked = pair.hands.reads[0].clone();
            let answer = pair.accounts[usize::from(asked.0.slot.0)].answer(&asked.2);
            pair.hands.now += TimeDelta::milliseconds(1);
            pair.hands.answer(asked, Ok(answer));
            pair.hands.plan();
        };
        pair.hands.plan();
        while pair.hands.under_way(slots[first]) < MOST {
            answer_oldest(&mut pair);
        }
        pair.hands.sign_in(slots[second]);
        // Its list comes, as soon as what was asked before is answered.
        for _ in 0..2 * MOST {
            answer_oldest(&mut pair);
        }
        let shares = slots.map(|slot| pair.hands.under_way(slot));
        assert_eq!(shares.iter().sum::<usize>(), MOST);
        assert!(shares[second] >= MOST / 4, "{shares:?}");
    }
}

/// The accounts of an organisation that the first one lists.
fn listed(count: usize) -> Answer {
    let listed = |at| ListedAccount {
        id: format!("90000000000{at}").into(),
        name: format!("unit-{at}").into(),
        state: AccountState::Active,
    };
    Answer::Accounts(AccountsPage {
        accounts: (0..count).map(listed).collect(),
        next: None,
    })
}

fn is_listing(read: &Read) -> bool {
    matches!(read, Read::Accounts(_))
}

#[test]
fn accounts_that_wait_are_opened_before_more_is_asked_of_those_that_are_open() {
    let mut pair = Pair::open_with(600);
    pair.hands.intend(Intent::OpenOrganisation(pair.one));
    let listing = pair.hands.asked(pair.one, is_listing).expect("it is asked");
    let answer_oldest = |pair: &mut Pair| {
        let mut reads = pair.hands.reads.iter();
        let asked = reads.find(|(_, _, read)| !is_listing(read)).cloned();
        let asked = asked.expect("there is always more to ask");
        let answer = pair.accounts[usize::from(asked.0.slot.0)].answer(&asked.2);
        pair.hands.now += TimeDelta::milliseconds(1);
        pair.hands.answer(asked, Ok(answer));
        pair.hands.plan();
    };
    pair.hands.plan();
    while pair.hands.reads.len() < MOST {
        answer_oldest(&mut pair);
    }
    pair.hands.answer(listing, Ok(listed(3)));
    pair.hands.plan();
    // One answer after another, of which none makes room for two.
    for _ in 0..8 {
        answer_oldest(&mut pair);
    }
    assert_eq!(pair.hands.sign_ins.len(), 3);
    assert!(pair.hands.reads.len() > MOST - 8, "the room is used");
}

#[test]
fn aws_organizations_that_throttles_does_not_slow_iam() {
    let mut pair = Pair::loaded();
    pair.hands.intend(Intent::OpenOrganisation(pair.one));
    for _ in 0..3 {
        let listing = pair.hands.asked(pair.one, is_listing).expect("it is asked");
        let throttled = error("organizations:ListAccounts", Kind::Throttled);
        pair.hands.answer(listing, Err(throttled));
        pair.hands.plan();
        assert!(pair.hands.asked(pair.one, is_listing).is_none(), "at once");
        pair.hands.now += TimeDelta::seconds(2);
        pair.hands.plan();
    }
    assert_eq!(pair.hands.account(pair.one).limiter.limit(), None);
    let listing = pair
        .hands
        .asked(pair.one, is_listing)
        .expect("it is asked again");
    pair.hands.answer(listing, Ok(listed(2)));
    assert_eq!(pair.hands.engine.fleet.accounts().len(), 4);
}

#[test]
fn what_a_left_session_answers_is_dropped_and_the_other_account_goes_on() {
    let mut pair = Pair::loaded();
    pair.hands.create(pair.one, "alice", NEW_ONE);
    pair.hands.store(NEW_ONE);
    pair.hands.intend(Intent::Rotate(pair.one, "alice".into()));
    pair.hands.intend(Intent::Refresh(pair.one));
    let user = "alice".into();
    let under_way = pair.hands.send(pair.one, Change::Create { user });
    let user = "zoe".into();
    let proposal = Change::Create { user }.into();
    pair.hands.intend(Intent::Propose(pair.two, proposal));
    pair.hands.intend(Intent::Refresh(pair.two));
    let left = pair.hands.session(pair.one);
    let late: Vec<_> = pair.hands.reads.clone();
    let late = late.into_iter().filter(|(session, ..)| *session == left);
    let late: Vec<_> = late.collect();
    let of_two = pair.hands.under_way(pair.two);
    assert!(late.len() > 3 && of_two > 1);

    pair.hands.intend(Intent::SignIn(pair.one, Target::Ambient));
    let session = pair.hands.session(pair.one);
    assert_eq!((session.slot, session.generation), (pair.one, 1));
    assert_eq!(pair.hands.session(pair.two).generation, 0);
    let stage = |pair: &Pair, slot| pair.hands.account(slot).stage.clone();
    let signing_in = iamkeys::engine::account::Stage::SigningIn;
    assert_eq!(stage(&pair, pair.one), signing_in);
    assert_ne!(stage(&pair, pair.two), signing_in);
    assert!(pair.hands.account(pair.one).users.rows().is_empty());
    assert_eq!(pair.hands.account(pair.two).users.rows().len(), 2);

    // Late answers: to signing in, to reads, of the trial, of the change.
    pair.hands.hear(Event::SignedIn {
        session: left,
        result: Ok(Box::default()),
    });
    assert_eq!(stage(&pair, pair.one), signing_in);
    let noted = pair.hands.engine.activity.noted();
    for asked in late {
        let answer = pair.accounts[0].answer(&asked.2);
        pair.hands.answer(asked.clone(), Ok(answer));
        let refused = error(asked.2.row().action, Kind::Denied);
        pair.hands.answer(asked, Err(refused));
    }
    assert!(pair.hands.account(pair.one).users.rows().is_empty());
    assert_eq!(pair.hands.account(pair.one).identity.account_id(), None);
    assert_eq!(pair.hands.engine.activity.noted(), noted, "nothing is said");
    pair.hands.hear(Event::Tried {
        session: left,
        key: NEW_ONE.into(),
        news: TrialNews::Accepted(caller("111111111111"), true),
    });
    let key = pair.hands.engine.vault.key(NEW_ONE).expect("it is held");
    assert_eq!(key.tried, Tried::NotYet, "it is tried anew");
    assert_eq!(pair.hands.account(pair.one).identity.key, "");
    assert_eq!(pair.hands.under_way(pair.one), 0);
    assert_eq!(pair.hands.under_way(pair.two), of_two);

    // A change is not dropped: the new key's secret is kept. Its user is not shown to have it
    // before the new session has told who the users are.
    let another = "AKIAONEONEONEONENEW2";
    let now = pair.hands.now;
    pair.hands.changed(under_way, Ok(created(another, now)));
    assert_eq!(
        pair.hands.secret(another),
        Some(&*format!("secret/of/{another}"))
    );
    assert!(pair.hands.account(pair.one).users.rows().is_empty());
    assert_eq!(pair.hands.key_ids(pair.two, "alice"), [TWO]);

    // What was proposed in the other account is still worth its answer.
    let plan = pair.hands.engine.plans()[0].id;
    pair.load(pair.two);
    pair.hands.intend(Intent::Approve {
        plan,
        typed: String::new(),
    });
    let [(session, order)] = &pair.hands.orders[..] else {
        panic!("{:?}", pair.hands.orders);
    };
    assert_eq!(*session, pair.hands.session(pair.two));
    assert_eq!(order.change.user(), "zoe");
}

#[test]
fn a_search_goes_on_in_its_account_whatever_becomes_of_the_other() {
    let wanted = KeyId::read("AKIAONEONEONEONEONE1").expect("an ID");
    let phase = |pair: &Pair| {
        let search = pair.hands.engine.search().expect("it is searched for");
        assert_eq!(search.session, pair.hands.session(pair.one));
        search.phase.clone()
    };
    let happens: [fn(&mut Pair); 7] = [
        |_| {},
        |pair| pair.load(pair.two),
        |pair| {
            pair.hands.intend(Intent::Rotate(pair.two, "alice".into()));
            pair.load(pair.two);
        },
        |pair| pair.hands.intend(Intent::SignIn(pair.two, Target::Ambient)),
        |pair| pair.hands.intend(Intent::SignIn(pair.two, Target::Demo)),
        |pair| {
            // Nothing is loaded, and nothing can be: it counts as signed out.
            pair.hands.intend(Intent::SignIn(pair.two, Target::Ambient));
            pair.hands.sign_in(pair.two);
            pair.hands.fail(pair.two, Kind::Expired);
        },
        |pair| {
            pair.hands.intend(Intent::Refresh(pair.two));
            pair.hands.plan();
            pair.hands.fail(pair.two, Kind::Expired);
        },
    ];
    for (number, happens) in happens.into_iter().enumerate() {
        let mut pair = Pair::loaded();
        // Its keys are not known yet.
        pair.hands.intend(Intent::SignIn(pair.one, Target::Ambient));
        pair.hands.sign_in(pair.one);
        pair.hands.news.clear();
        pair.hands.intend(Intent::Search(pair.one, wanted.clone()));
        happens(&mut pair);
        assert!(matches!(phase(&pair), SearchPhase::Looking(_)), "{number}");
        let owner = pair
            .hands
            .asked(pair.one, |read| matches!(read, Read::Owner(_)));
        let owner = owner.expect("it is asked");
        let answer = pair.accounts[0].answer(&owner.2);
        pair.hands.answer(owner, Ok(answer));
        assert!(
            matches!(phase(&pair), SearchPhase::Found { user, .. } if &*user == "alice"),
            "{number}"
        );
        pair.hands.intend(Intent::GoToOwner);
        happens(&mut pair);
        assert!(
            matches!(phase(&pair), SearchPhase::Loading { .. }),
            "{number}"
        );
        let ended = |news: &News| matches!(news, News::SearchEnded { .. } | News::SearchDropped(_));
        let before = pair.hands.news.iter().filter(|news| ended(news)).count();
        assert_eq!(before, 0, "{number}: {:?}", pair.hands.news);
        let keys = pair
            .hands
            .asked(pair.one, |read| matches!(read, Read::Keys(_)));
        let keys = keys.expect("they are asked for");
        let answer = pair.accounts[0].answer(&keys.2);
        pair.hands.answer(keys, Ok(answer));
        assert!(pair.hands.engine.search().is_none(), "{number}");
        let found = pair.hands.news.iter().find(|news| ended(news));
        assert!(
            matches!(found, Some(News::SearchEnded { key, found: true, .. }) if *key == wanted),
            "{number}: {found:?}"
        );
    }
}

#[test]
fn a_search_ends_with_its_own_session() {
    let wanted = KeyId::read("AKIAONEONEONEONEONE1").expect("an ID");
    let mut pair = Pair::loaded();
    pair.hands.intend(Intent::Search(pair.one, wanted));
    pair.hands.intend(Intent::SignIn(pair.one, Target::Ambient));
    assert!(pair.hands.engine.search().is_none());
    assert!(pair.hands.news.contains(&News::SearchDropped(pair.one)));
}

#[test]
fn a_search_that_a_broken_session_has_cut_off_begins_anew_in_its_account() {
    let wanted = KeyId::read("AKIAONEONEONEONEONE1").expect("an ID");
    let mut pair = Pair::open();
    pair.hands.intend(Intent::Search(pair.one, wanted));
    pair.hands.fail(pair.one, Kind::Expired);
    assert!(pair.hands.engine.search().is_none());
    for target in [Target::Ambient, Target::Demo] {
        pair.hands.intend(Intent::SignIn(pair.two, target));
        pair.hands.sign_in(pair.two);
        assert!(pair.hands.engine.search().is_none(), "not in the other one");
    }
    pair.hands.intend(Intent::SignIn(pair.one, Target::Ambient));
    pair.hands.sign_in(pair.one);
    let search = pair.hands.engine.search().expect("it is searched for");
    assert_eq!(search.session, pair.hands.session(pair.one));
}

#[test]
fn a_profile_that_opens_another_account_than_was_named_is_left() {
    let mut pair = Pair::loaded();
    let wanted = Wanted {
        id: Some("333333333333".into()),
        name: Some("dev".into()),
        role: None,
        profile: Some("dev".into()),
    };
    let one = pair.one;
    pair.hands.intend(Intent::OpenWanted(one, vec![wanted]));
    let (session, target) = pair.hands.sign_ins.pop().expect("a sign-in");
    assert_eq!(target, Target::Profile("dev".into()));
    pair.hands.sign_in(session.slot);
    // What the profile leads to is the second account, in which there are users.
    let other = pair.accounts[1].clone();
    pair.hands.load(session.slot, &other);
    let account = pair.hands.account(session.slot);
    let Stage::SignedOut(problem) = &account.stage else {
        panic!("{:?}", account.stage);
    };
    assert_eq!(
        problem.title,
        "it opens account 222222222222, not 333333333333"
    );
    assert_eq!(account.id(), Some("333333333333"));
    assert!(account.users.rows().is_empty(), "under another's name");
    assert_ne!(account.session, session, "no answer counts any more");
    assert_eq!(account.label(), "dev", "as a person calls it");
    // Signed in to again, it is the account that is named.
    let slot = session.slot;
    pair.hands.intend(Intent::SignIn(slot, target));
    pair.hands.sign_in(slot);
    let right = Account::new("333333333333", &[("bob", &[])]);
    pair.hands.load(slot, &right);
    let account = pair.hands.account(slot);
    assert_eq!(account.stage, Stage::SignedIn);
    assert_eq!(account.users.rows().len(), 1);
}

#[test]
fn the_name_of_an_account_that_no_one_has_named_is_asked_for() {
    let mut pair = Pair::loaded();
    let wanted = |id: &str, name: Option<&str>| Wanted {
        id: Some(id.into()),
        name: name.map(Box::from),
        ..Wanted::default()
    };
    let accounts = vec![
        wanted("333333333333", Some("dev")),
        wanted("444444444444", None),
    ];
    let one = pair.one;
    pair.hands.intend(Intent::OpenWanted(one, accounts));
    pair.hands.plan();
    let sign_ins = std::mem::take(&mut pair.hands.sign_ins);
    let asks_name: Vec<bool> = sign_ins
        .iter()
        .map(|(session, _)| {
            pair.hands.sign_in(session.slot);
            let alias = |read: &Read| matches!(read, Read::Alias);
            pair.hands.asked(session.slot, alias).is_some()
        })
        .collect();
    assert_eq!(asks_name, [false, true], "it may say that it is production");
}

/// The organisation of the account in this slot has one other account.
fn list_one_member(hands: &mut ByHand, slot: Slot) -> Slot {
    hands.intend(Intent::OpenOrganisation(slot));
    let asked = hands.asked(slot, |read| matches!(read, Read::Accounts(_)));
    let accounts = vec![ListedAccount {
        id: "444444444444".into(),
        name: "acme-dev".into(),
        state: AccountState::Active,
    }];
    let page = AccountsPage {
        accounts,
        next: None,
    };
    hands.answer(asked.expect("it is asked"), Ok(Answer::Accounts(page)));
    hands.plan();
    let accounts = hands.engine.fleet.accounts();
    accounts.last().expect("it is open").session.slot
}

#[test]
fn the_alias_of_a_listed_account_may_say_that_it_is_production() {
    let rule = AccountRule {
        which: Which::Named(NamePattern::new("payments-*")),
        style: AccountStyle {
            production: Some(true),
            ..AccountStyle::default()
        },
        role: None,
        profile: None,
    };
    for (alias, rules, production) in [
        ("acme-prod", vec![], true),
        ("payments-1", vec![rule.clone()], true),
        ("payments-1", vec![], false),
    ] {
        let mut hands = ByHand::new();
        hands.engine.use_account_rules(AccountRules::new(rules));
        let first = hands.open();
        hands.load(first, &Account::new("111111111111", &[]));
        let member = list_one_member(&mut hands, first);
        hands.sign_in(member);
        hands.plan();
        // What is to be seen of it comes first.
        let is_alias = |read: &Read| matches!(read, Read::Alias);
        assert!(hands.asked(member, is_alias).is_none());
        let account = Account::new("444444444444", &[("alice", &[ONE])]);
        for _ in 0..2 {
            let asked = hands.asked(member, |read| !is_alias(read));
            let asked = asked.expect("the users and the report");
            let answer = account.answer(&asked.2);
            hands.answer(asked, Ok(answer));
        }
        hands.plan();
        assert!(!hands.account(member).identity.is_production());
        // Throttled, it is asked again.
        let asked = hands.asked(member, is_alias).expect("it is asked");
        let throttled = error("iam:ListAccountAliases", Kind::Throttled);
        hands.answer(asked, Err(throttled));
        hands.now += TimeDelta::seconds(5);
        hands.plan();
        let asked = hands.asked(member, is_alias).expect("it is asked again");
        hands.answer(asked, Ok(Answer::Alias(Some(alias.into()))));
        let identity = &hands.account(member).identity;
        assert_eq!(identity.is_production(), production, "{alias}");
        assert_eq!(
            identity.name(),
            Some("acme-dev"),
            "as the others are called"
        );
        assert_eq!(identity.is_unexpected_production(), production, "{alias}");
        assert!(identity.all_names().contains(&Some(alias)));
        hands.load(member, &account);
        assert!(hands.asked(member, is_alias).is_none(), "once");
    }
}

#[test]
fn while_accounts_wait_to_be_opened_an_alias_is_asked_only_where_one_looks() {
    let mut hands = ByHand::new();
    let first = hands.open();
    hands.load(first, &Account::new("111111111111", &[]));
    let accounts = (2..40).map(|at| Wanted {
        id: Some(format!("{at:012}").into()),
        name: Some(format!("acme-{at}").into()),
        ..Wanted::default()
    });
    let wanted = Intent::OpenWanted(first, accounts.collect());
    hands.intend(wanted);
    hands.plan();
    let mut opened: Vec<Slot> = std::mem::take(&mut hands.sign_ins)
        .iter()
        .map(|(session, _)| session.slot)
        .collect();
    opened.truncate(2);
    for slot in &opened {
        hands.sign_in(*slot);
        hands.load(*slot, &Account::new("000000000002", &[("alice", &[])]));
    }
    let alias_is_known =
        |hands: &ByHand, slot: Slot| hands.account(slot).identity.alias.known().is_some();
    let [one, other] = opened[..] else {
        panic!("{opened:?}");
    };
    assert!(!alias_is_known(&hands, one) && !alias_is_known(&hands, other));
    let attention = Attention {
        selected: Some(0),
        ..Attention::default()
    };
    hands.engine.look_at(HashMap::from([(one, attention)]));
    hands.load(one, &Account::new("000000000002", &[("alice", &[])]));
    assert!(alias_is_known(&hands, one) && !alias_is_known(&hands, other));
}

#[test]
fn a_rule_for_real_accounts_opens_none_from_the_demo() {
    let rule = AccountRule {
        which: Which::Named(NamePattern::new("acme-*")),
        style: AccountStyle::default(),
        role: Some("real".into()),
        profile: Some("real".into()),
    };
    for (target, opens_profile) in [(Target::Ambient, true), (Target::Demo, false)] {
        let mut hands = ByHand::new();
        let rules = AccountRules::new(vec![rule.clone()]);
        hands.engine.use_account_rules(rules);
        let (slot, effect) = hands.engine.open(target);
        assert!(matches!(effect, Effect::SignIn(..)));
        hands.sign_in(slot);
        hands.load(slot, &Account::new("111111111111", &[]));
        let member = list_one_member(&mut hands, slot);
        let target = &hands.account(member).target;
        if opens_profile {
            assert_eq!(*target, Target::Profile("real".into()));
            continue;
        }
        let Target::Member(member) = target else {
            panic!("{target:?}");
        };
        assert_eq!(&*member.roles[0], "iamkeys-audit");
    }
}

#[test]
fn a_confirmation_in_an_account_that_is_opened_anew_is_void() {
    let mut hands = ByHand::new();
    let first = hands.open();
    hands.load(first, &Account::new("111111111111", &[]));
    let member = list_one_member(&mut hands, first);
    hands.sign_in(member);
    let account = Account::new("444444444444", &[("alice", &[ONE])]);
    hands.load(member, &account);
    let deactivate = Change::SetActive {
        user: "alice".into(),
        key: ONE.into(),
        active: false,
    };
    let proposal = Proposal {
        steps: vec![deactivate],
        ..Proposal::default()
    };
    hands.intend(Intent::Propose(member, proposal));
    let [Need::Plan(plan)] = hands.engine.needs()[..] else {
        panic!("{:?}", hands.engine.needs());
    };
    // The session of the member has ended, and so has that of the first; which is renewed.
    hands.fail(member, Kind::Expired);
    let session = hands.session(first);
    let renewed = Renewed {
        key: "ASIANEW".into(),
        expires: None,
    };
    hands.hear(Event::Renewed {
        session,
        result: Ok(renewed),
    });
    assert_eq!(hands.account(member).stage, Stage::Waiting);
    let preflight = hands.engine.plan(plan).and_then(|plan| plan.preflight());
    let preflight = preflight.expect("it is asked still");
    assert_eq!(preflight.difference, Some(Difference::OtherSession));
    assert!(!preflight.is_looking(), "nothing answers any more");
    hands.intend(Intent::Approve {
        plan,
        typed: String::new(),
    });
    assert!(hands.orders.is_empty());
}

/// An account, and a member of its organisation, both loaded.
fn with_member() -> (ByHand, Slot, Slot) {
    let mut hands = ByHand::new();
    let first = hands.open();
    hands.load(first, &Account::new("111111111111", &[("zoe", &[])]));
    let member = list_one_member(&mut hands, first);
    hands.sign_in(member);
    let account = Account::new("444444444444", &[("alice", &[ONE])]);
    hands.load(member, &account);
    hands.sign_ins.clear();
    (hands, first, member)
}

/// Which accounts are signed in to where a person wants a member to be.
fn signs_in_to(hands: &mut ByHand, member: Slot) -> Vec<Slot> {
    let target = hands.account(member).target.clone();
    hands.intend(Intent::SignIn(member, target));
    hands.plan();
    let slots = hands.sign_ins.iter().map(|(session, _)| session.slot);
    slots.collect()
}

#[test]
fn a_member_whose_source_has_expired_in_silence_is_signed_in_to_by_its_source() {
    let (mut hands, first, member) = with_member();
    // The member has noticed, and nothing was asked of the source since.
    let session = hands.session(first);
    let renewed = Renewed {
        key: "ASIANEW".into(),
        expires: Some(hands.now + TimeDelta::minutes(1)),
    };
    hands.hear(Event::Renewed {
        session,
        result: Ok(renewed),
    });
    hands.intend(Intent::Refresh(member));
    hands.plan();
    hands.fail(member, Kind::Expired);
    assert!(hands.account(first).identity.broken.is_none());
    hands.now += TimeDelta::minutes(2);
    assert_eq!(signs_in_to(&mut hands, member), [first]);
}

#[test]
fn a_source_that_the_next_request_renews_is_not_lost_when_its_time_is_over() {
    for (renewed_by_requests, signed_in_to) in [(true, 1), (false, 0)] {
        let (mut hands, first, member) = with_member();
        let signed_in = SignedIn {
            key: "ASIASOURCE".into(),
            expires: Some(hands.now + TimeDelta::minutes(1)),
            renewed_by_requests,
            ..SignedIn::default()
        };
        hands.hear(Event::SignedIn {
            session: hands.session(first),
            result: Ok(Box::new(signed_in)),
        });
        hands.now += TimeDelta::minutes(2);
        let expected = [first, member][signed_in_to];
        assert_eq!(signs_in_to(&mut hands, member), [expected]);
    }
}

#[test]
fn where_aws_knows_the_session_of_the_source_no_more_that_is_lost_with_its_member() {
    let (mut hands, first, member) = with_member();
    hands.intend(Intent::Refresh(member));
    hands.plan();
    let asked = hands.asked(member, |_| true).expect("it is asked");
    let over = Error {
        code: Some("ExpiredToken".into()),
        ..error("sts:AssumeRole", Kind::Expired)
    };
    hands.answer(asked, Err(over));
    assert!(hands.account(member).identity.broken.is_some());
    assert!(hands.account(first).identity.broken.is_some());
    assert_eq!(signs_in_to(&mut hands, member), [first]);

    // A role that is gone says nothing of the source.
    let (mut hands, first, member) = with_member();
    hands.intend(Intent::Refresh(member));
    hands.plan();
    let asked = hands.asked(member, |_| true).expect("it is asked");
    let gone = Error {
        code: Some("AccessDenied".into()),
        ..error("sts:AssumeRole", Kind::Expired)
    };
    hands.answer(asked, Err(gone));
    assert!(hands.account(first).identity.broken.is_none());
    assert_eq!(signs_in_to(&mut hands, member), [member]);
}

#[test]
fn what_a_request_has_renewed_is_known_and_nothing_is_asked_again() {
    let mut pair = Pair::loaded();
    let session = pair.hands.session(pair.two);
    let expires = Some(pair.hands.now + TimeDelta::hours(1));
    let renewed = Renewed {
        key: "ASIANEW".into(),
        expires,
    };
    pair.hands
        .hear(Event::RenewedByRequest { session, renewed });
    pair.hands.plan();
    let identity = &pair.hands.account(pair.two).identity;
    assert_eq!((&*identity.key, identity.expires), ("ASIANEW", expires));
    let other = &pair.hands.account(pair.one).identity;
    assert_eq!(other.expires, None);
    assert!(pair.hands.reads.is_empty() && pair.hands.sign_ins.is_empty());
}

#[test]
fn credentials_that_are_not_renewed_are_told_of_with_their_account() {
    let mut pair = Pair::loaded();
    let session = pair.hands.session(pair.two);
    pair.hands.news.clear();
    pair.hands.hear(Event::Renewed {
        session,
        result: Err("it failed".into()),
    });
    let [News::Notice { text, bad: true }] = &pair.hands.news[..] else {
        panic!("{:?}", pair.hands.news);
    };
    assert_eq!(
        text,
        "222222222222: The credentials could not be renewed: it failed"
    );
}
