//! The accounts that the login of an open account opens through its SSO portal.

use crate::by_hand::{ByHand, error};
use iamkeys::engine::{
    Answer, Event, Intent, Kind, Means, News, Offer, Problem, Read, SessionId, SignedIn, Slot,
    Target, Through, Wanted,
    model::{AccountState, AccountsPage, Caller, ListedAccount},
};

/// Two accounts of the portal of a profile's login, which Organizations does not list.
fn two_of_a_portal() -> (ByHand, Slot) {
    let mut hands = ByHand::new();
    let (source, _) = hands.engine.open(Target::Profile("work".into()));
    sign_in_by_the_portal(&mut hands, source);
    hands.intend(Intent::OpenOrganisation(source));
    let asked = hands.asked(source, |read| matches!(read, Read::Accounts(None)));
    let refused = error("organizations:ListAccounts", Kind::Denied);
    hands.answer(asked.expect("Organizations is asked first"), Err(refused));
    let asked = hands.asked(source, |read| matches!(read, Read::PortalAccounts(None)));
    let listed = ["111111111111", "222222222222", "333333333333"].map(|id| ListedAccount {
        id: id.into(),
        name: format!("acme-{id}").into(),
        state: AccountState::Active,
    });
    let page = AccountsPage {
        accounts: listed.into(),
        next: None,
    };
    hands.answer(asked.expect("then the portal"), Ok(Answer::Accounts(page)));
    hands.plan();
    (hands, source)
}

fn sign_in_by_the_portal(hands: &mut ByHand, source: Slot) {
    let signed_in = SignedIn {
        profile: Some("work".into()),
        portal: Some("acme".into()),
        caller: Some(Caller {
            account: "111111111111".into(),
            arn: "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_View_1/alice".into(),
        }),
        ..SignedIn::default()
    };
    let session = hands.session(source);
    let result = Ok(Box::new(signed_in));
    hands.hear(Event::SignedIn { session, result });
}

/// The accounts that are signed in to through the portal since the last time.
fn through_the_portal(hands: &mut ByHand) -> Vec<(SessionId, Target)> {
    let begun = std::mem::take(&mut hands.sign_ins);
    for (_, target) in &begun {
        let Target::Member(member) = target else {
            panic!("{target:?}");
        };
        assert_eq!(member.through, Through::Portal);
    }
    begun
}

#[test]
fn where_organizations_refuses_the_portal_of_the_login_is_asked() {
    let (mut hands, source) = two_of_a_portal();
    // The account that lists them is open already.
    assert_eq!(hands.engine.fleet.accounts().len(), 3);
    let begun = through_the_portal(&mut hands);
    let ids: Vec<_> = begun
        .iter()
        .map(|(session, _)| hands.account(session.slot).id())
        .collect();
    assert_eq!(ids, [Some("222222222222"), Some("333333333333")]);
    let name = hands.account(source).identity.listed_name.as_deref();
    assert_eq!(name, Some("acme-111111111111"));
    let [list] = hands.engine.account_lists() else {
        panic!("one list");
    };
    assert_eq!((list.through, list.listed), (Through::Portal, 3));
    // Where there is no portal, it is said that they are not listed.
    let mut hands = ByHand::new();
    let alone = hands.open();
    hands.intend(Intent::OpenOrganisation(alone));
    let asked = hands.asked(alone, |read| matches!(read, Read::Accounts(None)));
    let refused = error("organizations:ListAccounts", Kind::Denied);
    hands.answer(asked.expect("it is asked"), Err(refused));
    assert!(
        hands
            .asked(alone, |read| matches!(read, Read::PortalAccounts(_)))
            .is_none()
    );
    assert!(matches!(
        hands.news.last(),
        Some(News::Notice { bad: true, .. })
    ));
}

#[test]
fn a_throttled_or_lost_organizations_is_not_taken_for_a_refusal() {
    for kind in [Kind::Server, Kind::Network] {
        let mut hands = ByHand::new();
        let (source, _) = hands.engine.open(Target::Profile("work".into()));
        sign_in_by_the_portal(&mut hands, source);
        hands.intend(Intent::OpenOrganisation(source));
        let asked = hands.asked(source, |read| matches!(read, Read::Accounts(None)));
        let lost = error("organizations:ListAccounts", kind);
        hands.answer(asked.expect("it is asked"), Err(lost));
        let portal = hands.asked(source, |read| matches!(read, Read::PortalAccounts(_)));
        assert!(portal.is_none(), "{kind:?}");
    }
}

#[test]
fn accounts_of_a_portal_wait_for_the_login_of_their_source() {
    let (mut hands, source) = two_of_a_portal();
    let begun = through_the_portal(&mut hands);
    for (session, _) in &begun {
        let problem = Problem {
            offer: Some(Offer::Login),
            ..Problem::default()
        };
        let (session, result) = (*session, Err(Box::new(problem)));
        hands.hear(Event::SignedIn { session, result });
    }
    let (member, target) = begun[1].clone();
    hands.intend(Intent::SignInWith(member.slot, target, Means::Login));
    let [(session, logged_in, Means::Login)] = &hands.sign_ins_with[..] else {
        panic!("one login: {:?}", hands.sign_ins_with);
    };
    assert_eq!(
        (session.slot, logged_in),
        (source, &Target::Profile("work".into()))
    );
    hands.plan();
    assert!(hands.sign_ins.is_empty(), "they wait for it");
    sign_in_by_the_portal(&mut hands, source);
    hands.plan();
    let again = through_the_portal(&mut hands);
    let slots = |begun: &[(SessionId, Target)]| -> Vec<Slot> {
        begun.iter().map(|(session, _)| session.slot).collect()
    };
    assert_eq!(slots(&again), slots(&begun));
}

#[test]
fn what_a_list_has_or_another_needs_is_not_taken_out() {
    let mut hands = ByHand::new();
    let other = hands.open();
    let (source, _) = hands.engine.open(Target::Profile("work".into()));
    let session = hands.session(source);
    assert!(!hands.engine.can_take_out(source), "it may work yet");
    let failed = || Err(Box::new(Problem::default()));
    let result = failed();
    hands.hear(Event::SignedIn { session, result });
    assert!(hands.engine.can_take_out(source));
    // Alone in the lists, it is what there is to be shown.
    hands.intend(Intent::Exclude(other, true));
    assert!(!hands.engine.can_take_out(source));
    hands.intend(Intent::Exclude(other, false));
    // The role of another account waits for it.
    let wanted = Wanted {
        id: Some("222222222222".into()),
        ..Wanted::default()
    };
    hands.intend(Intent::OpenWanted(source, vec![wanted]));
    assert!(!hands.engine.can_take_out(source));
    let member = hands.engine.fleet.accounts()[2].session.slot;
    hands.plan();
    assert!(!hands.engine.can_take_out(member));
    hands.intend(Intent::TakeOut(source));
    assert_eq!(hands.engine.fleet.accounts().len(), 3);
}

#[test]
fn the_others_keep_their_slots_where_one_is_taken_out() {
    let mut hands = ByHand::new();
    let (gone, _) = hands.engine.open(Target::Profile("gone".into()));
    let (one, two) = (hands.open(), hands.open());
    let session = hands.session(gone);
    let result = Err(Box::new(Problem::default()));
    hands.hear(Event::SignedIn { session, result });
    hands.intend(Intent::TakeOut(gone));
    assert!(hands.engine.fleet.get(gone).is_none());
    for slot in [one, two] {
        assert_eq!(hands.account(slot).session.slot, slot);
    }
    let next = hands.open();
    assert!(![gone, one, two].contains(&next));
    assert_eq!(hands.account(next).session.slot, next);
}
