//! Typing into the filter: who is shown, who stays selected, and what is said where a text is not
//! understood.

use super::{
    SIZE,
    desk::{Desk, answer, now, people, settings},
    error,
};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        Answer, Change, Changed, Intent, Kind, Read, RequestId, SignedIn, fleet::Scope,
        model::KeyStatus, query::ready::READY, user_tags::UserTags,
    },
    tui::{self, Message},
};
use proptest::{prelude::*, sample::select};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Modifier, Style},
};
use std::sync::Arc;

/// Everybody and their keys are loaded.
fn desk() -> Desk {
    let desk = Desk::showing(SIZE, settings(), &people());
    assert_eq!(desk.account().users.tally().users, people().len());
    desk
}

/// A desk where a filter was pasted, so that no part of it has moved the selection: the first of
/// those who pass is selected.
fn filtered(text: &str) -> Desk {
    let mut desk = desk();
    desk.keys("/");
    desk.send(Message::Paste(text.into()));
    desk
}

fn shown(desk: &Desk) -> Vec<&str> {
    let rows = desk.screen.lists.window(desk.screen.rows());
    rows.map(|(_, _, row)| &*row.user.name).collect()
}

fn selected(desk: &Desk) -> &str {
    &desk.screen.user().expect("somebody is selected").user.name
}

#[test]
fn fields_find_users_by_what_is_known_of_their_keys() {
    for (typed, names) in [
        (
            "age>90",
            &["deploy-bot", "former-intern", "old-batch", "web-assets"][..],
        ),
        (
            "age>90 unused>45 status:inactive",
            &["former-intern", "web-assets"],
        ),
        ("never", &["old-batch", "web-assets"]),
        ("never status:act", &["old-batch"]),
        ("own", &["alice"]),
        ("user:*-b?t*", &["deploy-bot", "old-batch"]),
        ("keys:2", &["deploy-bot", "web-assets"]),
        ("keys:0", &["new-hire"]),
        ("service:s3 region:us age<30", &["alice", "deploy-bot"]),
        ("id:batch", &["old-batch"]),
        ("bot id:02", &["deploy-bot"]),
        ("age>9999", &[]),
        (
            "-status:inactive age>90",
            &["deploy-bot", "old-batch", "web-assets"],
        ),
        ("alice|batch", &["alice", "old-batch"]),
        (
            "age>1y used<7 | never status:i",
            &["deploy-bot", "web-assets"],
        ),
        ("-e keys<2", &[]),
        (
            "-bot -alice keys>0",
            &["former-intern", "old-batch", "web-assets"],
        ),
    ] {
        let mut desk = desk();
        desk.keys("/");
        desk.keys(typed);
        assert_eq!(shown(&desk), names, "{typed}");
    }
}

#[test]
fn what_is_not_understood_is_explained_below_and_hides_nobody() {
    let mut desk = desk();
    desk.keys("/age>");
    let screen = desk.screen();
    assert!(screen.contains("▲ age needs a number of days"), "{screen}");
    assert_eq!(shown(&desk).len(), people().len());
    assert!(screen.contains("name ▴"), "the headings stay:\n{screen}");
    desk.keys("90");
    let screen = desk.screen();
    assert!(!screen.contains("age needs"), "{screen}");
    assert!(screen.contains("name ▴"), "{screen}");
    assert!(screen.contains("4 shown"), "{screen}");
    // Kept as it is, it is still there to be seen.
    desk.keys(" foo:");
    desk.press(KeyCode::Enter);
    let screen = desk.screen();
    assert!(screen.contains("age>90 foo:"), "{screen}");
    assert!(
        screen.contains("▲ No field foo. Fields: age used"),
        "{screen}"
    );
}

#[test]
fn a_field_that_there_is_not_is_answered_with_all_there_are_also_on_the_smallest_screen() {
    for view in ["", "2"] {
        let mut desk = Desk::showing((60, 16), settings(), &people());
        desk.keys(view);
        desk.keys("G/foo:bar age>90");
        let screen = desk.screen();
        let said = "No field foo. Fields: age used unused status user path service region keys \
                    active inactive finding severity id description";
        let at = screen.find('▲').expect("it is explained");
        let (list, explanation) = screen.split_at(at);
        let words: Vec<&str> = explanation.split_whitespace().skip(1).collect();
        assert!(words.join(" ").starts_with(said), "{screen}");
        assert!(list.contains("age "), "the headings stay:\n{screen}");
        assert!(
            list.contains("▌"),
            "the selected row is in sight:\n{screen}"
        );
        // What is kept is explained, too, and not on a page that has nothing to do with it.
        desk.press(KeyCode::Enter);
        assert!(desk.screen().contains("▲ No field"));
        desk.keys("4");
        assert!(!desk.screen().contains("▲ No field"));
    }
}

#[test]
fn the_best_match_is_selected_while_a_filter_is_typed() {
    let mut desk = desk();
    desk.keys("j/b");
    // `deploy-bot` passes, too, and was selected.
    assert_eq!(shown(&desk), ["deploy-bot", "old-batch", "web-assets"]);
    assert_eq!(selected(&desk), "deploy-bot");
    desk.keys("a");
    assert_eq!(selected(&desk), "old-batch");
    desk.press(KeyCode::Backspace);
    assert_eq!(selected(&desk), "deploy-bot");
    // Without words all match as well as the first.
    desk.press(KeyCode::Backspace);
    desk.keys("age>90");
    assert_eq!(selected(&desk), "deploy-bot");
    desk.press(KeyCode::Down);
    assert_eq!(selected(&desk), "former-intern");
    desk.keys(" status:i");
    assert_eq!(selected(&desk), "former-intern");
    // With nothing asked the selection is back where it was.
    for _ in 0.."age>90 status:i".len() {
        desk.press(KeyCode::Backspace);
    }
    assert_eq!(selected(&desk), "deploy-bot");
}

#[test]
fn giving_a_filter_up_goes_back_to_what_was_selected_before() {
    for typed in ["xyzzy", "web", "never", "", "foo:"] {
        let mut desk = desk();
        desk.keys("jj/");
        desk.keys(typed);
        desk.press(KeyCode::Down);
        desk.press(KeyCode::Esc);
        assert_eq!(selected(&desk), "former-intern", "{typed}");
        assert_eq!(shown(&desk).len(), people().len());

        desk.keys("2gjj");
        let key = desk.screen.selected_key().unwrap().key.id.clone();
        desk.keys("/");
        desk.keys(typed);
        desk.press(KeyCode::Down);
        desk.press(KeyCode::Esc);
        let now = &desk.screen.selected_key().unwrap().key.id;
        assert_eq!(*now, key, "{typed}");
    }
}

#[test]
fn keeping_a_filter_keeps_the_selected_row() {
    let mut desk = desk();
    desk.keys("/b");
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    assert_eq!(selected(&desk), "old-batch");
    // Opened once more, it goes back no further than to that.
    desk.keys("/x");
    desk.press(KeyCode::Esc);
    assert_eq!(selected(&desk), "old-batch");
    assert_eq!(shown(&desk).len(), people().len());
    // Cleared from the list, the row stays.
    desk.keys("/web");
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Esc);
    assert_eq!(selected(&desk), "web-assets");
}

/// The text of the filter, and what is on its line.
fn line(desk: &Desk) -> (String, String) {
    let text = desk.screen.lists.filter().input.value().to_owned();
    let screen = desk.screen();
    let line = screen.lines().find(|line| line.contains("│ / "));
    let line = line.expect("the filter is on screen").split_once("│ / ");
    let (line, _) = line.unwrap().1.split_once('│').unwrap();
    (text, line.trim_end().to_owned())
}

#[test]
fn a_filter_that_is_empty_shows_examples() {
    let mut desk = desk();
    desk.keys("/");
    assert_eq!(line(&desk).1, "▏alice · age>90 unused>45");
    desk.keys("x");
    assert_eq!(line(&desk).1, "x▏");
}

#[test]
fn fields_and_values_are_completed() {
    let mut desk = desk();
    desk.keys("2/-st");
    assert_eq!(line(&desk).1, "-st▏atus:");
    desk.press(KeyCode::Tab);
    // One that has no other leads on to its values.
    assert_eq!(
        line(&desk),
        (
            "-status:".into(),
            "-status:▏active  active  inactive".into()
        )
    );
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    assert_eq!(line(&desk).0, "-status:inactive");
    assert_eq!(shown_keys(&desk), 5, "it filters as if it had been typed");
    desk.press(KeyCode::BackTab);
    assert_eq!(line(&desk).0, "-status:active");
    desk.press(KeyCode::BackTab);
    assert_eq!(line(&desk).0, "-status:");
    desk.press(KeyCode::BackTab);
    assert_eq!(line(&desk).0, "-status:inactive");
    desk.keys(" u");
    assert_eq!(
        line(&desk).1,
        "-status:inactive u▏sed<  used<  unused>  user:"
    );
    for (typed, completed) in [
        ("ser:o", "user:old-batch"),
        (" ser", "service:"),
        ("", "service:s3"),
        (" reg", "region:"),
        ("", "region:us-east-1"),
        (" pat", "path:"),
        ("", "path:/"),
    ] {
        desk.keys(typed);
        desk.press(KeyCode::Tab);
        let text = line(&desk).0;
        assert!(text.ends_with(completed), "{text}");
    }
    // There is nothing to go on with.
    let text = line(&desk).0;
    desk.keys(" xyz");
    desk.press(KeyCode::Tab);
    assert_eq!(
        desk.screen.lists.filter().input.value(),
        format!("{text} xyz")
    );
}

fn shown_keys(desk: &Desk) -> usize {
    desk.screen.lists.by_key().shown().len()
}

/// What the key of `alice` is for, told late.
fn describe_alice(desk: &mut Desk, late: Vec<RequestId>) {
    for request in late {
        let text = "Billing export".to_owned();
        let described = vec![("AKIAALICE001EXAMPLE1".to_owned(), text)];
        let tags = UserTags::read(described, Arc::from);
        desk.answered(request, Ok(Answer::Tags(tags)));
    }
    desk.serve(&people());
}

#[test]
fn a_description_that_comes_shows_its_key() {
    for (typed, before, after) in [
        (
            "billing|batch",
            &["old-batch"][..],
            &["alice", "old-batch"][..],
        ),
        (
            "-billing alice|batch",
            &["alice", "old-batch"],
            &["alice", "old-batch"],
        ),
        ("description:billing", &[], &["alice"]),
        ("-description:billing", &[], &[]),
    ] {
        let mut desk = Desk::new(SIZE, settings());
        desk.effects.clear();
        desk.signed_in(SignedIn::default());
        let mut late = Vec::new();
        while let Some((request, read)) = desk.next_read() {
            match read {
                Read::Tags(user) if &*user == "alice" => late.push(request),
                read => desk.answered(request, answer(&people(), read)),
            }
        }
        assert!(!late.is_empty(), "they are asked for");
        desk.keys("/");
        desk.send(Message::Paste(typed.into()));
        assert_eq!(shown(&desk), before, "{typed}");
        if before.is_empty() {
            let screen = desk.screen();
            assert!(screen.contains("Tags, owners and descriptions"), "{screen}");
        }
        describe_alice(&mut desk, late);
        assert_eq!(shown(&desk), after, "{typed}");
    }
}

#[test]
fn a_ready_filter_filters_as_if_it_had_been_typed() {
    let mut desk = desk();
    desk.keys("GF");
    let screen = desk.screen();
    assert!(screen.contains("Ready filters"), "{screen}");
    for ready in READY {
        assert!(screen.contains(ready.name), "{screen}");
        assert!(screen.contains(ready.text), "{screen}");
    }
    desk.keys("j");
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.open_dialogs(), 0);
    assert_eq!(desk.screen.lists.filter().input.value(), "never age>7");
    assert_eq!(shown(&desk), ["old-batch", "web-assets"]);
    assert_eq!(selected(&desk), "old-batch");
    // It can be edited, and cleared.
    desk.keys("/ status:a");
    assert_eq!(shown(&desk), ["old-batch"]);
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Esc);
    assert_eq!(shown(&desk).len(), people().len());
    // Also in the list of keys, by the palette, and left alone.
    desk.keys("2:ready");
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Esc);
    assert!(desk.screen.lists.filter().is_empty());
    desk.keys("Fjjjj");
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.lists.filter().input.value(), "status:inactive");
    assert_eq!(shown_keys(&desk), 2);
}

#[test]
fn nobody_is_found_by_keys_that_were_not_seen() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::Keys(_) => {}
            Read::Report => desk.answered(request, Err(error(Kind::Denied))),
            read => desk.answered(request, answer(&people(), read)),
        }
    }
    desk.keys("/age>0");
    assert_eq!(shown(&desk), [""; 0]);
    let screen = desk.screen();
    assert!(screen.contains("Only users whose keys were"), "{screen}");
}

/// The characters of the first row on which a name stands that are underlined.
fn underlined(desk: &Desk, name: &str) -> String {
    let (width, height) = SIZE;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    tui::draw(&mut buffer, &desk.screen, now());
    let mut rows = buffer.content.chunks(usize::from(width));
    let row = rows.find(|row| {
        let text: String = row.iter().map(Cell::symbol).collect();
        text.contains(&format!(" {name} ")) && !text.contains("─ ")
    });
    let cells = row.expect("the name is there").iter();
    let found = cells.filter(|cell| {
        let style: Style = cell.style();
        style.add_modifier.contains(Modifier::UNDERLINED)
    });
    found.map(Cell::symbol).collect()
}

#[test]
fn what_was_found_is_underlined_in_the_names() {
    let mut desk = desk();
    desk.keys("/bat");
    assert_eq!(selected(&desk), "old-batch");
    assert_eq!(underlined(&desk, "old-batch"), "bat");
    desk.keys(" ol");
    assert_eq!(underlined(&desk, "old-batch"), "olbat");
    desk.press(KeyCode::Esc);
    assert_eq!(underlined(&desk, "old-batch"), "");
    // Of those who are not selected, too.
    desk.keys("/e");
    assert_eq!(underlined(&desk, "former-intern"), "e");
}

/// All keys of a user become active, or inactive, by changes that are known to be made. What the
/// account itself says of them is still to come.
fn set_all(desk: &mut Desk, user: &str, active: bool) {
    let keys = desk.account().key_ids(user).expect("they are loaded");
    for key in keys {
        let user = user.into();
        let change = Change::SetActive { user, key, active };
        desk.intend(Intent::Send(desk.screen.slot(), vec![change]));
        let (id, _) = desk.next_change().expect("it is sent");
        desk.changed(id, Ok(Changed::Done));
    }
}

#[test]
fn news_of_a_key_shows_and_hides_its_user() {
    let mut desk = filtered("status:inactive");
    assert_eq!(shown(&desk), ["former-intern", "web-assets"]);
    assert_eq!(selected(&desk), "former-intern");
    set_all(&mut desk, "alice", false);
    assert_eq!(shown(&desk), ["alice", "former-intern", "web-assets"]);
    set_all(&mut desk, "web-assets", true);
    assert_eq!(shown(&desk), ["alice", "former-intern"]);
}

#[test]
fn a_last_use_that_comes_shows_its_user() {
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let mut later = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        match read {
            Read::LastUsed(..) => later.push((request, read)),
            Read::Report => desk.answered(request, Err(error(Kind::Denied))),
            read => desk.answered(request, answer(&people(), read)),
        }
    }
    desk.keys("/never");
    assert_eq!(shown(&desk), [""; 0]);
    for (request, read) in later {
        desk.answered(request, answer(&people(), read));
    }
    desk.serve(&people());
    assert_eq!(shown(&desk), ["old-batch", "web-assets"]);
}

#[test]
fn news_does_not_take_the_selected_user_away() {
    let mut desk = filtered("status:inactive");
    assert_eq!(selected(&desk), "former-intern");
    set_all(&mut desk, "former-intern", true);
    assert_eq!(shown(&desk), ["former-intern", "web-assets"]);
    // Nor does other news that comes later, and the list read anew.
    set_all(&mut desk, "alice", false);
    assert_eq!(selected(&desk), "former-intern");
    desk.press(KeyCode::Enter);
    desk.keys("R");
    let users = people().into_iter().map(|mut user| {
        if user.name == "former-intern" {
            user.keys[0].0.status = KeyStatus::Active;
        }
        user
    });
    desk.serve(&users.collect::<Vec<_>>());
    assert_eq!(selected(&desk), "former-intern");
    // An edit does, be it one that can only narrow.
    desk.keys("/ ");
    assert_eq!(shown(&desk), ["web-assets"]);
    assert_eq!(selected(&desk), "web-assets");
}

/// What can be pressed while a filter is typed.
fn key() -> impl Strategy<Value = KeyCode> {
    let letters: Vec<char> = "aabbdeeotw--||  :>90own".chars().collect();
    prop_oneof![
        8 => select(letters).prop_map(KeyCode::Char),
        3 => Just(KeyCode::Backspace),
        1 => select(vec![KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::Delete]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn typed_letter_by_letter_a_filter_shows_what_it_does_at_once(
        begin in select(vec!["", "age>9", "never", "status:", "user:*", "age"]),
        keys in prop::collection::vec(key(), 0..16),
    ) {
        let mut typing = desk();
        typing.keys("/");
        typing.keys(begin);
        for key in keys {
            typing.press(key);
            let text = typing.screen.lists.filter().input.value().to_owned();
            let mut at_once = desk();
            let rows = at_once.screen.engine.fleet.rows(Scope::All);
            at_once
                .screen
                .lists
                .edit_filter(rows, |filter| filter.input = text.as_str().into());
            prop_assert_eq!(shown(&typing), shown(&at_once), "{}", text);
        }
    }
}
