//! A filter looks up only what it asks for, and goes through many users on all cores: it shows what it
//! would if all were looked up, one after the other.

use super::desk::{Desk, Someone, answer, details, people, settings, someone};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        Answer, Background, Read, SignedIn,
        account::Facts,
        query::{Asked, Query, Scratch},
        user_tags::UserTags,
    },
    tui::{Message, Page},
};
use std::sync::Arc;

/// An account of which all is known, and in which each of these has its part.
fn desk() -> Desk {
    let mut settings = settings();
    settings.engine.background = Background::All;
    let mut desk = Desk::new((120, 36), settings);
    desk.effects.clear();
    desk.signed_in(SignedIn {
        key: "AKIAALICE001EXAMPLE1".into(),
        ..SignedIn::default()
    });
    for _ in 0..2 {
        while let Some((request, read)) = desk.next_read() {
            let answered = match read {
                Read::UserDetails(_) => {
                    let mut page = details(&people());
                    let mut users = page.users.iter_mut();
                    let user = users.find(|user| *user.name == *"deploy-bot");
                    let tags = [
                        ("AKIADEPLOY01EXAMPLE1", "nightly"),
                        ("iamkeys:exempt:AKIADEPLOY02EXAMPLE2", "2199-01-31 moved"),
                    ];
                    let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned()));
                    user.expect("one").tags = UserTags::read(tags, Arc::from);
                    Ok(Answer::UserDetails(page))
                }
                Read::Quarantined => Ok(Answer::Quarantined(vec!["web-assets".into()])),
                read => answer(&people(), read),
            };
            desk.answered(request, answered);
        }
        desk.wait(1000);
    }
    desk
}

/// The keys that pass, by what is looked up for these.
fn passing(desk: &Desk, query: &Query, asked: Asked) -> Vec<String> {
    let account = desk.account();
    let facts = Facts::asked(account, asked, desk.clock);
    let mut scratch = Scratch::default();
    let mut passing = Vec::new();
    for row in account.users.rows() {
        for key in row.known_keys() {
            let (of_user, of_key) = (facts.user(row), facts.key(row, key));
            if query.key_passes(&of_user, &of_key, desk.clock, &mut scratch) {
                passing.push(key.id().expect("it is named").to_owned());
            }
        }
    }
    passing
}

#[test]
fn what_is_looked_up_for_a_filter_is_all_that_it_asks_for() {
    let mut desk = desk();
    desk.keys("2");
    for (text, count) in [
        ("own", 1),
        ("active:2", 2),
        ("quarantined", 2),
        ("exempt", 1),
        ("description:night", 1),
        ("night", 1),
        ("account:acme-prod -never", 5),
        ("finding:quarantined", 2),
        ("finding:two-active", 1),
        ("severity:critical", 2),
        ("deploy|night active:2", 2),
    ] {
        let query = Query::parse(text);
        let all = passing(&desk, &query, Asked::ALL);
        assert_eq!(all.len(), count, "{text}: {all:?}");
        assert_eq!(passing(&desk, &query, query.asked()), all, "{text}");
        // In the list, what rules have found is known.
        desk.keys("/");
        desk.send(Message::Paste(text.to_owned()));
        desk.press(KeyCode::Enter);
        let rows = desk.screen.rows();
        let shown = desk.screen.lists.by_key().shown().iter();
        let shown = shown.map(|place| rows.key(*place).expect("a key").1);
        let mut shown: Vec<&str> = shown.map(|key| key.id().expect("named")).collect();
        shown.sort_unstable();
        let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
        all.sort_unstable();
        assert_eq!(shown, all, "{text}");
        desk.press(KeyCode::Esc);
        let none = passing(&desk, &query, Asked::default());
        let is_name = text.starts_with("deploy");
        assert!(
            none.len() < count || is_name,
            "{text} needs nothing looked up"
        );
    }
}

#[test]
fn thousands_are_filtered_and_sorted_as_one_by_one() {
    let mut people: Vec<Someone> = Vec::new();
    for at in 0..9_000_i64 {
        let name: &'static str = Box::leak(format!("user-{at:04}").into_boxed_str());
        let id = format!("AKIA{at:06}EXAMPLE000");
        // Neither in order, nor each once.
        let age = at * 37 % 500;
        people.push(someone(name, &[(&id, at % 3 > 0, age, None)]));
    }
    let mut desk = Desk::new((120, 36), settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        desk.answered(request, answer(&people, read));
    }
    desk.wait(1000);
    desk.keys("2/");
    assert_eq!(desk.screen.page(), Page::Keys);
    desk.send(Message::Paste("status:active age>90".into()));
    desk.press(KeyCode::Enter);
    let account = desk.account();
    let mut wanted: Vec<(i64, &str)> = Vec::new();
    for row in account.users.rows() {
        let key = row.known_keys().next().expect("a key");
        let age = (desk.clock - key.created().expect("known")).num_days();
        if key.status().word() == "Active" && age > 90 {
            wanted.push((-age, &row.user.name));
        }
    }
    wanted.sort_unstable();
    let rows = desk.screen.rows();
    let shown = desk.screen.lists.by_key().shown().iter();
    let shown = shown.map(|place| &*rows.key(*place).expect("a key").0.user.name);
    assert!(wanted.len() > 4_000);
    assert!(shown.eq(wanted.iter().map(|(_, name)| *name)));
}
