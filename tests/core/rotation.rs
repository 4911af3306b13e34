//! Where a rotation stands, as the account's keys tell it.

use super::{
    SIZE, created,
    desk::{Desk, Someone, answer, now, people, settings, someone},
    dialog::dialog,
    error,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        Answer, Blocker, Change, Changed, Copied, CopyOutcome, Effect, Error, Event, Evidence,
        Intent, Kind, Read, Rotated, RotationAction, RotationStep, SecretJob, SignedIn, Target,
        TrialNews, model::Caller,
    },
    tui::{KeyPress, Message},
};

const OLD: &str = "AKIAROTATE01EXAMPLE1";
const NEW: &str = "AKIANEWKEY01EXAMPLE1";

fn bot(keys: &[(&str, bool, i64, Option<i64>)]) -> Vec<Someone> {
    vec![someone("bot", keys)]
}

/// A desk with the rotation of bot's key open; of two keys, it was said that one replaces the other
/// where nothing else tells it.
fn rotating(keys: &[(&str, bool, i64, Option<i64>)]) -> Desk {
    let mut desk = asked(keys);
    let (_, blocker, _) = stands(&desk);
    if blocker == Some(Blocker::TwoKeys) {
        desk.keys("y");
    }
    desk
}

/// A desk with the rotation of bot's key just opened.
fn asked(keys: &[(&str, bool, i64, Option<i64>)]) -> Desk {
    let users = bot(keys);
    let mut desk = Desk::showing(SIZE, settings(), &users);
    desk.keys("r");
    desk.serve(&users);
    desk
}

fn stands(desk: &Desk) -> (RotationStep, Option<Blocker>, Vec<RotationAction>) {
    let (engine, slot) = (&desk.screen.engine, desk.screen.slot());
    let rotation = engine.rotation(slot, "bot");
    (
        rotation.step,
        rotation.blocker,
        engine.rotation_actions(slot, "bot"),
    )
}

#[test]
fn the_account_s_keys_say_where_it_stands() {
    use Blocker::{NewIsInactive, NoRoom, SecretMayBeLost, StillWarm};
    // That the old key is Inactive is not this rotation's doing: there is nothing to undo.
    let and_back = &[RotationAction::Delete, RotationAction::RollBack][..];
    let week = Some(24 * 8);
    for (keys, step, blocker, actions) in [
        (
            &[(OLD, true, 400, Some(2))][..],
            RotationStep::Create,
            None,
            &[RotationAction::Create][..],
        ),
        (
            &[(OLD, false, 400, None)],
            RotationStep::Create,
            None,
            &[RotationAction::Create],
        ),
        (
            &[(OLD, true, 400, Some(2)), (NEW, true, 1, None)],
            RotationStep::Store,
            Some(SecretMayBeLost),
            &[RotationAction::DeleteNew],
        ),
        (
            &[(OLD, true, 400, Some(2)), (NEW, true, 1, Some(1))],
            RotationStep::Deactivate,
            None,
            &[RotationAction::Deactivate, RotationAction::RollBack],
        ),
        (
            &[(OLD, false, 400, Some(2)), (NEW, true, 1, Some(1))],
            RotationStep::Watch,
            Some(StillWarm),
            and_back,
        ),
        (
            &[(OLD, false, 400, week), (NEW, true, 1, Some(1))],
            RotationStep::Delete,
            None,
            and_back,
        ),
        (
            &[(OLD, true, 400, Some(2)), (NEW, false, 1, None)],
            RotationStep::Before,
            Some(NewIsInactive),
            &[RotationAction::DeleteNew],
        ),
        // The younger is the new one, in whatever order they are listed.
        (
            &[(NEW, true, 1, Some(1)), (OLD, false, 400, week)],
            RotationStep::Delete,
            None,
            and_back,
        ),
        (
            &[
                (OLD, true, 400, Some(2)),
                (NEW, true, 1, Some(1)),
                ("AKIATHIRD001EXAMPLE3", true, 2, None),
            ],
            RotationStep::Before,
            Some(NoRoom),
            &[RotationAction::GoToDeletable],
        ),
        // Of keys that are all in use, none is offered.
        (
            &[
                (OLD, true, 400, Some(2)),
                (NEW, true, 1, Some(1)),
                ("AKIATHIRD001EXAMPLE3", true, 2, Some(1)),
            ],
            RotationStep::Before,
            Some(NoRoom),
            &[],
        ),
    ] {
        let desk = rotating(keys);
        assert_eq!(stands(&desk), (step, blocker, actions.to_vec()), "{keys:?}");
    }
}

#[test]
fn a_use_that_is_not_known_is_no_reason_to_delete() {
    let users = bot(&[(OLD, true, 400, Some(2)), (NEW, true, 1, None)]);
    let mut desk = Desk::showing(SIZE, settings(), &[]);
    desk.send(Event::Rotated(Rotated {
        replaced: [(NEW.to_owned(), OLD.to_owned())].into(),
        ..Rotated::default()
    }));
    desk.keys("R");
    let mut late = None;
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::LastUsed(_, ref key) if key == NEW => late = Some((request, read)),
            read => desk.answered(request, answer(&users, read)),
        }
    }
    desk.keys("r");
    assert_eq!(
        stands(&desk),
        (RotationStep::Store, Some(Blocker::Asking), Vec::new())
    );
    let (request, _) = late.expect("it was asked");
    while let Some((other, read)) = desk.next_read() {
        let answer = match read {
            Read::LastUsed(_, ref key) if key == NEW => Err(error(Kind::Denied)),
            read => answer(&users, read),
        };
        desk.answered(other, answer);
    }
    desk.answered(request, Err(error(Kind::Denied)));
    assert_eq!(
        stands(&desk),
        (RotationStep::Store, Some(Blocker::UseUnknown), Vec::new())
    );
    desk.press(KeyCode::Char('y'));
    assert_eq!(desk.screen.open_dialogs(), 1, "nothing is offered");
}

/// Creates the new key in the rotation, and leaves its dialog open.
fn with_created(old: (&str, bool, i64, Option<i64>)) -> Desk {
    let mut desk = rotating(&[old]);
    desk.keys("y");
    desk.serve(&bot(&[old]));
    let (id, change) = desk.next_change().expect("it is created");
    assert_eq!(change, Change::Create { user: "bot".into() });
    desk.changed(id, Ok(created(NEW)));
    desk.serve(&bot(&[old, (NEW, true, 0, None)]));
    desk
}

fn copied(desk: &mut Desk) {
    desk.send(Event::Copied {
        what: Copied::Secret,
        key: NEW.into(),
        outcome: CopyOutcome::InSystemClipboard,
    });
}

fn trials(desk: &Desk) -> usize {
    let tries = |effect: &&Effect| matches!(effect, Effect::Try(..));
    desk.effects.iter().filter(tries).count()
}

fn tried(desk: &mut Desk, news: TrialNews) {
    let session = desk.session();
    desk.send(Event::Tried {
        session,
        key: NEW.into(),
        news,
    });
}

fn caller(user: &str) -> Caller {
    Caller {
        account: "123456789012".into(),
        arn: format!("arn:aws:iam::123456789012:user/{user}"),
    }
}

#[test]
fn nothing_is_done_to_the_old_key_before_the_secret_is_somewhere_and_the_new_key_works() {
    let mut desk = with_created((OLD, true, 400, Some(2)));
    assert_eq!(
        stands(&desk),
        (
            RotationStep::Store,
            Some(Blocker::SecretNotStored),
            Vec::new()
        )
    );
    assert_eq!(trials(&desk), 0);
    copied(&mut desk);
    copied(&mut desk);
    assert_eq!(trials(&desk), 1, "it is tried once");
    desk.press(KeyCode::Esc);
    let only_back = vec![RotationAction::RollBack];
    assert_eq!(
        stands(&desk),
        (
            RotationStep::Check,
            Some(Blocker::Trying),
            only_back.clone()
        )
    );
    tried(&mut desk, TrialNews::NotYet(2));
    assert!(desk.screen().contains("tried 2 times"), "{}", desk.screen());
    // Somebody else's key: not a step further.
    tried(&mut desk, TrialNews::Accepted(caller("eve"), false));
    assert_eq!(
        stands(&desk),
        (
            RotationStep::Check,
            Some(Blocker::WrongOwner),
            only_back.clone()
        )
    );
    let elsewhere = Caller {
        account: "999999999999".into(),
        ..caller("bot")
    };
    let of_another_kind = [
        "bot",
        "x:user/bot",
        "arn:aws:iam::999999999999:user/bot",
        "arn:aws:sts::123456789012:user/bot",
        "arn:aws:iam::123456789012:group/bot",
    ]
    .map(|arn| Caller {
        arn: arn.into(),
        ..caller("bot")
    });
    for caller in of_another_kind.into_iter().chain([elsewhere]) {
        tried(&mut desk, TrialNews::Accepted(caller.clone(), false));
        assert_eq!(stands(&desk).1, Some(Blocker::WrongOwner), "{caller:?}");
    }
    tried(&mut desk, TrialNews::GivenUp(error(Kind::BadCredentials)));
    assert_eq!(
        stands(&desk),
        (RotationStep::Check, Some(Blocker::Refused), only_back)
    );
    tried(&mut desk, TrialNews::Accepted(caller("bot"), false));
    assert_eq!(stands(&desk).0, RotationStep::Deactivate);
    assert!(
        desk.screen()
            .contains("authenticates as bot in 123456789012")
    );
}

#[test]
fn the_key_of_a_rotation_is_tried_when_it_is_stored_also_where_its_dialog_was_closed() {
    let old = (OLD, true, 400, Some(2));
    let mut desk = rotating(&[old]);
    desk.keys("y");
    desk.serve(&bot(&[old]));
    let (id, _) = desk.next_change().expect("it is created");
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.open_dialogs(), 0);
    desk.changed(id, Ok(created(NEW)));
    desk.serve(&bot(&[old, (NEW, true, 0, None)]));
    assert!(desk.screen().contains("New key for bot"));
    copied(&mut desk);
    assert_eq!(trials(&desk), 1);
}

#[test]
fn a_key_that_is_created_without_a_rotation_or_beside_it_is_not_tried() {
    let old = (OLD, true, 400, Some(2));
    let without = Desk::showing(SIZE, settings(), &bot(&[old]));
    let mut beside = rotating(&[old]);
    beside.press(KeyCode::Esc);
    for mut desk in [without, beside] {
        desk.keys("cy");
        desk.serve(&bot(&[old]));
        let (id, _) = desk.next_change().expect("it is created");
        desk.changed(id, Ok(created(NEW)));
        copied(&mut desk);
        assert_eq!(trials(&desk), 0);
    }
}

#[test]
fn a_trial_that_a_new_session_has_cut_off_is_taken_up_by_looking_again() {
    let mut desk = with_created((OLD, true, 400, Some(2)));
    copied(&mut desk);
    assert_eq!(trials(&desk), 1);
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.serve(&bot(&[(OLD, true, 400, Some(2)), (NEW, true, 0, None)]));
    assert_eq!(trials(&desk), 0);
    desk.intend(Intent::Rotate(desk.screen.slot(), "bot".into()));
    assert_eq!(trials(&desk), 1);
}

#[test]
fn a_new_key_is_not_tried_in_another_account() {
    let mut desk = with_created((OLD, true, 400, Some(2)));
    let slot = desk.screen.slot();
    desk.intend(Intent::SignIn(slot, Target::Demo));
    desk.signed_in(SignedIn::default());
    desk.effects.clear();
    copied(&mut desk);
    assert_eq!(trials(&desk), 0);
}

#[test]
fn a_new_key_that_is_older_than_what_is_known_of_the_account_is_not_tried_in_another() {
    let users = bot(&[(OLD, true, 400, Some(2))]);
    let read_as = |desk: &mut Desk, account: Option<&str>| {
        let mut who = None;
        while let Some((request, read)) = desk.next_read() {
            if read == Read::Caller {
                who = Some(request);
            } else {
                desk.answered(request, answer(&users, read));
            }
        }
        if let (Some(request), Some(account)) = (who, account) {
            let account = account.to_owned();
            let caller = Caller {
                account,
                ..caller("bot")
            };
            desk.answered(request, Ok(Answer::Caller(caller)));
        }
        who
    };
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let who = read_as(&mut desk, None).expect("it is asked");
    desk.keys("r");
    read_as(&mut desk, None);
    desk.keys("y");
    read_as(&mut desk, None);
    let (id, _) = desk.next_change().expect("it is created");
    desk.changed(id, Ok(created(NEW)));
    desk.answered(who, Ok(Answer::Caller(caller("bot"))));
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.signed_in(SignedIn::default());
    read_as(&mut desk, Some("999999999999"));
    copied(&mut desk);
    assert_eq!(trials(&desk), 0);
}

#[test]
fn a_new_key_that_was_deleted_in_a_session_that_is_over_is_not_waited_for() {
    let old = (OLD, true, 400, Some(2));
    let mut desk = with_created(old);
    let change = Change::Delete {
        user: "bot".into(),
        key: NEW.into(),
    };
    desk.intend(Intent::Send(desk.screen.slot(), vec![change]));
    let (id, _) = desk.next_change().expect("it is sent");
    let left = desk.session();
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.changed_in(left, id, Ok(Changed::Done));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.serve(&bot(&[old]));
    assert_ne!(stands(&desk).1, Some(Blocker::NotListed));
}

#[test]
fn a_secret_thrown_away_leads_back_to_the_beginning() {
    let mut desk = with_created((OLD, true, 400, Some(2)));
    desk.press(KeyCode::Esc);
    desk.keys("d");
    assert_eq!(
        stands(&desk),
        (
            RotationStep::Store,
            Some(Blocker::SecretMayBeLost),
            vec![RotationAction::DeleteNew]
        )
    );
}

#[test]
fn undoing_what_was_just_done_takes_one_key() {
    let keys = [(OLD, true, 400, Some(24 * 30)), (NEW, true, 1, Some(1))];
    let mut desk = rotating(&keys);
    desk.keys("y");
    desk.serve(&bot(&keys));
    let (id, _) = desk.next_change().expect("it is deactivated");
    desk.changed(id, Ok(Changed::Done));
    let off = [(OLD, false, 400, Some(24 * 30)), (NEW, true, 1, Some(1))];
    desk.serve(&bot(&off));
    // Not used for a month, and nothing has had the time to miss it.
    assert_eq!(stands(&desk).0, RotationStep::Watch);
    desk.keys("u");
    let (_, change) = desk.next_change().expect("at once");
    assert_eq!(
        change,
        Change::SetActive {
            user: "bot".into(),
            key: OLD.into(),
            active: true
        }
    );
}

#[test]
fn what_an_earlier_run_has_switched_off_is_asked_about() {
    let keys = [(OLD, false, 400, Some(2)), (NEW, true, 1, Some(1))];
    let mut desk = asked(&keys);
    desk.send(Event::Rotated(Rotated {
        replaced: [(NEW.to_owned(), OLD.to_owned())].into(),
        deactivated: [OLD.to_owned()].into(),
    }));
    assert!(stands(&desk).2.contains(&RotationAction::Undo));
    desk.keys("u");
    desk.serve(&bot(&keys));
    assert!(desk.next_change().is_none());
    assert!(desk.screen().contains("Activate key"), "{}", desk.screen());
}

#[test]
fn a_key_that_was_inactive_before_the_rotation_is_not_undone() {
    let active = [(OLD, true, 400, Some(2))];
    let mut desk = Desk::showing(SIZE, settings(), &bot(&active));
    desk.keys("ty");
    desk.serve(&bot(&active));
    let (id, _) = desk.next_change().expect("it is deactivated");
    desk.changed(id, Ok(Changed::Done));
    let off = (OLD, false, 400, Some(2));
    desk.serve(&bot(&[off]));
    desk.keys("ry");
    desk.serve(&bot(&[off]));
    let (id, _) = desk.next_change().expect("it is created");
    desk.changed(id, Ok(created(NEW)));
    desk.serve(&bot(&[off, (NEW, true, 0, None)]));
    copied(&mut desk);
    desk.press(KeyCode::Esc);
    tried(&mut desk, TrialNews::Accepted(caller("bot"), false));
    assert_eq!(stands(&desk).0, RotationStep::Watch);
    assert!(!stands(&desk).2.contains(&RotationAction::Undo));
}

#[test]
fn an_old_key_that_is_off_does_not_go_before_the_new_one_is_known_to_work() {
    for (used, step) in [(None, RotationStep::Store), (Some(1), RotationStep::Delete)] {
        let desk = rotating(&[(OLD, false, 400, None), (NEW, true, 1, used)]);
        assert_eq!(stands(&desk).0, step, "{used:?}");
        if step == RotationStep::Store {
            // The new one is all there is: it is not offered to be deleted alone.
            assert_eq!(stands(&desk).2, [RotationAction::RollBack]);
        }
    }
    let desk = with_created((OLD, false, 400, None));
    assert_eq!(
        stands(&desk),
        (
            RotationStep::Store,
            Some(Blocker::SecretNotStored),
            Vec::new()
        )
    );
}

#[test]
fn rolling_back_activates_the_old_key_before_it_deletes_the_new_one() {
    let keys = [(OLD, false, 400, Some(2)), (NEW, true, 1, Some(1))];
    let mut desk = rotating(&keys);
    desk.keys("b");
    desk.serve(&bot(&keys));
    let screen = desk.screen();
    assert!(screen.contains("Roll back the rotation"), "{screen}");
    assert!(
        screen.contains(&format!("{NEW} of bot")),
        "what goes is named:\n{screen}"
    );
    // The new one is in use.
    desk.keys("PLE1");
    desk.press(KeyCode::Enter);
    let (id, first) = desk.next_change().expect("the first of two");
    assert!(matches!(&first, Change::SetActive { key, active: true, .. } if key == OLD));
    assert!(desk.next_change().is_none(), "one after the other");
    desk.changed(id, Ok(Changed::Done));
    let (id, then) = desk.next_change().expect("the second");
    assert!(matches!(&then, Change::Delete { key, .. } if key == NEW));
    desk.changed(id, Ok(Changed::Done));
    let screen = desk.screen();
    assert!(!screen.contains("Rotate bot"), "it is over:\n{screen}");
    assert!(
        screen.contains(&format!("bot has one key now: {OLD}")),
        "{screen}"
    );
}

#[test]
fn where_the_old_key_could_not_be_activated_the_new_one_stays() {
    let keys = [(OLD, false, 400, Some(2)), (NEW, true, 1, Some(1))];
    for kind in [Kind::Denied, Kind::Network] {
        let mut desk = rotating(&keys);
        desk.keys("b");
        desk.serve(&bot(&keys));
        desk.keys("PLE1");
        desk.press(KeyCode::Enter);
        let (id, _) = desk.next_change().expect("the first of two");
        let failed = Error {
            action: "iam:UpdateAccessKey",
            ..error(kind)
        };
        desk.changed(id, Err(failed));
        desk.serve(&bot(&keys));
        assert!(desk.next_change().is_none(), "{kind:?}");
    }
}

#[test]
fn the_session_goes_on_with_the_key_that_takes_its_own_s_place() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("r");
    desk.serve(&people());
    assert!(desk.screen().contains("continues with the new one"));
    desk.keys("y");
    desk.serve(&people());
    let (id, _) = desk.next_change().expect("it is created");
    desk.changed(id, Ok(created(NEW)));
    copied(&mut desk);
    let goes_on = desk.effects.iter().any(
        |effect| matches!(effect, Effect::Try(_, trial) if trial.go_on_as.as_deref() == Some("alice") && trial.key == NEW),
    );
    assert!(goes_on);
    tried(&mut desk, TrialNews::Accepted(caller("alice"), true));
    assert!(desk.account().is_own(NEW));
    assert!(!desk.account().is_own("AKIAALICE001EXAMPLE1"));
    assert_eq!(
        desk.account()
            .identity
            .caller
            .known()
            .map(|c| c.name().to_owned())
            .as_deref(),
        Some("alice")
    );
    let _ = now();
}

/// What the dialog of this title says, in one line.
fn told(screen: &str, title: &str) -> String {
    dialog(screen, title).unwrap_or_else(|| panic!("{title} is not there:\n{screen}"))
}

/// Two keys that are both in use, the newer beside the older.
const SIDE_BY_SIDE: [(&str, bool, i64, Option<i64>); 2] =
    [(OLD, true, 400, Some(2)), (NEW, true, 1, Some(1))];

#[test]
fn two_keys_are_no_rotation_before_something_tells_so() {
    let users = bot(&SIDE_BY_SIDE);
    let mut desk = Desk::showing(SIZE, settings(), &users);
    assert!(!desk.screen().contains("rotating:"), "{}", desk.screen());
    desk.keys("r");
    desk.serve(&users);
    let both = vec![RotationAction::Replacing, RotationAction::Independent];
    let ask = (RotationStep::Before, Some(Blocker::TwoKeys), both);
    assert_eq!(stands(&desk), ask);
    let screen = desk.screen();
    assert!(!screen.contains('✓'), "no step is done:\n{screen}");
    let words = told(&screen, "Rotate bot");
    let question = format!("Is {NEW} replacing {OLD}, or are both in use independently?");
    assert!(words.contains(&question), "{screen}");

    // Both are in use: nothing is offered but to think again.
    desk.keys("i");
    let only_replacing = vec![RotationAction::Replacing];
    assert_eq!(
        stands(&desk),
        (
            RotationStep::Before,
            Some(Blocker::BothInUse),
            only_replacing
        )
    );
    desk.press(KeyCode::Esc);
    desk.keys("r");
    desk.serve(&users);
    assert_eq!(
        stands(&desk).1,
        Some(Blocker::BothInUse),
        "it is remembered"
    );
    let words = told(&desk.screen(), "Rotate bot");
    assert!(words.contains("which needs a free key slot"), "{words}");
    assert!(!words.contains("Delete"), "{words}");

    // One replaces the other: the rotation goes on, and that is remembered.
    desk.keys("y");
    assert_eq!(stands(&desk).0, RotationStep::Deactivate);
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("rotating:"), "{}", desk.screen());
    desk.keys("r");
    desk.serve(&users);
    assert_eq!(stands(&desk).0, RotationStep::Deactivate);
    assert!(desk.next_change().is_none());
}

#[test]
fn a_key_that_is_created_plainly_is_no_rotation() {
    let old = (OLD, true, 400, Some(2));
    let mut desk = Desk::showing(SIZE, settings(), &bot(&[old]));
    desk.keys("cy");
    desk.serve(&bot(&[old]));
    let (id, _) = desk.next_change().expect("it is created");
    desk.changed(id, Ok(created(NEW)));
    copied(&mut desk);
    desk.press(KeyCode::Esc);
    desk.serve(&bot(&[old, (NEW, true, 0, None)]));
    assert!(!desk.screen().contains("rotating:"), "{}", desk.screen());
    desk.keys("r");
    desk.serve(&bot(&[old, (NEW, true, 0, None)]));
    assert_eq!(stands(&desk).1, Some(Blocker::TwoKeys));
    assert_eq!(trials(&desk), 0);
    // It is a rotation from now on: the key that is stored is tried.
    desk.keys("y");
    assert_eq!(stands(&desk).0, RotationStep::Check);
}

#[test]
fn a_key_that_a_rotation_has_created_is_one_of_a_rotation() {
    let mut desk = with_created((OLD, true, 400, Some(2)));
    copied(&mut desk);
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("rotating:"), "{}", desk.screen());
    let replaces = desk.screen.engine.rotation(desk.screen.slot(), "bot");
    assert_eq!(replaces.evidence, Some(Evidence::Created));
}

#[test]
fn the_button_of_a_step_confirms_it_where_the_look_shows_nothing_new() {
    let users = bot(&SIDE_BY_SIDE);
    let mut desk = rotating(&SIDE_BY_SIDE);
    let screen = desk.screen();
    // What a confirmation says is there before the button is pressed.
    for fact in [OLD, "in acme-prod 123456789012", "used 2 hours ago ("] {
        assert!(screen.contains(fact), "{fact}:\n{screen}");
    }
    desk.keys("y");
    assert_eq!(desk.screen.open_dialogs(), 1, "no second dialog");
    assert!(desk.next_change().is_none(), "not before the look");
    assert!(stands(&desk).2.is_empty(), "it is not asked for twice");
    desk.keys("y");
    desk.serve(&users);
    let (_, change) = desk.next_change().expect("it is deactivated");
    assert!(matches!(change, Change::SetActive { active: false, .. }));
    assert!(desk.next_change().is_none(), "once");
}

#[test]
fn a_step_is_asked_about_where_the_look_shows_something_else() {
    let mut desk = rotating(&SIDE_BY_SIDE);
    desk.keys("y");
    // The new key was switched off meanwhile: the old one is the only active key.
    desk.serve(&bot(&[(OLD, true, 400, Some(2)), (NEW, false, 1, Some(1))]));
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(
        screen.contains("─ Deactivate key in acme-prod ─"),
        "{screen}"
    );
    assert!(screen.contains("the only active key of bot"), "{screen}");

    // Out of use for ten days, and used in this very minute.
    let new = (NEW, true, 30, Some(1));
    let mut desk = rotating(&[(OLD, true, 400, Some(240)), new]);
    desk.keys("y");
    desk.serve(&bot(&[(OLD, true, 400, Some(0)), new]));
    assert!(desk.next_change().is_none());
    assert!(desk.screen().contains("It has been used since you looked"));

    let alone = [(OLD, true, 400, Some(2))];
    let mut desk = rotating(&alone);
    desk.keys("y");
    desk.serve(&bot(&SIDE_BY_SIDE));
    assert!(desk.next_change().is_none(), "there is no room for it now");
}

#[test]
fn whether_a_key_replaces_another_is_not_asked_before_both_last_uses_are_stated() {
    let users = bot(&SIDE_BY_SIDE);
    let mut desk = asked(&SIDE_BY_SIDE);
    assert!(desk.screen.view().complete);
    desk.keys("i");
    // Another session in the account: what was said of the keys is remembered, their uses are not.
    desk.intend(Intent::SignIn(desk.screen.slot(), Target::Demo));
    desk.signed_in(SignedIn::default());
    let mut open = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        if matches!(read, Read::LastUsed(..)) {
            open.push((request, read));
        } else {
            desk.answered(request, answer(&users, read));
        }
    }
    assert_eq!(stands(&desk).1, Some(Blocker::BothInUse));
    assert_eq!(open.len(), 2);
    for (request, read) in open {
        assert!(!desk.screen.view().complete);
        desk.answered(request, answer(&users, read));
    }
    assert!(desk.screen.view().complete);
}

#[test]
fn a_step_is_not_done_once_its_dialog_was_left() {
    let mut desk = rotating(&SIDE_BY_SIDE);
    desk.keys("y");
    desk.press(KeyCode::Esc);
    desk.serve(&bot(&SIDE_BY_SIDE));
    assert!(desk.next_change().is_none());
    assert_eq!(desk.screen.open_dialogs(), 0);
    assert!(desk.screen.engine.plans().is_empty());
}

#[test]
fn a_step_that_comes_up_by_itself_is_not_pressed_by_what_was_meant_for_another() {
    let mut desk = with_created((OLD, true, 400, Some(2)));
    copied(&mut desk);
    desk.press(KeyCode::Esc);
    // Roll back is highlighted.
    desk.press(KeyCode::Tab);
    let scene = desk.screen.scene();
    tried(&mut desk, TrialNews::Accepted(caller("bot"), false));
    assert_eq!(stands(&desk).0, RotationStep::Deactivate);
    assert!(
        desk.screen.scene() > scene,
        "keys pressed before do not count"
    );
    desk.press(KeyCode::Enter);
    desk.serve(&bot(&[(OLD, true, 400, Some(2)), (NEW, true, 0, None)]));
    assert!(desk.next_change().is_none());
    assert!(desk.screen.engine.plans().is_empty());
}

#[test]
fn a_step_that_takes_the_sessions_own_key_is_still_typed() {
    let own = "AKIAALICE001EXAMPLE1";
    let users = vec![someone(
        "alice",
        &[(own, true, 400, Some(2)), (NEW, true, 1, Some(1))],
    )];
    let mut desk = Desk::showing(SIZE, settings(), &users);
    desk.keys("r");
    desk.serve(&users);
    desk.keys("y");
    assert!(desk.screen().contains("the session ends"));
    desk.keys("y");
    desk.serve(&users);
    assert!(desk.next_change().is_none());
    assert!(desk.screen().contains("Type the last 4 characters"));
}

#[test]
fn rolling_back_says_what_it_stops_and_what_it_does() {
    for (old_active, used, words) in [
        (
            true,
            Some(1),
            [
                "Used 1 hour ago by s3 in us-east-1: anything using it stops working.",
                "1. AKIAROTATE01EXAMPLE1 is active, and stays so.",
            ],
        ),
        (
            false,
            Some(1),
            [
                "Used 1 hour ago by s3 in us-east-1: anything using it stops working.",
                "1. Activate AKIAROTATE01EXAMPLE1.",
            ],
        ),
        (
            false,
            None,
            [
                "Never used: nothing is known to use it.",
                "1. Activate AKIAROTATE01EXAMPLE1.",
            ],
        ),
    ] {
        let keys = [(OLD, old_active, 400, Some(2)), (NEW, true, 1, used)];
        let mut desk = rotating(&keys);
        desk.keys("b");
        desk.serve(&bot(&keys));
        let screen = desk.screen();
        assert!(
            screen.contains("─ Roll back the rotation in acme-prod ─"),
            "{screen}"
        );
        let last = "2. Delete AKIANEWKEY01EXAMPLE1. This can't be undone.";
        let told = told(&screen, "Roll back the rotation");
        for words in words.iter().chain([&last]) {
            assert!(told.contains(words), "{words}:\n{told}");
        }
        assert!(desk.next_change().is_none());
    }
}

/// Deactivates the selected one of two keys that are both in use; which it was.
fn deactivate_selected(desk: &mut Desk) -> String {
    desk.keys("ty");
    desk.serve(&bot(&SIDE_BY_SIDE));
    let (id, change) = desk.next_change().expect("it is deactivated");
    let key = change.key().expect("a key").to_owned();
    desk.changed(id, Ok(Changed::Done));
    let off: Vec<_> = SIDE_BY_SIDE
        .iter()
        .map(|&(id, active, age, used)| (id, active && id != key, age, used))
        .collect();
    desk.serve(&bot(&off));
    key
}

#[test]
fn what_this_run_has_deactivated_is_undone_in_the_lists() {
    const OFF: (&str, bool, i64, Option<i64>) = (OLD, false, 400, Some(2));
    // Not what was Inactive before.
    let mut before = Desk::showing(SIZE, settings(), &bot(&[OFF]));
    assert!(!before.screen().contains("u undo"), "{}", before.screen());
    before.keys("u");
    assert!(before.next_change().is_none());
    assert!(before.screen().contains("Nothing to undo"));

    let users = bot(&SIDE_BY_SIDE);
    // Where another key is chosen, not the one that is not.
    let mut other = Desk::showing((120, 36), settings(), &users);
    other.press(KeyCode::Enter);
    deactivate_selected(&mut other);
    other.keys("ju");
    assert!(other.next_change().is_none(), "{}", other.screen());
    other.keys("ku");
    assert!(other.next_change().is_some(), "{}", other.screen());

    for page in ["", "2"] {
        let mut desk = Desk::showing((120, 36), settings(), &users);
        desk.keys(page);
        if page.is_empty() {
            // The key is chosen in the other pane, and the user's row is enough to undo it.
            desk.press(KeyCode::Enter);
        }
        let key = deactivate_selected(&mut desk);
        if page.is_empty() {
            desk.press(KeyCode::Esc);
        }
        assert!(desk.screen().contains("u undo"), "{}", desk.screen());
        desk.keys("u");
        let (id, change) = desk.next_change().expect("at once");
        let user = "bot".into();
        let active = true;
        assert_eq!(change, Change::SetActive { user, key, active });
        assert_eq!(desk.screen.open_dialogs(), 0);
        desk.keys("u");
        assert!(desk.next_change().is_none(), "it is under way");
        desk.changed(id, Ok(Changed::Done));
        desk.serve(&users);
        assert!(!desk.screen().contains("u undo"), "{}", desk.screen());
    }
}

#[test]
fn what_is_not_on_the_screen_yet_is_not_confirmed_by_a_button() {
    let users = bot(&SIDE_BY_SIDE);
    let mut desk = Desk::showing(SIZE, settings(), &[]);
    desk.send(Event::Rotated(Rotated {
        replaced: [(NEW.to_owned(), OLD.to_owned())].into(),
        ..Rotated::default()
    }));
    desk.keys("R");
    let mut late = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::LastUsed(_, ref key) if key == OLD => late.push(request),
            read => desk.answered(request, answer(&users, read)),
        }
    }
    desk.keys("r");
    let mut looked = |desk: &mut Desk| {
        while let Some((request, read)) = desk.next_read() {
            match read {
                Read::LastUsed(_, ref key) if key == OLD => late.push(request),
                read => desk.answered(request, answer(&users, read)),
            }
        }
    };
    looked(&mut desk);
    assert_eq!(stands(&desk).0, RotationStep::Deactivate);
    assert!(desk.screen().contains("its last use is not loaded yet"));
    desk.keys("y");
    looked(&mut desk);
    for request in late {
        let read = Read::LastUsed("bot".into(), OLD.into());
        desk.answered(request, answer(&users, read));
    }
    assert!(desk.next_change().is_none());
    assert!(desk.screen().contains("─ Deactivate key in acme-prod ─"));
}

#[test]
fn the_profile_that_holds_the_key_to_be_replaced_is_offered_first() {
    let text = format!(
        "[other]\nregion = us-east-1\n\n[ci]\naws_access_key_id = {OLD}\n\
         aws_secret_access_key = secretEXAMPLE\n"
    );
    let ask = |desk: &mut Desk| {
        desk.keys("w");
        desk.serve_file(&text);
        let screen = desk.screen();
        let row = |name: &str| screen.lines().position(|row| row.contains(name));
        let held = row(&format!("  ci  holds {OLD} now"));
        assert!(held.is_some() && held < row("  other "), "{screen}");
        // It is chosen without a further key.
        desk.press(KeyCode::Enter);
        match desk.next_job() {
            Some((_, SecretJob::Plan { profile, .. })) => assert_eq!(profile, "ci"),
            other => panic!("{other:?}"),
        }
    };
    let old = (OLD, true, 400, Some(2));
    ask(&mut rotating(&[old]));
    ask(&mut with_created(old));

    // A key that replaces none has no profile of its own, and what is typed counts.
    let mut desk = Desk::showing(SIZE, settings(), &bot(&[old]));
    desk.keys("cy");
    desk.serve(&bot(&[old]));
    let (id, _) = desk.next_change().expect("it is created");
    desk.changed(id, Ok(created(NEW)));
    desk.keys("w");
    desk.serve_file(&text);
    assert!(!desk.screen().contains("holds"), "{}", desk.screen());
    let mut desk = rotating(&[old]);
    desk.keys("wother");
    desk.serve_file(&text);
    desk.press(KeyCode::Enter);
    assert!(
        matches!(desk.next_job(), Some((_, SecretJob::Plan { profile, .. })) if profile == "other")
    );
}

#[test]
fn a_doubled_press_takes_one_step() {
    let mut desk = asked(&SIDE_BY_SIDE);
    let press = |desk: &mut Desk, read| {
        let key = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
        desk.send(Message::Key(KeyPress { key, read }));
    };
    let before = desk.screen.view();
    press(&mut desk, true);
    assert_eq!(stands(&desk).0, RotationStep::Deactivate);
    assert_ne!(desk.screen.view(), before, "it was not read yet");
    press(&mut desk, false);
    press(&mut desk, false);
    desk.serve(&bot(&SIDE_BY_SIDE));
    assert!(desk.screen.engine.plans().is_empty());
    assert!(desk.next_change().is_none());
}

#[test]
fn a_step_is_not_done_while_its_dialog_is_covered() {
    let mut desk = rotating(&SIDE_BY_SIDE);
    desk.keys("y?");
    desk.serve(&bot(&SIDE_BY_SIDE));
    assert!(desk.next_change().is_none());
    desk.press(KeyCode::Esc);
    let screen = desk.screen();
    assert!(
        screen.contains("─ Deactivate key in acme-prod ─"),
        "{screen}"
    );
    desk.keys("y");
    assert!(desk.next_change().is_some());
}
