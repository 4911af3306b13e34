//! Finding a key by its ID: what is said of each text, where the selection goes, and what it does
//! not do to who has moved meanwhile.

use super::{SIZE, error};
use crate::desk::{self, Desk, Someone, answer, people, settings, someone};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        Answer, Background, Change, ChangeId, Changed, Effect, Error, Event, Intent, KeyId, Kind,
        Problem, Read, RequestId, SearchPhase, SessionId, Signal, SignedIn, Target,
        account::Stage,
        model::{AccountsPage, Caller, LastUsed},
        profiles::{AccountId, Profile, ProfileKind, ProfileList},
    },
    tui::{Message, Page, Pane, keymap::Context},
};

/// A key of a user who is loaded.
const LOADED: &str = "AKIADEPLOY02EXAMPLE2";
/// Made in account 609629065308.
const STRANGER: &str = "AKIAY34FZKBOKMUTVV7A";
/// Made in account 123456789012, as the desk's is.
const LOCAL: &str = "AKIARZPUZDIKEXAMPLE2";
/// Of an old form, which tells no account.
const OLD: &str = "AKIAIOSFODNN7EXAMPLE";

/// What is said of one that may have leaked, and is deleted.
const LEAKED: &str = "If it has leaked: sessions that it has made live on for up to 36 hours. CloudTrail's \
                      event history of this access key ID names its user.";

fn showing() -> Desk {
    Desk::showing(SIZE, settings(), &people())
}

/// A screen with the user's keys not loaded: nobody asks for more than the selected user's.
fn unloaded() -> Desk {
    let mut settings = settings();
    settings.engine.background = Background::Off;
    Desk::showing(SIZE, settings, &people())
}

pub(super) fn find(desk: &mut Desk, text: &str) {
    desk.keys("f");
    desk.send(Message::Paste(text.into()));
    desk.press(KeyCode::Enter);
}

/// The question whose a key is, which must be the only one of its kind. Which account it belongs to is
/// asked beside it, and is not answered.
#[track_caller]
pub(super) fn asked(desk: &mut Desk) -> (RequestId, String) {
    let (request, key, _) = both_asked(desk);
    (request, key)
}

/// The questions whose a key is, and which account it belongs to: asked at once.
#[track_caller]
pub(super) fn both_asked(desk: &mut Desk) -> (RequestId, String, RequestId) {
    let (request, read) = desk.next_read().expect("something is asked");
    let Read::Owner(key) = read else {
        panic!("{read:?}");
    };
    let (of_account, read) = desk.next_read().expect("the other is asked");
    assert_eq!(read, Read::KeyAccount(key.clone()));
    (request, key, of_account)
}

/// The question which account a key belongs to, asked alone.
#[track_caller]
fn account_asked(desk: &mut Desk) -> RequestId {
    let (request, read) = desk.next_read().expect("something is asked");
    assert!(matches!(read, Read::KeyAccount(_)), "{read:?}");
    request
}

/// `GetAccessKeyInfo` is not allowed.
pub(super) fn account_refused(desk: &mut Desk, request: RequestId) {
    let error = Error {
        action: "sts:GetAccessKeyInfo",
        ..error(Kind::Denied)
    };
    desk.answered(request, Err(error));
}

/// The profiles of this machine have been read.
fn profiles(desk: &mut Desk, profiles: Vec<Profile>) {
    let asked = desk.effects.iter();
    let mut asked = asked.filter(|effect| matches!(effect, Effect::ListProfiles));
    assert!(asked.next().is_some(), "they are asked for");
    let list = ProfileList {
        profiles,
        ..ProfileList::default()
    };
    desk.send(Event::Profiles(Ok(Box::new(list))));
}

/// Whose a key is, as AWS tells it.
pub(super) fn owner(users: &[Someone], key: &str) -> Result<Answer, Error> {
    let (user, last_used) = desk::owner(users, key)?;
    Ok(Answer::Owner(user, last_used))
}

/// What stands in the dialog, line by line.
fn dialog(desk: &Desk) -> Vec<String> {
    assert_eq!(desk.screen.context(), Context::Find);
    let screen = desk.screen();
    let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let title: Vec<char> = "╭─ Find a key ".chars().collect();
    let place = rows.iter().enumerate().find_map(|(at, row)| {
        let left = row.windows(title.len()).position(|part| part == title)?;
        let right = row[left..].iter().position(|c| *c == '╮')?;
        Some((at, left, left + right))
    });
    let (top, left, right) = place.unwrap_or_else(|| panic!("it is open:\n{screen}"));
    let inside = rows[top + 1..].iter().take_while(|row| row[left] == '│');
    inside
        .map(|row| {
            row[left + 1..right]
                .iter()
                .collect::<String>()
                .trim()
                .to_owned()
        })
        .collect()
}

/// What the dialog says of the search, on one line; nothing while it says nothing.
pub(super) fn words(desk: &Desk) -> String {
    let lines = dialog(desk);
    let marked = |line: &&String| line.starts_with(['✗', '▲', '✓']);
    let said = lines.iter().skip_while(|line| !marked(line));
    let said: Vec<&str> = said
        .take_while(|line| !line.is_empty())
        .map(|line| line.trim_start_matches(['✗', '▲', '✓', ' ']))
        .collect();
    said.join(" ")
}

pub(super) fn selected(desk: &Desk) -> (&str, Option<&str>) {
    let user = desk.screen.user().map_or("", |row| &row.user.name);
    (
        user,
        desk.screen.selected_key().map(|row| row.key.id.as_str()),
    )
}

fn refused(desk: &mut Desk, kind: Kind) {
    let (request, _, of_account) = both_asked(desk);
    let error = Error {
        action: "iam:GetAccessKeyLastUsed",
        ..error(kind)
    };
    desk.answered(request, Err(error));
    account_refused(desk, of_account);
}

/// A desk that was never told a last use.
fn never_told() -> Desk {
    Desk::showing(SIZE, settings(), &[someone("alice", &[])])
}

#[test]
fn a_key_that_is_loaded_is_gone_to_in_one_call() {
    let mut desk = showing();
    find(&mut desk, "  'akiadeploy02example2'\n");
    let (request, key) = asked(&mut desk);
    assert_eq!(key, LOADED);
    assert!(desk.next_read().is_none());
    let told = owner(&people(), &key);
    desk.answered(request, told);
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
    assert_eq!(desk.screen.context(), Context::Keys);
    let (_, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Tags("deploy-bot".into()));
    assert!(desk.next_read().is_none(), "all else is known");
}

#[test]
fn a_key_of_a_user_whose_keys_are_not_loaded_is_selected_when_they_come() {
    let mut desk = unloaded();
    find(&mut desk, "AKIAWEBAST02EXAMPLE2");
    let (request, key) = asked(&mut desk);
    let told = owner(&people(), &key);
    desk.answered(request, told);
    assert_eq!(selected(&desk), ("web-assets", None));
    assert_eq!(desk.screen.pane(), Pane::Keys);
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Keys("web-assets".into()));
    desk.answered(request, answer(&people(), read));
    assert_eq!(
        selected(&desk),
        ("web-assets", Some("AKIAWEBAST02EXAMPLE2"))
    );
    // Its last use came with the owner; that of the other key did not.
    let reads: Vec<Read> = std::iter::from_fn(|| desk.next_read())
        .map(|(_, read)| read)
        .collect();
    let other = "AKIAWEBAST01EXAMPLE1".to_owned();
    assert_eq!(
        reads
            .iter()
            .filter(|read| matches!(read, Read::LastUsed(..)))
            .collect::<Vec<_>>(),
        [&Read::LastUsed("web-assets".into(), other)]
    );
    desk.keys("t");
    desk.serve(&people());
    desk.keys("y");
    let change = Change::SetActive {
        user: "web-assets".into(),
        key: "AKIAWEBAST02EXAMPLE2".into(),
        active: true,
    };
    assert_eq!(desk.next_change().unwrap().1, change);
}

/// A desk that has been told that a key is one of `bot`, whose other key is loaded, and waits for
/// the keys; with that question.
pub(super) fn waiting() -> (Desk, Vec<Someone>, RequestId) {
    let before = [
        someone("alice", &[]),
        someone("bot", &[("AKIABOT00001EXAMPLE1", true, 400, Some(1))]),
    ];
    let after = vec![
        someone("alice", &[]),
        someone(
            "bot",
            &[
                ("AKIABOT00001EXAMPLE1", true, 400, Some(1)),
                ("AKIABOT00002EXAMPLE2", true, 0, Some(1)),
            ],
        ),
    ];
    let mut desk = Desk::showing(SIZE, settings(), &before);
    find(&mut desk, "AKIABOT00002EXAMPLE2");
    let (request, key) = asked(&mut desk);
    let told = owner(&after, &key);
    desk.answered(request, told);
    let (request, read) = desk.next_read().unwrap();
    assert_eq!(read, Read::Keys("bot".into()));
    (desk, after, request)
}

#[test]
fn who_moves_meanwhile_stays_where_they_went() {
    for (keys, place) in [
        ("hk", ("alice", None)),
        ("k", ("bot", Some("AKIABOT00001EXAMPLE1"))),
        ("4", ("bot", Some("AKIABOT00002EXAMPLE2"))),
        ("?", ("bot", Some("AKIABOT00002EXAMPLE2"))),
    ] {
        let (mut desk, after, request) = waiting();
        desk.keys(keys);
        let before = (
            desk.screen.page(),
            desk.screen.pane(),
            desk.screen.open_dialogs(),
        );
        desk.answered(request, answer(&after, Read::Keys("bot".into())));
        assert_eq!(selected(&desk), place, "{keys}");
        assert_eq!(desk.screen.notice(), None, "{keys}");
        let now = (
            desk.screen.page(),
            desk.screen.pane(),
            desk.screen.open_dialogs(),
        );
        assert_eq!(now, before, "{keys}");
    }
}

#[test]
fn who_has_moved_is_not_told_that_the_key_is_gone() {
    let (mut desk, _, request) = waiting();
    desk.keys("hk");
    let gone = Ok(Answer::Keys(Vec::new()));
    desk.answered(request, gone);
    assert!(desk.screen.open_dialogs() == 0);
}

#[test]
fn a_closed_or_changed_dialog_waits_for_no_answer() {
    for key in [KeyCode::Esc, KeyCode::Backspace] {
        let mut desk = showing();
        find(&mut desk, LOADED);
        let (request, id) = asked(&mut desk);
        desk.press(key);
        let told = owner(&people(), &id);
        let before = desk.screen.open_dialogs();
        desk.answered(request, told);
        assert_eq!(selected(&desk).0, "alice", "{key:?}");
        assert_eq!(desk.screen.open_dialogs(), before);
    }
}

/// A desk where a key is looked for while one is being created; with that question.
fn looking_while_creating() -> (Desk, ChangeId, RequestId) {
    let mut desk = showing();
    desk.keys("cy");
    desk.serve(&people());
    let (change, _) = desk.next_change().unwrap();
    find(&mut desk, LOADED);
    let (request, _) = asked(&mut desk);
    (desk, change, request)
}

#[test]
fn a_dialog_that_has_come_in_front_is_not_taken_away() {
    let (mut desk, _, request) = looking_while_creating();
    desk.send(Event::Signal(Signal::Interrupt));
    assert_eq!(desk.screen.context(), Context::Leaving);
    let told = owner(&people(), LOADED);
    desk.answered(request, told);
    assert_eq!(desk.screen.context(), Context::Leaving);
    assert_eq!(selected(&desk).0, "alice");
    desk.keys("n");
    assert_eq!(
        words(&desk),
        "AKIADEPLOY02EXAMPLE2 is a key of deploy-bot. Enter goes there."
    );
    desk.press(KeyCode::Enter);
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
}

#[test]
fn a_new_key_that_waits_behind_is_shown_when_the_other_is_found() {
    let (mut desk, change, request) = looking_while_creating();
    desk.changed(change, Ok(super::created("AKIANEWKEY01EXAMPLE1")));
    assert_eq!(desk.screen.context(), Context::Find);
    let scene = desk.screen.scene();
    let told = owner(&people(), LOADED);
    desk.answered(request, told);
    assert_eq!(desk.screen.context(), Context::NewKey);
    assert_ne!(desk.screen.scene(), scene, "no key answers it unseen");
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
}

#[test]
fn a_filter_and_another_view_do_not_hide_what_was_found() {
    for keys in ["2", "3", "/ali"] {
        let mut desk = showing();
        desk.keys(keys);
        desk.press(KeyCode::Enter);
        desk.press(KeyCode::Esc);
        if keys == "/ali" {
            desk.keys(keys);
            desk.press(KeyCode::Enter);
        }
        find(&mut desk, LOADED);
        desk.serve(&people());
        assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)), "{keys}");
        assert_eq!(desk.screen.page(), Page::Users);
        assert_eq!(desk.screen.pane(), Pane::Keys);
    }
}

#[test]
fn what_is_no_key_id_is_said_without_a_call() {
    for (text, said) in [
        ("", "A key ID is AKIA and sixteen letters and digits."),
        ("AKIA", "Too short for a key ID: 4 characters, not 20."),
        ("AROAIOSFODNN7EXAMPLES", "is the ID of a role"),
        ("ASIAY34FZKBOKMUTVV7A", "is the key of a session"),
    ] {
        let mut desk = showing();
        find(&mut desk, text);
        assert!(words(&desk).contains(said), "{}", words(&desk));
        assert!(desk.next_read().is_none());
        // Something else is typed: what was said is over.
        desk.keys("A");
        assert_eq!(words(&desk), "");
    }
}

#[test]
fn a_secret_is_gone_from_the_field_at_once_however_it_comes() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let mut pasted = showing();
    pasted.keys("f");
    pasted.send(Message::Paste(format!("key: {secret}\n")));
    let mut typed = showing();
    typed.keys("f");
    typed.keys(secret);
    let mut empty = showing();
    empty.keys("f");
    for mut desk in [pasted, typed] {
        let field = |desk: &Desk| {
            let lines = dialog(desk);
            let field = lines.iter().find(|line| line.starts_with("ID"));
            field.expect("the field is there").clone()
        };
        assert_eq!(field(&desk), field(&empty));
        assert!(words(&desk).starts_with("That looks like a secret"));
        assert!(!format!("{:?}", desk.screen).contains("wJalr"));
        assert!(!desk.screen().contains("wJalr"));
        // There is nothing in it to be read once more: what was said of it stays.
        desk.press(KeyCode::Enter);
        assert!(
            words(&desk).starts_with("That looks like a secret"),
            "{}",
            words(&desk)
        );
    }
}

#[test]
fn a_secret_is_taken_out_of_a_description_and_a_filter() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for (keys, context) in [("n", Context::Describe), ("/", Context::Filter)] {
        let mut pasted = showing();
        pasted.keys(keys);
        assert_eq!(pasted.screen.context(), context);
        pasted.send(Message::Paste(format!("it is {secret}")));
        let mut typed = showing();
        typed.keys(keys);
        typed.keys(secret);
        for mut desk in [pasted, typed] {
            assert!(!desk.screen().contains("wJalr"), "{}", desk.screen());
            assert!(
                desk.screen().contains("looks like a secret"),
                "{}",
                desk.screen()
            );
            assert_eq!(desk.screen.context(), context);
            desk.press(KeyCode::Enter);
            assert!(desk.next_change().is_none());
        }
        // The checksum of a commit is none.
        let mut desk = showing();
        desk.keys(keys);
        desk.keys("3f786850e387550fdab836ed7e6dc881de23001b");
        assert!(desk.screen().contains("de23001b"), "{}", desk.screen());
    }
}

#[test]
fn a_key_of_another_account_is_told_from_its_id_and_asked_for_at_the_second_enter() {
    let mut desk = showing();
    find(&mut desk, STRANGER);
    let request = account_asked(&mut desk);
    assert!(desk.next_read().is_none(), "this account is not asked");
    account_refused(&mut desk, request);
    assert!(
        desk.screen()
            .contains("It is in account 609629065308: looking how to")
    );
    profiles(&mut desk, Vec::new());
    assert_eq!(
        words(&desk),
        "AKIAY34FZKBOKMUTVV7A belongs to account 609629065308 (derived from the ID), which is not \
         open. It may be in the organisation of acme-prod 123456789012. Enter opens the accounts \
         of the organisation and looks there."
    );
    desk.press(KeyCode::Enter);
    let (request, read) = desk.next_read().expect("they are listed");
    assert_eq!(read, Read::Accounts(None));
    desk.answered(request, Err(error(Kind::Denied)));
    assert_eq!(
        words(&desk),
        "AKIAY34FZKBOKMUTVV7A belongs to account 609629065308 (derived from the ID), which no \
         profile here opens. Sign in there and search again. Enter asks AWS all the same."
    );
    desk.press(KeyCode::Enter);
    refused(&mut desk, Kind::Denied);
    assert_eq!(
        words(&desk),
        "AKIAY34FZKBOKMUTVV7A belongs to account 609629065308 (derived from the ID); this is \
         123456789012. AWS does not know it here."
    );
}

#[test]
fn what_a_refusal_means_depends_on_what_was_granted() {
    let told = |mut desk: Desk, key: &str, kind| {
        find(&mut desk, key);
        refused(&mut desk, kind);
        words(&desk)
    };
    let unknown = "No key AKIAIOSFODNN7EXAMPLE in this account.";
    assert_eq!(told(showing(), OLD, Kind::Denied), unknown);
    assert_eq!(told(never_told(), OLD, Kind::NotFound), unknown);
    assert_eq!(
        told(never_told(), OLD, Kind::Denied),
        "No key AKIAIOSFODNN7EXAMPLE in this account, or iam:GetAccessKeyLastUsed is not allowed: \
         AWS says the same to both."
    );
    assert_eq!(
        told(showing(), LOCAL, Kind::Denied),
        format!(
            "No key {LOCAL} in this account. By its ID it was made here (derived): it has been \
             deleted, then. {LEAKED}"
        )
    );
    assert_eq!(
        told(showing(), OLD, Kind::Server),
        "AWS did not tell: SomeCode: iam:GetAccessKeyLastUsed. Enter asks again."
    );
}

#[test]
fn a_throttled_question_is_asked_again() {
    let mut desk = showing();
    find(&mut desk, OLD);
    let (request, _) = asked(&mut desk);
    desk.answered(request, Err(error(Kind::Throttled)));
    desk.effects.clear();
    desk.wait(5_000);
    desk.send(Message::Tick);
    let again = desk.effects.iter().any(|effect| {
        matches!(effect, Effect::Read(_, of, Read::Owner(key)) if *of == request && key == OLD)
    });
    assert!(again, "{:?}", desk.effects);
}

#[test]
fn a_key_that_aws_does_not_know_is_no_failure() {
    for kind in [Kind::Denied, Kind::NotFound] {
        let mut desk = showing();
        find(&mut desk, OLD);
        refused(&mut desk, kind);
        assert!(!words(&desk).is_empty());
        assert!(desk.screen.engine.activity.is_empty(), "{kind:?}");
    }
    // That nobody answered is one.
    let mut desk = showing();
    find(&mut desk, OLD);
    refused(&mut desk, Kind::Network);
    assert!(!desk.screen.engine.activity.is_empty());
}

#[test]
fn the_id_is_taken_out_of_what_is_pasted_around_it() {
    let mut desk = showing();
    desk.keys("f");
    let section = format!(
        "[ci]\naws_access_key_id = {LOADED}\n\
         aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    );
    desk.send(Message::Paste(section));
    assert!(!desk.screen().contains("wJalr"), "{}", desk.screen());
    desk.press(KeyCode::Enter);
    assert_eq!(asked(&mut desk).1, LOADED);

    let mut desk = showing();
    desk.keys("f");
    desk.keys(&format!("id={LOADED}"));
    desk.press(KeyCode::Enter);
    assert_eq!(asked(&mut desk).1, LOADED);
}

#[test]
fn a_key_id_that_is_pasted_into_a_list_is_looked_for() {
    for keys in ["", "l", "2", "4"] {
        let mut desk = showing();
        desk.keys(keys);
        desk.effects.clear();
        desk.send(Message::Paste(format!("key {LOADED} leaked")));
        assert_eq!(asked(&mut desk).1, LOADED);
        assert_eq!(desk.screen.context(), Context::Find);
    }
    // Something else is not, and neither is one where a dialog is open.
    let mut desk = showing();
    desk.send(Message::Paste("deploy".into()));
    assert!(desk.next_read().is_none());
    desk.keys("c");
    let before = desk.screen.context();
    assert_ne!(before, Context::Users);
    desk.send(Message::Paste(LOADED.into()));
    assert_eq!(desk.screen.context(), before);
}

#[test]
fn a_refusal_for_a_key_that_is_unknown_says_nothing_about_other_keys() {
    let mut desk = never_told();
    for _ in 0..6 {
        find(&mut desk, OLD);
        refused(&mut desk, Kind::Denied);
        desk.press(KeyCode::Esc);
    }
    assert!(!desk.screen.notice().is_some_and(|notice| notice.bad));
    assert_eq!(desk.account().stage, Stage::SignedIn);
}

#[test]
fn that_the_owner_s_keys_are_refused_or_the_key_is_gone_is_said() {
    let (mut desk, _, request) = waiting();
    let denied = Err(error(Kind::Denied));
    desk.answered(request, denied);
    assert_eq!(
        words(&desk),
        "AKIABOT00002EXAMPLE2 is a key of bot, whose keys may not be seen: SomeCode: \
         iam:ListAccessKeys."
    );
    let (mut desk, _, request) = waiting();
    let before = [
        someone("alice", &[]),
        someone("bot", &[("AKIABOT00001EXAMPLE1", true, 400, Some(1))]),
    ];
    desk.answered(request, answer(&before, Read::Keys("bot".into())));
    assert_eq!(
        words(&desk),
        "AWS says that AKIABOT00002EXAMPLE2 is a key of bot, and does not list it: it was deleted \
         a moment ago, perhaps. Enter deals with its leak."
    );
    // The other key is nobody's to hit by mistake.
    assert_eq!(desk.screen.pane(), Pane::Users);
}

#[test]
fn a_key_without_a_user_is_said_to_be_so() {
    let mut desk = showing();
    find(&mut desk, OLD);
    let (request, _) = asked(&mut desk);
    let told = Ok(Answer::Owner("".into(), LastUsed::Never));
    desk.answered(request, told);
    assert!(
        words(&desk).contains("names no user for it"),
        "{}",
        words(&desk)
    );
}

/// A desk that was started with a key, not signed in yet.
pub(super) fn started_with(key: &str) -> Desk {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.screen.search_first(KeyId::read(key).unwrap());
    desk
}

pub(super) fn sign_in(desk: &mut Desk) {
    desk.signed_in(SignedIn {
        key: "AKIAALICE001EXAMPLE1".into(),
        profile: None,
        endpoint: None,
        ..SignedIn::default()
    });
}

#[test]
fn a_key_named_at_the_start_is_asked_for_first_and_found_before_anybody_is_listed() {
    let mut desk = started_with(LOADED);
    assert!(desk.screen.open_dialogs() == 0);
    sign_in(&mut desk);
    assert_eq!(desk.screen.context(), Context::Find);
    let (request, key) = asked(&mut desk);
    let told = owner(&people(), &key);
    desk.answered(request, told);
    assert_eq!(selected(&desk), ("deploy-bot", None));
    // The listing does not take the selection away, nor the user.
    desk.serve(&people());
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
    assert_eq!(desk.account().users.rows().len(), people().len());
}

#[test]
fn a_refusal_before_the_account_is_known_is_explained_by_the_id_once_it_is() {
    let mut desk = started_with(STRANGER);
    sign_in(&mut desk);
    refused(&mut desk, Kind::Denied);
    // What the refusal means is known once it is known which account this is.
    assert!(desk.screen().contains("Looking whose it is"));
    desk.serve(&people());
    profiles(&mut desk, Vec::new());
    assert!(
        words(&desk).contains("609629065308 (derived from the ID), which is not open."),
        "{}",
        words(&desk)
    );
    // Or where that does not become known.
    let mut desk = started_with(STRANGER);
    sign_in(&mut desk);
    refused(&mut desk, Kind::Denied);
    while let Some((request, read)) = desk.next_read() {
        let refused = read == Read::Caller;
        let told = answer(&people(), read);
        let told = told.and_then(|told| {
            if refused {
                Err(error(Kind::Server))
            } else {
                Ok(told)
            }
        });
        desk.answered(request, told);
    }
    assert_eq!(
        words(&desk),
        "AKIAY34FZKBOKMUTVV7A belongs to account 609629065308 (derived from the ID). AWS does not \
         know it here."
    );
}

#[test]
fn where_signing_in_has_failed_the_key_is_looked_for_after_the_next_time() {
    let mut desk = started_with(LOADED);
    sign_in(&mut desk);
    while let Some((request, read)) = desk.next_read() {
        desk.answered(request, super::failed(read, Kind::Network));
    }
    assert!(matches!(desk.account().stage, Stage::SignedOut(_)));
    assert_eq!(desk.screen.context(), Context::SignedOut);
    desk.keys("R");
    sign_in(&mut desk);
    desk.serve(&people());
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
}

#[test]
fn a_key_of_one_account_is_not_looked_for_in_the_demo_that_is_opened_instead() {
    let mut desk = started_with(LOADED);
    let session = desk.session();
    let result = Err(Box::new(Problem {
        title: "No AWS credentials".into(),
        ..Problem::default()
    }));
    desk.send(Event::SignedIn { session, result });
    desk.keys("d");
    sign_in(&mut desk);
    assert!(desk.screen.open_dialogs() == 0);
}

#[test]
fn a_late_answer_to_an_earlier_question_is_not_taken_for_the_one_that_is_waited_for() {
    let mut desk = showing();
    find(&mut desk, LOADED);
    let (earlier, _) = asked(&mut desk);
    desk.press(KeyCode::Backspace);
    desk.keys("1");
    desk.press(KeyCode::Enter);
    let (_, key) = asked(&mut desk);
    assert_eq!(key, "AKIADEPLOY02EXAMPLE1");
    let told = owner(&people(), LOADED);
    desk.answered(earlier, told);
    assert_eq!(desk.screen.context(), Context::Find);
    assert_eq!(selected(&desk).0, "alice");
}

#[test]
fn enter_again_while_it_is_looked_for_asks_nothing() {
    let mut desk = showing();
    find(&mut desk, LOADED);
    desk.press(KeyCode::Enter);
    asked(&mut desk);
    assert!(desk.next_read().is_none());
    assert_eq!(desk.screen.context(), Context::Find);
    let search = desk.screen.engine.search().expect("it is searched for");
    assert!(matches!(search.phase, SearchPhase::Looking(_)));
    assert!(desk.screen().contains("Looking whose it is"));
    assert!(desk.screen.engine.is_busy());
}

/// A profile of this machine that opens an account.
fn profile(name: &str, account: &str) -> Profile {
    Profile {
        name: name.into(),
        kind: ProfileKind::Keys { mfa: false },
        account: Some(AccountId {
            id: account.into(),
            derived: false,
        }),
        sources: Vec::new(),
        login: None,
    }
}

/// The answer to the question which account a key belongs to.
fn account_told(desk: &mut Desk, request: RequestId, id: &str) {
    desk.answered(request, Ok(Answer::KeyAccount(id.into())));
}

/// The session that a profile was to be opened in.
#[track_caller]
fn opened(desk: &mut Desk, name: &str) -> SessionId {
    let sign_in =
        |effect: &Effect| matches!(effect, Effect::SignIn(_, Target::Profile(of)) if **of == *name);
    let at = desk.effects.iter().position(sign_in);
    match at.and_then(|at| desk.effects.remove(at)) {
        Some(Effect::SignIn(session, _)) => session,
        _ => panic!("{:?}", desk.effects),
    }
}

/// Answers what is asked in a session, as an account of this ID does.
fn serve_in(desk: &mut Desk, session: SessionId, id: &str, users: &[Someone]) {
    loop {
        let at = desk
            .effects
            .iter()
            .position(|effect| matches!(effect, Effect::Read(of, ..) if *of == session));
        let Some(Effect::Read(_, request, read)) = at.and_then(|at| desk.effects.remove(at)) else {
            return;
        };
        let result = match read {
            Read::Caller => Ok(Answer::Caller(Caller {
                account: id.into(),
                arn: format!("arn:aws:iam::{id}:user/alice"),
            })),
            Read::Alias => Ok(Answer::Alias(Some("acme-dev".into()))),
            read => answer(users, read),
        };
        desk.answered_in(session, request, result);
    }
}

/// A key in an account that is not open.
const AWAY: &str = "AKIAIDEVELOP1EXAMPLE";
const DEV: &str = "210987654321";

fn developers() -> Vec<Someone> {
    vec![someone("dev-bot", &[(AWAY, true, 40, Some(2))])]
}

/// A desk that looks for a key in an account that a profile opens, and is told so.
fn away() -> Desk {
    let mut desk = showing();
    find(&mut desk, AWAY);
    let (owner, _, of_account) = both_asked(&mut desk);
    account_told(&mut desk, of_account, DEV);
    profiles(&mut desk, vec![profile("dev", DEV)]);
    // What this account says of it does not matter any more.
    desk.answered(owner, Err(error(Kind::Denied)));
    desk
}

#[test]
fn the_account_of_a_key_is_opened_with_its_profile_and_the_key_is_found_there() {
    let mut desk = away();
    assert_eq!(
        words(&desk),
        format!(
            "{AWAY} belongs to account {DEV}, which profile dev opens. Enter opens it and looks \
             there."
        )
    );
    desk.press(KeyCode::Enter);
    let session = opened(&mut desk, "dev");
    assert!(
        desk.screen()
            .contains("It is in dev, which is being opened"),
        "{}",
        desk.screen()
    );
    // What is pressed ahead waits for the key.
    desk.keys("t");
    desk.send(Event::SignedIn {
        session,
        result: Ok(Box::default()),
    });
    serve_in(&mut desk, session, DEV, &developers());
    assert_eq!(desk.screen.slot(), session.slot);
    assert_eq!(selected(&desk), ("dev-bot", Some(AWAY)));
    assert_eq!(desk.screen.context(), Context::Confirm);
    desk.keys("y");
    let change = desk.effects.iter().find_map(|effect| match effect {
        Effect::Change(of, order) => Some((*of, order.change.clone())),
        _ => None,
    });
    let (of, change) = change.expect("it is sent");
    assert_eq!((of, change.key()), (session, Some(AWAY)));
}

#[test]
fn a_profile_that_opens_another_account_or_none_is_said_to() {
    let mut desk = away();
    desk.press(KeyCode::Enter);
    let session = opened(&mut desk, "dev");
    desk.send(Event::SignedIn {
        session,
        result: Ok(Box::default()),
    });
    serve_in(&mut desk, session, "222222222222", &developers());
    assert_eq!(
        words(&desk),
        format!(
            "{AWAY} belongs to account {DEV}. Profile dev opened acme-dev 222222222222 instead."
        )
    );
    let mut desk = away();
    desk.press(KeyCode::Enter);
    let session = opened(&mut desk, "dev");
    let result = Err(Box::new(Problem {
        title: "The keys were not accepted".into(),
        ..Problem::default()
    }));
    desk.send(Event::SignedIn { session, result });
    assert_eq!(
        words(&desk),
        format!(
            "{AWAY} belongs to account {DEV}, which profile dev does not open: The keys were not \
             accepted. Enter signs in there again."
        )
    );
    desk.press(KeyCode::Enter);
    let again = opened(&mut desk, "dev");
    assert_eq!(again.slot, session.slot);
    assert!(desk.screen().contains("which is being opened"));
    // Searched for once more it is not opened in yet another place.
    let result = Err(Box::new(Problem::default()));
    desk.send(Event::SignedIn {
        session: again,
        result,
    });
    desk.press(KeyCode::Esc);
    find(&mut desk, AWAY);
    let (_, _, of_account) = both_asked(&mut desk);
    account_told(&mut desk, of_account, DEV);
    assert!(
        words(&desk).contains("which profile dev opens"),
        "{}",
        words(&desk)
    );
    desk.press(KeyCode::Enter);
    assert_eq!(opened(&mut desk, "dev").slot, session.slot);
    assert_eq!(desk.screen.engine.fleet.accounts().len(), 2);
}

#[test]
fn what_signing_in_asks_for_the_search_is_asked_above_it() {
    let mut desk = away();
    desk.press(KeyCode::Enter);
    let session = opened(&mut desk, "dev");
    desk.send(Event::Prompted {
        session,
        news: super::prompting::code_news(),
    });
    assert_eq!(desk.screen.context(), Context::Code);
    desk.send(Event::Prompted {
        session,
        news: super::prompting::code_is_over(),
    });
    assert_eq!(desk.screen.context(), Context::Find);
    desk.send(Event::SignedIn {
        session,
        result: Ok(Box::default()),
    });
    serve_in(&mut desk, session, DEV, &developers());
    assert_eq!(selected(&desk), ("dev-bot", Some(AWAY)));
}

#[test]
fn an_account_that_nothing_here_opens_is_named() {
    let mut desk = showing();
    find(&mut desk, AWAY);
    let (owner, _, of_account) = both_asked(&mut desk);
    desk.answered(owner, Err(error(Kind::Denied)));
    account_told(&mut desk, of_account, DEV);
    profiles(&mut desk, vec![profile("other", "333333333333")]);
    desk.press(KeyCode::Enter);
    let (request, read) = desk.next_read().expect("they are listed");
    assert_eq!(read, Read::Accounts(None));
    desk.answered(request, Ok(Answer::Accounts(AccountsPage::default())));
    assert_eq!(
        words(&desk),
        format!(
            "{AWAY} belongs to account {DEV}, which is not in the organisation and which no profile \
             here opens. Sign in there and search again."
        )
    );
}

#[test]
fn what_the_owners_account_says_counts_more_than_a_guess() {
    // The owner is told first, and the account does not matter any more; or the other way round.
    for account_first in [true, false] {
        let mut desk = showing();
        find(&mut desk, LOADED);
        let (request, key, of_account) = both_asked(&mut desk);
        if account_first {
            account_told(&mut desk, of_account, "123456789012");
            assert_eq!(desk.screen.context(), Context::Find);
        }
        let told = owner(&people(), &key);
        desk.answered(request, told);
        assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
        if !account_first {
            account_told(&mut desk, of_account, DEV);
            assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
            assert_eq!(desk.screen.open_dialogs(), 0);
        }
    }
}

#[test]
fn a_key_that_was_deleted_from_this_account_is_said_to_be() {
    let mut desk = showing();
    find(&mut desk, OLD);
    let (request, _, of_account) = both_asked(&mut desk);
    account_told(&mut desk, of_account, "123456789012");
    let error = Error {
        action: "iam:GetAccessKeyLastUsed",
        ..error(Kind::Denied)
    };
    desk.answered(request, Err(error));
    assert_eq!(
        words(&desk),
        format!(
            "No key {OLD} in this account, where it was made: it has been deleted, then. {LEAKED}"
        )
    );
}

#[test]
fn a_secret_that_was_pasted_with_the_id_is_told_of() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for pasted in [
        format!("{OLD},{secret}"),
        format!("export AWS_ACCESS_KEY_ID={OLD}\nexport AWS_SECRET_ACCESS_KEY={secret}\n"),
    ] {
        let mut field = showing();
        field.keys("f");
        field.send(Message::Paste(pasted.clone()));
        let mut list = showing();
        list.send(Message::Paste(pasted));
        for desk in [field, list] {
            let said = words(&desk);
            assert!(said.starts_with("A secret was pasted with it"), "{said}");
            assert!(said.contains("clipboard"), "{said}");
            assert!(!desk.screen().contains("wJalr"));
        }
    }
    let mut desk = showing();
    desk.keys("f");
    desk.send(Message::Paste(format!("key {OLD}")));
    assert_eq!(words(&desk), "");
}

#[test]
fn what_may_become_a_secret_is_hidden_before_it_is_one() {
    let mut desk = showing();
    desk.keys("f");
    desk.keys("wJalrXUtnFEMI");
    assert!(desk.screen().contains("wJalrXUtnFEMI"));
    desk.keys("/K7MDENG");
    assert!(!desk.screen().contains("wJal"), "{}", desk.screen());
    assert!(
        words(&desk).starts_with("That is no key ID"),
        "{}",
        words(&desk)
    );
    // Also what is left of it, until nothing is.
    desk.press(KeyCode::Home);
    desk.press(KeyCode::End);
    for _ in 0..9 {
        desk.press(KeyCode::Backspace);
    }
    assert!(!desk.screen().contains("wJal"), "{}", desk.screen());
    for _ in 0..12 {
        desk.press(KeyCode::Backspace);
    }
    desk.keys("AKIA");
    assert!(desk.screen().contains("AKIA▏"), "{}", desk.screen());
}

#[test]
fn a_key_that_is_loaded_is_found_where_aws_does_not_tell_whose_it_is() {
    // Its row is there already.
    let mut desk = showing();
    find(&mut desk, LOADED);
    refused(&mut desk, Kind::Denied);
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
    assert_eq!(desk.screen.visible_dialogs(), 0);
    // It comes while the dialog says that AWS has not told.
    let mut desk = unloaded();
    find(&mut desk, LOADED);
    refused(&mut desk, Kind::Denied);
    assert!(words(&desk).starts_with("No key"), "{}", words(&desk));
    let read = Intent::Ask(desk.screen.slot(), Read::Keys("deploy-bot".into()));
    desk.intend(read);
    desk.serve(&people());
    assert_eq!(selected(&desk), ("deploy-bot", Some(LOADED)));
}

#[test]
fn nothing_is_given_up_while_the_list_is_loading() {
    let mut desk = never_told();
    let users = [
        someone("alice", &[]),
        someone("bob", &[(OLD, true, 9, None)]),
    ];
    desk.intend(Intent::Refresh(desk.screen.slot()));
    let listing: Vec<_> = std::iter::from_fn(|| desk.next_read()).collect();
    find(&mut desk, OLD);
    refused(&mut desk, Kind::Denied);
    assert_eq!(words(&desk), "");
    assert!(
        desk.screen().contains("looking among the"),
        "{}",
        desk.screen()
    );
    for (request, read) in listing {
        desk.answered(request, answer(&users, read));
    }
    while let Some((request, read)) = desk.next_read() {
        let denied = matches!(read, Read::LastUsed(..));
        let told = answer(&users, read);
        desk.answered(
            request,
            if denied {
                Err(error(Kind::Denied))
            } else {
                told
            },
        );
    }
    assert_eq!(selected(&desk), ("bob", Some(OLD)));
}

#[test]
fn the_leak_of_a_key_that_was_deleted_here_is_dealt_with() {
    let mut desk = showing();
    let change = Change::Delete {
        user: "deploy-bot".into(),
        key: LOADED.into(),
    };
    desk.intend(Intent::Send(desk.screen.slot(), vec![change]));
    desk.serve(&people());
    let (id, _) = desk.next_change().expect("it is sent");
    desk.changed(id, Ok(Changed::Done));
    let mut left = people();
    left[1] = someone(
        "deploy-bot",
        &[("AKIADEPLOY01EXAMPLE1", true, 412, Some(2))],
    );
    desk.serve(&left);
    while desk.screen.visible_dialogs() > 0 {
        desk.press(KeyCode::Esc);
    }
    find(&mut desk, LOADED);
    refused(&mut desk, Kind::Denied);
    let said = words(&desk);
    assert!(
        said.contains("was a key of deploy-bot") && said.contains("36 hours"),
        "{said}"
    );
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.context(), Context::Leak);
    assert!(
        desk.screen().contains(&format!("Leaked {LOADED}")),
        "{}",
        desk.screen()
    );
}

#[test]
fn a_deleted_key_of_a_user_without_keys_can_be_dealt_with_as_leaked() {
    let mut desk = showing();
    desk.keys("jjj!");
    assert_eq!(desk.screen.context(), Context::Find);
    assert!(desk.screen().contains("which key has"), "{}", desk.screen());
    desk.keys("AKIA");
    desk.press(KeyCode::Enter);
    assert!(desk.screen().contains("Too short"), "{}", desk.screen());
    for _ in 0..4 {
        desk.press(KeyCode::Backspace);
    }
    desk.keys(OLD);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.context(), Context::Leak);
    let screen = desk.screen();
    assert!(
        screen.contains(&format!("Leaked {OLD}")) && screen.contains("of new-hire"),
        "{screen}"
    );
}
