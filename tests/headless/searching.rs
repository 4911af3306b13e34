//! A key is searched for in whichever of the open accounts it is, in any order of answers.

use crate::by_hand::{Account, ByHand, error};
use iamkeys::engine::{
    Again, Answer, Error, Event, Intent, KeyId, Kind, Member, News, Problem, Read, RequestId,
    SearchPhase, SessionId, Slot, Target, Through, roles_named,
};
use std::collections::HashSet;

/// Of a form that tells no account.
const KEY: &str = "AKIAONEONEONEONEONE1";
/// Made in account 222222222222.
const OF_TWO: &str = "AKIATHPL2AOHAEXAMPLE";

type Asked = (SessionId, RequestId, Read);

fn account(id: &'static str, keys: &[&str]) -> Account {
    Account::new(id, &[("alice", keys)])
}

fn search(hands: &mut ByHand, slot: Slot, key: &str) {
    let key = KeyId::read(key).expect("an ID");
    hands.intend(Intent::Search(slot, key));
}

fn is_owner(read: &Read) -> bool {
    matches!(read, Read::Owner(_))
}

/// The questions for the owner that are not answered.
fn owners(hands: &ByHand) -> Vec<Asked> {
    let reads = hands.reads.iter();
    reads.filter(|(.., read)| is_owner(read)).cloned().collect()
}

/// The question which account the key is of.
fn info(hands: &ByHand) -> Asked {
    let mut reads = hands.reads.iter();
    let asked = reads.find(|(.., read)| matches!(read, Read::KeyAccount(_)));
    asked.expect("it is asked").clone()
}

fn refused(hands: &mut ByHand, asked: Asked) {
    let error = denied(&asked.2);
    hands.answer(asked, Err(error));
}

fn denied(read: &Read) -> Error {
    error(read.row().action, Kind::Denied)
}

/// An account that is opened through a role, and not signed in to yet.
fn member(hands: &mut ByHand, source: Slot, id: &str) -> Slot {
    let member = Member {
        through: Through::Role,
        account: id.into(),
        roles: roles_named(["audit"]),
        source,
        opener: None,
        session: "iamkeys".into(),
    };
    let (slot, _) = hands.engine.open(Target::Member(Box::new(member)));
    slot
}

fn told(hands: &ByHand) -> (String, Again) {
    let words = hands.engine.search_words().expect("it is over");
    (words.text, words.again)
}

fn found_in(hands: &ByHand) -> Option<Slot> {
    let search = hands.engine.search()?;
    matches!(search.phase, SearchPhase::Found { .. }).then_some(search.session.slot)
}

#[test]
fn each_account_is_asked_once_and_sixteen_at_once_and_the_first_hit_wins() {
    for hit in [None, Some(0), Some(17), Some(39)] {
        let mut hands = ByHand::new();
        let slots: Vec<Slot> = (0..40).map(|_| hands.open()).collect();
        for slot in &slots {
            hands.load(*slot, &account("111111111111", &[]));
        }
        search(&mut hands, slots[3], KEY);
        let of_account = info(&hands);
        assert_eq!(owners(&hands).len(), 1, "more only where nothing tells");
        refused(&mut hands, of_account);
        let mut asked = HashSet::new();
        let mut most = 0;
        while let Some(next) = owners(&hands).pop() {
            let under_way = owners(&hands);
            most = most.max(under_way.len());
            asked.extend(under_way.iter().map(|(session, ..)| session.slot));
            if Some(next.0.slot) == hit.map(|hit: usize| slots[hit]) {
                hands.answer(
                    next,
                    Ok(Answer::Owner(
                        "alice".into(),
                        iamkeys::engine::model::LastUsed::Never,
                    )),
                );
                break;
            }
            refused(&mut hands, next);
        }
        assert_eq!(most, 16);
        match hit {
            None => {
                assert_eq!(asked.len(), 40);
                let (text, again) = told(&hands);
                assert!(
                    text.starts_with(&format!("No key {KEY} in the 40 accounts")),
                    "{text}"
                );
                assert_eq!(again, Again::No);
            }
            Some(hit) => {
                assert_eq!(found_in(&hands), Some(slots[hit]));
                // What the others say does not matter any more.
                for late in owners(&hands) {
                    refused(&mut hands, late);
                }
                assert_eq!(found_in(&hands), Some(slots[hit]));
            }
        }
    }
}

#[test]
fn the_account_that_the_id_tells_of_is_asked_first_and_alone() {
    let mut hands = ByHand::new();
    let slots: Vec<Slot> = (0..3).map(|_| hands.open()).collect();
    for (slot, id) in slots
        .iter()
        .zip(["111111111111", "222222222222", "333333333333"])
    {
        hands.load(*slot, &account(id, &[]));
    }
    search(&mut hands, slots[0], OF_TWO);
    let asked = owners(&hands);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].0.slot, slots[1]);
    let of_account = info(&hands);
    refused(&mut hands, of_account);
    assert_eq!(owners(&hands).len(), 1);
    let there = account("222222222222", &[OF_TWO]).answer(&asked[0].2);
    hands.answer(asked[0].clone(), Ok(there));
    assert_eq!(found_in(&hands), Some(slots[1]));
    assert!(hands.news.contains(&News::OwnerFound));
    // Where AWS says that it is another's, that one counts.
    search(&mut hands, slots[0], OF_TWO);
    let of_account = info(&hands);
    let wrong = owners(&hands).pop().expect("it is asked");
    hands.answer(of_account, Ok(Answer::KeyAccount("333333333333".into())));
    let right = hands.asked(slots[2], is_owner).expect("it is asked");
    let there = account("222222222222", &[OF_TWO]).answer(&wrong.2);
    hands.answer(wrong, Ok(there));
    assert_eq!(found_in(&hands), None, "no other account answers");
    let there = account("333333333333", &[OF_TWO]).answer(&right.2);
    hands.answer(right, Ok(there));
    assert_eq!(found_in(&hands), Some(slots[2]));
}

#[test]
fn an_account_that_is_being_opened_is_waited_for() {
    let mut hands = ByHand::new();
    let one = hands.open();
    hands.load(one, &account("111111111111", &[]));
    let two = member(&mut hands, one, "222222222222");
    search(&mut hands, one, KEY);
    let of_account = info(&hands);
    hands.answer(of_account, Ok(Answer::KeyAccount("222222222222".into())));
    assert!(hands.engine.search_words().is_none());
    assert!(hands.engine.search_awaits(two));
    let waits_for = hands.engine.search_waits_for().expect("it waits");
    assert_eq!(waits_for, "It is in 222222222222, which is being opened");
    // The session that it was begun in ends: it goes on all the same.
    hands.intend(Intent::SignIn(one, Target::Ambient));
    assert!(hands.engine.search_awaits(two));
    let session = hands.session(two);
    let problem = Problem {
        title: "no role to assume".into(),
        ..Problem::default()
    };
    let result = Err(Box::new(problem));
    hands.hear(Event::SignedIn { session, result });
    let (text, again) = told(&hands);
    assert_eq!(
        text,
        format!(
            "{KEY} belongs to account 222222222222, which cannot be reached: no role to assume."
        )
    );
    assert_eq!(again, Again::SignInAgain);
    let scene = hands.engine.scene();
    hands.intend(Intent::OpenForSearch);
    assert!(hands.engine.search_awaits(two));
    assert_ne!(hands.engine.scene(), scene, "going on means something else");
    hands.sign_in(two);
    let owner = hands.asked(two, is_owner).expect("it is asked");
    let there = account("222222222222", &[KEY]).answer(&owner.2);
    hands.answer(owner, Ok(there));
    assert_eq!(found_in(&hands), Some(two));
}

#[test]
fn a_session_that_breaks_while_it_is_asked_is_told_of_or_asked_again() {
    let mut hands = ByHand::new();
    let (one, two) = (hands.open(), hands.open());
    hands.load(one, &account("111111111111", &[]));
    hands.load(two, &account("222222222222", &["AKIAOTHEROTHEROTHER1"]));
    search(&mut hands, one, KEY);
    let of_account = info(&hands);
    hands.answer(of_account, Ok(Answer::KeyAccount("222222222222".into())));
    hands.fail(two, Kind::Expired);
    let (text, again) = told(&hands);
    assert!(text.starts_with("AWS did not tell: "), "{text}");
    assert_eq!(again, Again::AskAgain);
    // Its session has ended for good: asked again, the account is out of reach.
    search(&mut hands, one, KEY);
    let of_account = info(&hands);
    hands.answer(of_account, Ok(Answer::KeyAccount("222222222222".into())));
    let (text, again) = told(&hands);
    assert!(
        text.contains("account 222222222222, which cannot be reached: "),
        "{text}"
    );
    assert_eq!(again, Again::SignInAgain);
    // A new one is asked by itself.
    hands.intend(Intent::SignIn(two, Target::Ambient));
    hands.sign_in(two);
    hands.load(two, &account("222222222222", &[KEY]));
    assert_eq!(found_in(&hands), Some(two));
}

#[test]
fn nothing_real_is_looked_for_in_the_demo_nor_the_other_way_round() {
    let mut hands = ByHand::new();
    let one = hands.open();
    hands.load(one, &account("111111111111", &[]));
    let (demo, _) = hands.engine.open(Target::Demo);
    hands.sign_in(demo);
    hands.load(demo, &account("222222222222", &[KEY]));
    for (slot, id) in [(one, "222222222222"), (demo, "111111111111")] {
        search(&mut hands, slot, KEY);
        let of_account = info(&hands);
        assert_eq!(of_account.0.slot, slot);
        hands.answer(of_account, Ok(Answer::KeyAccount(id.into())));
        let asked = owners(&hands);
        assert!(asked.iter().all(|(session, ..)| session.slot == slot));
        hands.intend(Intent::EndSearch);
        for late in asked {
            refused(&mut hands, late);
        }
    }
    search(&mut hands, one, KEY);
    let of_account = info(&hands);
    refused(&mut hands, of_account);
    let asked = owners(&hands);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].0.slot, one);
}
